//! Something to do at the browser's next frame, once.

use wasm_bindgen::{JsCast, closure::Closure};

/// A request for the next frame; dropping it takes it back.
pub struct Frame {
    id: Option<i32>,
    // The browser calls it later; it must live until then.
    _action: Closure<dyn FnMut()>,
}

impl Frame {
    /// Does `action` at the next frame.
    pub fn request(action: impl FnOnce() + 'static) -> Self {
        let action = Closure::once(action);
        let window = web_sys::window();
        let id = window.and_then(|window| window.request_animation_frame(action.as_ref().unchecked_ref()).ok());
        Self { id, _action: action }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // A frame that has come is unknown to the browser, and cancelling it does nothing.
        if let (Some(window), Some(id)) = (web_sys::window(), self.id) {
            let _ = window.cancel_animation_frame(id);
        }
    }
}

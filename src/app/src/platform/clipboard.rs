//! The clipboard.

use wasm_bindgen_futures::spawn_local;
use web_sys::window;
use yew::Callback;

use crate::platform::fetch::await_promise;

/// Copies a text, and tells whether the browser let it be.
pub fn copy(text: &str, told: Callback<bool>) {
    let Some(window) = window().filter(|window| window.is_secure_context()) else { return told.emit(false) };
    let written = window.navigator().clipboard().write_text(text);
    spawn_local(async move { told.emit(await_promise(written).await.is_ok()) });
}

//! How wide the window is, for what the style sheet cannot draw differently.

use gloo_events::EventListener;
use web_sys::window;
use yew::prelude::*;

/// Up to this many pixels a window is a phone's, and up to this it has one column. The same widths as in the styles.
pub const PHONE: f64 = 700.0;
pub const ONE_COLUMN: f64 = 980.0;

/// Whether the window is at most so many pixels wide now.
pub fn is_narrower(than: f64) -> bool {
    window().and_then(|window| window.inner_width().ok()?.as_f64()).is_some_and(|width| width <= than)
}

/// The same; drawn anew when that changes.
#[hook]
pub fn use_narrower(than: f64) -> bool {
    let is_narrow = move || is_narrower(than);
    let narrow = use_state_eq(is_narrow);
    {
        let narrow = narrow.clone();
        use_effect_with((), move |()| {
            let resized = move |_: &Event| narrow.set(is_narrow());
            let listener = window().map(|window| EventListener::new(&window, "resize", resized));
            move || drop(listener)
        });
    }
    *narrow
}

//! What events of the document say.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The text of the input or select that an event comes from.
pub fn text_of(event: &Event) -> String {
    let target = event.target();
    let input = target.clone().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).map(|input| input.value());
    let select = || target.and_then(|target| target.dyn_into::<HtmlSelectElement>().ok()).map(|select| select.value());
    input.or_else(select).unwrap_or_default()
}

/// Whether the details that an event tells of are open.
pub fn opened(event: &Event) -> bool {
    let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    details.is_some_and(|details| details.has_attribute("open"))
}

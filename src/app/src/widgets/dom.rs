//! What events of the document say.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, HtmlInputElement, HtmlSelectElement, window};
use yew::prelude::*;

/// The text of the input or select that an event comes from.
pub fn text_of(event: &Event) -> String {
    let target = event.target();
    let input = target.clone().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).map(|input| input.value());
    let select = || target.and_then(|target| target.dyn_into::<HtmlSelectElement>().ok()).map(|select| select.value());
    input.or_else(select).unwrap_or_default()
}

/// Moves the focus to an element, which need not be a control, and brings it into view.
pub fn focus(id: &str) {
    let element = window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(id));
    let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else { return };
    if element.tab_index() < 0 {
        element.set_tab_index(-1);
    }
    // An element that is not drawn takes no focus, and nothing is lost.
    let _ = element.focus();
}

/// Moves the focus to an element and leaves the page where it is.
pub fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

/// Whether the details that an event tells of are open.
pub fn opened(event: &Event) -> bool {
    let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    details.is_some_and(|details| details.has_attribute("open"))
}

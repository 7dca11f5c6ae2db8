//! What events of the document say, and how elements are styled.

use retort_spec::NetworkId;
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

/// The style classes of a network: its role gives the hue, its number the second cue.
pub fn network_class(network_id: NetworkId) -> String {
    /// Patterns of lines that can be told apart.
    const PATTERNS: u8 = 5;
    match network_id.index {
        0 => network_id.role_word().to_owned(),
        index => format!("{} nth-{}", network_id.role_word(), index % PATTERNS),
    }
}

/// The style of a chart that is so many units wide: by it the style sheet keeps its letters of one size, however wide
/// the chart is drawn.
pub fn unit(width: f64) -> String {
    ["--wide:", &width.to_string(), "px"].concat()
}

/// Moves the focus to an element, which need not be a control, and brings it into view.
pub fn focus(id: &str) {
    // An element that is not drawn takes no focus, and nothing is lost.
    let _ = focusable(id).map(|element| element.focus());
}

/// The same, and leaves the page where it is.
pub fn focus_quietly(id: &str) {
    if let Some(element) = focusable(id) {
        focus_in_place(&element);
    }
}

fn focusable(id: &str) -> Option<HtmlElement> {
    let element = window()?.document()?.get_element_by_id(id)?.dyn_into::<HtmlElement>().ok()?;
    if element.tab_index() < 0 {
        element.set_tab_index(-1);
    }
    Some(element)
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

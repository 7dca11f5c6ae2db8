//! Rows of a table, written in one place: every element that a macro writes out brings half a kilobyte of its own.

use yew::prelude::*;

/// A cell.
#[derive(Default)]
pub struct Cell {
    pub class: &'static str,
    /// Its column's name, where a phone shows it beside the value.
    pub name: String,
    /// The length of its bar, 0 to 1.
    pub share: f64,
    pub content: Html,
}

impl Cell {
    /// A cell of plain text.
    pub fn text(class: &'static str, text: String) -> Self {
        Self { class, content: text.into(), ..Self::default() }
    }
}

/// A row; its first cell is its head, in a head of a table each is a column's. The roles keep cells cells where they
/// are laid out otherwise.
pub fn row(key: usize, class: &'static str, is_head: bool, cells: Vec<Cell>) -> Html {
    let cell = |(place, Cell { class, name, share, content }): (usize, Cell)| {
        let (tag, role, scope) = match (is_head, place) {
            (true, _) => ("th", "columnheader", Some("col")),
            (false, 0) => ("th", "rowheader", Some("row")),
            (false, _) => ("td", "cell", None),
        };
        let style = format!("--share:{:.1}%", 100.0 * share);
        html! { <@{tag} {role} {scope} {class} {style} data-name={name}>{ content }</@> }
    };
    html! { <tr {key} role="row" {class}>{ for cells.into_iter().enumerate().map(cell) }</tr> }
}

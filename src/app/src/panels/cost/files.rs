//! The measured files as a table that can be sorted and taken away.

use std::{cmp::Ordering, fmt::Write};

use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, percent},
        labels::made,
    },
    platform::{link, save::save},
    state::{
        Action, Notice,
        files_table::{Kind, Point},
        order::sorted,
        record,
    },
    widgets::dom::opened,
};

/// What the table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Made,
    Bytes,
    Smaller,
    Right,
    Best,
}

impl Column {
    const ALL: [Self; 5] = [Self::Made, Self::Bytes, Self::Smaller, Self::Right, Self::Best];

    fn title(self) -> &'static str {
        match self {
            Self::Made => "column-made",
            Self::Bytes => "column-bytes",
            Self::Smaller => "column-smaller",
            Self::Right => "right",
            Self::Best => "column-best",
        }
    }
}

/// How the table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    open: bool,
    by: Column,
    falls: bool,
}

impl Default for Listing {
    fn default() -> Self {
        Self { open: false, by: Column::Bytes, falls: false }
    }
}

impl Listing {
    /// Sorted by this column; by the same one the other way round.
    fn sort(self, by: Column) -> Self {
        // What is best begins with the best.
        let falls =
            if self.by == by { !self.falls } else { matches!(by, Column::Smaller | Column::Right | Column::Best) };
        Self { by, falls, ..self }
    }

    /// The rows in order.
    fn order(self, points: &[Point], names: &[String], front: &[usize]) -> Vec<usize> {
        let by_bytes = |a: usize, b: usize| points[a].bytes.cmp(&points[b].bytes);
        let rising = |a: usize, b: usize| match self.by {
            Column::Made => names[a].cmp(&names[b]),
            Column::Bytes => by_bytes(a, b),
            Column::Smaller => by_bytes(b, a),
            Column::Right => points[a].accuracy.total_cmp(&points[b].accuracy),
            Column::Best => front.contains(&a).cmp(&front.contains(&b)),
        };
        let compare = |a: usize, b: usize| {
            let order = rising(a, b);
            match (if self.falls { order.reverse() } else { order }, self.by) {
                (Ordering::Equal, _) => by_bytes(a, b),
                (order, _) => order,
            }
        };
        sorted(points.len(), &compare)
    }
}

/// What a point is called.
pub fn name(page: &AppContext, point: &Point) -> String {
    match point.kind {
        Kind::Teacher => page.name(point.network_id),
        _ => page.made_of(point.network_id, made(&page.texts, &point.pipeline)),
    }
}

/// The table; it is written only while it is open. `float` is the length of the network's file at 32 bits.
pub fn table(
    page: &AppContext,
    points: &[Point],
    front: &[usize],
    float: Option<u32>,
    listing: &UseStateHandle<Listing>,
) -> Html {
    let toggled = {
        let listing = listing.clone();
        Callback::from(move |event: Event| {
            let open = opened(&event);
            if open != listing.open {
                listing.set(Listing { open, ..*listing });
            }
        })
    };
    html! {
        <details id="files" class="data" ontoggle={toggled}>
            <summary>{ page.texts.get("table-of-data") }</summary>
            if listing.open {
                { rows(page, points, front, float, listing) }
            }
        </details>
    }
}

fn rows(
    page: &AppContext,
    points: &[Point],
    front: &[usize],
    float: Option<u32>,
    listing: &UseStateHandle<Listing>,
) -> Html {
    let texts = &page.texts;
    let names: Vec<String> = points.iter().map(|point| name(page, point)).collect();
    let column = |column: Column| {
        let sort = {
            let listing = listing.clone();
            Callback::from(move |_: MouseEvent| listing.set(listing.sort(column)))
        };
        let (sorted, arrow) = match (listing.by == column, listing.falls) {
            (false, _) => (None, ""),
            (true, false) => (Some("ascending"), " ▲"),
            (true, true) => (Some("descending"), " ▼"),
        };
        html! { <th scope="col" aria-sort={sorted}><button onclick={sort}>{ texts.get(column.title()) }<span aria-hidden="true">{ arrow }</span></button></th> }
    };
    let row = |index: usize| {
        let point = &points[index];
        let name = match &point.link {
            Some(link) => {
                html! { <a href={format!("#{link}")} onclick={follow(page, link)}>{ &names[index] }</a> }
            }
            None => html! { &names[index] },
        };
        let smaller = float.map(|float| smaller(float, point.bytes));
        html! {
            <tr class={point.kind.word()}>
                <th scope="row">{ name }</th><td>{ bytes(texts, point.bytes.into()) }</td>
                <td>{ smaller.map(|times| number(texts, times, if times < 1.0 { 2 } else { 1 })) }</td>
                <td>{ percent(texts, point.accuracy) }</td>
                <td>{ if front.contains(&index) { "✓" } else { "" } }</td>
            </tr>
        }
    };
    let download = {
        let (page, text) = (page.clone(), csv(points, front, float));
        Callback::from(move |_: MouseEvent| {
            let name = format!("{}-files.csv", record::stem(&page.state.experiment));
            if let Err(reason) = save(&name, "text/csv;charset=utf-8", text.as_bytes()) {
                page.state.dispatch(Action::Notify(Notice::Save { reason }));
            }
        })
    };
    html! {
        <div class="sheet">
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("table-of-data")}><table>
                <thead><tr>{ for Column::ALL.map(column) }</tr></thead>
                <tbody>{ for listing.order(points, &names, front).into_iter().map(row) }</tbody>
            </table></div>
            <button id="download-files" onclick={download}>{ texts.get("download-files") }</button>
        </div>
    }
}

/// How many times a file of 32 bits is as long as this one.
fn smaller(float: u32, bytes: u32) -> f64 {
    f64::from(float) / f64::from(bytes.max(1))
}

/// Makes the point's experiment the experiment. Not by the browser, which would drop the page's own keys from the
/// address; a click that asks for another tab is the browser's.
fn follow(page: &AppContext, link: &str) -> Callback<MouseEvent> {
    let (dispatch, link) = (page.state.dispatcher(), link.to_owned());
    Callback::from(move |event: MouseEvent| {
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        dispatch.dispatch(Action::Navigate(link.clone()));
    })
}

/// One row for each file; what it was made by and its link as a permalink writes them.
fn csv(points: &[Point], front: &[usize], float: Option<u32>) -> String {
    let mut text = "made,network,student,bytes,times_smaller,accuracy,best_for_its_size,link\n".to_owned();
    let base = link::base();
    for (index, point) in points.iter().enumerate() {
        let (made, whose) = match point.kind {
            Kind::Teacher => ("teacher".to_owned(), ""),
            Kind::Past => (point.pipeline.to_string(), "other"),
            Kind::Other | Kind::Current => (point.pipeline.to_string(), "shown"),
        };
        let times = float.map(|float| smaller(float, point.bytes).to_string()).unwrap_or_default();
        let link = point.link.as_ref().map(|link| format!("{base}#{link}")).unwrap_or_default();
        let (bytes, accuracy, best) = (point.bytes, point.accuracy, front.contains(&index));
        // Stages stand between commas. Writing to a string cannot fail.
        let _ = writeln!(text, "\"{made}\",{},{whose},{bytes},{times},{accuracy},{best},\"{link}\"", point.network_id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::NetworkId;

    fn point(kind: Kind, made: &str, bytes: u32, accuracy: f64) -> Point {
        Point { kind, network_id: NetworkId::STUDENT, pipeline: made.parse().unwrap(), bytes, accuracy, link: None }
    }

    fn points() -> [Point; 3] {
        [
            point(Kind::Current, "quantize:8", 200, 0.9),
            point(Kind::Past, "prune:0.5,quantize:4", 100, 0.8),
            point(Kind::Teacher, "none", 1600, 0.95),
        ]
    }

    #[test]
    fn a_click_sorts_and_another_turns_round() {
        let names = ["b", "c", "a"].map(String::from);
        let order = |listing: Listing| listing.order(&points(), &names, &[1]);
        let first = Listing::default();
        assert_eq!(order(first), [1, 0, 2]);
        assert_eq!(order(first.sort(Column::Bytes)), [2, 0, 1]);
        assert_eq!(order(first.sort(Column::Made)), [2, 0, 1]);
        assert_eq!(order(first.sort(Column::Right)), [2, 0, 1]);
        assert_eq!(order(first.sort(Column::Right).sort(Column::Right)), [1, 0, 2]);
        assert_eq!(order(first.sort(Column::Best)), [1, 0, 2], "the best first, then by bytes");
    }

    #[test]
    fn a_file_of_a_quarter_is_four_times_smaller() {
        assert_eq!([smaller(800, 200), smaller(800, 1600), smaller(800, 0)], [4.0, 0.5, 800.0]);
    }
}

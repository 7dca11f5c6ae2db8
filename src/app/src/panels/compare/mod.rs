//! The kept runs beside the current one: a table of what differs and what was measured, and two of them side by side.

pub mod pair;
pub mod row;
pub mod table;

use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::{AppContext, use_page},
    island,
    panels::compare::{
        pair::pair,
        row::{NOW, Row, rows},
        table::table,
    },
    platform::{link, save::save},
    state::{Action, Notice, saved_run::csv},
    widgets::saved_run::keep_button,
};

/// Its entry in the table.
pub const PANEL: Panel =
    Panel { id: "compare", draw: |_| island!(use_compare), sites: &[(Tab::Compare, Area::Stage)], ..Panel::PLAIN };

/// Runs that stand side by side.
const SIDES: usize = 2;

/// The panel that compares runs.
#[hook]
pub fn use_compare() -> Html {
    let page = use_page();
    let chosen = use_state(|| None::<Vec<usize>>);
    let (texts, rows) = (&page.texts, rows(&page));
    // Until the visitor chooses: the current run and the one kept last. What was chosen may be forgotten by now.
    let usual = || vec![NOW, rows.last().map_or(NOW, |row| row.key)];
    let keys: Vec<usize> = (*chosen).clone().unwrap_or_else(usual);
    let sides: Vec<&Row<'_>> = rows.iter().filter(|row| keys.contains(&row.key)).collect();
    let keys: Vec<usize> = sides.iter().map(|row| row.key).collect();
    let choose = {
        let keys = keys.clone();
        Callback::from(move |key: usize| {
            let mut keys = keys.clone();
            match keys.iter().position(|other| *other == key) {
                Some(place) => drop(keys.remove(place)),
                None => {
                    // A third one takes the place of the last.
                    keys.truncate(SIDES - 1);
                    keys.push(key);
                }
            }
            chosen.set(Some(keys));
        })
    };
    let is_empty = page.state.kept.is_empty();
    let download = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| download(&page))
    };
    html! {
        <section id="compare" class="panel" aria-labelledby="compare-title">
            <h2 id="compare-title">{ texts.get("compare") }</h2>
            if is_empty {
                <p>{ texts.get("compare-empty") }</p>
            }
            <div class="tools">
                { keep_button(&page, "compare-keep") }
                if page.shows("downloads") {
                    <button id="compare-csv" onclick={download}>{ texts.get("compare-csv") }</button>
                }
            </div>
            { table(&page, &rows, &keys, &choose) }
            if let [one, other] = sides[..] {
                { pair(&page, [one, other]) }
            } else if !is_empty {
                <p class="empty">{ texts.get("compare-choose") }</p>
            }
        </section>
    }
}

/// Saves the table as a file.
fn download(page: &AppContext) {
    let rows = rows(page);
    let runs: Vec<_> = rows.iter().map(|row| (&*row.name, row.experiment, &row.numbers)).collect();
    if let Err(reason) = save("retort-runs.csv", "text/csv;charset=utf-8", csv(&runs, &link::base()).as_bytes()) {
        page.state.dispatch(Action::Notify(Notice::Save { reason }));
    }
}

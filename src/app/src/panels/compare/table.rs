//! Runs as the rows of a table that shows only what differs between them. On a phone each row is a card; the roles keep
//! its cells cells there.

use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::labels::knob_name,
    panels::compare::row::{Row, SHOWN, figure_name, value, written},
    state::saved_run::differing,
    widgets::{
        cell::{Cell, row},
        saved_run::{forget_button, name_field, restore_link},
    },
};

/// The table; `chosen` are the keys of the runs that stand side by side.
pub fn table(page: &AppContext, rows: &[Row<'_>], chosen: &[usize], choose: &Callback<usize>) -> Html {
    let texts = &page.texts;
    let knobs = differing(&rows.iter().map(|row| row.experiment).collect::<Vec<_>>());
    let mut head = vec![Cell::text("run", texts.get("compare-run"))];
    head.extend(knobs.iter().map(|knob| Cell::text("setting", knob_name(texts, knob))));
    head.extend(SHOWN.iter().map(|(figure, class)| Cell::text(class, figure_name(page, *figure))));
    let line = |run: &Row<'_>| {
        let mut cells = vec![Cell { class: "run", content: name(page, run, chosen, choose), ..Cell::default() }];
        for knob in &knobs {
            // What is as in the current run steps back.
            let same = run.kept.is_some() && knob.is_same(rows[0].experiment, run.experiment);
            let cell = Cell::text(if same { "setting same" } else { "setting" }, value(texts, knob, run.experiment));
            cells.push(Cell { name: knob_name(texts, knob), ..cell });
        }
        for (figure, class) in SHOWN {
            let (name, share) = (figure_name(page, figure), run.numbers.get(figure).unwrap_or_default());
            cells.push(Cell { name, share, ..Cell::text(class, written(texts, &run.numbers, figure)) });
        }
        row(run.key, if run.kept.is_none() { "now" } else { "" }, false, cells)
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={texts.get("compare")}>
            <table class="runs" role="table">
                <caption>{ texts.get("compare-caption") }</caption>
                <thead role="rowgroup">{ row(0, "", true, head) }</thead>
                <tbody role="rowgroup">{ for rows.iter().map(line) }</tbody>
            </table>
        </div>
    }
}

/// A run's name, whether it stands side by side with another, and what can be done with it.
fn name(page: &AppContext, row: &Row<'_>, chosen: &[usize], choose: &Callback<usize>) -> Html {
    let (texts, key) = (&page.texts, row.key);
    let label = texts.with("compare-pick", &[("name", row.name.as_str().into())]);
    html! {
        <span class="run-name">
            <input type="checkbox" checked={chosen.contains(&key)} onchange={choose.reform(move |_: Event| key)} aria-label={label} />
            if let Some((index, kept)) = row.kept {
                { name_field(page, index, kept) }
                { restore_link(page, kept) }
                { forget_button(page, index, kept) }
            } else {
                <b>{ texts.get("compare-now") }</b>{ &row.name }
            }
        </span>
    }
}

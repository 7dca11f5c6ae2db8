//! A sweep to take away: its picture, and its cells as CSV and as JSON.

use retort_spec::{
    encode,
    sweep::{Field, Finished, Metric, csv, fields},
};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::Texts,
    panels::sweep::values::Shown,
    platform::{link, save::save},
    state::{Action, Notice, SweepState, record::stem},
    widgets::drawing::save_drawing_of,
};

/// The buttons.
pub fn save_buttons(page: &AppContext, shown: &Shown<'_>, picture: &NodeRef, metric: Metric) -> Html {
    let Some(sweep) = shown.ran.filter(|_| page.shows("downloads")) else { return Html::default() };
    let texts = &page.texts;
    let button = |format: &'static str| {
        let (page, sweep, picture) = (page.clone(), sweep.clone(), picture.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            if let Err(reason) = save_as(&page, &sweep, &picture, metric, format) {
                page.state.dispatch(Action::Notify(Notice::Save { reason }));
            }
        });
        let label = texts.with("sweep-download", &[("format", format.into())]);
        html! { <button id={format!("sweep-{}", format.to_ascii_lowercase())} {onclick} aria-label={label.clone()} title={label}>{ format }</button> }
    };
    html! { <span class="formats">{ for ["CSV", "JSON", "SVG", "PNG"].map(button) }</span> }
}

fn save_as(
    page: &AppContext,
    sweep: &SweepState,
    picture: &NodeRef,
    metric: Metric,
    format: &str,
) -> Result<(), String> {
    let name = |end: &str| [&*stem(&sweep.run.base), "-sweep", end].concat();
    let address = format!("{}#{}&sweep={}", link::base(), encode(&sweep.run.base), sweep.run.sweep);
    match format {
        "CSV" => {
            let finished = finished(&page.texts, sweep);
            let text = csv(&sweep.run.sweep, &sweep.run.cells, &finished);
            save(&name(".csv"), "text/csv;charset=utf-8", text.as_bytes())
        }
        "JSON" => save(&name(".json"), "application/json", json(&page.texts, sweep).as_bytes()),
        format => {
            let is_png = format == "PNG";
            let end = ["-", metric.word(), if is_png { ".png" } else { ".svg" }].concat();
            save_drawing_of(page, picture, &address, name(&end), is_png)
        }
    }
}

/// What is known of each cell.
fn finished<'a>(texts: &Texts, sweep: &'a SweepState) -> Vec<Option<Finished<'a>>> {
    let shown = Shown::of(sweep);
    let of = |(place, outcome): (usize, &'a Option<crate::state::sweep::Outcome>)| match outcome {
        Some(Ok(results)) => Some(Ok(&**results)),
        _ => shown.reason(texts, place).map(Err),
    };
    sweep.outcomes.iter().enumerate().map(of).collect()
}

/// The sweep as the terminal writes it.
fn json(texts: &Texts, sweep: &SweepState) -> String {
    let pair = |name: &str, value: &str| [&quoted(name), ": ", value].concat();
    let object = |pairs: Vec<String>| ["{ ", &pairs.join(", "), " }"].concat();
    let mut cells = Vec::new();
    for (cell, finished) in sweep.run.cells.iter().zip(finished(texts, sweep)) {
        let Some(finished) = finished else { continue };
        let axes = sweep.run.sweep.axes().iter().zip(&cell.values);
        let values = axes.map(|(axis, value)| pair(axis.key(), &quoted(value))).collect();
        let mut pairs = vec![pair("values", &object(values))];
        for (name, field) in fields(cell, &finished) {
            let value = match field {
                Field::Count(count) => count.to_string(),
                Field::Number(number) => number.to_string(),
                Field::Text(text) => quoted(&text),
            };
            pairs.push(pair(name, &value));
        }
        cells.push(object(pairs));
    }
    let (experiment, swept) = (quoted(&encode(&sweep.run.base)), quoted(&sweep.run.sweep.to_string()));
    let cells = ["[\n  ", &cells.join(",\n  "), "\n]"].concat();
    let all = [pair("experiment", &experiment), pair("sweep", &swept), pair("cells", &cells)];
    ["{ ", &all.join(",\n  "), " }\n"].concat()
}

/// A text of JSON (RFC 8259, section 7). The page's texts have no control characters but ends of lines.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    ["\"", &escaped, "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_and_ends_of_lines_are_escaped() {
        assert_eq!(quoted("a\n\"b\" \\"), r#""a\n\"b\" \\""#);
    }
}

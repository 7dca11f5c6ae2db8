//! The cells of a sweep as a table: all of their numbers, and each a link to its experiment.

use retort_spec::sweep::Metric;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::labels::short_name,
    panels::sweep::values::{Shown, link, metric_name, p_value, written},
    widgets::{
        cell::{Cell, row},
        tag::{tag, text},
    },
};

/// The metrics of the table, with the class of whose they are.
const SHOWN: [(Metric, &str); 5] = [
    (Metric::Accuracy, "student"),
    (Metric::Control, "baseline"),
    (Metric::Gain, ""),
    (Metric::Agreement, ""),
    (Metric::Calibration, ""),
];

/// The table.
pub fn table(page: &AppContext, shown: &Shown<'_>) -> Html {
    let texts = &page.texts;
    let plan = shown.base.plan();
    let name = |metric: Metric| match metric {
        Metric::Accuracy => short_name(texts, &plan, plan.product),
        Metric::Control => short_name(texts, &plan, plan.control),
        metric => metric_name(page, shown, metric),
    };
    let mut head = vec![Cell::text("run", texts.get("sweep-cell"))];
    for (metric, class) in SHOWN {
        head.push(Cell::text(class, name(metric)));
        if metric == Metric::Gain {
            head.push(Cell::text("", texts.get("quantity-p")));
        }
    }
    let line = |place: usize| {
        let words = shown.name(texts, place);
        let content = match &shown.cells[place].experiment {
            Ok(experiment) => link(page, experiment, Classes::new(), Some(place), words.into()),
            Err(_) => words.into(),
        };
        let mut cells = vec![Cell { class: "run", content, ..Cell::default() }];
        if let Some(reason) = shown.reason(texts, place) {
            cells.push(Cell::text("setting", reason));
            return row(place, "", false, cells);
        }
        for (metric, class) in SHOWN {
            let results = shown.results(place);
            let text = match (metric, results) {
                (_, None) => "–".into(),
                // Its p value has a column of its own.
                (Metric::Gain, Some(results)) => written(texts, metric, results).0,
                (_, Some(results)) => {
                    let (value, more) = written(texts, metric, results);
                    [&*value, " ", &more].concat()
                }
            };
            let share = results.and_then(|results| metric.value(results)).map_or(0.0, |spread| spread.mean);
            cells.push(Cell { name: name(metric), share, ..Cell::text(class, text) });
            if metric == Metric::Gain {
                let value = results.map_or("–".into(), |results| p_value(texts, results.verdict.p_value));
                cells.push(Cell { name: texts.get("quantity-p"), ..Cell::text("", value) });
            }
        }
        row(place, "", false, cells)
    };
    let caption = text("caption", &[], texts.get("compare-caption"));
    cells_table(&texts.get("sweep"), head, (0..shown.cells.len()).map(line).collect(), Some(caption))
}

/// A table of cells, which scrolls where it is too wide.
pub fn cells_table(name: &str, head: Vec<Cell>, rows: Vec<Html>, caption: Option<Html>) -> Html {
    let group = |name, rows| tag(name, &[("role", "rowgroup")], rows);
    let mut parts: Vec<Html> = caption.into_iter().collect();
    parts.extend([group("thead", vec![row(0, "", true, head)]), group("tbody", rows)]);
    let table = tag("table", &[("class", "runs"), ("role", "table")], parts);
    let region = [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", name)];
    tag("div", &region, vec![table])
}

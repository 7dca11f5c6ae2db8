//! What a sweep's pictures and its table say in words: cells, values of knobs, metrics.

use std::rc::Rc;

use retort_spec::{
    Axis, Experiment, Kind, Spread, Sweep, SweepCell, encode, knob,
    sweep::{Metric, Results},
};
use yew::prelude::*;

use crate::{
    charts::axes::heading,
    context::AppContext,
    i18n::{
        Texts,
        format::{bytes, number, percent, signed},
        labels::{knob_name, network_name, value_word},
        troubles::{problem_reason, trouble_text},
    },
    state::{Action, SweepState, SweepStatus, chart_view::Quantity},
};

/// A sweep that is shown: one that was started, or one that is only written.
pub struct Shown<'a> {
    pub sweep: &'a Sweep,
    pub cells: &'a [SweepCell],
    pub base: &'a Experiment,
    pub ran: Option<&'a SweepState>,
}

impl<'a> Shown<'a> {
    /// One that was started.
    pub fn of(ran: &'a SweepState) -> Self {
        Self { sweep: &ran.run.sweep, cells: &ran.run.cells, base: &ran.run.base, ran: Some(ran) }
    }

    /// What came of a cell.
    pub fn results(&self, place: usize) -> Option<&Rc<Results>> {
        self.ran?.outcomes[place].as_ref()?.as_ref().ok()
    }

    /// Why nothing came of a cell, and nothing will.
    pub fn reason(&self, texts: &Texts, place: usize) -> Option<String> {
        match (&self.cells[place].experiment, self.ran.and_then(|ran| ran.outcomes[place].as_ref())) {
            (Err(problem), _) => Some(problem_reason(texts, &problem.kind)),
            (Ok(experiment), Some(Err(trouble))) => Some(trouble_text(texts, &experiment.plan(), trouble)),
            _ => None,
        }
    }

    /// A metric of every cell, as far as it is known.
    pub fn metrics(&self, metric: Metric) -> Vec<Option<Spread>> {
        (0..self.cells.len()).map(|place| metric.value(self.results(place)?)).collect()
    }

    /// A cell's values with their knobs, in words.
    pub fn name(&self, texts: &Texts, place: usize) -> String {
        cell_name(texts, self.sweep, &self.cells[place])
    }

    /// All that is to be said of a cell.
    pub fn words(&self, texts: &Texts, place: usize, metric: Metric) -> String {
        let value = match (self.reason(texts, place), self.results(place)) {
            (Some(reason), _) => reason,
            (None, Some(results)) => {
                let (value, more) = written(texts, metric, results);
                [&*value, if more.is_empty() { "" } else { " " }, &more].concat()
            }
            (None, None) => "–".into(),
        };
        [&self.name(texts, place), texts.language.colon(), &value].concat()
    }

    /// Whether some of a cell's runs are still to come.
    pub fn is_part(&self, place: usize) -> bool {
        let is_whole = |ran: &SweepState| ran.status == SweepStatus::Done || ran.is_whole(place);
        self.results(place).is_some() && !self.ran.is_some_and(is_whole)
    }
}

/// A cell's values with their knobs, in words.
pub fn cell_name(texts: &Texts, sweep: &Sweep, cell: &SweepCell) -> String {
    let pair = |(axis, value): (&Axis, &String)| {
        let name = knob(axis.key()).map(|knob| knob_name(texts, knob)).unwrap_or_default();
        [&name, " ", &value_name(texts, axis.key(), value)].concat()
    };
    sweep.axes().iter().zip(&cell.values).map(pair).collect::<Vec<String>>().join(texts.language.comma())
}

/// A knob's value as the page writes it.
pub fn value_name(texts: &Texts, key: &str, value: &str) -> String {
    match knob(key).map(|knob| knob.kind) {
        Some(Kind::Choice(_)) => texts.get(&format!("{key}-{value}")),
        _ => value_word(texts, value.to_owned()),
    }
}

/// What a metric is called in the scheme of a sweep.
pub fn metric_name(page: &AppContext, shown: &Shown<'_>, metric: Metric) -> String {
    let (texts, plan) = (&page.texts, shown.base.plan());
    let score =
        |id| [&heading(page, Quantity::Accuracy), texts.language.colon(), &network_name(texts, &plan, id)].concat();
    match metric {
        Metric::Accuracy => score(plan.product),
        Metric::Control => score(plan.control),
        Metric::Gain => texts.with("sweep-gain", &[("network", network_name(texts, &plan, plan.control).into())]),
        Metric::Agreement => texts.get("compare-agreement"),
        Metric::Calibration => texts.get("sweep-calibration"),
        Metric::Bytes => texts.get("sweep-bytes"),
    }
}

/// A value of a metric in figures.
pub fn figure(texts: &Texts, metric: Metric, value: f64) -> String {
    match metric {
        Metric::Gain => signed(texts, 100.0 * value, 1),
        Metric::Bytes => bytes(texts, value),
        _ => percent(texts, value),
    }
}

/// A p value; below 0.001 it says nothing more.
pub fn p_value(texts: &Texts, value: f64) -> String {
    if value < 0.001 { "< 0.001".into() } else { number(texts, value, 3) }
}

/// A metric of a cell in figures, and what stands beside it: its standard deviation over the seeds, or the p value of
/// the paired test.
pub fn written(texts: &Texts, metric: Metric, results: &Results) -> (String, String) {
    let Some(spread) = metric.value(results) else { return ("–".into(), String::new()) };
    let more = match metric {
        Metric::Gain => match results.verdict.p_value {
            value if value < 0.001 => "p < 0.001".into(),
            value => ["p = ", &number(texts, value, 3)].concat(),
        },
        Metric::Bytes => String::new(),
        _ if spread.values.len() > 1 => ["± ", &percent(texts, spread.deviation)].concat(),
        _ => String::new(),
    };
    (figure(texts, metric, spread.mean), more)
}

/// A link that makes an experiment the current one; of a cell of a sweep, if it is one.
pub fn link(page: &AppContext, experiment: &Experiment, class: Classes, cell: Option<usize>, content: Html) -> Html {
    let (dispatch, link) = (page.state.dispatcher(), encode(experiment));
    let href = ["#", &link].concat();
    let onclick = Callback::from(move |event: MouseEvent| {
        // With a modifier the browser opens it elsewhere, as any link.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            dispatch.dispatch(Action::Navigate(link.clone()));
        }
    });
    // The picture's are for pointers.
    let tabindex = (!class.is_empty()).then_some("-1");
    html! { <a {class} {tabindex} data-cell={cell.map(|cell| cell.to_string())} {href} {onclick}>{ content }</a> }
}

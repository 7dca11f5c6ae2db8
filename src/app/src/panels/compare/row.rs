//! A run as the panel shows it, and its numbers in words.

use retort_spec::{CurvePoint, Experiment, Knob};

use crate::{
    context::AppContext,
    i18n::{
        Texts,
        format::{bytes, number, percent, signed},
        labels::{knob_value, run_name},
    },
    state::{RunNumbers, SavedRun, saved_run::Figure},
};

/// The key of the current run.
pub const NOW: usize = 0;

/// A run.
pub struct Row<'a> {
    /// What tells it from the others.
    pub key: usize,
    /// The kept run with its place among all; `None` for the current one.
    pub kept: Option<(usize, &'a SavedRun)>,
    pub name: String,
    pub experiment: &'a Experiment,
    pub numbers: RunNumbers,
    /// The curves of its first seed, and of others.
    pub points: &'a [CurvePoint],
}

/// The current run, then those that were kept.
pub fn rows(page: &AppContext) -> Vec<Row<'_>> {
    let state = &*page.state;
    let before = state.kept.last().map(|kept| &kept.experiment);
    let now = Row {
        key: NOW,
        kept: None,
        name: run_name(&page.texts, before, &state.experiment),
        experiment: &state.experiment,
        numbers: RunNumbers::of(state),
        points: &state.curves,
    };
    let kept = state.kept.iter().enumerate().map(|(index, kept)| Row {
        key: kept.key(),
        kept: Some((index, kept)),
        name: kept.name.clone(),
        experiment: &kept.experiment,
        numbers: kept.numbers.clone(),
        points: &kept.points,
    });
    std::iter::once(now).chain(kept).collect()
}

/// The numbers that are shown, with the class of whose they are.
pub const SHOWN: [(Figure, &str); 7] = [
    (Figure::Product, "student"),
    (Figure::Control, "baseline"),
    (Figure::Gain, ""),
    (Figure::PValue, ""),
    (Figure::Agreement, ""),
    (Figure::Bytes, ""),
    (Figure::PackedAccuracy, ""),
];

/// What a number is called. Product and control have the names of the scheme, where all runs are of one.
pub fn figure_name(page: &AppContext, figure: Figure) -> String {
    let state = &page.state;
    let is_one = state.kept.iter().all(|kept| kept.experiment.scheme == state.experiment.scheme);
    page.texts.get(match figure {
        Figure::Product | Figure::ProductDeviation if is_one => return page.short_name(state.plan.product),
        Figure::Control | Figure::ControlDeviation if is_one => return page.short_name(state.plan.control),
        Figure::Product | Figure::ProductDeviation => "short-student",
        Figure::Control | Figure::ControlDeviation => "short-control",
        Figure::Gain => "compare-gain",
        Figure::PValue => "quantity-p",
        Figure::Agreement => "compare-agreement",
        Figure::Bytes => "packed-file",
        Figure::PackedAccuracy => "compare-packed",
    })
}

/// A knob's value in an experiment; a dash where it means nothing there.
pub fn value(texts: &Texts, knob: &Knob, experiment: &Experiment) -> String {
    if experiment.applies(knob.key) { knob_value(texts, knob, experiment) } else { "–".into() }
}

/// A number of a run as the page writes it; a dash where it was not measured.
pub fn written(texts: &Texts, numbers: &RunNumbers, figure: Figure) -> String {
    let Some(value) = numbers.get(figure) else { return "–".into() };
    let deviation = match figure {
        Figure::Product => numbers.get(Figure::ProductDeviation),
        Figure::Control => numbers.get(Figure::ControlDeviation),
        _ => None,
    };
    let text = match figure {
        Figure::Gain => signed(texts, 100.0 * value, 1),
        // Below this a p value says nothing more.
        Figure::PValue if value < 0.001 => "< 0.001".into(),
        Figure::PValue => number(texts, value, 3),
        Figure::Bytes => bytes(texts, value),
        _ => percent(texts, value),
    };
    deviation.map_or(text.clone(), |deviation| format!("{text} ± {}", percent(texts, deviation)))
}

/// How much larger a number of one run is than another's; nothing where that says nothing.
pub fn difference(texts: &Texts, one: &RunNumbers, other: &RunNumbers, figure: Figure) -> String {
    match (figure, one.get(figure).zip(other.get(figure))) {
        (Figure::PValue, _) | (_, None) => String::new(),
        (Figure::Bytes, Some((one, other))) => format!("{} B", signed(texts, one - other, 0)),
        (_, Some((one, other))) => signed(texts, 100.0 * (one - other), 1),
    }
}

//! A sweep: one or two knobs over lists of values, and the experiments that they make.

mod axis;
mod range;
mod results;

use std::{fmt, str::FromStr};

pub use axis::{Axis, MOST_CELLS, SweepError};
pub use range::RangeFault;
pub use results::{Field, Finished, Metric, Results, csv, fields};

use crate::{
    experiment::Experiment,
    knobs::{KNOBS, Phase, knob},
    permalink::{Problem, encode, sanitize},
    schemes::MEMBER_KNOBS,
};

/// The key of a sweep in a link.
pub const SWEEP_KEY: &str = "sweep";

/// One or two knobs over lists of values. As a text: `temperature:1,2,4,8,20;student:4,16`.
///
/// A semicolon separates the knobs. Commas separate values, or bars where values contain commas: `student:64,64|32`.
/// A list of numbers may contain ranges: `temperature:1..20/5` stands for five values from 1 to 20, in equal ratios if
/// the knob's slider has equal ratios, in equal steps otherwise. No text contains `&`, `=` or `%`, so that it can stand
/// in a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// One or two, of different knobs; at most [`MOST_CELLS`] cells.
    axes: Vec<Axis>,
}

/// One experiment of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepCell {
    /// The texts of the values, a value for each of the sweep's axes.
    pub values: Vec<String>,
    /// The experiment, or what rules it out.
    pub experiment: Result<Box<Experiment>, Problem>,
    /// The keys of those of the sweep's knobs that mean nothing in the experiment.
    pub without_meaning: Vec<&'static str>,
}

impl SweepCell {
    /// The experiment's link; `None` for one that is impossible.
    pub fn link(&self) -> Option<String> {
        self.experiment.as_ref().ok().map(|experiment| encode(experiment))
    }
}

impl Sweep {
    /// Its knobs with their values, one or two.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The experiments, made from `base`: the first axis varies slowest. The other knobs are as in `base`; as on the
    /// page, those that are at the default of a data set or scheme take the default of the next.
    pub fn cells(&self, base: &Experiment) -> Vec<SweepCell> {
        let counts: Vec<usize> = self.axes.iter().map(|axis| axis.values().len()).collect();
        let second = counts.get(1).copied().unwrap_or(1);
        let cell = |place: usize| {
            let values = self.axes.iter().zip([place / second, place % second]);
            self.cell(base, values.map(|(axis, at)| axis.values()[at].clone()).collect())
        };
        (0..counts.iter().product()).map(cell).collect()
    }

    /// The axes from the one whose turns retrain most to the one whose turns retrain least; as they stand, where both
    /// retrain as much. Networks that cells share are met again soonest if the first of these varies slowest.
    pub fn slowest_first(&self) -> Vec<usize> {
        let phase = |axis: &Axis| knob(axis.key()).map(|knob| knob.phase);
        match &self.axes[..] {
            [first, second] if phase(second) < phase(first) => vec![1, 0],
            axes => (0..axes.len()).collect(),
        }
    }

    /// The places of the cells among [`cells`](Self::cells), in the order in which they are trained.
    pub fn order(&self) -> Vec<usize> {
        let count = |axis: usize| self.axes.get(axis).map_or(1, |axis| axis.values().len());
        // The first axis of the sweep varies slowest among its cells.
        match self.slowest_first()[..] {
            [1, 0] => (0..count(1)).flat_map(|slow| (0..count(0)).map(move |fast| fast * count(1) + slow)).collect(),
            _ => (0..count(0) * count(1)).collect(),
        }
    }

    fn cell(&self, base: &Experiment, values: Vec<String>) -> SweepCell {
        let pairs: Vec<(&'static str, &str)> =
            self.axes.iter().zip(&values).map(|(axis, value)| (axis.key(), value.as_str())).collect();
        let experiment = turned(base, &pairs);
        let without_meaning = match &experiment {
            Ok(experiment) => pairs.iter().map(|(key, _)| *key).filter(|key| !experiment.applies(key)).collect(),
            Err(_) => Vec::new(),
        };
        SweepCell { experiment: experiment.map(Box::new), without_meaning, values }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, axis) in self.axes.iter().enumerate() {
            let separator = if place > 0 { ";" } else { "" };
            write!(f, "{separator}{axis}")?;
        }
        Ok(())
    }
}

impl FromStr for Sweep {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let text = crate::link::plain(text);
        let text = text.trim_end_matches(';');
        if text.is_empty() {
            return Err(SweepError::Empty);
        }
        let count = text.split(';').count();
        if count > 2 {
            return Err(SweepError::TooManyKnobs { count });
        }
        let axes = text.split(';').map(str::parse).collect::<Result<Vec<Axis>, SweepError>>()?;
        if let [first, second] = &axes[..]
            && first.key() == second.key()
        {
            return Err(SweepError::KnobTwice { key: first.key() });
        }
        if axes.iter().map(|axis| axis.values().len()).product::<usize>() > MOST_CELLS {
            return Err(SweepError::TooManyCells { most: MOST_CELLS });
        }
        Ok(Self { axes })
    }
}

/// An experiment with these knobs turned.
///
/// # Errors
/// What rules it out.
fn turned(base: &Experiment, pairs: &[(&'static str, &str)]) -> Result<Experiment, Problem> {
    let mut experiment = base.clone();
    // Data set and scheme decide the defaults of the others, wherever in the sweep they stand.
    let given = |key: &str| pairs.iter().find(|(other, _)| *other == key).map(|(_, value)| *value);
    if let Some(value) = given("data") {
        let asked = with(&experiment, "data", value)?;
        experiment = experiment.with_data(asked.data);
        kept(&mut experiment, base, |key| given(key).is_none())?;
    }
    if let Some(value) = given("scheme") {
        let asked = with(&experiment, "scheme", value)?;
        if asked.scheme != experiment.scheme {
            let before = experiment.clone();
            experiment = Experiment { scheme: asked.scheme, ..experiment.with_scheme(asked.scheme) };
            kept(&mut experiment, &before, |key| given(key).is_none() && !MEMBER_KNOBS.contains(&key))?;
        }
    }
    for (key, value) in pairs.iter().filter(|(key, _)| !["data", "scheme"].contains(key)) {
        experiment = with(&experiment, key, value)?;
    }
    let problems = sanitize(&mut experiment);
    // What the sweep itself asks for is the likelier reason.
    let is_asked = |problem: &&Problem| pairs.iter().any(|(key, _)| *key == problem.key);
    match problems.iter().find(is_asked).or(problems.first()) {
        Some(problem) => Err(problem.clone()),
        None => Ok(experiment),
    }
}

/// An experiment with a knob turned.
fn with(experiment: &Experiment, key: &str, value: &str) -> Result<Experiment, Problem> {
    let mut turned = experiment.clone();
    let set = knob(key).map_or(Ok(()), |knob| knob.set(&mut turned, value));
    let problem = |kind| Problem { key: key.into(), value: value.into(), kind, used: None };
    set.map(|()| turned).map_err(problem)
}

/// Puts back what was chosen before the experiment was moved to another data set or scheme, and was given up there: it
/// rules the experiment out, and a cell says so. Knobs that retrain nothing may be given up.
fn kept(experiment: &mut Experiment, before: &Experiment, asks: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let usual = Experiment::usual(before.data, before.scheme);
    let usual_scheme = Experiment::for_data(before.data).scheme;
    for knob in KNOBS.iter().filter(|knob| asks(knob.key) && knob.phase <= Phase::Student) {
        let is_chosen = match knob.key {
            "data" => false,
            "scheme" => before.scheme != usual_scheme && before.data != experiment.data,
            _ => !knob.is_same(before, &usual),
        };
        if is_chosen && !knob.is_same(experiment, before) {
            *experiment = with(experiment, knob.key, &knob.get(before))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Runs kept by name, with what was measured of them, and how runs differ. Pure.

use std::{fmt::Write, rc::Rc};

use retort_spec::{CurvePoint, Experiment, KNOBS, Knob, Measured, NetworkId, encode};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Kept runs on the chart of learning curves, the newest: more lines cannot be told apart.
pub const MOST_CHARTED: usize = 5;

/// A run that the visitor kept, to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    /// The visitor's name for it.
    pub name: String,
    /// What it was a run of.
    #[serde(with = "permalink")]
    pub experiment: Experiment,
    /// Its first seed's curves.
    #[serde(with = "points")]
    pub points: Rc<Vec<CurvePoint>>,
    /// Which dashes and mark it has on the chart: below [`MOST_CHARTED`], and no other's among as many neighbours.
    pub mark: usize,
    /// What was measured of it; nothing for a run that an older page kept.
    #[serde(default)]
    pub numbers: RunNumbers,
}

/// A number of a run. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The product's accuracy: the mean over the seeds once all are trained, before that the first seed's.
    Product,
    /// The standard deviation of its seeds, where there are several.
    ProductDeviation,
    /// The control's accuracy.
    Control,
    /// The standard deviation of its seeds.
    ControlDeviation,
    /// How much larger the product's accuracy is than the control's.
    Gain,
    /// The p value of the verdict.
    PValue,
    /// The product's agreement with its teachers, mean over the seeds.
    Agreement,
    /// The length of the packed file.
    Bytes,
    /// The accuracy of the network read back from it.
    PackedAccuracy,
}

impl Figure {
    /// All of them with their names in files.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Product, "accuracy"),
        (Self::ProductDeviation, "accuracy_deviation"),
        (Self::Control, "control_accuracy"),
        (Self::ControlDeviation, "control_accuracy_deviation"),
        (Self::Gain, "gain"),
        (Self::PValue, "p_value"),
        (Self::Agreement, "agreement"),
        (Self::Bytes, "packed_bytes"),
        (Self::PackedAccuracy, "packed_accuracy"),
    ];
}

/// The numbers of a run in the order of [`Figure::ALL`], as far as they were measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunNumbers(Vec<Option<f64>>);

impl RunNumbers {
    /// The numbers of the run that is shown.
    pub fn of(state: &State) -> Self {
        let (product, control) = (state.plan.product, state.plan.control);
        let spread = |id: NetworkId| match state.verdict.as_ref().and_then(|verdict| verdict.spread(id)) {
            Some(spread) => (Some(spread.mean), (spread.values.len() > 1).then_some(spread.deviation)),
            None => (latest(state, id), None),
        };
        let ((mine, deviation), (other, other_deviation)) = (spread(product), spread(control));
        let agreements: Vec<f64> = of_this_run(state, product).filter_map(|measured| measured.agreement).collect();
        let agreement = agreements.iter().sum::<f64>() / agreements.len() as f64;
        let packed = state.chosen().filter(|_| !state.outdated);
        let numbers = vec![
            mine,
            deviation,
            other,
            other_deviation,
            mine.zip(other).map(|(mine, other)| mine - other),
            state.verdict.as_ref().map(|verdict| verdict.p_value),
            Some(agreement),
            packed.map(|row| row.bytes.into()),
            packed.map(|row| row.accuracy),
        ];
        // What is no number cannot be kept.
        Self(numbers.into_iter().map(|number| number.filter(|number| number.is_finite())).collect())
    }

    /// A number, if it was measured.
    pub fn get(&self, figure: Figure) -> Option<f64> {
        self.0.get(figure as usize).copied().flatten()
    }
}

/// What was measured of a network in this training, run by run.
fn of_this_run(state: &State, id: NetworkId) -> impl Iterator<Item = &Measured> {
    let measured = state.measured.iter().map(|measured| &**measured);
    measured.filter(move |measured| measured.network_id == id && state.is_of_this_training(measured))
}

/// The accuracy of a network of the first run by now: on its curve, else where it was measured.
fn latest(state: &State, id: NetworkId) -> Option<f64> {
    let point = state.curves.iter().rev().find(|point| (point.run, point.network_id) == (0, id));
    let first = || of_this_run(state, id).find(|measured| measured.run == 0);
    point.map(|point| point.test_accuracy).or_else(|| first().map(|measured| measured.accuracy))
}

impl SavedRun {
    /// The run that is shown, under a name; `None` before it has curves.
    pub fn of(state: &State, name: String) -> Option<Self> {
        let points: Vec<CurvePoint> = state.curves.iter().filter(|point| point.run == 0).copied().collect();
        (!points.is_empty()).then(|| Self {
            name,
            experiment: state.experiment.clone(),
            points: Rc::new(points),
            mark: free_mark(&state.kept[state.kept.len().saturating_sub(MOST_CHARTED - 1)..]),
            numbers: RunNumbers::of(state),
        })
    }

    /// What tells it from all other runs, also under another name; 0 is no run's.
    pub fn key(&self) -> usize {
        Rc::as_ptr(&self.points) as usize
    }
}

impl State {
    /// Whether there is a run to keep: this visitor's, of which something was measured.
    pub fn has_run(&self) -> bool {
        !self.recorded && !self.curves.is_empty() && latest(self, self.plan.product).is_some()
    }

    /// The kept runs on the chart, each with its place among all.
    pub fn charted(&self) -> impl Iterator<Item = (usize, &SavedRun)> {
        self.kept.iter().enumerate().skip(self.kept.len().saturating_sub(MOST_CHARTED))
    }
}

/// A mark that none of these runs has.
fn free_mark(others: &[SavedRun]) -> usize {
    (0..MOST_CHARTED).find(|mark| others.iter().all(|other| other.mark != *mark)).unwrap_or(0)
}

/// Forgets a run. One that comes back onto the chart gets a mark that is free there.
pub(super) fn forget(kept: &mut Vec<SavedRun>, index: usize) {
    if index < kept.len() {
        kept.remove(index);
    }
    if let Some(back) = kept.len().checked_sub(MOST_CHARTED) {
        let mark = kept[back].mark;
        if kept[back + 1..].iter().any(|other| other.mark == mark) {
            kept[back].mark = free_mark(&kept[back + 1..]);
        }
    }
}

/// The knobs at which some of the experiments differ, as far as they mean anything in one of them.
pub fn differing(experiments: &[&Experiment]) -> Vec<&'static Knob> {
    let differs = |knob: &&Knob| experiments.windows(2).any(|pair| !knob.is_same(pair[0], pair[1]));
    let applies = |knob: &&Knob| experiments.iter().any(|experiment| experiment.applies(knob.key));
    KNOBS.iter().filter(|knob| differs(knob) && applies(knob)).collect()
}

/// Runs as a table: their names and links, the knobs at which they differ, and their numbers; what was not measured is
/// left empty. `base` is the page's address without what stands behind `#`.
pub fn csv(runs: &[(&str, &Experiment, &RunNumbers)], base: &str) -> String {
    let knobs = differing(&runs.iter().map(|(_, experiment, _)| *experiment).collect::<Vec<_>>());
    let mut text = "run".to_owned();
    for name in knobs.iter().map(|knob| knob.key).chain(Figure::ALL.map(|(_, word)| word)).chain(["link"]) {
        text.extend([",", name]);
    }
    for (name, experiment, numbers) in runs {
        text.push('\n');
        text += &quoted(name);
        for knob in &knobs {
            text.push(',');
            if experiment.applies(knob.key) {
                text += &quoted(&knob.get(experiment));
            }
        }
        for (figure, _) in Figure::ALL {
            text.push(',');
            if let Some(number) = numbers.get(figure) {
                // Writing to a string cannot fail.
                let _ = write!(text, "{number}");
            }
        }
        let _ = write!(text, ",{}", quoted(&format!("{base}#{}", encode(experiment))));
    }
    text + "\n"
}

/// A cell of a CSV file (RFC 4180): in quotes where it needs them.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// An experiment as its link.
mod permalink {
    use super::{Deserialize, Experiment};

    pub fn serialize<S: serde::Serializer>(experiment: &Experiment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&retort_spec::encode(experiment))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Experiment, D::Error> {
        String::deserialize(deserializer).map(|link| retort_spec::decode(&link, &[]).experiment)
    }
}

/// Shared points as plain ones.
mod points {
    use super::{CurvePoint, Deserialize, Rc, Serialize};

    pub fn serialize<S: serde::Serializer>(points: &Rc<Vec<CurvePoint>>, serializer: S) -> Result<S::Ok, S::Error> {
        points.as_ref().serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Rc<Vec<CurvePoint>>, D::Error> {
        Vec::deserialize(deserializer).map(Rc::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        Action, MOST_KEPT,
        fixture::{act, measured_state},
    };
    use retort_spec::decode;

    fn experiment(link: &str) -> Experiment {
        decode(link, &[]).experiment
    }

    #[test]
    fn a_figure_stands_at_its_place() {
        for (place, (figure, _)) in Figure::ALL.iter().enumerate() {
            assert_eq!(*figure as usize, place);
        }
    }

    #[test]
    fn the_numbers_of_a_run_are_those_of_its_verdict_and_its_file() {
        let numbers = RunNumbers::of(&measured_state());
        let get = |figure| numbers.get(figure);
        assert_eq!(
            [get(Figure::Product), get(Figure::Control), get(Figure::Gain)],
            [Some(0.75), Some(0.5), Some(0.25)]
        );
        assert_eq!(get(Figure::ProductDeviation), None, "one seed has no spread");
        assert_eq!((get(Figure::PValue), get(Figure::Bytes)), (Some(0.25), Some(40.0)));
        assert_eq!(get(Figure::PackedAccuracy), Some(0.5));
        assert_eq!(get(Figure::Agreement), None, "without a curve it may be another training's");
        assert_eq!(RunNumbers::default().get(Figure::Product), None, "a run of an older page");
    }

    #[test]
    fn runs_differ_where_any_two_do_and_it_means_something() {
        let keys = |links: &[&str]| {
            let experiments: Vec<Experiment> = links.iter().map(|link| experiment(link)).collect();
            let knobs = differing(&experiments.iter().collect::<Vec<_>>());
            knobs.iter().map(|knob| knob.key).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys(&["temperature=8", "temperature=8"]), "");
        assert_eq!(keys(&["temperature=8", "labels=200", "temperature=8"]), "labels temperature");
        assert_eq!(keys(&["scheme=offline&members=2", "scheme=offline&members=3"]), "", "it has no members");
        assert_eq!(keys(&["seed=1"]), "");
    }

    #[test]
    fn a_table_holds_what_differs_and_what_was_measured() {
        let (cold, warm) = (experiment("temperature=1"), experiment("temperature=8"));
        let numbers = RunNumbers(vec![Some(0.75), None, Some(0.5), None, Some(0.25)]);
        let table = csv(&[("a, \"b\"", &cold, &numbers), ("c", &warm, &RunNumbers::default())], "https://x/");
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(
            rows[0],
            "run,temperature,accuracy,accuracy_deviation,control_accuracy,control_accuracy_deviation,gain,p_value,\
             agreement,packed_bytes,packed_accuracy,link"
        );
        assert_eq!(rows[1], format!("\"a, \"\"b\"\"\",1,0.75,,0.5,,0.25,,,,,https://x/#{}", encode(&cold)));
        assert_eq!(rows[2], format!("c,8,,,,,,,,,,https://x/#{}", encode(&warm)));
        assert!(table.ends_with('\n') && rows.len() == 3);
    }

    #[test]
    fn marks_differ_among_the_newest_and_those_that_come_back() {
        let mut state = measured_state();
        state.curves = vec![CurvePoint {
            run: 0,
            network_id: NetworkId::STUDENT,
            epoch: 0,
            step: 0,
            train_loss: None,
            train_accuracy: None,
            test_loss: 1.0,
            test_accuracy: 0.5,
        }];
        for _ in 0..MOST_KEPT + 1 {
            state = act(state, Action::Keep(String::new()));
        }
        assert_eq!(state.kept.len(), MOST_KEPT);
        let are_distinct = |state: &State| {
            let marks: Vec<usize> = state.charted().map(|(_, run)| run.mark).collect();
            marks.len() == MOST_CHARTED && (0..MOST_CHARTED).all(|mark| marks.contains(&mark))
        };
        assert!(are_distinct(&state));
        for index in [11, 3, 8, 7] {
            state = act(state, Action::Forget(index));
            assert!(are_distinct(&state), "{index}");
        }
    }
}

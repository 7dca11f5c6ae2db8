//! The quantities that a lesson may name, read off the page's state.

use retort_spec::{
    DataSummary, Kind, Knob, Labels, NetworkId, Outcome,
    class_bias::biased,
    knob,
    probability::{argmax, entropy_bits, softmax},
    read_number,
};

use crate::{
    lessons::model::Wait,
    state::{Source, State, selection::Subject},
};

/// A quantity.
#[derive(Clone, Copy)]
pub enum Quantity {
    /// A knob with a number: `labels=all` is infinite, a width of weights is its bits.
    Knob(&'static Knob),
    /// Test accuracy, in percent, of the first seed.
    Accuracy(NetworkId),
    /// The same of one class.
    Class(NetworkId, usize),
    /// How often a network says what its teachers say, in percent.
    Agreement(NetworkId),
    /// Expected calibration error, in percent.
    Calibration(NetworkId),
    /// Accuracy of the packed student, in percent.
    PackedAccuracy,
    /// Length of its file.
    PackedBytes,
    /// Length of a network's file of 32-bit weights.
    Bytes(NetworkId),
    /// Entropy in bits of the teacher's distribution of the example that is shown, at the temperature that is shown.
    Entropy,
    /// Its largest probability, in percent.
    Top,
    /// Mean test accuracy over the seeds, in percent.
    Mean(NetworkId),
    /// The p value of the verdict.
    PValue,
    /// The verdict: 1 helps, 0 no difference, -1 hurts.
    Outcome,
    /// What the visitor adds to the student's logits of the classes left out.
    Bias,
    /// The student's accuracy with that bias, in percent.
    BiasedAccuracy,
    /// The same of one class.
    BiasedClass(usize),
    /// Test examples on which teacher and student disagree.
    Disagreements,
    /// 1 when the visitor's own drawing is shown.
    Drawn,
}

impl Quantity {
    /// The quantity of this name.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(knob) = knob(name) {
            let is_number = matches!(knob.kind, Kind::Integer { .. } | Kind::Number { .. } | Kind::Labels { .. });
            return (is_number || name == "bits").then_some(Self::Knob(knob));
        }
        let parts: Vec<&str> = name.split('.').collect();
        let network_id = parts.first().and_then(|name| name.parse::<NetworkId>().ok());
        match (network_id, &parts[..]) {
            (Some(network_id), [_, "accuracy"]) => Some(Self::Accuracy(network_id)),
            (Some(network_id), [_, "class", class]) => class.parse().ok().map(|class| Self::Class(network_id, class)),
            (Some(network_id), [_, "agreement"]) => Some(Self::Agreement(network_id)),
            (Some(network_id), [_, "calibration"]) => Some(Self::Calibration(network_id)),
            (Some(network_id), [_, "bytes"]) => Some(Self::Bytes(network_id)),
            (_, ["mean", of]) => of.parse().ok().map(Self::Mean),
            (_, ["packed", "accuracy"]) => Some(Self::PackedAccuracy),
            (_, ["packed", "bytes"]) => Some(Self::PackedBytes),
            (_, ["entropy"]) => Some(Self::Entropy),
            (_, ["top"]) => Some(Self::Top),
            (_, ["p"]) => Some(Self::PValue),
            (_, ["outcome"]) => Some(Self::Outcome),
            (_, ["bias"]) => Some(Self::Bias),
            (_, ["biased", "accuracy"]) => Some(Self::BiasedAccuracy),
            (_, ["biased", "class", class]) => class.parse().ok().map(Self::BiasedClass),
            (_, ["disagreements"]) => Some(Self::Disagreements),
            (_, ["drawn"]) => Some(Self::Drawn),
            _ => None,
        }
    }

    /// What has to be measured before it can be read.
    pub fn needs(self) -> Wait {
        match self {
            Self::Knob(_) | Self::Bias | Self::Drawn => Wait::None,
            Self::Entropy | Self::Top => Wait::Teacher,
            // Other teachers may be trained after the first.
            Self::Accuracy(NetworkId::TEACHER)
            | Self::Class(NetworkId::TEACHER, _)
            | Self::Calibration(NetworkId::TEACHER)
            | Self::Bytes(NetworkId::TEACHER) => Wait::Teacher,
            Self::Accuracy(_)
            | Self::Class(..)
            | Self::Calibration(_)
            | Self::Bytes(_)
            | Self::Agreement(_)
            | Self::PackedAccuracy
            | Self::PackedBytes
            | Self::BiasedAccuracy
            | Self::BiasedClass(_)
            | Self::Disagreements => Wait::Student,
            Self::Mean(_) | Self::PValue | Self::Outcome => Wait::Verdict,
        }
    }

    fn read(self, state: &State) -> Option<f64> {
        let percent = |share: f64| Some(100.0 * share).filter(|percent| percent.is_finite());
        let network = |id| state.network(meant(state, id));
        match self {
            Self::Knob(knob) => knob_value(state, knob),
            Self::Accuracy(network_id) => percent(network(network_id)?.accuracy),
            Self::Class(network_id, class) => percent(*network(network_id)?.per_class_accuracy.get(class)?),
            Self::Agreement(network_id) => percent(network(network_id)?.agreement?),
            Self::Calibration(network_id) => percent(network(network_id)?.calibration_error),
            Self::PackedAccuracy => percent(state.chosen()?.accuracy),
            Self::PackedBytes => Some(state.chosen()?.bytes.into()),
            Self::Bytes(network_id) => Some(network(network_id)?.bytes.into()),
            Self::Entropy => Some(entropy_bits(&shown(state)?)),
            Self::Top => percent(shown(state)?.into_iter().fold(0.0, f64::max)),
            Self::Mean(network_id) => percent(state.verdict.as_ref()?.mean(meant(state, network_id))),
            Self::PValue => Some(state.verdict.as_ref()?.p_value),
            Self::Outcome => Some(match state.verdict.as_ref()?.outcome {
                Outcome::Helps => 1.0,
                Outcome::NoDifference => 0.0,
                Outcome::Hurts => -1.0,
            }),
            Self::Bias => Some(state.bias),
            Self::BiasedAccuracy => percent(biased_share(state, None)?),
            Self::BiasedClass(class) => percent(biased_share(state, Some(class))?),
            Self::Disagreements => {
                let classes = state.data.as_ref()?.classes.max(1) as usize;
                let [teacher, student] = [state.reference(), state.plan.product].map(|id| state.network(id));
                let pairs = teacher?.logits.chunks_exact(classes).zip(student?.logits.chunks_exact(classes));
                Some(pairs.filter(|(teacher, student)| argmax(teacher) != argmax(student)).count() as f64)
            }
            Self::Drawn => {
                let drawn = state.given.as_ref().is_some_and(|given| given.source == Source::Drawing);
                Some(f64::from(u8::from(drawn)))
            }
        }
    }
}

/// The network that a lesson means: `student` is the product and `baseline` the control, whatever their names are.
fn meant(state: &State, network_id: NetworkId) -> NetworkId {
    match network_id {
        NetworkId::STUDENT => state.plan.product,
        NetworkId::BASELINE => state.plan.control,
        id => id,
    }
}

/// A quantity's value in the page's state, whichever experiment it was measured for.
pub fn value(state: &State, name: &str) -> Option<f64> {
    Quantity::named(name)?.read(state)
}

fn knob_value(state: &State, knob: &Knob) -> Option<f64> {
    match (knob.key, state.experiment.labels) {
        ("labels", Labels::All) => Some(f64::INFINITY),
        // The slider's, while it is dragged: the distributions beside it follow, too.
        ("temperature", _) => Some(state.temperature()),
        _ => read_number(&knob.get(&state.experiment)),
    }
}

/// The teacher's distribution of the example that is shown.
fn shown(state: &State) -> Option<Vec<f64>> {
    Some(softmax(Subject::of(state)?.reference()?, state.temperature()))
}

/// Share of the test examples, or of those of one class, that the student has right with the bias.
fn biased_share(state: &State, class: Option<usize>) -> Option<f64> {
    let data: &DataSummary = state.data.as_ref()?;
    let classes = data.classes.max(1) as usize;
    let logits =
        biased(&state.network(state.plan.product)?.logits, classes, &state.experiment.omitted_classes, state.bias);
    let rows = logits.chunks_exact(classes).zip(data.test_labels.iter().map(|&label| usize::from(label)));
    let asked: Vec<bool> = rows
        .filter(|(_, label)| class.is_none_or(|class| class == *label))
        .map(|(row, label)| argmax(row) == Some(label))
        .collect();
    (!asked.is_empty()).then(|| asked.iter().filter(|right| **right).count() as f64 / asked.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{CustomExample, fixture::measured_state};
    use retort_spec::{Bits, Classes, Experiment, Floats};
    use std::rc::Rc;

    #[test]
    fn knobs_with_a_number_are_quantities_and_the_others_are_not() {
        let mut state = measured_state();
        state.experiment = Experiment { labels: Labels::All, bits: Bits::B4, temperature: 3.0, ..state.experiment };
        assert_eq!(value(&state, "labels"), Some(f64::INFINITY));
        assert_eq!(value(&state, "bits"), Some(4.0));
        assert_eq!(value(&state, "temperature"), Some(3.0));
        state.preview = Some(5.0);
        assert_eq!(value(&state, "temperature"), Some(5.0));
        for unknown in ["student", "schedule", "student.age", "student.class.x", "mean.pupil", "teacher-0.accuracy", ""]
        {
            assert!(Quantity::named(unknown).is_none(), "{unknown}");
        }
    }

    /// The fixture by hand: four test examples, labels 0 0 1 1; the teacher says 0 0 1 1, the student 0 0 0 1.
    #[test]
    fn measured_quantities_by_hand() {
        let state = measured_state();
        for (name, want) in [
            ("teacher.accuracy", 100.0),
            ("student.accuracy", 75.0),
            ("baseline.accuracy", 50.0),
            ("student.class.1", 50.0),
            ("student.agreement", 75.0),
            ("disagreements", 1.0),
            ("packed.bytes", 40.0),
            ("packed.accuracy", 50.0),
            ("teacher.bytes", 400.0),
            ("mean.student", 75.0),
            ("mean.teacher", 100.0),
            ("p", 0.25),
            ("outcome", 0.0),
            ("drawn", 0.0),
        ] {
            assert!((value(&state, name).unwrap() - want).abs() < 1e-9, "{name}");
        }
        assert_eq!(value(&state, "student.class.7"), None);
        for name in ["teacher-2.accuracy", "mean.teacher-2", "ensemble.accuracy"] {
            assert!(Quantity::named(name).is_some(), "{name}");
            assert_eq!(value(&state, name), None, "the scheme has no such network");
        }
        assert_eq!(value(&State::open(""), "student.accuracy"), None);
    }

    #[test]
    fn the_shown_example_decides_entropy_and_top() {
        let mut state = measured_state();
        // Its logits are [3, 0]; at T = 3 / ln k their exponentials are k and 1.
        state.example = Some(0);
        state.preview = Some(3.0 / 3.0_f64.ln());
        assert!((value(&state, "top").unwrap() - 75.0).abs() < 1e-6);
        assert!((value(&state, "entropy").unwrap() - (2.0 - 0.75 * 3.0_f64.log2())).abs() < 1e-6);
        state.preview = Some(3.0 / 7.0_f64.ln());
        assert!((value(&state, "top").unwrap() - 87.5).abs() < 1e-6);
        state.given = Some(Rc::new(CustomExample { source: Source::Drawing, input: Floats::default(), label: None }));
        assert_eq!(value(&state, "entropy"), None, "not answered yet");
        assert_eq!(value(&state, "drawn"), Some(1.0));
    }

    #[test]
    fn the_bias_helps_the_class_left_out() {
        let mut state = measured_state();
        state.experiment.omitted_classes = Classes::new([1]);
        state.bias = 0.0;
        assert_eq!(value(&state, "biased.class.1"), Some(50.0));
        // Example 2's student logits are [1, 0]: a bias of 1.5 turns the answer to 1, and example 0's [3, 0] stays 0.
        state.bias = 1.5;
        assert_eq!(value(&state, "biased.class.1"), Some(100.0));
        assert_eq!(value(&state, "biased.accuracy"), Some(100.0));
    }
}

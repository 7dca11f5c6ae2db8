//! The one table of knobs. The permalink, the page's controls and tooltips, and the command line's flags all come
//! from it; labels and help texts stand in the message files under `knob-<key>`.

use crate::{
    experiment::Experiment,
    for_each_objective,
    link::{readings, with_commas, with_point},
    number::read_number,
    objectives::Objective,
    plan::{Channel, Exits, Shown, Supervision},
    problem::ProblemKind,
    scheme_word::Scheme,
    schemes::{MEMBER_KNOBS, SCHEME_KNOBS},
    values::{
        Activations, Architecture, Bits, DataSet, DeviceChoice, Form, GeneratorKind, GeneratorLoss, Granularity, Heads,
        HintLayer, Judged, MemberLabels, Mix, NetworkKind, NoiseLaw, OnOff, OptimizerKind, Output, PtqMethod, Range,
        Reversal, Rounding, Schedule, TargetKind, Transfer, ZeroPoint,
    },
};

/// How a slider spreads its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal ratios.
    Logarithmic,
}

/// The knobs that mean something to sequences or to numbers only.
const SEQUENCE_KNOBS: &[&str] = &[
    "teacher-rate",
    "warm-up",
    "own-texts",
    "shown",
    "bounded",
    "pretraining",
    "target-column",
    "target-kind",
    "moved",
];

/// Columns of a table, at most.
pub const MOST_COLUMNS: u32 = 1000;

/// What values a knob takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Integer {
        /// Least.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A number within bounds, both included.
    Number {
        /// Least.
        min: f64,
        /// Most.
        max: f64,
        /// How a slider spreads it.
        scale: Scale,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A network's hidden widths.
    Widths,
    /// `all` or a whole number within bounds.
    Labels {
        /// Least.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A list of classes, or `none`.
    Classes,
    /// The stages of a pipeline, or `none`.
    Stages,
    /// A network of the plan that has weights.
    Network,
    /// Points and their places, or `none`.
    Points,
}

/// What has to be done again when a knob is turned: that phase and all after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The data are made or read anew, and everything after.
    Data,
    /// The teacher is trained anew, and both students.
    Teacher,
    /// The teacher stays; both students are trained anew.
    Student,
    /// Only the number of seeds behind the verdict changes.
    Verdict,
    /// Nothing is trained anew: another measured row is shown, or another engine goes on.
    Show,
}

/// One knob of an experiment.
#[derive(Clone, Copy)]
pub struct Knob {
    /// Its stable name in permalinks and on the command line.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What turning it affects.
    pub phase: Phase,
    /// Whether a training that is under way takes the new value at once, without a restart.
    pub live: bool,
    place: Place,
    /// Its place in [`KNOBS`] and [`TEXTS`].
    index: usize,
}

/// Where an experiment keeps a knob's value.
#[derive(Clone, Copy)]
enum Place {
    /// In a field of its own; whether it has the same value in both, and how it is copied to the first.
    Field(fn(&Experiment, &Experiment) -> bool, fn(&mut Experiment, &Experiment)),
    /// Among the weights of the objectives.
    Weight(Objective),
}

/// How a knob's value is written and read. Apart from the knobs, so that an engine, which compares values and reads
/// none, carries no readers.
#[derive(Clone, Copy)]
struct Text {
    get: fn(&Experiment) -> String,
    put: fn(&mut Experiment, &str) -> bool,
}

impl Knob {
    /// The knob's value in `experiment`, as a permalink writes it.
    pub fn get(&self, experiment: &Experiment) -> String {
        match self.place {
            Place::Field(..) => (TEXTS[self.index].get)(experiment),
            Place::Weight(objective) => experiment.weights.get(objective).to_string(),
        }
    }

    /// Whether it has the same value in two experiments.
    pub fn is_same(&self, a: &Experiment, b: &Experiment) -> bool {
        match self.place {
            Place::Field(is_same, _) => is_same(a, b),
            Place::Weight(objective) => a.weights.get(objective) == b.weights.get(objective),
        }
    }

    /// Copies its value.
    fn copy(&self, to: &mut Experiment, from: &Experiment) {
        match self.place {
            Place::Field(_, copy) => copy(to, from),
            Place::Weight(objective) => to.weights.set(objective, from.weights.get(objective)),
        }
    }

    /// Turns the knob. Texts are read as people type them: `２０`, `0,5`, `64 32`, `ALL`, `20.`.
    ///
    /// # Errors
    /// What is wrong with the text, the experiment then being as it was.
    pub fn set(&self, experiment: &mut Experiment, text: &str) -> Result<(), ProblemKind> {
        let mut problem = None;
        for reading in readings(text) {
            let more = match self.kind {
                Kind::Number { .. } => with_point(&reading),
                Kind::Widths | Kind::Classes | Kind::Stages | Kind::Points => Some(with_commas(&reading)),
                Kind::Integer { .. } | Kind::Labels { .. } | Kind::Choice(_) | Kind::Network => None,
            };
            for reading in [Some(reading), more].into_iter().flatten() {
                match self.set_exactly(experiment, &reading) {
                    Ok(()) => return Ok(()),
                    // A number out of range says more than a text that is no number.
                    Err(kind @ ProblemKind::OutOfRange { .. }) => problem = Some(kind),
                    Err(kind) => problem = problem.or(Some(kind)),
                }
            }
        }
        Err(problem.unwrap_or_else(|| self.wrong_kind(experiment)))
    }

    fn set_exactly(&self, experiment: &mut Experiment, text: &str) -> Result<(), ProblemKind> {
        self.check(experiment, text)?;
        let is_read = match self.place {
            Place::Field(..) => (TEXTS[self.index].put)(experiment, text),
            Place::Weight(objective) => {
                read_number(text).map(|weight| experiment.weights.set(objective, weight)).is_some()
            }
        };
        if is_read { Ok(()) } else { Err(self.wrong_kind(experiment)) }
    }

    fn check(&self, experiment: &Experiment, text: &str) -> Result<(), ProblemKind> {
        let (number, min, max) = match self.kind {
            Kind::Integer { min, max } => (text.parse::<i64>().ok().map(|n| n as f64), f64::from(min), f64::from(max)),
            Kind::Labels { .. } if text == "all" => return Ok(()),
            Kind::Labels { min, max } => (text.parse::<i64>().ok().map(|n| n as f64), f64::from(min), f64::from(max)),
            Kind::Number { min, max, .. } => (read_number(text), min, max),
            Kind::Choice(_) | Kind::Widths | Kind::Classes | Kind::Stages | Kind::Network | Kind::Points => {
                return Ok(());
            }
        };
        match number {
            None => Err(self.wrong_kind(experiment)),
            Some(n) if n < min || n > max => Err(ProblemKind::OutOfRange { min, max }),
            Some(_) => Ok(()),
        }
    }

    fn wrong_kind(&self, experiment: &Experiment) -> ProblemKind {
        match self.kind {
            Kind::Integer { .. } | Kind::Number { .. } | Kind::Labels { .. } => ProblemKind::NotANumber,
            Kind::Choice(words) => ProblemKind::NotAChoice { words: words.join(", ") },
            Kind::Widths => ProblemKind::NotWidths { layers: Architecture::MAX_LAYERS, width: Architecture::MAX_WIDTH },
            Kind::Classes => ProblemKind::NotClasses,
            Kind::Stages => ProblemKind::NotStages,
            Kind::Points => ProblemKind::NotPoints,
            Kind::Network => ProblemKind::NotAChoice { words: experiment.plan().weighted_words() },
        }
    }
}

/// A knob and its text.
type Entry = (Knob, Text);

macro_rules! knob {
    ($key:literal, live $phase:ident, $field:ident, $kind:expr) => {{
        let (knob, text): Entry = knob!($key, $phase, $field, $kind);
        (Knob { live: true, ..knob }, text)
    }};
    ($key:literal, $phase:ident, $field:ident, $kind:expr) => {
        (
            entry(
                $key,
                Phase::$phase,
                $kind,
                Place::Field(|a, b| a.$field == b.$field, |to, from| to.$field.clone_from(&from.$field)),
            ),
            Text {
                get: |experiment| experiment.$field.to_string(),
                put: |experiment, text| text.parse().map(|value| experiment.$field = value).is_ok(),
            },
        )
    };
}

macro_rules! float {
    ($key:literal, live $phase:ident, $field:ident, $kind:expr) => {{
        let (knob, text): Entry = float!($key, $phase, $field, $kind);
        (Knob { live: true, ..knob }, text)
    }};
    ($key:literal, $phase:ident, $field:ident, $kind:expr) => {
        (
            entry(
                $key,
                Phase::$phase,
                $kind,
                Place::Field(|a, b| a.$field == b.$field, |to, from| to.$field.clone_from(&from.$field)),
            ),
            Text {
                get: |experiment| experiment.$field.to_string(),
                put: |experiment, text| read_number(text).map(|value| experiment.$field = value).is_some(),
            },
        )
    };
}

const fn entry(key: &'static str, phase: Phase, kind: Kind, place: Place) -> Knob {
    Knob { key, kind, phase, live: false, place, index: 0 }
}

/// The text of a weight, which its knob reads and writes without one.
const NO_TEXT: Text = Text { get: |_| String::new(), put: |_, _| false };

const fn whole(min: u32, max: u32) -> Kind {
    Kind::Integer { min, max }
}

const fn linear(min: f64, max: f64) -> Kind {
    Kind::Number { min, max, scale: Scale::Linear }
}

const fn logarithmic(min: f64, max: f64) -> Kind {
    Kind::Number { min, max, scale: Scale::Logarithmic }
}

macro_rules! knobs {
    ($($file:ident $variant:ident $id:literal $knowledge:ident $timing:ident $weight:literal $formula:literal $source:literal $url:literal;)*) => {
        const ENTRIES: &[Entry] = &[
            knob!("data", Data, data, Kind::Choice(DataSet::WORDS)),
            knob!("examples", Data, examples, whole(50, 20_000)),
            knob!("classes", Data, classes, whole(2, 6)),
            knob!("target-column", Data, target_column, whole(0, MOST_COLUMNS)),
            knob!("target-kind", Data, target_kind, Kind::Choice(TargetKind::WORDS)),
            float!("noise", Data, noise, linear(0.0, 1.0)),
            knob!("moved", Data, moved_points, Kind::Points),
            float!("wrong", Data, wrong, linear(0.0, 0.9)),
            knob!("seed", Data, seed, whole(0, u32::MAX)),
            knob!("scheme", Teacher, scheme, Kind::Choice(Scheme::WORDS)),
            knob!("members", Teacher, members, whole(1, 250)),
            knob!("member-labels", Teacher, member_labels, Kind::Choice(MemberLabels::WORDS)),
            knob!("mix", Student, mix, Kind::Choice(Mix::WORDS)),
            knob!("dense", Student, dense, Kind::Choice(OnOff::WORDS)),
            knob!("stale", Student, stale, Kind::Choice(OnOff::WORDS)),
            knob!("same-start", Student, same_start, Kind::Choice(OnOff::WORDS)),
            float!("near", Student, near, linear(0.0, 1.0)),
            knob!("queries", Teacher, queries, whole(1, 10_000)),
            float!("vote-noise", Student, vote_noise, logarithmic(0.1, 1000.0)),
            knob!("noise-law", Student, noise_law, Kind::Choice(NoiseLaw::WORDS)),
            knob!("heads", Teacher, heads, Kind::Choice(Heads::WORDS)),
            knob!("kept", Student, kept, whole(0, 10_000)),
            knob!("generator", Student, generator, Kind::Choice(GeneratorLoss::WORDS)),
            knob!("generator-kind", Student, generator_kind, Kind::Choice(GeneratorKind::WORDS)),
            knob!("pictures", Teacher, pictures, whole(1, 20)),
            knob!("teacher", Teacher, teacher, Kind::Widths),
            knob!("teacher-epochs", Teacher, teacher_epochs, whole(1, 1000)),
            knob!("teacher-labels", Teacher, teacher_labels, Kind::Labels { min: 1, max: 60_000 }),
            float!("teacher-smoothing", Teacher, teacher_smoothing, linear(0.0, 0.5)),
            knob!("batch", Teacher, batch, whole(1, 1024)),
            float!("learning-rate", live Teacher, learning_rate, logarithmic(1e-5, 10.0)),
            float!("teacher-rate", Teacher, teacher_rate, logarithmic(1e-5, 10.0)),
            knob!("optimizer", Teacher, optimizer, Kind::Choice(OptimizerKind::WORDS)),
            knob!("schedule", Teacher, schedule, Kind::Choice(Schedule::WORDS)),
            float!("weight-decay", Teacher, weight_decay, linear(0.0, 1.0)),
            float!("dropout", Teacher, dropout, linear(0.0, 0.9)),
            knob!("jitter", Teacher, jitter, whole(0, 4)),
            knob!("pretraining", Teacher, pretraining, Kind::Choice(OnOff::WORDS)),
            knob!("student", Student, student, Kind::Widths),
            knob!("student-epochs", Student, student_epochs, whole(1, 1000)),
            knob!("warm-up", Student, warm_up, whole(0, 100)),
            knob!("labels", Student, labels, Kind::Labels { min: 0, max: 60_000 }),
            knob!("transfer", Student, transfer, Kind::Choice(Transfer::WORDS)),
            knob!("omit", Student, omitted_classes, Kind::Classes),
            float!("temperature", live Student, temperature, logarithmic(0.2, 100.0)),
            float!("soft", live Student, soft_weight, linear(0.0, 1.0)),
            knob!("t2", live Student, scale_by_t2, Kind::Choice(OnOff::WORDS)),
            float!("own-texts", Student, own_texts, linear(0.0, 1.0)),
            knob!("shown", Student, shown, whole(0, 100)),
            knob!("bounded", Student, bounded, Kind::Choice(OnOff::WORDS)),
            $((entry($id, Phase::Student, linear(0.0, 100_000.0), Place::Weight(Objective::$variant)), NO_TEXT),)*
            float!("decoupled-target", Student, decoupled_target, linear(0.0, 100.0)),
            float!("decoupled-others", Student, decoupled_others, linear(0.0, 100.0)),
            knob!("judged", Student, judged, Kind::Choice(Judged::WORDS)),
            knob!("reversal", Student, reversal, Kind::Choice(Reversal::WORDS)),
            knob!("guided", Student, guided, Kind::Choice(HintLayer::WORDS)),
            float!("first-stage", Student, first_stage, linear(0.05, 0.9)),
            knob!("pack", Show, pack, Kind::Network),
            knob!("bits", Show, bits, Kind::Choice(Bits::WORDS)),
            knob!("granularity", Show, granularity, Kind::Choice(Granularity::WORDS)),
            knob!("zero-point", Show, zero_point, Kind::Choice(ZeroPoint::WORDS)),
            knob!("range", Show, range, Kind::Choice(Range::WORDS)),
            knob!("rounding", Show, rounding, Kind::Choice(Rounding::WORDS)),
            knob!("repair", Show, repair, Kind::Choice(PtqMethod::WORDS)),
            knob!("activations", Show, activations, Kind::Choice(Activations::WORDS)),
            knob!("compress", Show, compress, Kind::Stages),
            knob!("runs", Verdict, runs, whole(1, 20)),
            knob!("device", Show, device, Kind::Choice(DeviceChoice::WORDS)),
        ];
    };
}

for_each_objective!(knobs);

/// Every knob, in the order of the page.
pub static KNOBS: &[Knob] = &{
    let mut knobs = [ENTRIES[0].0; ENTRIES.len()];
    let mut index = 0;
    while index < knobs.len() {
        knobs[index] = Knob { index, ..ENTRIES[index].0 };
        index += 1;
    }
    knobs
};

/// The texts of [`KNOBS`].
static TEXTS: &[Text] = &{
    let mut texts = [NO_TEXT; ENTRIES.len()];
    let mut index = 0;
    while index < texts.len() {
        texts[index] = ENTRIES[index].1;
        index += 1;
    }
    texts
};

/// The knob of this key.
pub fn knob(key: &str) -> Option<&'static Knob> {
    KNOBS.iter().find(|knob| knob.key == key)
}

/// The knobs at which two experiments differ.
pub fn changed<'a>(before: &'a Experiment, after: &'a Experiment) -> impl Iterator<Item = &'static Knob> + 'a {
    KNOBS.iter().filter(|knob| !knob.is_same(before, after))
}

impl Experiment {
    /// This experiment moved to another data set: knobs that stood at their old default take the new one, the others
    /// keep the visitor's value.
    pub fn with_data(&self, data: DataSet) -> Self {
        // A scheme that is usual there gives way to the one that is usual here.
        let is_usual = self.scheme == Self::for_data(self.data).scheme;
        let scheme = if is_usual || !self.scheme.fits(data) { Self::for_data(data).scheme } else { self.scheme };
        self.moved("data", Self::usual(data, scheme))
    }

    /// The same moved to another scheme.
    pub fn with_scheme(&self, scheme: Scheme) -> Self {
        self.moved("scheme", Self::usual(self.data, scheme))
    }

    /// Moved to what is usual elsewhere, since the knob of this key was turned.
    fn moved(&self, key: &str, usual: Self) -> Self {
        let before = Self::usual(self.data, self.scheme);
        let mut after = usual;
        // What says how members differ means something else in another scheme.
        let is_kept = |knob: &&Knob| key != "scheme" || !MEMBER_KNOBS.contains(&knob.key);
        // A value that was valid before stays valid: ranges do not depend on data set or scheme.
        let is_chosen = |knob: &Knob| knob.key != "data" && knob.key != "scheme";
        let turned = KNOBS.iter().filter(|knob| is_chosen(knob) && !knob.is_same(self, &before));
        for knob in turned.filter(is_kept) {
            knob.copy(&mut after, self);
        }
        after.sanitize();
        after
    }

    /// This experiment with some knobs set, as a link writes them: `target-column=2&target-kind=class`. What is no knob
    /// or no value of it changes nothing.
    pub fn adapted(&self, knobs: &str) -> Self {
        let mut adapted = self.clone();
        for (key, value) in knobs.split('&').filter_map(|pair| pair.split_once('=')) {
            let _ = knob(key).map(|knob| knob.set(&mut adapted, value));
        }
        adapted
    }

    /// Whether a knob means anything in the experiment.
    pub fn applies(&self, key: &str) -> bool {
        if self.data.is_of_sequences() {
            return self.applies_to_sequences(key);
        }
        if SEQUENCE_KNOBS.contains(&key) {
            return false;
        }
        // Weights are mixed one by one.
        if key == "near" && self.teacher != self.student {
            return false;
        }
        if SCHEME_KNOBS.contains(&key) {
            // Points are drawn by a perceptron, whatever stands there.
            let is_meant = key != "generator-kind" || matches!(self.data.form(), Form::Image { .. });
            return is_meant && self.scheme.entry().knobs.contains(&key);
        }
        // There nobody is asked about other inputs, or for more than answers.
        if self.scheme == Scheme::Exits && (key == "transfer" || key.parse::<Objective>().is_ok()) {
            return false;
        }
        // A student without data sees neither labels nor examples, whatever stands there.
        if self.scheme == Scheme::Generator && ["transfer", "labels", "omit", "soft"].contains(&key) {
            return false;
        }
        // How many labels there are says the number of pictures, and nobody is asked about anything.
        if self.scheme == Scheme::Dataset && ["transfer", "labels", "omit"].contains(&key) {
            return false;
        }
        let is_of_students = knob(key).is_some_and(|knob| knob.phase == Phase::Student);
        let needs_classes = match key {
            "student-epochs" => false,
            // Votes are asked for about examples of their own.
            "transfer" => self.scheme == Scheme::Private,
            // Answers are shown at it, whoever learned them.
            "temperature" => false,
            "labels" => self.transfer != Transfer::Labelled,
            "omit" => !self.transfer.is_own(),
            _ => is_of_students,
        };
        !needs_classes || self.teaches_classes()
    }

    /// Whether a word of a knob's menu can be had of the experiment's data.
    pub fn offers(&self, key: &str, word: &str) -> bool {
        match key {
            "scheme" => word.parse().is_ok_and(|scheme: Scheme| scheme.fits(self.data)),
            // No other inputs are at hand there.
            "transfer" if self.data.is_of_sequences() => word.parse().is_ok_and(Transfer::is_own),
            _ => true,
        }
    }

    /// The same for sequences and for numbers, whose engine knows fewer knobs.
    fn applies_to_sequences(&self, key: &str) -> bool {
        let output = self.output();
        let says_tokens = output == Output::NextToken;
        // Each student of the comparison has a lesson of its own.
        let is_taught_as_asked = self.scheme != Scheme::Methods;
        match key {
            "data" | "seed" | "teacher" | "student" | "teacher-epochs" | "student-epochs" | "batch"
            | "learning-rate" | "teacher-rate" | "labels" | "teacher-labels" | "runs" => true,
            "temperature" => output != Output::Number,
            "bits" => true,
            "scheme" | "warm-up" => says_tokens,
            "dropout" => self.teacher.kind == NetworkKind::Transformer,
            "noise" => matches!(self.data, DataSet::Curve | DataSet::Friedman),
            "moved" => self.data == DataSet::Curve,
            "target-column" | "target-kind" => self.data == DataSet::Table,
            "bounded" => output == Output::Number,
            "pretraining" => {
                let has_words = matches!(self.data, DataSet::Opinions | DataSet::OpinionsChinese);
                has_words && self.teacher.kind == NetworkKind::Transformer
            }
            "soft" | "transfer" => is_taught_as_asked,
            "own-texts" => says_tokens && is_taught_as_asked,
            "t2" | "shown" | "logit-mse" | "reverse-kl" | "jensen-shannon" => {
                is_taught_as_asked && output != Output::Number
            }
            _ => false,
        }
    }

    /// Whether the product learns classes, rather than outputs that mean nothing.
    fn teaches_classes(&self) -> bool {
        let plan = self.plan();
        plan.lesson(plan.product).is_none_or(|lesson| lesson.channel.is_of_classes())
    }

    /// This experiment with all that does not decide a network of this supervision as it is by default: equal
    /// experiments then give equal networks. What the plan says of the network (who it is, its start, its labels, its
    /// teachers, its epochs) is not in it.
    pub fn decisive(&self, supervision: &Supervision) -> Self {
        let mut decisive = self.clone();
        let usual = Self::default();
        // Jittered batches of both kinds draw from one stream of random numbers.
        let has_teacher = supervision.imitates() || supervision.exits == Exits::Last;
        let is_taught = has_teacher || (self.jitter > 0 && !supervision.as_teacher);
        let by_classes = supervision.channel.is_of_classes();
        let sees_revealed = by_classes && (is_taught || !supervision.as_teacher);
        for knob in KNOBS {
            let decides = match knob.key {
                "teacher" | "student" | "teacher-epochs" | "student-epochs" | "scheme" | "seed" => false,
                "dropout" => supervision.as_teacher,
                "labels" | "omit" => sees_revealed || (is_taught && self.applies(knob.key)),
                "mix" => supervision.teachers.len() > 1,
                "vote-noise" | "noise-law" => matches!(supervision.channel, Channel::Votes(Some(_))),
                "generator" | "generator-kind" => supervision.shown == Shown::Generated,
                "pictures" => supervision.shown == Shown::Matching,
                key if SCHEME_KNOBS.contains(&key) => false,
                "transfer" => is_taught,
                _ => knob.phase <= Phase::Teacher || (knob.phase == Phase::Student && is_taught && by_classes),
            };
            if !decides {
                knob.copy(&mut decisive, &usual);
            }
        }
        decisive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Labels;

    #[test]
    fn every_default_passes_its_own_check() {
        for &data in DataSet::ALL {
            let experiment = Experiment::for_data(data);
            for knob in KNOBS {
                let mut moved = Experiment { temperature: 99.0, ..experiment.clone() };
                knob.copy(&mut moved, &experiment);
                assert!(knob.is_same(&moved, &experiment), "{}", knob.key);
                let mut copy = experiment.clone();
                knob.set(&mut copy, &knob.get(&experiment)).unwrap();
                assert_eq!(copy, experiment, "{}", knob.key);
            }
        }
    }

    #[test]
    fn every_field_has_its_knob() {
        let fields = serde_json::to_value(Experiment::default()).unwrap();
        let single = fields.as_object().unwrap().keys().filter(|field| *field != "weights");
        let weights = Objective::WORDS.iter().map(|word| (*word).to_owned());
        let fields: Vec<String> = single.map(|field| field.replace('_', "-")).chain(weights).collect();
        let mut keys: Vec<String> = KNOBS.iter().map(|knob| knob.key.to_owned()).collect();
        keys.sort();
        let mut sorted = fields.clone();
        sorted.sort();
        assert_eq!(keys, sorted);
    }

    #[test]
    fn where_no_classes_are_taught_their_knobs_mean_nothing() {
        let noise = Experiment::usual(DataSet::Digits8, Scheme::Subliminal);
        let applying = |experiment: &Experiment, keys: &[&'static str]| {
            keys.iter().copied().filter(|key| experiment.applies(key)).collect::<Vec<&str>>()
        };
        let keys = ["soft", "t2", "labels", "omit", "hint", "first-stage", "transfer", "student-epochs", "student"];
        assert_eq!(applying(&noise, &keys), ["transfer", "student-epochs"]);
        assert_eq!(applying(&Experiment::default(), &keys), keys);
        let labelled = Experiment { transfer: Transfer::Labelled, ..noise.clone() };
        assert_eq!(applying(&labelled, &keys), ["labels", "omit", "transfer", "student-epochs"]);
        // A network that was trained on other examples is another network.
        let plan = noise.plan();
        let lesson = plan.lesson(plan.product).unwrap();
        let decides = |experiment: &Experiment| {
            let more = Experiment { labels: Labels::Count(77), ..experiment.clone() };
            more.decisive(lesson) != experiment.decisive(lesson)
        };
        assert!(decides(&labelled) && !decides(&noise));
    }

    #[test]
    fn a_change_reaches_back_to_its_earliest_phase() {
        let before = Experiment::default();
        assert_eq!(changed(&before, &before).count(), 0);
        let mut after = Experiment { temperature: 9.0, ..before.clone() };
        assert!(changed(&before, &after).all(|knob| knob.live));
        after.teacher = Architecture::mlp([8]);
        assert_eq!(changed(&before, &after).map(|knob| knob.phase).min(), Some(Phase::Teacher));
    }
}

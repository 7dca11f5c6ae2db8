//! The registry of schemes: who teaches whom, and when.
//!
//! Each entry names the file, which holds its `SCHEME`, the type's variant, the word in permalinks, the group of the
//! menu (Gou et al. 2021, section 4), its source and where that can be read. The order is that of the menu. What a
//! scheme trains is a [`Plan`], computed from the experiment; its title and its sentence are the messages
//! `scheme-<word>` and `scheme-<word>.help`.

mod builder;

use builder::Builder;

use crate::{
    experiment::Experiment,
    network_id::Role,
    objectives::{DISCRIMINATOR_UNITS, Objective},
    plan::{Plan, PlannedNetwork, Shown, Supervision},
    scheme_word::{Scheme, for_each_scheme},
    values::{
        Architecture, DataSet, Form, GENERATOR_CHANNELS, GENERATOR_WIDTHS, GeneratorKind, GeneratorLoss, Judged,
        Labels, MATCHED_EXAMPLES, Output, Transfer,
    },
};

/// What a scheme is.
pub struct SchemeEntry {
    /// What it trains.
    pub plan: fn(&Experiment) -> Plan,
    /// Turns the knobs whose usual values are others than those of the data set.
    pub defaults: fn(&mut Experiment),
    /// The knobs of [`SCHEME_KNOBS`] that mean something in it.
    pub knobs: &'static [&'static str],
    /// How many members it may have.
    pub members: (u32, u32),
}

/// The knobs that mean something in some schemes only.
pub const SCHEME_KNOBS: &[&str] = &[
    "student",
    "members",
    "member-labels",
    "mix",
    "dense",
    "stale",
    "same-start",
    "near",
    "queries",
    "vote-noise",
    "noise-law",
    "heads",
    "kept",
    "generator",
    "generator-kind",
    "pictures",
    "teacher",
    "teacher-epochs",
    "teacher-labels",
    "teacher-smoothing",
    "dropout",
];

/// Those that say how the members of a scheme differ from each other.
pub const MEMBER_KNOBS: &[&str] = &["members", "member-labels", "mix", "dense", "stale", "same-start"];

/// The backward pass costs about twice the forward pass.
const PASSES: f64 = 3.0;

/// The knobs of a scheme with one teacher, trained on labels.
const TEACHER_KNOBS: &[&str] =
    &["student", "teacher", "teacher-epochs", "teacher-labels", "teacher-smoothing", "dropout"];

macro_rules! declare {
    ($($file:ident $variant:ident $id:literal $group:ident $source:literal $url:literal;)*) => {
        $(mod $file;)*

        impl Scheme {
            /// What it is.
            pub fn entry(self) -> &'static SchemeEntry {
                match self { $(Self::$variant => &$file::SCHEME),* }
            }
        }
    };
}

for_each_scheme!(declare);

impl Scheme {
    /// Whether it can be had of this data: the engine for sequences and for numbers has few of them.
    pub fn fits(self, data: DataSet) -> bool {
        match data.output() {
            Output::NextToken => matches!(self, Self::Offline | Self::Methods),
            _ if data.is_of_sequences() => self == Self::Offline,
            // Half of two classes leaves nothing to tell apart.
            _ if data.is_plane() => !matches!(self, Self::Methods | Self::Lifelong),
            _ => self != Self::Methods,
        }
    }
}

impl Experiment {
    /// The default experiment of a scheme on a data set.
    pub fn usual(data: DataSet, scheme: Scheme) -> Self {
        Self::for_data(data).with_defaults(scheme)
    }

    /// This data set's defaults with those of a scheme.
    pub(crate) fn with_defaults(self, scheme: Scheme) -> Self {
        let mut experiment = Self { scheme, ..self };
        (scheme.entry().defaults)(&mut experiment);
        experiment
    }

    /// What it trains.
    pub fn plan(&self) -> Plan {
        (self.scheme.entry().plan)(self)
    }

    /// Whether only an engine with an autodiff graph trains it: it asks for another network than perceptrons, or for a
    /// loss of more than soft targets and labels. All else is trained in plain arithmetic, by a smaller program.
    pub fn needs_graph(&self) -> bool {
        self.weights.used().next().is_some() || self.plan().needs_graph()
    }

    /// `T²`, which soft targets are multiplied with, or 1 where they are not.
    pub fn t2(&self) -> f64 {
        if self.scale_by_t2.is_on() { self.temperature * self.temperature } else { 1.0 }
    }

    /// Multiply–adds of one run's training, of so many training examples: three passes of a network for each example
    /// that it is shown, forward and backward. What finished teachers say is computed once and costs next to nothing.
    pub fn training_cost(&self, examples: u32) -> f64 {
        let plan = self.plan();
        // A teacher whom nobody listens to is trained for the page, and for no student.
        let is_heard = self.soft_weight > 0.0 || self.weights.used().next().is_some();
        let is_copied = |id| plan.networks.iter().any(|other| other.origin.start() == Some(id));
        let is_needed = |one: &&Supervision| is_heard || one.learner.role != Role::Teacher || is_copied(one.learner);
        let phases = plan
            .phases
            .iter()
            .flat_map(|phase| phase.learners.iter().filter(is_needed).map(move |one| (phase.epochs, one)));
        phases.map(|(epochs, one)| self.lesson_cost(&plan, epochs, one, examples)).sum()
    }

    /// The part of a network that learns for so many epochs what this says.
    pub fn lesson_cost(&self, plan: &Plan, epochs: u32, one: &Supervision, examples: u32) -> f64 {
        let rows = f64::from(examples.div_ceil(self.batch.max(1)) * self.batch);
        let is_shared = match self.transfer {
            Transfer::Labelled => true,
            Transfer::All => self.labels == Labels::All,
            _ => false,
        };
        let network = plan
            .network(one.learner)
            .map_or(0, |network| network.architecture.multiply_adds(self.input_count(), self.class_count()));
        if one.shown == Shown::Matching {
            let steps = f64::from(examples.div_ceil(self.batch.max(1)) * epochs);
            // A picture's passes are differentiated once more, which costs twice as much; then the network learns it.
            let passes = PASSES * f64::from(MATCHED_EXAMPLES) + 4.0 * PASSES * f64::from(self.pictures);
            return network as f64 * self.class_count() as f64 * steps * passes;
        }
        // Labels and soft targets ask for a pass each, unless one serves both.
        let passes = if !one.imitates() || is_shared || self.soft_weight >= 1.0 { 1.0 } else { 2.0 };
        let drawn = if one.shown == Shown::Generated { self.drawing_cost(network as f64) } else { 0.0 };
        // A discriminator sees what both say, to learn from it and to be fooled.
        let judged = match self.judged {
            Judged::Features => self.teacher.widths.last().map_or(0, |width| *width as usize),
            _ => self.class_count(),
        };
        let is_judged = one.imitates() && self.weights.get(Objective::Adversarial) > 0.0;
        let judging = if is_judged { 3 * DISCRIMINATOR_UNITS * (judged + 1) } else { 0 };
        (PASSES * (network as f64 * passes + judging as f64) + drawn) * rows * f64::from(epochs)
    }

    /// Multiply–adds of a picture that a generator draws for a student of so many: the teacher and, where it disagrees,
    /// the student are asked about it and say what would move them, for which their own weights need no gradient.
    fn drawing_cost(&self, student: f64) -> f64 {
        let teacher = self.teacher.multiply_adds(self.input_count(), self.class_count()) as f64;
        let generator = self.generator_cost();
        let every = f64::from(self.generator.every());
        let asked = if self.generator == GeneratorLoss::Disagreement { student } else { 0.0 };
        generator + teacher + ((PASSES - 1.0) * generator + 2.0 * (teacher + asked)) / every
    }

    /// Multiply–adds with which a generator makes a picture of random numbers.
    fn generator_cost(&self) -> f64 {
        let [given, hidden] = GENERATOR_WIDTHS;
        let Some(start) = self.first_side() else {
            return Architecture::mlp([hidden]).multiply_adds(given as usize, self.input_count()) as f64;
        };
        let [first, second] = GENERATOR_CHANNELS.map(f64::from);
        let (places, window) = ((start * start) as f64, 9.0);
        // Each place of an image is four of the next, and each of those sees a window.
        places * (f64::from(given) * first + 4.0 * window * first * second + 16.0 * window * second)
    }

    /// The side of the first image of a generator that makes it twice as large, twice; `None` where the generator is a
    /// perceptron.
    pub fn first_side(&self) -> Option<usize> {
        match (self.generator_kind, self.data.form()) {
            (GeneratorKind::Upsampling, Form::Image { side }) => Some(side / 4),
            _ => None,
        }
    }

    /// Multiply–adds of one training step, forward and backward, of the largest network: what a device has to do.
    pub fn step_multiply_adds(&self) -> f64 {
        let count =
            |network: &PlannedNetwork| network.architecture.multiply_adds(self.input_count(), self.class_count());
        let most = self.plan().networks.iter().map(count).max().unwrap_or(0);
        PASSES * f64::from(self.batch) * most as f64
    }
}

#[cfg(test)]
mod tests;

//! Objectives: a loss between what the student says and what it should say. One a file with its [`Method`], and an
//! entry in the registry of `retort-spec` (`spec/objectives.rs`), which declares the file as a module. Cross-entropy
//! and soft targets, which every student has, stand in files of their own beside what several objectives need.

mod cross_entropy;
pub mod exits;
pub mod generator;
mod geometry;
pub mod gradient_matching;
pub mod lifelong;
mod maps;
pub mod native_ensemble;
pub mod self_confidence;
mod soft_targets;

use std::ops::Range;

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, HintLayer, Incompatibility, Judged, Objective, Reversal, for_each_objective};

pub use adversarial::{fooling, judge, scores, telling_apart, telling_apart_by_two};
pub use cross_entropy::cross_entropy;
pub use geometry::log_sigmoid;
pub use soft_targets::soft_targets;

use crate::{nets::Trace, random};

/// What an objective may look at.
pub struct Views<'a> {
    /// The student's forward pass, tracked for gradients.
    pub student: &'a Trace,
    /// The teacher's forward pass on the same examples, untracked.
    pub teacher: Option<&'a Trace>,
    /// `[batch, classes]`: one-hot labels, or the teacher's likeliest classes where the labels are hidden.
    pub targets: Option<Tensor<2>>,
    /// The examples' places in the transfer set, in a transfer batch.
    pub rows: &'a [u32],
    /// What this objective learns beside the student, tracked; empty where the shapes already meet.
    pub side_matrices: &'a [Tensor<2>],
    /// Share of the steps that is done, 0 to 1.
    pub progress: f64,
    /// Whether this is the first stage of a method that has two.
    pub is_first_stage: bool,
}

/// Numbers that shape objectives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The temperature of soft targets.
    pub temperature: f64,
    /// Whether a loss at temperature T is multiplied by T².
    pub scale_by_t2: bool,
    /// The weight of the target class's part of `decoupled`.
    pub alpha: f64,
    /// The weight of the other classes' part.
    pub beta: f64,
    /// Which stage feature objectives look at.
    pub guided: HintLayer,
    /// The kernel width of `correlation`.
    pub gamma: f64,
    /// The order at which that kernel's series ends.
    pub order: u32,
    /// The margin of `activation-boundary`.
    pub margin: f64,
    /// The variance that `vid` begins with.
    pub variance: f64,
    /// The teacher's share of the mean that `jensen-shannon` compares with, 0 to 1.
    pub teacher_share: f64,
    /// What the discriminator of `adversarial` sees.
    pub judged: Judged,
    /// What the student does about it.
    pub reversal: Reversal,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            scale_by_t2: true,
            alpha: 1.0,
            beta: 8.0,
            guided: HintLayer::Usual,
            gamma: 0.4,
            order: 2,
            margin: 1.0,
            variance: 5.0,
            teacher_share: 0.5,
            judged: Judged::Probabilities,
            reversal: Reversal::Fool,
        }
    }
}

impl Settings {
    /// What an experiment asks for.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            temperature: experiment.temperature,
            scale_by_t2: experiment.scale_by_t2.is_on(),
            alpha: experiment.decoupled_target,
            beta: experiment.decoupled_others,
            guided: experiment.guided,
            judged: experiment.judged,
            reversal: experiment.reversal,
            ..Self::default()
        }
    }

    /// `T²`, or 1 where the loss is not multiplied by it.
    pub fn t2(&self) -> f64 {
        if self.scale_by_t2 { self.temperature * self.temperature } else { 1.0 }
    }
}

/// A loss, `[1]`, and the parts it is the sum of where they are worth a curve of their own.
pub struct Loss {
    /// All of it.
    pub value: Tensor<1>,
    /// Its parts by name.
    pub parts: Vec<(&'static str, Tensor<1>)>,
}

impl From<Tensor<1>> for Loss {
    fn from(value: Tensor<1>) -> Self {
        Self { value, parts: Vec::new() }
    }
}

/// What an objective keeps from step to step, and what it draws from.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Tensors without gradients, as many and as large as the objective likes.
    pub banks: Vec<Tensor<2>>,
    /// How many examples batches are drawn from.
    pub examples: usize,
    /// The objective's own random numbers.
    pub generator: ChaCha8Rng,
}

impl Memory {
    /// An empty memory.
    pub fn new(examples: usize, seed: u32, purpose: &str) -> Self {
        Self { banks: Vec::new(), examples, generator: random::stream(seed, purpose) }
    }
}

/// What an objective is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The labelled batch: there is no teacher in it.
    Labels,
    /// The transfer batch.
    Teacher,
}

/// A matrix that is learned beside the student, `[rows, columns]`: the student's bytes do not hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideMatrix {
    /// Its inputs.
    pub rows: usize,
    /// Its outputs.
    pub columns: usize,
    /// The value of all its entries at first; `None` for random ones that keep the variance (He et al. 2015).
    pub fill: Option<f32>,
}

impl SideMatrix {
    /// A random matrix.
    pub fn random(rows: usize, columns: usize) -> Self {
        Self { rows, columns, fill: None }
    }
}

/// How an objective is computed.
pub struct Method {
    /// Its loss; `None` where what it looks at is not there, or it has nothing to say at this stage.
    pub loss: fn(&Views<'_>, &Settings, &mut Memory) -> Option<Loss>,
    /// What it learns beside the student, from the traces of a first batch; or why it cannot be used on such traces.
    pub side_matrices: fn(&Trace, &Trace, &Settings) -> Result<Vec<SideMatrix>, Incompatibility>,
    /// What it is computed from.
    pub from: Source,
}

impl Method {
    /// A method that learns nothing beside the student and takes every shape.
    pub const fn plain(loss: fn(&Views<'_>, &Settings, &mut Memory) -> Option<Loss>) -> Self {
        Self { loss, side_matrices: |_, _, _| Ok(Vec::new()), from: Source::Teacher }
    }
}

macro_rules! register {
    ($($file:ident $variant:ident $id:literal $knowledge:ident $timing:ident $weight:literal $formula:literal $source:literal $url:literal;)*) => {
        $(mod $file;)*

        /// How an objective is computed.
        pub fn method(objective: Objective) -> &'static Method {
            match objective { $(Objective::$variant => &$file::METHOD),* }
        }
    };
}

for_each_objective!(register);

/// The two that every student has, by the names of the vector files; the others by those of the registry. `None` for
/// any other name.
pub fn named(id: &str) -> Option<&'static Method> {
    const CROSS_ENTROPY: Method = Method {
        from: Source::Labels,
        ..Method::plain(|views, _, _| Some(cross_entropy(views.student, views.targets.clone()?, 1.0).into()))
    };
    const SOFT_TARGETS: Method =
        Method::plain(|views, settings, _| Some(soft_targets(views.student, views.teacher?, settings, 1.0).into()));
    match id {
        "cross-entropy" => Some(&CROSS_ENTROPY),
        "soft-targets" => Some(&SOFT_TARGETS),
        _ => id.parse().ok().map(method),
    }
}

/// The same numbers without their history. To be taken before anything is computed from them: what is computed from a
/// tracked tensor and detached afterwards stays in burn's graph, and a training that does so at every step becomes
/// slower at every step.
fn constant<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().inner().autodiff()
}

/// The matrices that all objectives learn beside the student.
#[derive(Module, Debug, Default)]
pub struct SideMatrices {
    matrices: Vec<Param<Tensor<2>>>,
}

impl SideMatrices {
    /// Draws matrices on the host and puts them on a device.
    pub fn draw(side_matrices: &[SideMatrix], seed: u32, device: &Device) -> Self {
        let mut generator = random::stream(seed, "parts");
        let mut matrix = |side: &SideMatrix| {
            let bound = (6.0 / side.rows as f32).sqrt();
            let mut entry = || side.fill.unwrap_or_else(|| generator.random_range(-bound..bound));
            let entries: Vec<f32> = (0..side.rows * side.columns).map(|_| entry()).collect();
            Param::from_data(TensorData::new(entries, [side.rows, side.columns]), device)
        };
        Self { matrices: side_matrices.iter().map(&mut matrix).collect() }
    }

    /// These matrices.
    pub fn of(matrices: Vec<Param<Tensor<2>>>) -> Self {
        Self { matrices }
    }

    /// One of the matrices, tracked.
    pub fn one(&self, index: usize) -> Tensor<2> {
        self.matrices[index].val()
    }

    /// Some of the matrices, tracked.
    pub fn some(&self, range: Range<usize>) -> Vec<Tensor<2>> {
        self.matrices.get(range).unwrap_or_default().iter().map(Param::val).collect()
    }

    /// All of the matrices, tracked.
    pub fn all(&self) -> Vec<Tensor<2>> {
        self.some(0..self.matrices.len())
    }

    /// How many numbers they are.
    pub fn count(&self) -> usize {
        self.matrices.iter().map(|matrix| matrix.dims().iter().product::<usize>()).sum()
    }
}

#[cfg(test)]
pub(crate) mod check;

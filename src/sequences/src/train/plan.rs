//! What is trained, in which order, from what: a list of phases.

use serde::{Deserialize, Serialize};

use crate::{
    losses::{Bounded, Comparison},
    nets::{Head, Shape},
};

/// The weights that a network begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// Drawn from the stream of this purpose: networks of one purpose and one shape begin alike.
    Drawn(Shape, String),
    /// Those that another network of the plan ended with.
    Copied(String),
    /// The same, but another last layer.
    Rebuilt(String, Head),
}

/// Where a student's inputs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// So many of the examples to learn from; all if none. Their labels are not used.
    Examples(Option<usize>),
    /// So many texts that the teacher wrote.
    TeacherTexts(usize),
}

/// What a student is shown of what its teacher says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Signal {
    /// Distributions or logits: comparisons with their weights.
    Compared(Vec<(f32, Comparison)>),
    /// The token alone: a text of the teacher is learned by heart (Kim & Rush 2016, section 3.2).
    Text,
    /// The probability of the token that the student drew, for its own texts.
    SampledToken,
}

/// How a student learns from a teacher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imitation {
    /// The teacher's name.
    pub teacher: String,
    /// Where inputs come from.
    pub source: Source,
    /// In a language model: how likely a batch consists of the student's own texts instead (λ of Agarwal et al. 2024).
    pub own_share: f32,
    /// What is shown.
    pub signal: Signal,
    /// The weight of labels beside the teacher.
    pub label_weight: f32,
    /// How many labels there are; all if none.
    pub labels: Option<usize>,
}

/// What a network learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Lesson {
    /// So many labels; all if none. In a language model a label is the next token.
    Labels(Option<usize>),
    /// Words that are hidden with this probability (Devlin et al. 2019, section 3.1, all of them masked).
    Masked(f32),
    /// A teacher.
    Imitation(Imitation),
    /// So many labels, and a teacher who says how good is good enough.
    Bounded {
        /// The teacher's name.
        teacher: String,
        /// Labels; all if none.
        labels: Option<usize>,
        /// By how much the student is to be better.
        margin: f64,
        /// Which loss.
        kind: Bounded,
    },
}

impl Lesson {
    /// Who teaches.
    pub fn teacher(&self) -> Option<&str> {
        match self {
            Self::Labels(_) | Self::Masked(_) => None,
            Self::Imitation(Imitation { teacher, .. }) | Self::Bounded { teacher, .. } => Some(teacher),
        }
    }
}

/// One phase: a network learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// What the network is called.
    pub network: String,
    /// What it begins with.
    pub origin: Origin,
    /// What it learns from.
    pub lesson: Lesson,
    /// Steps down the gradient.
    pub steps: usize,
    /// Examples a step.
    pub batch: usize,
    /// The largest learning rate.
    pub rate: f64,
    /// The purpose of the stream that orders labelled examples: phases of one purpose see the same labelled batches.
    pub order: String,
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PlanError {
    /// A network is named that no phase before trains.
    #[error("phase {phase} of {network:?} needs {missing:?}, which no phase before it trains")]
    Missing {
        /// Counted from 1.
        phase: usize,
        /// Who learns.
        network: String,
        /// What is missing.
        missing: String,
    },
    /// Teacher and student say different numbers of things.
    #[error("{network:?} says {student} numbers and {teacher:?} {taught}; both have to speak of the same")]
    Outputs {
        /// Who learns.
        network: String,
        /// What it says.
        student: usize,
        /// Who teaches.
        teacher: String,
        /// What that says.
        taught: usize,
    },
    /// A network does not say what the task asks for.
    #[error("{network:?} says {found} numbers, and the task asks for {expected}")]
    Task {
        /// Who learns.
        network: String,
        /// What it says.
        found: usize,
        /// What it should say.
        expected: usize,
    },
    /// There is nothing to learn from.
    #[error("{network:?} has no examples to learn from, or no steps, or an empty batch")]
    Nothing {
        /// Who would learn.
        network: String,
    },
    /// Something only language models do is asked of another task.
    #[error("{network:?} writes no texts: only language models do")]
    NoTexts {
        /// Who would learn.
        network: String,
    },
}

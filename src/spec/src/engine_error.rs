//! What an engine cannot do, and why.

use serde::{Deserialize, Serialize};

use crate::{file_problem::FileProblem, network_id::NetworkId, objectives::Objective, values::DataSet};

/// What the visitor must know, each case with what they can do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum EngineError {
    /// The loss is no number any more.
    #[error(
        "the {} diverged at step {step}: its loss is no number; lower learning-rate (now {learning_rate})",
        network_id
    )]
    Diverged {
        /// Whose loss.
        #[serde(rename = "network")]
        network_id: NetworkId,
        /// At which step.
        step: u32,
        /// The learning rate of the experiment.
        learning_rate: f64,
    },
    /// The experiment needs files that are not there.
    #[error("{data} needs its files: four IDX files, or a table as CSV")]
    FilesNeeded {
        /// The data set.
        data: DataSet,
    },
    /// A file cannot be read as what it should be.
    #[error("{name}: {reason}")]
    BadFile {
        /// The file.
        name: String,
        /// What is wrong with it, where, and what would be right.
        reason: FileProblem,
    },
    /// The student may see no label and is not distilled: there is nothing to learn from.
    #[error("the student has nothing to learn from: no labels, and transfer=labelled or soft=0")]
    NothingToLearn,
    /// An objective cannot be used on these networks or batches.
    #[error("{objective} {refusal}")]
    Refused {
        /// Which one.
        objective: Objective,
        /// Why.
        refusal: Incompatibility,
    },
    /// Another engine trains these data, or this experiment on them.
    #[error("another engine trains {data}")]
    OtherEngine {
        /// The data set.
        data: DataSet,
    },
    /// The device failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What it said.
        reason: String,
    },
    /// The engine met a state it has no name for.
    #[error("the engine stopped: {reason}")]
    Engine {
        /// What it said.
        reason: String,
    },
}

/// Why an objective cannot be used on a pair of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Incompatibility {
    /// It compares examples with each other.
    #[error("compares examples with each other: it needs batches of at least {needed}, these have {given}")]
    Batch {
        /// The smallest batch that will do.
        needed: u32,
        /// The examples of a batch.
        given: u32,
    },
    /// It looks at hidden layers, and a network has none.
    #[error("looks at hidden layers, and one of the networks has none")]
    NoStages,
    /// It compares places of an image.
    #[error("compares positions of an image, and a perceptron's layers have only one: use convolutional networks")]
    NoPlaces,
    /// It compares one stage with the next.
    #[error("compares a stage with the next one: both networks need at least two")]
    OneStage,
    /// It compares channel with channel.
    #[error("compares channel with channel: the student's stage has {student}, the teacher's {teacher}")]
    Channels {
        /// The student's.
        student: u32,
        /// The teacher's.
        teacher: u32,
    },
}

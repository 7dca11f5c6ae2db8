//! What can be wrong with a value.

use serde::{Deserialize, Serialize};

use crate::pipeline::PipelineError;

/// What is wrong with a pair of a permalink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum ProblemKind {
    /// No knob has this key.
    #[error("no knob has this name")]
    UnknownKey,
    /// Nothing on the page has this name.
    #[error("no panel, knob or control has this name")]
    UnknownName,
    /// The text is not a number of the kind asked for.
    #[error("not a number of the kind asked for")]
    NotANumber,
    /// The number lies outside the knob's range.
    #[error("outside the range from {min} to {max}")]
    OutOfRange {
        /// Least.
        min: f64,
        /// Most.
        max: f64,
    },
    /// The word is not one of the knob's.
    #[error("not one of {words}")]
    NotAChoice {
        /// The words that are.
        words: String,
    },
    /// The text does not describe a network.
    #[error("not a list of at most {layers} hidden widths from 1 to {width}")]
    NotWidths {
        /// Most layers.
        layers: usize,
        /// Most units of a layer.
        width: u32,
    },
    /// The text does not list classes.
    #[error("not a list of class numbers")]
    NotClasses,
    /// The text does not list stages of a pipeline.
    #[error("not a list of stages such as prune:0.9,finetune:5,quantize:4")]
    NotStages,
    /// The text does not list points and their places.
    #[error("not a list of points such as 3:-150:230: number, x and y in hundredths, x to ±200 and y to ±400")]
    NotPoints,
    /// The stages make no sense in this order.
    #[error("stage {}: {error}", place + 1)]
    PipelineError {
        /// The stage, from 0.
        place: u32,
        /// Why.
        error: PipelineError,
    },
    /// The classes are not all in the data, or fewer than two would be left.
    #[error("these classes cannot be left out of this data set")]
    NotOmittable,
    /// The network needs images, and the data are points.
    #[error("a convolution needs images, and these data are points in the plane")]
    NoImages,
    /// The network reads something else than these data.
    #[error("this kind of network does not read this kind of data")]
    WrongNetwork,
    /// The key stands a second time.
    #[error("given twice; the first one counts")]
    GivenTwice,
    /// The link was made by a newer Retort.
    #[error("made by a newer version than {known}")]
    NewerVersion {
        /// The version known here.
        known: u32,
    },
}

//! What can be wrong with a network that is written, and with a file that is read.

use retort_compress::format::{pack::PackError, safetensors::ReadError};
use retort_spec::{Activations, PipelineError, PtqMethod};

/// Why a shape and a signature describe no network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Misfit {
    /// A size that is zero or larger than any.
    #[error("{name} cannot be {size}")]
    Size {
        /// Which size.
        name: &'static str,
        /// What it is.
        size: usize,
    },
    /// Too many blocks or layers.
    #[error("{found} blocks or layers; {most} are the most")]
    Layers {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// Heads share the width evenly.
    #[error("{heads} heads do not divide a width of {width}")]
    Heads {
        /// Numbers of a token.
        width: usize,
        /// Heads.
        heads: usize,
    },
    /// A share that is none.
    #[error("dropout cannot be {0}: it is a probability below 1")]
    Dropout(f32),
    /// Tokens are described and numbers read, or the other way round.
    #[error("a perceptron reads numbers and all other networks tokens, and the signature says otherwise")]
    Input,
    /// Another number of tokens or numbers is described.
    #[error("the network reads {found} tokens or numbers, and {described} are described; of tokens at most 65536 fit")]
    Inputs {
        /// What the network knows.
        found: usize,
        /// What its signature knows.
        described: usize,
    },
    /// Another number of classes or numbers is described.
    #[error("the network says {found} numbers, and {described} are described")]
    Outputs {
        /// What the network says.
        found: usize,
        /// What its signature knows.
        described: usize,
    },
    /// One scale belongs to each number.
    #[error("{found} scalings belong to {numbers} numbers, or one of them is not finite")]
    Scaling {
        /// Scalings.
        found: usize,
        /// Numbers.
        numbers: usize,
    },
}

/// What is done to networks for images, and not to these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Units are tied to each other.
    #[error("units cannot be pruned here: what stands around a block, and the gates of a cell, tie them together")]
    Units,
    /// A step that trains.
    #[error("{0} trains the network on, which only networks for images and points do")]
    Trains(&'static str),
    /// A repair needs a chain of layers.
    #[error("{} repairs a chain of layers, and attention and cells are none", .0.word())]
    Repair(PtqMethod),
    /// Nothing runs such a network with integers.
    #[error("{} codes between layers need integer arithmetic, which is not there for these networks", .0.word())]
    Activations(Activations),
}

/// Why a network is not written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExportError {
    /// Its signature is that of another.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// Training went wrong.
    #[error("{0} holds a number that is infinite or not a number")]
    NotFinite(String),
    /// A step that does not apply.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Steps in an order that makes no sense.
    #[error("step {}: {error}", place + 1)]
    Order {
        /// The step, counted from 0.
        place: usize,
        /// Why.
        error: PipelineError,
    },
    /// The format cannot hold it.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// It is no safetensors file, or a damaged one.
    #[error(transparent)]
    Safetensors(#[from] ReadError),
    /// It is no packed file, or a damaged one.
    #[error(transparent)]
    Packed(#[from] PackError),
    /// Its head is damaged.
    #[error("the head of the file, which says what the network is like, is damaged")]
    Head,
    /// Another program's, or a later version's.
    #[error("metadata: version \"{found}\", where \"{expected}\" can be read")]
    Version {
        /// What stands there; nothing where there is no version.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Something is not said.
    #[error("metadata: {0} is missing")]
    Missing(&'static str),
    /// Something is said that cannot be.
    #[error("metadata: {key} cannot be \"{value}\"")]
    Value {
        /// The key.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// The network and what is said of it do not fit each other.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// It holds more or fewer weights than such a network has.
    #[error("a network of these sizes has {expected} weights; the file holds {found}")]
    Count {
        /// As the file has.
        found: u64,
        /// As it should have.
        expected: u64,
    },
    /// A tensor is missing, or not what the network needs.
    #[error("{name} should be there once, as F32 of shape {shape:?}")]
    Tensor {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A number that nothing can be computed with.
    #[error("{0} holds a number that is infinite or not a number")]
    NotFinite(String),
}

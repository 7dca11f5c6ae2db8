//! What can be wrong with a file.

use super::header::{Entry, HeaderError};
use retort_spec::geometry::Misfit;

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file ends before its header does.
    #[error("the header should have {said} bytes, {real} are there")]
    Short {
        /// As the first eight bytes say.
        said: u64,
        /// As the file has.
        real: usize,
    },
    /// The file ends before its numbers do.
    #[error("it is cut short: {bytes} bytes of numbers, {announced} announced")]
    Cut {
        /// Bytes behind the header.
        bytes: usize,
        /// As the header says.
        announced: usize,
    },
    /// JSON is UTF-8.
    #[error("the header is not UTF-8")]
    NotText,
    /// It is not the JSON that the format asks for.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// There is no end to what could be in a file.
    #[error("{0} tensors are more than any network here has")]
    TooMany(usize),
    /// A network has layers.
    #[error("no weights are in it")]
    Empty,
    /// What the file says of itself.
    #[error("metadata: {key} cannot be \"{value}\"")]
    Metadata {
        /// `kind` or `features`.
        key: &'static str,
        /// What stands there.
        value: String,
    },
    /// A tensor that is not what the network needs.
    #[error("{tensor}: {problem}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// What is wrong with it.
        problem: TensorProblem,
    },
}

/// What is wrong with a tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TensorProblem {
    /// Only floating point is read.
    #[error("its numbers are {0}; F32, F16 and BF16 can be read")]
    Dtype(String),
    /// The tensors fill the file one after another.
    #[error("bytes {start} to {end}, where {expected} should be the first and {last} the last end")]
    Offsets {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
        /// Where the tensor before it ends.
        expected: usize,
        /// Where the file ends.
        last: usize,
    },
    /// The shape asks for another number of bytes.
    #[error("{0} bytes, which its shape does not ask for")]
    Length(usize),
    /// The name is there twice.
    #[error("there are two of this name")]
    Twice,
    /// Another leaf.
    #[error("neither a weight nor a bias of a layer")]
    Name,
    /// A bias alone.
    #[error("there is no weight beside it")]
    NoWeight,
    /// Matrices have two dimensions, convolutions four with a square odd window, biases one; none is empty.
    #[error(
        "its shape is not that of a layer here: [outputs, inputs] or [outputs, channels, window, window], window odd"
    )]
    Shape,
    /// A bias that is too long or too short.
    #[error("{numbers} numbers, the weight has {outputs} outputs")]
    Bias {
        /// As many as there are.
        numbers: usize,
        /// As many as there should be.
        outputs: usize,
    },
    /// The network has no room for such a layer there.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A number that nothing can be computed with.
    #[error("a number in it is infinite or not a number")]
    NotFinite,
}

impl TensorProblem {
    pub(super) fn of(self, entry: &Entry) -> ReadError {
        ReadError::Tensor { tensor: entry.name.clone(), problem: self }
    }
}

//! What was measured of a compressed network, and of a network from a file.

use serde::{Deserialize, Serialize};

use crate::{
    floats::Floats,
    network_id::NetworkId,
    pipeline::{CompressionStep, Pipeline, PipelineError},
    quant_scheme::QuantScheme,
    values::{NetworkKind, words},
};

/// Why a pipeline came to no end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PipelineEnd {
    /// Its order makes no sense.
    PipelineError {
        /// The stage, from 0.
        place: u32,
        /// Why.
        error: PipelineError,
    },
    /// There is no such student yet.
    NoStudent,
    /// The visitor stopped it, or turned a knob that made its student another one.
    Abandoned,
    /// Something failed.
    Failed {
        /// What it said.
        reason: String,
    },
}

/// A network made smaller, packed into a file, read back and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompressionResult {
    /// Which network it was.
    #[serde(rename = "network", default = "student")]
    pub network_id: NetworkId,
    /// What was done to it: one `quantize` for a plain scheme.
    #[serde(rename = "made")]
    pub pipeline: Pipeline,
    /// Length of the file.
    pub bytes: u32,
    /// What the bytes are spent on.
    #[serde(rename = "parts")]
    pub breakdown: ByteBreakdown,
    /// Share of the test set that the network read back from the file has right, 0 to 1.
    pub accuracy: f64,
    /// The class it gives each test example.
    #[serde(with = "crate::floats::bytes")]
    pub answers: Vec<u8>,
    /// What became of the weights, layer by layer; empty where layers have another shape now.
    pub layers: Vec<WeightHistogram>,
    /// How the positions of sparse weights are written, layer by layer; several where a layer has several matrices.
    pub layouts: Vec<Layout>,
    /// Share of the weights that is not there, 0 to 1.
    pub sparsity: f64,
    /// Seconds that the last stage took.
    pub seconds: f64,
}

/// Runs that were recorded before another network could be compressed.
fn student() -> NetworkId {
    NetworkId::STUDENT
}

impl CompressionResult {
    /// The scheme, if it is a plain one.
    pub fn quant_scheme(&self) -> Option<QuantScheme> {
        match self.pipeline.0[..] {
            [CompressionStep::Quantize(scheme)] => Some(scheme),
            _ => None,
        }
    }
}

/// What the bytes of a packed file are spent on. Together they are its length but for the link, which says nothing of
/// the network: a turn of the temperature would make every file longer or shorter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteBreakdown {
    /// Magic, version, sizes and checksum.
    pub header: u32,
    /// The accuracy, and the length of the link.
    pub metadata: u32,
    /// The scales of integer weights.
    pub scales: u32,
    /// Their zero points.
    pub zero_points: u32,
    /// The weights.
    pub weights: u32,
    /// Where sparse weights stand.
    pub masks: u32,
    /// The values that weights share, and the code words of Huffman coding.
    pub codebooks: u32,
    /// The biases.
    pub biases: u32,
    /// Scales and zero points of the numbers between the layers.
    pub activations: u32,
    /// The permalink, apart from the others.
    #[serde(default)]
    pub link: u32,
}

impl ByteBreakdown {
    /// The length of the file without its link.
    pub fn total(&self) -> u32 {
        let Self { header, metadata, scales, zero_points, weights, masks, codebooks, biases, activations, link: _ } =
            *self;
        header + metadata + scales + zero_points + weights + masks + codebooks + biases + activations
    }
}

words! {
    /// How a packed matrix says which of its weights are there.
    Layout {
        /// All are.
        Dense = "dense",
        /// A bit for each.
        Bitmask = "bitmask",
        /// Their columns, row by row (compressed sparse rows).
        Csr = "csr",
        /// The distance of each from the one before (Han et al. 2016, section 2).
        Gaps = "gaps",
    }
}

/// What packing does to the weights of a layer, counted on one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightHistogram {
    /// The axis runs from `-reach` to `reach`.
    pub reach: f64,
    /// Weights as trained, in equal bins.
    pub before: Vec<u32>,
    /// The same as read back from the file.
    pub after: Vec<u32>,
    /// The values that a weight can have in the file: of the whole layer, or of its first group where each has a scale
    /// of its own; empty for floating point.
    pub levels: Floats,
    /// Signal to quantization noise in decibels; `None` where nothing was lost.
    pub sqnr: Option<f64>,
}

/// How much the accuracy hangs on a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Accuracy where this layer alone is quantized, 0 to 1.
    pub alone: f64,
    /// Accuracy where every other layer is, and this one is not.
    pub without: f64,
    /// Signal to quantization noise of its weights in decibels; `None` where nothing is lost.
    pub sqnr: Option<f64>,
}

/// How long a network takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Examples at once.
    pub batch: u32,
    /// Whether the GPU computed, and not the processor.
    pub is_gpu: bool,
    /// The network in single precision.
    pub float: Timing,
    /// The same in integers; `None` with the reason where it cannot be computed so.
    pub integer: Result<Timing, String>,
    /// How many times as long the integers take: the lower end of the interval that holds the ratio's median with a
    /// confidence of 95 %, the median of the samples, the upper end. `None` where there are no integers, or too few
    /// samples.
    pub ratio: Option<[f64; 3]>,
}

/// Why the GPU was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoGpu {
    /// There is no WebGPU.
    Missing,
    /// WebGPU has no packed dot product of 8-bit integers here.
    NoDot,
    /// The student is no perceptron.
    Kind,
    /// The weights' differences to their zero points are wider than 8 bits.
    Wide,
    /// What the browser said.
    Failed(String),
}

/// Milliseconds a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Median.
    pub median: f64,
    /// The first quartile.
    pub low: f64,
    /// The third quartile.
    pub high: f64,
    /// How many were measured.
    pub samples: u32,
    /// Calls in each.
    pub repeats: u32,
}

/// A network that was read from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The file's name.
    pub name: String,
    /// The kind of network.
    pub kind: NetworkKind,
    /// Widths of its hidden layers, channels or blocks.
    pub widths: Vec<u32>,
    /// The permalink that it carried, if any.
    pub link: Option<String>,
    /// Its accuracy on the test examples that are there, 0 to 1; `None` if it does not fit them.
    pub accuracy: Option<f64>,
    /// The same network as a packed file of 32-bit weights.
    #[serde(with = "crate::floats::bytes")]
    pub file: Vec<u8>,
    /// Names of its layers in the order that was taken, where neither their shapes nor their names settle it.
    pub open_order: Vec<String>,
    /// Names of tensors of the file that no layer needs.
    pub passed_over: Vec<String>,
}

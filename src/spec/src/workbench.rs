//! What page, engine and workbench say to each other about compressed networks: types and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Actor, Answer, FileData, REGION_REACH, REGION_SIDE},
    file_problem::FileProblem,
    floats::Floats,
    pipeline::{CompressionStep, Pipeline, PipelineError},
    scheme::QuantScheme,
    values::{NetworkKind, words},
};

/// A trained network as the packed file of its 32-bit weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// The run, from 0.
    pub run: u32,
    /// Which network.
    pub actor: Actor,
    /// The file.
    #[serde(with = "crate::floats::bytes")]
    pub file: Vec<u8>,
}

/// The examples that compressed networks are measured and calibrated with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EvaluationData {
    /// Numbers of an example.
    pub features: u32,
    /// How many classes.
    pub classes: u32,
    /// Whether the examples are images rather than points.
    pub image: bool,
    /// The test examples, row by row, as the networks see them.
    pub test: Floats,
    /// Their labels.
    #[serde(with = "crate::floats::bytes")]
    pub labels: Vec<u8>,
    /// Training examples, row by row, labels unneeded.
    pub calibration: Floats,
}

/// What the page asks of the workbench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WorkbenchCommand {
    /// These are the examples; what was trained on others is forgotten.
    #[serde(skip)]
    EvaluationData(Box<EvaluationData>),
    /// A network is trained: a student is packed in every plain scheme and measured.
    #[serde(skip)]
    Network(NetworkFile),
    /// The networks that are there are no more.
    Forget,
    /// Pack the first run's student by this scheme, and measure what is read back.
    Quantize {
        /// The scheme.
        scheme: QuantScheme,
        /// For random rounding and repairs.
        seed: u32,
        /// The permalink that goes into the file.
        link: String,
    },
    /// How much the accuracy hangs on each layer at this scheme.
    Sensitivity(QuantScheme),
    /// Carry out a pipeline on a run's student.
    Compress {
        /// Comes back with what becomes of it.
        id: u32,
        /// The run, from 0.
        run: u32,
        /// The stages.
        pipeline: Pipeline,
        /// For random rounding and repairs.
        seed: u32,
        /// The permalink that goes into the files.
        link: String,
    },
    /// The engine has trained what a pipeline asked it to.
    #[serde(skip)]
    FineTuned(FineTuneResult),
    /// Give up the pipeline that is under way.
    CancelPipeline,
    /// How long do one example and many take, in floating point and in integers?
    Latency,
    /// Give a network as a file.
    Export {
        /// Which kind of file.
        format: FileFormat,
        /// Which network: what a finished stage of the last pipeline left, from 0; `None` for the one last looked at.
        stage: Option<u32>,
        /// The name of the file, without its ending.
        name: String,
    },
    /// How long are the files of a network?
    MeasureFiles {
        /// Which network, as for [`Export`](Self::Export).
        stage: Option<u32>,
    },
    /// Take a file as a network.
    Import(FileData),
    /// Make the network of that file the first run's student.
    UseImported,
    /// What does the network that was last looked at say of these inputs?
    Classify {
        /// Comes back with the answer.
        id: u32,
        /// Row by row.
        inputs: Floats,
    },
    /// Are you there?
    Ping,
}

/// A kind of file to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// The packed file.
    Packed,
    /// ONNX with floating-point weights.
    Onnx,
    /// ONNX with integer weights and the operators that undo them.
    OnnxQdq,
    /// safetensors of 32 bits.
    Safetensors,
    /// safetensors of 16 bits.
    SafetensorsHalf,
}

impl FileFormat {
    /// All, in the order of the page.
    pub const ALL: [FileFormat; 5] =
        [Self::Packed, Self::OnnxQdq, Self::Onnx, Self::Safetensors, Self::SafetensorsHalf];

    /// The word that names it in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Packed => "packed",
            Self::Onnx => "onnx",
            Self::OnnxQdq => "onnx-qdq",
            Self::Safetensors => "safetensors",
            Self::SafetensorsHalf => "safetensors-half",
        }
    }

    /// The ending of the file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Packed => "retort",
            Self::Onnx => "onnx",
            Self::OnnxQdq => "qdq.onnx",
            Self::Safetensors => "safetensors",
            Self::SafetensorsHalf => "f16.safetensors",
        }
    }
}

/// What the workbench says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WorkbenchEvent {
    /// It is there and waits.
    Ready,
    /// Yes, still.
    Pong,
    /// It failed.
    Failed {
        /// What it said.
        reason: String,
    },
    /// What a run's student weighs and knows by every plain scheme.
    Compressed {
        /// The run, from 0.
        run: u32,
        /// One row a scheme.
        rows: Vec<CompressionResult>,
    },
    /// The first run's student by the scheme that was asked for.
    Quantized(Box<CompressionResult>),
    /// How far a long task is.
    Progress {
        /// What is being done.
        task: Task,
        /// Share that is done, 0 to 1.
        share: f64,
    },
    /// How much the accuracy hangs on each layer.
    Sensitivity {
        /// The scheme that was asked about.
        scheme: QuantScheme,
        /// From the input on.
        layers: Vec<Sensitivity>,
    },
    /// For the engine: train this on, and answer by [`WorkbenchCommand::FineTuned`].
    #[serde(skip)]
    FineTune(FineTuneRequest),
    /// A stage of a pipeline is done.
    Stage {
        /// The pipeline's.
        id: u32,
        /// Its place, from 0; the network as it was before all stages has none.
        place: Option<u32>,
        /// What it left.
        done: Box<CompressionResult>,
    },
    /// A pipeline is done, or will not be.
    Ended {
        /// The pipeline's.
        id: u32,
        /// Why not.
        reason: Option<PipelineEnd>,
    },
    /// How long networks take.
    Latency {
        /// On the processor, then on the GPU.
        times: Vec<Latency>,
        /// Why the GPU is not among them.
        no_gpu: Option<NoGpu>,
    },
    /// Lengths of a network's files in bytes, in the order of [`FileFormat::ALL`]; the link that each holds is not
    /// counted, and 0 stands for a file that cannot be written.
    FileSizes {
        /// Which network was asked about.
        stage: Option<u32>,
        /// The lengths.
        bytes: Vec<u32>,
    },
    /// A file for the visitor to keep.
    File(FileData),
    /// A file was read: a network to be used.
    Imported(Box<Imported>),
    /// What the packed network says of every place of the plane.
    Regions(Answer),
    /// What it says of the inputs asked about.
    Answers {
        /// The question's.
        id: u32,
        /// Logits `[inputs, classes]`.
        answer: Answer,
    },
    /// A file could not be used, or a task could not be done.
    Refused {
        /// What it was about: a file's name.
        name: String,
        /// Why.
        reason: FileProblem,
    },
}

/// A long task of the workbench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Measuring the plain schemes.
    Schemes,
    /// Quantizing with a repair.
    PtqMethod,
    /// Asking how much hangs on each layer.
    Sensitivity,
    /// Measuring time.
    Latency,
}

impl Task {
    /// The word that names it in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schemes => "schemes",
            Self::PtqMethod => "repair",
            Self::Sensitivity => "sensitivity",
            Self::Latency => "latency",
        }
    }
}

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

impl CompressionResult {
    /// The scheme, if it is a plain one.
    pub fn scheme(&self) -> Option<QuantScheme> {
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

/// A compressed network for the engine to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneRequest {
    /// Comes back with the answer.
    pub id: u32,
    /// The run whose teacher, labels and order of batches it is trained with.
    pub run: u32,
    /// The kind of network.
    pub kind: NetworkKind,
    /// What to do: one of the steps that train.
    pub step: CompressionStep,
    /// The network, layer by layer.
    pub layers: Vec<TunedLayer>,
}

/// A layer that is trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TunedLayer {
    /// `[outputs]`.
    pub bias: Floats,
    /// One matrix, or two whose product it is.
    pub factors: Vec<TunedMatrix>,
}

/// A matrix that is trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TunedMatrix {
    /// Inputs.
    pub rows: u32,
    /// Outputs.
    pub columns: u32,
    /// `[rows, columns]`, row by row; empty where they are shared.
    pub values: Floats,
    /// 1 for a weight that is there, 0 for one that was removed; empty where nothing was.
    #[serde(with = "crate::floats::bytes")]
    pub mask: Vec<u8>,
    /// The values that are shared; empty where they are not.
    pub codebook: Floats,
    /// Each weight's place in the codebook.
    #[serde(with = "crate::floats::bytes")]
    pub indices: Vec<u8>,
    /// The scale of each group, where it was learned.
    pub scales: Floats,
}

/// A compressed network that was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneResult {
    /// The question's.
    pub id: u32,
    /// The network; or why there is none.
    pub layers: Result<Vec<TunedLayer>, PipelineEnd>,
    /// Least and largest value of what goes into each layer and of the logits, as followed in training: two numbers
    /// each; empty where the numbers between the layers stayed as they are.
    pub ranges: Floats,
    /// Seconds it took.
    pub seconds: f64,
}

/// The places of [`Event::Regions`](crate::Event::Regions): the centres of the cells of its square, row by row from the
/// top left, two coordinates each.
pub fn places() -> Vec<f32> {
    let at = |index: usize| REGION_REACH * ((2 * index + 1) as f32 / REGION_SIDE as f32 - 1.0);
    (0..REGION_SIDE).flat_map(|row| (0..REGION_SIDE).flat_map(move |column| [at(column), -at(row)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_from_the_top_left_to_the_bottom_right() {
        let places = places();
        let half = REGION_REACH / REGION_SIDE as f32;
        assert_eq!(places.len(), 2 * REGION_SIDE * REGION_SIDE);
        let near = |at: usize, want: [f32; 2]| {
            assert!((places[at] - want[0]).abs() < 1e-6 && (places[at + 1] - want[1]).abs() < 1e-6);
        };
        near(0, [half - REGION_REACH, REGION_REACH - half]);
        near(2, [3.0 * half - REGION_REACH, REGION_REACH - half]);
        near(places.len() - 2, [REGION_REACH - half, half - REGION_REACH]);
    }
}

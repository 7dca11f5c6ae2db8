//! The messages between page, engine and workbench about compressed networks: types and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, FileData},
    compression_result::{CompressionResult, Imported, Latency, NoGpu, PipelineEnd, Sensitivity},
    file_problem::FileProblem,
    fine_tune::{FineTuneRequest, FineTuneResult},
    floats::Floats,
    network_id::NetworkId,
    pipeline::Pipeline,
    quant_scheme::QuantScheme,
};

/// A trained network as the packed file of its 32-bit weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// The run, from 0.
    pub run: u32,
    /// Which network.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
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
    /// The classes of the first of two tasks, where the task of each test example is told; 0 where it is not.
    pub told: u32,
}

/// What the page asks of the workbench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WorkbenchCommand {
    /// The networks that are there are no more.
    Forget,
    /// Pack the first run's network by this scheme, and measure what is read back.
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
    /// Carry out a pipeline on a run's network.
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
    /// Put the network of that file in the place of the first run's.
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
    /// These are the examples; what was trained on others is forgotten.
    #[serde(skip)]
    EvaluationData(Box<EvaluationData>),
    /// A network to be compressed is trained: it is packed in every plain scheme and measured. One at a time of each
    /// run; before another one comes, [`Forget`](Self::Forget).
    #[serde(skip)]
    Network(NetworkFile),
    /// The engine has trained what a pipeline asked it to.
    #[serde(skip)]
    FineTuned(FineTuneResult),
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
    /// What a run's network weighs and knows by every plain scheme.
    Compressed {
        /// The run, from 0.
        run: u32,
        /// One row a scheme.
        rows: Vec<CompressionResult>,
    },
    /// The first run's network by the scheme that was asked for.
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
    /// For the engine: train this on, and answer by [`WorkbenchCommand::FineTuned`].
    #[serde(skip)]
    FineTune(FineTuneRequest),
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

//! What a Retort experiment *is*: its typed knobs and their defaults, the permalink that carries it, and the
//! messages between page and worker.
//!
//! This crate depends on serde only: never on burn, never on the DOM. The page, the worker and the command line use it.

mod answer;
mod data_files;
mod experiment;
mod file_problem;
pub mod floats;
pub mod geometry;
pub mod ink;
mod knobs;
pub mod link;
mod number;
mod objectives;
mod parcel;
mod permalink;
mod pipeline;
pub mod probability;
mod problem;
mod protocol;
mod scheme;
mod values;
mod workbench;

pub use answer::{Actor, Answer, FileData, REGION_REACH, REGION_SIDE};
pub use data_files::{DataPart, FIRST_BYTES, LARGEST_FILE_MB, is_clutter, is_data_name, is_test_name, may_be_data};
pub use experiment::Experiment;
pub use file_problem::{FileProblem, Foreign};
pub use floats::Floats;
pub use geometry::{Geometry, LayerShape};
pub use knobs::{KNOBS, Kind, Knob, Phase, Scale, changed, knob};
pub use link::PAGE_KEYS;
pub use number::read_number;
pub use objectives::{Knowledge, Objective, ObjectiveInfo, ObjectiveTiming, Weights};
pub use parcel::Parcel;
pub use permalink::{Decoded, Problem, VERSION, decode, encode, sanitize};
pub use pipeline::{
    COMPRESSION_STEPS, CompressionStep, Pipeline, PipelineError, Rank, ScaleSource, Sparsity, StartFrom, SupervisedBy,
};
pub use problem::ProblemKind;
pub use protocol::{
    ActivationReport, Command, CurvePoint, DataSummary, EngineError, EngineInfo, Event, Example, Incompatibility,
    Measured, Outcome, Progress, RunAssignment, RunResult, RunState, RunTime, SelfTest, Spread, Stage, StageMap, Terms,
    UserExample, Verdict,
};
pub use scheme::QuantScheme;
pub use values::{
    Activations, Architecture, Bits, Classes, DataSet, DeviceChoice, Form, Granularity, HintLayer, Labels, NetworkKind,
    OnOff, OptimizerKind, ParseError, PtqMethod, Range, Rounding, Schedule, Source, Transfer, ZeroPoint,
};
pub use workbench::{
    ByteBreakdown, CompressionResult, EvaluationData, FileFormat, FineTuneRequest, FineTuneResult, Imported, Latency,
    Layout, NetworkFile, NoGpu, PipelineEnd, Sensitivity, Task, Timing, TunedLayer, TunedMatrix, WeightHistogram,
    WorkbenchCommand, WorkbenchEvent, places,
};

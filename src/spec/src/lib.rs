//! What a Retort experiment *is*: its typed knobs and their defaults, the permalink that carries it, and the
//! messages between page and worker.
//!
//! This room touches serde only: never burn, never the DOM. The page, the worker and the command line all speak it.

mod answer;
mod bench;
mod experiment;
pub mod floats;
mod knobs;
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

pub use answer::{Actor, Answer, FileData, REGION_REACH, REGION_SIDE};
pub use bench::{
    BenchExamples, Compressed, FileFormat, Imported, Latency, Layout, NetworkFile, NoGpu, Order, Parts, Report,
    Sensitivity, Stopped, Task, Timing, Tuned, TunedLayer, TunedMatrix, Tuning, WeightHistogram, places,
};
pub use experiment::Experiment;
pub use floats::Floats;
pub use knobs::{KNOBS, Kind, Knob, Phase, Scale, changed, knob};
pub use number::read_number;
pub use objectives::{About, Knowledge, Objective, Turn, Weights};
pub use parcel::Parcel;
pub use permalink::{Decoded, Problem, VERSION, decode, encode, mend};
pub use pipeline::{CompressionStep, Help, Pipeline, PipelineError, Rank, Start, Steps, Structure, TREATMENTS};
pub use problem::ProblemKind;
pub use protocol::{
    Command, CurvePoint, DataSummary, EngineInfo, Event, Example, Incompatibility, Inside, Measured, Outcome,
    RunResult, RunState, RunTime, SelfTest, Share, Spread, Stage, StageMap, Tally, Terms, Trouble, UserExample,
    Verdict,
};
pub use scheme::QuantScheme;
pub use values::{
    Activations, Architecture, Bits, Classes, DataSet, DeviceChoice, Granularity, HintLayer, Labels, LayerShape,
    NetworkKind, OptimizerKind, ParseError, PtqMethod, Range, Rounding, Schedule, Switch, Transfer, ZeroPoint,
};

//! What a Retort experiment *is*: its typed knobs and their defaults, the permalink that carries it, and the
//! messages between page and worker.
//!
//! This room touches serde only: never burn, never the DOM. The page, the worker and the command line all speak it.

mod bench;
mod experiment;
pub mod floats;
mod knobs;
mod number;
mod objectives;
mod permalink;
mod pipeline;
pub mod probability;
mod protocol;
mod scheme;
mod values;

pub use bench::{
    BenchExamples, Compressed, FileFormat, Imported, Latency, Layout, NetworkFile, NoGpu, Order, Parcel, Parts, Report,
    Sensitivity, Stopped, Task, Timing, Tuned, TunedLayer, TunedMatrix, Tuning, WeightHistogram, places,
};
pub use experiment::Experiment;
pub use floats::Floats;
pub use knobs::{KNOBS, Kind, Knob, Phase, Scale, changed, knob};
pub use number::read_number;
pub use objectives::{About, Knowledge, Objective, Turn, Weights};
pub use permalink::{Decoded, Problem, ProblemKind, VERSION, decode, encode, mend};
pub use pipeline::{Disorder, Help, Pipeline, Rank, Start, Steps, Structure, TREATMENTS, Treatment};
pub use protocol::{
    Actor, Answer, Command, CurvePoint, DataSummary, EngineInfo, Event, Example, FileData, Inside, Measured, Outcome,
    OwnExample, REGION_REACH, REGION_SIDE, Refusal, RunResult, RunState, RunTime, SelfTest, Share, Spread, Stage,
    StageMap, Tally, Terms, Trouble, Verdict,
};
pub use scheme::Scheme;
pub use values::{
    Activations, Architecture, Bits, Classes, DataSet, DeviceChoice, Granularity, Guided, Labels, LayerShape,
    NetworkKind, OptimizerKind, ParseError, Range, Repair, Rounding, Schedule, Switch, Transfer, ZeroPoint,
};

//! What a Retort experiment *is*: its typed knobs and their defaults, the permalink that carries it, and the
//! messages between page and worker.
//!
//! This room touches serde only: never burn, never the DOM. The page, the worker and the command line all speak it.

mod experiment;
pub mod floats;
mod knobs;
mod permalink;
pub mod probability;
mod protocol;
mod values;

pub use experiment::Experiment;
pub use floats::Floats;
pub use knobs::{KNOBS, Kind, Knob, Phase, Scale, changed, knob};
pub use permalink::{Decoded, Problem, ProblemKind, VERSION, decode, encode};
pub use protocol::{
    Actor, Answer, Command, Compressed, CurvePoint, DataSummary, EngineInfo, Event, Example, FileData, Measured,
    Outcome, OwnExample, Parts, REGION_REACH, REGION_SIDE, RunState, SelfTest, Spread, Stage, Tally, Trouble, Verdict,
    WeightHistogram,
};
pub use values::{
    Architecture, Bits, Classes, DataSet, DeviceChoice, Granularity, Labels, NetworkKind, OptimizerKind, ParseError,
    Schedule, Switch, Transfer,
};

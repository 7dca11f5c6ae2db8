//! What a Retort experiment *is*: its typed knobs and their defaults, the permalink that carries it, and the
//! messages between page and worker.
//!
//! This crate depends on serde and its formats only: never on burn, never on the DOM. The page, the worker and the
//! command line use it.

mod answer;
pub mod class_bias;
mod class_code;
pub mod codec;
mod compression_result;
mod data_files;
mod engine_error;
mod exhibit;
mod experiment;
mod file_problem;
mod fine_tune;
pub mod floats;
pub mod geometry;
pub mod ink;
mod knobs;
pub mod link;
mod literature;
pub mod metrics;
mod network_id;
mod number;
mod objectives;
pub mod paired_test;
mod parcel;
mod permalink;
mod pipeline;
mod plan;
pub mod probability;
mod problem;
mod protocol;
mod quant_scheme;
mod recording;
mod report;
mod run_mode;
mod sanitize;
mod scheme_word;
mod schemes;
pub mod search;
pub mod sweep;
mod values;
mod verdict;
mod workbench;

pub use answer::{Answer, FileData, REGION_REACH, REGION_SIDE, places};
pub use class_code::{CLASS_KEY, ClassCode, ClassCodeProblem};
pub use compression_result::{
    ByteBreakdown, CompressionResult, Imported, Latency, Layout, NoGpu, PipelineEnd, Sensitivity, Timing,
    WeightHistogram,
};
pub use data_files::{
    DataPart, FIRST_BYTES, is_clutter, is_data_name, is_table_name, is_test_name, largest_file_mb, may_be_data,
};
pub use engine_error::{EngineError, Incompatibility};
pub use exhibit::{Block, Cell, Exhibit, ExhibitPlace, Phrase, PhraseValue, Piece, RowName};
pub use experiment::Experiment;
pub use file_problem::{FileProblem, Foreign};
pub use fine_tune::{FineTuneRequest, FineTuneResult, TunedLayer, TunedMatrix};
pub use floats::Floats;
pub use geometry::{Geometry, LayerShape};
pub use knobs::{KNOBS, Kind, Knob, MOST_COLUMNS, Phase, Scale, changed, knob};
pub use link::PAGE_KEYS;
pub use literature::{Preset, PublishedCell};
pub use network_id::{NetworkId, Role};
pub use number::read_number;
pub use objectives::{DISCRIMINATOR_UNITS, Knowledge, Objective, ObjectiveInfo, ObjectiveTiming, Weights};
pub use parcel::{Parcel, ParcelLabel, network_file, network_parcel};
pub use permalink::{Decoded, Problem, VERSION, decode, encode, sanitize};
pub use pipeline::{
    COMPRESSION_STEPS, CompressionStep, Pipeline, PipelineError, Rank, ScaleSource, Sparsity, StartFrom, SupervisedBy,
};
pub use plan::{
    Channel, Contrast, Exits, LabelAccess, Manner, Origin, Plan, PlanFault, PlannedNetwork, PlannedPhase, Shown,
    Supervision,
};
pub use problem::ProblemKind;
pub use protocol::{Command, Event, RunAssignment, RunResult, RunState, RunTime, UserExample};
pub use quant_scheme::QuantScheme;
pub use recording::Recording;
pub use report::{
    ActivationReport, CurvePoint, DataSummary, EngineInfo, Example, Measured, Progress, SelfTest, StageMap, Terms,
};
pub use run_mode::RunMode;
pub use scheme_word::{Scheme, SchemeGroup, SchemeInfo};
pub use schemes::{SCHEME_KNOBS, SchemeEntry};
pub use search::{SEARCH_KEY, Search, SearchError, SearchPlan};
pub use sweep::{Axis, MOST_CELLS, RangeFault, SWEEP_KEY, Sweep, SweepCell, SweepError};
pub use values::{
    Activations, Architecture, Bits, ClassNames, Classes, DataSet, DeviceChoice, Form, GENERATOR_CHANNELS,
    GENERATOR_WIDTHS, GeneratorKind, GeneratorLoss, Granularity, Heads, HintLayer, Judged, Labels, MATCHED_EXAMPLES,
    MemberLabels, Mix, MovedPoint, MovedPoints, NetworkKind, NoiseLaw, OnOff, OptimizerKind, Output, ParseError,
    PtqMethod, Range, Reversal, Rounding, Schedule, Source, TargetKind, Transfer, ZeroPoint,
};
pub use verdict::{Outcome, Spread, Verdict};
pub use workbench::{EvaluationData, FileFormat, NetworkFile, Task, WorkbenchCommand, WorkbenchEvent};

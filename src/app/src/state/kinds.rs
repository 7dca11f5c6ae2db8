//! What the state is made of.

use retort_spec::{DataPart, DataSet, EngineError, EngineInfo, FileProblem, Floats, Pipeline, Problem, SweepError};

/// Where the engine is.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// Its wasm is on the way: bytes received, and bytes in all where the server says.
    Loading { received: f64, total: Option<f64> },
    /// It is there and starts.
    Starting,
    /// It works.
    Ready(EngineInfo),
    /// It cannot be had.
    Failed(String),
}

/// Files of a data set on their way.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetching {
    /// Nothing is fetched.
    Idle,
    /// Share of the bytes that has come, 0 to 1.
    Progress(f64),
}

/// Files of a data set that comes in several goes.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingFiles {
    pub data: DataSet,
    /// What is still missing.
    pub parts: Vec<DataPart>,
    /// Names of files that are no part of it.
    pub passed_over: Vec<String>,
}

/// Something the visitor is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A value of the link could not be used.
    Link(Problem),
    /// So many more values of the link could not be used: of the page's own keys, or of the experiment.
    MoreLinks { page: bool, count: usize },
    /// The sweep of the link cannot be read.
    Sweep(SweepError),
    /// The engine met trouble.
    EngineError(EngineError),
    /// The engine died and another was started on the CPU.
    Restarted { reason: String },
    /// The workbench died; whether another was started.
    WorkbenchLost { reason: String, restarted: bool },
    /// Data could not be fetched.
    Fetch { reason: String },
    /// The files of a data set were read.
    FilesRead { train: u32, test: u32, passed_over: Vec<String> },
    /// A newer version of the page waits to be used.
    Update,
    /// The page shows an experiment of a lesson or of the decision maps, as these words say; before it the visitor had
    /// this one, as a permalink.
    Left { before: String, words: &'static str },
    /// A file could not be used, or the workbench could not do a task.
    File { name: String, reason: FileProblem },
    /// A file could not be made or saved.
    Save { reason: String },
}

/// A packed network of any run of this visit: a point of accuracy against bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredFile {
    pub data: DataSet,
    /// What was done to it.
    pub pipeline: Pipeline,
    pub bytes: u32,
    pub accuracy: f64,
    /// The permalink of the experiment that it comes from.
    pub link: String,
}

/// Where an example that is no test example comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The visitor drew it.
    Drawing,
    /// It is a training example, by its place in the gallery.
    Gallery(usize),
    /// A place of the plane.
    Place,
}

/// An example that is no test example, which the engine is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomExample {
    pub source: Source,
    /// As the networks see it: pixels from 0 to 1, or coordinates.
    pub input: Floats,
    /// Its class, where it is known.
    pub label: Option<u8>,
}

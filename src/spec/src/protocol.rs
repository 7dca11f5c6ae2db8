//! The messages between page and worker: types and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, FileData},
    data_files::DataPart,
    engine_error::EngineError,
    exhibit::Exhibit,
    experiment::Experiment,
    fine_tune::{FineTuneRequest, FineTuneResult},
    floats::Floats,
    network_id::NetworkId,
    paired_test::{Pair, judge},
    plan::Plan,
    report::{ActivationReport, CurvePoint, DataSummary, EngineInfo, Measured, Progress, Terms},
    values::DataSet,
    verdict::{Spread, Verdict},
    workbench::{EvaluationData, NetworkFile, WorkbenchCommand, WorkbenchEvent},
};

/// What the page asks of a worker. What is marked as skipped comes from the other worker, as a
/// [`Parcel`](crate::Parcel); it stands last, since a [codec](crate::codec) counts what is not skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "commands travel one at a time, and an experiment in a box is no shorter")]
pub enum Command {
    /// Make this the experiment. What it shares with the one before is kept: turning a live knob does not restart,
    /// turning a student's knob keeps the teacher.
    Run(Experiment),
    /// Train the same experiment again from its first step.
    Reset,
    /// Stop training until told otherwise; nothing is lost.
    Pause,
    /// Go on training.
    Resume,
    /// Train one batch, then pause.
    StepBatch,
    /// Train to the end of the epoch, then pause.
    StepEpoch,
    /// Give up the experiment.
    Stop,
    /// Files of a data set, dropped on the page or fetched by it.
    Files {
        /// The data set they belong to.
        data: DataSet,
        /// The files, in any order.
        files: Vec<FileData>,
    },
    /// The visitor's own examples, all of them: they join the training set, labels and all, and the training begins
    /// anew where they belong to its data set.
    SetUserExamples(Vec<UserExample>),
    /// What do the networks say of these inputs? Answered between two training steps.
    Classify {
        /// Comes back with the answers.
        id: u32,
        /// Inputs, row by row, as the networks see them: pixels from 0 to 1, or coordinates.
        inputs: Floats,
    },
    /// Show what this input does inside the networks of the first run, now and while they learn; an empty one: no more.
    InspectActivations(Floats),
    /// Train at most so many steps a second, to be watched; `None` as fast as possible.
    SetSpeedLimit(Option<u32>),
    /// Give the test examples and some to calibrate with, for the workbench.
    RequestEvaluationData,
    /// Stop doing so.
    CancelFineTune,
    /// Make this packed network of 32-bit weights the teacher of every run, and train the students anew.
    UseTeacherFile {
        /// The packed file.
        #[serde(with = "crate::floats::bytes")]
        file: Vec<u8>,
    },
    /// How long would this experiment take here? A few steps tell; what is trained goes on after them.
    EstimateTime(Box<Experiment>),
    /// From now on train these runs; others train the rest.
    AssignRuns(RunAssignment),
    /// Are you there?
    Ping,
    /// Something is asked of what an [exhibit](crate::Exhibit) shows; only the engine for sequences and numbers has
    /// any.
    Ask {
        /// The block's.
        id: u8,
        /// What is asked about.
        text: String,
    },
    /// From now on, and for good, training examples that are held out stand where the test set would: knobs are chosen
    /// by what is measured then. Whatever was trained is forgotten.
    Validate,
    /// Train a compressed network on, as the finished experiment would; answered by [`Event::FineTuned`].
    #[serde(skip)]
    FineTune(FineTuneRequest),
    /// For the workbench, whose worker is sent the order itself.
    #[serde(skip)]
    Workbench(WorkbenchCommand),
    /// Another worker's run is done.
    #[serde(skip)]
    Result(RunResult),
}

impl Command {
    /// Whether it only asks, or says how fast: what is trained does not depend on it.
    pub fn is_question(&self) -> bool {
        let asks = matches!(
            self,
            Self::Classify { .. }
                | Self::InspectActivations(_)
                | Self::RequestEvaluationData
                | Self::EstimateTime(_)
                | Self::Ping
                | Self::Ask { .. }
        );
        asks || matches!(self, Self::SetSpeedLimit(_) | Self::Workbench(_) | Self::Result(_))
    }

    /// Whether every worker of a pool must hear it, since it says what is trained and when; others are for the first
    /// worker.
    pub fn is_for_all(&self) -> bool {
        match self {
            Self::Run(_)
            | Self::Reset
            | Self::Pause
            | Self::Resume
            | Self::StepBatch
            | Self::StepEpoch
            | Self::Validate
            | Self::Stop => true,
            Self::Files { .. }
            | Self::SetUserExamples(_)
            | Self::SetSpeedLimit(_)
            | Self::UseTeacherFile { .. }
            | Self::AssignRuns(_)
            | Self::Ping => true,
            Self::Classify { .. }
            | Self::Ask { .. }
            | Self::InspectActivations(_)
            | Self::RequestEvaluationData
            | Self::FineTune(_)
            | Self::CancelFineTune
            | Self::EstimateTime(_) => false,
            Self::Workbench(_) | Self::Result(_) => false,
        }
    }
}

/// Which runs a worker of a pool trains: every `count`th, from `index` on. The first worker gathers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAssignment {
    /// The worker's place in the pool.
    pub index: u32,
    /// Workers in the pool.
    pub count: u32,
    /// Told anew, with another number, after every command that changes what is trained, so that a result of what was
    /// trained before is known as such.
    pub generation: u32,
}

impl RunAssignment {
    /// A worker that is alone.
    pub const ALL: Self = Self { index: 0, count: 1, generation: 0 };

    /// The index of a worker that is to train nothing.
    pub const IDLE: u32 = u32::MAX;

    /// The count of a share that is one run alone.
    const ONE: u32 = u32::MAX;

    /// One run alone, by a worker that gives no verdict.
    pub fn only(run: u32, generation: u32) -> Self {
        Self { index: run, count: Self::ONE, generation }
    }

    /// Whether others' results come to this worker, who gives the verdict.
    pub fn is_coordinator(self) -> bool {
        self.index == 0 && self.count != Self::ONE
    }

    /// Whether it is this worker's to train.
    pub fn contains(self, run: u32) -> bool {
        run % self.count.max(1) == self.index
    }
}

/// A run that is done, as far as the verdict asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The share's, from which it is.
    pub generation: u32,
    /// The run, from 0.
    pub run: u32,
    /// A live knob was turned while its networks trained.
    pub edited_while_training: bool,
    /// The accuracy of every network, in the plan's order.
    pub accuracies: Vec<(NetworkId, f64)>,
    /// The test examples that the control has right (1) or wrong (0).
    #[serde(with = "crate::floats::bytes")]
    pub control_right: Vec<u8>,
    /// The same of the treated network.
    #[serde(with = "crate::floats::bytes")]
    pub product_right: Vec<u8>,
}

impl RunResult {
    /// What these runs of a plan say together, in their order, over a test set of so many examples.
    pub fn verdict(results: &[&Self], plan: &Plan, examples: u32, edited_while_training: bool) -> Verdict {
        let right = |marks: &[u8]| marks.iter().map(|&mark| mark == 1).collect();
        let pair =
            |result: &&Self| Pair { control: right(&result.control_right), product: right(&result.product_right) };
        let (outcome, p_value) = judge(&results.iter().map(pair).collect::<Vec<Pair>>());
        let spread = |id: NetworkId| {
            let of = |result: &&Self| result.accuracies.iter().find(|(other, _)| *other == id).map(|(_, one)| *one);
            let values: Vec<f64> = results.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| (id, Spread::of(values)))
        };
        Verdict {
            outcome,
            p_value,
            edited_while_training,
            examples,
            control: plan.control,
            product: plan.product,
            accuracies: plan.ids().filter_map(spread).collect(),
        }
    }
}

/// A training example made by the visitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserExample {
    /// The data set it was made for.
    pub data: DataSet,
    /// Its class, as the visitor says.
    pub label: u8,
    /// What the networks see of it.
    pub input: Floats,
}

/// What a worker tells the page. What is marked as skipped is for the other worker, as a [`Parcel`](crate::Parcel), and
/// stands last as in [`Command`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The engine is there and waits for commands.
    Ready(EngineInfo),
    /// Yes, I am here.
    Pong {
        /// Bytes of the worker's memory.
        memory: f64,
        /// Trained networks that are kept, to be found again.
        networks: u32,
    },
    /// The data set of the experiment.
    Data(DataSummary),
    /// How far the training is; at most ten a second.
    Progress(Progress),
    /// A point of a learning curve.
    Point(CurvePoint),
    /// What a taught network's loss is the sum of.
    Terms(Terms),
    /// A network is trained and measured.
    Measured(Measured),
    /// How long a run of the experiment that was asked about takes here.
    TimeEstimate(RunTime),
    /// From here on all is about what this share says.
    AssignmentApplied {
        /// The share's.
        generation: u32,
    },
    /// What the networks of the first run say of every place of the plane, for points; at most ten times a second. Each
    /// answer's logits are `[REGION_SIDE², classes]`, row by row from the top left.
    Regions(Vec<Answer>),
    /// What the networks of the first run say of the inputs asked about: logits `[inputs, classes]`.
    Answers {
        /// The question's.
        id: u32,
        /// One for each network that is there.
        answers: Vec<Answer>,
    },
    /// What the watched input does inside the networks of the first run; at most twice a second.
    Activations(Vec<ActivationReport>),
    /// A file that the visitor asked for.
    File {
        /// How its name ends, behind the experiment's.
        extension: String,
        /// What is in it.
        #[serde(with = "crate::floats::bytes")]
        file: Vec<u8>,
    },
    /// What the task shows of itself, in the place of what it showed there before.
    Exhibit(Exhibit),
    /// The experiment could not be trained as it stands; these knobs, written as in a link, were set so that it can.
    Adapted(String),
    /// What distillation did, over all runs.
    Verdict(Verdict),
    /// Training runs, pauses or is over.
    State(RunState),
    /// The files of a data set were read.
    FilesRead {
        /// The data set.
        data: DataSet,
        /// Training examples found.
        train: u32,
        /// Test examples found.
        test: u32,
        /// Names of files among them that are no part of it.
        passed_over: Vec<String>,
    },
    /// The files of a data set that have come so far are no whole one.
    FilesMissing {
        /// The data set.
        data: DataSet,
        /// What is still missing.
        missing: Vec<DataPart>,
        /// Names of files among them that are no part of it.
        passed_over: Vec<String>,
    },
    /// Something the visitor must know.
    Error(EngineError),
    /// A trained network that the workbench may want.
    #[serde(skip)]
    Network(NetworkFile),
    /// The examples it is measured with.
    #[serde(skip)]
    EvaluationData(Box<EvaluationData>),
    /// A compressed network was trained on.
    #[serde(skip)]
    FineTuned(FineTuneResult),
    /// A run is done that the first worker of the pool waits for.
    #[serde(skip)]
    Result(RunResult),
    /// What the workbench says; its worker sends the report itself.
    #[serde(skip)]
    Workbench(WorkbenchEvent),
}

/// How long a run takes on a device, from a few of its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RunTime {
    /// Seconds.
    Seconds(f64),
    /// The experiment cannot be trained, on this device or any other.
    Untrainable,
    /// The device failed.
    Failed {
        /// What it says.
        reason: String,
    },
}

/// Whether training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Training.
    Running,
    /// Done here; other workers of the pool are not. The page does not tell it from training.
    Gathering,
    /// Waiting for the visitor.
    Paused,
    /// All runs are done.
    Finished,
    /// There is no experiment.
    Idle,
}

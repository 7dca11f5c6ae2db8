//! The messages between page and worker: types and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Actor, Answer, FileData},
    data_files::DataPart,
    experiment::Experiment,
    file_problem::FileProblem,
    floats::Floats,
    objectives::Objective,
    values::DataSet,
    workbench::{EvaluationData, FineTuneRequest, FineTuneResult, NetworkFile, WorkbenchCommand, WorkbenchEvent},
};

/// What the page asks of a worker. What is marked as skipped comes from the other worker, as a
/// [`Parcel`](crate::Parcel).
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
    /// Train a compressed network on, as the finished experiment would; answered by [`Event::FineTuned`].
    #[serde(skip)]
    FineTune(FineTuneRequest),
    /// Stop doing so.
    CancelFineTune,
    /// Make this packed network of 32-bit weights the teacher of every run, and train the students anew.
    UseTeacherFile {
        /// The packed file.
        #[serde(with = "crate::floats::bytes")]
        file: Vec<u8>,
    },
    /// For the workbench, whose worker is sent the order itself.
    #[serde(skip)]
    Workbench(WorkbenchCommand),
    /// How long would this experiment take here? A few steps tell; what is trained goes on after them.
    EstimateTime(Box<Experiment>),
    /// From now on train these runs; others train the rest.
    AssignRuns(RunAssignment),
    /// Another worker's run is done.
    #[serde(skip)]
    Result(RunResult),
    /// Are you there?
    Ping,
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
            | Self::Stop => true,
            Self::Files { .. }
            | Self::SetUserExamples(_)
            | Self::SetSpeedLimit(_)
            | Self::UseTeacherFile { .. }
            | Self::AssignRuns(_)
            | Self::Ping => true,
            Self::Classify { .. }
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

    /// Whether others' results come to this worker, who gives the verdict.
    pub fn is_coordinator(self) -> bool {
        self.index == 0
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
    /// The teacher's accuracy.
    pub teacher: f64,
    /// The baseline's.
    pub baseline: f64,
    /// The student's.
    pub student: f64,
    /// The test examples that the baseline has right (1) or wrong (0).
    #[serde(with = "crate::floats::bytes")]
    pub baseline_right: Vec<u8>,
    /// The same of the student.
    #[serde(with = "crate::floats::bytes")]
    pub student_right: Vec<u8>,
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

/// What a worker tells the page. What is marked as skipped is for the other worker, as a [`Parcel`](crate::Parcel).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The engine is there and waits for commands.
    Ready(EngineInfo),
    /// Yes, I am here.
    Pong {
        /// Bytes of the worker's memory.
        memory: f64,
    },
    /// The data set of the experiment.
    Data(DataSummary),
    /// How far the training is; at most ten a second.
    Progress(Progress),
    /// A point of a learning curve.
    Point(CurvePoint),
    /// What the student's loss is the sum of.
    Terms(Terms),
    /// A network is trained and measured.
    Measured(Measured),
    /// A trained network that the workbench may want.
    #[serde(skip)]
    Network(NetworkFile),
    /// The examples it is measured with.
    #[serde(skip)]
    EvaluationData(Box<EvaluationData>),
    /// A compressed network was trained on.
    #[serde(skip)]
    FineTuned(FineTuneResult),
    /// How long a run of the experiment that was asked about takes here.
    TimeEstimate(RunTime),
    /// From here on all is about what this share says.
    AssignmentApplied {
        /// The share's.
        generation: u32,
    },
    /// A run is done that the first worker of the pool waits for.
    #[serde(skip)]
    Result(RunResult),
    /// What the workbench says; its worker sends the report itself.
    #[serde(skip_serializing, rename = "Bench")]
    Workbench(WorkbenchEvent),
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

/// The engine behind a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// Whether it computes on a GPU.
    pub gpu: bool,
    /// The adapter's name, for a GPU.
    pub adapter: Option<String>,
    /// The GPU's check against the CPU, where there is one.
    pub self_test: Option<SelfTest>,
}

/// The same short training on two devices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The largest difference of any weight after training, relative to the largest weight.
    pub error: f64,
    /// The largest difference that passes.
    pub tolerance: f64,
}

impl SelfTest {
    /// Whether the devices agree. A comparison with NaN does not.
    pub fn passes(&self) -> bool {
        self.error <= self.tolerance
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The teacher is trained.
    Teacher,
    /// Baseline and student are trained side by side.
    Students,
    /// A compressed network is trained on.
    Tuning,
}

/// How far the training is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The run, from 0.
    pub run: u32,
    /// How many runs there will be.
    pub runs: u32,
    /// What is being done.
    pub stage: Stage,
    /// Steps done in this stage.
    pub step: u32,
    /// Steps of this stage in all.
    pub steps: u32,
    /// Epochs done in this stage.
    pub epoch: u32,
    /// Epochs of this stage in all.
    pub epochs: u32,
    /// Examples trained a second, measured since the last report; 0 while nothing was trained.
    pub examples_per_second: f64,
}

/// The data set of an experiment, with enough of it to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// Which one.
    pub data: DataSet,
    /// How many classes.
    pub classes: u32,
    /// Rows and columns of an image; `[1, 2]` for points in the plane.
    pub shape: [u32; 2],
    /// Training examples.
    pub train: u32,
    /// Test examples.
    pub test: u32,
    /// Training examples whose labels the student may see, in the first run.
    pub labelled: u32,
    /// Training examples the student is distilled on.
    pub transfer: u32,
    /// Training examples that the visitor made; the last ones of the training set.
    pub own: u32,
    /// Some training examples of each class, labelled ones first.
    pub gallery: Vec<Example>,
    /// The pixels of all test examples, row by row, each 0 to 255; coordinates for points are in `test_points`.
    #[serde(with = "crate::floats::bytes")]
    pub test_pixels: Vec<u8>,
    /// The coordinates of the test examples, for points.
    pub test_points: Floats,
    /// The labels of the test examples.
    #[serde(with = "crate::floats::bytes")]
    pub test_labels: Vec<u8>,
}

/// One example to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its place in the training set.
    pub index: u32,
    /// Its true class.
    pub label: u8,
    /// Whether the student may see the label.
    pub labelled: bool,
    /// Its pixels, each 0 to 255; empty for points.
    #[serde(with = "crate::floats::bytes")]
    pub pixels: Vec<u8>,
    /// Its coordinates, for points; empty for images.
    pub point: Floats,
}

/// What an input does inside a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationReport {
    /// Teacher or student.
    pub actor: Actor,
    /// Its stages, from the input on.
    pub stages: Vec<StageMap>,
    /// The weights of its first layer, filter by filter, each a square of pixels; nothing for points.
    pub filters: Floats,
    /// Some test examples, class after class.
    pub compared: Vec<u32>,
    /// The cosines between their embeddings, `[compared, compared]`.
    pub similarities: Floats,
}

/// What a stage makes of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageMap {
    /// Channels that are given.
    pub channels: u32,
    /// Channels that there are.
    pub of: u32,
    /// Rows, and columns.
    pub side: u32,
    /// `[channels, side²]`.
    pub values: Floats,
    /// The attention map, `[side²]`: the sum of squares over all channels, of unit length.
    pub attention: Floats,
}

/// A point of a learning curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The run, from 0.
    pub run: u32,
    /// Whose curve.
    pub actor: Actor,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done.
    pub step: u32,
    /// Mean training loss since the last point; `None` at the first.
    pub train_loss: Option<f64>,
    /// Share that is right of the labelled training examples it may see, 0 to 1, measured on a sample; `None` without
    /// labels.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the test set, in nats.
    pub test_loss: f64,
    /// Share of the test set that is right, 0 to 1.
    pub test_accuracy: f64,
}

/// The terms of the student's loss, each times its weight, at a point of its learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The run, from 0.
    pub run: u32,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done.
    pub step: u32,
    /// Mean of each since the last point, by name: `cross-entropy`, `soft-targets`, an objective's word, or that word,
    /// a colon and one of its parts.
    pub values: Vec<(String, f64)>,
}

/// A trained network's measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The run, from 0.
    pub run: u32,
    /// Which network.
    pub actor: Actor,
    /// Share of the test set that is right, 0 to 1.
    pub accuracy: f64,
    /// The same for each class; NaN for a class without test examples.
    pub per_class_accuracy: Vec<f64>,
    /// Share of the test set on which it says what its teacher says; `None` for the teacher.
    pub agreement: Option<f64>,
    /// Expected calibration error, 15 equal bins of confidence (Guo et al. 2017, eq. 5), 0 to 1.
    pub calibration_error: f64,
    /// Weights and biases.
    pub parameters: u32,
    /// What was learned beside them and is not in the file: regressors, translators, variances.
    pub extra_parameters: u32,
    /// Length of the packed file of 32-bit weights.
    pub bytes: u32,
    /// Logits of all test examples, row by row.
    pub logits: Floats,
    /// Seconds it took to train it, as measured here.
    pub seconds: f64,
}

/// Mean and spread over runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation; 0 for a single run.
    pub deviation: f64,
    /// Each run's value.
    pub values: Vec<f64>,
}

impl Spread {
    /// Mean and sample standard deviation of `values`.
    pub fn of(values: Vec<f64>) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, deviation, values }
    }
}

/// What distillation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The distilled student is right more often than the same network alone.
    Helps,
    /// The test tells no difference.
    NoDifference,
    /// The distilled student is right less often.
    Hurts,
}

/// What distillation did, over all runs, by a paired test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// Two-sided p value of the paired test over the test examples.
    pub p_value: f64,
    /// Whether a knob was turned while the networks trained, so that no single experiment gives this result again.
    #[serde(rename = "touched")]
    pub edited_while_training: bool,
    /// Test examples in the comparison.
    pub examples: u32,
    /// The teacher's accuracies, 0 to 1.
    pub teacher: Spread,
    /// The baseline's.
    pub baseline: Spread,
    /// The distilled student's.
    pub student: Spread,
}

impl Verdict {
    /// A network's accuracies.
    pub fn spread(&self, actor: Actor) -> &Spread {
        match actor {
            Actor::Teacher => &self.teacher,
            Actor::Student => &self.student,
            Actor::Baseline => &self.baseline,
        }
    }
}

/// What the visitor must know, each case with what they can do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum EngineError {
    /// The loss is no number any more.
    #[error("the {} diverged at step {step}: its loss is no number; lower learning-rate (now {learning_rate})", actor.word())]
    Diverged {
        /// Whose loss.
        actor: Actor,
        /// At which step.
        step: u32,
        /// The learning rate of the experiment.
        learning_rate: f64,
    },
    /// The experiment needs files that are not there.
    #[error("{data} needs its four IDX files")]
    FilesNeeded {
        /// The data set.
        data: DataSet,
    },
    /// A file cannot be read as what it should be.
    #[error("{name}: {reason}")]
    BadFile {
        /// The file.
        name: String,
        /// What is wrong with it, where, and what would be right.
        reason: FileProblem,
    },
    /// The student may see no label and is not distilled: there is nothing to learn from.
    #[error("the student has nothing to learn from: no labels, and transfer=labelled or soft=0")]
    NothingToLearn,
    /// An objective cannot be used on these networks or batches.
    #[error("{objective} {refusal}")]
    Refused {
        /// Which one.
        objective: Objective,
        /// Why.
        refusal: Incompatibility,
    },
    /// The device failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What it said.
        reason: String,
    },
    /// The engine met a state it has no name for.
    #[error("the engine stopped: {reason}")]
    Engine {
        /// What it said.
        reason: String,
    },
}

/// Why an objective cannot be used on a pair of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Incompatibility {
    /// It compares examples with each other.
    #[error("compares examples with each other: it needs batches of at least {needed}, these have {given}")]
    Batch {
        /// The smallest batch that will do.
        needed: u32,
        /// The examples of a batch.
        given: u32,
    },
    /// It looks at hidden layers, and a network has none.
    #[error("looks at hidden layers, and one of the networks has none")]
    NoStages,
    /// It compares places of an image.
    #[error("compares positions of an image, and a perceptron's layers have only one: use convolutional networks")]
    NoPlaces,
    /// It compares one stage with the next.
    #[error("compares a stage with the next one: both networks need at least two")]
    OneStage,
    /// It compares channel with channel.
    #[error("compares channel with channel: the student's stage has {student}, the teacher's {teacher}")]
    Channels {
        /// The student's.
        student: u32,
        /// The teacher's.
        teacher: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_by_hand() {
        let spread = Spread::of(vec![1.0, 2.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        assert!((spread.deviation - 7.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(vec![4.0]).deviation, 0.0);
    }

    #[test]
    fn a_self_test_without_a_number_fails() {
        assert!(!SelfTest { error: f64::NAN, tolerance: 1.0 }.passes());
    }
}

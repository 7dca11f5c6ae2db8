//! The app's state. Pure: nothing here touches the browser.

mod action;
pub mod chart_view;
pub mod class;
pub mod compatibility;
pub mod compression;
pub mod device;
pub mod duration;
pub mod files_table;
#[cfg(test)]
pub mod fixture;
pub mod kinds;
pub mod literature;
pub mod loss_terms;
pub mod networks;
mod notices;
pub mod order;
pub mod pipeline_editor;
pub mod predictions;
pub mod record;
mod reduce;
pub mod saved_run;
pub mod selection;
pub mod setting;
pub mod sweep;
pub mod sweep_text;
pub mod term_curves;

use std::rc::Rc;

use retort_spec::{
    ActivationReport, Answer, CompressionResult, CurvePoint, DataSummary, EngineError, Event, Exhibit, ExhibitPlace,
    Experiment, FileData, Measured, NetworkId, PAGE_KEYS, Plan, Preset, Progress, RunState, Terms, UserExample,
    Verdict, changed, decode,
};

pub use crate::state::{
    action::Action,
    compression::{Bench, Latencies, PipelineState, WorkbenchAction, link, link_of},
    kinds::{CustomExample, Engine, Fetching, MeasuredFile, MissingFiles, Notice, Source},
    saved_run::{RunNumbers, SavedRun},
    sweep::{SweepAction, SweepState, SweepStatus},
};

use crate::state::{
    device::{DeviceReason, Timed},
    selection::most_telling,
};

/// Past runs kept as faint lines.
const PAST_CURVES: usize = 5;
/// Runs kept by name.
pub const MOST_KEPT: usize = 12;
/// Steps that can be undone.
const MOST_UNDONE: usize = 100;
/// Measured students in the scatter of all runs.
const MOST_WEIGHED: usize = 1000;

/// All that the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub experiment: Experiment,
    /// Which networks there are of what is shown, and who teaches whom. After a knob was turned it is the last
    /// training's until the engine begins.
    pub plan: Rc<Plan>,
    /// The engine still speaks of an experiment that was turned into another one, with other networks.
    pub is_behind: bool,
    pub engine: Engine,
    pub device: Option<DeviceReason>,
    /// How long the experiment takes on both devices, where that was measured.
    pub timed: Option<Timed>,
    pub run_state: RunState,
    /// How many trainings have begun, the recorded one among them.
    pub runs_started: u32,
    /// What is shown was computed beforehand, not here.
    pub recorded: bool,
    pub data: Option<Rc<DataSummary>>,
    pub progress: Option<Progress>,
    pub curves: Vec<CurvePoint>,
    pub past: Vec<Rc<Vec<CurvePoint>>>,
    /// What the loss of the first run's product is the sum of.
    pub terms: Rc<Vec<Terms>>,
    /// Each network of each run, as far as it is measured.
    pub measured: Vec<Rc<Measured>>,
    pub compressed: Rc<Vec<CompressionResult>>,
    /// What else is known of compressed networks.
    pub bench: Rc<Bench>,
    /// What stands of compressed networks is the last training's, or another network's than the one to be compressed.
    pub outdated: bool,
    pub verdict: Option<Rc<Verdict>>,
    /// The verdict of the training before, on the same data.
    pub verdict_before: Option<Rc<Verdict>>,
    pub notices: Vec<Notice>,
    pub fetching: Fetching,
    /// What is still missing of a data set whose files come in several goes.
    pub missing: Option<Rc<MissingFiles>>,
    /// The test example whose soft targets are shown; the most telling one until the visitor chooses.
    pub example: Option<usize>,
    /// The temperature the slider shows while it is dragged; the experiment's otherwise.
    pub preview: Option<f64>,
    /// An example that is shown instead of a test example.
    pub given: Option<Rc<CustomExample>>,
    /// Rises with every example given, so that a late answer is known as such.
    pub question: u32,
    /// What the networks say of the given example.
    pub answers: Rc<Vec<Answer>>,
    /// What the networks say of every place of the plane.
    pub regions: Rc<Vec<Answer>>,
    /// What the watched example does inside the networks, as far as they are there.
    pub inside: Rc<Vec<ActivationReport>>,
    /// What the task shows of itself, by place.
    pub exhibits: Vec<Rc<Exhibit>>,
    /// Training examples that the visitor made.
    pub own: Rc<Vec<UserExample>>,
    /// Runs kept by name.
    pub kept: Vec<SavedRun>,
    /// Every packed network measured in this visit, newest last.
    pub weighed: Rc<Vec<MeasuredFile>>,
    /// Experiments to go back to, newest last.
    pub undo: Vec<Experiment>,
    /// Experiments to go forward to, newest last.
    pub redo: Vec<Experiment>,
    /// The data set's or scheme's knob that was turned last, and those that changed with it.
    pub brought: Rc<(&'static str, Vec<&'static str>)>,
    /// The knob that is being turned: what follows at once belongs to the same step.
    pub turning: Option<&'static str>,
    /// Whether the last change belongs to the step before.
    pub joined: bool,
    /// Steps a second at most; `None` for as fast as possible.
    pub pace: Option<u32>,
    /// What the visitor adds to the student's logit of the classes left out.
    pub bias: f64,
    /// Files that the workbench made for the visitor and that have not been saved yet.
    pub files: Rc<Vec<FileData>>,
    /// Bytes of memory of each worker that trains.
    pub memory: Rc<Vec<f64>>,
    /// Trained networks that the first worker keeps, to be found again.
    pub networks_kept: u32,
    /// The knobs that the visitor wants to sweep with their values, as they were written.
    pub sweep_text: String,
    /// How the cells are tried, where not all of them are, as it was written.
    pub search_text: String,
    /// What this device has to do with a class's sweep, as a link says it.
    pub class_text: String,
    /// Experiments of the literature, once they were fetched.
    pub literature: Rc<Vec<Preset>>,
    /// The sweep that was started last.
    pub sweep: Option<SweepState>,
}

impl State {
    /// The state of a page opened at this address.
    pub fn open(query: &str) -> Self {
        let decoded = decode(query, PAGE_KEYS);
        let mut state = Self {
            plan: Rc::new(decoded.experiment.plan()),
            experiment: decoded.experiment,
            is_behind: false,
            engine: Engine::Loading { received: 0.0, total: None },
            device: None,
            timed: None,
            run_state: RunState::Idle,
            runs_started: 0,
            recorded: false,
            data: None,
            progress: None,
            curves: Vec::new(),
            past: Vec::new(),
            terms: Rc::default(),
            measured: Vec::new(),
            compressed: Rc::default(),
            bench: Rc::default(),
            outdated: false,
            verdict: None,
            verdict_before: None,
            notices: Vec::new(),
            fetching: Fetching::Idle,
            missing: None,
            example: None,
            preview: None,
            given: None,
            question: 0,
            answers: Rc::default(),
            regions: Rc::default(),
            inside: Rc::default(),
            own: Rc::default(),
            kept: Vec::new(),
            weighed: Rc::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            brought: Rc::default(),
            turning: None,
            joined: false,
            pace: None,
            bias: 0.0,
            files: Rc::default(),
            memory: Rc::default(),
            networks_kept: 0,
            exhibits: Vec::new(),
            sweep_text: String::new(),
            search_text: String::new(),
            class_text: String::new(),
            literature: Rc::default(),
            sweep: None,
        };
        state.report(decoded.problems);
        state.read_sweep(query);
        state
    }

    /// What the task shows in a place.
    pub fn exhibit(&self, place: ExhibitPlace) -> Option<&Exhibit> {
        self.exhibits.iter().find(|exhibit| exhibit.place == place).map(|exhibit| &**exhibit)
    }

    /// What a network of the first run says of the given example; `packed` for one read back from its file.
    pub fn answer(&self, network_id: NetworkId, packed: bool) -> Option<&[f32]> {
        let mine = |answer: &&Answer| (answer.network_id, answer.packed) == (network_id, packed);
        self.answers.iter().find(mine).map(|answer| &*answer.logits)
    }

    /// The same of every place of the plane.
    pub fn region(&self, network_id: NetworkId, packed: bool) -> Option<&Answer> {
        self.regions.iter().find(|answer| (answer.network_id, answer.packed) == (network_id, packed))
    }

    /// The temperature that is shown.
    pub fn temperature(&self) -> f64 {
        self.preview.unwrap_or(self.experiment.temperature)
    }

    /// The accuracy that a network had in the training before: the mean of its seeds, else the first one's.
    pub fn before(&self, network_id: NetworkId) -> Option<f64> {
        let last = |points: &Rc<Vec<CurvePoint>>| {
            points
                .iter()
                .rev()
                .find(|point| point.network_id == network_id && point.run == 0)
                .map(|point| point.test_accuracy)
        };
        let points = self.past.last()?;
        let mean =
            self.verdict_before.as_ref().and_then(|verdict| verdict.spread(network_id)).map(|spread| spread.mean);
        mean.or_else(|| last(points))
    }

    fn take(&mut self, event: Event) {
        if self.is_behind && is_of_training(&event) {
            return;
        }
        match event {
            Event::Ready(info) => self.engine = Engine::Ready(info),
            // The driver's.
            Event::Pong { networks, .. } => self.networks_kept = networks,
            Event::AssignmentApplied { .. } | Event::TimeEstimate(_) | Event::Result(_) | Event::File { .. } => {}
            Event::Data(summary) => {
                let plan = self.experiment.plan();
                // Another knob was turned meanwhile; a later training is on its way.
                self.is_behind = !plan.ids().eq(summary.networks.iter().copied());
                if !self.is_behind {
                    self.take_plan(plan);
                    self.begin(summary);
                }
            }
            Event::Progress(progress) => self.progress = Some(progress),
            Event::Point(point) => {
                // A first point says that this network begins anew.
                if point.step == 0 {
                    self.curves.retain(|other| (other.run, other.network_id) != (point.run, point.network_id));
                }
                self.curves.push(point);
            }
            Event::Terms(terms) if (terms.run, terms.network_id) == (0, self.plan.product) => {
                Rc::make_mut(&mut self.terms).push(terms);
            }
            Event::Terms(_) => {}
            Event::Measured(measured) => {
                let whose = (measured.run, measured.network_id);
                self.measured.retain(|other| (other.run, other.network_id) != whose);
                self.measured.push(Rc::new(measured));
                // From now on the same example is shown, so that trainings compare on it.
                if self.example.is_none() && self.network(self.plan.product).is_some() {
                    self.example = most_telling(self);
                }
            }
            Event::Regions(regions) => {
                let packed = self.regions.iter().find(|answer| answer.packed && !self.outdated).cloned();
                self.regions = Rc::new(compression::with_packed(&regions, packed));
            }
            Event::Answers { id, answers } => {
                if id == self.question {
                    let packed = self.answers.iter().find(|answer| answer.packed).cloned();
                    self.answers = Rc::new(compression::with_packed(&answers, packed));
                }
            }
            // The driver hands these on to the workbench.
            Event::Network(_) | Event::EvaluationData(_) | Event::FineTuned(_) => {}
            Event::Workbench(report) => self.hear(report),
            Event::Adapted(knobs) => {
                let adapted = self.experiment.adapted(&knobs);
                self.go_to(adapted);
            }
            Event::Exhibit(exhibit) => {
                self.exhibits.retain(|other| other.place != exhibit.place);
                self.exhibits.push(Rc::new(exhibit));
            }
            Event::Verdict(verdict) => self.verdict = Some(Rc::new(verdict)),
            Event::Activations(inside) => self.inside = Rc::new(inside),
            Event::State(run_state) => {
                // Others go on.
                self.run_state = if run_state == RunState::Gathering { RunState::Running } else { run_state };
                // Networks that were given up answer about no other example.
                if run_state == RunState::Idle {
                    self.inside = Rc::default();
                }
            }
            Event::FilesRead { train, test, passed_over, .. } => {
                self.missing = None;
                self.tell(Notice::FilesRead { train, test, passed_over });
            }
            Event::FilesMissing { data, missing, passed_over } => {
                self.missing = Some(Rc::new(MissingFiles { data, parts: missing, passed_over }));
            }
            Event::Error(trouble) => {
                // What stands there was another experiment's.
                if matches!(
                    trouble,
                    EngineError::Diverged { .. } | EngineError::NothingToLearn | EngineError::Refused { .. }
                ) {
                    self.measured.clear();
                    self.compressed = Rc::default();
                }
                let notice = Notice::EngineError(trouble);
                if !self.notices.contains(&notice) {
                    self.notices.push(notice);
                }
            }
        }
    }

    /// Changes the experiment as a step that can be undone. A knob that is turned on and on is one step.
    fn change(&mut self, experiment: Experiment) {
        if experiment == self.experiment {
            return;
        }
        let only = {
            let mut knobs = changed(&self.experiment, &experiment).map(|knob| knob.key);
            knobs.next().filter(|_| knobs.next().is_none())
        };
        let joins = only.is_some() && only == self.turning && !self.undo.is_empty();
        let before = self.go_to(experiment);
        (self.turning, self.joined) = (only, joins);
        if !joins {
            self.undo.push(before);
            self.undo.drain(..self.undo.len().saturating_sub(MOST_UNDONE));
        }
        self.redo.clear();
    }

    /// Takes an experiment in the place of another, which it gives back.
    fn go_to(&mut self, experiment: Experiment) -> Experiment {
        let before = std::mem::replace(&mut self.experiment, experiment);
        (self.turning, self.joined) = (None, false);
        self.preview = None;
        self.brought = Rc::default();
        // Whoever goes on with something else has no use for the way back; undo is still there.
        self.notices.retain(|notice| !matches!(notice, Notice::Left { .. }));
        // Panels of images cannot draw what another engine said of sequences, nor theirs what was said of images.
        let is_other_kind = before.data.is_of_sequences() != self.experiment.data.is_of_sequences();
        if before.data != self.experiment.data && self.experiment.data.needs_files() || is_other_kind {
            self.forget_results();
        }
        // Where nothing is shown yet, nothing belongs to another plan.
        if self.curves.is_empty() && self.measured.is_empty() {
            self.plan = Rc::new(self.experiment.plan());
        }
        before
    }

    /// Takes away what was computed of other data. Beside the name of the new data it would be a lie for as long as the
    /// files are not there; data that need none take its place at once.
    fn forget_results(&mut self) {
        self.recorded = false;
        self.data = None;
        self.progress = None;
        self.curves.clear();
        self.past.clear();
        self.measured.clear();
        self.verdict = None;
        self.terms = Rc::default();
        self.compressed = Rc::default();
        self.bench = Rc::default();
        self.outdated = false;
        self.example = None;
        self.given = None;
        self.answers = Rc::default();
        self.regions = Rc::default();
        self.inside = Rc::default();
        self.exhibits.clear();
    }

    /// Another training is planned. What was measured by another plan would stand there under a wrong name; networks
    /// that are trained already are told anew.
    fn take_plan(&mut self, plan: Plan) {
        let is_other = !(self.plan.ids().eq(plan.ids()) && self.plan.contrast == plan.contrast);
        self.plan = Rc::new(plan);
        if is_other {
            self.measured.clear();
            self.verdict = None;
            self.compressed = Rc::default();
            self.bench = Rc::default();
            self.answers = Rc::default();
            self.regions = Rc::default();
            self.inside = Rc::default();
        }
    }

    /// A training begins: what the last one showed becomes a faint line, and what does not fit the new data goes.
    fn begin(&mut self, summary: DataSummary) {
        self.runs_started += 1;
        let recorded = std::mem::take(&mut self.recorded);
        let same_data = !recorded
            && self.data.as_ref().is_some_and(|data| {
                data.data == summary.data
                    && data.test_labels == summary.test_labels
                    && data.test_points == summary.test_points
            });
        let old = std::mem::take(&mut self.curves);
        match same_data {
            true => {
                if old.iter().any(|point| [self.plan.control, self.plan.product].contains(&point.network_id)) {
                    let first_run = old.into_iter().filter(|point| point.run == 0).collect();
                    self.past.push(Rc::new(first_run));
                    let extra = self.past.len().saturating_sub(PAST_CURVES);
                    self.past.drain(..extra);
                }
                // Whatever is trained already, of any run, is told anew.
                self.measured.retain(|measured| measured.run == 0);
            }
            false => {
                self.past.clear();
                self.measured.clear();
                self.compressed = Rc::default();
                self.bench = Rc::default();
                // The recorded run's example is this page's own too.
                if !(recorded && self.data.as_ref().is_some_and(|data| data.data == summary.data)) {
                    self.example = None;
                }
                self.given = None;
                self.regions = Rc::default();
                self.inside = Rc::default();
                self.exhibits.clear();
            }
        }
        if self.given.is_none() {
            self.answers = Rc::default();
        }
        // The engine tells anew what this scheme shows; another one may show nothing.
        self.exhibits.retain(|exhibit| !matches!(exhibit.place, ExhibitPlace::Scheme | ExhibitPlace::Example));
        self.outdated = !self.compressed.is_empty();
        Rc::make_mut(&mut self.bench).started_experiment = Some(Rc::new(self.experiment.clone()));
        self.outdate_flow();
        let verdict = self.verdict.take();
        self.verdict_before = verdict.filter(|_| same_data);
        self.terms = Rc::default();
        self.progress = None;
        self.data = Some(Rc::new(summary));
        self.notices.retain(|notice| !matches!(notice, Notice::EngineError(_)));
    }
}

/// Whether an event is about networks that are trained, rather than about the engine or files.
fn is_of_training(event: &Event) -> bool {
    use Event::{Activations, Answers, Exhibit, Measured, Point, Progress, Regions, Terms, Verdict, Workbench};
    matches!(
        event,
        Progress(_)
            | Point(_)
            | Terms(_)
            | Measured(_)
            | Regions(_)
            | Answers { .. }
            | Verdict(_)
            | Exhibit(_)
            | Activations(_)
            | Workbench(_)
    )
}

#[cfg(test)]
mod tests;

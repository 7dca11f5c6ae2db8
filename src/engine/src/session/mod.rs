//! A session: commands in, events out, an experiment trained a little at a time in between.
//!
//! The session knows nothing of workers or terminals. Whoever drives it calls [`Session::handle`] for each command and
//! [`Session::advance`] again and again while it [`is running`](Session::is_running), and passes the events on.

mod ahead;
mod assignment;
mod cache;
mod classify;
mod curves;
#[cfg_attr(not(feature = "graph"), allow(dead_code, reason = "the other engine needs it"))]
mod discriminator_curve;
mod exhibits;
#[cfg_attr(not(feature = "graph"), allow(dead_code, reason = "the other engine needs it"))]
mod handed_on;
mod inside;
mod job;
mod measure;
mod outcome;
mod phases;
#[cfg(feature = "graph")]
mod specialties;
mod summary;
mod timing;
mod tune;
mod votes;

use std::time::Duration;

use retort_compress::format::pack::{PackError, unpack_float};
use retort_spec::{
    Command, DataSet, EngineError, Event, Experiment, FileProblem, NetworkId, NetworkKind, Phase, RunAssignment,
    RunMode, UserExample, WorkbenchCommand, changed,
};
use web_time::Instant;

use crate::{
    data::{
        Dataset,
        choose::{Choice, choose},
        load,
    },
    device::{Compute, ExecutionError},
};
pub use cache::NetworkCache;
use job::Job;

/// Training cannot go on.
#[derive(Debug)]
struct Halt(EngineError);

impl From<EngineError> for Halt {
    fn from(trouble: EngineError) -> Self {
        Self(trouble)
    }
}

impl From<ExecutionError> for Halt {
    fn from(error: ExecutionError) -> Self {
        Self(EngineError::Device { reason: error.to_string() })
    }
}

impl From<PackError> for Halt {
    fn from(error: PackError) -> Self {
        Self(EngineError::Engine { reason: error.to_string() })
    }
}

/// An engine at work on one experiment at a time.
pub struct Session {
    compute: Compute,
    files: Vec<(DataSet, Dataset)>,
    job: Option<Job>,
    /// An experiment that cannot go on as it stands, kept for what it has trained.
    suspended: Option<Job>,
    /// What was trained on the data so far, whatever became of its job.
    networks: NetworkCache,
    mode: RunMode,
    burst: u32,
    own: Vec<UserExample>,
    /// Steps a second at most.
    pace: Option<u32>,
    /// When the next step is due at that pace.
    due: Option<Instant>,
    /// When the places of the plane were last asked about.
    mapped: Option<Instant>,
    /// The input whose way through the networks is watched; empty if none is.
    watched: Vec<f32>,
    /// When it was last looked at.
    looked: Option<Instant>,
    /// Which runs are trained here.
    share: RunAssignment,
    /// Whether networks are measured on held-out training examples rather than on the test set.
    validates: bool,
}

impl Session {
    /// A session without an experiment.
    pub fn new(compute: Compute) -> Self {
        Self {
            compute,
            files: Vec::new(),
            job: None,
            suspended: None,
            networks: NetworkCache::default(),
            mode: RunMode::Run,
            burst: 1,
            own: Vec::new(),
            pace: None,
            due: None,
            mapped: None,
            watched: Vec::new(),
            looked: None,
            share: RunAssignment::ALL,
            validates: false,
        }
    }

    /// A session that never sees the test set: what it calls so are training examples that it holds out. Knobs are
    /// chosen by such a session.
    pub fn validating(compute: Compute) -> Self {
        Self { validates: true, ..Self::new(compute) }
    }

    /// A session that shares what it trains with those of other threads: each network is trained once. A GPU's networks
    /// stay with their session.
    pub fn sharing(compute: Compute, networks: NetworkCache) -> Self {
        let networks = if compute.info.gpu { NetworkCache::default() } else { networks };
        Self { networks, ..Self::new(compute) }
    }

    /// Whether [`advance`](Self::advance) has anything to do.
    pub fn is_running(&self) -> bool {
        self.mode != RunMode::Pause && self.job.as_ref().is_some_and(|job| !job.is_at_rest())
    }

    /// How long to wait before the next [`advance`](Self::advance), at the pace that was asked for.
    pub fn rest(&self) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()))
    }

    /// Carries out a command. All but a question is answered by a state, and so is a question that ended the training.
    pub async fn handle(&mut self, command: Command) -> Vec<Event> {
        let (asks, before) = (command.is_question(), self.state());
        let mut events = self.carry_out(command).await;
        let after = self.state();
        if !asks || after != before {
            events.push(after);
        }
        events
    }

    async fn carry_out(&mut self, command: Command) -> Vec<Event> {
        match command {
            Command::Run(experiment) => {
                let mut events = self.run(experiment).await;
                // Another width shows another geometry, though nothing is trained.
                events.extend(self.with_job(async |job| job.regions().await).await);
                events
            }
            Command::SetUserExamples(own) => {
                let of = |list: &[UserExample], data| {
                    list.iter().filter(|example| example.data == data).cloned().collect::<Vec<UserExample>>()
                };
                let differs = |job: &Option<Job>| {
                    job.as_ref().is_some_and(|Job { experiment: Experiment { data, .. }, .. }| {
                        of(&own, *data) != of(&self.own, *data)
                    })
                };
                let (differs, is_suspended_stale) = (differs(&self.job), differs(&self.suspended));
                if is_suspended_stale {
                    self.suspended = None;
                }
                self.own = own;
                match self.job.take() {
                    Some(job) if differs => self.start_anew(job.experiment).await,
                    job => {
                        self.job = job;
                        Vec::new()
                    }
                }
            }
            Command::Classify { id, inputs } => {
                let answers =
                    async |job: &mut Job| Ok(Some(Event::Answers { id, answers: job.classify(&inputs).await? }));
                #[cfg_attr(not(feature = "graph"), expect(unused_mut, reason = "nobody else answers"))]
                let mut events = self.with_job(answers).await;
                #[cfg(feature = "graph")]
                events.extend(self.with_job(async |job| job.exits_asked(&inputs).await).await);
                events
            }
            Command::InspectActivations(input) => {
                self.watched = input.0;
                let watched = self.watched.clone();
                self.with_job(async |job| job.inside(&watched).await).await
            }
            Command::SetSpeedLimit(pace) => {
                self.pace = pace;
                self.due = None;
                Vec::new()
            }
            Command::RequestEvaluationData => self.job.as_ref().map(Job::examples).into_iter().collect(),
            Command::FineTune(request) => {
                let id = request.id;
                let events = match self.job.as_mut() {
                    // What another question is about is of no use any more.
                    Some(job) => {
                        let abandoned = job.abandon();
                        match job.tune(request).await {
                            Ok(refused) => abandoned.into_iter().chain(refused).collect(),
                            Err(Halt(trouble)) => self.fail(trouble),
                        }
                    }
                    None => vec![tune::without_student(id)],
                };
                self.mode = RunMode::Run;
                events
            }
            Command::CancelFineTune => self.job.as_mut().and_then(Job::abandon).into_iter().collect(),
            Command::UseTeacherFile { file } => self.adopt(&file).await,
            // Another worker's teacher, where a sweep is shared out.
            Command::Workbench(WorkbenchCommand::Network(network)) => self.adopt(&network.file).await,
            // Somebody else's.
            Command::Workbench(_) | Command::Ask { .. } => Vec::new(),
            Command::Reset => match self.job.take() {
                Some(job) => self.start_anew(job.experiment).await,
                None => Vec::new(),
            },
            Command::Pause | Command::Resume | Command::StepBatch | Command::StepEpoch => {
                self.mode = RunMode::of(&command).unwrap_or(self.mode);
                Vec::new()
            }
            Command::Validate => {
                self.validates = true;
                // What was trained saw examples that are to be held out.
                (self.job, self.suspended, self.networks) = (None, None, NetworkCache::default());
                Vec::new()
            }
            Command::Stop => {
                (self.job, self.suspended, self.networks) = (None, None, NetworkCache::default());
                Vec::new()
            }
            // The other engine's.
            Command::Files { data, .. } if data.is_of_sequences() => Vec::new(),
            Command::Files { data, files } => match choose(&files) {
                Ok((Choice::Whole(dataset), passed_over)) => {
                    let (train, test) = (dataset.train.len() as u32, dataset.test.len() as u32);
                    self.files.retain(|(name, _)| *name != data);
                    // What was trained on the files before is not this data set's any more.
                    if self.job.as_ref().is_some_and(|job| job.experiment.data == data) {
                        self.job = None;
                    }
                    self.suspended = None;
                    self.files.push((data, dataset));
                    vec![Event::FilesRead { data, train, test, passed_over }]
                }
                Ok((Choice::Missing(missing), passed_over)) => vec![Event::FilesMissing { data, missing, passed_over }],
                Err(trouble) => vec![Event::Error(trouble)],
            },
            Command::EstimateTime(experiment) => vec![Event::TimeEstimate(self.time(*experiment).await)],
            Command::AssignRuns(share) => {
                self.share = share;
                let results = match self.job.as_mut() {
                    Some(job) => job.assign_runs(share).await,
                    None => Ok(Vec::new()),
                };
                let mut events = results.unwrap_or_else(|Halt(trouble)| self.fail(trouble));
                events.insert(0, Event::AssignmentApplied { generation: share.generation });
                events
            }
            Command::Result(result) => self.job.as_mut().and_then(|job| job.merge_result(result)).into_iter().collect(),
            // How much memory it takes is known where it runs.
            Command::Ping => {
                let networks = self.networks.count() as u32;
                vec![Event::Pong { memory: 0.0, networks }]
            }
        }
    }

    /// Trains for about `budget`, or to the end of what was asked for, and reports.
    pub async fn advance(&mut self, budget: Duration) -> Vec<Event> {
        let mut events = Vec::new();
        if let Err(Halt(trouble)) = self.train(budget, &mut events).await {
            events.extend(self.fail(trouble));
        }
        if !self.is_running() {
            events.push(self.state());
        }
        events
    }

    /// Asks the job something; one that fails ends it.
    async fn with_job(&mut self, question: impl AsyncFnOnce(&mut Job) -> Result<Option<Event>, Halt>) -> Vec<Event> {
        let Some(job) = self.job.as_mut() else { return Vec::new() };
        match question(job).await {
            Ok(answer) => answer.into_iter().collect(),
            Err(Halt(trouble)) => self.fail(trouble),
        }
    }

    async fn train(&mut self, budget: Duration, events: &mut Vec<Event>) -> Result<(), Halt> {
        let Some(job) = self.job.as_mut() else { return Ok(()) };
        /// The plane is asked about as often as the page could show it.
        const MAP_EVERY: Duration = Duration::from_millis(100);
        /// A look inside costs several forward passes.
        const LOOK_EVERY: Duration = Duration::from_millis(500);
        let start = Instant::now();
        let mut steps = 0;
        let most = RunMode::burst(self.pace);
        loop {
            let epoch_ended = job.step(events).await?;
            steps += 1;
            self.mode.stepped(epoch_ended);
            // A GPU only queues what it is told, so that its time is known after a burst of steps has been waited for.
            let enough = if self.compute.info.gpu { steps >= self.burst } else { start.elapsed() >= budget };
            if job.is_at_rest() || self.mode == RunMode::Pause || enough || steps >= most {
                break;
            }
        }
        job.check_losses().await?;
        let elapsed = start.elapsed();
        if elapsed < budget / 2 {
            self.burst = (self.burst * 2).min(64);
        } else if elapsed > budget * 2 {
            self.burst = (self.burst / 2).max(1);
        }
        events.extend(job.progress(steps, elapsed).map(Event::Progress));
        self.due = self.pace.map(|pace| start + Duration::from_secs(1) * steps / pace.max(1));
        let halted = self.mode == RunMode::Pause || job.is_at_rest();
        let unseen = self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY || halted);
        if unseen && !self.watched.is_empty() {
            events.extend(job.inside(&self.watched).await?);
            self.looked = Some(Instant::now());
        }
        let stale = self.mapped.is_none_or(|mapped| mapped.elapsed() >= MAP_EVERY || self.mode == RunMode::Pause);
        if job.run == 0 && stale {
            events.extend(job.regions().await?);
            self.mapped = Some(Instant::now());
        }
        Ok(())
    }

    /// Makes this the experiment, redoing only what the changed knobs affect.
    async fn run(&mut self, experiment: Experiment) -> Vec<Event> {
        if let Err(trouble) = check_engine(&experiment) {
            return self.fail(trouble);
        }
        let suspended = self.suspended.take();
        let was_suspended = suspended.is_some();
        self.job = self.job.take().or(suspended);
        let Some(job) = self.job.as_mut() else { return self.start(experiment).await };
        // A compressed network's training belongs to the experiment as it was.
        let shown_only = changed(&job.experiment, &experiment).all(|knob| knob.phase == Phase::Show);
        let abandoned = if shown_only { None } else { job.abandon() };
        let finished = job.is_finished();
        let knobs: Vec<_> = changed(&job.experiment, &experiment).collect();
        let live_knob_changed = !finished && knobs.iter().any(|knob| knob.live);
        let redo = knobs.iter().filter(|knob| finished || !knob.live).map(|knob| knob.phase);
        let redo = redo.chain(was_suspended.then_some(Phase::Student)).min();
        if redo == Some(Phase::Data) {
            return self.start(experiment).await;
        }
        job.experiment = experiment;
        let done = match redo {
            Some(Phase::Teacher | Phase::Student) => {
                if redo == Some(Phase::Teacher) {
                    job.forget_imported();
                }
                job.restart().await
            }
            Some(Phase::Verdict) => job.change_runs().await,
            _ => Ok(Vec::new()),
        };
        let mut events = done.unwrap_or_else(|Halt(trouble)| self.fail(trouble));
        events.extend(abandoned);
        // What began anew was not edited.
        let goes_on = !matches!(redo, Some(Phase::Teacher | Phase::Student));
        if live_knob_changed
            && goes_on
            && let Some(job) = self.job.as_mut()
        {
            job.mark_edited();
        }
        if finished && self.mode == RunMode::Pause {
            self.mode = RunMode::Run;
        }
        events
    }

    /// Begins an experiment as if nothing had been trained.
    async fn start_anew(&mut self, experiment: Experiment) -> Vec<Event> {
        self.networks = NetworkCache::default();
        self.start(experiment).await
    }

    async fn start(&mut self, experiment: Experiment) -> Vec<Event> {
        self.job = None;
        self.suspended = None;
        let begun = match load(&experiment, &self.files) {
            Ok(mut dataset) => {
                if self.validates {
                    dataset.hold_out_validation();
                }
                dataset.add_own(self.own.iter().filter(|example| example.data == experiment.data));
                Job::new(dataset, experiment, self.share, self.networks.clone(), &self.compute.device).await
            }
            Err(trouble) => Err(Halt(trouble)),
        };
        match begun {
            Ok((job, events)) => {
                self.job = Some(job);
                self.mode = RunMode::Run;
                events
            }
            Err(Halt(trouble)) => self.fail(trouble),
        }
    }

    /// Takes a file as the teacher.
    async fn adopt(&mut self, file: &[u8]) -> Vec<Event> {
        let bad = |reason| vec![Event::Error(EngineError::BadFile { name: "teacher".into(), reason })];
        let Some(job) = self.job.as_mut() else { return Vec::new() };
        let (kind, features, layers) = match unpack_float(file) {
            Ok(read) => read,
            Err(error) => return bad(FileProblem::Other(error.to_string())),
        };
        let dataset = &job.data.dataset;
        let outputs = layers.last().map_or(0, |layer| layer.outputs);
        if (features, outputs) != (dataset.features(), dataset.classes) {
            return bad(FileProblem::OtherData {
                inputs: features as u32,
                classes: outputs as u32,
                data_inputs: dataset.features() as u32,
                data_classes: dataset.classes as u32,
            });
        }
        let teacher = job.plan.network(NetworkId::TEACHER).filter(|_| job.experiment.applies("teacher"));
        if teacher.is_none_or(|teacher| teacher.extra_outputs > 0 || !teacher.origin.is_trained()) {
            return bad(FileProblem::Other("this scheme has no teacher that could come from a file".into()));
        }
        if cfg!(not(feature = "graph")) && kind != NetworkKind::Mlp {
            return vec![Event::Error(EngineError::OtherEngine { data: job.experiment.data })];
        }
        match job.adopt(kind, &layers).await {
            Ok(events) => {
                self.mode = RunMode::Run;
                events
            }
            Err(Halt(trouble)) => self.fail(trouble),
        }
    }

    fn fail(&mut self, trouble: EngineError) -> Vec<Event> {
        let job = self.job.take();
        // Another knob may mend it, and the teacher is as good as before.
        self.suspended = job.filter(|_| matches!(trouble, EngineError::Refused { .. } | EngineError::NothingToLearn));
        // A device that failed takes its networks with it.
        if matches!(trouble, EngineError::Device { .. } | EngineError::Engine { .. }) {
            self.networks = NetworkCache::default();
        }
        vec![Event::Error(trouble)]
    }

    fn state(&self) -> Event {
        Event::State(self.mode.state(self.job.as_ref().map(|job| (job.is_finished(), job.is_at_rest()))))
    }
}

/// Whether this engine trains an experiment.
///
/// # Errors
/// [`EngineError::OtherEngine`].
fn check_engine(experiment: &Experiment) -> Result<(), EngineError> {
    match cfg!(feature = "graph") || !experiment.needs_graph() {
        true => Ok(()),
        false => Err(EngineError::OtherEngine { data: experiment.data }),
    }
}

#[cfg(test)]
mod perceptrons;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[cfg(feature = "graph")]
mod tests;
#[cfg(test)]
#[cfg(not(feature = "graph"))]
mod without_graph;

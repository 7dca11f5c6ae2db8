//! The engine and the workbench, driven together as the page drives its two workers.

use std::time::{Duration, Instant};

use pollster::block_on;
use retort_compress::workbench::Workbench;
use retort_engine::{NetworkCache, Session};
use retort_sequences::session::Session as SequenceSession;
use retort_spec::{
    Command, CompressionResult, CompressionStep, EngineError, Event, Experiment, NetworkId, Pipeline, WorkbenchCommand,
    WorkbenchEvent, encode,
};

use crate::{Failure, compute};

/// What trains.
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
pub enum LocalEngine {
    /// Images and points.
    Images(Session),
    /// Sequences and numbers, which the workbench has nothing to do with.
    Sequences(SequenceSession),
}

impl LocalEngine {
    /// The engine that trains the data of an experiment.
    ///
    /// # Errors
    /// If the device that is asked for is not there.
    pub fn of(experiment: &Experiment) -> Result<Self, Failure> {
        Self::sharing(experiment, &NetworkCache::default())
    }

    /// The same, where engines on other threads train beside it. Those of images and points train no network that
    /// another of them has trained.
    ///
    /// # Errors
    /// If the device that is asked for is not there.
    pub fn sharing(experiment: &Experiment, networks: &NetworkCache) -> Result<Self, Failure> {
        Ok(match experiment.data.is_of_sequences() {
            true => Self::Sequences(SequenceSession::adapting()),
            false => Self::Images(Session::sharing(compute(experiment.device)?, networks.clone())),
        })
    }

    /// The engine that trains images or points and measures them on held-out training examples.
    ///
    /// # Errors
    /// If the device that is asked for is not there.
    pub fn validating(experiment: &Experiment) -> Result<Self, Failure> {
        Ok(Self::Images(Session::validating(compute(experiment.device)?)))
    }

    fn handle(&mut self, command: Command) -> Vec<Event> {
        match self {
            Self::Images(session) => block_on(session.handle(command)),
            Self::Sequences(session) => session.handle(command),
        }
    }

    fn advance(&mut self, budget: Duration) -> Vec<Event> {
        match self {
            Self::Images(session) => block_on(session.advance(budget)),
            Self::Sequences(session) => session.advance(budget),
        }
    }

    fn is_running(&self) -> bool {
        match self {
            Self::Images(session) => session.is_running(),
            Self::Sequences(session) => session.is_running(),
        }
    }
}

/// An engine with a workbench beside it.
pub struct LocalDriver {
    session: LocalEngine,
    workbench: Workbench,
    /// The network that it compresses.
    pack: NetworkId,
    /// A pipeline is under way.
    compresses: bool,
    flows: u32,
}

impl LocalDriver {
    /// An engine without an experiment, and an empty workbench.
    pub fn new(session: LocalEngine) -> Self {
        let workbench = Workbench::new(milliseconds);
        Self { session, workbench, pack: NetworkId::STUDENT, compresses: false, flows: 0 }
    }

    /// Whether [`advance`](Self::advance) has anything to do.
    pub fn is_running(&self) -> bool {
        self.session.is_running() || self.workbench.is_busy() || self.compresses
    }

    /// Carries out a command.
    pub fn handle(&mut self, command: Command) -> Vec<Event> {
        let events = match command {
            Command::Workbench(order) => self.order(order),
            Command::Run(experiment) => {
                self.pack = experiment.pack;
                self.session.handle(Command::Run(experiment))
            }
            command => self.session.handle(command),
        };
        self.hand_on(events)
    }

    /// Trains for about `budget`, or does something of what the workbench has to do.
    pub fn advance(&mut self, budget: Duration) -> Vec<Event> {
        let mut events = Vec::new();
        if self.session.is_running() {
            events.extend(self.session.advance(budget));
        }
        if self.workbench.is_busy() {
            self.workbench.work(&mut |report| events.push(Event::Workbench(report)));
        }
        self.hand_on(events)
    }

    /// Trains an experiment to its end.
    ///
    /// # Errors
    /// The engine's trouble.
    pub fn run(&mut self, experiment: &Experiment) -> Result<Vec<Event>, EngineError> {
        let mut events = self.handle(Command::Run(experiment.clone()));
        while self.is_running() {
            events.extend(self.advance(Duration::from_secs(1)));
        }
        let trouble = events.iter().find_map(|event| match event {
            Event::Error(trouble) => Some(trouble.clone()),
            _ => None,
        });
        trouble.map_or(Ok(events), Err)
    }

    /// Carries out a pipeline on a run's network.
    pub fn compress(&mut self, experiment: &Experiment, run: u32, pipeline: &Pipeline) -> Vec<WorkbenchEvent> {
        let link = encode(&Experiment { compress: pipeline.clone(), ..experiment.clone() });
        self.flow(experiment, run, pipeline.clone(), link)
    }

    /// Writes a run's network in the scheme that the experiment's knobs choose.
    ///
    /// # Errors
    /// If it cannot be quantized so.
    pub fn quantize(&mut self, experiment: &Experiment, run: u32) -> Result<Option<CompressionResult>, Failure> {
        let pipeline = Pipeline(vec![CompressionStep::Quantize(experiment.quant_scheme())]);
        let mut done = None;
        for report in self.flow(experiment, run, pipeline, encode(experiment)) {
            match report {
                WorkbenchEvent::Stage { done: stage, .. } => done = Some(*stage),
                WorkbenchEvent::Ended { reason: Some(reason), .. } => {
                    return Err(Failure::PipelineEnd(format!("{reason:?}")));
                }
                _ => {}
            }
        }
        Ok(done)
    }

    fn flow(&mut self, experiment: &Experiment, run: u32, pipeline: Pipeline, link: String) -> Vec<WorkbenchEvent> {
        self.flows += 1;
        let seed = experiment.seed.wrapping_add(run);
        let order = WorkbenchCommand::Compress { id: self.flows, run, pipeline, seed, link };
        self.compresses = true;
        let mut events = self.handle(Command::Workbench(order));
        while self.compresses {
            events.extend(self.advance(Duration::from_secs(1)));
        }
        let reports = events.into_iter().filter_map(|event| match event {
            Event::Workbench(report) => Some(report),
            _ => None,
        });
        reports.collect()
    }

    fn order(&mut self, order: WorkbenchCommand) -> Vec<Event> {
        let mut events = Vec::new();
        self.workbench.handle(order, &mut |report| events.push(Event::Workbench(report)));
        events
    }

    /// Gives each what the other has for it, and returns what is left.
    fn hand_on(&mut self, events: Vec<Event>) -> Vec<Event> {
        let mut left = Vec::new();
        for event in events {
            match event {
                Event::EvaluationData(examples) => left.extend(self.order(WorkbenchCommand::EvaluationData(examples))),
                Event::Network(network) if network.network_id == self.pack => {
                    left.extend(self.order(WorkbenchCommand::Network(network)));
                }
                Event::Network(_) => {}
                Event::FineTuned(tuned) => {
                    let answered = self.order(WorkbenchCommand::FineTuned(tuned));
                    left.extend(self.hand_on(answered));
                }
                Event::Workbench(WorkbenchEvent::FineTune(tuning)) => {
                    let begun = self.session.handle(Command::FineTune(tuning));
                    left.extend(self.hand_on(begun));
                }
                Event::Data(data) => {
                    self.order(WorkbenchCommand::Forget);
                    let asked = self.session.handle(Command::RequestEvaluationData);
                    left.push(Event::Data(data));
                    left.extend(self.hand_on(asked));
                }
                Event::Workbench(WorkbenchEvent::Ended { .. }) => {
                    self.compresses = false;
                    left.push(event);
                }
                event => left.push(event),
            }
        }
        left
    }
}

/// A clock for the workbench.
fn milliseconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}

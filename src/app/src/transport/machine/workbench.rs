//! The workbench: started once networks learn, fed with what the engine gives, asked, and replaced when it dies.

use retort_spec::{
    Actor, Command, CompressionStep, Event, Experiment, Phase, Pipeline, QuantScheme, WorkbenchCommand, WorkbenchEvent,
    encode,
};

use crate::{
    platform::worker::Contents,
    state::{Action, BenchAction, link},
    transport::machine::{Effect, MOST_RESTARTS, Machine, Program, Word, WorkerId, knobs},
};

/// The worker with what it was told, so that another one can be told the same.
pub(super) struct Workbench<P> {
    id: Option<WorkerId>,
    ready: bool,
    examples: Option<P>,
    /// Which examples those are.
    key: String,
    networks: Vec<((u32, String), P)>,
    looked: Option<(QuantScheme, u32)>,
    /// Whether what was looked at has not come back yet.
    looking: bool,
    /// The number of the last pipeline.
    pipelines: u32,
}

impl<P> Default for Workbench<P> {
    fn default() -> Self {
        Self {
            id: None,
            ready: false,
            examples: None,
            key: String::new(),
            networks: Vec::new(),
            looked: None,
            looking: false,
            pipelines: 0,
        }
    }
}

impl<P> Workbench<P> {
    pub(super) fn is(&self, id: WorkerId) -> bool {
        self.id == Some(id)
    }

    /// Other files: the examples are others, though the knobs are the same.
    pub(super) fn forget_examples(&mut self) {
        self.examples = None;
    }

    fn listening(&self) -> Option<WorkerId> {
        self.id.filter(|_| self.ready)
    }
}

impl<P: Clone> Machine<P> {
    /// Tells the workbench, if it listens.
    pub(super) fn order(&mut self, order: WorkbenchCommand) {
        self.effects.extend(self.workbench.listening().map(|id| Effect::Order(id, order)));
    }

    fn hand_to_workbench(&mut self, parcel: P) {
        self.effects.extend(self.workbench.listening().map(|id| Effect::HandOn(id, parcel)));
    }

    /// Students are trained anew: the workbench is started if it is not there yet, and told of other examples.
    pub(super) fn begin_workbench(&mut self) {
        let key = knobs(&self.experiment, Phase::Data);
        let workbench = &mut self.workbench;
        workbench.networks.clear();
        (workbench.looked, workbench.looking) = (None, false);
        let asks = workbench.key != key || workbench.examples.is_none();
        workbench.key = key;
        self.order(WorkbenchCommand::Forget);
        if asks {
            self.send(&Command::RequestEvaluationData);
        }
        if self.workbench.id.is_none() {
            self.launch_workbench();
        }
    }

    fn launch_workbench(&mut self) {
        let id = self.start(Program::Workbench);
        (self.workbench.id, self.workbench.ready) = (Some(id), false);
    }

    /// The engine has something for the workbench. Examples and networks are kept for another one.
    pub(super) fn take(&mut self, contents: Contents, parcel: P) {
        self.hand_to_workbench(parcel.clone());
        match contents {
            Contents::EvaluationData => self.workbench.examples = Some(parcel),
            Contents::Network { run, actor } => {
                let is_shown = run == 0 && actor == Actor::Student.word();
                let networks = &mut self.workbench.networks;
                networks.retain(|((other, whose), _)| (*other, whose) != (run, &actor));
                networks.push(((run, actor), parcel));
                if is_shown {
                    self.look_anew();
                }
            }
            Contents::Result | Contents::Other => {}
        }
    }

    fn look_anew(&mut self) {
        (self.workbench.looked, self.workbench.looking) = (None, false);
        self.look();
    }

    /// The scheme that the experiment asks for is looked at, unless it was just now.
    pub(super) fn look(&mut self) {
        let (experiment, workbench) = (&self.experiment, &mut self.workbench);
        let wanted = (experiment.scheme().effective(), experiment.seed);
        let is_student = |((run, actor), _): &((u32, String), P)| *run == 0 && actor == Actor::Student.word();
        let there = workbench.networks.iter().any(is_student);
        if there && workbench.ready && !workbench.looking && workbench.looked != Some(wanted) {
            (workbench.looked, workbench.looking) = (Some(wanted), true);
            let (scheme, seed) = wanted;
            let made = Pipeline(vec![CompressionStep::Quantize(scheme)]);
            let link = link(experiment, &made);
            self.order(WorkbenchCommand::Quantize { scheme, seed, link });
        }
    }

    /// Carries out a pipeline on the first run's student.
    pub(super) fn compress(&mut self, pipeline: Pipeline) {
        self.workbench.pipelines += 1;
        let (id, seed) = (self.workbench.pipelines, self.experiment.seed);
        let link = encode(&Experiment { compress: pipeline.clone(), ..self.experiment.clone() });
        self.tell(Action::Bench(BenchAction::Begin { id, pipeline: pipeline.clone() }));
        self.order(WorkbenchCommand::Compress { id, run: 0, pipeline, seed, link });
    }

    pub(super) fn hear_workbench(&mut self, word: Word<P>) {
        match word {
            Word::Unavailable(reason) | Word::Died(reason) => self.replace_workbench(reason),
            Word::Parcel(_, parcel) => match self.listening() {
                Some(engine) => self.effects.push(Effect::HandOn(engine, parcel)),
                // Nobody is there to train it.
                None => self.order(WorkbenchCommand::CancelPipeline),
            },
            Word::Reports(reports) => self.hear_reports(reports),
            Word::Loading { .. } | Word::Loaded | Word::Events(_) => {}
        }
    }

    fn hear_reports(&mut self, reports: Vec<WorkbenchEvent>) {
        let mut told = Vec::new();
        for report in reports {
            match report {
                WorkbenchEvent::Ready => {
                    self.workbench.ready = true;
                    let Workbench { examples, networks, .. } = &self.workbench;
                    let known: Vec<P> =
                        examples.iter().chain(networks.iter().map(|(_, network)| network)).cloned().collect();
                    known.into_iter().for_each(|parcel| self.hand_to_workbench(parcel));
                    self.look_anew();
                }
                WorkbenchEvent::Failed { reason } => return self.replace_workbench(reason),
                report => {
                    if let WorkbenchEvent::Quantized(_) | WorkbenchEvent::Refused { .. } = report {
                        // A visitor who has dragged the slider on meanwhile has only its last place looked at.
                        self.workbench.looking = false;
                        self.look();
                    }
                    told.push(Event::Workbench(report));
                }
            }
        }
        if !told.is_empty() {
            self.tell(Action::Events { events: told, recorded: false });
        }
    }

    /// Starts another workbench in the place of one that died, and says so.
    fn replace_workbench(&mut self, reason: String) {
        self.workbench.ready = false;
        // It keeps its name while there is none, so that nobody starts another.
        self.end(self.workbench.id);
        self.restarts += 1;
        self.send(&Command::CancelFineTune);
        self.tell(Action::Bench(BenchAction::Lost(reason)));
        if self.restarts <= MOST_RESTARTS {
            self.launch_workbench();
        }
    }
}

//! The workbench: started once networks learn, fed with what the engine gives, asked, and replaced when it dies.

use retort_spec::{
    Command, CompressionStep, Event, Experiment, NetworkId, ParcelLabel, Phase, Pipeline, QuantScheme,
    WorkbenchCommand, WorkbenchEvent, encode,
};

use crate::{
    state::{Action, WorkbenchAction, link},
    transport::machine::{Effect, Machine, Program, WorkerId, WorkerInput, engine::MOST_RESTARTS, knobs},
};

/// The worker with what it was told, so that another one can be told the same.
pub(super) struct Workbench<P> {
    id: Option<WorkerId>,
    ready: bool,
    examples: Option<P>,
    /// Which examples those are.
    key: String,
    networks: Vec<((u32, NetworkId), P)>,
    current: Option<(QuantScheme, u32)>,
    /// Whether its result has not come back yet.
    quantizing: bool,
    /// The number of the last pipeline.
    pipelines: u32,
    /// How many times it was told to forget its networks and has not read that yet.
    unread: u32,
}

impl<P> Default for Workbench<P> {
    fn default() -> Self {
        Self {
            id: None,
            ready: false,
            examples: None,
            key: String::new(),
            networks: Vec::new(),
            current: None,
            quantizing: false,
            pipelines: 0,
            unread: 0,
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

    /// A network that was trained.
    pub(super) fn network(&self, run: u32, id: NetworkId) -> Option<P>
    where
        P: Clone,
    {
        self.networks.iter().find(|(of, _)| *of == (run, id)).map(|(_, network)| network.clone())
    }

    fn listening(&self) -> Option<WorkerId> {
        self.id.filter(|_| self.ready)
    }
}

/// Whether a report is about a network of the experiment, rather than about a file or the end of a pipeline.
fn is_of_networks(report: &WorkbenchEvent) -> bool {
    use WorkbenchEvent::{Ended, File, Imported, Refused};
    !matches!(report, Ended { .. } | File(_) | Imported(_) | Refused { .. })
}

impl<P: Clone> Machine<P> {
    /// Tells the workbench, if it listens.
    pub(super) fn order(&mut self, order: WorkbenchCommand) {
        self.effects.extend(self.workbench.listening().map(|id| Effect::SendWorkbench(id, order)));
    }

    fn forward_to_workbench(&mut self, parcel: P) {
        self.effects.extend(self.workbench.listening().map(|id| Effect::Forward(id, parcel)));
    }

    /// Students are trained anew: the workbench is started if it is not there yet, and told of other examples.
    pub(super) fn begin_workbench(&mut self) {
        if self.experiment.data.is_of_sequences() {
            // It knows no networks of sequences.
            return;
        }
        let key = knobs(&self.experiment, Phase::Data);
        let workbench = &mut self.workbench;
        workbench.networks.clear();
        (workbench.current, workbench.quantizing) = (None, false);
        let asks = workbench.key != key || workbench.examples.is_none();
        workbench.key = key;
        self.cancel_tuning();
        self.forget_networks();
        if asks {
            self.send(&Command::RequestEvaluationData);
        }
        if self.workbench.id.is_none() {
            self.launch_workbench();
        }
    }

    /// Another network is to be compressed: it takes the place of the one before.
    pub(super) fn pick(&mut self) {
        self.send(&Command::CancelFineTune);
        self.forget_networks();
        self.dispatch(Action::Bench(WorkbenchAction::Pick));
        self.forward_networks();
    }

    /// What the workbench says before it has read this is about networks that are there no more.
    fn forget_networks(&mut self) {
        self.workbench.unread += u32::from(self.workbench.listening().is_some());
        self.order(WorkbenchCommand::Forget);
        self.order(WorkbenchCommand::Ping);
    }

    /// Gives the workbench what it is to compress, as far as that is trained.
    fn forward_networks(&mut self) {
        let picked = self.experiment.pack;
        let networks = self.workbench.networks.iter().filter(|((_, network_id), _)| *network_id == picked);
        let networks: Vec<P> = networks.map(|(_, network)| network.clone()).collect();
        networks.into_iter().for_each(|network| self.forward_to_workbench(network));
        self.quantize_again();
    }

    fn launch_workbench(&mut self) {
        let id = self.start(Program::Workbench);
        (self.workbench.id, self.workbench.ready) = (Some(id), false);
    }

    /// The engine has something for the workbench. Examples and networks are kept for another one.
    pub(super) fn take(&mut self, label: ParcelLabel, parcel: P) {
        match label {
            ParcelLabel::EvaluationData => {
                self.forward_to_workbench(parcel.clone());
                self.workbench.examples = Some(parcel);
                // Networks that were found again came before the examples they are measured with, which made the
                // workbench forget them.
                self.forward_networks();
            }
            ParcelLabel::Network { run, network_id } => {
                let is_picked = network_id == self.experiment.pack;
                if is_picked {
                    self.forward_to_workbench(parcel.clone());
                }
                let networks = &mut self.workbench.networks;
                networks.retain(|((other, whose), _)| (*other, *whose) != (run, network_id));
                networks.push(((run, network_id), parcel));
                if is_picked && run == 0 {
                    self.quantize_again();
                }
            }
            ParcelLabel::FineTune | ParcelLabel::FineTuned | ParcelLabel::Result => self.forward_to_workbench(parcel),
        }
    }

    /// Saves every network of the first run that is trained.
    pub(super) fn save_networks(&mut self, stem: &str) {
        let first_run = self.workbench.networks.iter().filter(|((run, _), _)| *run == 0);
        let saves = first_run.map(|((_, id), parcel)| Effect::Save(format!("{stem}-{id}.retort"), parcel.clone()));
        self.effects.extend(saves);
    }

    fn quantize_again(&mut self) {
        (self.workbench.current, self.workbench.quantizing) = (None, false);
        self.quantize();
    }

    /// Quantizes by the experiment's scheme, unless that was done last.
    pub(super) fn quantize(&mut self) {
        let (experiment, workbench) = (&self.experiment, &mut self.workbench);
        let wanted = (experiment.quant_scheme().effective(), experiment.seed);
        let picked = experiment.pack;
        let is_picked = |((run, network_id), _): &((u32, NetworkId), P)| *run == 0 && *network_id == picked;
        let there = workbench.networks.iter().any(is_picked);
        if there && workbench.ready && !workbench.quantizing && workbench.current != Some(wanted) {
            (workbench.current, workbench.quantizing) = (Some(wanted), true);
            let (scheme, seed) = wanted;
            let made = Pipeline(vec![CompressionStep::Quantize(scheme)]);
            let link = link(experiment, &made);
            self.order(WorkbenchCommand::Quantize { scheme, seed, link });
        }
    }

    /// Carries out a pipeline on the first run's network.
    pub(super) fn compress(&mut self, pipeline: Pipeline) {
        self.workbench.pipelines += 1;
        let (id, seed) = (self.workbench.pipelines, self.experiment.seed);
        let link = encode(&Experiment { compress: pipeline.clone(), ..self.experiment.clone() });
        self.dispatch(Action::Bench(WorkbenchAction::Begin { id, pipeline: pipeline.clone() }));
        self.order(WorkbenchCommand::Compress { id, run: 0, pipeline, seed, link });
    }

    pub(super) fn on_workbench(&mut self, input: WorkerInput<P>) {
        match input {
            WorkerInput::Unavailable(reason) | WorkerInput::Died(reason) => self.replace_workbench(reason),
            // It was sent for a pipeline that is given up.
            WorkerInput::Parcel(..) if self.workbench.unread > 0 => {}
            WorkerInput::Parcel(_, parcel) => self.fine_tune(parcel),
            WorkerInput::WorkbenchEvents(reports) => self.on_workbench_events(reports),
            WorkerInput::Loading { .. } | WorkerInput::Loaded | WorkerInput::Events(_) => {}
        }
    }

    fn on_workbench_events(&mut self, reports: Vec<WorkbenchEvent>) {
        let mut told = Vec::new();
        for report in reports {
            match report {
                WorkbenchEvent::Ready => {
                    (self.workbench.ready, self.workbench.unread) = (true, 0);
                    if let Some(examples) = self.workbench.examples.clone() {
                        self.forward_to_workbench(examples);
                    }
                    self.forward_networks();
                }
                WorkbenchEvent::Failed { reason } => return self.replace_workbench(reason),
                WorkbenchEvent::Pong => self.workbench.unread = self.workbench.unread.saturating_sub(1),
                report if self.workbench.unread > 0 && is_of_networks(&report) => {}
                report => {
                    if let WorkbenchEvent::Quantized(_) | WorkbenchEvent::Refused { .. } = report {
                        // The slider may have been dragged on meanwhile: only its last place counts.
                        self.workbench.quantizing = false;
                        self.quantize();
                    }
                    told.push(Event::Workbench(report));
                }
            }
        }
        if !told.is_empty() {
            self.dispatch(Action::Events { events: told, recorded: false });
        }
    }

    /// Starts another workbench in the place of one that died, and says so.
    fn replace_workbench(&mut self, reason: String) {
        self.workbench.ready = false;
        // It keeps its name while there is none, so that nobody starts another.
        self.end(self.workbench.id);
        self.restarts += 1;
        self.send(&Command::CancelFineTune);
        let restarted = self.restarts <= MOST_RESTARTS;
        self.dispatch(Action::Bench(WorkbenchAction::Lost { reason, restarted }));
        if restarted {
            self.launch_workbench();
        }
    }
}

//! Training a compressed network on, where the engine that trains the experiment cannot: perceptrons learn without a
//! graph, compressed networks do not.
//!
//! The engine with a graph is started beside the other one. It trains the first run again, which gives the same
//! networks, from the teacher that is there already. Then it is handed the request. It stays for the next request,
//! until something else is to be trained.

use retort_spec::{
    Command, EngineError, Event, Experiment, NetworkId, ParcelLabel, Phase, RunAssignment, RunState, WorkbenchCommand,
};

use crate::{
    state::{Action, Notice},
    transport::machine::{
        Effect, Machine, Program, WorkerId, WorkerInput, engine::MAX_MISSED_PINGS, knobs, sweeper::imitates_one,
    },
};

/// The engine beside the other one.
struct Tuner<P> {
    id: WorkerId,
    /// What it trains: the values of all knobs that decide it.
    key: String,
    experiment: Experiment,
    /// Whether the product of the first run is there.
    is_measured: bool,
    /// Whether all its networks are.
    is_finished: bool,
    /// What it is asked to train on, once they are.
    request: Option<P>,
    /// Whether it trains that on.
    is_busy: bool,
    /// Whether the page is told when it trains and when it waits.
    is_shown: bool,
    unanswered: u32,
}

/// The tuner's part of the machine.
pub(super) struct Tuning<P>(Option<Tuner<P>>);

impl<P> Default for Tuning<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P> Tuning<P> {
    pub(super) fn is(&self, id: WorkerId) -> bool {
        self.0.as_ref().is_some_and(|tuner| tuner.id == id)
    }

    /// The tuner, if the page shows what it does: the other engine has nothing to do then.
    pub(super) fn shown(&self) -> Option<WorkerId> {
        self.0.as_ref().filter(|tuner| tuner.is_shown).map(|tuner| tuner.id)
    }
}

impl<P: Clone> Machine<P> {
    /// The workbench wants a network trained on.
    pub(super) fn fine_tune(&mut self, parcel: P) {
        match (self.listening(), self.engine.as_ref().map(|engine| engine.program)) {
            (Some(_), Some(Program::Perceptrons)) => self.fine_tune_beside(parcel),
            (Some(engine), _) => self.effects.push(Effect::Forward(engine, parcel)),
            // Nobody is there to train it.
            (None, _) => self.order(WorkbenchCommand::CancelPipeline),
        }
    }

    fn fine_tune_beside(&mut self, parcel: P) {
        if self.tuning.0.is_none() {
            let tuner = Tuner {
                id: self.start(Program::Cpu),
                key: knobs(&self.experiment, Phase::Verdict),
                experiment: self.experiment.clone(),
                is_measured: false,
                is_finished: false,
                request: None,
                is_busy: false,
                is_shown: false,
                unanswered: 0,
            };
            self.tuning.0 = Some(tuner);
        }
        if let Some(tuner) = &mut self.tuning.0 {
            tuner.request = Some(parcel);
        }
        self.hand_over_request();
    }

    /// Hands the tuner what it is asked to train on, once it can.
    fn hand_over_request(&mut self) {
        let Some(tuner) = self.tuning.0.as_mut().filter(|tuner| tuner.is_finished) else { return };
        if let Some(parcel) = tuner.request.take() {
            (tuner.is_busy, tuner.is_shown) = (true, true);
            self.effects.push(Effect::Forward(tuner.id, parcel));
        }
    }

    /// Ends the tuner: what it has trained is not what is trained now.
    pub(super) fn end_tuner(&mut self) {
        if let Some(tuner) = self.tuning.0.take() {
            self.end(Some(tuner.id));
            if tuner.is_shown {
                self.show_state(RunState::Finished);
            }
            // Somebody may wait for it.
            self.order(WorkbenchCommand::CancelPipeline);
        }
    }

    /// The same, if that is so.
    pub(super) fn end_stale_tuner(&mut self) {
        let key = knobs(&self.experiment, Phase::Verdict);
        if self.tuning.0.as_ref().is_some_and(|tuner| tuner.key != key) {
            self.end_tuner();
        }
    }

    /// Nobody waits for the network that is trained on any more.
    pub(super) fn cancel_tuning(&mut self) {
        let Some(tuner) = &mut self.tuning.0 else { return };
        if tuner.request.take().is_none() {
            self.effects.push(Effect::Send(tuner.id, Command::CancelFineTune));
        }
    }

    pub(super) fn on_tuner(&mut self, input: WorkerInput<P>) {
        let Some(tuner) = &mut self.tuning.0 else { return };
        tuner.unanswered = 0;
        match input {
            WorkerInput::Events(events) => {
                for event in events {
                    self.on_tuner_event(event);
                }
            }
            WorkerInput::Parcel(label @ ParcelLabel::FineTuned, parcel) => {
                tuner.is_busy = false;
                self.take(label, parcel);
            }
            WorkerInput::Unavailable(reason) | WorkerInput::Died(reason) => self.lose_tuner(reason),
            WorkerInput::Parcel(..)
            | WorkerInput::Loading { .. }
            | WorkerInput::Loaded
            | WorkerInput::WorkbenchEvents(_) => {}
        }
    }

    fn on_tuner_event(&mut self, event: Event) {
        let Some(tuner) = &mut self.tuning.0 else { return };
        match &event {
            Event::Ready(_) => self.init_tuner(),
            Event::Measured(measured) => tuner.is_measured |= measured.network_id == self.product,
            Event::State(state) if tuner.is_shown => {
                tuner.is_shown = tuner.is_busy;
                self.show_state(*state);
            }
            Event::State(RunState::Finished) if tuner.is_measured => {
                tuner.is_finished = true;
                self.hand_over_request();
            }
            // How far the compressed network is.
            Event::Progress(progress) if progress.phase.is_none() => {
                self.dispatch(Action::Events { events: vec![event], recorded: false });
            }
            Event::Error(EngineError::BadFile { .. }) => {}
            Event::Error(EngineError::Engine { reason } | EngineError::Device { reason }) => {
                self.lose_tuner(reason.clone());
            }
            Event::Error(trouble) => self.lose_tuner(trouble.to_string()),
            _ => {}
        }
    }

    fn show_state(&mut self, state: RunState) {
        self.outrank_sweep(state);
        self.dispatch(Action::Events { events: vec![Event::State(state)], recorded: false });
    }

    /// Tells a fresh tuner what to train: the first run alone.
    fn init_tuner(&mut self) {
        let Some(Tuner { id, experiment, .. }) = &self.tuning.0 else { return };
        let (id, experiment) = (*id, experiment.clone());
        let is_run = |command: &Command| matches!(command, Command::Run(_));
        let spared = |command: &Command| matches!(command, Command::Pause | Command::SetSpeedLimit(_));
        let mut commands = self.replay_commands();
        commands.retain(|command| !spared(command));
        // Only then is it known which teacher its networks have.
        commands.insert(0, Command::AssignRuns(RunAssignment { index: RunAssignment::IDLE, count: 1, generation: 0 }));
        commands.iter_mut().filter(|command| is_run(command)).for_each(|run| *run = Command::Run(experiment.clone()));
        self.effects.extend(commands.into_iter().map(|command| Effect::Send(id, command)));
        if self.teacher_file.is_none() && imitates_one(&experiment) {
            let teacher = self.workbench.network(0, NetworkId::TEACHER);
            self.effects.extend(teacher.map(|teacher| Effect::Forward(id, teacher)));
        }
        self.effects.push(Effect::Send(id, Command::AssignRuns(RunAssignment::only(0, 1))));
    }

    /// The tuner has ended, and with it what it trained.
    fn lose_tuner(&mut self, reason: String) {
        self.end_tuner();
        self.dispatch(Action::Notify(Notice::Restarted { reason }));
    }

    /// Asks whether the tuner is alive.
    pub(super) fn watch_tuner(&mut self) {
        let Some(tuner) = &mut self.tuning.0 else { return };
        tuner.unanswered += 1;
        match tuner.unanswered > MAX_MISSED_PINGS {
            true => self.lose_tuner("no answer".into()),
            false => self.effects.push(Effect::Send(tuner.id, Command::Ping)),
        }
    }
}

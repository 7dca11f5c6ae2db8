//! The engine: its start, its messages, and its restart when it dies.

use retort_spec::{Command, EngineError, Event, RunState, WorkbenchCommand};

use crate::{
    state::{self, Action, Notice, device::DeviceReason},
    transport::machine::{Effect, Engine, Machine, Program, WorkerId, WorkerInput},
};

/// Ticks that a worker may leave unanswered before it counts as dead: half a minute, since the logits of a large
/// teacher on a large data set take ten seconds in one go. (A panic tells of itself at once.) Counted in ticks, not in
/// time, since a laptop that was closed for an hour has missed no ticks.
pub(super) const MAX_MISSED_PINGS: u32 = 12;
/// Deaths after which another start would only die again.
pub(super) const MOST_RESTARTS: u32 = 5;

impl<P: Clone> Machine<P> {
    /// Starts an engine; the one before ends, and its helpers do.
    pub(super) fn launch(&mut self, program: Program) {
        let before = self.engine.take().map(|engine| engine.id);
        self.end(before);
        self.dismiss();
        self.end_tuner();
        self.forget_question();
        let id = self.start(program);
        self.engine = Some(Engine { id, program, ready: false, unanswered: 0 });
    }

    pub(super) fn on_engine(&mut self, id: WorkerId, input: WorkerInput<P>) {
        let Some(engine) = &mut self.engine else { return };
        match input {
            WorkerInput::Loading { received, total } => {
                self.dispatch(Action::Engine(state::Engine::Loading { received, total }))
            }
            WorkerInput::Loaded => self.dispatch(Action::Engine(state::Engine::Starting)),
            WorkerInput::Unavailable(reason) if engine.program == Program::Gpu => self.recover(reason),
            // Nothing else could run in its place.
            WorkerInput::Unavailable(reason) => self.dispatch(Action::Engine(state::Engine::Failed(reason))),
            WorkerInput::Died(reason) => self.recover(reason),
            WorkerInput::Parcel(label, parcel) => {
                engine.unanswered = 0;
                self.take(label, parcel);
            }
            WorkerInput::Events(events) => {
                engine.unanswered = 0;
                self.on_engine_events(id, events);
            }
            WorkerInput::WorkbenchEvents(_) => {}
        }
    }

    pub(super) fn on_engine_events(&mut self, id: WorkerId, events: Vec<Event>) {
        let is_small = self.engine.as_ref().is_some_and(|engine| engine.program == Program::Perceptrons);
        let (begun, mut told) = (self.pool.has_begun(), Vec::with_capacity(events.len()));
        for event in events {
            match &event {
                Event::Ready(_) => self.init_engine(id),
                Event::AssignmentApplied { generation } => self.pool.first_begins(*generation),
                Event::Point(point) if !self.pool.is_new_of_first(point) => continue,
                Event::FilesRead { data, .. } => self.files_read(*data),
                Event::Adapted(knobs) => self.adapt(knobs),
                Event::Data(_) => {
                    self.began = true;
                    self.timing.began = self.now;
                    self.begin_workbench();
                }
                Event::Verdict(_) => {
                    // Only an experiment that came to its end shows that the engine can live.
                    self.restarts = 0;
                    self.rest();
                }
                // It has nothing to do while a compressed network learns on elsewhere.
                Event::State(_) if self.tuning.shown().is_some() => continue,
                Event::State(state) => {
                    self.paused = *state == RunState::Paused;
                    self.pool.gathering = *state == RunState::Gathering;
                    self.outrank_sweep(*state);
                    if !self.paused {
                        self.go_on();
                    }
                }
                Event::File { extension, file } => {
                    let stem = state::record::stem(&self.experiment);
                    self.effects.push(Effect::SaveBytes(format!("{stem}.{extension}"), file.clone()));
                }
                Event::Pong { memory, .. } => self.set_first_memory(*memory),
                Event::TimeEstimate(time) => self.decide(time),
                Event::Error(trouble) => match trouble {
                    EngineError::FilesNeeded { data } => self.effects.push(Effect::LoadCachedFiles(*data)),
                    EngineError::BadFile { name, .. } if name == "teacher" => self.teacher_file = None,
                    EngineError::BadFile { name, reason } => self.withdraw(name, reason),
                    EngineError::Engine { reason } | EngineError::Device { reason } => {
                        return self.recover(reason.clone());
                    }
                    // A teacher from a file may be no perceptron.
                    EngineError::OtherEngine { .. } if is_small => return self.launch(Program::Cpu),
                    _ => {}
                },
                _ => {}
            }
            told.push(event);
        }
        // What helpers have said comes before it, unless it had to wait until the first worker began the same.
        if begun == self.pool.has_begun() {
            self.flush_held_events();
        }
        self.dispatch(Action::Events { events: told, recorded: false });
        self.flush_held_events();
    }

    /// Tells a fresh engine all that its predecessor knew.
    pub(super) fn init_engine(&mut self, id: WorkerId) {
        if let Some(engine) = &mut self.engine {
            engine.ready = true;
        }
        if !self.inside.is_empty() {
            self.effects.push(Effect::Send(id, Command::InspectActivations(self.inside.clone())));
        }
        let replay_commands = self.replay_commands();
        self.effects.extend(replay_commands.into_iter().map(|command| Effect::Send(id, command)));
        // From here on it says of which training it speaks.
        self.share();
        self.spawn_helpers();
        // Now that the processor trains there is time to ask what would be faster.
        self.time();
    }

    pub(super) fn tick(&mut self) {
        let Some(engine) = self.engine.as_mut().filter(|engine| engine.ready) else { return };
        engine.unanswered += 1;
        if engine.unanswered > MAX_MISSED_PINGS {
            self.recover("no answer".into());
        } else {
            self.watch_helpers();
            self.send(&Command::Ping);
        }
    }

    /// Starts an engine on the processor with the experiment that the dead one had, and says so.
    pub(super) fn recover(&mut self, reason: String) {
        let dead = self.engine.take();
        let program = dead.as_ref().map_or(Program::Cpu, |dead| dead.program);
        self.gpu_failed |= program == Program::Gpu;
        self.end(dead.map(|dead| dead.id));
        self.dismiss();
        self.restarts += 1;
        if self.restarts > MOST_RESTARTS {
            return self.dispatch(Action::Engine(state::Engine::Failed(reason)));
        }
        // What it was training for the workbench is lost.
        self.order(WorkbenchCommand::CancelPipeline);
        self.dispatch(Action::Notify(Notice::Restarted { reason }));
        if self.gpu_failed {
            self.dispatch(Action::Device(DeviceReason::GpuFailed));
        }
        self.launch(if program == Program::Sequences { program } else { self.cpu_program() });
    }
}

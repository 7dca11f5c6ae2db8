//! What the page does about its workers: which engine runs, what it is told, who replaces it when it dies.
//!
//! A [`Machine`] has neither a document nor a clock: [`Machine::step`] takes what happened and says what is to be done
//! about it. The [driver](crate::transport::Driver) carries that out in a browser, the tests against engines of their
//! own.

pub mod engine;
pub mod files;
pub mod pool;
mod sweeper;
pub mod timing;
mod tuner;
pub mod workbench;

use retort_spec::{
    Command, DataSet, Event, Experiment, FileData, Floats, KNOBS, NetworkId, ParcelLabel, Phase, Pipeline, RunMode,
    SearchPlan, Sweep, UserExample, WorkbenchCommand, WorkbenchEvent,
};

use crate::{
    state::{
        Action,
        device::{Adapter, DeviceReason, choose},
    },
    transport::machine::{pool::Pool, sweeper::Sweeper, timing::Timing, tuner::Tuning, workbench::Workbench},
};

/// Names a worker; none is used twice, so that a late message of one that has ended is known as such.
pub type WorkerId = u32;

/// What a worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The engine that trains perceptrons by labels and soft targets, on the processor: the first that is fetched.
    Perceptrons,
    /// The engine that trains all networks, on the processor.
    Cpu,
    /// The engine that trains on the GPU.
    Gpu,
    /// The engine that trains sequences and numbers, on the processor.
    Sequences,
    /// The workbench.
    Workbench,
}

/// What a worker does or says.
#[derive(Debug, Clone)]
pub enum WorkerInput<P> {
    /// Its program arrives.
    Loading {
        /// Bytes received.
        received: f64,
        /// Bytes in all, where they are known.
        total: Option<f64>,
    },
    /// Its program has arrived and starts.
    Loaded,
    /// Its program cannot be had.
    Unavailable(String),
    /// An engine reports.
    Events(Vec<Event>),
    /// The workbench reports.
    WorkbenchEvents(Vec<WorkbenchEvent>),
    /// Something for another worker.
    Parcel(ParcelLabel, P),
    /// It has ended.
    Died(String),
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input<P> {
    /// The browser has told what GPU there is.
    Probed(Adapter),
    /// This is the experiment from now on.
    Run(Experiment),
    /// The visitor tells the engine something.
    Send(Command),
    /// The visitor's own training examples are these.
    SetUserExamples(Vec<UserExample>),
    /// Train at most so many steps a second.
    SetSpeedLimit(Option<u32>),
    /// Look at what this input does inside the networks; at an empty one: no more.
    InspectActivations(Floats),
    /// Files of a data set, all or some of them.
    Files(DataSet, Vec<FileData>),
    /// A network from a file becomes the teacher of this experiment, which names its architecture.
    UseTeacherFile(Experiment, Vec<u8>),
    /// A network from a file takes the place of the first run's on the workbench.
    ReplaceNetwork(P),
    /// The visitor tells the workbench something.
    Workbench(WorkbenchCommand),
    /// The visitor wants the files of all networks of the first run, under names that begin so.
    SaveNetworks(String),
    /// Carry out a pipeline on the first run's network.
    Compress(Pipeline),
    /// Give up the pipeline that is under way.
    CancelPipeline,
    /// Train the cells of this sweep, which is made from this experiment, or search among them.
    StartSweep(Box<(Experiment, Sweep, Option<SearchPlan>)>),
    /// Pause the sweep, or let it go on.
    PauseSweep(bool),
    /// End the sweep.
    CancelSweep,
    /// A recorded run of the default experiment.
    Recorded(Vec<Event>),
    /// Some seconds have passed.
    Tick,
    /// What helpers have said has waited long enough.
    Held,
    /// A worker does or says something.
    Worker(WorkerId, WorkerInput<P>),
}

/// What is to be done.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "effects are carried out one at a time, and a command in a box is no shorter"
)]
pub enum Effect<P> {
    /// Start a worker.
    Start(WorkerId, Program),
    /// End a worker.
    End(WorkerId),
    /// Send an engine a command.
    Send(WorkerId, Command),
    /// Send the workbench an order.
    SendWorkbench(WorkerId, WorkbenchCommand),
    /// Hand a worker what another one sent.
    Forward(WorkerId, P),
    /// Save the packed file of a network under this name.
    Save(String, P),
    /// Save a file under this name.
    SaveBytes(String, Vec<u8>),
    /// Tell the page.
    Dispatch(Action),
    /// Come back with [`Input::Held`] after so many milliseconds.
    Hold(u32),
    /// Look for files of an earlier visit, and come back with [`Input::Files`] if there are any.
    LoadCachedFiles(DataSet),
    /// Keep files for the next visit.
    CacheFiles(DataSet, Vec<FileData>),
}

/// What trains for the visitor.
struct Engine {
    id: WorkerId,
    program: Program,
    ready: bool,
    /// Ticks since it was heard of.
    unanswered: u32,
}

/// A teacher from a file.
struct TeacherFile {
    file: Vec<u8>,
    /// The teacher's and the data's knobs that it stands for.
    key: String,
}

/// The state of all workers. `P` is what they send each other.
pub struct Machine<P> {
    effects: Vec<Effect<P>>,
    /// Seconds, by whatever clock calls.
    now: f64,
    workers: WorkerId,
    cores: u32,
    /// The computer's memory in GiB, where it is known.
    memory: Option<f64>,
    /// Unknown until the browser has answered.
    adapter: Option<Adapter>,
    engine: Option<Engine>,
    gpu_failed: bool,
    restarts: u32,
    experiment: Experiment,
    /// The network that the plan is about.
    product: NetworkId,
    files: Vec<(DataSet, Vec<FileData>)>,
    /// Files that no engine has judged yet.
    offered: Option<(DataSet, Vec<FileData>)>,
    /// Whether this page's own engine has begun to show something.
    began: bool,
    /// Whether training waits for the visitor.
    paused: bool,
    own: Vec<UserExample>,
    pace: Option<u32>,
    /// The input whose activations are shown; empty if none are.
    inside: Floats,
    teacher_file: Option<TeacherFile>,
    workbench: Workbench<P>,
    pool: Pool,
    timing: Timing,
    tuning: Tuning<P>,
    sweeper: Sweeper<P>,
}

/// The values of an experiment's knobs up to a phase.
fn knobs(experiment: &Experiment, last: Phase) -> String {
    KNOBS.iter().filter(|knob| knob.phase <= last).map(|knob| knob.get(experiment) + " ").collect()
}

impl<P: Clone> Machine<P> {
    /// A machine without workers, on a computer of so many cores and so much memory in GiB.
    pub fn new(experiment: Experiment, cores: u32, memory: Option<f64>) -> Self {
        Self {
            effects: Vec::new(),
            now: 0.0,
            workers: 0,
            cores,
            memory,
            adapter: None,
            engine: None,
            gpu_failed: false,
            restarts: 0,
            product: experiment.plan().product,
            experiment,
            files: Vec::new(),
            offered: None,
            began: false,
            paused: false,
            own: Vec::new(),
            pace: None,
            inside: Floats::default(),
            teacher_file: None,
            workbench: Workbench::default(),
            pool: Pool::default(),
            timing: Timing::default(),
            tuning: Tuning::default(),
            sweeper: Sweeper::default(),
        }
    }

    /// What is to be done about this, in order, at this time in seconds.
    pub fn step(&mut self, input: Input<P>, now: f64) -> Vec<Effect<P>> {
        self.now = now;
        match input {
            Input::Probed(adapter) => {
                self.adapter = Some(adapter);
                self.choose_and_run();
            }
            Input::Run(experiment) => self.run(experiment),
            Input::Send(command) => self.send_from_the_page(command),
            Input::SetUserExamples(own) => self.set_user_examples(own),
            Input::SetSpeedLimit(pace) if pace != self.pace => {
                self.send(&Command::SetSpeedLimit(pace));
                self.pace = pace;
            }
            Input::InspectActivations(input) if input != self.inside => {
                self.send(&Command::InspectActivations(input.clone()));
                self.inside = input;
            }
            Input::SetSpeedLimit(_) | Input::InspectActivations(_) => {}
            Input::Files(data, files) => self.collect(data, files),
            Input::UseTeacherFile(experiment, file) => {
                let key = knobs(&experiment, Phase::Teacher);
                self.end_tuner();
                // Before it is given: a teacher's knob would otherwise make the engine train another one.
                self.run(experiment);
                self.teacher_file = Some(TeacherFile { file, key });
                self.send_teacher_file();
            }
            Input::ReplaceNetwork(parcel) => {
                self.take(ParcelLabel::Network { run: 0, network_id: self.experiment.pack }, parcel);
            }
            Input::SaveNetworks(stem) => self.save_networks(&stem),
            Input::Workbench(order) => self.order(order),
            Input::Compress(pipeline) => self.compress(pipeline),
            Input::CancelPipeline => {
                self.send(&Command::CancelFineTune);
                self.order(WorkbenchCommand::CancelPipeline);
            }
            Input::Recorded(events) => {
                if !self.began {
                    self.dispatch(Action::Events { events, recorded: true });
                }
            }
            Input::StartSweep(sweep) => self.start_sweep(sweep.0, sweep.1, sweep.2),
            Input::PauseSweep(pause) => self.pause_sweep(pause),
            Input::CancelSweep => self.cancel_sweep(),
            Input::Tick => {
                self.tick();
                self.watch_tuner();
                self.watch_sweep();
            }
            Input::Held => self.flush_held_at_last(),
            Input::Worker(id, input) => self.receive(id, input),
        }
        std::mem::take(&mut self.effects)
    }

    fn dispatch(&mut self, action: Action) {
        self.effects.push(Effect::Dispatch(action));
    }

    fn start(&mut self, program: Program) -> WorkerId {
        self.workers += 1;
        self.effects.push(Effect::Start(self.workers, program));
        self.workers
    }

    fn end(&mut self, worker: Option<WorkerId>) {
        self.effects.extend(worker.map(Effect::End));
    }

    /// The engine, once it listens.
    fn listening(&self) -> Option<WorkerId> {
        self.engine.as_ref().filter(|engine| engine.ready).map(|engine| engine.id)
    }

    /// Makes this the experiment, on the engine that suits it.
    fn run(&mut self, experiment: Experiment) {
        self.product = experiment.plan().product;
        let picks = experiment.pack != self.experiment.pack;
        self.experiment = experiment;
        if picks {
            self.pick();
        }
        let key = knobs(&self.experiment, Phase::Teacher);
        if self.teacher_file.as_ref().is_some_and(|teacher_file| teacher_file.key != key) {
            // Another teacher is asked for.
            self.teacher_file = None;
        }
        self.end_stale_tuner();
        self.quantize();
        self.choose_and_run();
    }

    /// The program that trains the experiment on the processor: the smaller one where that is enough, unless the one
    /// that trains everything is there already.
    fn cpu_program(&self) -> Program {
        let is_there = self.engine.as_ref().is_some_and(|engine| engine.program == Program::Cpu);
        if is_there || self.experiment.needs_graph() { Program::Cpu } else { Program::Perceptrons }
    }

    fn choose_and_run(&mut self) {
        let timed = self.timed();
        // Where even a good GPU would not be used, nobody waits for the browser's answer.
        let reason = match choose(&self.experiment, self.adapter.unwrap_or(Adapter::Usable), timed) {
            reason if (reason.is_gpu() || reason == DeviceReason::Timing) && self.gpu_failed => DeviceReason::GpuFailed,
            reason if reason.is_gpu() && self.adapter.is_none() => return,
            reason => reason,
        };
        self.dispatch(Action::Device(reason));
        self.dispatch(Action::Timed(timed));
        let program = match reason {
            DeviceReason::Sequences => Program::Sequences,
            reason if reason.is_gpu() => Program::Gpu,
            _ => self.cpu_program(),
        };
        match self.engine.as_ref().map(|engine| engine.program) == Some(program) {
            // An engine that still starts runs the latest experiment when it is ready.
            true => {
                self.send(&Command::Run(self.experiment.clone()));
                self.spawn_helpers();
            }
            false => self.launch(program),
        }
        self.time();
    }

    /// Tells the engine, if it listens, and whoever else must know.
    fn send(&mut self, command: &Command) {
        // What was said before belongs to what was trained before.
        self.flush_held_events();
        match command {
            Command::Pause => self.paused = true,
            Command::Resume | Command::Reset => self.paused = false,
            Command::CancelFineTune => self.cancel_tuning(),
            _ => {}
        }
        if RunMode::of(command).is_some() {
            self.effects.extend(self.tuning.shown().map(|id| Effect::Send(id, command.clone())));
        }
        if let Some(id) = self.listening() {
            self.effects.push(Effect::Send(id, command.clone()));
            self.broadcast(command);
        }
    }

    /// Training from the first step on keeps a teacher from a file.
    fn send_from_the_page(&mut self, command: Command) {
        if command == Command::Reset {
            self.end_tuner();
        }
        self.send(&command);
        if command == Command::Reset {
            self.send_teacher_file();
        }
    }

    /// The engine set some knobs, perhaps to what a teacher from a file is.
    fn adapt(&mut self, knobs: &str) {
        self.experiment = self.experiment.adapted(knobs);
        if let Some(teacher_file) = &mut self.teacher_file {
            teacher_file.key = self::knobs(&self.experiment, Phase::Teacher);
        }
    }

    fn send_teacher_file(&mut self) {
        if let Some(TeacherFile { file, .. }) = &self.teacher_file {
            let file = file.clone();
            self.send(&Command::UseTeacherFile { file });
        }
    }

    fn set_user_examples(&mut self, own: Vec<UserExample>) {
        if self.own == own {
            return;
        }
        let data = self.experiment.data;
        let of = |own: &[UserExample]| own.iter().filter(|one| one.data == data).cloned().collect::<Vec<UserExample>>();
        let differs = of(&own) != of(&self.own);
        self.send(&Command::SetUserExamples(own.clone()));
        self.own = own;
        if differs {
            self.end_tuner();
            self.send_teacher_file();
        }
    }

    /// All that a fresh engine has to be told.
    fn replay_commands(&self) -> Vec<Command> {
        // Files that no engine has judged yet among them.
        let is_of_sequences = self.experiment.data.is_of_sequences();
        let files = self.files.iter().chain(&self.offered);
        let files = files.filter(|(data, _)| data.is_of_sequences() == is_of_sequences).cloned();
        let files = files.map(|(data, files)| Command::Files { data, files });
        let own = (!self.own.is_empty()).then(|| Command::SetUserExamples(self.own.clone()));
        let pace = self.pace.map(|pace| Command::SetSpeedLimit(Some(pace)));
        let run = Command::Run(self.experiment.clone());
        let teacher_file =
            self.teacher_file.as_ref().map(|TeacherFile { file, .. }| Command::UseTeacherFile { file: file.clone() });
        let pause = self.paused.then_some(Command::Pause);
        files.chain(own).chain(pace).chain([run]).chain(teacher_file).chain(pause).collect()
    }

    fn receive(&mut self, id: WorkerId, input: WorkerInput<P>) {
        if self.engine.as_ref().is_some_and(|engine| engine.id == id) {
            self.on_engine(id, input);
        } else if self.workbench.is(id) {
            self.on_workbench(input);
        } else if self.timing.is(id) {
            self.on_candidate(input);
        } else if self.tuning.is(id) {
            self.on_tuner(input);
        } else if self.pool.has(id) {
            self.on_helper(id, input);
        } else if self.sweeper.has(id) {
            self.on_sweep_worker(id, input);
        }
    }
}

#[cfg(test)]
mod tests;

//! What the page does about its workers: which engine runs, what it is told, who replaces it when it dies.
//!
//! A [`Machine`] has neither a document nor a clock: [`Machine::step`] takes what happened and says what is to be done
//! about it. The [driver](crate::transport::Driver) carries that out in a browser, the tests against engines of their
//! own.

pub mod pool;
pub mod timing;
pub mod workbench;

use retort_spec::{
    Actor, Command, DataSet, EngineError, Event, Experiment, FileData, FileProblem, Floats, KNOBS, Phase, Pipeline,
    RunState, UserExample, WorkbenchCommand, WorkbenchEvent,
};

use crate::{
    platform::worker::Contents,
    state::{
        self, Action, Notice,
        device::{Adapter, DeviceReason, choose},
    },
    transport::machine::{pool::Pool, timing::Timing, workbench::Workbench},
};

/// Ticks that a worker may leave unanswered before it counts as dead: half a minute, since the logits of a large
/// teacher on a large data set take ten seconds in one go. (A panic tells of itself at once.) Counted in ticks, not in
/// time, since a laptop that was closed for an hour has missed no ticks.
const MAX_MISSED_PINGS: u32 = 12;
/// Deaths after which another start would only die again.
const MOST_RESTARTS: u32 = 5;

/// Names a worker; none is used twice, so that a late message of one that has ended is known as such.
pub type WorkerId = u32;

/// What a worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The engine that trains on the processor.
    Cpu,
    /// The engine that trains on the GPU.
    Gpu,
    /// The workbench.
    Workbench,
}

/// What a worker does or says.
#[derive(Debug, Clone)]
pub enum Word<P> {
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
    Reports(Vec<WorkbenchEvent>),
    /// Something for another worker.
    Parcel(Contents, P),
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
    Own(Vec<UserExample>),
    /// Train at most so many steps a second.
    Pace(Option<u32>),
    /// Look at what this input does inside the networks; at an empty one: no more.
    LookInside(Floats),
    /// Files of a data set, all or some of them.
    Give(DataSet, Vec<FileData>),
    /// A network from a file becomes the teacher of this experiment, which names its architecture.
    Adopt(Experiment, Vec<u8>),
    /// A network from a file takes the place of the first run's student on the workbench.
    ReplaceStudent(P),
    /// The visitor tells the workbench something.
    Order(WorkbenchCommand),
    /// Carry out a pipeline on the first run's student.
    Compress(Pipeline),
    /// Give up the pipeline that is under way.
    Abandon,
    /// A recorded run of the default experiment.
    Recorded(Vec<Event>),
    /// Some seconds have passed.
    Tick,
    /// What helpers have said has waited long enough.
    Held,
    /// A worker does or says something.
    Worker(WorkerId, Word<P>),
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Effect<P> {
    /// Start a worker.
    Start(WorkerId, Program),
    /// End a worker.
    End(WorkerId),
    /// Send an engine a command.
    Send(WorkerId, Command),
    /// Send the workbench an order.
    Order(WorkerId, WorkbenchCommand),
    /// Hand a worker what another one sent.
    HandOn(WorkerId, P),
    /// Tell the page.
    Tell(Action),
    /// Come back with [`Input::Held`] after so many milliseconds.
    Hold(u32),
    /// Look for files of an earlier visit, and come back with [`Input::Give`] if there are any.
    Recall(DataSet),
    /// Keep files for the next visit.
    Keep(DataSet, Vec<FileData>),
}

/// What trains for the visitor.
struct Engine {
    id: WorkerId,
    gpu: bool,
    ready: bool,
    /// Ticks since it was heard of.
    unanswered: u32,
}

/// A teacher from a file.
struct Adopted {
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
    files: Vec<(DataSet, Vec<FileData>)>,
    /// Files that no engine has judged yet.
    offered: Option<(DataSet, Vec<FileData>)>,
    /// Whether this page's own engine has begun to show something.
    began: bool,
    /// Whether training waits for the visitor.
    paused: bool,
    own: Vec<UserExample>,
    pace: Option<u32>,
    /// The input that is looked at inside the networks; empty if none is.
    inside: Floats,
    adopted: Option<Adopted>,
    workbench: Workbench<P>,
    pool: Pool,
    timing: Timing,
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
            experiment,
            files: Vec::new(),
            offered: None,
            began: false,
            paused: false,
            own: Vec::new(),
            pace: None,
            inside: Floats::default(),
            adopted: None,
            workbench: Workbench::default(),
            pool: Pool::default(),
            timing: Timing::default(),
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
            Input::Send(command) => self.send_and_adopt(command),
            Input::Own(own) => self.take_own(own),
            Input::Pace(pace) if pace != self.pace => {
                self.send(&Command::SetSpeedLimit(pace));
                self.pace = pace;
            }
            Input::LookInside(input) if input != self.inside => {
                self.send(&Command::InspectActivations(input.clone()));
                self.inside = input;
            }
            Input::Pace(_) | Input::LookInside(_) => {}
            Input::Give(data, files) => self.collect(data, files),
            Input::Adopt(experiment, file) => {
                let key = knobs(&experiment, Phase::Teacher);
                // Before it is given: a teacher's knob would otherwise make the engine train another one.
                self.run(experiment);
                self.adopted = Some(Adopted { file, key });
                self.give_adopted();
            }
            Input::ReplaceStudent(parcel) => {
                self.take(Contents::Network { run: 0, actor: Actor::Student.word().into() }, parcel);
            }
            Input::Order(order) => self.order(order),
            Input::Compress(pipeline) => self.compress(pipeline),
            Input::Abandon => {
                self.send(&Command::CancelFineTune);
                self.order(WorkbenchCommand::CancelPipeline);
            }
            Input::Recorded(events) => {
                if !self.began {
                    self.tell(Action::Events { events, recorded: true });
                }
            }
            Input::Tick => self.tick(),
            Input::Held => self.tell_held_in_time(),
            Input::Worker(id, word) => self.hear(id, word),
        }
        std::mem::take(&mut self.effects)
    }

    fn tell(&mut self, action: Action) {
        self.effects.push(Effect::Tell(action));
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
        self.experiment = experiment;
        let key = knobs(&self.experiment, Phase::Teacher);
        if self.adopted.as_ref().is_some_and(|adopted| adopted.key != key) {
            // Another teacher is asked for.
            self.adopted = None;
        }
        self.look();
        self.choose_and_run();
    }

    fn choose_and_run(&mut self) {
        let timed = self.timed();
        // Where even a good GPU would not be used, nobody waits for the browser's answer.
        let reason = match choose(&self.experiment, self.adapter.unwrap_or(Adapter::Usable), timed) {
            reason if (reason.is_gpu() || reason == DeviceReason::Timing) && self.gpu_failed => DeviceReason::GpuFailed,
            reason if reason.is_gpu() && self.adapter.is_none() => return,
            reason => reason,
        };
        self.tell(Action::Device(reason));
        self.tell(Action::Timed(timed));
        match self.engine.as_ref().map(|engine| engine.gpu) == Some(reason.is_gpu()) {
            // An engine that still starts runs the latest experiment when it is ready.
            true => {
                self.send(&Command::Run(self.experiment.clone()));
                self.hire();
            }
            false => self.launch(reason.is_gpu()),
        }
        self.time();
    }

    /// Tells the engine, if it listens, and whoever else must know.
    fn send(&mut self, command: &Command) {
        // What was said before belongs to what was trained before.
        self.tell_held();
        match command {
            Command::Pause => self.paused = true,
            Command::Resume | Command::Reset => self.paused = false,
            _ => {}
        }
        if let Some(id) = self.listening() {
            self.effects.push(Effect::Send(id, command.clone()));
            self.pass_on(command);
        }
    }

    /// Training from the first step on keeps a teacher from a file.
    fn send_and_adopt(&mut self, command: Command) {
        self.send(&command);
        if command == Command::Reset {
            self.give_adopted();
        }
    }

    fn give_adopted(&mut self) {
        if let Some(Adopted { file, .. }) = &self.adopted {
            let file = file.clone();
            self.send(&Command::UseTeacherFile { file });
        }
    }

    fn take_own(&mut self, own: Vec<UserExample>) {
        if self.own == own {
            return;
        }
        let data = self.experiment.data;
        let of = |own: &[UserExample]| own.iter().filter(|one| one.data == data).cloned().collect::<Vec<UserExample>>();
        let differs = of(&own) != of(&self.own);
        self.send(&Command::SetUserExamples(own.clone()));
        self.own = own;
        if differs {
            self.give_adopted();
        }
    }

    /// All that a fresh engine has to be told.
    fn knowledge(&self) -> Vec<Command> {
        // Files that no engine has judged yet among them.
        let files = self.files.iter().chain(&self.offered).cloned();
        let files = files.map(|(data, files)| Command::Files { data, files });
        let own = (!self.own.is_empty()).then(|| Command::SetUserExamples(self.own.clone()));
        let pace = self.pace.map(|pace| Command::SetSpeedLimit(Some(pace)));
        let run = Command::Run(self.experiment.clone());
        let adopted = self.adopted.as_ref().map(|Adopted { file, .. }| Command::UseTeacherFile { file: file.clone() });
        let pause = self.paused.then_some(Command::Pause);
        files.chain(own).chain(pace).chain([run]).chain(adopted).chain(pause).collect()
    }

    fn tick(&mut self) {
        let Some(engine) = self.engine.as_mut().filter(|engine| engine.ready) else { return };
        engine.unanswered += 1;
        if engine.unanswered > MAX_MISSED_PINGS {
            self.recover("no answer".into());
        } else {
            self.watch_helpers();
            self.send(&Command::Ping);
        }
    }

    /// Starts an engine; the one before ends, and its helpers do.
    fn launch(&mut self, gpu: bool) {
        let before = self.engine.take().map(|engine| engine.id);
        self.end(before);
        self.dismiss();
        self.forget_question();
        let id = self.start(if gpu { Program::Gpu } else { Program::Cpu });
        self.engine = Some(Engine { id, gpu, ready: false, unanswered: 0 });
    }

    fn hear(&mut self, id: WorkerId, word: Word<P>) {
        if self.engine.as_ref().is_some_and(|engine| engine.id == id) {
            self.hear_engine(id, word);
        } else if self.workbench.is(id) {
            self.hear_workbench(word);
        } else if self.timing.is(id) {
            self.hear_candidate(word);
        } else if self.pool.has(id) {
            self.hear_helper(id, word);
        }
    }

    fn hear_engine(&mut self, id: WorkerId, word: Word<P>) {
        let Some(engine) = &mut self.engine else { return };
        match word {
            Word::Loading { received, total } => self.tell(Action::Engine(state::Engine::Loading { received, total })),
            Word::Loaded => self.tell(Action::Engine(state::Engine::Starting)),
            Word::Unavailable(reason) if engine.gpu => self.recover(reason),
            // Nothing else could run in its place.
            Word::Unavailable(reason) => self.tell(Action::Engine(state::Engine::Failed(reason))),
            Word::Died(reason) => self.recover(reason),
            Word::Parcel(contents, parcel) => {
                engine.unanswered = 0;
                self.take(contents, parcel);
            }
            Word::Events(events) => {
                engine.unanswered = 0;
                self.hear_events(id, events);
            }
            Word::Reports(_) => {}
        }
    }

    fn hear_events(&mut self, id: WorkerId, events: Vec<Event>) {
        let (begun, mut told) = (self.pool.has_begun(), Vec::with_capacity(events.len()));
        for event in events {
            match &event {
                Event::Ready(_) => self.greet(id),
                Event::AssignmentApplied { generation } => self.pool.first_begins(*generation),
                Event::Point(point) if !self.pool.is_new_of_first(point) => continue,
                Event::FilesRead { data, .. } => self.files_read(*data),
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
                Event::State(state) => {
                    self.paused = *state == RunState::Paused;
                    self.pool.gathering = *state == RunState::Gathering;
                    if !self.paused {
                        self.go_on();
                    }
                }
                Event::Pong { memory } => self.first_memory(*memory),
                Event::TimeEstimate(time) => self.decide(time),
                Event::Error(trouble) => match trouble {
                    EngineError::FilesNeeded { data } => self.effects.push(Effect::Recall(*data)),
                    EngineError::BadFile { name, .. } if name == "teacher" => self.adopted = None,
                    EngineError::BadFile { name, reason } => self.withdraw(name, reason),
                    EngineError::Engine { reason } | EngineError::Device { reason } => {
                        return self.recover(reason.clone());
                    }
                    _ => {}
                },
                _ => {}
            }
            told.push(event);
        }
        // What helpers have said comes before it, unless it had to wait until the first worker began the same.
        if begun == self.pool.has_begun() {
            self.tell_held();
        }
        self.tell(Action::Events { events: told, recorded: false });
        self.tell_held();
    }

    /// Tells a fresh engine all that its predecessor knew.
    fn greet(&mut self, id: WorkerId) {
        if let Some(engine) = &mut self.engine {
            engine.ready = true;
        }
        if !self.inside.is_empty() {
            self.effects.push(Effect::Send(id, Command::InspectActivations(self.inside.clone())));
        }
        let knowledge = self.knowledge();
        self.effects.extend(knowledge.into_iter().map(|command| Effect::Send(id, command)));
        // From here on it says of which training it speaks.
        self.share();
        self.hire();
        // Now that the processor trains there is time to ask what would be faster.
        self.time();
    }

    /// Adds files to those that came before, until they are a whole data set. A file replaces one of its name.
    fn collect(&mut self, data: DataSet, files: Vec<FileData>) {
        let mut all = match self.offered.take() {
            Some((name, before)) if name == data => before,
            _ => Vec::new(),
        };
        all.retain(|before| files.iter().all(|file| file.name != before.name));
        all.extend(files);
        self.send(&Command::Files { data, files: all.clone() });
        self.offered = Some((data, all));
    }

    /// A file that cannot be used does not come again with those that follow. Where two files contradict each other
    /// nobody knows which one is meant: the visitor begins anew.
    fn withdraw(&mut self, bad: &str, reason: &FileProblem) {
        if let Some((_, files)) = &mut self.offered {
            files.retain(|file| file.name != bad);
        }
        let is_open = matches!(reason.word().0, "same-part" | "label-count");
        self.offered.take_if(|(_, files)| is_open || files.is_empty());
    }

    /// Files that an engine could read are kept, for the next one and for the next visit.
    fn files_read(&mut self, data: DataSet) {
        self.timing.untrainable = None;
        if let Some((data, files)) = self.offered.take_if(|(name, _)| *name == data) {
            self.files.retain(|(name, _)| *name != data);
            self.files.push((data, files.clone()));
            self.effects.push(Effect::Keep(data, files));
        }
        self.workbench.forget_examples();
        if self.experiment.data == data {
            self.send(&Command::Run(self.experiment.clone()));
            self.give_adopted();
            self.time();
        }
    }

    /// Starts the CPU engine with the experiment that the dead one had, and says so.
    fn recover(&mut self, reason: String) {
        let dead = self.engine.take();
        self.gpu_failed |= dead.as_ref().is_some_and(|dead| dead.gpu);
        self.end(dead.map(|dead| dead.id));
        self.dismiss();
        self.restarts += 1;
        if self.restarts > MOST_RESTARTS {
            return self.tell(Action::Engine(state::Engine::Failed(reason)));
        }
        // What it was training for the workbench is lost.
        self.order(WorkbenchCommand::CancelPipeline);
        self.tell(Action::Notify(Notice::Restarted { reason }));
        if self.gpu_failed {
            self.tell(Action::Device(DeviceReason::GpuFailed));
        }
        self.launch(false);
    }
}

#[cfg(test)]
mod tests;

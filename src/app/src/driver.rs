//! Drives the engine for the page: which one, started when, told what, and replaced when it dies.

mod pool;
mod timing;

use std::{cell::RefCell, rc::Rc};

use retort_spec::{
    Command, DataSet, Event, Experiment, FileData, Floats, Order, OwnExample, Pipeline, Report, RunState, Trouble,
    encode,
};
use wasm_bindgen_futures::spawn_local;
use yew::UseReducerDispatcher;

use pool::Pool;
use timing::Timing;

use crate::{
    bench::Bench,
    device::{Adapter, DeviceReason, choose, probe},
    engine::{self, Engine, EngineModule, Message, Parcel},
    files,
    state::{self, Action, BenchAction, Fetching, Notice, State},
};

/// Pings left unanswered before a worker counts as dead: half a minute, since the logits of a large teacher on a large
/// data set take ten seconds in one go. (A panic tells of itself at once.) Counted in ticks, not in time, since a laptop
/// that was closed for an hour has missed no ticks.
const PATIENCE: u32 = 12;
/// Deaths after which another start would only die again.
const MOST_RESTARTS: u32 = 5;

/// Drives the engine. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    inner: Rc<RefCell<Inner>>,
    dispatch: UseReducerDispatcher<State>,
}

impl PartialEq for Driver {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }
}

struct Inner {
    /// Unknown until the browser has answered.
    adapter: Option<Adapter>,
    modules: [Option<EngineModule>; 2],
    engine: Option<Engine>,
    /// Whether the engine that runs or starts is the GPU's.
    gpu: Option<bool>,
    ready: bool,
    gpu_failed: bool,
    /// Rises with every start, so that a late message of an ended worker is known as such.
    generation: u32,
    restarts: u32,
    unanswered: u32,
    experiment: Experiment,
    files: Vec<(DataSet, Vec<FileData>)>,
    /// Files that the engine has not judged yet.
    offered: Option<(DataSet, Vec<FileData>)>,
    /// Whether this page's own engine has begun to show something.
    began: bool,
    own: Vec<OwnExample>,
    pace: Option<u32>,
    /// The input that is looked at inside the networks; empty if none is.
    inside: Floats,
    bench: Bench,
    /// A network from a file that the engine has not been given yet.
    adopted: Option<Vec<u8>>,
    pool: Pool,
    timing: Timing,
}

impl Inner {
    /// All that a fresh engine has to be told.
    fn knowledge(&self) -> Vec<Command> {
        let files = self.files.iter().cloned().map(|(data, files)| Command::Files { data, files });
        let own = (!self.own.is_empty()).then(|| Command::Own(self.own.clone()));
        let pace = self.pace.map(|pace| Command::Pace(Some(pace)));
        let run = Command::Run(self.experiment.clone());
        files.chain(own).chain(pace).chain([run]).collect()
    }
}

impl Driver {
    /// A driver that reports to the page's state; it starts an engine for this experiment.
    pub fn start(experiment: Experiment, dispatch: UseReducerDispatcher<State>) -> Self {
        let inner = Inner {
            adapter: None,
            modules: [None, None],
            engine: None,
            gpu: None,
            ready: false,
            gpu_failed: false,
            generation: 0,
            restarts: 0,
            unanswered: 0,
            experiment,
            files: Vec::new(),
            offered: None,
            began: false,
            own: Vec::new(),
            pace: None,
            inside: Floats::default(),
            bench: Bench::default(),
            adopted: None,
            pool: Pool::default(),
            timing: Timing::default(),
        };
        let driver = Self { inner: Rc::new(RefCell::new(inner)), dispatch };
        let (probing, replaying) = (driver.clone(), driver.clone());
        let experiment = driver.inner.borrow().experiment.clone();
        driver.run(experiment);
        spawn_local(async move {
            let adapter = probe().await;
            probing.inner.borrow_mut().adapter = Some(adapter);
            let experiment = probing.inner.borrow().experiment.clone();
            probing.run(experiment);
        });
        spawn_local(async move { replaying.replay().await });
        driver
    }

    /// Makes this the experiment, on the engine that suits it.
    pub fn run(&self, experiment: Experiment) {
        let (reason, timed, same) = {
            let mut inner = self.inner.borrow_mut();
            inner.experiment = experiment.clone();
            inner.bench.look(&experiment);
            // Where even a good card would not be used, nobody waits for the browser's answer.
            let timed = inner.timing.known(&experiment);
            let reason = match choose(&experiment, inner.adapter.unwrap_or(Adapter::Usable), timed) {
                reason if (reason.is_gpu() || reason == DeviceReason::Timing) && inner.gpu_failed => {
                    DeviceReason::GpuFailed
                }
                reason if reason.is_gpu() && inner.adapter.is_none() => return,
                reason => reason,
            };
            (reason, timed, inner.gpu == Some(reason.is_gpu()))
        };
        self.dispatch.dispatch(Action::Device(reason));
        self.tell_timed(timed);
        match same {
            // An engine that still starts runs the latest experiment when it is ready.
            true => {
                self.send(&Command::Run(experiment));
                self.hire();
            }
            false => self.launch(reason.is_gpu()),
        }
        if reason == DeviceReason::Timing && self.inner.borrow().adapter.is_some() {
            self.time();
        }
    }

    /// Sends a command to an engine that is ready.
    pub fn send(&self, command: &Command) {
        // What was said before belongs to what was trained before.
        self.tell_held();
        let Inner { ready, engine, pool, .. } = &mut *self.inner.borrow_mut();
        if let (true, Some(engine)) = (*ready, engine) {
            engine.send(command);
            pool.pass_on(command, Some(engine));
        }
    }

    /// Gives the engine the visitor's own training examples, and every later engine too.
    pub fn own(&self, own: Vec<OwnExample>) {
        if self.inner.borrow().own != own {
            self.send(&Command::Own(own.clone()));
            self.inner.borrow_mut().own = own;
        }
    }

    /// Slows training down, or not; every later engine too.
    pub fn pace(&self, pace: Option<u32>) {
        if self.inner.borrow().pace != pace {
            self.send(&Command::Pace(pace));
            self.inner.borrow_mut().pace = pace;
        }
    }

    /// Shows what an input does inside the networks, with an empty one no more; every later engine too.
    pub fn look_inside(&self, input: Floats) {
        if self.inner.borrow().inside != input {
            self.send(&Command::Watch(input.clone()));
            self.inner.borrow_mut().inside = input;
        }
    }

    /// Asks the engine whether it is alive; to be called every few seconds.
    pub fn watch(&self) {
        let dead = {
            let mut inner = self.inner.borrow_mut();
            if !inner.ready {
                return;
            }
            inner.unanswered += 1;
            inner.unanswered > PATIENCE
        };
        match dead {
            true => self.recover("no answer".into()),
            false => {
                self.watch_helpers();
                self.send(&Command::Ping);
            }
        }
    }

    /// Gives the engine the files of a data set; they are kept for the next engine once it could read them.
    pub fn give(&self, data: DataSet, files: Vec<FileData>) {
        self.send(&Command::Files { data, files: files.clone() });
        self.inner.borrow_mut().offered = Some((data, files));
    }

    /// Fetches a data set from its public copy.
    pub fn fetch(&self, data: DataSet) {
        let driver = self.clone();
        self.dispatch.dispatch(Action::Fetching(Fetching::Progress(0.0)));
        spawn_local(async move {
            let progress = |share| driver.dispatch.dispatch(Action::Fetching(Fetching::Progress(share)));
            match files::fetch_mnist(&progress).await {
                Ok(files) => driver.give(data, files),
                Err(reason) => driver.dispatch.dispatch(Action::Notify(Notice::Fetch { reason })),
            }
            driver.dispatch.dispatch(Action::Fetching(Fetching::Idle));
        });
    }

    /// Fetches, compiles and starts an engine; the one before ends.
    fn launch(&self, gpu: bool) {
        let (generation, module) = {
            let mut inner = self.inner.borrow_mut();
            inner.engine = None;
            inner.pool.dismiss();
            inner.ready = false;
            inner.unanswered = 0;
            inner.gpu = Some(gpu);
            inner.generation += 1;
            (inner.generation, inner.modules[usize::from(gpu)].clone())
        };
        let driver = self.clone();
        spawn_local(async move {
            let module = match module {
                Some(module) => Ok(module),
                None => {
                    let progress =
                        |received, total| driver.engine_is(generation, state::Engine::Loading { received, total });
                    engine::load(if gpu { "engine-gpu" } else { "engine-cpu" }, &progress).await
                }
            };
            match module {
                Ok(module) => {
                    if let Err(reason) = driver.begin(gpu, generation, module) {
                        driver.died(generation, reason);
                    }
                }
                Err(reason) if gpu => driver.died(generation, reason),
                // Nothing else could run in its place.
                Err(reason) => driver.engine_is(generation, state::Engine::Failed(reason)),
            }
        });
    }

    fn begin(&self, gpu: bool, generation: u32, module: EngineModule) -> Result<(), String> {
        self.inner.borrow_mut().modules[usize::from(gpu)] = Some(module.clone());
        if self.inner.borrow().generation != generation {
            return Ok(());
        }
        self.engine_is(generation, state::Engine::Starting);
        let (receiver, mourner) = (self.clone(), self.clone());
        let engine = Engine::start(
            &module,
            move |message| receiver.receive(generation, message),
            move |reason| mourner.died(generation, reason),
        )?;
        self.inner.borrow_mut().engine = Some(engine);
        Ok(())
    }

    fn engine_is(&self, generation: u32, engine: state::Engine) {
        if self.inner.borrow().generation == generation {
            self.dispatch.dispatch(Action::Engine(engine));
        }
    }

    fn receive(&self, generation: u32, message: Message<Event>) {
        let events = {
            let inner = &mut *self.inner.borrow_mut();
            if inner.generation != generation {
                return;
            }
            inner.unanswered = 0;
            match message {
                Message::Events(events) => events,
                Message::Parcel(parcel) => return inner.bench.take(parcel, &inner.experiment),
            }
        };
        for event in &events {
            match event {
                Event::Ready(_) => self.greet(),
                Event::FilesRead { data, .. } => {
                    self.remember(*data);
                    self.inner.borrow_mut().bench.forget_examples();
                    let experiment = self.inner.borrow().experiment.clone();
                    if experiment.data == *data {
                        self.send(&Command::Run(experiment));
                    }
                }
                Event::Data(_) => {
                    {
                        let inner = &mut *self.inner.borrow_mut();
                        inner.began = true;
                        inner.timing.began = js_sys::Date::now();
                    }
                    self.begin_bench();
                }
                // Only an experiment that came to its end shows that the engine can live.
                Event::Verdict(_) => {
                    let inner = &mut *self.inner.borrow_mut();
                    inner.restarts = 0;
                    inner.pool.rest();
                }
                Event::State(state) => self.inner.borrow_mut().pool.gathering = *state == RunState::Gathering,
                Event::Pong { memory } => self.first_memory(*memory),
                Event::Timed { seconds } => self.decide(*seconds),
                Event::Trouble(Trouble::FilesNeeded { data }) => self.take_from_cache(*data),
                Event::Trouble(Trouble::Engine { reason } | Trouble::Device { reason }) => {
                    return self.died(generation, reason.clone());
                }
                _ => {}
            }
        }
        self.tell_held();
        self.dispatch.dispatch(Action::Events { events, recorded: false });
    }

    /// Students are trained: the workbench is fetched if it is not there yet, and told of other examples.
    fn begin_bench(&self) {
        let (is_new, asks) = {
            let inner = &mut *self.inner.borrow_mut();
            let asks = inner.bench.begin(&inner.experiment);
            (!std::mem::replace(&mut inner.bench.asked, true), asks)
        };
        if asks {
            self.send(&Command::Examples);
        }
        if is_new {
            self.launch_bench();
        }
    }

    /// Fetches, compiles and starts the workbench; the one before ends.
    fn launch_bench(&self) {
        let (generation, module) = {
            let bench = &mut self.inner.borrow_mut().bench;
            bench.lose();
            bench.generation += 1;
            (bench.generation, bench.module.clone())
        };
        let driver = self.clone();
        spawn_local(async move {
            let module = match module {
                Some(module) => Ok(module),
                None => engine::load("workbench", &|_, _| {}).await,
            };
            let started = module.and_then(|module| {
                driver.inner.borrow_mut().bench.module = Some(module.clone());
                let (receiver, mourner) = (driver.clone(), driver.clone());
                Engine::start(
                    &module,
                    move |message| receiver.hear(generation, message),
                    move |reason| mourner.bench_died(generation, reason),
                )
            });
            match started {
                Ok(engine) => driver.inner.borrow_mut().bench.engine = Some(engine),
                Err(reason) => driver.bench_died(generation, reason),
            }
        });
    }

    /// The workbench reports.
    fn hear(&self, generation: u32, message: Message<Report>) {
        let reports = {
            let inner = &mut *self.inner.borrow_mut();
            if inner.bench.generation != generation {
                return;
            }
            match message {
                Message::Events(reports) => reports,
                Message::Parcel(parcel) => {
                    match (&inner.engine, inner.ready) {
                        (Some(engine), true) => engine.hand_on(&parcel),
                        // Nobody is there to train it.
                        _ => inner.bench.send(Order::Abandon),
                    }
                    return;
                }
            }
        };
        let mut told = Vec::new();
        for report in reports {
            match report {
                Report::Ready => {
                    let inner = &mut *self.inner.borrow_mut();
                    inner.bench.greet(&inner.experiment);
                }
                Report::Failed { reason } => return self.bench_died(generation, reason),
                report => {
                    if let Report::Looked(_) | Report::Refused { .. } = report {
                        let inner = &mut *self.inner.borrow_mut();
                        inner.bench.answered(&inner.experiment);
                    }
                    told.push(Event::Bench(report));
                }
            }
        }
        if !told.is_empty() {
            self.dispatch.dispatch(Action::Events { events: told, recorded: false });
        }
    }

    /// Starts another workbench in the place of one that died, and says so.
    fn bench_died(&self, generation: u32, reason: String) {
        if self.inner.borrow().bench.generation != generation {
            return;
        }
        let gives_up = {
            let mut inner = self.inner.borrow_mut();
            inner.bench.lose();
            inner.restarts += 1;
            inner.restarts > MOST_RESTARTS
        };
        self.send(&Command::Abandon);
        self.dispatch.dispatch(Action::Bench(BenchAction::Lost(reason)));
        if !gives_up {
            self.launch_bench();
        }
    }

    /// Tells the workbench something.
    pub fn order(&self, order: Order) {
        self.inner.borrow().bench.send(order);
    }

    /// Carries out a pipeline on the first run's student.
    pub fn compress(&self, pipeline: Pipeline) {
        let (id, experiment) = {
            let inner = &mut *self.inner.borrow_mut();
            inner.bench.flow += 1;
            (inner.bench.flow, inner.experiment.clone())
        };
        let link = encode(&Experiment { compress: pipeline.clone(), ..experiment.clone() });
        self.dispatch.dispatch(Action::Bench(BenchAction::Begin { id, pipeline: pipeline.clone() }));
        self.order(Order::Compress { id, run: 0, pipeline, seed: experiment.seed, link });
    }

    /// Makes a network from a file the teacher of the students of this experiment, which names its architecture.
    pub fn adopt(&self, experiment: Experiment, file: Vec<u8>) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.adopted = Some(file);
            inner.pool.keep_alone();
        }
        // Before the page does so: a teacher's knob would otherwise make the engine train another one.
        self.run(experiment);
        self.give_adopted();
    }

    /// Gives an engine that is ready the teacher from a file; one that still starts gets it then.
    fn give_adopted(&self) {
        let file = {
            let mut inner = self.inner.borrow_mut();
            if inner.ready { inner.adopted.take() } else { None }
        };
        if let Some(file) = file {
            self.send(&Command::Adopt { file });
        }
    }

    /// Puts a network from a file on the workbench in the place of the first run's student, until that is trained anew.
    pub fn replace_student(&self, file: &[u8]) {
        let inner = &mut *self.inner.borrow_mut();
        inner.bench.take(Parcel::student(file), &inner.experiment);
    }

    /// Gives up the pipeline that is under way.
    pub fn abandon(&self) {
        self.send(&Command::Abandon);
        self.order(Order::Abandon);
    }

    /// Tells a fresh engine all that its predecessor knew.
    fn greet(&self) {
        let (commands, inside) = {
            let mut inner = self.inner.borrow_mut();
            inner.ready = true;
            (inner.knowledge(), inner.inside.clone())
        };
        if !inside.is_empty() {
            self.send(&Command::Watch(inside));
        }
        for command in commands {
            self.send(&command);
        }
        self.give_adopted();
        self.hire();
        let (experiment, adapter) = {
            let inner = self.inner.borrow();
            (inner.experiment.clone(), inner.adapter)
        };
        // Now that the processor trains there is time to ask what would be faster.
        if adapter.is_some_and(|adapter| choose(&experiment, adapter, None) == DeviceReason::Timing) {
            self.time();
        }
    }

    fn take_from_cache(&self, data: DataSet) {
        let driver = self.clone();
        spawn_local(async move {
            let files = files::recall(data).await;
            if !files.is_empty() {
                driver.give(data, files);
            }
        });
    }

    /// Files that the engine could read are kept for the next visit.
    fn remember(&self, data: DataSet) {
        let offered = self.inner.borrow_mut().offered.take().filter(|(name, _)| *name == data);
        if let Some((data, files)) = offered {
            {
                let mut inner = self.inner.borrow_mut();
                inner.files.retain(|(name, _)| *name != data);
                inner.files.push((data, files.clone()));
            }
            spawn_local(async move { files::remember(data, &files).await });
        }
    }

    fn died(&self, generation: u32, reason: String) {
        if self.inner.borrow().generation == generation {
            self.recover(reason);
        }
    }

    /// Starts the CPU engine with the experiment that the dead one had, and says so.
    fn recover(&self, reason: String) {
        let gives_up = {
            let mut inner = self.inner.borrow_mut();
            inner.engine = None;
            inner.pool.dismiss();
            inner.ready = false;
            inner.gpu_failed |= inner.gpu == Some(true);
            inner.restarts += 1;
            inner.restarts > MOST_RESTARTS
        };
        if gives_up {
            self.dispatch.dispatch(Action::Engine(state::Engine::Failed(reason)));
            return;
        }
        // What it was training for the workbench is lost.
        self.order(Order::Abandon);
        self.dispatch.dispatch(Action::Notify(Notice::Restarted { reason }));
        if self.inner.borrow().gpu_failed {
            self.dispatch.dispatch(Action::Device(DeviceReason::GpuFailed));
        }
        self.launch(false);
    }

    /// Shows the recorded run until this page's own engine has something, if it is the experiment asked for.
    async fn replay(&self) {
        let is_default = encode(&self.inner.borrow().experiment) == encode(&Experiment::default());
        if !is_default {
            return;
        }
        let Ok(events) = engine::fetch_json("recorded.json").await else { return };
        if !self.inner.borrow().began {
            self.dispatch.dispatch(Action::Events { events, recorded: true });
        }
    }
}

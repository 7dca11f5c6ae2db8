//! The page's workers: a [machine](crate::transport::machine::Machine) decides, the [`Driver`] carries out.

pub mod machine;
pub mod pool_size;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use gloo_timers::callback::Timeout;
use retort_spec::{
    Command, DataSet, Experiment, FileData, Floats, NetworkId, Pipeline, Recording, SearchPlan, Sweep, UserExample,
    WorkbenchCommand, encode,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal};
use yew::UseReducerDispatcher;

use crate::{
    platform::{
        fetch, files,
        save::save,
        worker::{self, CompiledWorker, Message, Parcel, WorkerHandle},
    },
    state::{Action, Fetching, Notice, State, device::probe},
    transport::machine::{Effect, Input, Machine, Program, WorkerId, WorkerInput},
};

/// Drives the workers. Cheap to clone.
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
    machine: Machine<Parcel>,
    /// What has happened and was not decided about yet.
    inputs: VecDeque<Input<Parcel>>,
    /// Whether that is being done.
    busy: bool,
    /// Workers that are wanted; without one while its program is fetched.
    workers: Vec<(WorkerId, Option<WorkerHandle>)>,
    modules: Vec<(Program, CompiledWorker)>,
    /// Gives up the data set that is fetched.
    fetching: Option<AbortController>,
}

impl Driver {
    /// A driver that reports to the page's state; it starts an engine for this experiment.
    pub fn start(experiment: Experiment, dispatch: UseReducerDispatcher<State>) -> Self {
        let is_default = encode(&experiment) == encode(&Experiment::default());
        let inner = Inner {
            machine: Machine::new(experiment.clone(), pool_size::cores(), pool_size::memory()),
            inputs: VecDeque::new(),
            busy: false,
            workers: Vec::new(),
            modules: Vec::new(),
            fetching: None,
        };
        let driver = Self { inner: Rc::new(RefCell::new(inner)), dispatch };
        driver.step(Input::Run(experiment));
        let (probing, replaying) = (driver.clone(), driver.clone());
        spawn_local(async move { probing.step(Input::Probed(probe().await)) });
        spawn_local(async move {
            if is_default && let Ok(recording) = fetch::fetch_message::<Recording>("recorded.bin").await {
                replaying.step(Input::Recorded(recording.into_events()));
            }
        });
        driver
    }

    /// Makes this the experiment, on the engine that suits it.
    pub fn run(&self, experiment: Experiment) {
        self.step(Input::Run(experiment));
    }

    /// Sends a command to an engine that is ready.
    pub fn send(&self, command: &Command) {
        self.step(Input::Send(command.clone()));
    }

    /// Gives the engine the visitor's own training examples, and every later engine too.
    pub fn set_user_examples(&self, own: Vec<UserExample>) {
        self.step(Input::SetUserExamples(own));
    }

    /// Slows training down, or not; every later engine too.
    pub fn set_speed_limit(&self, pace: Option<u32>) {
        self.step(Input::SetSpeedLimit(pace));
    }

    /// Shows what an input does inside the networks, with an empty one no more; every later engine too.
    pub fn inspect_activations(&self, input: Floats) {
        self.step(Input::InspectActivations(input));
    }

    /// To be called every few seconds: asks the engine whether it is alive.
    pub fn heartbeat(&self) {
        self.step(Input::Tick);
    }

    /// Gives the engine the files of a data set; they are kept for the next engine once one could read them.
    pub fn load_files(&self, data: DataSet, files: Vec<FileData>) {
        // What is still on its way would take the place of the visitor's own.
        self.stop_fetching();
        self.step(Input::Files(data, files));
    }

    /// Fetches a data set from its public copy.
    pub fn fetch(&self, data: DataSet) {
        self.stop_fetching();
        let driver = self.clone();
        // A browser without it cannot give up, and is not stopped from fetching.
        let abort = AbortController::new().ok();
        self.inner.borrow_mut().fetching = abort.clone();
        self.dispatch.dispatch(Action::Fetching(Fetching::Progress(0.0)));
        spawn_local(async move {
            let signal = abort.map(|abort| abort.signal());
            let is_given_up = || signal.as_ref().is_some_and(AbortSignal::aborted);
            let progress = |share| {
                if !is_given_up() {
                    driver.dispatch.dispatch(Action::Fetching(Fetching::Progress(share)));
                }
            };
            let fetched = files::fetch_mnist(signal.as_ref(), &progress).await;
            if is_given_up() {
                return;
            }
            driver.dispatch.dispatch(Action::Fetching(Fetching::Idle));
            match fetched {
                Ok(files) => driver.step(Input::Files(data, files)),
                Err(reason) => driver.dispatch.dispatch(Action::Notify(Notice::Fetch { reason })),
            }
        });
    }

    /// Gives up what is fetched.
    pub fn stop_fetching(&self) {
        if let Some(fetching) = self.inner.borrow_mut().fetching.take() {
            fetching.abort();
        }
        self.dispatch.dispatch(Action::Fetching(Fetching::Idle));
    }

    /// Tells the workbench something.
    pub fn send_workbench(&self, order: WorkbenchCommand) {
        self.step(Input::Workbench(order));
    }

    /// Saves the packed files of all networks of the first run, under names that begin with `stem`.
    pub fn save_networks(&self, stem: String) {
        self.step(Input::SaveNetworks(stem));
    }

    /// Carries out a pipeline on the first run's student.
    pub fn compress(&self, pipeline: Pipeline) {
        self.step(Input::Compress(pipeline));
    }

    /// Makes a network from a file the teacher of the students of this experiment, which names its architecture.
    pub fn use_teacher_file(&self, experiment: Experiment, file: Vec<u8>) {
        self.step(Input::UseTeacherFile(experiment, file));
    }

    /// Puts a network from a file on the workbench in the place of the first run's student, until that is trained anew.
    pub fn replace_network(&self, network_id: NetworkId, file: &[u8]) {
        self.step(Input::ReplaceNetwork(Parcel::network(network_id, file)));
    }

    /// Gives up the pipeline that is under way.
    pub fn cancel_pipeline(&self) {
        self.step(Input::CancelPipeline);
    }

    /// Trains the cells of a sweep beside the experiment that is shown, or searches among them.
    pub fn start_sweep(&self, base: Experiment, sweep: Sweep, search: Option<SearchPlan>) {
        self.step(Input::StartSweep(Box::new((base, sweep, search))));
    }

    /// Pauses the sweep, or lets it go on.
    pub fn pause_sweep(&self, pause: bool) {
        self.step(Input::PauseSweep(pause));
    }

    /// Ends the sweep.
    pub fn cancel_sweep(&self) {
        self.step(Input::CancelSweep);
    }

    /// Decides what is to be done and does it. What happens meanwhile waits for its turn.
    fn step(&self, input: Input<Parcel>) {
        {
            let inner = &mut *self.inner.borrow_mut();
            inner.inputs.push_back(input);
            if std::mem::replace(&mut inner.busy, true) {
                return;
            }
        }
        loop {
            let effects = {
                let inner = &mut *self.inner.borrow_mut();
                let Some(input) = inner.inputs.pop_front() else {
                    inner.busy = false;
                    return;
                };
                inner.machine.step(input, js_sys::Date::now() / 1000.0)
            };
            for effect in effects {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&self, effect: Effect<Parcel>) {
        match effect {
            Effect::Start(id, program) => self.launch(id, program),
            Effect::End(id) => self.end(id),
            Effect::Send(id, command) => self.with(id, |worker| worker.send(&command)),
            Effect::SendWorkbench(id, order) => self.with(id, |worker| worker.send(&order)),
            Effect::Forward(id, parcel) => self.with(id, |worker| worker.forward(&parcel)),
            Effect::Save(name, parcel) => {
                if let Some(file) = parcel.file() {
                    self.save(&name, &file);
                }
            }
            Effect::SaveBytes(name, file) => self.save(&name, &file),
            Effect::Dispatch(action) => self.dispatch.dispatch(action),
            Effect::Hold(millis) => {
                let driver = self.clone();
                Timeout::new(millis, move || driver.step(Input::Held)).forget();
            }
            Effect::LoadCachedFiles(data) => {
                let driver = self.clone();
                spawn_local(async move {
                    let files = files::recall(data).await;
                    if !files.is_empty() {
                        driver.load_files(data, files);
                    }
                });
            }
            Effect::CacheFiles(data, files) => spawn_local(async move { files::remember(data, &files).await }),
        }
    }

    fn save(&self, name: &str, file: &[u8]) {
        if let Err(reason) = save(name, "application/octet-stream", file) {
            self.dispatch.dispatch(Action::Notify(Notice::Save { reason }));
        }
    }

    fn with(&self, id: WorkerId, act: impl FnOnce(&WorkerHandle)) {
        let inner = self.inner.borrow();
        if let Some((_, Some(worker))) = inner.workers.iter().find(|(worker, _)| *worker == id) {
            act(worker);
        }
    }

    fn end(&self, id: WorkerId) {
        let inner = &mut *self.inner.borrow_mut();
        if let Some(place) = inner.workers.iter().position(|(worker, _)| *worker == id) {
            let (_, worker) = inner.workers.swap_remove(place);
            if let Some(worker) = &worker {
                worker.end();
            }
            // Its own handler must not be dropped while it runs.
            spawn_local(async move { drop(worker) });
        }
    }

    /// Fetches and compiles the worker's program, unless that was done, and starts it.
    fn launch(&self, id: WorkerId, program: Program) {
        let module = {
            let inner = &mut *self.inner.borrow_mut();
            inner.workers.push((id, None));
            inner.modules.iter().find(|(known, _)| *known == program).map(|(_, module)| module.clone())
        };
        if let Some(module) = module {
            return self.begin(id, program, &module);
        }
        let driver = self.clone();
        let name = match program {
            Program::Perceptrons => "engine-perceptrons",
            Program::Cpu => "engine-cpu",
            Program::Gpu => "engine-gpu",
            Program::Sequences => "engine-sequences",
            Program::Workbench => "workbench",
        };
        spawn_local(async move {
            let progress = |received, total| driver.step(Input::Worker(id, WorkerInput::Loading { received, total }));
            match worker::load(name, &progress).await {
                Ok(module) => {
                    driver.inner.borrow_mut().modules.push((program, module.clone()));
                    driver.begin(id, program, &module);
                }
                Err(reason) => driver.step(Input::Worker(id, WorkerInput::Unavailable(reason))),
            }
        });
    }

    fn begin(&self, id: WorkerId, program: Program, module: &CompiledWorker) {
        if !self.inner.borrow().workers.iter().any(|(worker, _)| *worker == id) {
            // It is not wanted any more.
            return;
        }
        self.step(Input::Worker(id, WorkerInput::Loaded));
        let (receiver, reporter) = (self.clone(), self.clone());
        let fail = move |reason| reporter.step(Input::Worker(id, WorkerInput::Died(reason)));
        let started = match program {
            Program::Perceptrons | Program::Cpu | Program::Gpu | Program::Sequences => {
                WorkerHandle::start(module, move |message| receiver.receive(id, message, WorkerInput::Events), fail)
            }
            Program::Workbench => WorkerHandle::start(
                module,
                move |message| receiver.receive(id, message, WorkerInput::WorkbenchEvents),
                fail,
            ),
        };
        match started {
            Ok(worker) => {
                let inner = &mut *self.inner.borrow_mut();
                if let Some((_, place)) = inner.workers.iter_mut().find(|(worker, _)| *worker == id) {
                    *place = Some(worker);
                }
            }
            Err(reason) => self.step(Input::Worker(id, WorkerInput::Died(reason))),
        }
    }

    fn receive<E>(&self, id: WorkerId, message: Message<E>, events: fn(Vec<E>) -> WorkerInput<Parcel>) {
        let input = match message {
            Message::Events(told) => events(told),
            Message::Parcel(label, parcel) => WorkerInput::Parcel(label, parcel),
        };
        self.step(Input::Worker(id, input));
    }
}

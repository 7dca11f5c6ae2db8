//! Whole stories, against real engines. The GPU's engine computes on the processor here.

use std::{collections::VecDeque, rc::Rc, time::Duration};

use pollster::block_on;
use proptest::{collection::vec, prelude::*, test_runner::Config};
use retort_compress::workbench::Workbench;
use retort_engine::{Session, device::Compute};
use retort_spec::{
    CurvePoint, DeviceChoice, EngineError, Measured, Parcel, ParcelLabel, PipelineEnd, Role, RunState, RunTime,
    Verdict, codec, decode,
};
use serde::{Serialize, de::DeserializeOwned};
use yew::Reducible;

use super::{
    engine::{MAX_MISSED_PINGS, MOST_RESTARTS},
    *,
};
use crate::state::{self, Notice, State};

/// What a worker of the tests is.
enum Body {
    Engine(Box<Session>),
    /// One that compresses, where a story is about that.
    Workbench(Option<Box<Workbench>>),
}

struct Worker {
    id: WorkerId,
    program: Program,
    body: Body,
    inbox: VecDeque<Command>,
}

/// A page without a browser.
struct World {
    machine: Machine<Parcel>,
    state: Rc<State>,
    workers: Vec<Worker>,
    /// What workers have said and the page has not heard.
    said: VecDeque<(WorkerId, WorkerInput<Parcel>)>,
    /// Everything that was to be done, as text.
    log: Vec<String>,
    /// Programs that are being fetched and do not come before they are let through.
    withheld: Vec<Program>,
    kept: Vec<DataSet>,
    /// Whether the workbench compresses.
    compresses: bool,
    now: f64,
}

impl World {
    fn new(link: &str, cores: u32) -> Self {
        let experiment = decode(link, &[]).experiment;
        let mut state = State::open(link);
        state.experiment = experiment.clone();
        let mut world = Self {
            machine: Machine::new(experiment.clone(), cores, None),
            state: Rc::new(state),
            workers: Vec::new(),
            said: VecDeque::new(),
            log: Vec::new(),
            withheld: Vec::new(),
            kept: Vec::new(),
            compresses: false,
            now: 0.0,
        };
        world.step(Input::Run(experiment));
        world
    }

    fn step(&mut self, input: Input<Parcel>) {
        // The timer comes when it was asked to.
        self.now += if matches!(input, Input::Held) { 0.1 } else { 0.001 };
        for effect in self.machine.step(input, self.now) {
            self.log.push(format!("{effect:?}").chars().take(150).collect());
            match effect {
                Effect::Start(id, program) => {
                    let body = match program {
                        Program::Workbench => {
                            Body::Workbench(self.compresses.then(|| Box::new(Workbench::new(|| 0.0))))
                        }
                        _ => Body::Engine(Box::new(Session::new(Compute::cpu()))),
                    };
                    self.workers.push(Worker { id, program, body, inbox: VecDeque::new() });
                    if !self.withheld.contains(&program) {
                        self.load(id, program);
                    }
                }
                Effect::End(id) => self.workers.retain(|worker| worker.id != id),
                Effect::Send(id, command) => self.post(id, command),
                Effect::Forward(id, parcel) => self.post(id, Command::from(parcel)),
                Effect::Dispatch(action) => self.state = self.state.clone().reduce(action),
                Effect::CacheFiles(data, _) => self.kept.push(data),
                Effect::SendWorkbench(id, order) => self.post(id, Command::Workbench(order)),
                Effect::Hold(_) | Effect::LoadCachedFiles(_) | Effect::Save(..) | Effect::SaveBytes(..) => {}
            }
        }
    }

    fn post(&mut self, id: WorkerId, command: Command) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.inbox.push_back(command);
        }
    }

    fn load(&mut self, id: WorkerId, program: Program) {
        self.said.push_back((id, WorkerInput::Loaded));
        self.said.push_back((
            id,
            match program {
                Program::Workbench => WorkerInput::WorkbenchEvents(vec![WorkbenchEvent::Ready]),
                _ => WorkerInput::Events(vec![Event::Ready(Compute::cpu().info)]),
            },
        ));
    }

    /// A program that was withheld arrives.
    fn let_through(&mut self, program: Program) {
        self.withheld.retain(|one| *one != program);
        let ids: Vec<WorkerId> =
            self.workers.iter().filter(|worker| worker.program == program).map(|worker| worker.id).collect();
        ids.into_iter().for_each(|id| self.load(id, program));
    }

    fn engines(&self, program: Program) -> Vec<WorkerId> {
        self.workers.iter().filter(|worker| worker.program == program).map(|worker| worker.id).collect()
    }

    /// A worker ends by itself.
    fn kill(&mut self, id: WorkerId) {
        self.workers.retain(|worker| worker.id != id);
        self.step(Input::Worker(id, WorkerInput::Died("killed".into())));
    }

    /// Every worker does one thing, and the page hears of all that was said before. False if there was nothing to do.
    fn turn(&mut self) -> bool {
        let mut is_busy = !self.said.is_empty();
        for (id, input) in std::mem::take(&mut self.said) {
            self.step(Input::Worker(id, input));
        }
        let mut said = Vec::new();
        for Worker { id, program, body, inbox } in &mut self.workers {
            let events = match (body, inbox.pop_front()) {
                (Body::Engine(session), Some(command)) => {
                    assert!(*program != Program::Perceptrons || is_served_without_graph(&command), "{command:?}");
                    block_on(session.handle(command))
                }
                (Body::Engine(session), None) if session.is_running() => block_on(session.advance(Duration::ZERO)),
                (Body::Workbench(Some(workbench)), order) => {
                    let mut reports = Vec::new();
                    let emit = &mut |report| reports.push(Event::Workbench(report));
                    match order {
                        Some(Command::Workbench(order)) => workbench.handle(order, emit),
                        _ if workbench.is_busy() => workbench.work(emit),
                        _ => continue,
                    }
                    reports
                }
                _ => continue,
            };
            is_busy = true;
            for event in events {
                said.push((
                    *id,
                    match Parcel::of(event) {
                        Ok(parcel) => WorkerInput::Parcel(label(&parcel), parcel),
                        Err(Event::Workbench(report)) => WorkerInput::WorkbenchEvents(received(&[report])),
                        Err(event) => WorkerInput::Events(received(&[event])),
                    },
                ));
            }
        }
        self.said.extend(said);
        is_busy
    }

    fn turns(&mut self, count: usize) {
        for _ in 0..count {
            self.turn();
        }
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..200_000 {
            if is_so(self) {
                return;
            }
            let is_busy = self.turn();
            assert!(is_busy || is_so(self), "nothing happens any more before: {what}\n{}", self.log.join("\n"));
        }
        panic!("never: {what}");
    }

    fn finish(&mut self) -> Verdict {
        self.until("the verdict", |world| world.state.verdict.is_some() && world.said.is_empty());
        while self.turn() {}
        self.step(Input::Held);
        self.state.verdict.as_deref().cloned().unwrap()
    }

    /// Sends of this kind since the log was emptied.
    fn count(&self, text: &str) -> usize {
        self.log.iter().filter(|line| line.contains(text)).count()
    }

    fn measured(&self, network_id: NetworkId, run: u32) -> Rc<Measured> {
        let is_it = |measured: &&Rc<Measured>| (measured.network_id, measured.run) == (network_id, run);
        self.state.measured.iter().find(is_it).cloned().unwrap_or_else(|| {
            panic!("{:?}", self.state.measured.iter().map(|m| (m.run, m.network_id)).collect::<Vec<_>>())
        })
    }
}

/// Whether the engine for perceptrons carries a command out. The tests' one could do more.
fn is_served_without_graph(command: &Command) -> bool {
    match command {
        Command::Run(experiment) => !experiment.needs_graph(),
        Command::EstimateTime(experiment) => !experiment.needs_graph(),
        Command::FineTune(_) => false,
        _ => true,
    }
}

/// Reports as the page reads them.
fn received<E: Serialize + DeserializeOwned>(reports: &[E]) -> Vec<E> {
    codec::decode(&codec::encode(reports).unwrap()).unwrap()
}

/// A parcel's label as the page reads it.
fn label(parcel: &Parcel) -> ParcelLabel {
    codec::decode(&codec::encode(parcel).unwrap()).unwrap()
}

/// Small enough for a test, and of several runs.
const RUNS: &str = "data=moons&examples=80&teacher=6&student=3&teacher-epochs=3&student-epochs=3&batch=20&runs=5&labels=12&\
                    device=cpu";

fn link(more: &str) -> String {
    format!("{more}&{RUNS}").trim_start_matches('&').into()
}

fn experiment(more: &str) -> Experiment {
    decode(&link(more), &[]).experiment
}

/// What one session says, to the end of the training that these commands ask for.
fn told(commands: Vec<Command>) -> Vec<Event> {
    let mut session = Session::new(Compute::cpu());
    let mut events: Vec<Event> = commands.into_iter().flat_map(|command| block_on(session.handle(command))).collect();
    while session.is_running() {
        events.extend(block_on(session.advance(Duration::from_secs(60))));
    }
    events
}

/// Its verdict.
fn verdict(commands: Vec<Command>) -> Verdict {
    let of = |event| if let Event::Verdict(verdict) = event { Some(verdict) } else { None };
    told(commands).into_iter().find_map(of).unwrap()
}

/// The verdict of an experiment that one worker trains.
fn alone(experiment: Experiment) -> Verdict {
    verdict(vec![Command::Run(experiment)])
}

/// A teacher as a file: another experiment's, so that it is not what would be trained.
fn file(experiment: &Experiment) -> Vec<u8> {
    let teacher = |event| match event {
        Event::Network(network) if network.network_id == NetworkId::TEACHER => Some(network.file),
        _ => None,
    };
    let other = Experiment { seed: 77, runs: 1, ..experiment.clone() };
    told(vec![Command::Run(other)]).into_iter().find_map(teacher).unwrap()
}

/// Whether the curves of a run begin at the first step and have all their points in order.
fn whole(state: &State, epochs: u32) {
    for run in 0..state.experiment.runs {
        for network_id in state.networks() {
            let is_it = |point: &&CurvePoint| (point.run, point.network_id) == (run, network_id);
            let epochs_of: Vec<u32> = state.curves.iter().filter(is_it).map(|point| point.epoch).collect();
            assert_eq!(epochs_of, (0..=epochs).collect::<Vec<u32>>(), "{network_id:?} of run {run}");
        }
    }
}

#[test]
fn one_worker_or_many_give_the_same_and_no_point_is_lost() {
    let expected = alone(experiment(""));
    for cores in 1..=9 {
        let mut world = World::new(&link(""), cores);
        assert_eq!(world.finish(), expected, "{cores} cores");
        assert_eq!(world.engines(Program::Perceptrons).len() as u32, (cores.max(2) - 1).min(5));
        whole(&world.state, 3);
    }
}

#[test]
fn helpers_that_come_late_take_no_point_away() {
    for pause in 0..40 {
        let mut world = World::new(&link(""), 6);
        world.until("the first worker listens", |world| world.machine.listening().is_some());
        // Each helper arrives some turns after the one before.
        let (waiting, rest) = std::mem::take(&mut world.said).into_iter().partition(|(id, _)| *id != 1);
        world.said = rest;
        let waiting: VecDeque<(WorkerId, WorkerInput<Parcel>)> = waiting;
        for input in waiting {
            world.turns(pause);
            world.said.push_back(input);
        }
        world.finish();
        whole(&world.state, 3);
    }
}

#[test]
fn a_helper_that_dies_is_not_missed() {
    let expected = alone(experiment(""));
    for moment in [20, 40, 60, 80, 100, 150] {
        let mut world = World::new(&link(""), 5);
        world.turns(moment);
        let helper = world.engines(Program::Perceptrons)[1];
        world.kill(helper);
        assert_eq!(world.finish(), expected, "after {moment} turns");
    }
    // After the verdict nobody trains for one.
    let mut world = World::new(&link(""), 5);
    world.finish();
    world.log.clear();
    let helper = world.engines(Program::Perceptrons)[1];
    world.kill(helper);
    assert!(!world.turn(), "{:#?}", world.log);
    // What is trained next is shared among those that are left.
    world.step(Input::Run(experiment("temperature=9")));
    world.until("it trains again", |world| world.state.verdict.is_none());
    assert_eq!(world.finish(), alone(experiment("temperature=9")));
}

#[test]
fn a_teacher_from_a_file_outlives_the_engine_and_the_gpu() {
    let link = link("").replace("device=cpu", "device=gpu");
    let one = Experiment { device: DeviceChoice::Gpu, ..experiment("") };
    let file = file(&one);
    let taught = verdict(vec![Command::Run(one.clone()), Command::UseTeacherFile { file: file.clone() }]);
    assert_ne!(taught.spread(NetworkId::TEACHER), alone(one.clone()).spread(NetworkId::TEACHER));
    for cores in [2, 4] {
        let mut world = World::new(&link, cores);
        world.step(Input::Probed(Adapter::Usable));
        world.step(Input::UseTeacherFile(one.clone(), file.clone()));
        let in_run = |world: &World, run: u32| world.state.measured.iter().any(|measured| measured.run == run);
        world.until("run 2", |world| in_run(world, 1));
        let gpu = world.engines(Program::Gpu)[0];
        world.kill(gpu);
        assert!(world.machine.gpu_failed);
        assert_eq!(world.finish(), taught, "{cores} cores");
        assert_eq!(world.measured(NetworkId::TEACHER, 0).seconds, 0.0);
        // It also stays where training begins anew, and where the visitor's own examples join.
        world.step(Input::Send(Command::Reset));
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(world.finish(), taught);
        let own = UserExample { data: DataSet::Moons, label: 1, input: vec![0.3, -0.2].into() };
        for own in [vec![own], Vec::new()] {
            world.step(Input::SetUserExamples(own));
            world.until("it trains again", |world| world.state.verdict.is_none());
            assert_eq!(world.finish().runs(), 5);
            assert_eq!(world.measured(NetworkId::TEACHER, 0).seconds, 0.0);
        }
        // And where a knob of the student is turned, but not where one of the teacher is.
        world.step(Input::Run(Experiment { temperature: 3.0, ..one.clone() }));
        assert!(world.machine.teacher_file.is_some());
        world.step(Input::Run(Experiment { teacher_epochs: 2, ..one.clone() }));
        assert!(world.machine.teacher_file.is_none());
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(world.finish(), alone(Experiment { teacher_epochs: 2, ..one.clone() }));
        // Helpers are hired again, too.
        assert_eq!(world.engines(Program::Perceptrons).len() as u32, cores - 1);
    }
}

#[test]
fn a_file_that_is_no_teacher_is_forgotten() {
    let mut world = World::new(&link(""), 2);
    world.turns(10);
    world.step(Input::UseTeacherFile(experiment(""), vec![1, 2, 3]));
    assert_eq!(world.finish(), alone(experiment("")));
    assert!(world.machine.teacher_file.is_none());
}

#[test]
fn late_messages_of_a_worker_that_has_ended_change_nothing() {
    let mut world = World::new(&link(""), 3);
    world.turns(30);
    let [first, helper] = world.engines(Program::Perceptrons)[..] else { panic!("two engines") };
    world.kill(first);
    world.finish();
    for id in [first, helper] {
        let (verdict, curves) = (world.state.verdict.clone(), world.state.curves.len());
        let late = Event::Error(EngineError::Engine { reason: "late".into() });
        for input in [WorkerInput::Events(vec![Event::State(RunState::Idle), late]), WorkerInput::Died("late".into())] {
            let was_ended = !world.workers.iter().any(|worker| worker.id == id);
            assert!(was_ended);
            world.step(Input::Worker(id, input));
        }
        assert_eq!((world.state.verdict.clone(), world.state.curves.len()), (verdict, curves));
    }
}

#[test]
fn a_knob_turned_while_the_gpu_compiles_counts() {
    let mut world = World::new(&link("").replace("device=cpu", "device=gpu"), 2);
    world.withheld.push(Program::Gpu);
    world.step(Input::Probed(Adapter::Usable));
    world.turns(3);
    let other = Experiment { device: DeviceChoice::Gpu, ..experiment("temperature=7") };
    world.step(Input::Run(other.clone()));
    world.turns(3);
    world.let_through(Program::Gpu);
    assert_eq!(world.finish(), alone(other));
    assert_eq!(world.count("Send(1, Run"), 1, "{:#?}", world.log);
}

/// Four files of a data set, of images that a network can tell apart.
fn files() -> Vec<FileData> {
    let file = |name: &str, bytes: Vec<u8>| FileData { name: name.into(), bytes };
    let head = |count: u8| vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
    let images = |count: u8| (0..count).flat_map(|index| (0..784).map(move |at| (index % 10) * 20 + (at % 7) as u8));
    let labels = |count: u8| [0, 0, 8, 1, 0, 0, 0, count].into_iter().chain((0..count).map(|index| index % 10));
    vec![
        file("train-images-idx3-ubyte", head(100).into_iter().chain(images(100)).collect()),
        file("train-labels-idx1-ubyte", labels(100).collect()),
        file("t10k-images-idx3-ubyte", head(50).into_iter().chain(images(50)).collect()),
        file("t10k-labels-idx1-ubyte", labels(50).collect()),
    ]
}

#[test]
fn files_count_whenever_they_come() {
    for moment in [0, 1, 2, 5, 20] {
        let mut world = World::new(&link("").replace("data=moons", "data=mnist"), 3);
        world.turns(moment);
        world.step(Input::Files(DataSet::Mnist, files()));
        world.finish();
        assert_eq!(world.kept, [DataSet::Mnist], "after {moment} turns");
        // The next engine has them, too.
        let verdict = world.state.verdict.as_deref().cloned();
        world.kill(world.engines(Program::Perceptrons)[0]);
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(Some(world.finish()), verdict);
    }
    let mut world = World::new(&link("").replace("data=moons", "data=mnist"), 3);
    world.step(Input::Files(DataSet::Mnist, vec![FileData { name: "train-images-idx3-ubyte".into(), bytes: vec![1] }]));
    while world.turn() {}
    assert!(world.kept.is_empty() && world.machine.offered.is_none());
}

#[test]
fn files_are_collected_one_at_a_time() {
    let mut world = World::new(&link("").replace("data=moons", "data=mnist"), 3);
    // The first one comes before the engine listens, and a damaged one between.
    let mut given = files();
    given.insert(2, FileData { name: "t10k-images-idx3-ubyte.gz".into(), bytes: vec![0x1f, 0x8b, 8] });
    for (place, file) in given.into_iter().enumerate() {
        world.step(Input::Files(DataSet::Mnist, vec![file]));
        while world.turn() {}
        let missing = world.state.missing.as_ref().map(|missing| missing.parts.len());
        // The damaged one leaves what was missing as it was.
        assert_eq!(missing, [Some(3), Some(2), Some(2), Some(1), None][place], "after file {place}");
    }
    assert_eq!(world.kept, [DataSet::Mnist]);
    let bad = |notice: &Notice| matches!(notice, Notice::EngineError(EngineError::BadFile { .. }));
    assert!(!world.state.notices.iter().any(bad), "what is trained now is well");
    world.finish();
}

#[test]
fn files_that_contradict_each_other_are_given_anew() {
    let mut world = World::new(&link("").replace("data=moons", "data=mnist"), 3);
    let mut other = files().swap_remove(0);
    other.name = "train-images".into();
    *other.bytes.last_mut().unwrap() ^= 1;
    world.step(Input::Files(DataSet::Mnist, vec![other]));
    world.step(Input::Files(DataSet::Mnist, files()));
    while world.turn() {}
    assert!(world.kept.is_empty() && world.machine.offered.is_none());
    world.step(Input::Files(DataSet::Mnist, files()));
    world.finish();
    assert_eq!(world.kept, [DataSet::Mnist]);
}

/// An experiment large enough that both devices are timed.
const LARGE: &str =
    "data=blobs&examples=60&teacher=2000,2000&student=2&teacher-epochs=3&student-epochs=3&batch=20&runs=1";

#[test]
fn an_experiment_that_cannot_be_trained_says_nothing_of_the_gpu() {
    // Its files are not there.
    let mut world = World::new("data=mnist&teacher=1024,1024", 2);
    world.step(Input::Probed(Adapter::Usable));
    while world.turn() {}
    assert!(!world.machine.gpu_failed);
    assert!(world.engines(Program::Gpu).is_empty(), "the GPU's engine is left running");
    assert_eq!(world.count("Start(2, Gpu)"), 1);
    // Nor is it asked again and again.
    world.step(Input::Tick);
    while world.turn() {}
    assert_eq!(world.count(", Gpu)"), 1, "{:#?}", world.log);
}

/// What a timed engine says.
fn timed(world: &mut World, id: WorkerId, time: RunTime) {
    world.step(Input::Worker(id, WorkerInput::Events(vec![Event::TimeEstimate(time)])));
}

#[test]
fn the_faster_device_takes_over_and_a_gpu_that_fails_does_not() {
    for (gpu, processor, takes_over) in [(1.0, 100.0, true), (100.0, 1.0, false)] {
        let mut world = World::new(LARGE, 2);
        world.step(Input::Probed(Adapter::Usable));
        world.until("the GPU is asked", |world| world.machine.timing.is(2));
        // Answers of our own, so that no clock decides.
        timed(&mut world, 2, RunTime::Seconds(gpu));
        assert_eq!(world.count("Send(1, EstimateTime"), 1);
        timed(&mut world, 1, RunTime::Seconds(processor));
        assert_eq!(
            world.state.device,
            Some(if takes_over { DeviceReason::GpuFaster } else { DeviceReason::GpuSlower })
        );
        assert_eq!(world.engines(Program::Gpu).len(), usize::from(takes_over));
    }
    let mut world = World::new(LARGE, 2);
    world.step(Input::Probed(Adapter::Usable));
    world.until("the GPU is asked", |world| world.machine.timing.is(2));
    timed(&mut world, 2, RunTime::Failed { reason: "lost".into() });
    assert!(world.machine.gpu_failed);
    assert_eq!(world.state.device, Some(DeviceReason::GpuFailed));
    assert_eq!(world.engines(Program::Perceptrons).len(), 1);
}

#[test]
fn a_gpu_that_was_timed_is_not_started_again_for_the_processor_s_sake() {
    let mut world = World::new(LARGE, 2);
    world.step(Input::Probed(Adapter::Usable));
    world.until("the GPU is asked", |world| world.machine.timing.is(2));
    timed(&mut world, 2, RunTime::Seconds(1.0));
    // The processor's engine ends before it has answered.
    let first = world.engines(Program::Perceptrons)[0];
    world.kill(first);
    world.until("another is asked", |world| world.machine.timing.question.is_some());
    assert_eq!(world.count(", Gpu)"), 1);
    // The visitor has gone on to another experiment: what is found is kept for the first, and the second is timed.
    let small = decode(LARGE, &[]).experiment;
    world.step(Input::Run(Experiment { batch: 25, ..small.clone() }));
    let engine = world.engines(Program::Perceptrons)[0];
    timed(&mut world, engine, RunTime::Seconds(0.5));
    assert_eq!(world.count(", Gpu)"), 2);
    world.step(Input::Run(small));
    assert_eq!(world.state.device, Some(DeviceReason::GpuSlower));
}

#[test]
fn an_engine_that_dies_again_and_again_is_given_up() {
    let mut world = World::new(&link(""), 2);
    for death in 1..=MOST_RESTARTS {
        world.kill(world.engines(Program::Perceptrons)[0]);
        assert_eq!(world.engines(Program::Perceptrons).len(), 1, "death {death}");
    }
    world.kill(world.engines(Program::Perceptrons)[0]);
    assert!(world.engines(Program::Perceptrons).is_empty());
    assert!(matches!(world.state.engine, state::Engine::Failed(_)));
    // A knob is another try.
    world.step(Input::Run(experiment("temperature=9")));
    assert_eq!(world.finish(), alone(experiment("temperature=9")));
}

#[test]
fn one_that_does_not_answer_is_replaced_and_a_closed_lid_is_no_silence() {
    let mut world = World::new(&link(""), 2);
    world.finish();
    for _ in 0..3 * MAX_MISSED_PINGS {
        world.step(Input::Tick);
        while world.turn() {}
    }
    assert_eq!(world.count("Start(1, Perceptrons)"), 1);
    assert_eq!(world.count("Perceptrons)"), 1);
    // The ticks of an hour asleep never happened; then it hangs.
    for _ in 0..=MAX_MISSED_PINGS {
        world.step(Input::Tick);
    }
    assert_eq!(world.count(", Perceptrons)"), 2);
    world.until("it trains again", |world| world.state.verdict.is_none());
    assert_eq!(world.finish(), alone(experiment("")));
}

#[test]
fn a_pause_outlives_the_engine() {
    let mut world = World::new(&link(""), 2);
    world.turns(20);
    world.step(Input::Send(Command::Pause));
    while world.turn() {}
    world.kill(world.engines(Program::Perceptrons)[0]);
    while world.turn() {}
    assert!(world.state.verdict.is_none(), "it went on by itself");
    world.step(Input::Send(Command::Resume));
    assert_eq!(world.finish(), alone(experiment("")));
}

#[test]
fn another_workbench_is_given_what_the_first_one_had() {
    let mut world = World::new(&link(""), 2);
    world.finish();
    let workbench = world.engines(Program::Workbench)[0];
    assert!(world.count(&format!("SendWorkbench({workbench}, Quantize")) > 0);
    let given = world.count(&format!("Forward({workbench}"));
    world.log.clear();
    world.kill(workbench);
    while world.turn() {}
    let next = world.engines(Program::Workbench)[0];
    assert_ne!(next, workbench);
    assert_eq!(world.count(&format!("Forward({next}")), given);
    assert_eq!(world.count(&format!("SendWorkbench({next}, Quantize")), 1);
}

#[test]
fn the_files_of_all_networks_of_the_first_run_are_saved() {
    let mut world = World::new(&link(""), 2);
    world.finish();
    world.step(Input::SaveNetworks("moons".into()));
    for network_id in ["teacher", "baseline", "student"] {
        assert_eq!(world.count(&format!("Save(\"moons-{network_id}.retort\"")), 1, "{network_id}");
    }
    assert_eq!(world.count("Save("), 3);
}

#[test]
fn a_workbench_that_dies_again_and_again_stays_away_and_the_page_says_so() {
    let mut world = World::new(&link(""), 2);
    world.finish();
    let told = |world: &World, restarted| {
        let notice = Notice::WorkbenchLost { reason: "killed".into(), restarted };
        world.state.notices.iter().filter(|other| **other == notice).count()
    };
    for death in 1..=MOST_RESTARTS {
        world.kill(world.engines(Program::Workbench)[0]);
        assert_eq!(world.engines(Program::Workbench).len(), 1, "death {death}");
        assert_eq!((told(&world, true), told(&world, false)), (1, 0), "death {death}");
    }
    world.kill(world.engines(Program::Workbench)[0]);
    assert!(world.engines(Program::Workbench).is_empty());
    assert_eq!(told(&world, false), 1);
    assert_eq!(world.engines(Program::Perceptrons).len(), 1, "training goes on");
}

/// What may happen to a page, at any moment.
#[derive(Debug, Clone)]
enum Fate {
    Turns(usize),
    Knob(usize),
    Command(usize),
    Kill(usize),
    Held,
    Tick,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        6 => (1..60_usize).prop_map(Fate::Turns),
        2 => (0..4_usize).prop_map(Fate::Knob),
        2 => (0..4_usize).prop_map(Fate::Command),
        1 => (0..8_usize).prop_map(Fate::Kill),
        1 => Just(Fate::Held),
        1 => Just(Fate::Tick),
    ];
    vec(fate, 0..20)
}

proptest! {
    #![proptest_config(Config { cases: 100, failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_happens_the_last_experiment_ends_as_it_should(cores in 1..7_u32, fates in fates()) {
        let mut world = World::new(&link(""), cores);
        for fate in fates {
            match fate {
                Fate::Turns(count) => world.turns(count),
                Fate::Knob(which) => {
                    let knobs = ["temperature=9", "runs=2", "noise=0.2", "student=2"];
                    world.step(Input::Run(experiment(knobs[which])));
                }
                Fate::Command(which) => {
                    let commands = [Command::Pause, Command::Resume, Command::StepEpoch, Command::Reset];
                    world.step(Input::Send(commands[which].clone()));
                }
                Fate::Kill(which) => {
                    let alive: Vec<WorkerId> = world.workers.iter().map(|worker| worker.id).collect();
                    if let Some(id) = alive.get(which) {
                        world.machine.restarts = 0;
                        world.kill(*id);
                    }
                }
                Fate::Held => world.step(Input::Held),
                Fate::Tick => world.step(Input::Tick),
            }
        }
        world.step(Input::Send(Command::Resume));
        world.step(Input::Run(experiment("seed=3")));
        while world.turn() {}
        world.step(Input::Held);
        let verdict = world.state.verdict.as_deref().cloned();
        prop_assert_eq!(verdict, Some(alone(experiment("seed=3"))));
        whole(&world.state, 3);
    }
}

#[test]
fn a_verdict_of_before_does_not_end_what_is_trained_now() {
    let mut world = World::new(&link(""), 4);
    let is_verdict = |(_, input): &(WorkerId, WorkerInput<Parcel>)| matches!(input, WorkerInput::Events(events) if matches!(events[..], [Event::Verdict(_)]));
    world.until("the verdict is on its way", |world| world.said.iter().any(is_verdict));
    world.step(Input::Run(experiment("seed=3")));
    while world.turn() {}
    assert_eq!(world.state.verdict.as_deref().cloned(), Some(alone(experiment("seed=3"))));
    whole(&world.state, 3);
}

impl World {
    /// Lets everything happen that is to happen.
    fn rest(&mut self) {
        while self.turn() {}
    }

    /// The knob is turned: the page first, then the workers.
    fn turn_knob(&mut self, key: &'static str, value: &str) {
        self.state = self.state.clone().reduce(Action::Turn { key, value: value.into() });
        self.step(Input::Run(self.state.experiment.clone()));
    }

    /// Whose file is shown, its bytes at 32 bits, and whether it is what was asked for.
    fn packed(&self) -> (NetworkId, u32, bool) {
        let float = self.state.float_file().map_or(0, |float| float.bytes);
        (self.state.packed_network(), float, !self.state.outdated)
    }
}

/// A page whose workbench compresses, after the verdict.
fn compressing(link: &str) -> World {
    let mut world = World::new(link, 3);
    world.compresses = true;
    world.finish();
    world.rest();
    world
}

#[test]
fn another_network_is_compressed_without_training_and_back_again() {
    let mut world = compressing(&link(""));
    let (teacher, student) = (NetworkId::TEACHER, NetworkId::STUDENT);
    let bytes = |world: &World, id| world.measured(id, 0).bytes;
    assert_eq!(world.packed(), (student, bytes(&world, student), true));
    let runs_started = world.state.runs_started;
    for (word, id) in [("teacher", teacher), ("student", student), ("baseline", NetworkId::BASELINE)] {
        let before = world.packed();
        world.turn_knob("pack", word);
        assert_eq!(world.packed(), (before.0, before.1, false), "the old file stays until the new one is there, pale");
        world.rest();
        assert_eq!(world.packed(), (id, bytes(&world, id), true));
        assert_eq!(world.state.answering_network(), id);
        let accuracy = world.measured(id, 0).accuracy;
        assert_eq!(world.state.float_file().map(|float| float.accuracy), Some(accuracy), "{word}");
    }
    assert_eq!(world.state.runs_started, runs_started, "nothing was trained");
    // Each file has a link that leads to its own network, and undo is one step.
    let links: Vec<&str> = world.state.weighed.iter().map(|file| file.link.as_str()).collect();
    assert!(links.iter().any(|link| link.contains("pack=teacher")), "{links:?}");
    world.state = world.state.clone().reduce(Action::Undo);
    assert_eq!(world.state.experiment.pack, student);
}

#[test]
fn what_a_scheme_trained_is_never_shown_as_another_scheme_s() {
    // Networks of both are found again the second time, all at once.
    let mut world = World::new(&link(""), 3);
    world.finish();
    world.turn_knob("scheme", "mutual");
    world.until("it trains again", |world| world.state.verdict.is_none());
    world.finish();
    for turns in 0..12 {
        world.turn_knob("scheme", "offline");
        world.turns(turns);
        world.turn_knob("scheme", "mutual");
        world.turns(turns);
        world.turn_knob("scheme", "offline");
        let mut is_busy = true;
        while is_busy {
            let State { plan, measured, curves, verdict, .. } = &*world.state;
            let is_planned = |id: NetworkId| plan.network(id).is_some();
            assert!(measured.iter().all(|measured| is_planned(measured.network_id)), "after {turns} turns");
            assert!(curves.iter().all(|point| is_planned(point.network_id)), "after {turns} turns");
            let named = |verdict: &Verdict| verdict.accuracies.iter().map(|(id, _)| *id).collect::<Vec<_>>();
            assert!(verdict.as_ref().is_none_or(|verdict| plan.ids().eq(named(verdict))), "after {turns} turns");
            is_busy = world.turn();
        }
        world.step(Input::Held);
        assert_eq!(world.state.verdict.as_deref(), Some(&alone(experiment(""))), "after {turns} turns");
        world.turn_knob("scheme", "mutual");
        world.rest();
    }
}

#[test]
fn what_was_said_of_the_network_before_is_not_taken_for_the_other_s() {
    for turns in 0..60 {
        let mut world = compressing(&link(""));
        world.turn_knob("pack", "teacher");
        // In the middle of packing, and back to it.
        world.turns(turns);
        world.turn_knob("pack", "student");
        let mut shown = Vec::new();
        while world.turn() {
            shown.push(world.packed());
        }
        let is_true = |&(id, bytes, fresh): &(NetworkId, u32, bool)| {
            bytes == world.measured(id, 0).bytes && (!fresh || id == NetworkId::STUDENT)
        };
        assert!(shown.iter().all(is_true), "after {turns} turns: {shown:?}");
        assert_eq!(world.packed(), (NetworkId::STUDENT, world.measured(NetworkId::STUDENT, 0).bytes, true));
    }
}

#[test]
fn a_pipeline_of_the_network_before_is_given_up_and_the_teacher_learns_on_from_labels() {
    let mut world = compressing(&link(""));
    world.step(Input::Compress("finetune:50,quantize:4".parse().unwrap()));
    world.turns(6);
    world.turn_knob("pack", "teacher");
    world.rest();
    let flow = world.state.bench.flow.clone().unwrap();
    assert_eq!(flow.ended, Some(Some(PipelineEnd::Abandoned)));
    assert_eq!(world.state.run_state, RunState::Finished, "the engine trains for nobody");
    world.step(Input::Compress("finetune:2,quantize:4".parse().unwrap()));
    world.rest();
    let flow = world.state.bench.flow.clone().unwrap();
    assert_eq!((flow.ended.clone(), flow.stages.len()), (Some(None), 3));
    assert!(flow.stages.iter().all(|stage| stage.network_id == NetworkId::TEACHER));
    assert_eq!(flow.stages[0].bytes, world.measured(NetworkId::TEACHER, 0).bytes);
}

#[test]
fn a_link_that_asks_for_the_teacher_compresses_it_before_the_students_are_trained() {
    let mut world = World::new(&link("pack=teacher"), 2);
    world.compresses = true;
    let is_packed = |world: &World| world.state.float_file().is_some();
    world.until("a file", is_packed);
    assert_eq!((world.packed().0, world.state.verdict.is_none()), (NetworkId::TEACHER, true));
    world.finish();
    world.rest();
    assert_eq!(world.packed().0, NetworkId::TEACHER);
    // A scheme without a teacher packs its product.
    world.turn_knob("scheme", "mutual");
    assert_eq!(world.state.experiment.pack, NetworkId::STUDENT);
    world.until("it trains again", |world| world.state.verdict.is_none());
    world.finish();
    world.rest();
    assert_eq!(world.packed(), (NetworkId::STUDENT, world.measured(NetworkId::STUDENT, 0).bytes, true));
    // The workbench dies: the next one is told of the same network.
    world.turn_knob("pack", "student-2");
    world.rest();
    let workbench = world.engines(Program::Workbench)[0];
    world.kill(workbench);
    world.turn_knob("bits", "4");
    world.rest();
    assert_eq!(world.packed().0, NetworkId::new(Role::Student, 1));
    assert_eq!(world.state.bench.current.as_ref().map(|looked| looked.network_id), Some(world.packed().0));
}

mod programs;
mod sweeps;

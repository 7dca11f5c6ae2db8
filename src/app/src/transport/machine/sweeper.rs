//! A sweep beside the experiment that is shown: its cells are trained by workers of their own, one run at a time.
//!
//! Runs that share their teachers stay with one worker, whose session finds these again. A worker without runs of its
//! own helps another one, and is sent that one's teacher. While the experiment that is shown trains, the sweep waits.
//!
//! A search is trained by the same workers: each of its trials is a cell. Before it measures what it found, every
//! worker is told to hold out training examples as the first thing, and no such worker outlives that moment.

mod jobs;

use std::rc::Rc;

use retort_spec::{
    Command, DeviceChoice, EngineError, Experiment, Measured, NetworkId, Phase, RunResult, RunState, Search, Spread,
    Sweep, UserExample, Verdict,
    search::{Budget, Next, SearchPlan},
};

use crate::{
    state::{
        Action,
        sweep::{Outcome, SweepAction, SweepRun, SweepStatus},
    },
    transport::{
        machine::{Effect, Machine, Program, WorkerId, engine::MAX_MISSED_PINGS, knobs},
        pool_size::all_cores,
    },
};

/// A training that ended its worker so often ends every worker.
const MOST_FAILURES: u32 = 2;

/// What a worker trains at a time.
#[derive(Clone)]
struct Job {
    cell: usize,
    /// The run, from 0; `None` for all of them, where an engine trains them together.
    run: Option<u32>,
    /// Jobs of equal texts have equal teachers.
    family: Rc<str>,
    /// Workers that it ended.
    failures: u32,
}

/// A job under way.
struct Task {
    job: Job,
    /// When it began, later by the time that it waited.
    since: f64,
    /// The number of its share, by which its messages are known.
    generation: u32,
    /// Whether its worker speaks of it, and no more of what it trained before.
    has_begun: bool,
    measured: Vec<Measured>,
}

/// What came of a job.
#[derive(Clone)]
struct Trained {
    measured: Vec<Measured>,
    /// The verdict over all runs, where they were trained together.
    verdict: Option<Verdict>,
    /// The run as far as a verdict over several runs asks.
    result: RunResult,
    examples: u32,
}

struct SweepWorker {
    id: WorkerId,
    program: Program,
    ready: bool,
    /// Whose jobs it trains.
    families: Vec<Rc<str>>,
    /// The one of them whose teacher it was sent.
    adopted: Option<Rc<str>>,
    task: Option<Task>,
    /// Whether it measures on held-out training examples.
    validates: bool,
    /// The number of the share of which it speaks.
    generation: u32,
    /// The labels of its test examples, how many these are, and how many classes there are.
    test: (Vec<u8>, u32, u32),
    /// Its experiment, and what came of the runs of it.
    experiment: Option<Experiment>,
    known: Vec<(Option<u32>, Trained)>,
    unanswered: u32,
}

/// A cell that is possible.
struct Cell {
    experiment: Experiment,
    results: Vec<RunResult>,
    measured: Vec<Measured>,
    seconds: f64,
    has_failed: bool,
}

impl Cell {
    fn new(experiment: &Experiment) -> Self {
        let mut experiment = experiment.clone();
        // A device of its own would need a worker of its own.
        experiment.device = DeviceChoice::Cpu;
        Self { experiment, results: Vec::new(), measured: Vec::new(), seconds: 0.0, has_failed: false }
    }
}

/// The sweep's part of the machine.
pub(super) struct Sweeper<P> {
    /// The cells of the sweep, or the trials of the search.
    cells: Vec<Option<Cell>>,
    search: Option<Search>,
    /// When it began, later by the time that it waited.
    since: f64,
    /// What trains all that is not of sequences: one program, since cells share teachers.
    program: Program,
    /// What waits to be trained, in order.
    jobs: Vec<Job>,
    workers: Vec<SweepWorker>,
    teachers: Vec<(Rc<str>, P)>,
    own: Vec<UserExample>,
    /// Runs of the cell that has most.
    runs: u32,
    /// Whether a sweep is under way.
    is_on: bool,
    is_paused: bool,
    /// Whether the experiment that is shown trains.
    is_outranked: bool,
    /// Since when the workers wait.
    held: Option<f64>,
    generation: u32,
    done: u32,
    /// Trainings that took time, and how much.
    timed: (u32, f64),
}

impl<P> Default for Sweeper<P> {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            search: None,
            since: 0.0,
            program: Program::Perceptrons,
            jobs: Vec::new(),
            workers: Vec::new(),
            teachers: Vec::new(),
            own: Vec::new(),
            runs: 1,
            is_on: false,
            is_paused: false,
            is_outranked: false,
            held: None,
            generation: 0,
            done: 0,
            timed: (0, 0.0),
        }
    }
}

impl<P> Sweeper<P> {
    pub(super) fn has(&self, id: WorkerId) -> bool {
        self.workers.iter().any(|worker| worker.id == id)
    }

    fn worker(&mut self, id: WorkerId) -> Option<&mut SweepWorker> {
        self.workers.iter_mut().find(|worker| worker.id == id)
    }

    /// Puts the runs of a cell in the queue.
    fn add_jobs(&mut self, place: usize) {
        let Some(Some(Cell { experiment, .. })) = self.cells.get(place) else { return };
        let teachers = knobs(experiment, Phase::Teacher);
        let job = |run: Option<u32>| Job {
            cell: place,
            run,
            family: [&*teachers, &run.unwrap_or(0).to_string()].concat().into(),
            failures: 0,
        };
        match experiment.data.is_of_sequences() {
            true => self.jobs.push(job(None)),
            false => self.jobs.extend((0..experiment.runs).map(|run| job(Some(run)))),
        }
    }

    fn program(&self, job: &Job) -> Program {
        match self.cells[job.cell].as_ref().is_some_and(|cell| cell.experiment.data.is_of_sequences()) {
            true => Program::Sequences,
            false => self.program,
        }
    }

    fn waits(&self) -> bool {
        self.is_paused || self.is_outranked
    }

    /// The place of the job that a worker trains next, among those that wait: the first that is its own or nobody's,
    /// else one of the worker that has most of them.
    fn next(&self, id: WorkerId) -> Option<usize> {
        let me = self.workers.iter().find(|worker| worker.id == id)?;
        let is_anothers =
            |job: &Job| self.workers.iter().any(|other| other.id != id && other.families.contains(&job.family));
        let fits = |job: &Job| self.program(job) == me.program;
        let is_mine = |job: &Job| fits(job) && (me.families.contains(&job.family) || !is_anothers(job));
        let rest = |job: &Job| self.jobs.iter().filter(|other| other.family == job.family).count();
        // Whoever can be sent the teacher waits for it: to train it once more would take as long.
        let is_worth = |job: &Job| match self.cells[job.cell].as_ref() {
            Some(cell) if imitates_one(&cell.experiment) => {
                self.teachers.iter().any(|(family, _)| *family == job.family)
            }
            _ => rest(job) > 1,
        };
        let others = || (0..self.jobs.len()).filter(|&at| fits(&self.jobs[at]) && is_worth(&self.jobs[at]));
        let most = || others().map(|at| rest(&self.jobs[at])).max();
        let mine = self.jobs.iter().position(is_mine);
        mine.or_else(|| most().and_then(|most| others().find(|&at| rest(&self.jobs[at]) == most)))
    }
}

impl<P: Clone> Machine<P> {
    /// Trains the cells of a sweep that is made from this experiment, in the place of the sweep before; or searches
    /// among them.
    pub(super) fn start_sweep(&mut self, base: Experiment, sweep: Sweep, plan: Option<SearchPlan>) {
        // The page offers no search that cannot be made.
        let Ok(search) = plan.map(|plan| Search::new(&base, &sweep, plan)).transpose() else { return };
        self.end_sweep_workers();
        let cells = sweep.cells(&base);
        let runs = cells.iter().filter_map(|cell| cell.experiment.as_ref().ok()).map(|experiment| experiment.runs);
        self.sweeper = Sweeper {
            own: self.own.clone(),
            runs: runs.chain([base.runs]).max().unwrap_or(1),
            is_on: true,
            is_outranked: self.sweeper.is_outranked,
            held: self.sweeper.is_outranked.then_some(self.now),
            generation: self.sweeper.generation,
            since: self.now,
            ..Sweeper::default()
        };
        let mut experiments = cells.iter().filter_map(|cell| cell.experiment.as_ref().ok());
        if experiments.any(|one| !one.data.is_of_sequences() && one.needs_graph()) {
            self.sweeper.program = Program::Cpu;
        }
        let mut trainings = 0;
        if search.is_none() {
            for cell in &cells {
                let experiment = cell.experiment.as_ref().ok();
                self.sweeper.cells.push(experiment.map(|experiment| Cell::new(experiment)));
            }
            sweep.order().into_iter().for_each(|place| self.sweeper.add_jobs(place));
            trainings = self.sweeper.jobs.len() as u32;
        }
        self.sweeper.search = search;
        self.tell_sweep(SweepAction::Begin(Rc::new(SweepRun { base, sweep, cells }), trainings));
        self.show_search();
        self.tell_sweep_status();
        self.feed_sweep();
    }

    /// Takes from the search what is to be trained next; whether there was anything.
    fn extend_search(&mut self) -> bool {
        let seconds = self.now - self.sweeper.since;
        let most = all_cores(self.cores, self.memory) as usize;
        let mut is_more = false;
        // Jobs that wait are as few as keep all workers busy: the next may depend on what comes of these.
        while self.sweeper.jobs.len() < most
            && let Some(search) = &mut self.sweeper.search
            && let Next::Train(index) = search.next(seconds)
        {
            is_more = true;
            let (is_testing, cell) = (search.is_testing(), Cell::new(&search.trials()[index].experiment));
            self.sweeper.cells.push(Some(cell));
            self.sweeper.add_jobs(index);
            if is_testing && self.sweeper.workers.iter().any(|worker| worker.validates) {
                // Nothing is under way: what is tested depends on all trials before.
                self.end_sweep_workers();
            }
        }
        if is_more {
            self.show_search();
        }
        is_more
    }

    /// The search is told what came of a trial.
    fn tell_search(&mut self, index: usize, outcome: Result<Spread, EngineError>) {
        if let Some(search) = &mut self.sweeper.search {
            search.tell(index, outcome);
            self.show_search();
        }
    }

    /// The page is told how the search stands.
    fn show_search(&mut self) {
        if let Some(search) = &self.sweeper.search {
            self.tell_sweep(SweepAction::Searched(Rc::new(search.clone())));
        }
    }

    /// The visitor pauses the sweep, or lets it go on.
    pub(super) fn pause_sweep(&mut self, pause: bool) {
        let waited = self.sweeper.waits();
        self.sweeper.is_paused = pause;
        self.hold_sweep(waited);
    }

    /// The experiment that is shown trains, or does not.
    pub(super) fn outrank_sweep(&mut self, state: RunState) {
        let waited = self.sweeper.waits();
        self.sweeper.is_outranked = matches!(state, RunState::Running | RunState::Gathering);
        self.hold_sweep(waited);
    }

    /// The visitor ends the sweep; what came of it stays.
    pub(super) fn cancel_sweep(&mut self) {
        if std::mem::take(&mut self.sweeper.is_on) {
            self.end_sweep_workers();
            self.tell_sweep(SweepAction::Status(SweepStatus::Cancelled));
        }
    }

    fn hold_sweep(&mut self, waited: bool) {
        if !self.sweeper.is_on {
            return;
        }
        let waits = self.sweeper.waits();
        if waits != waited {
            let command = if waits { Command::Pause } else { Command::Resume };
            let workers = self.sweeper.workers.iter().filter(|worker| worker.ready);
            self.effects.extend(workers.map(|worker| Effect::Send(worker.id, command.clone())));
        }
        match (waits, self.sweeper.held) {
            (true, None) => self.sweeper.held = Some(self.now),
            (false, Some(since)) => {
                self.sweeper.held = None;
                self.sweeper.since += self.now - since;
                let tasks = self.sweeper.workers.iter_mut().filter_map(|worker| worker.task.as_mut());
                tasks.for_each(|task| task.since += self.now - since);
            }
            _ => {}
        }
        self.tell_sweep_status();
        self.feed_sweep();
    }

    fn tell_sweep(&mut self, action: SweepAction) {
        self.dispatch(Action::Sweep(action));
    }

    fn tell_sweep_status(&mut self) {
        let status = match (self.sweeper.is_paused, self.sweeper.is_outranked) {
            (true, _) => SweepStatus::Paused,
            (false, true) => SweepStatus::Waiting,
            (false, false) => SweepStatus::Running,
        };
        self.tell_sweep(SweepAction::Status(status));
    }

    fn end_sweep_workers(&mut self) {
        for worker in std::mem::take(&mut self.sweeper.workers) {
            self.end(Some(worker.id));
        }
        self.sweeper.teachers.clear();
    }

    /// Gives every worker that has nothing to do something to do; starts workers, and ends those that are not needed.
    fn feed_sweep(&mut self) {
        if !self.sweeper.is_on || self.sweeper.waits() {
            return;
        }
        self.extend_search();
        let validates = self.sweeper.search.as_ref().is_some_and(|search| !search.is_testing());
        let free = |worker: &&SweepWorker| worker.ready && worker.task.is_none();
        for id in self.sweeper.workers.iter().filter(free).map(|worker| worker.id).collect::<Vec<WorkerId>>() {
            // What is the same as what it trained before is done at once, and there may be more of it.
            while self.sweeper.worker(id).is_some_and(|worker| worker.task.is_none())
                && let Some(at) = self.sweeper.next(id)
            {
                let job = self.sweeper.jobs.remove(at);
                self.begin_job(id, job);
            }
        }
        let is_wanted = |worker: &SweepWorker| {
            let mut jobs = self.sweeper.jobs.iter();
            worker.task.is_some() || jobs.any(|job| self.sweeper.program(job) == worker.program)
        };
        let needless: Vec<WorkerId> =
            self.sweeper.workers.iter().filter(|worker| !is_wanted(worker)).map(|worker| worker.id).collect();
        for id in needless {
            self.sweeper.workers.retain(|worker| worker.id != id);
            self.end(Some(id));
        }
        let jobs = &self.sweeper.jobs;
        self.sweeper.teachers.retain(|(family, _)| jobs.iter().any(|job| job.family == *family));
        let tasks = self.sweeper.workers.iter().filter(|worker| worker.task.is_some()).count();
        let most = all_cores(self.cores, self.memory) as usize;
        let wanted = most.min(tasks + self.sweeper.jobs.len());
        while self.sweeper.workers.len() < wanted
            && let Some(program) = self.sweeper.jobs.first().map(|job| self.sweeper.program(job))
        {
            let id = self.start(program);
            self.sweeper.workers.push(SweepWorker {
                id,
                program,
                ready: false,
                families: Vec::new(),
                adopted: None,
                task: None,
                validates,
                generation: 0,
                test: (Vec::new(), 0, 0),
                experiment: None,
                known: Vec::new(),
                unanswered: 0,
            });
        }
        if self.sweeper.jobs.is_empty() && tasks == 0 {
            // What was known already came to an end at once.
            if self.extend_search() {
                return self.feed_sweep();
            }
            self.sweeper.is_on = false;
            self.end_sweep_workers();
            self.tell_sweep(SweepAction::Status(SweepStatus::Done));
        }
    }

    fn tell_sweep_progress(&mut self, cell: Option<(usize, Outcome)>) {
        let sweeper = &self.sweeper;
        let (count, seconds) = sweeper.timed;
        let tasks = sweeper.workers.iter().filter_map(|worker| worker.task.as_ref());
        let begun: f64 = tasks.clone().map(|task| self.now - task.since).sum();
        let whole = (sweeper.jobs.len() + tasks.count()) as f64 * seconds / f64::from(count);
        let left = match sweeper.search.as_ref().map(|search| search.plan().budget) {
            None => Some((whole - begun).max(0.0) / sweeper.workers.len().max(1) as f64).filter(|_| count > 0),
            Some(Budget::Seconds(all)) => Some((f64::from(all) - self.now + sweeper.since).max(0.0)),
            // Trials of different rungs take different times.
            Some(Budget::Trainings(_)) => None,
        };
        let (done, seconds_left) = (sweeper.done, left);
        self.tell_sweep(SweepAction::Told { cell, done, seconds_left });
    }

    /// Asks whether the workers are alive: whoever has not answered for long is not.
    pub(super) fn watch_sweep(&mut self) {
        let ready: Vec<WorkerId> =
            self.sweeper.workers.iter().filter(|worker| worker.ready).map(|worker| worker.id).collect();
        for id in ready {
            let Some(worker) = self.sweeper.worker(id) else { continue };
            worker.unanswered += 1;
            match worker.unanswered > MAX_MISSED_PINGS {
                true => self.lose_sweep_worker(id, "no answer".into()),
                false => self.effects.push(Effect::Send(id, Command::Ping)),
            }
        }
    }
}

/// Whether all that is taught in an experiment is taught by a teacher that was trained before.
pub(super) fn imitates_one(experiment: &Experiment) -> bool {
    let plan = experiment.plan();
    experiment.applies("teacher") && plan.phases.len() > 1 && plan.learners(0).eq([NetworkId::TEACHER])
}

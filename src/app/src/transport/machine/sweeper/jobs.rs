//! What is told to a sweep's workers, and what they say.

use std::rc::Rc;

use retort_spec::{
    Command, EngineError, Event, Experiment, Measured, NetworkId, ParcelLabel, Phase, RunAssignment, RunResult,
    RunState, Verdict, changed,
    metrics::Answers,
    sweep::{Metric, Results},
};

use super::{Job, MOST_FAILURES, Task, Trained, imitates_one};
use crate::transport::machine::{Effect, Machine, Program, WorkerId, WorkerInput};

impl<P: Clone> Machine<P> {
    /// Sends a worker what it needs to train a job; one of which all is known is done at once.
    pub(super) fn begin_job(&mut self, id: WorkerId, job: Job) {
        let Some(Some(cell)) = self.sweeper.cells.get(job.cell) else { return };
        let mut experiment = cell.experiment.clone();
        let imitates = imitates_one(&experiment);
        if job.run.is_some() {
            // How many runs there are decides nothing about one of them.
            experiment.runs = self.sweeper.runs;
        }
        if imitates {
            // Only the network to be packed is sent of every run.
            experiment.pack = NetworkId::TEACHER;
        }
        let is_anothers = self.sweeper.workers.iter().any(|worker| worker.families.contains(&job.family));
        let teacher = self.sweeper.teachers.iter().find(|(family, _)| *family == job.family);
        let teacher = teacher.map(|(_, teacher)| teacher.clone()).filter(|_| imitates);
        self.sweeper.generation += 1;
        let (generation, now) = (self.sweeper.generation, self.now);
        let Some(worker) = self.sweeper.worker(id) else { return };
        let mut commands = Vec::new();
        if worker.adopted.as_ref().is_some_and(|adopted| *adopted != job.family) {
            // An engine would give that teacher to all runs. It forgets everything.
            commands.push(Command::Stop);
            (worker.families, worker.adopted, worker.experiment) = (Vec::new(), None, None);
        }
        if !worker.families.contains(&job.family) {
            worker.families.push(job.family.clone());
            if is_anothers && teacher.is_some() {
                if worker.experiment.take().is_some() {
                    commands.push(Command::Stop);
                }
                worker.families = vec![job.family.clone()];
                worker.adopted = Some(job.family.clone());
            }
        }
        // An engine reports nothing of an experiment that differs in nothing that it trains.
        let is_sequence = worker.program == Program::Sequences;
        let retrains = |before: &Experiment| {
            let mut knobs = changed(before, &experiment);
            knobs.any(|knob| knob.phase != Phase::Show && (!is_sequence || experiment.applies(knob.key)))
        };
        let is_same = worker.experiment.as_ref().is_some_and(|before| !retrains(before));
        if !is_same {
            worker.known.clear();
        }
        let known = worker.known.iter().find(|(run, _)| *run == job.run).map(|(_, trained)| trained.clone());
        if let Some(trained) = known {
            return self.finish_job(job, trained, None);
        }
        let mut effects: Vec<Effect<P>> = commands.into_iter().map(|command| Effect::Send(id, command)).collect();
        let is_sent = worker.adopted.is_some();
        let teacher = teacher.filter(|_| is_sent).map(|teacher| Effect::Forward(id, teacher));
        let mut send = |command| effects.push(Effect::Send(id, command));
        // Other engines train all runs together.
        let share = job
            .run
            .map_or(RunAssignment { generation, ..RunAssignment::ALL }, |run| RunAssignment::only(run, generation));
        match (is_same, job.run) {
            (true, _) => send(Command::AssignRuns(share)),
            (false, None) => {
                send(Command::AssignRuns(share));
                send(Command::Run(experiment.clone()));
            }
            (false, Some(_)) => {
                // A worker that trains is turned to another experiment only as far as its live knobs go. One that is
                // to train nothing begins anew.
                let idle = RunAssignment { index: RunAssignment::IDLE, count: 1, generation };
                send(Command::AssignRuns(idle));
                send(Command::Run(experiment.clone()));
                effects.extend(teacher);
                effects.push(Effect::Send(id, Command::AssignRuns(share)));
            }
        }
        let has_begun = is_same || job.run.is_some();
        worker.experiment = Some(experiment);
        worker.task = Some(Task { job, since: now, generation, has_begun, measured: Vec::new() });
        self.effects.extend(effects);
    }

    /// A worker of the sweep does or says something.
    pub(in crate::transport::machine) fn on_sweep_worker(&mut self, id: WorkerId, input: WorkerInput<P>) {
        let Some(worker) = self.sweeper.worker(id) else { return };
        worker.unanswered = 0;
        match input {
            WorkerInput::Events(events) => {
                for event in events {
                    self.on_sweep_event(id, event);
                }
            }
            WorkerInput::Parcel(ParcelLabel::Network { network_id: NetworkId::TEACHER, run }, parcel) => {
                let is_its = |task: &&Task| task.has_begun && task.job.run == Some(run);
                if let Some(family) = worker.task.as_ref().filter(is_its).map(|task| task.job.family.clone())
                    && worker.adopted.is_none()
                    && self.sweeper.teachers.iter().all(|(other, _)| *other != family)
                {
                    self.sweeper.teachers.push((family, parcel));
                    self.feed_sweep();
                }
            }
            WorkerInput::Unavailable(reason) | WorkerInput::Died(reason) => self.lose_sweep_worker(id, reason),
            WorkerInput::Parcel(..)
            | WorkerInput::Loading { .. }
            | WorkerInput::Loaded
            | WorkerInput::WorkbenchEvents(_) => {}
        }
    }

    fn on_sweep_event(&mut self, id: WorkerId, event: Event) {
        if let Event::Error(EngineError::Engine { reason } | EngineError::Device { reason }) = event {
            return self.lose_sweep_worker(id, reason);
        }
        let Some(worker) = self.sweeper.worker(id) else { return };
        match event {
            Event::Ready(_) => {
                worker.ready = true;
                let validate = worker.validates.then_some(Command::Validate);
                let files = self.files.iter().chain(&self.offered).cloned();
                let files = files.map(|(data, files)| Command::Files { data, files });
                let own = (!self.sweeper.own.is_empty()).then(|| Command::SetUserExamples(self.sweeper.own.clone()));
                let commands = validate.into_iter().chain(files).chain(own);
                self.effects.extend(commands.map(|command| Effect::Send(id, command)));
                return self.feed_sweep();
            }
            Event::AssignmentApplied { generation } => worker.generation = generation,
            Event::Data(ref summary) => {
                worker.test = (summary.test_labels.clone(), summary.test, summary.classes);
            }
            _ => {}
        }
        let generation = worker.generation;
        // What comes before is about what it trained before.
        let Some(task) = worker.task.as_mut().filter(|task| task.generation == generation) else { return };
        let product = worker.experiment.as_ref().map(|experiment| experiment.plan().product);
        match event {
            Event::Data(_) => {
                task.has_begun = true;
                task.measured.clear();
            }
            Event::Measured(measured) if task.has_begun => {
                task.measured.retain(|other| (other.run, other.network_id) != (measured.run, measured.network_id));
                task.measured.push(measured);
            }
            Event::Verdict(verdict) if task.has_begun && task.job.run.is_none() => {
                self.end_task(id, Some(verdict));
            }
            // A worker that trains one run is finished with that; networks that are found again end it at once.
            Event::State(RunState::Finished)
                if task.job.run.is_some() && task.measured.iter().any(|one| Some(one.network_id) == product) =>
            {
                self.end_task(id, None);
            }
            // It learns a teacher of its own.
            Event::Error(EngineError::BadFile { .. }) => {}
            Event::Error(trouble) => {
                let Some(task) = worker.task.take() else { return };
                worker.known.clear();
                worker.experiment = None;
                self.sweeper.done += 1;
                self.fail_cell(task.job.cell, trouble);
                self.feed_sweep();
            }
            _ => {}
        }
    }

    /// A worker has trained what it was to train.
    fn end_task(&mut self, id: WorkerId, verdict: Option<Verdict>) {
        let now = self.now;
        let Some(worker) = self.sweeper.worker(id) else { return };
        let Some((task, experiment)) = worker.task.take().zip(worker.experiment.as_ref()) else { return };
        let trained = trained(&task, experiment, &worker.test, verdict);
        worker.known.push((task.job.run, trained.clone()));
        self.finish_job(task.job, trained, Some(now - task.since));
        self.feed_sweep();
    }

    /// A job is done: its cell is told with all of its runs that are.
    fn finish_job(&mut self, job: Job, trained: Trained, seconds: Option<f64>) {
        self.sweeper.done += 1;
        if let Some(seconds) = seconds {
            self.sweeper.timed = (self.sweeper.timed.0 + 1, self.sweeper.timed.1 + seconds);
        }
        let Some(Some(cell)) = self.sweeper.cells.get_mut(job.cell) else { return };
        let at = cell.results.partition_point(|other| other.run < trained.result.run);
        cell.results.insert(at, trained.result);
        cell.measured.extend(trained.measured);
        cell.seconds += seconds.unwrap_or(0.0);
        if cell.has_failed {
            return self.tell_sweep_progress(None);
        }
        let verdict = trained.verdict.unwrap_or_else(|| {
            let results: Vec<&RunResult> = cell.results.iter().collect();
            RunResult::verdict(&results, &cell.experiment.plan(), trained.examples, false)
        });
        let (measured, seconds) = (cell.measured.clone(), cell.seconds);
        let is_whole = cell.results.len() >= cell.experiment.runs as usize;
        let results = Results { verdict, measured, packed: Vec::new(), corrected: Vec::new(), seconds };
        if self.sweeper.search.is_none() {
            return self.tell_sweep_progress(Some((job.cell, Ok(Rc::new(results)))));
        }
        if is_whole && let Some(spread) = Metric::Accuracy.value(&results) {
            self.tell_search(job.cell, Ok(spread));
        }
        self.tell_sweep_progress(None);
    }

    /// A cell cannot be trained; its other runs cannot either.
    fn fail_cell(&mut self, place: usize, trouble: EngineError) {
        let before = self.sweeper.jobs.len();
        self.sweeper.jobs.retain(|job| job.cell != place);
        self.sweeper.done += (before - self.sweeper.jobs.len()) as u32;
        if let Some(Some(cell)) = self.sweeper.cells.get_mut(place) {
            cell.has_failed = true;
        }
        if self.sweeper.search.is_none() {
            return self.tell_sweep_progress(Some((place, Err(trouble))));
        }
        self.tell_search(place, Err(trouble));
        self.tell_sweep_progress(None);
    }

    /// A worker is no more: another one trains what it trained.
    pub(super) fn lose_sweep_worker(&mut self, id: WorkerId, reason: String) {
        let Some(at) = self.sweeper.workers.iter().position(|worker| worker.id == id) else { return };
        let worker = self.sweeper.workers.remove(at);
        self.end(Some(id));
        // One that could not begin ends what it would have begun.
        let first = || self.sweeper.jobs.iter().position(|job| self.sweeper.program(job) == worker.program);
        let job = match worker.task {
            Some(task) => Some(task.job),
            None if !worker.ready => first().map(|at| self.sweeper.jobs.remove(at)),
            None => None,
        };
        if let Some(mut job) = job {
            job.failures += 1;
            if job.failures < MOST_FAILURES {
                self.sweeper.jobs.insert(0, job);
            } else {
                self.sweeper.done += 1;
                self.fail_cell(job.cell, EngineError::Engine { reason });
            }
        }
        self.feed_sweep();
    }
}

/// What came of a job, without the answers to every test example, which are many.
fn trained(
    task: &Task,
    experiment: &Experiment,
    (labels, examples, classes): &(Vec<u8>, u32, u32),
    verdict: Option<Verdict>,
) -> Trained {
    let (plan, classes) = (experiment.plan(), *classes as usize);
    let right = |id: NetworkId| {
        let measured = task.measured.iter().find(|measured| measured.network_id == id);
        let logits = measured.filter(|_| classes > 0).map(|measured| &*measured.logits);
        let correct = logits.map(|logits| Answers { logits, labels, classes }.correct());
        correct.into_iter().flatten().map(u8::from).collect()
    };
    let result = RunResult {
        generation: 0,
        run: task.job.run.unwrap_or(0),
        edited_while_training: false,
        accuracies: task.measured.iter().map(|measured| (measured.network_id, measured.accuracy)).collect(),
        control_right: right(plan.control),
        product_right: right(plan.product),
    };
    let strip = |measured: &Measured| Measured { logits: Vec::new().into(), ..measured.clone() };
    Trained { measured: task.measured.iter().map(strip).collect(), verdict, result, examples: *examples }
}

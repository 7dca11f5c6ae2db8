//! An experiment under way: its runs one after the other, each a study.

use std::{collections::VecDeque, rc::Rc, time::Duration};

use retort_spec::{
    Bits, EngineError, Event, Experiment, NetworkId, Plan, Progress, Spread, Verdict, paired_test::judge_scores,
};

use super::{
    exhibits::{
        self, Scene, Shown,
        sizes::{self, Sizes, packed},
    },
    lessons::{Placed, Subject, phases, task_of_run},
    reports::{self, Scored},
    table::TableFile,
    teacher_file::TeacherFile,
};
use crate::{
    tasks::Task,
    train::{Study, StudyEvent, Trained, steps_of_epoch},
};

/// Trained networks that are kept, to be found again.
const MOST_KEPT: usize = 60;

/// Trained networks, the oldest first.
#[derive(Default)]
pub struct KeptNetworks(VecDeque<Kept>);

/// A trained network.
struct Kept {
    /// What decides it.
    key: String,
    trained: Trained,
    /// Seconds that its training took.
    seconds: f64,
}

/// An experiment under way.
pub struct Job {
    experiment: Experiment,
    plan: Plan,
    subject: Rc<Subject>,
    /// The teacher, where it came from a file.
    teacher: Option<Rc<TeacherFile>>,
    /// The study's phases, each with the phase of the plan that it belongs to.
    placed: Vec<Placed>,
    /// The keys of the networks of the study, phase by phase.
    keys: Vec<String>,
    study: Study,
    run: u32,
    /// What was measured of each network in each run that is done, and of the one under way.
    scored: Vec<(u32, NetworkId, Scored)>,
    /// Reports of the phase that is carried out, from which it can be told anew.
    reports: Vec<StudyEvent>,
    /// Trained networks, the oldest first.
    kept: VecDeque<Kept>,
    /// What the exhibits are made of.
    shown: Shown,
    is_finished: bool,
    has_diverged: bool,
    /// Seconds of training of the phase that is carried out.
    seconds: f64,
    /// The epoch of its last point.
    epoch: usize,
}

impl Job {
    /// An experiment in front of its first step. What was trained before for the same is kept.
    ///
    /// # Errors
    /// Why nothing can be trained; then nothing is taken of what was trained before.
    pub fn new(
        experiment: Experiment,
        subject: Rc<Subject>,
        kept: &mut KeptNetworks,
        teacher: Option<Rc<TeacherFile>>,
    ) -> Result<Self, EngineError> {
        let task = &subject.task;
        let plan = experiment.plan();
        let placed = phases(&experiment, &plan, task, teacher.is_some());
        if reports::learns_nothing(&experiment) {
            return Err(EngineError::NothingToLearn);
        }
        let study = study(&experiment, task, &placed, 0)?;
        let mut kept = std::mem::take(&mut kept.0);
        kept.truncate(MOST_KEPT);
        let mut job = Self {
            keys: Vec::new(),
            shown: Shown::default(),
            run: 0,
            scored: Vec::new(),
            reports: Vec::new(),
            is_finished: false,
            has_diverged: false,
            seconds: 0.0,
            epoch: 0,
            experiment,
            plan,
            subject,
            teacher,
            placed,
            study,
            kept,
        };
        job.find_known();
        Ok(job)
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What is learned, if another experiment learns the same.
    pub fn subject_for(&self, experiment: &Experiment, table: Option<&Rc<TableFile>>) -> Option<Rc<Subject>> {
        let of = |one: &Experiment| (one.data, one.noise.to_bits(), one.target_column, one.target_kind);
        let is_same_file = match (&self.subject.file, table) {
            (Some(file), Some(table)) => Rc::ptr_eq(file, table),
            (file, _) => file.is_none(),
        };
        (of(&self.experiment) == of(experiment) && is_same_file).then(|| self.subject.clone())
    }

    /// What is learned.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The networks that were trained.
    pub fn into_kept(self) -> KeptNetworks {
        KeptNetworks(self.kept)
    }

    /// Whether all runs are done.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether a loss is no number any more.
    pub fn has_diverged(&self) -> bool {
        self.has_diverged
    }

    /// Trained networks that are kept.
    pub fn networks_kept(&self) -> usize {
        self.kept.len()
    }

    /// The same experiment, looked at in another way.
    pub fn show(&mut self, experiment: Experiment) {
        self.experiment = experiment;
    }

    /// The data set and its networks.
    pub fn data(&self) -> Event {
        Event::Data(reports::summary(&self.experiment, &self.plan, &self.subject))
    }

    /// What the task shows of itself now.
    pub fn exhibits(&mut self, asked: &[(u8, String)]) -> Vec<Event> {
        let Self { experiment, plan, subject, scored, shown, .. } = self;
        let scene = Scene { experiment, plan, subject, scored, asked };
        exhibits::all(&scene, shown).into_iter().map(Event::Exhibit).collect()
    }

    /// Goes on by one step, or by what stands between two of them; whether an epoch ended with that step, and none
    /// where none was taken.
    pub fn step(&mut self, asked: &[(u8, String)], events: &mut Vec<Event>) -> Option<bool> {
        let started = web_time::Instant::now();
        let (run, phase, before) = (self.run, self.study.phase(), self.study.step());
        let reports = self.study.advance(Duration::ZERO);
        self.seconds += started.elapsed().as_secs_f64();
        let mut changed = false;
        for report in reports {
            changed |= self.take(report, events);
        }
        if changed && run == 0 {
            events.extend(self.exhibits(asked));
        }
        let after = self.study.step();
        let stepped = self.study.phase() == phase && after > before;
        stepped.then(|| after.is_multiple_of(steps_of_epoch(&self.experiment, &self.subject.task)))
    }

    /// How far the training is.
    pub fn progress(&self, steps: u32, elapsed: Duration) -> Option<Progress> {
        let at = self.study.phase();
        let (_, phase) = self.placed.get(at)?;
        let of = |phases: &[Placed]| -> usize {
            phases.iter().filter(|(_, other)| other == phase).map(|(one, _)| one.steps).sum()
        };
        let (step, all) = (of(&self.placed[..at]) + self.study.step(), of(&self.placed));
        let epoch = steps_of_epoch(&self.experiment, &self.subject.task);
        let seconds = elapsed.as_secs_f64();
        let trained = f64::from(steps) * f64::from(self.experiment.batch);
        Some(Progress {
            run: self.run,
            runs: self.experiment.runs,
            phase: Some(*phase),
            step: step as u32,
            steps: all as u32,
            epoch: (step / epoch) as u32,
            epochs: all.div_ceil(epoch) as u32,
            examples_per_second: if steps > 0 && seconds > 0.0 { trained / seconds } else { 0.0 },
            share_done: Some((f64::from(self.run) + self.study.share_done()) / f64::from(self.experiment.runs.max(1))),
        })
    }

    /// Tells a report of the study; whether what is shown has changed.
    fn take(&mut self, report: StudyEvent, events: &mut Vec<Event>) -> bool {
        match &report {
            StudyEvent::Started(..) => {
                self.reports.clear();
                (self.seconds, self.epoch) = (0.0, 0);
                self.reports.push(report);
                false
            }
            StudyEvent::Progress { network, step, loss, metrics, .. } => {
                let id = network.parse::<NetworkId>().ok();
                if let (Some(id), Some(loss)) = (id, loss)
                    && !loss.is_finite()
                {
                    self.has_diverged = true;
                    self.is_finished = true;
                    let (step, learning_rate) = (*step as u32, self.rate_of(id));
                    events.push(Event::Error(EngineError::Diverged { network_id: id, step, learning_rate }));
                    return false;
                }
                if let Some(id) = id {
                    // One point an epoch, however often a network is tested in it.
                    let epoch = step / steps_of_epoch(&self.experiment, &self.subject.task);
                    if *step == 0 || epoch > self.epoch {
                        events.push(Event::Point(reports::point(self.run, id, [epoch, *step], *loss, metrics)));
                        self.epoch = epoch;
                    }
                    self.look_at(id, network);
                }
                self.reports.push(report);
                id.is_some()
            }
            StudyEvent::Finished { network, tested, .. } => {
                let (id, name) = (network.parse::<NetworkId>().ok(), network.clone());
                let scored = Scored::new(tested.clone());
                self.reports.push(report);
                self.keep(&name);
                if let Some(id) = id {
                    self.finished(id, &name, scored, events);
                }
                id.is_some()
            }
            StudyEvent::Done => {
                self.next_run(events);
                false
            }
        }
    }

    fn rate_of(&self, id: NetworkId) -> f64 {
        let is_teacher = self.plan.supervision(id).is_some_and(|(_, one)| one.as_teacher);
        if is_teacher { self.experiment.teacher_rate } else { self.experiment.learning_rate }
    }

    /// Keeps a network for what is shown.
    fn look_at(&mut self, id: NetworkId, name: &str) {
        if let (0, Some(network)) = (self.run, self.study.network(name)) {
            self.shown.put(id, network.copy());
        }
    }

    /// Keeps a trained network with its reports under its key.
    fn keep(&mut self, name: &str) {
        // The phase that has just ended is the last one of this name before the next.
        let Some(at) = self.study.phase().checked_sub(1) else { return };
        let (Some(key), Some(network)) = (self.keys.get(at).cloned(), self.study.network(name)) else { return };
        let trained = Trained { network: Rc::new(network.copy()), events: std::mem::take(&mut self.reports) };
        if let Some(known) = self.kept.iter().find(|kept| kept.key == key) {
            self.seconds = known.seconds;
        }
        self.kept.retain(|kept| kept.key != key);
        self.kept.push_back(Kept { key, trained, seconds: self.seconds });
        if self.kept.len() > MOST_KEPT {
            self.kept.pop_front();
        }
    }

    fn finished(&mut self, id: NetworkId, name: &str, mut scored: Scored, events: &mut Vec<Event>) {
        let teacher = self.plan.teachers(id).first().map(|(teacher, _)| teacher.to_string());
        let (run, seconds) = (self.run, self.seconds);
        let Some(network) = self.study.network(name) else { return };
        let parameters = network.weights.count();
        let bytes = packed(network, &self.subject.signature, Bits::B32).map_or(0, |packed| packed.file.len());
        scored.logits = reports::logits(network, &self.subject.task);
        let last = scored.tested.metrics.clone();
        let step = self.placed.iter().find(|(phase, _)| phase.network == name).map_or(0, |(phase, _)| phase.steps);
        let epoch = step.div_ceil(steps_of_epoch(&self.experiment, &self.subject.task));
        events.push(Event::Point(reports::point(run, id, [epoch, step], None, &last)));
        let of_teacher = teacher.and_then(|teacher| {
            self.scored.iter().find(|(other, id, _)| (*other, id.to_string()) == (run, teacher.clone()))
        });
        let agreement = reports::agreement(&scored, of_teacher.map(|(.., scored)| scored), &self.subject.task);
        events.push(Event::Measured(reports::measured(
            (run, id),
            &scored,
            &self.subject.task,
            agreement,
            [parameters, bytes],
            seconds,
        )));
        self.scored.retain(|(other, network, _)| (*other, *network) != (run, id));
        self.scored.push((run, id, scored));
        self.look_at(id, name);
        if (run, id) == (0, self.plan.product) {
            self.weigh();
        }
    }

    /// Measures the files of the product.
    fn weigh(&mut self) {
        let network = self.shown.network(self.plan.product).map(|network| network.copy());
        self.shown.sizes = network.map(|network| Sizes::of(&network, &self.subject.signature, &self.subject.task));
    }

    /// A file of the product by its word.
    pub fn file(&mut self, word: &str) -> Option<Event> {
        let (product, bits) = (self.plan.product, self.experiment.bits);
        sizes::file(word, self.shown.network(product)?, &self.subject.signature, bits)
    }

    /// The next run, or the verdict.
    fn next_run(&mut self, events: &mut Vec<Event>) {
        self.run += 1;
        if self.run < self.experiment.runs {
            match study(&self.experiment, &self.subject.task, &self.placed, self.run) {
                Ok(study) => self.study = study,
                Err(error) => {
                    events.push(Event::Error(error));
                    self.is_finished = true;
                }
            }
            self.find_known();
            return;
        }
        self.is_finished = true;
        events.push(Event::Verdict(self.verdict()));
    }

    fn verdict(&self) -> Verdict {
        let (control, product) = (self.plan.control, self.plan.product);
        let of =
            |id: NetworkId| self.scored.iter().filter(move |(_, other, _)| *other == id).map(|(.., scored)| scored);
        let pairs: Vec<[Vec<f32>; 2]> = of(control)
            .zip(of(product))
            .map(|(control, product)| [control.tested.scores.clone(), product.tested.scores.clone()])
            .collect();
        let (outcome, p_value) = judge_scores(&pairs);
        let spread = |id| (id, Spread::of(of(id).map(|scored| reports::score(&scored.tested.metrics)).collect()));
        Verdict {
            outcome,
            p_value,
            edited_while_training: false,
            examples: pairs.first().map_or(0, |[_, product]| product.len()) as u32,
            control,
            product,
            accuracies: self.plan.ids().map(spread).collect(),
        }
    }

    /// Names the networks of this run by what decides them, and hands those that are trained to the study.
    fn find_known(&mut self) {
        let seed = self.experiment.seed.wrapping_add(self.run);
        let Experiment { data, noise, moved_points, target_column, target_kind, .. } = &self.experiment;
        let file = self.subject.file.as_ref().map(|file| file.number);
        let data = (data, noise.to_bits(), moved_points.to_string(), target_column, target_kind, file);
        let mut keys: Vec<String> = Vec::new();
        for (phase, _) in &self.placed {
            let before = |name: &str| {
                let at = self.placed.iter().position(|(other, _)| other.network == name);
                at.and_then(|at| keys.get(at)).cloned().unwrap_or_default()
            };
            let origin = match &phase.origin {
                crate::train::Origin::Drawn(..) => String::new(),
                crate::train::Origin::Copied(name) | crate::train::Origin::Rebuilt(name, _) => before(name),
            };
            let teacher = phase.lesson.teacher().map(before).unwrap_or_default();
            let is_teacher = phase.network == NetworkId::TEACHER.to_string();
            let given = self.teacher.as_ref().filter(|_| is_teacher).map(|teacher| teacher.number);
            keys.push(format!("{seed} {data:?} {phase:?} {given:?} ({origin}) ({teacher})"));
        }
        let find = |key: &String| self.kept.iter().find(|kept| kept.key == *key).map(|kept| kept.trained.clone());
        let known = keys.iter().map(find).collect();
        self.keys = keys;
        let study = study(&self.experiment, &self.subject.task, &self.placed, self.run);
        if let Ok(study) = study {
            let study = study.with_known(known);
            self.study = match &self.teacher {
                Some(teacher) => study.with_given(&NetworkId::TEACHER.to_string(), teacher.network.copy()),
                None => study,
            };
        }
    }
}

fn study(experiment: &Experiment, task: &Rc<Task>, placed: &[Placed], run: u32) -> Result<Study, EngineError> {
    let phases = placed.iter().map(|(phase, _)| phase.clone()).collect();
    let seed = experiment.seed.wrapping_add(run);
    Study::new(task_of_run(experiment, task, seed), phases, seed)
        .map_err(|error| EngineError::Engine { reason: error.to_string() })
}

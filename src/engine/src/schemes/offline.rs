//! Offline distillation: the teacher is finished before the students begin, and the student's baseline learns beside
//! it from the same initial weights and the same labelled batches, for the same number of steps.

use std::mem;

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, Trouble};

use crate::{
    data::batch::{Batches, steps_per_epoch},
    nets::{Dropout, Network, Pass, Trace},
    objectives::{Parts, Settings, Source, cross_entropy, soft_targets},
    random,
    train::{
        bench::{Bench, select},
        learner::{Learner, Slope},
    },
};

use super::{
    lessons::{Exercise, Lesson, Lessons, transfer_rows},
    taught::{Batch, Objectives},
};

/// A teacher being trained on every label.
pub struct Teacher {
    /// The network and how far it is.
    pub learner: Learner,
    batches: Batches,
    dropout: Option<Dropout>,
    shifts: ChaCha8Rng,
}

impl Teacher {
    /// An untrained teacher.
    pub fn new(bench: &Bench, experiment: &Experiment, seed: u32) -> Self {
        let dataset = &bench.dataset;
        let steps = experiment.teacher_epochs * steps_per_epoch(dataset.train.len(), experiment.batch);
        let layers = Network::draw(&experiment.teacher, dataset.features(), dataset.classes, seed, "teacher");
        Self {
            learner: Learner::new(&experiment.teacher, &layers, experiment, steps, &bench.device),
            batches: Batches::new((0..dataset.train.len() as u32).collect(), seed, "teacher batches"),
            dropout: Dropout::new(experiment.dropout, seed),
            shifts: random::stream(seed, "teacher jitter"),
        }
    }

    /// Trains one batch.
    pub fn step(mut self, bench: &Bench, experiment: &Experiment) -> Self {
        let rows = self.batches.draw(experiment.batch as usize);
        let places = bench.places(&rows);
        let inputs = bench.inputs((&rows, &places), experiment.jitter, &mut self.shifts).autodiff();
        let targets = bench.targets(&places).autodiff();
        self.learner = self.learner.step(experiment, |network, _| {
            labelled(network.forward(inputs, Pass::Train(self.dropout.as_mut())), targets)
        });
        self
    }
}

/// The slope of the labels alone.
fn labelled(trace: Trace, targets: Tensor<2>) -> Slope {
    let mut slope = Slope::default();
    slope.add(cross_entropy(&trace, targets, 1.0));
    slope.statistics = trace.statistics;
    slope
}

/// Baseline and student, trained side by side.
pub struct Students {
    /// The network without a teacher.
    pub baseline: Learner,
    /// The same network with one.
    pub student: Learner,
    lessons: Lessons,
    objectives: Objectives,
    /// Whether the last step was one of a first stage that a method has to itself.
    alone: bool,
}

/// Whether the objectives can be used on these networks and batches, before anything is trained.
///
/// # Errors
/// [`Trouble::Refused`] for the first one that cannot.
pub fn check(bench: &Bench, experiment: &Experiment) -> Result<(), Trouble> {
    let rows: Vec<u32> = transfer_rows(bench, experiment, experiment.seed);
    if experiment.weights.used().next().is_none() || rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<u32> = rows.into_iter().cycle().take(experiment.batch as usize).collect();
    let inputs = select(&bench.train, &bench.places(&rows));
    let [student, teacher] = [&experiment.student, &experiment.teacher].map(|architecture| {
        let layers = Network::draw(architecture, bench.dataset.features(), bench.dataset.classes, 0, "check");
        Network::from_layers(architecture.kind, &layers, &bench.device).forward(inputs.clone(), Pass::Test)
    });
    Objectives::new(experiment, &student, &teacher, rows.len(), 0).map(|_| ())
}

impl Students {
    /// Untrained students of a teacher.
    ///
    /// # Errors
    /// [`Trouble::Refused`] where an objective cannot be used on these networks or batches.
    pub fn new(bench: &Bench, experiment: &Experiment, teacher: Network, seed: u32) -> Result<Self, Trouble> {
        let dataset = &bench.dataset;
        // An epoch is as many steps as one pass over the whole training set, however few labels there are: what is
        // compared has the same budget.
        let steps = experiment.student_epochs * steps_per_epoch(dataset.train.len(), experiment.batch);
        let layers = Network::draw(&experiment.student, dataset.features(), dataset.classes, seed, "student");
        let learner = || Learner::new(&experiment.student, &layers, experiment, steps, &bench.device);
        let (baseline, student) = (learner(), learner());
        let lessons = Lessons::new(bench, experiment, teacher, seed);
        let objectives = match lessons.first(bench, experiment.batch) {
            None => Objectives::none(),
            Some(first) => {
                let asked = student.network().forward(first.clone(), Pass::Test);
                Objectives::new(experiment, &asked, &lessons.asked(&first), lessons.transfer_count(), seed)?
            }
        };
        let parts = Parts::draw(objectives.parts(), seed, &bench.device.clone().autodiff());
        Ok(Self { baseline, student: student.with_parts(parts), lessons, objectives, alone: false })
    }

    /// Trains one batch of each: the baseline on labels, the student by
    /// `soft · T² · KL(teacher ‖ student) + (1 − soft) · CE` (Hinton et al. 2015, section 2) and what else the experiment
    /// asks for.
    pub fn step(mut self, bench: &Bench, experiment: &Experiment) -> Self {
        let soft = experiment.soft;
        let exercise = self.lessons.exercise(bench, experiment);
        self.baseline = self.baseline.step(experiment, |network, _| match exercise.clone() {
            Some(Exercise { inputs, targets, .. }) => {
                labelled(network.forward(inputs.autodiff(), Pass::Train(None)), targets)
            }
            None => Slope::default(),
        });
        let progress = self.student.progress();
        let is_first_stage = progress < experiment.first_stage;
        let alone = is_first_stage && self.objectives.begin_alone();
        if mem::replace(&mut self.alone, alone) && !alone {
            self.student = self.student.afresh(experiment);
        }
        let asks_teacher = (soft > 0.0 && !alone) || self.objectives.need(Source::Teacher, is_first_stage);
        let lesson = asks_teacher.then(|| self.lessons.lesson(bench, experiment, exercise.as_ref())).flatten();
        let (shared, objectives) = (self.lessons.shared, &mut self.objectives);
        let asks_labels = !alone && (soft < 1.0 || objectives.need(Source::Labels, is_first_stage));
        self.student = self.student.step(experiment, |network, parts| {
            let mut slope = Slope::default();
            let answer = |inputs: Tensor<2>| network.forward(inputs.autodiff(), Pass::Train(None));
            let hard = exercise
                .filter(|_| asks_labels || (shared && asks_teacher))
                .map(|Exercise { inputs, targets, rows, .. }| (answer(inputs), targets, rows));
            let term = |slope: &mut Slope, name: &'static str, loss: Tensor<1>| {
                slope.terms.push(((name, ""), loss.clone().inner()));
                slope.add(loss);
            };
            if let Some(Lesson { inputs, teacher, rows, targets }) = lesson {
                let own;
                let student = match &hard {
                    Some((trace, ..)) if shared => trace,
                    _ => {
                        own = answer(inputs);
                        slope.statistics.extend(own.statistics.iter().cloned());
                        &own
                    }
                };
                if soft > 0.0 && !alone {
                    term(&mut slope, "soft-targets", soft_targets(student, &teacher, &Settings::of(experiment), soft));
                }
                let batch = Batch { student, teacher: Some(&teacher), targets, rows: &rows };
                objectives.add(experiment, progress, &batch, parts, &mut slope);
            }
            if let Some((trace, targets, rows)) = hard {
                if asks_labels && soft < 1.0 {
                    term(&mut slope, "cross-entropy", cross_entropy(&trace, targets.clone(), 1.0 - soft));
                }
                if asks_labels {
                    let batch = Batch { student: &trace, teacher: None, targets: Some(targets), rows: &rows };
                    objectives.add(experiment, progress, &batch, parts, &mut slope);
                }
                slope.statistics.extend(trace.statistics);
            }
            slope
        });
        self
    }
}

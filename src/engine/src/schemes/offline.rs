//! Offline distillation: the teacher is finished before the students begin, and the student's baseline learns beside
//! it from the same initial weights and the same labelled batches, for the same number of steps.

use std::mem;

use burn::tensor::{Tensor, activation::log_softmax};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, Knowledge, Labels, Transfer, Trouble};

use crate::{
    data::{
        batch::{Batches, steps_per_epoch},
        split,
    },
    nets::{Dropout, Network, Pass, Trace},
    objectives::{Parts, Settings, Source, cross_entropy, soft_targets},
    random,
    train::{
        bench::{Bench, upload},
        learner::{Learner, Slope},
    },
};

use super::taught::{Batch, Objectives};

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
        let inputs = bench.inputs(&rows, experiment.jitter, &mut self.shifts).autodiff();
        let targets = bench.targets(&rows).autodiff();
        self.learner = self.learner.step(experiment, |network, _| {
            labelled(network.forward(inputs, Pass::Train(self.dropout.as_mut())), targets)
        });
        self
    }
}

/// The examples whose labels the student of this seed may see.
pub fn labelled_rows(bench: &Bench, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let count = match experiment.labels {
        Labels::All => usize::MAX,
        Labels::Count(count) => count as usize,
    };
    let dataset = &bench.dataset;
    let (given, own) = dataset.train.labels.split_at(dataset.train.len() - dataset.own);
    let keep = |class| !experiment.omit.contains(class);
    let mut rows = split::subset(given, count, dataset.classes, seed, keep);
    // The visitor labelled these by hand, so the student may see them whatever the count.
    rows.extend((given.len() as u32..).zip(own).filter(|&(_, &label)| keep(label)).map(|(row, _)| row));
    rows
}

/// The examples that the student of this seed is distilled on, as rows of the training set or of as much noise.
pub fn transfer_rows(bench: &Bench, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let labels = &bench.dataset.train.labels;
    match experiment.transfer {
        Transfer::Labelled => labelled_rows(bench, experiment, seed),
        Transfer::All => {
            let rows = (0_u32..).zip(labels);
            rows.filter(|&(_, &label)| !experiment.omit.contains(label)).map(|(row, _)| row).collect()
        }
        Transfer::Noise => (0..labels.len() as u32).collect(),
    }
}

/// The slope of the labels alone.
fn labelled(trace: Trace, targets: Tensor<2>) -> Slope {
    let mut slope = Slope::default();
    slope.add(cross_entropy(&trace, targets));
    slope.statistics = trace.statistics;
    slope
}

/// Baseline and student, trained side by side.
pub struct Students {
    /// The network without a teacher.
    pub baseline: Learner,
    /// The same network with one.
    pub student: Learner,
    labelled: Batches,
    transfer: Batches,
    /// Where each row of the training set, or of as much noise, stands in the transfer set.
    places: Vec<u32>,
    /// What the transfer batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// The teacher's logits of all `inputs`, computed once; batches select from them by example.
    taught: Tensor<2>,
    /// One-hot classes of all `inputs`: the label where the student may see it, else what the teacher finds likeliest.
    classes: Tensor<2>,
    teacher: Network,
    objectives: Objectives,
    /// Whether the last step was one of a first stage that a method has to itself.
    alone: bool,
    /// Whether an objective looks at more of the teacher than its logits.
    looks_inside: bool,
    /// Whether labelled and transfer set are one, so that one forward pass serves both terms.
    shared: bool,
    shifts: ChaCha8Rng,
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
    let inputs = bench.select(&bench.train, &rows);
    let [student, teacher] = [&experiment.student, &experiment.teacher].map(|architecture| {
        let layers = Network::draw(architecture, bench.dataset.features(), bench.dataset.classes, 0, "check");
        Network::from_layers(architecture.kind, &layers, &bench.device).forward(inputs.clone(), Pass::Test)
    });
    Objectives::new(experiment, &student, &teacher, rows.len(), 0).map(|_| ())
}

/// A batch of the transfer set.
struct Lesson {
    inputs: Tensor<2>,
    teacher: Trace,
    rows: Vec<u32>,
    targets: Tensor<2>,
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
        let (labelled, transfer) = (labelled_rows(bench, experiment, seed), transfer_rows(bench, experiment, seed));
        let inputs = match experiment.transfer {
            Transfer::Noise => {
                let mut generator = random::stream(seed, "noise");
                let low = if dataset.is_image() { 0.0 } else { -1.0 };
                let count = dataset.train.len() * dataset.features();
                upload(
                    (0..count).map(|_| generator.random_range(low..1.0)).collect(),
                    dataset.features(),
                    &bench.device,
                )
            }
            Transfer::Labelled | Transfer::All => bench.train.clone(),
        };
        let (baseline, student) = (learner(), learner());
        let first: Vec<u32> = transfer.iter().copied().cycle().take(experiment.batch as usize).collect();
        let objectives = match first.is_empty() {
            true => Objectives::none(),
            false => {
                let first = bench.select(&inputs, &first);
                let [asked, answered] =
                    [&student.network(), &teacher].map(|network| network.forward(first.clone(), Pass::Test));
                Objectives::new(experiment, &asked, &answered, transfer.len(), seed)?
            }
        };
        let parts = Parts::draw(objectives.parts(), seed, &bench.device.clone().autodiff());
        let taught = bench.logits(&teacher, &inputs);
        let mut places = vec![0; dataset.train.len()];
        (0..).zip(&transfer).for_each(|(place, &row)| places[row as usize] = place);
        let seen = if experiment.transfer == Transfer::Noise { &[][..] } else { &labelled };
        let looks_inside =
            experiment.weights.used().any(|(objective, _)| objective.about().knowledge != Knowledge::Responses);
        Ok(Self {
            baseline,
            student: student.with_parts(parts),
            shared: experiment.transfer != Transfer::Noise && labelled == transfer,
            classes: known_or_likeliest(bench, &taught, seen),
            labelled: Batches::new(labelled, seed, "labelled batches"),
            places,
            transfer: Batches::new(transfer, seed, "transfer batches"),
            taught,
            inputs,
            teacher,
            objectives,
            alone: false,
            looks_inside,
            shifts: random::stream(seed, "student jitter"),
        })
    }

    /// Trains one batch of each: the baseline on labels, the student by
    /// `soft · T² · KL(teacher ‖ student) + (1 − soft) · CE` (Hinton et al. 2015, section 2) and what else the experiment
    /// asks for.
    pub fn step(mut self, bench: &Bench, experiment: &Experiment) -> Self {
        let soft = experiment.soft;
        let size = experiment.batch as usize;
        let labelled_rows = self.labelled.draw(size);
        let hard = (!labelled_rows.is_empty()).then(|| {
            let inputs = bench.inputs(&labelled_rows, experiment.jitter, &mut self.shifts);
            (inputs, bench.targets(&labelled_rows).autodiff())
        });
        self.baseline = self.baseline.step(experiment, |network, _| match hard.clone() {
            Some((inputs, targets)) => labelled(network.forward(inputs.autodiff(), Pass::Train(None)), targets),
            None => Slope::default(),
        });
        let progress = self.student.progress();
        let is_first_stage = progress < experiment.first_stage;
        let alone = is_first_stage && self.objectives.begin_alone();
        if mem::replace(&mut self.alone, alone) && !alone {
            self.student = self.student.afresh(experiment);
        }
        let asks_teacher = (soft > 0.0 && !alone) || self.objectives.need(Source::Teacher, is_first_stage);
        let lesson =
            asks_teacher.then(|| self.lesson(bench, experiment, size, &labelled_rows, hard.as_ref())).flatten();
        let (shared, objectives) = (self.shared, &mut self.objectives);
        let asks_labels = !alone && (soft < 1.0 || objectives.need(Source::Labels, is_first_stage));
        self.student = self.student.step(experiment, |network, parts| {
            let mut slope = Slope::default();
            let answer = |inputs: Tensor<2>| network.forward(inputs.autodiff(), Pass::Train(None));
            let hard = hard
                .filter(|_| asks_labels || (shared && asks_teacher))
                .map(|(inputs, targets)| (answer(inputs), targets));
            let term = |slope: &mut Slope, name: &'static str, loss: Tensor<1>| {
                slope.terms.push(((name, ""), loss.clone().inner()));
                slope.add(loss);
            };
            if let Some(Lesson { inputs, teacher, rows, targets }) = lesson {
                let own;
                let student = match &hard {
                    Some((trace, _)) if shared => trace,
                    _ => {
                        own = answer(inputs);
                        slope.statistics.extend(own.statistics.iter().cloned());
                        &own
                    }
                };
                if soft > 0.0 && !alone {
                    term(&mut slope, "soft-targets", soft_targets(student, &teacher, &Settings::of(experiment)) * soft);
                }
                let batch = Batch { student, teacher: Some(&teacher), targets: Some(targets), rows: &rows };
                objectives.add(experiment, progress, &batch, parts, &mut slope);
            }
            if let Some((trace, targets)) = hard {
                if asks_labels && soft < 1.0 {
                    term(&mut slope, "cross-entropy", cross_entropy(&trace, targets.clone()) * (1.0 - soft));
                }
                if asks_labels {
                    let batch = Batch { student: &trace, teacher: None, targets: Some(targets), rows: &labelled_rows };
                    objectives.add(experiment, progress, &batch, parts, &mut slope);
                }
                slope.statistics.extend(trace.statistics);
            }
            slope
        });
        self
    }

    /// The transfer batch of a step, with what the teacher says of it.
    fn lesson(
        &mut self,
        bench: &Bench,
        experiment: &Experiment,
        size: usize,
        labelled: &[u32],
        hard: Option<&(Tensor<2>, Tensor<2>)>,
    ) -> Option<Lesson> {
        let augmented = experiment.jitter > 0 && bench.dataset.is_image() && experiment.transfer != Transfer::Noise;
        let rows = if self.shared { labelled.to_vec() } else { self.transfer.draw(size) };
        if rows.is_empty() {
            return None;
        }
        let inputs = match hard {
            Some((inputs, _)) if self.shared => inputs.clone(),
            _ if augmented => bench.inputs(&rows, experiment.jitter, &mut self.shifts),
            _ => bench.select(&self.inputs, &rows),
        };
        let teacher = match augmented || self.looks_inside {
            true => self.teacher.forward(inputs.clone(), Pass::Test),
            false => Trace::of_logits(bench.select(&self.taught, &rows)),
        };
        let targets = bench.select(&self.classes, &rows).autodiff();
        let rows = rows.iter().map(|&row| self.places[row as usize]).collect();
        Some(Lesson { inputs, teacher: teacher.autodiff(), rows, targets })
    }
}

/// One-hot classes, `[examples, classes]`: the labels of the `seen` training examples, and for all others what the
/// teacher finds likeliest, since their labels are hidden from the student.
fn known_or_likeliest(bench: &Bench, taught: &Tensor<2>, seen: &[u32]) -> Tensor<2> {
    let [count, _] = taught.dims();
    let device = &bench.device;
    // A softmax so cold that it is one where a logit is the largest: what finds and compares whole numbers is used nowhere
    // else, and would cost the engine's wasm 15 kB.
    let guessed = log_softmax(taught.clone() * 1e6, 1).exp();
    if seen.is_empty() {
        return guessed;
    }
    let mut known = vec![0.0; count];
    seen.iter().for_each(|&row| known[row as usize] = 1.0);
    let known = upload(known, 1, device);
    let every: Vec<u32> = (0..count as u32).collect();
    bench.targets(&every) * known.clone() + guessed * (-known + 1.0)
}

//! Offline distillation: the teacher is finished before the students begin, and the student's baseline learns beside
//! it from the same initial weights and the same labelled batches, for the same number of steps.

use burn::tensor::Tensor;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, Labels, Transfer};

use crate::{
    data::{
        batch::{Batches, steps_per_epoch},
        split,
    },
    nets::{Dropout, Network, Trace},
    objectives::{Settings, cross_entropy, soft_targets},
    random,
    train::{
        bench::{Bench, upload},
        learner::Learner,
    },
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
        let inputs = bench.inputs(&rows, experiment.jitter, &mut self.shifts).autodiff();
        let targets = bench.targets(&rows).autodiff();
        self.learner = self
            .learner
            .step(experiment, |network| Some(cross_entropy(&network.forward(inputs, self.dropout.as_mut()), targets)));
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

/// Baseline and student, trained side by side.
pub struct Students {
    /// The network without a teacher.
    pub baseline: Learner,
    /// The same network with one.
    pub student: Learner,
    labelled: Batches,
    transfer: Batches,
    /// What the transfer batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// The teacher's logits of all `inputs`, computed once; batches select from them by example.
    taught: Tensor<2>,
    teacher: Network,
    /// Whether labelled and transfer set are one, so that one forward pass serves both terms.
    shared: bool,
    shifts: ChaCha8Rng,
}

impl Students {
    /// Untrained students of a teacher.
    pub fn new(bench: &Bench, experiment: &Experiment, teacher: Network, seed: u32) -> Self {
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
        Self {
            baseline: learner(),
            student: learner(),
            shared: experiment.transfer != Transfer::Noise && labelled == transfer,
            labelled: Batches::new(labelled, seed, "labelled batches"),
            transfer: Batches::new(transfer, seed, "transfer batches"),
            taught: bench.logits(&teacher, &inputs),
            inputs,
            teacher,
            shifts: random::stream(seed, "student jitter"),
        }
    }

    /// Trains one batch of each: the baseline on labels, the student by
    /// `soft · T² · KL(teacher ‖ student) + (1 − soft) · CE` (Hinton et al. 2015, section 2).
    pub fn step(mut self, bench: &Bench, experiment: &Experiment) -> Self {
        let soft = experiment.soft;
        let settings = Settings { temperature: experiment.temperature, scale_by_t2: experiment.t2.is_on() };
        let size = experiment.batch as usize;
        let labelled = self.labelled.draw(size);
        let hard = (!labelled.is_empty()).then(|| {
            let inputs = bench.inputs(&labelled, experiment.jitter, &mut self.shifts);
            (inputs, bench.targets(&labelled).autodiff())
        });
        self.baseline = self.baseline.step(experiment, |network| {
            let (inputs, targets) = hard.clone()?;
            Some(cross_entropy(&network.forward(inputs.autodiff(), None), targets))
        });
        let taught = (soft > 0.0).then(|| self.soft_batch(bench, experiment, size, &labelled, hard.as_ref())).flatten();
        let shared = self.shared;
        self.student = self.student.step(experiment, |network| {
            let hard_trace = |inputs: Tensor<2>| network.forward(inputs.autodiff(), None);
            let hard = hard.filter(|_| soft < 1.0 || shared).map(|(inputs, targets)| (hard_trace(inputs), targets));
            let soft_term = taught.map(|(inputs, teacher)| match &hard {
                Some((trace, _)) if shared => soft_targets(trace, &teacher, &settings),
                _ => soft_targets(&network.forward(inputs.autodiff(), None), &teacher, &settings),
            });
            let hard_term = hard.filter(|_| soft < 1.0).map(|(trace, targets)| cross_entropy(&trace, targets));
            match (soft_term, hard_term) {
                (Some(s), Some(h)) => Some(s * soft + h * (1.0 - soft)),
                (Some(s), None) => Some(s * soft),
                (None, Some(h)) => Some(h * (1.0 - soft)),
                (None, None) => None,
            }
        });
        self
    }

    /// The inputs of the soft term and the teacher's logits of them.
    fn soft_batch(
        &mut self,
        bench: &Bench,
        experiment: &Experiment,
        size: usize,
        labelled: &[u32],
        hard: Option<&(Tensor<2>, Tensor<2>)>,
    ) -> Option<(Tensor<2>, Trace)> {
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
        let logits = match augmented {
            true => self.teacher.forward(inputs.clone(), None).logits,
            false => bench.select(&self.taught, &rows),
        };
        Some((inputs, Trace { logits: logits.autodiff() }))
    }
}

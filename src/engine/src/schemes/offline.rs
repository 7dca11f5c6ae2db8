//! Offline distillation: the teacher is finished before the students begin, and the student's baseline learns beside
//! it from the same initial weights and the same labelled batches, for the same number of steps.

use std::mem;

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use retort_compress::Layer;
use retort_kernels::Inputs;
use retort_spec::{Architecture, EngineError, Experiment, NetworkKind};

use crate::{
    data::batch::{Batches, steps_per_epoch},
    nets::{Dropout, Network, Pass, Trace},
    objectives::{Settings, SideMatrices, Source, cross_entropy, soft_targets},
    random,
    train::{
        device_dataset::{DeviceDataset, select},
        fused::{FusedLossTerm, FusedTarget, fits_fused_path},
        learner::{Learner, StepLoss},
    },
};

use super::{
    active_objectives::{Batch, Objectives},
    batch_source::{BatchSource, CpuBatch, LabelledBatch, TransferBatch, transfer_rows},
};

/// A teacher being trained on every label.
pub struct Teacher {
    /// The network and how far it is.
    pub learner: Learner,
    batches: Batches,
    dropout: Option<Dropout>,
    jitter_generator: ChaCha8Rng,
    /// The batch, where it learns on the fused path: jittered images, if they are, how products read it, and classes.
    copies: Vec<f32>,
    inputs: Inputs,
    targets: Vec<f32>,
}

impl Teacher {
    /// An untrained teacher.
    pub fn new(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Self {
        let dataset = &data.dataset;
        let steps = experiment.teacher_epochs * steps_per_epoch(dataset.train.len(), experiment.batch);
        let layers = Network::draw(&experiment.teacher, dataset.features(), dataset.classes, seed, "teacher");
        Self {
            learner: match can_use_fused_path(data, experiment, &experiment.teacher, &layers) {
                true => Learner::fused(&layers, experiment, steps, &data.device),
                false => Learner::new(&experiment.teacher, &layers, experiment, steps, &data.device),
            },
            batches: Batches::new((0..dataset.train.len() as u32).collect(), seed, "teacher batches"),
            dropout: Dropout::new(experiment.dropout, seed),
            jitter_generator: random::stream(seed, "teacher jitter"),
            copies: Vec::new(),
            inputs: Inputs::default(),
            targets: Vec::new(),
        }
    }

    /// Trains one batch.
    pub fn step(mut self, data: &DeviceDataset, experiment: &Experiment) -> Self {
        let rows = self.batches.draw(experiment.batch as usize);
        if self.learner.is_fused() {
            let Self { learner, dropout, jitter_generator, copies, inputs, targets, .. } = &mut self;
            copies.clear();
            if data.uses_jitter(experiment.jitter) {
                data.jitter_into(&rows, experiment.jitter as i32, jitter_generator, copies);
            }
            data.copy_targets(&rows, targets);
            let term = FusedLossTerm {
                target: FusedTarget::Labels(targets),
                from: 0,
                factor: 1.0 / rows.len() as f64,
                name: None,
            };
            inputs.read(data.dataset.features(), &data.row_slices(&rows, copies));
            learner.step_fused(experiment, inputs, &[term], dropout.as_mut());
            return self;
        }
        let indices = data.row_indices(&rows);
        let inputs = data.inputs((&rows, &indices), experiment.jitter, &mut self.jitter_generator).autodiff();
        let targets = data.targets(&indices).autodiff();
        self.learner = self.learner.step(experiment, |network, _| {
            labelled(network.forward(inputs, Pass::Train(self.dropout.as_mut())), targets)
        });
        self
    }
}

/// Whether a network of these layers learns without a graph: a perceptron on the CPU.
fn can_use_fused_path(
    data: &DeviceDataset,
    experiment: &Experiment,
    architecture: &Architecture,
    layers: &[Layer],
) -> bool {
    architecture.kind == NetworkKind::Mlp && data.is_on_cpu() && fits_fused_path(layers, experiment.batch as usize)
}

/// The loss of the labels alone.
fn labelled(trace: Trace, targets: Tensor<2>) -> StepLoss {
    let mut step_loss = StepLoss::default();
    step_loss.add(cross_entropy(&trace, targets, 1.0));
    step_loss.statistics = trace.statistics;
    step_loss
}

/// Baseline and student, trained side by side.
pub struct Students {
    /// The network without a teacher.
    pub baseline: Learner,
    /// The same network with one.
    pub student: Learner,
    batches: BatchSource,
    objectives: Objectives,
    /// Whether the last step was one of a first stage that a method has to itself.
    alone: bool,
    /// The batches of students on the fused path.
    cpu_batch: CpuBatch,
}

/// Whether the objectives can be used on these networks and batches, before anything is trained.
///
/// # Errors
/// [`EngineError::Refused`] for the first one that cannot.
pub fn check(data: &DeviceDataset, experiment: &Experiment) -> Result<(), EngineError> {
    let rows: Vec<u32> = transfer_rows(data, experiment, experiment.seed);
    if experiment.weights.used().next().is_none() || rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<u32> = rows.into_iter().cycle().take(experiment.batch as usize).collect();
    let inputs = select(&data.train, &data.row_indices(&rows));
    let [student, teacher] = [&experiment.student, &experiment.teacher].map(|architecture| {
        let layers = Network::draw(architecture, data.dataset.features(), data.dataset.classes, 0, "check");
        Network::from_layers(architecture.kind, &layers, &data.device).forward(inputs.clone(), Pass::Test)
    });
    Objectives::new(experiment, &student, &teacher, rows.len(), 0).map(|_| ())
}

impl Students {
    /// Untrained students of a teacher.
    ///
    /// # Errors
    /// [`EngineError::Refused`] where an objective cannot be used on these networks or batches.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        teacher: Network,
        seed: u32,
    ) -> Result<Self, EngineError> {
        let dataset = &data.dataset;
        // An epoch is as many steps as one pass over the whole training set, however few labels there are: what is
        // compared has the same budget.
        let steps = experiment.student_epochs * steps_per_epoch(dataset.train.len(), experiment.batch);
        let layers = Network::draw(&experiment.student, dataset.features(), dataset.classes, seed, "student");
        let mut batches = BatchSource::new(data, experiment, teacher, seed);
        // Other objectives look at more than logits.
        let fused = experiment.weights.used().next().is_none()
            && can_use_fused_path(data, experiment, &experiment.student, &layers)
            && batches.prepare_cpu(data, experiment);
        let learner = || match fused {
            true => Learner::fused(&layers, experiment, steps, &data.device),
            false => Learner::new(&experiment.student, &layers, experiment, steps, &data.device),
        };
        let (baseline, student) = (learner(), learner());
        let objectives = match batches.first_inputs(data, experiment.batch) {
            None => Objectives::none(),
            Some(first) => {
                let asked = student.network().forward(first.clone(), Pass::Test);
                Objectives::new(experiment, &asked, &batches.teacher_trace(&first), batches.transfer_count(), seed)?
            }
        };
        let side_matrices = SideMatrices::draw(objectives.side_matrices(), seed, &data.device.clone().autodiff());
        let student = student.with_side_matrices(side_matrices);
        Ok(Self { baseline, student, batches, objectives, alone: false, cpu_batch: CpuBatch::default() })
    }

    /// Trains one batch of each: the baseline on labels, the student by `soft · T² · KL(teacher ‖ student) + (1 − soft)
    /// · CE` (Hinton et al. 2015, section 2) and what else the experiment asks for.
    pub fn step(mut self, data: &DeviceDataset, experiment: &Experiment) -> Self {
        if self.student.is_fused() {
            self.step_fused(data, experiment);
            return self;
        }
        let soft = experiment.soft_weight;
        let labelled_batch = self.batches.labelled_batch(data, experiment);
        self.baseline = self.baseline.step(experiment, |network, _| match labelled_batch.clone() {
            Some(LabelledBatch { inputs, targets, .. }) => {
                labelled(network.forward(inputs.autodiff(), Pass::Train(None)), targets)
            }
            None => StepLoss::default(),
        });
        let progress = self.student.progress();
        let is_first_stage = progress < experiment.first_stage;
        let alone = is_first_stage && self.objectives.has_exclusive_first_stage();
        if mem::replace(&mut self.alone, alone) && !alone {
            self.student = self.student.reset_optimizer(experiment);
        }
        let asks_teacher = (soft > 0.0 && !alone) || self.objectives.needs(Source::Teacher, is_first_stage);
        let transfer_batch =
            asks_teacher.then(|| self.batches.transfer_batch(data, experiment, labelled_batch.as_ref())).flatten();
        let (shared, objectives) = (self.batches.shared, &mut self.objectives);
        let asks_labels = !alone && (soft < 1.0 || objectives.needs(Source::Labels, is_first_stage));
        self.student = self.student.step(experiment, |network, side_matrices| {
            let mut step_loss = StepLoss::default();
            let answer = |inputs: Tensor<2>| network.forward(inputs.autodiff(), Pass::Train(None));
            let hard = labelled_batch
                .filter(|_| asks_labels || (shared && asks_teacher))
                .map(|LabelledBatch { inputs, targets, rows, .. }| (answer(inputs), targets, rows));
            let term = |step_loss: &mut StepLoss, name: &'static str, loss: Tensor<1>| {
                step_loss.terms.push(((name, ""), loss.clone().inner()));
                step_loss.add(loss);
            };
            if let Some(TransferBatch { inputs, teacher, rows, targets }) = transfer_batch {
                let own;
                let student = match &hard {
                    Some((trace, ..)) if shared => trace,
                    _ => {
                        own = answer(inputs);
                        step_loss.statistics.extend(own.statistics.iter().cloned());
                        &own
                    }
                };
                if soft > 0.0 && !alone {
                    term(
                        &mut step_loss,
                        "soft-targets",
                        soft_targets(student, &teacher, &Settings::of(experiment), soft),
                    );
                }
                let batch = Batch { student, teacher: Some(&teacher), targets, rows: &rows };
                objectives.add(experiment, progress, &batch, side_matrices, &mut step_loss);
            }
            if let Some((trace, targets, rows)) = hard {
                if asks_labels && soft < 1.0 {
                    term(&mut step_loss, "cross-entropy", cross_entropy(&trace, targets.clone(), 1.0 - soft));
                }
                if asks_labels {
                    let batch = Batch { student: &trace, teacher: None, targets: Some(targets), rows: &rows };
                    objectives.add(experiment, progress, &batch, side_matrices, &mut step_loss);
                }
                step_loss.statistics.extend(trace.statistics);
            }
            step_loss
        });
        self
    }

    /// The same without a graph, by labels and soft targets alone.
    fn step_fused(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        let Self { batches, baseline, student, cpu_batch, .. } = self;
        let soft = experiment.soft_weight;
        let shared_out = |factor: f64| factor / f64::from(experiment.batch);
        batches.fill(data, experiment, soft > 0.0, cpu_batch);
        let CpuBatch { inputs, labels, labelled, teacher_logits, transfer, .. } = cpu_batch;
        let by_labels = |factor: f64, name| {
            let term = FusedLossTerm { target: FusedTarget::Labels(labels), from: 0, factor: shared_out(factor), name };
            Some(term).filter(|_| *labelled > 0 && factor > 0.0)
        };
        baseline.step_fused(experiment, inputs.of(data, 0..*labelled), by_labels(1.0, None).as_slice(), None);
        // One pass serves both.
        let hard = by_labels(1.0 - soft, Some(("cross-entropy", "")));
        let first = if hard.is_some() { 0 } else { transfer.start };
        let asked = transfer.start < transfer.end;
        let last = if asked { transfer.end } else { *labelled };
        let soft = asked.then(|| FusedLossTerm {
            target: FusedTarget::Teacher(teacher_logits, experiment.temperature),
            from: transfer.start - first,
            factor: shared_out(soft * Settings::of(experiment).t2()),
            name: Some(("soft-targets", "")),
        });
        let terms: Vec<FusedLossTerm<'_>> = soft.into_iter().chain(hard).collect();
        student.step_fused(experiment, inputs.of(data, first..last), &terms, None);
    }
}

#[cfg(test)]
mod tests;

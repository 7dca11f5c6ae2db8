//! The same phase without a graph, for perceptrons on the CPU: by labels and soft targets alone.

use std::ops::Range;

use retort_kernels::Inputs;
use retort_spec::{Experiment, NetworkId};

use super::{PhaseRun, StaleCopy, Trainee};
use crate::{
    distill::transfer::mixed_rows,
    train::{
        device_dataset::{DeviceDataset, copy_rows},
        fused::{FusedLossTerm, FusedTarget},
    },
};

/// The batches of a step in the CPU's memory: the labelled one and below it that of the transfer set, if they are
/// not one.
#[derive(Default)]
pub struct CpuBatch {
    inputs: CpuInputs,
    /// One-hot labels of the first rows, `[labelled, classes]`.
    labels: Vec<f32>,
    /// How many those are.
    labelled: usize,
    /// Which rows are those of the transfer batch.
    transfer: Range<usize>,
}

/// The inputs of a step.
#[derive(Default)]
struct CpuInputs {
    /// Rows of the training set, or of as much noise.
    rows: Vec<u32>,
    /// The inputs, if they do not stand like that in the training set.
    copies: Vec<f32>,
    /// How products read some of the rows, and which.
    inputs: Inputs,
    read: Range<usize>,
}

impl CpuInputs {
    /// How products read some rows: all who are shown the same have it read once. Of no rows anything may come.
    fn of(&mut self, data: &DeviceDataset, rows: Range<usize>) -> &Inputs {
        if self.read != rows && rows.start < rows.end {
            let features = data.dataset.features();
            let copies = self.copies.get(rows.start * features..rows.end * features).unwrap_or_default();
            self.inputs.read(features, &data.row_slices(&self.rows[rows.clone()], copies));
            self.read = rows;
        }
        &self.inputs
    }
}

/// What a network is shown at a step, and what it is to say of it.
struct Pass {
    shown: Range<usize>,
    /// Where the transfer batch begins in what is shown.
    transfer: usize,
    /// The weight of its labels, if it sees any.
    hard: Option<f64>,
    /// Whether it is taught.
    asks: bool,
}

impl PhaseRun {
    pub(super) fn step_fused(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        let asks = self.trainees.iter().any(|trainee| trainee.soft_weight(experiment) > 0.0);
        self.fill(data, experiment, asks);
        let classes = data.dataset.classes;
        let teaches = |id: NetworkId| {
            let taught = self.trainees.iter().filter(|trainee| trainee.soft_weight(experiment) > 0.0);
            taught.flat_map(|trainee| &trainee.supervision.teachers).any(|(teacher, _)| *teacher == id)
        };
        // Whoever is imitated says what it thinks before anyone steps; the same pass serves its own step.
        let is_asked: Vec<bool> = self.trainees.iter().map(|trainee| asks && teaches(trainee.id())).collect();
        let asked = self.trainees.iter().zip(&is_asked);
        let passes: Vec<Pass> = asked.map(|(trainee, &is_asked)| self.pass(trainee, experiment, is_asked)).collect();
        let mut said: Vec<(NetworkId, Vec<f32>)> = Vec::new();
        for ((trainee, pass), &is_asked) in self.trainees.iter_mut().zip(&passes).zip(&is_asked) {
            if !is_asked {
                continue;
            }
            let batch = &mut self.cpu[trainee.group];
            let range = pass.transfer * classes..(pass.transfer + batch.transfer.len()) * classes;
            let inputs = batch.inputs.of(data, pass.shown.clone());
            said.push((trainee.id(), trainee.learner.forward_fused(inputs)[range].to_vec()));
        }
        for StaleCopy { id, perceptron, .. } in &mut self.copies {
            let (Some(batch), Some(perceptron)) = (self.cpu.first_mut(), perceptron) else { continue };
            let range = batch.transfer.clone();
            let logits = perceptron.forward(batch.inputs.of(data, range), None).to_vec();
            said.retain(|(other, _)| other != id);
            said.push((*id, logits));
        }
        let (mut target, mut smooth) = (Vec::new(), Vec::new());
        let share = |factor: f64| factor / f64::from(experiment.batch);
        for ((trainee, pass), is_asked) in self.trainees.iter_mut().zip(passes).zip(is_asked) {
            let CpuBatch { inputs, labels, transfer: range, .. } = &mut self.cpu[trainee.group];
            target.clear();
            let rows = &inputs.rows[range.clone()];
            let is_fused = pass.asks
                && trainee.supervision.teachers.len() > 1
                && self.transfer.as_ref().is_some_and(|transfer| transfer.fused_rows(rows, classes, &mut target));
            if pass.asks && !is_fused {
                let mut answers = Vec::new();
                for &(id, weight) in &trainee.supervision.teachers {
                    let mut logits = Vec::new();
                    match said.iter().find(|(other, _)| *other == id) {
                        Some((_, known)) => logits.extend_from_slice(known),
                        None => {
                            if let Some(transfer) = &mut self.transfer {
                                let rows = inputs.rows[range.clone()].to_vec();
                                transfer.cpu_logits(id, (&rows, inputs.of(data, range.clone())), classes, &mut logits);
                            }
                        }
                    }
                    answers.push((logits, weight));
                }
                mixed_rows(experiment.mix, &answers, classes, experiment.temperature, &mut target);
            }
            let labels = match trainee.supervision.smoothing {
                0.0 => &labels[..],
                spread => {
                    let each = (spread / classes as f64) as f32;
                    smooth.clear();
                    smooth.extend(labels.iter().map(|label| label * (1.0 - spread as f32) + each));
                    &smooth[..]
                }
            };
            let is_taught = trainee.is_taught();
            let soft = pass.asks.then(|| FusedLossTerm {
                target: FusedTarget::Teacher(&target, experiment.temperature),
                from: pass.transfer,
                factor: share(experiment.soft_weight * experiment.t2()),
                name: Some(("soft-targets", "")),
            });
            let hard = pass.hard.map(|weight| FusedLossTerm {
                target: FusedTarget::Labels(labels),
                from: 0,
                factor: share(weight),
                name: is_taught.then_some(("cross-entropy", "")),
            });
            let terms: Vec<FusedLossTerm<'_>> = soft.into_iter().chain(hard).collect();
            let read = inputs.of(data, pass.shown);
            match is_asked {
                true => trainee.learner.descend_fused(experiment, read, &terms),
                false => trainee.learner.step_fused(experiment, read, &terms, trainee.dropout.as_mut()),
            }
        }
    }

    /// What a network is shown: one pass serves labels and soft targets, and those who imitate it.
    fn pass(&self, trainee: &Trainee, experiment: &Experiment, is_asked: bool) -> Pass {
        let batch = &self.cpu[trainee.group];
        let soft = trainee.soft_weight(experiment);
        let asks = soft > 0.0 && !batch.transfer.is_empty();
        let hard = Some(1.0 - soft).filter(|&weight| batch.labelled > 0 && weight > 0.0);
        let sees = (asks || is_asked) && !batch.transfer.is_empty();
        let first = if hard.is_none() && sees { batch.transfer.start } else { 0 };
        let last = if sees { batch.transfer.end } else { batch.labelled };
        Pass { shown: first..last, transfer: batch.transfer.start - first, hard, asks }
    }

    /// The next batches; `asks` says whether one of the transfer set is wanted.
    fn fill(&mut self, data: &DeviceDataset, experiment: &Experiment, asks: bool) {
        let Self { groups, cpu, transfer, shared, .. } = self;
        let dataset = &data.dataset;
        let (features, jitter) = (dataset.features(), experiment.jitter as i32);
        let uses_jitter = data.uses_jitter(experiment.jitter);
        let mut transfer = transfer.as_mut().filter(|_| asks);
        // Every group is shown the same batch of the transfer set.
        let mut drawn: Option<(Vec<u32>, Vec<f32>)> = None;
        for (group, batch) in groups.iter_mut().zip(cpu) {
            let CpuBatch { inputs: CpuInputs { rows, copies, read, .. }, labels, labelled, transfer: range } = batch;
            *rows = group.draw(experiment);
            *labelled = rows.len();
            group.copy_targets(data, rows, labels);
            *read = 0..0;
            copies.clear();
            let made = transfer.as_ref().and_then(|transfer| transfer.cpu_inputs());
            if uses_jitter {
                data.jitter_into(rows, jitter, &mut group.generator, copies);
            } else if made.is_some() {
                copy_rows(&dataset.train.inputs, features, rows, copies);
            }
            *range = match transfer.is_some() && *shared {
                true => 0..*labelled,
                false => *labelled..*labelled,
            };
            let Some(transfer) = transfer.as_mut().filter(|_| !*shared) else { continue };
            let (more, moved) = drawn.get_or_insert_with(|| {
                let rows = transfer.draw(experiment);
                let mut moved = Vec::new();
                match transfer.cpu_inputs() {
                    Some(made) => copy_rows(made, features, &rows, &mut moved),
                    None if uses_jitter => data.jitter_into(&rows, jitter, &mut group.generator, &mut moved),
                    None => {}
                }
                (rows, moved)
            });
            rows.extend_from_slice(more);
            copies.extend_from_slice(moved);
            *range = *labelled..rows.len();
        }
    }
}

//! The transfer set: the examples that networks are distilled on, and what their teachers make of them.

#[cfg(not(feature = "graph"))]
mod slices;
#[cfg(feature = "graph")]
mod tensors;

use rand::{RngExt, seq::SliceRandom};
use retort_spec::{Experiment, Mix, NetworkId, Supervision, Transfer};

#[cfg(not(feature = "graph"))]
use self::slices::{FrozenParts, Parts};
#[cfg(feature = "graph")]
use self::tensors::{FrozenParts, Parts};
#[cfg(feature = "graph")]
pub use self::tensors::{TransferBatch, mixed};
use super::examples::{transfer_of, transfer_rows_of};
use crate::{
    data::{batch::Batches, other_inputs},
    mixture::mix_rows,
    nets::Network,
    random,
    train::{
        device_dataset::{DeviceDataset, copy_rows},
        fused::Perceptron,
    },
};

/// A finished network that is imitated.
struct Frozen {
    id: NetworkId,
    network: Network,
    /// Its logits of all inputs in the CPU's memory, row by row, computed once; batches select from them by example.
    cpu_logits: Vec<f32>,
    /// To be asked about every batch, where each is new to it.
    perceptron: Option<Perceptron>,
    /// What the graph needs besides.
    #[cfg_attr(not(feature = "graph"), expect(dead_code, reason = "there is no graph"))]
    parts: FrozenParts,
}

/// The transfer set of a phase.
pub struct TransferSource {
    batches: Batches,
    /// The transfer set, as rows of the training set or of as much noise.
    rows: Vec<u32>,
    /// What the batches select from, in the CPU's memory, where it is not the training set.
    cpu_inputs: Option<Vec<f32>>,
    frozen: Vec<Frozen>,
    /// Whether the inputs are the experiment's own training examples.
    is_own: bool,
    /// What the graph needs besides.
    #[cfg_attr(not(feature = "graph"), expect(dead_code, reason = "there is no graph"))]
    parts: Parts,
}

impl TransferSource {
    /// The transfer set of the networks of these supervisions, all their examples together where it is their labelled
    /// ones; `frozen` are the finished networks that they imitate.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        supervisions: &[&Supervision],
        frozen: Vec<(NetworkId, Network)>,
        seed: u32,
    ) -> Self {
        let dataset = &data.dataset;
        let together = |rows: &dyn Fn(&Supervision) -> Vec<u32>| -> Vec<u32> {
            let mut is_among = vec![false; dataset.train.len()];
            supervisions.iter().flat_map(|one| rows(one)).for_each(|row| is_among[row as usize] = true);
            (0_u32..).zip(is_among).filter(|&(_, is_among)| is_among).map(|(row, _)| row).collect()
        };
        let rows = together(&|one| transfer_rows_of(data, experiment, one, seed));
        let transfer = supervisions.first().map_or(experiment.transfer, |one| transfer_of(experiment, one));
        let is_own = transfer.is_own();
        let made = made_inputs(data, experiment, transfer, seed);
        let (parts, cpu_inputs) = Parts::new(data, experiment, (made, is_own), (&rows, &together), seed);
        let ask = |(id, network): (NetworkId, Network)| {
            let (parts, cpu_logits) = parts.ask(data, cpu_inputs.as_deref(), &network);
            Frozen { id, network, cpu_logits, perceptron: None, parts }
        };
        Self {
            batches: Batches::new(rows.clone(), seed, "transfer batches"),
            frozen: frozen.into_iter().map(ask).collect(),
            rows,
            cpu_inputs,
            is_own,
            parts,
        }
    }

    /// Whether it is just these rows of the training set.
    pub fn is(&self, rows: &[u32]) -> bool {
        self.is_own && self.rows == rows
    }

    /// Inputs that are not the training set, in the CPU's memory.
    pub fn cpu_inputs(&self) -> Option<&[f32]> {
        self.cpu_inputs.as_deref()
    }

    /// Whether every batch is new to the teachers.
    pub fn is_augmented(&self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        data.uses_jitter(experiment.jitter) && self.is_own
    }

    /// The rows of the next batch.
    pub fn draw(&mut self, experiment: &Experiment) -> Vec<u32> {
        self.batches.draw(experiment.batch as usize)
    }

    /// A finished network's logits of some rows, in the CPU's memory, after what stands in `to`; `inputs` are what
    /// products read of those rows.
    pub fn cpu_logits(
        &mut self,
        id: NetworkId,
        (rows, inputs): (&[u32], &retort_kernels::Inputs),
        classes: usize,
        to: &mut Vec<f32>,
    ) {
        let Some(frozen) = self.frozen.iter_mut().find(|frozen| frozen.id == id) else { return };
        match &mut frozen.perceptron {
            None => copy_rows(&frozen.cpu_logits, classes, rows, to),
            Some(perceptron) => to.extend_from_slice(perceptron.forward(inputs, None)),
        }
    }
}

/// What several teachers say of some rows as one: their logits mixed.
pub fn mixed_rows(mixing: Mix, all: &[(Vec<f32>, f64)], classes: usize, temperature: f64, to: &mut Vec<f32>) {
    match all {
        [(only, _)] => {
            to.clear();
            to.extend_from_slice(only);
        }
        _ => {
            let all: Vec<(&[f32], f64)> = all.iter().map(|(logits, weight)| (&logits[..], *weight)).collect();
            mix_rows(mixing, &all, classes, temperature, to);
        }
    }
}

/// The inputs of a transfer set that is not the training set, as many as that has; `None` where it is.
fn made_inputs(data: &DeviceDataset, experiment: &Experiment, transfer: Transfer, seed: u32) -> Option<Vec<f32>> {
    let dataset = &data.dataset;
    let (features, count) = (dataset.features(), dataset.train.len() * dataset.features());
    let mut generator = random::stream(seed, "noise");
    let low = if dataset.is_image() { 0.0 } else { -1.0 };
    match transfer {
        Transfer::Labelled | Transfer::All => None,
        Transfer::Noise => Some((0..count).map(|_| generator.random_range(low..1.0)).collect()),
        Transfer::Sparse => {
            /// Share of the pixels that are not black: about as many as in small and in large digits.
            const INKED: [f32; 2] = [0.5, 0.2];
            let inked = INKED[usize::from(dataset.shape[0] > 16)];
            let mut pixel = || {
                let value = generator.random_range(low..1.0);
                if generator.random::<f32>() < inked { value } else { 0.0 }
            };
            Some((0..count).map(|_| pixel()).collect())
        }
        Transfer::Shuffled => {
            let mut made = dataset.train.inputs.clone();
            for feature in 0..features {
                let mut column: Vec<f32> = made.iter().skip(feature).step_by(features).copied().collect();
                column.shuffle(&mut generator);
                made.iter_mut().skip(feature).step_by(features).zip(column).for_each(|(to, from)| *to = from);
            }
            Some(made)
        }
        Transfer::Other => {
            let others = other_inputs(experiment, dataset.shape, seed);
            Some(others.into_iter().cycle().take(count).collect())
        }
    }
}

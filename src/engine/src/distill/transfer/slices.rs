//! The transfer set where networks are perceptrons in the CPU's memory.

use retort_spec::{Experiment, Supervision};

use super::{Perceptron, TransferSource};
use crate::{nets::Network, train::device_dataset::DeviceDataset};

/// There is no graph.
pub struct FrozenParts;

/// There is no graph.
pub struct Parts;

/// The rows of all networks' supervisions together.
type Together<'a> = &'a dyn Fn(&dyn Fn(&Supervision) -> Vec<u32>) -> Vec<u32>;

impl Parts {
    /// What was made in the place of the training set stays where it is.
    pub fn new(
        _: &DeviceDataset,
        _: &Experiment,
        (made, _): (Option<Vec<f32>>, bool),
        _: (&[u32], Together<'_>),
        _: u32,
    ) -> (Self, Option<Vec<f32>>) {
        (Self, made)
    }

    /// What a finished network says of all inputs: of the training set, or of what was made in its place.
    pub fn ask(&self, data: &DeviceDataset, made: Option<&[f32]>, network: &Network) -> (FrozenParts, Vec<f32>) {
        let dataset = &data.dataset;
        (FrozenParts, network.answer(made.unwrap_or(&dataset.train.inputs), dataset.features()))
    }
}

impl TransferSource {
    /// Teachers that are asked about every batch are read for it. The fused path can always be used.
    pub fn prepare_cpu(&mut self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        if self.is_augmented(data, experiment) {
            for frozen in &mut self.frozen {
                frozen.perceptron = frozen.network.perceptron().as_deref().map(Perceptron::new);
            }
        }
        true
    }

    /// There are no specialists.
    pub fn fused_rows(&self, _: &[u32], _: usize, _: &mut Vec<f32>) -> bool {
        false
    }
}

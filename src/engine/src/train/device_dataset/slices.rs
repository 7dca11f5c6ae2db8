//! The data set where networks are perceptrons in the CPU's memory.

use super::{Activations, DeviceDataset, Stage};
use crate::{
    data::Dataset,
    device::{Device, ExecutionError},
    nets::{Network, StageOutputs},
};

impl DeviceDataset {
    /// It stays where it is.
    pub fn new(dataset: Dataset, device: &Device) -> Self {
        Self { dataset, device: device.clone() }
    }

    /// A network's logits of all test examples, row by row.
    pub async fn test_logits(&self, network: &Network) -> Result<Vec<f32>, ExecutionError> {
        Ok(network.answer(&self.dataset.test.inputs, self.dataset.features()))
    }

    /// A network's logits of some training examples, row by row.
    pub async fn train_logits(&self, network: &Network, rows: &[u32]) -> Result<Vec<f32>, ExecutionError> {
        self.answer(network, self.dataset.train.select(rows, self.dataset.features()).inputs).await
    }

    /// A network's logits of any inputs, row by row.
    pub async fn answer(&self, network: &Network, inputs: Vec<f32>) -> Result<Vec<f32>, ExecutionError> {
        Ok(network.answer(&inputs, self.dataset.features()))
    }

    /// What a network does with some inputs.
    pub async fn activations(&self, network: &Network, inputs: Vec<f32>) -> Result<Activations, ExecutionError> {
        let StageOutputs { hidden, .. } = network.stages(&inputs, self.dataset.features());
        let rows = (inputs.len() / self.dataset.features()).max(1);
        let embedding = hidden.last().cloned().unwrap_or(inputs);
        let stage = |values: Vec<f32>| Stage { channels: values.len() / rows, values, side: 1 };
        Ok(Activations { stages: hidden.into_iter().map(stage).collect(), embedding })
    }

    /// Whether numbers are in the CPU's memory.
    pub fn is_on_cpu(&self) -> bool {
        true
    }
}

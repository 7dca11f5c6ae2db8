//! A network that learns: weights, gradient and optimizer.

use super::batches::Asked;
use crate::{
    nets::Network,
    optimizer::{Optimizer, learning_rate},
    random::Stream,
};

/// A network that learns.
pub struct Learner {
    /// The network.
    pub network: Network,
    optimizer: Optimizer,
    gradient: Vec<f32>,
    of_outputs: Vec<f32>,
    /// What it drops.
    dropout: Stream,
}

impl Learner {
    /// A network in front of its first step.
    pub fn new(network: Network, dropout: Stream) -> Self {
        let count = network.weights.count();
        let (gradient, of_outputs) = (vec![0.0; count], Vec::new());
        Self { network, optimizer: Optimizer::new(count), gradient, of_outputs, dropout }
    }

    /// Adds the gradient of a term of the loss: `loss` is given what the network says of a batch and writes its
    /// gradient. Returns what `loss` returns, times the weight.
    pub fn add(&mut self, asked: &Asked, weight: f32, loss: impl FnOnce(&[f32], &mut [f32]) -> f64) -> f64 {
        let said = self.network.forward(asked.batch(), Some(&mut self.dropout));
        self.of_outputs.resize(said.len(), 0.0);
        let value = loss(said, &mut self.of_outputs);
        if weight != 1.0 {
            retort_kernels::scale(&mut self.of_outputs, weight);
        }
        self.network.backward(&self.of_outputs, &mut self.gradient);
        value * f64::from(weight)
    }

    /// One step down the sum of the gradients that were added.
    pub fn descend(&mut self, peak: f64, step: usize, steps: usize) {
        let rate = learning_rate(peak, step, steps);
        self.optimizer.step(rate, &mut self.network.weights.values, &mut self.gradient);
        self.gradient.fill(0.0);
    }
}

//! Dense layers with ReLU between them, for rows of numbers.

use retort_kernels::{relu_backward, relu_forward};

use super::{
    linear::Linear,
    products::{Products, zeros},
};
use crate::{random::Stream, weights::Weights};

/// A perceptron and what it computed last.
#[derive(Debug)]
pub struct Perceptron {
    layers: Vec<Linear>,
    inputs: Vec<f32>,
    outputs: Vec<Vec<f32>>,
    products: Products,
}

impl Perceptron {
    /// Adds its weights: numbers that go in, units of each hidden layer, numbers that come out.
    pub fn new(sizes: &[usize], weights: &mut Weights, stream: &mut Stream) -> Self {
        let layers: Vec<Linear> = (sizes.windows(2).enumerate())
            .map(|(index, ends)| Linear::new(&format!("layer-{index}"), [ends[0], ends[1]], weights, stream))
            .collect();
        let outputs = vec![Vec::new(); layers.len()];
        Self { layers, inputs: Vec::new(), outputs, products: Products::default() }
    }

    /// What it says of rows `[rows, inputs]`: `[rows, outputs]`.
    pub fn forward(&mut self, weights: &[f32], inputs: &[f32]) -> &[f32] {
        self.inputs.clear();
        self.inputs.extend_from_slice(inputs);
        for index in 0..self.layers.len() {
            let (before, own) = self.outputs.split_at_mut(index);
            let input = before.last().unwrap_or(&self.inputs);
            self.layers[index].forward(weights, &mut self.products, input, &mut own[0]);
            if index + 1 < self.layers.len() {
                relu_forward(&mut own[0]);
            }
        }
        self.outputs.last().map_or(&[], Vec::as_slice)
    }

    /// Adds to `gradients` those of all weights, from the gradient of what it said last.
    pub fn backward(&mut self, weights: &[f32], of_outputs: &[f32], gradients: &mut [f32]) {
        let (mut gradient, mut next) = (of_outputs.to_vec(), Vec::new());
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let Some(before) = index.checked_sub(1) else {
                return layer.backward(weights, &mut self.products, [&self.inputs, &gradient], gradients, None);
            };
            let input = &self.outputs[before];
            zeros(&mut next, input.len());
            layer.backward(weights, &mut self.products, [input, &gradient], gradients, Some(&mut next));
            relu_backward(&mut next, input, 1.0);
            std::mem::swap(&mut gradient, &mut next);
        }
    }
}

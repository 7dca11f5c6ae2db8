//! Layer normalization with gain and bias.

use retort_kernels::{layer_norm_backward, layer_norm_forward};

use super::products::zeros;
use crate::{
    random::Stream,
    weights::{Slot, Start, Weights},
};

/// A layer normalization.
#[derive(Debug, Clone, Copy)]
pub struct LayerNorm {
    gain: Slot,
    bias: Slot,
    width: usize,
}

/// What its gradient needs, and what came out.
#[derive(Debug, Clone, Default)]
pub struct Normalized {
    normalized: Vec<f32>,
    scales: Vec<f32>,
    /// `[rows, width]`.
    pub outputs: Vec<f32>,
}

impl LayerNorm {
    /// Adds its weights under `name.gain` and `name.bias`.
    pub fn new(name: &str, width: usize, weights: &mut Weights, stream: &mut Stream) -> Self {
        let gain = weights.add(format!("{name}.gain"), &[width], Start::Constant(1.0), stream);
        let bias = weights.add(format!("{name}.bias"), &[width], Start::Constant(0.0), stream);
        Self { gain, bias, width }
    }

    /// Normalizes the rows of `inputs`, `[rows, width]`.
    pub fn forward(&self, weights: &[f32], inputs: &[f32], to: &mut Normalized) {
        to.normalized.resize(inputs.len(), 0.0);
        to.outputs.resize(inputs.len(), 0.0);
        zeros(&mut to.scales, inputs.len() / self.width);
        let affine = [self.gain.of(weights), self.bias.of(weights)];
        layer_norm_forward(inputs, affine, &mut to.normalized, &mut to.scales, &mut to.outputs);
    }

    /// Adds the gradients of gain and bias to `gradients`, and that of the inputs to `of_inputs`.
    pub fn backward(
        &self,
        weights: &[f32],
        kept: &Normalized,
        of_outputs: &[f32],
        gradients: &mut [f32],
        of_inputs: &mut [f32],
    ) {
        let mut of_gain = vec![0.0; self.width];
        let of_bias = self.bias.of_mut(gradients);
        let seen = (&kept.normalized[..], &kept.scales[..]);
        layer_norm_backward(of_outputs, self.gain.of(weights), seen, [&mut of_gain, of_bias], of_inputs);
        retort_kernels::add_assign(self.gain.of_mut(gradients), &of_gain);
    }
}

//! A linear layer: `x · W + b`.

use retort_kernels::{Matrix, Rhs, broadcast_rows, column_sums};

use super::products::{Products, with_columns};
use crate::{
    random::Stream,
    weights::{Slot, Start, Weights},
};

/// A linear layer.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    /// `[inputs, outputs]`.
    weight: Slot,
    /// `[outputs]`.
    bias: Slot,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// Adds its weights under `name.weight` and `name.bias`.
    pub fn new(name: &str, [inputs, outputs]: [usize; 2], weights: &mut Weights, stream: &mut Stream) -> Self {
        let weight = weights.add(format!("{name}.weight"), &[inputs, outputs], Start::glorot(inputs, outputs), stream);
        let bias = weights.add(format!("{name}.bias"), &[outputs], Start::Constant(0.0), stream);
        Self { weight, bias, inputs, outputs }
    }

    /// Writes what comes out into `to`.
    ///
    /// # Shapes
    /// `inputs`: `[rows, inputs]`, `to`: `[rows, outputs]`.
    pub fn forward(&self, weights: &[f32], products: &mut Products, inputs: &[f32], to: &mut Vec<f32>) {
        let inputs = with_columns(inputs, self.inputs);
        broadcast_rows(self.bias.of(weights), inputs.rows(), to);
        products.add(to, inputs, Rhs::Plain(self.weight(weights)));
    }

    /// Adds the gradients of weight and bias to `gradients`, and that of the inputs to `of_inputs` if it is wanted.
    ///
    /// # Shapes
    /// `inputs`, `of_inputs`: `[rows, inputs]`; `of_outputs`: `[rows, outputs]`.
    pub fn backward(
        &self,
        weights: &[f32],
        products: &mut Products,
        [inputs, of_outputs]: [&[f32]; 2],
        gradients: &mut [f32],
        of_inputs: Option<&mut [f32]>,
    ) {
        let of_output = with_columns(of_outputs, self.outputs);
        let transposed = with_columns(inputs, self.inputs).transposed();
        products.add(self.weight.of_mut(gradients), transposed, Rhs::Plain(of_output));
        let mut sums = vec![0.0; self.outputs];
        column_sums(of_outputs, &mut sums);
        retort_kernels::add_assign(self.bias.of_mut(gradients), &sums);
        if let Some(of_inputs) = of_inputs {
            products.add(of_inputs, of_output, Rhs::Plain(self.weight(weights).transposed()));
        }
    }

    fn weight<'a>(&self, weights: &'a [f32]) -> Matrix<'a> {
        with_columns(self.weight.of(weights), self.outputs)
    }
}

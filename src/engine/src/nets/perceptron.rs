//! The only network of an engine without a graph: a perceptron in the CPU's memory.

use std::sync::Arc;

use retort_compress::Layer;
use retort_kernels::{Lhs, Matrix, Rhs, Scratch, broadcast_rows, matmul, relu_forward};
use retort_spec::NetworkKind;

use crate::device::{Device, ExecutionError};

/// Rows of one forward pass when measuring. As many as on a device, so that sums are formed in the same order.
const CHUNK: usize = 2048;

/// Dense layers with ReLU between them.
#[derive(Debug, Clone)]
pub struct Network {
    layers: Arc<[Layer]>,
}

/// What comes out of each stage for some inputs.
pub struct StageOutputs {
    /// `[rows, channels]` of each hidden layer, after the activation function.
    pub hidden: Vec<Vec<f32>>,
    /// `[rows, outputs]`.
    pub logits: Vec<f32>,
}

impl Network {
    /// The perceptron of these layers. There is one kind of network, and one device.
    pub fn from_layers(_: NetworkKind, layers: &[Layer], _: &Device) -> Self {
        Self { layers: layers.into() }
    }

    /// Its weights, as they stand in a file.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        Ok(self.layers.to_vec())
    }

    /// Its layers.
    pub fn perceptron(&self) -> Option<Vec<Layer>> {
        Some(self.layers.to_vec())
    }

    /// The layer that sees the input.
    pub async fn first_layer(&self) -> Result<Layer, ExecutionError> {
        Ok(self.layers.first().cloned().unwrap_or_default())
    }

    /// What it says of inputs.
    ///
    /// # Shapes
    /// `inputs`: `[rows, features]`, row by row; the result `[rows, outputs]`.
    pub fn answer(&self, inputs: &[f32], features: usize) -> Vec<f32> {
        let chunks = inputs.chunks((CHUNK * features).max(1));
        chunks.flat_map(|chunk| self.stages(chunk, features).logits).collect()
    }

    /// The same with what its hidden layers hand on, of a few inputs.
    pub fn stages(&self, inputs: &[f32], features: usize) -> StageOutputs {
        let rows = inputs.len() / features.max(1);
        let (mut scratch, mut hidden, mut logits) = (Scratch::default(), Vec::new(), inputs.to_vec());
        for (index, layer) in self.layers.iter().enumerate() {
            let mut output = Vec::new();
            broadcast_rows(&layer.bias, rows, &mut output);
            let weight = Matrix::new(&layer.weight, layer.inputs, layer.outputs);
            let input = Matrix::with_rows(&logits, rows);
            let fits =
                weight.is_some_and(|weight| matmul(&mut output, Lhs::Plain(input), Rhs::Plain(weight), &mut scratch));
            assert!(fits, "inputs and layers have other shapes");
            if index + 1 < self.layers.len() {
                relu_forward(&mut output);
                hidden.push(output.clone());
            }
            logits = output;
        }
        StageOutputs { hidden, logits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pollster::block_on;

    use crate::device::Compute;

    #[test]
    fn a_forward_pass_by_hand() {
        let layers = [
            Layer { inputs: 2, outputs: 2, weight: vec![1.0, -1.0, 2.0, 0.5], bias: vec![0.5, 0.0] },
            Layer { inputs: 2, outputs: 1, weight: vec![3.0, 10.0], bias: vec![-1.0] },
        ];
        let network = Network::from_layers(NetworkKind::Mlp, &layers, &Compute::cpu().device);
        // relu([1+4+0.5, -1+1]) = [5.5, 0] → 15.5;  relu([-2+0.5, -0.5]) = [0, 0] → -1.
        let StageOutputs { hidden, logits } = network.stages(&[1.0, 2.0, 0.0, -1.0], 2);
        assert_eq!((hidden, logits), (vec![vec![5.5, 0.0, 0.0, 0.0]], vec![15.5, -1.0]));
        assert_eq!(network.answer(&[1.0, 2.0], 2), [15.5]);
        assert_eq!(block_on(network.first_layer()), Ok(layers[0].clone()));
    }
}

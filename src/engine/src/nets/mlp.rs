//! A multilayer perceptron: dense layers with ReLU between them.

use burn::{
    module::Module,
    nn::Linear,
    tensor::{ExecutionError, Tensor},
};

use super::{Map, Pass, PreActivation, Trace, dense as layers};
use crate::kernels::dense;
use retort_compress::Layer;

/// Dense layers with ReLU and dropout between them.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    /// The perceptron of these layers.
    pub fn new(layers: Vec<Linear>) -> Self {
        Self { layers }
    }

    /// Reads the weights back to the host.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for linear in &self.layers {
            layers.push(layers::read(linear).await?);
        }
        Ok(layers)
    }

    /// The layers.
    pub fn layers(&self) -> &[Linear] {
        &self.layers
    }

    /// The weights, where they are in the CPU's memory.
    pub fn in_memory(&self) -> Option<Vec<Layer>> {
        self.layers.iter().map(layers::in_memory).collect()
    }

    /// The last layer, where there is one.
    pub fn classifier(&self) -> Option<&Linear> {
        self.layers.last()
    }

    /// Reads the layer that sees the input.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn first_layer(&self) -> Result<Layer, ExecutionError> {
        match self.layers.first() {
            Some(linear) => layers::read(linear).await,
            None => Ok(Layer::default()),
        }
    }

    /// A forward pass.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`; the logits `[batch, classes]`; a map of one place for each hidden layer.
    pub fn forward(&self, inputs: Tensor<2>, mut pass: Pass<'_>) -> Trace {
        let mut activations = inputs;
        let mut maps = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let entering = pass.enter(activations.clone());
            if index + 1 == self.layers.len() {
                let logits = dense(entering, layer, false);
                return Trace { logits, embedding: activations, maps, statistics: Vec::new() };
            }
            let values = dense(entering.clone(), layer, true);
            let layer = layer.clone();
            let pre_activation =
                PreActivation::computed(move || dense(entering.clone(), &layer, false).unsqueeze_dim(1));
            maps.push(Map { values: values.clone().unsqueeze_dim(1), pre_activation, side: 1 });
            activations = pass.drop(values);
        }
        // A network without layers says what it was shown.
        Trace { logits: activations.clone(), embedding: activations, maps, statistics: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use burn::tensor::Device;
    use pollster::block_on;

    #[test]
    fn a_forward_pass_by_hand() {
        let layers = [
            Layer { inputs: 2, outputs: 2, weight: vec![1.0, -1.0, 2.0, 0.5], bias: vec![0.5, 0.0] },
            Layer { inputs: 2, outputs: 1, weight: vec![3.0, 10.0], bias: vec![-1.0] },
        ];
        let device = Device::flex();
        let mlp = Mlp::new(layers.iter().map(|layer| layers::linear(layer, &device)).collect());
        let x = Tensor::from_data([[1.0, 2.0], [0.0, -1.0]], &device);
        // relu([1+4+0.5, -1+1]) = [5.5, 0] → 15.5;  relu([-2+0.5, -0.5]) = [0, 0] → -1.
        let trace = mlp.forward(x, Pass::Test);
        assert_eq!(block_on(device::read(trace.logits)).unwrap(), [15.5, -1.0]);
        assert_eq!(block_on(device::read(trace.embedding)).unwrap(), [5.5, 0.0, 0.0, 0.0]);
        assert_eq!(trace.maps[0].values.dims(), [2, 1, 2]);
        assert_eq!(block_on(device::read(trace.maps[0].pre_activation.get())).unwrap(), [5.5, 0.0, -1.5, -0.5]);
        assert_eq!(block_on(mlp.to_layers()).unwrap(), layers);
    }
}

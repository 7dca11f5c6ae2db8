//! A multilayer perceptron: dense layers with ReLU between them.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, ExecutionError, Tensor, TensorData, activation::relu},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Dropout, Layer, Trace};

/// Dense layers with ReLU and dropout between them.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

/// He-uniform weights, `U(-√(6/inputs), √(6/inputs))`, which keep the variance through ReLU layers (He et al. 2015,
/// section 2.2), and zero biases.
pub fn draw(widths: &[u32], inputs: usize, classes: usize, generator: &mut ChaCha8Rng) -> Vec<Layer> {
    let mut sizes = vec![inputs];
    sizes.extend(widths.iter().map(|&width| width as usize));
    sizes.push(classes);
    sizes
        .windows(2)
        .map(|pair| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = (6.0 / inputs as f32).sqrt();
            let weight = (0..inputs * outputs).map(|_| generator.random_range(-bound..bound)).collect();
            Layer { inputs, outputs, weight, bias: vec![0.0; outputs] }
        })
        .collect()
}

impl Mlp {
    /// Puts weights on a device.
    pub fn from_layers(layers: &[Layer], device: &Device) -> Self {
        let linear = |layer: &Layer| Linear {
            weight: Param::from_data(TensorData::new(layer.weight.clone(), [layer.inputs, layer.outputs]), device),
            bias: Some(Param::from_data(TensorData::new(layer.bias.clone(), [layer.outputs]), device)),
        };
        Self { layers: layers.iter().map(linear).collect() }
    }

    /// Reads the weights back to the host.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for linear in &self.layers {
            let [inputs, outputs] = linear.weight.dims();
            let weight = crate::device::read(linear.weight.val()).await?;
            let bias = match &linear.bias {
                Some(bias) => crate::device::read(bias.val()).await?,
                None => vec![0.0; outputs],
            };
            layers.push(Layer { inputs, outputs, weight, bias });
        }
        Ok(layers)
    }

    /// A forward pass.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`; the logits `[batch, classes]`.
    pub fn forward(&self, inputs: Tensor<2>, mut dropout: Option<&mut Dropout>) -> Trace {
        let mut activations = inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            activations = layer.forward(activations);
            if index + 1 < self.layers.len() {
                activations = relu(activations);
                if let Some(dropout) = dropout.as_deref_mut() {
                    activations = dropout.apply(activations);
                }
            }
        }
        Trace { logits: activations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device, random};
    use pollster::block_on;

    #[test]
    fn a_forward_pass_by_hand() {
        let layers = [
            Layer { inputs: 2, outputs: 2, weight: vec![1.0, -1.0, 2.0, 0.5], bias: vec![0.5, 0.0] },
            Layer { inputs: 2, outputs: 1, weight: vec![3.0, 10.0], bias: vec![-1.0] },
        ];
        let device = Device::flex();
        let mlp = Mlp::from_layers(&layers, &device);
        let x = Tensor::from_data([[1.0, 2.0], [0.0, -1.0]], &device);
        // relu([1+4+0.5, -1+1]) = [5.5, 0] → 15.5;  relu([-2+0.5, -0.5]) = [0, 0] → -1.
        assert_eq!(block_on(device::read(mlp.forward(x, None).logits)).unwrap(), [15.5, -1.0]);
        assert_eq!(block_on(mlp.to_layers()).unwrap(), layers);
    }

    #[test]
    fn weights_are_drawn_within_their_bound_and_fill_it() {
        let layers = draw(&[50], 100, 10, &mut random::stream(1, "test"));
        assert_eq!(layers.len(), 2);
        let bound = (6.0_f32 / 100.0).sqrt();
        let largest = layers[0].weight.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        assert!(largest <= bound && largest > 0.98 * bound);
    }

    #[test]
    fn dropout_keeps_the_mean_and_zeroes_its_share() {
        let mut dropout = Dropout::new(0.25, 1).unwrap();
        let kept = block_on(device::read(dropout.apply(Tensor::ones([100, 100], &Device::flex())))).unwrap();
        let zeros = kept.iter().filter(|&&x| x == 0.0).count();
        assert!((2300..2700).contains(&zeros), "{zeros}");
        assert!((kept.iter().sum::<f32>() / 1e4 - 1.0).abs() < 0.04);
        assert!(Dropout::new(0.0, 1).is_none());
    }
}

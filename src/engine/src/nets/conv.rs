//! A convolutional network after LeNet-5 (LeCun et al. 1998, section 2.B): convolutions with ReLU, each followed by
//! max pooling, and a classifier.

use burn::{
    module::Module,
    nn::Linear,
    tensor::{ExecutionError, Tensor, activation::relu},
};
use retort_compress::Layer;
use retort_spec::{Architecture, geometry};

use crate::kernels;

use super::{
    Map, Pass, PreActivation, Trace, dense,
    windows::{convolution, max_pool},
};

/// Convolutions with ReLU and max pooling, then a classifier.
#[derive(Module, Debug)]
pub struct Conv {
    stages: Vec<Linear>,
    classifier: Linear,
}

impl Conv {
    /// The network of these layers, the classifier last; `None` without a layer.
    pub fn new(mut stages: Vec<Linear>) -> Option<Self> {
        let classifier = stages.pop()?;
        Some(Self { stages, classifier })
    }

    /// Reads the weights back to the host.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        let mut layers = Vec::new();
        for linear in self.stages.iter().chain([&self.classifier]) {
            layers.push(dense::read(linear).await?);
        }
        Ok(layers)
    }

    /// The classifier.
    pub fn classifier(&self) -> &Linear {
        &self.classifier
    }

    /// Reads the layer that sees the input.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn first_layer(&self) -> Result<Layer, ExecutionError> {
        dense::read(self.stages.first().unwrap_or(&self.classifier)).await
    }

    /// A forward pass.
    ///
    /// # Shapes
    /// `inputs`: `[batch, side²]`; a map for each convolution, before and after it was pooled.
    pub fn forward(&self, inputs: Tensor<2>, mut pass: Pass<'_>) -> Trace {
        let [batch, features] = inputs.dims();
        let mut side = features.isqrt();
        let window = Architecture::window(side);
        let mut images: Tensor<4> = inputs.reshape([batch, side, side, 1]);
        let mut maps = Vec::new();
        for stage in &self.stages {
            let [_, channels] = stage.weight.dims();
            let responses = convolution(pass.enter_images(images), stage, window, 1);
            let responses = responses.reshape([batch, side, side, channels]);
            // ReLU and the largest of four commute, so the smaller image is the one that passes through the ReLU.
            let pooled = max_pool(responses);
            side = geometry::pooled(side);
            images = relu(pooled.clone());
            let places = |map: Tensor<4>| map.reshape([batch, side * side, channels]);
            maps.push(Map {
                values: places(images.clone()),
                pre_activation: PreActivation::known(places(pooled)),
                side,
            });
        }
        let [_, _, _, channels] = images.dims();
        let embedding = images.reshape([batch, side * side * channels]);
        let dropped = pass.drop(embedding.clone());
        let logits = kernels::dense(pass.enter(dropped), &self.classifier, false);
        Trace { logits, embedding, maps, statistics: Vec::new() }
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
        // One 3×3 convolution that adds up its window, pooled from 2×2 to 1×1, and a classifier that doubles.
        let layers = [
            Layer { inputs: 9, outputs: 1, weight: vec![1.0; 9], bias: vec![-3.0] },
            Layer { inputs: 1, outputs: 2, weight: vec![2.0, -2.0], bias: vec![0.0, 1.0] },
        ];
        let device = Device::flex();
        let conv = Conv::new(layers.iter().map(|layer| dense::linear(layer, &device)).collect()).unwrap();
        let x = Tensor::from_data([[1.0, 2.0, 3.0, 4.0]], &device);
        // Every window of a 2×2 image holds all of it: 10 - 3 = 7.
        let trace = conv.forward(x, Pass::Test);
        assert_eq!(block_on(device::read(trace.logits)).unwrap(), [14.0, -13.0]);
        assert_eq!(trace.maps[0].shape(), [1, 1]);
        assert_eq!(block_on(conv.to_layers()).unwrap(), layers);
    }
}

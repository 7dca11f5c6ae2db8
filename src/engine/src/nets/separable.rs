//! A network of depthwise separable convolutions (Howard et al. 2017, section 3.1): where a [`Conv`](super::Conv)
//! multiplies all channels of a window, each convolution behind the first multiplies the window of every channel alone
//! and then, with a ReLU between, all channels of a place. As there, each is pooled, and a classifier reads what is
//! left.
//!
//! While it learns on a GPU, a convolution of every channel alone is a product with a matrix that is zero where another
//! channel stands. So it takes as long as a full one there, and needs no step of its own.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{ExecutionError, Tensor, TensorData, activation::relu},
};
use retort_compress::Layer;
use retort_spec::geometry;

use crate::kernels;

use super::{
    Map, Pass, PreActivation, Trace, dense,
    windows::{convolution, max_pool, windows},
};

/// A convolution, separable convolutions, and a classifier.
#[derive(Module, Debug)]
pub struct Separable {
    first: Linear,
    /// `[9, channels]` and `[channels, outputs]` of each stage behind the first.
    stages: Vec<[Linear; 2]>,
    classifier: Linear,
}

impl Separable {
    /// The network of these layers; `None` if they are not those of such a network.
    pub fn new(layers: Vec<Linear>) -> Option<Self> {
        let (classifier, rest) = layers.split_last()?;
        let (first, rest) = rest.split_first()?;
        let (pairs, []) = rest.as_chunks::<2>() else { return None };
        Some(Self { first: first.clone(), stages: pairs.to_vec(), classifier: classifier.clone() })
    }

    /// Reads the weights back to the host.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        let mut layers = Vec::new();
        for linear in [&self.first].into_iter().chain(self.stages.iter().flatten()).chain([&self.classifier]) {
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
        dense::read(&self.first).await
    }

    /// A forward pass.
    ///
    /// # Shapes
    /// `inputs`: `[batch, side²]`; a map for each stage, before and after its ReLU, pooled.
    pub fn forward(&self, inputs: Tensor<2>, mut pass: Pass<'_>) -> Trace {
        let [batch, features] = inputs.dims();
        let mut side = features.isqrt();
        let images: Tensor<4> = inputs.reshape([batch, side, side, 1]);
        let mut rows = convolution(pass.enter_images(images), &self.first, 3, 1);
        let mut maps = Vec::new();
        let mut stages = self.stages.iter();
        loop {
            let [_, channels] = rows.dims();
            let pooled = max_pool(rows.reshape([batch, side, side, channels]));
            side = geometry::pooled(side);
            let images = relu(pooled.clone());
            let places = |map: Tensor<4>| map.reshape([batch, side * side, channels]);
            maps.push(Map {
                values: places(images.clone()),
                pre_activation: PreActivation::known(places(pooled)),
                side,
            });
            let Some([alone, together]) = stages.next() else {
                let embedding = images.reshape([batch, side * side * channels]);
                let dropped = pass.drop(embedding.clone());
                let logits = kernels::dense(pass.enter(dropped), &self.classifier, false);
                return Trace { logits, embedding, maps, statistics: Vec::new() };
            };
            let entered = pass.enter_images(images);
            let of_channels = kernels::images::depthwise(&entered, alone)
                .unwrap_or_else(|| kernels::dense(windows(entered, 3, 1), &spread(alone), true));
            rows = kernels::dense(pass.enter(of_channels), together, false);
        }
    }
}

/// `[window, channels]` as the matrix `[window · channels, channels]` that is zero where row and column are of
/// different channels.
fn spread(alone: &Linear) -> Linear {
    let [window, channels] = alone.weight.dims();
    let weight = alone.weight.val();
    let own = (0..channels * channels).map(|place| f32::from(u8::from(place / channels == place % channels)));
    let own = TensorData::new(own.collect::<Vec<f32>>(), [1, channels, channels]);
    let own = Tensor::<3>::from_data(own, &weight.device());
    let spread = (weight.reshape([window, channels, 1]) * own).reshape([window * channels, channels]);
    // It is computed, not learned: gradients pass through it to what it was computed from.
    let weight = Param::initialized(alone.weight.id, spread);
    Linear { weight, bias: alone.bias.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device,
        kernels::tests::{same, wave},
        nets::Network,
    };
    use burn::tensor::Device;
    use pollster::block_on;
    use retort_compress::network::model::Model;
    use retort_spec::Architecture;

    #[test]
    fn it_says_what_its_file_says() {
        let architecture: Architecture = "separable:3,5,4".parse().unwrap();
        let mut layers = Network::draw(&architecture, 81, 3, 1, "test");
        for (place, layer) in layers.iter_mut().enumerate() {
            layer.bias.iter_mut().enumerate().for_each(|(at, bias)| *bias = (place as f32 - at as f32) / 10.0);
        }
        let device = Device::flex();
        let network = Network::from_layers(architecture.kind, &layers, &device);
        let pixels: Vec<f32> = (0..2 * 81).map(|i| (i * 37 % 11) as f32 / 10.0).collect();
        let inputs = Tensor::from_data(TensorData::new(pixels.clone(), [2, 81]), &device);
        let trace = network.forward(inputs, Pass::Test);
        assert_eq!(trace.maps.iter().map(Map::shape).collect::<Vec<_>>(), [[3, 4], [5, 2], [4, 1]]);
        // The file's forward pass is another program's, held to a case by hand there.
        let want = Model::new(architecture.kind, 81, &layers).logits(&pixels);
        for (got, want) in block_on(device::read(trace.logits)).unwrap().iter().zip(want) {
            assert!((got - want).abs() < 1e-5, "{got} {want}");
        }
        assert_eq!(block_on(network.to_layers()).unwrap(), layers);
    }

    #[test]
    fn each_channel_alone_is_a_product_with_a_matrix_of_zeros() {
        let device = Device::flex().autodiff();
        let layer = Layer { inputs: 9, outputs: 3, weight: wave(9, 3, 0.9), bias: wave(1, 3, 0.4) };
        let [ours, plain] = [true, false].map(|ours| {
            let alone = dense::linear(&layer, &device);
            let images =
                Tensor::<4>::from_data(TensorData::new(wave(50, 3, 1.3), [2, 5, 5, 3]), &device).require_grad();
            let rows = match ours {
                true => kernels::images::depthwise(&images, &alone).unwrap(),
                false => kernels::dense(windows(images.clone(), 3, 1), &spread(&alone), true),
            };
            let gradients = rows.clone().square().sum().backward();
            let bias = alone.bias.as_ref().unwrap().val().grad(&gradients).unwrap();
            let weight = alone.weight.val().grad(&gradients).unwrap();
            [rows.inner(), images.grad(&gradients).unwrap().reshape([2, 75]), weight, bias.unsqueeze()]
        });
        ours.into_iter().zip(plain).for_each(|(ours, plain)| same(ours, plain));
    }

    #[test]
    fn gradients_reach_the_weights_of_a_channel_alone() {
        let device = Device::flex().autodiff();
        let layer = Layer { inputs: 2, outputs: 2, weight: vec![1.0, 2.0, 3.0, 4.0], bias: vec![0.0; 2] };
        let alone = dense::linear(&layer, &device);
        // Rows of two places of two channels: 1 · 1 + 10 · 3 and 2 · 2 + 20 · 4.
        let rows = Tensor::<2>::from_data([[1.0, 2.0, 10.0, 20.0]], &device);
        let said = kernels::dense(rows, &spread(&alone), false);
        assert_eq!(block_on(device::read(said.clone())).unwrap(), [31.0, 84.0]);
        let weights = Tensor::<2>::from_data([[1.0, 100.0]], &device);
        let gradients = (said * weights).sum().backward();
        let gradient = alone.weight.val().grad(&gradients).unwrap();
        assert_eq!(block_on(device::read(gradient)).unwrap(), [1.0, 200.0, 10.0, 2000.0]);
    }
}

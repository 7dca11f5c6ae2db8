//! Batch normalization: each channel is brought to mean 0 and variance 1, then scaled and shifted as was learned
//! (Ioffe & Szegedy 2015, algorithm 1). A trained one is folded into the layer before it.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{ExecutionError, Tensor, TensorData},
};

use super::{Pass, Statistics, dense, windows::convolution};
use crate::device::read;
use retort_compress::Layer;

/// Keeps a channel that never varies from being divided by zero.
const EPSILON: f32 = 1e-5;
/// The weight of the newest batch in the running mean and variance.
const MOMENTUM: f64 = 0.1;

/// A convolution whose outputs are normalized; without a norm it was folded, or never was.
#[derive(Module, Debug)]
pub struct Normalized {
    linear: Linear,
    norm: Option<Norm>,
}

#[derive(Module, Debug)]
struct Norm {
    scale: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
    mean: Param<Tensor<1>>,
    variance: Param<Tensor<1>>,
}

impl Normalized {
    /// A folded layer, as it stands in a file.
    pub fn folded(linear: Linear) -> Self {
        Self { linear, norm: None }
    }

    /// A fresh layer to be trained: the shift takes the place of its bias.
    pub fn fresh(linear: Linear) -> Self {
        let ([_, outputs], device) = (linear.weight.dims(), linear.weight.device());
        let vector = |value: f32| Param::from_data(TensorData::new(vec![value; outputs], [outputs]), &device);
        let norm = Norm {
            scale: vector(1.0),
            shift: linear.bias.unwrap_or_else(|| vector(0.0)),
            mean: vector(0.0).set_require_grad(false),
            variance: vector(1.0).set_require_grad(false),
        };
        Self { linear: Linear { weight: linear.weight, bias: None }, norm: Some(norm) }
    }

    /// A convolution whose outputs are normalized, in training by the batch's own mean and variance, which are handed
    /// on.
    ///
    /// # Shapes
    /// `images`: `[batch, side, side, channels]`; the result `[batch · s², outputs]` with `s` the side divided by the
    /// stride, rounded up.
    pub fn forward(
        &self,
        images: Tensor<4>,
        (window, stride): (usize, usize),
        pass: &Pass<'_>,
        statistics: &mut Vec<Statistics>,
    ) -> Tensor<2> {
        let outputs = convolution(pass.enter_images(images), &self.linear, window, stride);
        let Some(norm) = &self.norm else { return outputs };
        let [count, channels] = outputs.dims();
        let row = |vector: Tensor<1>| vector.reshape([1, channels]);
        let (mean, variance) = match pass.is_training() {
            true => {
                let mean = outputs.clone().mean_dim(0);
                let variance = (outputs.clone() - mean.clone()).square().mean_dim(0);
                let unbiased = count as f64 / (count as f64 - 1.0).max(1.0);
                statistics.push(Statistics {
                    mean: mean.clone().inner().reshape([channels]),
                    variance: variance.clone().inner().reshape([channels]) * unbiased,
                });
                (mean, variance)
            }
            false => (row(norm.mean.val()), row(norm.variance.val())),
        };
        standardized(outputs, mean, variance) * row(norm.scale.val()) + row(norm.shift.val())
    }

    /// Moves the running mean and variance towards a batch's, where there are any.
    pub fn absorb(&mut self, batch: &Statistics) {
        let Some(norm) = &mut self.norm else { return };
        let moved = |running: &Param<Tensor<1>>, batch: &Tensor<1>| {
            running.clone().map(|running| {
                let kept = running.clone().inner() * (1.0 - MOMENTUM) + batch.clone() * MOMENTUM;
                if running.is_autodiff() { kept.autodiff() } else { kept }
            })
        };
        norm.mean = moved(&norm.mean, &batch.mean);
        norm.variance = moved(&norm.variance, &batch.variance);
    }

    /// Reads the weights back to the host, the norm folded into them (Jacob et al. 2018, section 3.2).
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn to_layer(&self) -> Result<Layer, ExecutionError> {
        let mut layer = dense::read(&self.linear).await?;
        if let Some(norm) = &self.norm {
            let (scale, shift) = (read(norm.scale.val()).await?, read(norm.shift.val()).await?);
            let (mean, variance) = (read(norm.mean.val()).await?, read(norm.variance.val()).await?);
            let factor: Vec<f32> =
                scale.iter().zip(&variance).map(|(scale, variance)| scale / (variance + EPSILON).sqrt()).collect();
            for row in layer.weight.chunks_exact_mut(layer.outputs) {
                row.iter_mut().zip(&factor).for_each(|(weight, factor)| *weight *= factor);
            }
            layer.bias = (0..layer.outputs).map(|channel| shift[channel] - mean[channel] * factor[channel]).collect();
        }
        Ok(layer)
    }
}

/// Rows less a mean, divided by the root of a variance.
fn standardized(rows: Tensor<2>, mean: Tensor<2>, variance: Tensor<2>) -> Tensor<2> {
    (rows - mean) / (variance + EPSILON).sqrt()
}

/// Rows whose columns are brought to mean 0 and variance 1, `[rows, channels]`.
pub fn normalized(rows: Tensor<2>) -> Tensor<2> {
    let mean = rows.clone().mean_dim(0);
    let variance = (rows.clone() - mean.clone()).square().mean_dim(0);
    standardized(rows, mean, variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use pollster::block_on;

    fn layer() -> Layer {
        Layer { inputs: 2, outputs: 1, weight: vec![1.0, 2.0], bias: vec![0.5] }
    }

    fn forward(layer: &Normalized, pass: &Pass<'_>) -> (Vec<f32>, Vec<Statistics>) {
        let device = layer.linear.weight.device();
        // Three images of one place.
        let images = Tensor::from_data([[[[1.0, 0.0]]], [[[0.0, 1.0]]], [[[1.0, 1.0]]]], &device);
        let mut statistics = Vec::new();
        let outputs = layer.forward(images, (1, 1), pass, &mut statistics);
        (block_on(read(outputs)).unwrap(), statistics)
    }

    #[test]
    fn training_normalizes_the_batch_and_a_test_what_was_seen() {
        let device = Device::flex().autodiff();
        let mut layer = Normalized::fresh(dense::linear(&layer(), &device));
        // 1, 2, 3: mean 2, variance 2/3, with the bias as the shift.
        let (outputs, statistics) = forward(&layer, &Pass::Train(None));
        let unit = (1.0_f32 / (2.0_f32 / 3.0 + EPSILON)).sqrt();
        for (output, want) in outputs.iter().zip([0.5 - unit, 0.5, 0.5 + unit]) {
            assert!((output - want).abs() < 1e-5);
        }
        layer.absorb(&statistics[0]);
        // Running mean 0.9·0 + 0.1·2, variance 0.9·1 + 0.1·1 (unbiased).
        let (outputs, none) = forward(&layer, &Pass::Test);
        assert!(none.is_empty());
        let want = |output: f32| (output - 0.2) / (1.0_f32 + EPSILON).sqrt() + 0.5;
        for (output, want) in outputs.iter().zip([want(1.0), want(2.0), want(3.0)]) {
            assert!((output - want).abs() < 1e-5, "{output} {want}");
        }
        // Folded, the file says the same.
        let folded = Normalized::folded(dense::linear(&block_on(layer.to_layer()).unwrap(), &Device::flex()));
        for (there, here) in forward(&folded, &Pass::Test).0.iter().zip(&outputs) {
            assert!((there - here).abs() < 1e-5);
        }
    }
}

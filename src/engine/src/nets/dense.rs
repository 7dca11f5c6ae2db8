//! A matrix with its bias, between host and device: what every network here is made of.

use burn::{
    module::Param,
    nn::Linear,
    tensor::{Device, ExecutionError, TensorData},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_compress::Layer;
use retort_spec::LayerShape;

use crate::kernels;

/// He-uniform weights, `U(-√(6/inputs), √(6/inputs))`, which keep the variance through ReLU layers (He et al. 2015,
/// section 2.2), and zero biases.
pub fn draw(shape: LayerShape, generator: &mut ChaCha8Rng) -> Layer {
    let LayerShape { inputs, outputs, .. } = shape;
    let bound = (6.0 / inputs as f32).sqrt();
    let weight = (0..inputs * outputs).map(|_| generator.random_range(-bound..bound)).collect();
    Layer { inputs, outputs, weight, bias: vec![0.0; outputs] }
}

/// Puts weights on a device.
pub fn linear(layer: &Layer, device: &Device) -> Linear {
    Linear {
        weight: Param::from_data(TensorData::new(layer.weight.clone(), [layer.inputs, layer.outputs]), device),
        bias: Some(Param::from_data(TensorData::new(layer.bias.clone(), [layer.outputs]), device)),
    }
}

/// Reads weights back to the host.
///
/// # Errors
/// The device's, if the read fails.
pub async fn read(linear: &Linear) -> Result<Layer, ExecutionError> {
    let [inputs, outputs] = linear.weight.dims();
    let weight = crate::device::read(linear.weight.val()).await?;
    let bias = match &linear.bias {
        Some(bias) => crate::device::read(bias.val()).await?,
        None => vec![0.0; outputs],
    };
    Ok(Layer { inputs, outputs, weight, bias })
}

/// The same where they are in the CPU's memory.
pub fn in_memory(linear: &Linear) -> Option<Layer> {
    let [inputs, outputs] = linear.weight.dims();
    let weight = kernels::numbers(&linear.weight.val())?;
    let bias = match &linear.bias {
        Some(bias) => kernels::numbers(&bias.val())?,
        None => vec![0.0; outputs],
    };
    Some(Layer { inputs, outputs, weight, bias })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn weights_are_drawn_within_their_bound_and_fill_it() {
        let shape = LayerShape { inputs: 100, outputs: 50, places: 1 };
        let layer = draw(shape, &mut random::stream(1, "test"));
        let bound = (6.0_f32 / 100.0).sqrt();
        let largest = layer.weight.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        assert!(largest <= bound && largest > 0.98 * bound);
    }
}

//! A matrix with its bias, between host and device: what every network here is made of.

use burn::{
    module::Param,
    nn::Linear,
    tensor::{Device, ExecutionError, TensorData},
};
use retort_compress::Layer;

use crate::kernels;

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

//! Steps over images on the CPU: windows, pooling, and convolutions of each channel alone. Elsewhere there is none;
//! [`nets`](crate::nets) has each as tensors would do it, too.

use burn::{
    backend::{
        Autodiff, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
    },
    nn::Linear,
    tensor::Tensor,
};
use retort_kernels::{Images, Windows};

use super::{
    cpu::{FlexTensor, rectify, rectify_backward, sum_of_columns, tensor},
    on,
};

/// What is done with images alone.
#[derive(Debug, Clone, Copy)]
enum Step {
    Windows(Windows),
    MaxPool(Images),
}

impl Step {
    fn forward(self, images: &FlexTensor) -> FlexTensor {
        let images = images.to_contiguous();
        let batch = images.layout().shape()[0];
        match self {
            Self::Windows(windows) => rows(windows.read(images.storage()), windows.length()),
            Self::MaxPool(of) => {
                let half = of.side / 2;
                tensor(of.max_pool(images.storage()), &[batch, half, half, of.channels])
            }
        }
    }

    /// The gradient of images of this shape.
    fn backward(self, images: &FlexTensor, gradient: &FlexTensor) -> FlexTensor {
        let (images, gradient) = (images.to_contiguous(), gradient.to_contiguous());
        let numbers = match self {
            Self::Windows(windows) => windows.read_backward(gradient.storage()),
            Self::MaxPool(of) => of.max_pool_backward(images.storage(), gradient.storage()),
        };
        tensor(numbers, &images.layout().shape().to_vec())
    }
}

/// [`nets::windows`](crate::nets::windows) in one step; `None` where images are not in the CPU's memory.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the result `[batch · s², window² · channels]` with `s` the side divided
/// by the stride, rounded up.
pub fn windows(images: &Tensor<4>, window: usize, stride: usize) -> Option<Tensor<2>> {
    on_images(images, Step::Windows(Windows { images: of(images), window, stride }))
}

/// The largest of every 2 × 2 places in one step; `None` where images are not in the CPU's memory.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the result `[batch, side / 2, side / 2, channels]`.
pub fn max_pool(images: &Tensor<4>) -> Option<Tensor<4>> {
    on_images(images, Step::MaxPool(of(images)))
}

fn of(images: &Tensor<4>) -> Images {
    let [_, side, _, channels] = images.dims();
    Images { side, channels }
}

fn on_images<const D: usize>(images: &Tensor<4>, step: Step) -> Option<Tensor<D>> {
    if let Some(images) = on::<Autodiff<Flex>, 4>(images) {
        let output = step.forward(images.primitive());
        let output = match OnImages.prepare::<NoCheckpointing>([images.node()]).compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish((step, images.into_parts().0), output),
            OpsKind::UnTracked(node) => node.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<Flex>>(output));
    }
    Some(Tensor::from_primitive::<Flex>(step.forward(&on::<Flex, 4>(images)?)))
}

#[derive(Debug)]
struct OnImages;

impl Backward<Flex, 1> for OnImages {
    /// What was done, and the images.
    type State = (Step, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (step, images) = ops.state;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            gradients.register::<Flex>(node.id, step.backward(&images, &gradient));
        }
    }
}

/// A convolution of each channel alone, with a ReLU; `None` where images are not in the CPU's memory.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the layer's weights `[window², channels]`; the result
/// `[batch · side², channels]`.
pub fn depthwise(images: &Tensor<4>, layer: &Linear) -> Option<Tensor<2>> {
    let [places, _] = layer.weight.dims();
    let windows = Windows { images: of(images), window: places.isqrt(), stride: 1 };
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref()?.val());
    let tracked = (on::<Autodiff<Flex>, 4>(images), on::<Autodiff<Flex>, 2>(&weight), on::<Autodiff<Flex>, 1>(&bias));
    if let (Some(images), Some(weight), Some(bias)) = tracked {
        let output = each_channel(windows, images.primitive(), weight.primitive(), bias.primitive());
        let nodes = [images.node(), weight.node(), bias.node()];
        let output = match Depthwise.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let kept = [images.into_parts().0, weight.into_parts().0, output.clone()];
                node.finish((windows, kept), output)
            }
            OpsKind::UnTracked(node) => node.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<Flex>>(output));
    }
    let (images, weight, bias) = (on::<Flex, 4>(images)?, on::<Flex, 2>(&weight)?, on::<Flex, 1>(&bias)?);
    Some(Tensor::from_primitive::<Flex>(each_channel(windows, &images, &weight, &bias)))
}

fn each_channel(windows: Windows, images: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor) -> FlexTensor {
    let [images, weight, bias] = [images, weight, bias].map(FlexTensor::to_contiguous);
    let numbers = windows.depthwise(images.storage(), weight.storage(), bias.storage());
    let mut output = rows(numbers, windows.images.channels);
    rectify(&mut output);
    output
}

fn rows(numbers: Vec<f32>, columns: usize) -> FlexTensor {
    let count = numbers.len() / columns.max(1);
    tensor(numbers, &[count, columns])
}

#[derive(Debug)]
struct Depthwise;

impl Backward<Flex, 3> for Depthwise {
    /// The windows; the images, the weights and what came out.
    type State = (Windows, [FlexTensor; 3]);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (windows, [images, weight, output]) = ops.state;
        let mut gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        rectify_backward(&mut gradient, &output);
        let [of_images, of_weight, of_bias] = ops.parents;
        let wanted = [of_images.is_some(), of_weight.is_some()];
        let (whole, weights) = (images.to_contiguous(), weight.to_contiguous());
        let of_windows = windows.depthwise_backward(whole.storage(), weights.storage(), gradient.storage(), wanted);
        for ((node, numbers), like) in [of_images, of_weight].into_iter().zip(of_windows).zip([&images, &weight]) {
            if let (Some(node), Some(numbers)) = (node, numbers) {
                gradients.register::<Flex>(node.id, tensor(numbers, &like.layout().shape().to_vec()));
            }
        }
        if let Some(node) = of_bias {
            gradients.register::<Flex>(node.id, sum_of_columns(&gradient));
        }
    }
}

//! Steps over images on the CPU: windows, pooling, and convolutions, also of each channel alone. Elsewhere there is
//! none; [`nets`](crate::nets) has each as tensors would do it, too.

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
use retort_kernels::{Images, Matrix, Windows};

use super::{
    cpu::{FlexTensor, rectify, rectify_backward, sum_of_columns, tensor, with_scratch},
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

    /// The gradient of these images.
    fn gradient(self, images: &FlexTensor, gradient: &FlexTensor) -> FlexTensor {
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
        let output = match step.prepare::<NoCheckpointing>([images.node()]).compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish(images.into_parts().0, output),
            OpsKind::UnTracked(node) => node.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<Flex>>(output));
    }
    Some(Tensor::from_primitive::<Flex>(step.forward(&on::<Flex, 4>(images)?)))
}

impl Backward<Flex, 1> for Step {
    /// The images.
    type State = FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            gradients.register::<Flex>(node.id, self.gradient(&ops.state, &gradient));
        }
    }
}

/// A convolution, image by image; `None` where images are not in the CPU's memory.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the layer's weights `[window² · channels, outputs]`; the result
/// `[batch · s², outputs]` with `s` the side divided by the stride, rounded up.
pub fn convolution(images: &Tensor<4>, layer: &Linear, window: usize, stride: usize) -> Option<Tensor<2>> {
    let [_, outputs] = layer.weight.dims();
    // Without a bias, as under batch normalization.
    let bias = layer.bias.as_ref().map_or_else(|| Tensor::zeros([outputs], &images.device()), |bias| bias.val());
    on_layer(images, layer.weight.val(), bias, LayerStep::Convolution(Windows { images: of(images), window, stride }))
}

/// A convolution of each channel alone, with a ReLU; `None` where images are not in the CPU's memory.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the layer's weights `[window², channels]`; the result
/// `[batch · side², channels]`.
pub fn depthwise(images: &Tensor<4>, layer: &Linear) -> Option<Tensor<2>> {
    let [places, _] = layer.weight.dims();
    let windows = Windows { images: of(images), window: places.isqrt(), stride: 1 };
    on_layer(images, layer.weight.val(), layer.bias.as_ref()?.val(), LayerStep::Depthwise(windows))
}

/// What is done with images by weights.
#[derive(Debug, Clone, Copy)]
enum LayerStep {
    /// All channels of a window make each output.
    Convolution(Windows),
    /// Each channel of a window makes one, which is rectified.
    Depthwise(Windows),
}

impl LayerStep {
    fn forward(self, images: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor) -> FlexTensor {
        let [images, weight, bias] = [images, weight, bias].map(FlexTensor::to_contiguous);
        let (images, weights, bias) = (images.storage(), weight.storage(), bias.storage());
        match self {
            Self::Convolution(windows) => {
                let matrix = Matrix::with_rows(weights, windows.length());
                rows(with_scratch(|scratch| windows.convolve(images, matrix, bias, scratch)), bias.len())
            }
            Self::Depthwise(windows) => {
                let mut output = rows(windows.depthwise(images, weights, bias), bias.len());
                rectify(&mut output);
                output
            }
        }
    }

    /// The gradients of images and weights, as far as they are wanted. That of what came out becomes that of what came
    /// out before it was rectified.
    fn gradients(
        self,
        [images, weight, output]: [&FlexTensor; 3],
        gradient: &mut FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let shapes = [images, weight].map(|tensor| tensor.layout().shape().to_vec());
        let [images, weight] = [images, weight].map(FlexTensor::to_contiguous);
        let (images, weights) = (images.storage(), weight.storage());
        let [of_images, of_weight] = match self {
            Self::Convolution(windows) => {
                let matrix = Matrix::with_rows(weights, windows.length());
                let gradient = gradient.storage();
                with_scratch(|scratch| windows.convolve_backward(images, matrix, gradient, wanted, scratch))
            }
            Self::Depthwise(windows) => {
                rectify_backward(gradient, output);
                windows.depthwise_backward(images, weights, gradient.storage(), wanted)
            }
        };
        let shaped = |numbers: Option<Vec<f32>>, shape: &[usize]| Some(tensor(numbers?, shape));
        [shaped(of_images, &shapes[0]), shaped(of_weight, &shapes[1])]
    }
}

fn rows(numbers: Vec<f32>, columns: usize) -> FlexTensor {
    let count = numbers.len() / columns.max(1);
    tensor(numbers, &[count, columns])
}

fn on_layer(images: &Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, step: LayerStep) -> Option<Tensor<2>> {
    let tracked = (on::<Autodiff<Flex>, 4>(images), on::<Autodiff<Flex>, 2>(&weight), on::<Autodiff<Flex>, 1>(&bias));
    if let (Some(images), Some(weight), Some(bias)) = tracked {
        let output = step.forward(images.primitive(), weight.primitive(), bias.primitive());
        let nodes = [images.node(), weight.node(), bias.node()];
        let output = match step.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                node.finish([images.into_parts().0, weight.into_parts().0, output.clone()], output)
            }
            OpsKind::UnTracked(node) => node.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<Flex>>(output));
    }
    let (images, weight, bias) = (on::<Flex, 4>(images)?, on::<Flex, 2>(&weight)?, on::<Flex, 1>(&bias)?);
    Some(Tensor::from_primitive::<Flex>(step.forward(&images, &weight, &bias)))
}

impl Backward<Flex, 3> for LayerStep {
    /// The images, the weights and what came out.
    type State = [FlexTensor; 3];

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let [of_images, of_weight, of_bias] = ops.parents;
        let wanted = [of_images.is_some(), of_weight.is_some()];
        let known = self.gradients(ops.state.each_ref(), &mut gradient, wanted);
        let of_bias = of_bias.map(|node| (node, sum_of_columns(&gradient)));
        let others = [of_images, of_weight].into_iter().zip(known).filter_map(|(node, known)| node.zip(known));
        for (node, gradient) in others.chain(of_bias) {
            gradients.register::<Flex>(node.id, gradient);
        }
    }
}

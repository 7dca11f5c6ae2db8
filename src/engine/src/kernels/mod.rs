//! Steps of training that are one where tensors would take several: one node of the graph, one pass over memory, one
//! call of the GPU. Each is written for both devices and held to burn's plain formulas by tests.
//!
//! - [`dense`], a layer with its ReLU: on the CPU two nodes and three copies less a layer; on the GPU one call
//!   forward instead of three, and two back instead of five.
//! - [`soft_targets`] and [`cross_entropy`]: ten nodes and as many passes over the logits less; the gradient is known
//!   when the loss is.
//! - [`images`]: windows of images, pooling and convolutions of each channel alone, on the CPU one node each.
//! - [`adam`]: one call for each parameter instead of some fifteen. On the CPU `train::optimizer` does it in
//!   place.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
pub mod images;

use burn::{
    backend::{
        Autodiff, Backend, DispatchKindConversion, DispatchTensor, Flex,
        autodiff::{
            checkpoint::base::Checkpointer,
            checkpoint::strategy::NoCheckpointing,
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        tensor::FloatTensor,
    },
    nn::Linear,
    tensor::{Tensor, activation::relu},
};

#[cfg(feature = "gpu")]
pub use gpu::adam;

/// Without a GPU there is no step on it.
#[cfg(not(feature = "gpu"))]
pub fn adam<const D: usize>(_: retort_kernels::Adam, _: &[Tensor<D>; 3], _: &Tensor<D>) -> Option<[Tensor<D>; 3]> {
    None
}

/// What a device does in one step.
trait Steps: Backend {
    /// `x · weight + bias`, and of that what is above zero if it is to be rectified.
    fn dense(
        x: &FloatTensor<Self>,
        weight: &FloatTensor<Self>,
        bias: &FloatTensor<Self>,
        with_relu: bool,
    ) -> FloatTensor<Self>;

    /// The gradients of what went into a layer, its weights and its bias, as far as they are wanted.
    fn dense_backward(layer: DenseBackward<'_, Self>, wanted: [bool; 3]) -> [Option<FloatTensor<Self>>; 3];

    /// A loss `[1]` and its gradient by the logits.
    fn loss(loss: Loss, logits: &FloatTensor<Self>, wanted: &FloatTensor<Self>) -> [FloatTensor<Self>; 2];

    /// A gradient times a number `[1]`.
    fn scaled(gradient: FloatTensor<Self>, by: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// What the gradients of a layer are computed from.
struct DenseBackward<'a, B: Backend> {
    /// What went in, `[rows, inputs]`.
    x: &'a FloatTensor<B>,
    /// `[inputs, outputs]`.
    weight: &'a FloatTensor<B>,
    /// What came out, if it was rectified.
    output: Option<&'a FloatTensor<B>>,
    /// The gradient of what came out, `[rows, outputs]`.
    gradient: FloatTensor<B>,
}

/// A loss that is known with its gradient.
#[derive(Debug, Clone, Copy)]
enum Loss {
    SoftTargets { temperature: f32, factor: f32 },
    CrossEntropy { factor: f32 },
}

/// `x · weight + bias`, and of that what is above zero if it is to be rectified (ReLU).
///
/// # Shapes
/// `x`: `[rows, inputs]`; the result `[rows, outputs]`.
pub fn dense(x: Tensor<2>, layer: &Linear, with_relu: bool) -> Tensor<2> {
    let known = dense_on::<Flex>(&x, layer, with_relu);
    #[cfg(feature = "gpu")]
    let known = known.or_else(|| dense_on::<gpu::Gpu>(&x, layer, with_relu));
    known.unwrap_or_else(|| {
        // Without a bias, as under batch normalization.
        let output = match &layer.bias {
            None => matmul(x, layer.weight.val()),
            Some(_) => layer.forward(x),
        };
        if with_relu { relu(output) } else { output }
    })
}

fn dense_on<B: Steps>(x: &Tensor<2>, layer: &Linear, with_relu: bool) -> Option<Tensor<2>>
where
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B>>,
{
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref()?.val());
    let tracked = (on::<Autodiff<B>, 2>(x), on::<Autodiff<B>, 2>(&weight), on::<Autodiff<B>, 1>(&bias));
    if let (Some(x), Some(weight), Some(bias)) = tracked {
        let output = B::dense(x.primitive(), weight.primitive(), bias.primitive(), with_relu);
        let nodes = [x.node(), weight.node(), bias.node()];
        let output = match Dense.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let rectified = with_relu.then(|| output.clone());
                step.finish((x.into_parts().0, weight.into_parts().0, rectified), output)
            }
            OpsKind::UnTracked(step) => step.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<B>>(output));
    }
    let (x, weight, bias) = (on::<B, 2>(x)?, on::<B, 2>(&weight)?, on::<B, 1>(&bias)?);
    Some(Tensor::from_primitive::<B>(B::dense(&x, &weight, &bias, with_relu)))
}

/// `factor · Σ KL(softmax(teacher / T) ‖ softmax(student / T))`, `[1]`; `None` where it has to be computed otherwise.
///
/// # Shapes
/// Logits: `[batch, classes]`.
pub fn soft_targets(student: &Tensor<2>, teacher: &Tensor<2>, temperature: f64, factor: f64) -> Option<Tensor<1>> {
    known(Loss::SoftTargets { temperature: temperature as f32, factor: factor as f32 }, student, teacher)
}

/// `−factor · Σ targets · ln softmax(logits)`, `[1]`; `None` where it has to be computed otherwise.
///
/// # Shapes
/// `[batch, classes]` each; every row of targets adds up to one.
pub fn cross_entropy(logits: &Tensor<2>, targets: &Tensor<2>, factor: f64) -> Option<Tensor<1>> {
    known(Loss::CrossEntropy { factor: factor as f32 }, logits, targets)
}

/// `left · right`. In browsers on the CPU it is our own, without which burn's would have to be fetched too.
///
/// # Shapes
/// `[.., rows, inputs]` and `[.., inputs, columns]`; the result `[.., rows, columns]`.
#[expect(clippy::disallowed_methods, reason = "natively burn's product is the faster one")]
pub fn matmul<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    let own = if cfg!(target_family = "wasm") { cpu::product_of(&left, &right) } else { None };
    own.unwrap_or_else(|| left.matmul(right))
}

/// The numbers of a tensor that is in the CPU's memory, row by row.
pub fn numbers<const D: usize>(tensor: &Tensor<D>) -> Option<Vec<f32>> {
    let plain = on::<Flex, D>(tensor)?;
    Some(plain.to_contiguous().storage::<f32>().to_vec())
}

/// Whether a tensor is in the CPU's memory.
pub fn is_in_memory<const D: usize>(tensor: &Tensor<D>) -> bool {
    on::<Flex, D>(tensor).is_some()
}

fn known(loss: Loss, logits: &Tensor<2>, wanted: &Tensor<2>) -> Option<Tensor<1>> {
    // Only the logits have their gradient here.
    if wanted.is_tracked() {
        return None;
    }
    let known = known_on::<Flex>(loss, logits, wanted);
    #[cfg(feature = "gpu")]
    let known = known.or_else(|| known_on::<gpu::Gpu>(loss, logits, wanted));
    known
}

fn known_on<B: Steps>(loss: Loss, logits: &Tensor<2>, wanted: &Tensor<2>) -> Option<Tensor<1>>
where
    DispatchTensor: DispatchKindConversion<Autodiff<B>>,
{
    let (logits, wanted) = (on::<Autodiff<B>, 2>(logits)?, on::<Autodiff<B>, 2>(wanted)?);
    let [value, gradient] = B::loss(loss, logits.primitive(), wanted.primitive());
    let value = match Known.prepare::<NoCheckpointing>([logits.node()]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(gradient, value),
        OpsKind::UnTracked(step) => step.finish(value),
    };
    Some(Tensor::from_primitive::<Autodiff<B>>(value))
}

/// A tensor as it is on a device, if it is there.
fn on<B: Backend, const D: usize>(tensor: &Tensor<D>) -> Option<FloatTensor<B>>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    tensor.clone().try_into_primitive::<B>().ok()
}

#[derive(Debug)]
struct Dense;

impl<B: Steps> Backward<B, 3> for Dense {
    /// What came in, the weights, and what came out if it was rectified.
    type State = (FloatTensor<B>, FloatTensor<B>, Option<FloatTensor<B>>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, output) = ops.state;
        let gradient = gradients.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let results =
            B::dense_backward(DenseBackward { x: &x, weight: &weight, output: output.as_ref(), gradient }, wanted);
        for (node, gradient) in ops.parents.into_iter().zip(results) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct Known;

impl<B: Steps> Backward<B, 1> for Known {
    /// The gradient of the loss.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let above = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            gradients.register::<B>(node.id, B::scaled(ops.state, above));
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{device::read, nets::dense as layers};
    use burn::tensor::{Device, TensorData, activation::log_softmax};
    use pollster::block_on;
    use retort_compress::Layer;

    pub fn wave(rows: usize, columns: usize, pace: f32) -> Vec<f32> {
        (0..rows * columns).map(|i| (i as f32 * pace).sin()).collect()
    }

    fn on(numbers: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
        let rows = numbers.len() / columns;
        Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
    }

    pub fn same(one: Tensor<2>, other: Tensor<2>) {
        assert_eq!(one.dims(), other.dims());
        for (a, b) in block_on(read(one)).unwrap().into_iter().zip(block_on(read(other)).unwrap()) {
            assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
        }
    }

    /// The CPU, and the GPU where there is one: `cargo test --features gpu`.
    pub fn devices() -> Vec<Device> {
        #[cfg(not(feature = "gpu"))]
        let gpu = None;
        #[cfg(feature = "gpu")]
        let gpu = {
            // It can be opened once.
            static GPU: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
            let open = || match block_on(crate::device::Compute::gpu()) {
                Ok(gpu) => Some(gpu.device),
                Err(error) => {
                    println!("the GPU is left out: {error}");
                    None
                }
            };
            GPU.get_or_init(open).clone()
        };
        [Device::flex()].into_iter().chain(gpu).collect()
    }

    #[test]
    fn a_layer_and_its_gradients_are_burns() {
        for (device, with_relu, [rows, inputs, outputs]) in devices().into_iter().flat_map(|device| {
            let of = move |with_relu| [[6, 7, 5], [33, 70, 40]].map(|sides| (device.clone(), with_relu, sides));
            [of.clone()(false), of(true)].concat()
        }) {
            let layer = Layer { inputs, outputs, weight: wave(inputs, outputs, 0.7), bias: wave(1, outputs, 0.4) };
            let plain = layers::linear(&layer, &device);
            let input = || on(wave(rows, inputs, 1.1), inputs, &device);
            let burns = |x: Tensor<2>, layer: &Linear| {
                if with_relu { relu(layer.forward(x)) } else { layer.forward(x) }
            };
            same(dense(input(), &plain, with_relu), burns(input(), &plain));
            let [ours, burns] = [true, false].map(|ours| {
                let device = device.clone().autodiff();
                let learned = layers::linear(&layer, &device);
                // Turned, as an input that is a view comes.
                let x = on(wave(inputs, rows, 1.1), rows, &device).require_grad();
                let input = x.clone().transpose();
                let y = if ours { dense(input, &learned, with_relu) } else { burns(input, &learned) };
                let gradients = (y.clone() * y).sum().backward();
                let bias = learned.bias.as_ref().unwrap().val().grad(&gradients).unwrap();
                [x.grad(&gradients).unwrap(), learned.weight.val().grad(&gradients).unwrap(), bias.unsqueeze()]
            });
            for (ours, burns) in ours.into_iter().zip(burns) {
                same(ours, burns);
            }
        }
    }

    #[test]
    fn losses_and_their_gradients_are_those_of_the_formulas() {
        for device in devices() {
            losses_on(&device.autodiff());
        }
    }

    fn losses_on(device: &Device) {
        let teacher = on(wave(4, 3, 2.3), 3, device);
        let targets = on(vec![1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.2, 0.3, 0.5], 3, device);
        let of = |loss: &dyn Fn(Tensor<2>) -> Tensor<1>| {
            let logits = on(wave(4, 3, 0.9), 3, device).require_grad();
            let value = loss(logits.clone()) * 3.0;
            let gradient = logits.grad(&value.backward()).unwrap();
            Tensor::cat(vec![value.inner().reshape([1, 1]), gradient.reshape([1, 12])], 1)
        };
        let plain = |logits: Tensor<2>| {
            let (p, q) = (log_softmax(teacher.clone() / 2.0, 1), log_softmax(logits / 2.0, 1));
            (p.clone().exp() * (p - q)).sum() * 0.7
        };
        same(of(&|logits| soft_targets(&logits, &teacher, 2.0, 0.7).unwrap()), of(&plain));
        let plain = |logits: Tensor<2>| -(log_softmax(logits, 1) * targets.clone()).sum() * 0.7;
        same(of(&|logits| cross_entropy(&logits, &targets, 0.7).unwrap()), of(&plain));
        let untracked = on(wave(4, 3, 0.9), 3, &Device::flex());
        assert!(soft_targets(&untracked, &teacher, 2.0, 0.7).is_none(), "it is computed by burn");
        let learning = teacher.clone().require_grad();
        assert!(soft_targets(&targets, &learning, 2.0, 0.7).is_none(), "the teacher's gradient is not known");
        assert!(cross_entropy(&targets, &learning, 0.7).is_none());
    }
}

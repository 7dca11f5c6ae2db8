//! Tensors' side of [`retort_kernels`]: on the processor one node of the graph does what several would, each of which costs a
//! microsecond to record and to walk, and memory besides.
//!
//! - [`linear`] saves two nodes and two copies a layer, and multiplies by our own product of matrices in the browser.
//! - [`soft_targets`] and [`cross_entropy`] save ten nodes and as many passes over the logits; the gradient is known when the
//!   loss is.
//!
//! On a graphics card all of them are what burn makes of the plain formulas, which the tests hold them to.

use std::cell::RefCell;

use burn::{
    backend::{
        Autodiff, Flex,
        autodiff::{
            checkpoint::base::Checkpointer,
            checkpoint::strategy::NoCheckpointing,
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        ops::FloatTensorOps,
        tensor::FloatTensor,
    },
    nn::Linear,
    tensor::{Shape, Tensor, TensorData},
};
use retort_kernels::{Matrix, Scratch, column_sums, matmul};

/// A tensor of the processor, and one that remembers where it is from.
type Plain = FloatTensor<Flex>;
type Tracked = FloatTensor<Autodiff<Flex>>;

/// `x · weight + bias`.
///
/// # Shapes
/// `x`: `[rows, inputs]`; the result `[rows, outputs]`.
pub fn linear(x: Tensor<2>, layer: &Linear) -> Tensor<2> {
    let Some(bias) = &layer.bias else { return layer.forward(x) };
    let (weight, bias) = (layer.weight.val(), bias.val());
    if let (Some(x), Some(weight), Some(bias)) = (tracked(&x), tracked(&weight), tracked(&bias)) {
        return Tensor::from_primitive::<Autodiff<Flex>>(tracked_linear(x, weight, bias));
    }
    match (plain(&x), plain(&weight), plain(&bias)) {
        (Some(x), Some(weight), Some(bias)) => {
            Tensor::from_primitive::<Flex>(product((&x, false), (&weight, false), Some(&bias)))
        }
        _ => layer.forward(x),
    }
}

/// `factor · Σ KL(softmax(teacher / T) ‖ softmax(student / T))`, `[1]`; `None` where it has to be computed otherwise.
///
/// # Shapes
/// Logits: `[batch, classes]`.
pub fn soft_targets(student: &Tensor<2>, teacher: &Tensor<2>, temperature: f64, factor: f64) -> Option<Tensor<1>> {
    let (student, teacher) = (tracked(student)?, constant(teacher)?);
    let numbers = (temperature as f32, factor as f32);
    Some(loss(student, &teacher, |student, teacher, classes, gradient| {
        retort_kernels::soft_targets(student, teacher, classes, numbers, gradient)
    }))
}

/// `−factor · Σ targets · ln softmax(logits)`, `[1]`; `None` where it has to be computed otherwise.
///
/// # Shapes
/// `[batch, classes]` each; every row of targets adds up to one.
pub fn cross_entropy(logits: &Tensor<2>, targets: &Tensor<2>, factor: f64) -> Option<Tensor<1>> {
    let (logits, targets) = (tracked(logits)?, constant(targets)?);
    Some(loss(logits, &targets, |logits, targets, classes, gradient| {
        retort_kernels::cross_entropy(logits, targets, classes, factor as f32, gradient)
    }))
}

fn tracked<const D: usize>(tensor: &Tensor<D>) -> Option<Tracked> {
    tensor.clone().try_into_primitive::<Autodiff<Flex>>().ok()
}

/// What nobody learns through: only the other side of a loss has its gradient here.
fn constant<const D: usize>(tensor: &Tensor<D>) -> Option<Tracked> {
    if tensor.is_tracked() { None } else { tracked(tensor) }
}

fn plain<const D: usize>(tensor: &Tensor<D>) -> Option<Plain> {
    tensor.clone().try_into_primitive::<Flex>().ok()
}

#[derive(Debug)]
struct LinearSlopes;

impl Backward<Flex, 3> for LinearSlopes {
    /// What came in, and the weights.
    type State = (Plain, Plain);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight) = ops.state;
        let slope = gradients.consume::<Flex>(&ops.node);
        let [to_x, to_weight, to_bias] = ops.parents;
        if let Some(node) = to_x {
            gradients.register::<Flex>(node.id, product((&slope, false), (&weight, true), None));
        }
        if let Some(node) = to_weight {
            gradients.register::<Flex>(node.id, product((&x, true), (&slope, false), None));
        }
        if let Some(node) = to_bias {
            let mut sums = vec![0.0; sides(&slope)[1]];
            column_sums(whole(&slope).storage::<f32>(), &mut sums);
            gradients.register::<Flex>(node.id, tensor(sums, &[sides(&slope)[1]]));
        }
    }
}

fn tracked_linear(x: Tracked, weight: Tracked, bias: Tracked) -> Tracked {
    let output = product((x.primitive(), false), (weight.primitive(), false), Some(bias.primitive()));
    let nodes = [x.node(), weight.node(), bias.node()];
    match LinearSlopes.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((x.into_parts().0, weight.into_parts().0), output),
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

/// A matrix, and whether it is to be turned.
type Side<'a> = (&'a Plain, bool);

/// The product of two matrices and a bias. Outside of browsers burn's own product knows wider vectors.
fn product(left: Side<'_>, right: Side<'_>, bias: Option<&Plain>) -> Plain {
    match cfg!(target_family = "wasm") {
        true => our_product(left, right, bias),
        false => burns_product(left, right, bias),
    }
}

fn our_product((left, turn_left): Side<'_>, (right, turn_right): Side<'_>, bias: Option<&Plain>) -> Plain {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    let (a, b, bias) = (whole(left), whole(right), bias.map(whole));
    let (rows, columns) = (sides(left)[usize::from(turn_left)], sides(right)[usize::from(!turn_right)]);
    let mut to = vec![0.0; rows * columns];
    let bias = bias.as_ref().map_or(&[][..], |bias| bias.storage::<f32>());
    let fits = match (matrix(&a, turn_left), matrix(&b, turn_right)) {
        (Some(a), Some(b)) => SCRATCH.with_borrow_mut(|scratch| matmul(&mut to, a, b, bias, scratch)),
        _ => false,
    };
    assert!(fits, "{:?} and {:?} make no product", sides(left), sides(right));
    tensor(to, &[rows, columns])
}

fn matrix(tensor: &Plain, turn: bool) -> Option<Matrix<'_>> {
    let [rows, columns] = sides(tensor);
    let matrix = Matrix::new(tensor.storage::<f32>(), rows, columns)?;
    Some(if turn { matrix.transposed() } else { matrix })
}

fn burns_product((left, turn_left): Side<'_>, (right, turn_right): Side<'_>, bias: Option<&Plain>) -> Plain {
    let turned = |tensor: &Plain, turn: bool| if turn { tensor.transpose(0, 1) } else { tensor.clone() };
    let product = Flex::float_matmul(turned(left, turn_left), turned(right, turn_right));
    match bias {
        Some(bias) => {
            Flex::float_add(product, bias.reshape(Shape::from(vec![1, sides(right)[usize::from(!turn_right)]])))
        }
        None => product,
    }
}

#[derive(Debug)]
struct KnownSlope;

impl Backward<Flex, 1> for KnownSlope {
    /// The gradient of the loss.
    type State = Plain;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let above = gradients.consume::<Flex>(&ops.node);
        let [parent] = ops.parents;
        if let (Some(node), Some(&factor)) = (parent, whole(&above).storage::<f32>().first()) {
            let mut slope = ops.state;
            slope.storage_mut::<f32>().iter_mut().for_each(|number| *number *= factor);
            gradients.register::<Flex>(node.id, slope);
        }
    }
}

/// A loss of logits `[batch, classes]` beside as many constants, by what computes both it and its gradient.
fn loss(
    logits: Tracked,
    constants: &Tracked,
    compute: impl FnOnce(&[f32], &[f32], usize, &mut [f32]) -> f32,
) -> Tensor<1> {
    let (given, wanted) = (whole(logits.primitive()), whole(constants.primitive()));
    let [batch, classes] = sides(&given);
    let mut slope = vec![0.0; batch * classes];
    let value = compute(given.storage::<f32>(), wanted.storage::<f32>(), classes, &mut slope);
    let output = tensor(vec![value], &[1]);
    let output = match KnownSlope.prepare::<NoCheckpointing>([logits.node()]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(tensor(slope, &[batch, classes]), output),
        OpsKind::UnTracked(step) => step.finish(output),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

/// In one piece, as the storage is then the numbers.
fn whole(tensor: &Plain) -> Plain {
    tensor.to_contiguous()
}

fn sides(tensor: &Plain) -> [usize; 2] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1]]
}

fn tensor(numbers: Vec<f32>, shape: &[usize]) -> Plain {
    Plain::from_data(TensorData::new(numbers, shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, nets::dense};
    use burn::tensor::{Device, activation::log_softmax};
    use pollster::block_on;
    use retort_compress::Layer;

    fn wave(rows: usize, columns: usize, pace: f32) -> Vec<f32> {
        (0..rows * columns).map(|i| (i as f32 * pace).sin()).collect()
    }

    fn on(numbers: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
        let rows = numbers.len() / columns;
        Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
    }

    fn same(one: Tensor<2>, other: Tensor<2>) {
        assert_eq!(one.dims(), other.dims());
        for (a, b) in block_on(read(one)).unwrap().into_iter().zip(block_on(read(other)).unwrap()) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn our_product_is_burns() {
        let plain = |rows: usize, columns: usize| tensor(wave(rows, columns, 0.3), &[rows, columns]);
        let bias = tensor(wave(1, 11, 0.9), &[11]);
        for turn in [[false, false], [true, false], [false, true], [true, true]] {
            let side = |rows, columns, turn| if turn { plain(columns, rows) } else { plain(rows, columns) };
            let (left, right) = (side(9, 30, turn[0]), side(30, 11, turn[1]));
            for bias in [None, Some(&bias)] {
                let ours = our_product((&left, turn[0]), (&right, turn[1]), bias);
                let burns = burns_product((&left, turn[0]), (&right, turn[1]), bias);
                same(Tensor::from_primitive::<Flex>(ours), Tensor::from_primitive::<Flex>(burns));
            }
        }
    }

    #[test]
    fn a_layer_and_its_gradients_are_burns() {
        let device = Device::flex();
        let layer = Layer { inputs: 7, outputs: 5, weight: wave(7, 5, 0.7), bias: wave(1, 5, 0.4) };
        let plain = dense::linear(&layer, &device);
        same(linear(on(wave(6, 7, 1.1), 7, &device), &plain), plain.forward(on(wave(6, 7, 1.1), 7, &device)));
        let [ours, burns] = [true, false].map(|ours| {
            let device = device.clone().autodiff();
            let learned = dense::linear(&layer, &device);
            let x = on(wave(6, 7, 1.1), 7, &device).require_grad();
            let y = if ours { linear(x.clone(), &learned) } else { learned.forward(x.clone()) };
            let gradients = (y.clone() * y).sum().backward();
            let bias = learned.bias.as_ref().unwrap().val().grad(&gradients).unwrap();
            [x.grad(&gradients).unwrap(), learned.weight.val().grad(&gradients).unwrap(), bias.unsqueeze()]
        });
        for (ours, burns) in ours.into_iter().zip(burns) {
            same(ours, burns);
        }
    }

    #[test]
    fn losses_and_their_gradients_are_those_of_the_formulas() {
        let device = Device::flex().autodiff();
        let teacher = on(wave(4, 3, 2.3), 3, &device);
        let targets = on(vec![1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0, 0.2, 0.3, 0.5], 3, &device);
        let of = |loss: &dyn Fn(Tensor<2>) -> Tensor<1>| {
            let logits = on(wave(4, 3, 0.9), 3, &device).require_grad();
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

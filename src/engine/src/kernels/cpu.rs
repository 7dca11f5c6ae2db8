//! The steps on the CPU: [`retort_kernels`] over the tensors' own memory.

use std::cell::RefCell;

use burn::{
    backend::{
        Autodiff, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        ops::FloatTensorOps,
        tensor::FloatTensor,
    },
    tensor::{Shape, Tensor, TensorData},
};
use retort_kernels::{Lhs, Matrix, Rhs, Scratch, column_sums, matmul, relu_backward, relu_forward};

use super::{DenseBackward, Loss, Steps, on};

pub(super) type FlexTensor = FloatTensor<Flex>;

impl Steps for Flex {
    fn dense(x: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor, with_relu: bool) -> FlexTensor {
        let mut output = product((x, false), (weight, false), Some(bias));
        if with_relu {
            rectify(&mut output);
        }
        output
    }

    fn dense_backward(
        DenseBackward { x, weight, output, gradient }: DenseBackward<'_, Self>,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let mut gradient = gradient.to_contiguous();
        if let Some(output) = output {
            rectify_backward(&mut gradient, output);
        }
        let [of_x, of_weight, of_bias] = wanted;
        [
            of_x.then(|| product((&gradient, false), (weight, true), None)),
            of_weight.then(|| product((x, true), (&gradient, false), None)),
            of_bias.then(|| sum_of_columns(&gradient)),
        ]
    }

    fn loss(loss: Loss, logits: &FlexTensor, wanted: &FlexTensor) -> [FlexTensor; 2] {
        let (logits, wanted) = (logits.to_contiguous(), wanted.to_contiguous());
        let [batch, classes] = sides(&logits);
        let mut gradient = vec![0.0; batch * classes];
        let (given, right) = (logits.storage::<f32>(), wanted.storage::<f32>());
        let value = match loss {
            Loss::SoftTargets { temperature, factor } => {
                retort_kernels::soft_targets(given, right, classes, (temperature, factor), &mut gradient)
            }
            Loss::CrossEntropy { factor } => {
                retort_kernels::cross_entropy(given, right, classes, factor, &mut gradient)
            }
        };
        [tensor(vec![value], &[1]), tensor(gradient, &[batch, classes])]
    }

    fn scaled(mut gradient: FlexTensor, by: FlexTensor) -> FlexTensor {
        let factor = by.to_contiguous().storage::<f32>().first().copied().unwrap_or(f32::NAN);
        gradient.storage_mut::<f32>().iter_mut().for_each(|number| *number *= factor);
        gradient
    }
}

/// ReLU.
pub(super) fn rectify(output: &mut FlexTensor) {
    relu_forward(output.storage_mut());
}

/// The gradient before ReLU from the one after it, in place, and from what came out of it.
pub(super) fn rectify_backward(gradient: &mut FlexTensor, output: &FlexTensor) {
    relu_backward(gradient.storage_mut(), output.to_contiguous().storage(), 1.0);
}

/// `[rows, columns]` → `[columns]`.
pub(super) fn sum_of_columns(rows: &FlexTensor) -> FlexTensor {
    let columns = sides(rows)[1];
    let mut sums = vec![0.0; columns];
    column_sums(rows.storage(), &mut sums);
    tensor(sums, &[columns])
}

/// A matrix, and whether it is to be transposed.
type Side<'a> = (&'a FlexTensor, bool);

/// The product of two matrices and a bias. Outside of browsers burn's own product knows wider vectors.
fn product(left: Side<'_>, right: Side<'_>, bias: Option<&FlexTensor>) -> FlexTensor {
    match cfg!(target_family = "wasm") {
        true => our_product(left, right, bias),
        false => burns_product(left, right, bias),
    }
}

/// The product of matrices of our own, or as many of them as stand one after the other, `[.., rows, columns]`.
fn our_product((left, turn_left): Side<'_>, (right, turn_right): Side<'_>, bias: Option<&FlexTensor>) -> FlexTensor {
    let (a, b, bias) = (left.to_contiguous(), right.to_contiguous(), bias.map(FlexTensor::to_contiguous));
    let ([of_left, of_right], mut shape) = ([sides(left), sides(right)], left.layout().shape().to_vec());
    let (rows, columns) = (of_left[usize::from(turn_left)], of_right[usize::from(!turn_right)]);
    let count: usize = shape.iter().rev().skip(2).product();
    let mut to = match &bias {
        Some(bias) => bias.storage::<f32>().repeat(rows * count),
        None => vec![0.0; rows * columns * count],
    };
    let matrix = |numbers, [rows, columns]: [usize; 2], turn| {
        let matrix = Matrix::new(numbers, rows, columns)?;
        Some(if turn { matrix.transposed() } else { matrix })
    };
    let parts = |of: &[usize; 2]| (of[0] * of[1]).max(1);
    let lefts = a.storage::<f32>().chunks_exact(parts(&of_left));
    let rights = b.storage::<f32>().chunks_exact(parts(&of_right));
    let fits = lefts.len() == rights.len()
        && with_scratch(|scratch| {
            let tos = to.chunks_exact_mut((rows * columns).max(1));
            lefts.zip(rights).zip(tos).all(|((left, right), to)| {
                let matrices = matrix(left, of_left, turn_left).zip(matrix(right, of_right, turn_right));
                matrices.is_some_and(|(left, right)| matmul(to, Lhs::Plain(left), Rhs::Plain(right), scratch))
            })
        });
    assert!(fits, "{of_left:?} and {of_right:?} make no product");
    let rank = shape.len();
    shape[rank - 2..].copy_from_slice(&[rows, columns]);
    tensor(to, &shape)
}

/// What products of our own need besides.
pub(super) fn with_scratch<T>(of: impl FnOnce(&mut Scratch) -> T) -> T {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    SCRATCH.with_borrow_mut(of)
}

/// `left · right` of our own; `None` where tensors are elsewhere.
pub(super) fn product_of<const D: usize>(left: &Tensor<D>, right: &Tensor<D>) -> Option<Tensor<D>> {
    if let (Some(left), Some(right)) = (on::<Autodiff<Flex>, D>(left), on::<Autodiff<Flex>, D>(right)) {
        let output = our_product((left.primitive(), false), (right.primitive(), false), None);
        let nodes = [left.node(), right.node()];
        let output = match Product.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((left.into_parts().0, right.into_parts().0), output),
            OpsKind::UnTracked(step) => step.finish(output),
        };
        return Some(Tensor::from_primitive::<Autodiff<Flex>>(output));
    }
    let (left, right) = (on::<Flex, D>(left)?, on::<Flex, D>(right)?);
    Some(Tensor::from_primitive::<Flex>(our_product((&left, false), (&right, false), None)))
}

#[derive(Debug)]
struct Product;

impl Backward<Flex, 2> for Product {
    /// Both factors.
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (left, right) = ops.state;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [of_left, of_right] = ops.parents;
        if let Some(node) = of_left {
            gradients.register::<Flex>(node.id, our_product((&gradient, false), (&right, true), None));
        }
        if let Some(node) = of_right {
            gradients.register::<Flex>(node.id, our_product((&left, true), (&gradient, false), None));
        }
    }
}

fn burns_product((left, turn_left): Side<'_>, (right, turn_right): Side<'_>, bias: Option<&FlexTensor>) -> FlexTensor {
    let transposed = |tensor: &FlexTensor, turn: bool| if turn { tensor.transpose(0, 1) } else { tensor.clone() };
    let product = Flex::float_matmul(transposed(left, turn_left), transposed(right, turn_right));
    match bias {
        Some(bias) => {
            Flex::float_add(product, bias.reshape(Shape::from(vec![1, sides(right)[usize::from(!turn_right)]])))
        }
        None => product,
    }
}

/// Rows and columns.
fn sides(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    let rank = shape.num_dims();
    [shape[rank - 2], shape[rank - 1]]
}

pub(super) fn tensor(numbers: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(numbers, shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{same, wave};
    use burn::tensor::{Device, Distribution};

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
    #[expect(clippy::disallowed_methods, reason = "what ours is compared with")]
    fn our_products_and_their_gradients_are_burns() {
        let device = Device::flex().autodiff();
        let random = |shape: [usize; 3]| Tensor::<3>::random(shape, Distribution::Default, &device).require_grad();
        // As they stand and as views, of which one is repeated.
        let (left, right) = (random([4, 5, 3]), random([4, 7, 3]));
        let alone = random([1, 6, 5]);
        let [ours, burns] = [true, false].map(|ours| {
            let product = |left: Tensor<3>, right: Tensor<3>| {
                if ours { product_of(&left, &right).unwrap() } else { left.matmul(right) }
            };
            let y = product(alone.clone().expand([4, 6, 5]), product(left.clone(), right.clone().swap_dims(1, 2)));
            let gradients = y.clone().square().sum().backward();
            let flat = |tensor: Tensor<3>| tensor.flatten::<2>(0, 1);
            [flat(y.inner()), flat(left.grad(&gradients).unwrap()), flat(right.grad(&gradients).unwrap())]
                .into_iter()
                .chain([flat(alone.grad(&gradients).unwrap())])
                .collect::<Vec<Tensor<2>>>()
        });
        ours.into_iter().zip(burns).for_each(|(ours, burns)| same(ours, burns));
    }
}

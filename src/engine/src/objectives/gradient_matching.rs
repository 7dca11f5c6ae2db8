//! Gradient matching: pictures that move a network's weights as real examples do. The gradients of a perceptron are
//! written out as products of matrices, so that they can be differentiated once more by the pictures.

use burn::tensor::{Tensor, activation::log_softmax};

use super::constant;
use crate::kernels::matmul;

/// Weights `[inputs, outputs]` and bias `[1, outputs]` of a layer.
pub type Weights = (Tensor<2>, Tensor<2>);

/// The gradient of each class's mean cross-entropy by each layer's weights, in a perceptron with ReLU between its
/// layers.
///
/// # Shapes
/// `inputs`: `[classes · each, features]`, those of one class one after another; the result
/// `[classes, inputs, outputs]` for each layer, the first one's first.
pub fn weight_gradients(layers: &[Weights], inputs: Tensor<2>, classes: usize) -> Vec<Tensor<3>> {
    let [rows, _] = inputs.dims();
    let each = rows / classes.max(1);
    let mut entering = vec![inputs];
    let mut active = Vec::new();
    let mut logits = None;
    for (index, (weight, bias)) in layers.iter().enumerate() {
        let said = matmul(entering[index].clone(), weight.clone()) + bias.clone();
        if index + 1 == layers.len() {
            logits = Some(said);
        } else {
            let above = burn::tensor::activation::relu(said);
            active.push(positive(&above));
            entering.push(above);
        }
    }
    let Some(logits) = logits else { return Vec::new() };
    let wanted = one_of_each(&logits, classes, each);
    // By what comes out of a layer, from the last one to the first.
    let mut by_output = (log_softmax(logits, 1).exp() - wanted) * (1.0 / each.max(1) as f64);
    let mut gradients = Vec::new();
    for (index, (weight, _)) in layers.iter().enumerate().rev() {
        let by_class = |rows: Tensor<2>| {
            let [_, width] = rows.dims();
            rows.reshape([classes, each, width])
        };
        gradients.push(matmul(by_class(entering[index].clone()).swap_dims(1, 2), by_class(by_output.clone())));
        if index > 0 {
            by_output = matmul(by_output, weight.clone().transpose()) * active[index - 1].clone();
        }
    }
    gradients.reverse();
    gradients
}

/// `Σ 1 − cos(g, g′)` over all layers, classes and outputs, each gradient as one vector over the inputs (Zhao et al.
/// 2021, eqs. 9 and 10). Biases are not compared, as in the authors' code.
///
/// # Shapes
/// `[classes, inputs, outputs]` for each layer; the result `[1]`.
pub fn distance(own: &[Tensor<3>], real: &[Tensor<3>]) -> Option<Tensor<1>> {
    /// A unit that no picture moves has no direction; the second keeps its root differentiable.
    const NOTHING: f64 = 1e-6;
    const NEARLY: f64 = 1e-14;
    let length = |of: Tensor<3>| (of.square().sum_dim(1) + NEARLY).sqrt();
    let of_layer = |(own, real): (&Tensor<3>, &Tensor<3>)| {
        let alike = (own.clone() * real.clone()).sum_dim(1);
        let cosines = alike / (length(own.clone()) * length(real.clone()) + NOTHING);
        -(cosines - 1.0).sum()
    };
    own.iter().zip(real).map(of_layer).reduce(|sum, layer| sum + layer)
}

/// 1 where a number is above zero, as a constant.
fn positive(values: &Tensor<2>) -> Tensor<2> {
    /// Beside it the smallest number of single precision that is normal becomes one.
    const HUGE: f64 = 1e38;
    let values = constant_like(values);
    -burn::tensor::activation::relu(-(burn::tensor::activation::relu(values) * HUGE) + 1.0) + 1.0
}

/// The same numbers without their history, where they have one.
fn constant_like(values: &Tensor<2>) -> Tensor<2> {
    if values.is_tracked() { constant(values) } else { values.clone() }
}

/// One-hot classes of rows of which so many of each class stand one after another.
fn one_of_each(like: &Tensor<2>, classes: usize, each: usize) -> Tensor<2> {
    let numbers =
        (0..classes * each).flat_map(|row| (0..classes).map(move |class| f32::from(u8::from(row / each == class))));
    let data = burn::tensor::TensorData::new(numbers.collect::<Vec<f32>>(), [classes * each, classes]);
    Tensor::from_data(data, &like.device())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, kernels::tests::wave, nets::Trace, objectives::cross_entropy};
    use burn::tensor::{Device, TensorData, activation::relu};
    use pollster::block_on;

    fn tensor(numbers: Vec<f32>, columns: usize) -> Tensor<2> {
        let rows = numbers.len() / columns;
        Tensor::from_data(TensorData::new(numbers, [rows, columns]), &Device::flex().autodiff())
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        block_on(read(tensor)).unwrap()
    }

    fn near(one: &[f32], other: &[f32]) {
        assert_eq!(one.len(), other.len());
        assert!(one.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + b.abs())), "{one:?} {other:?}");
    }

    #[test]
    fn two_classes_by_hand() {
        // Without weights each class is as likely: the gradient by the logits is (−½, ½) of class 0, (½, −½) of 1.
        let layers = [(tensor(vec![0.0; 4], 2), tensor(vec![0.0; 2], 2))];
        let of = |inputs: [f32; 4]| weight_gradients(&layers, tensor(inputs.to_vec(), 2), 2);
        let own = of([1.0, 2.0, 0.0, 4.0]);
        near(&numbers(own[0].clone()), &[-0.5, 0.5, -1.0, 1.0, 0.0, 0.0, 2.0, -2.0]);
        let apart = |real: [f32; 4]| distance(&own, &of(real)).unwrap().into_scalar::<f32>();
        // The same directions, for both outputs of both classes; class 0 at a right angle; against each other.
        assert!(apart([2.0, 4.0, 0.0, 1.0]).abs() < 1e-4);
        assert!((apart([2.0, -1.0, 0.0, 1.0]) - 2.0).abs() < 1e-4);
        assert!((apart([-1.0, -2.0, 0.0, -1.0]) - 8.0).abs() < 1e-4);
    }

    /// Weights of a perceptron of 4 inputs, 5 hidden units and 3 classes.
    fn layers() -> Vec<Weights> {
        vec![
            (tensor(wave(4, 5, 0.7), 5).require_grad(), tensor(wave(1, 5, 1.3), 5)),
            (tensor(wave(5, 3, 0.9), 3).require_grad(), tensor(wave(1, 3, 0.4), 3)),
        ]
    }

    #[test]
    fn gradients_of_weights_are_those_of_the_graph() {
        let (layers, inputs) = (layers(), tensor(wave(6, 4, 1.1), 4));
        let known: Vec<Weights> = layers.iter().map(|(weight, bias)| (constant(weight), bias.clone())).collect();
        let ours = weight_gradients(&known, inputs.clone(), 3);
        for class in 0..3 {
            let rows = inputs.clone().narrow(0, 2 * class, 2);
            let hidden = relu(matmul(rows, layers[0].0.clone()) + layers[0].1.clone());
            let logits = matmul(hidden, layers[1].0.clone()) + layers[1].1.clone();
            let mut wanted = vec![0.0; 6];
            (wanted[class], wanted[3 + class]) = (1.0, 1.0);
            let gradients = cross_entropy(&Trace::of_logits(logits), tensor(wanted, 3), 1.0).backward();
            for (ours, (weight, _)) in ours.iter().zip(&layers) {
                near(&numbers(ours.clone().narrow(0, class, 1)), &numbers(weight.grad(&gradients).unwrap()));
            }
        }
    }

    #[test]
    fn the_distance_falls_along_its_gradient_by_the_pictures() {
        const STEP: f32 = 1e-2;
        let known: Vec<Weights> = layers().iter().map(|(weight, bias)| (constant(weight), bias.clone())).collect();
        let real = weight_gradients(&known, tensor(wave(6, 4, 2.3), 4), 3);
        let pictures = wave(3, 4, 1.1);
        let of = |pictures: &Tensor<2>| distance(&weight_gradients(&known, pictures.clone(), 3), &real).unwrap();
        let here = tensor(pictures.clone(), 4).require_grad();
        let gradient = numbers(here.grad(&of(&here).backward()).unwrap());
        assert!(gradient.iter().any(|one| one.abs() > 0.01));
        for (place, gradient) in gradient.into_iter().enumerate() {
            let at = |by: f32| {
                let mut moved = pictures.clone();
                moved[place] += by;
                of(&tensor(moved, 4)).into_scalar::<f32>()
            };
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            assert!((slope - gradient).abs() < 5e-3 * (1.0 + gradient.abs()), "{place}: {slope} {gradient}");
        }
    }

    #[test]
    fn a_unit_that_nothing_moves_gives_numbers() {
        // The bias keeps the second hidden unit at zero.
        let layers = [
            (tensor(vec![1.0, 1.0], 2), tensor(vec![0.0, -9.0], 2)),
            (tensor(vec![1.0, -1.0, 0.5, 0.5], 2), tensor(vec![0.0; 2], 2)),
        ];
        let of = |inputs: [f32; 2]| weight_gradients(&layers, tensor(inputs.to_vec(), 1), 2);
        let pictures = tensor(vec![1.0, 2.0], 1).require_grad();
        let loss = distance(&weight_gradients(&layers, pictures.clone(), 2), &of([0.5, 0.25])).unwrap();
        let gradient = numbers(pictures.grad(&loss.backward()).unwrap());
        assert!(gradient.iter().all(|one| one.is_finite()), "{gradient:?}");
    }
}

//! A generator of convolutions: random numbers become the channels of a small image, which is made twice as large and
//! convolved, twice (Chen et al. 2019; the generator of the authors' code has 128 channels, 64 next, and a third
//! convolution).

use burn::tensor::{Tensor, TensorData, activation::relu};
use retort_spec::GENERATOR_CHANNELS;

use crate::{
    kernels::matmul,
    nets::{normalized, windows},
    objectives::{SideMatrices, SideMatrix},
};

/// The side of a window.
const WINDOW: usize = 3;
/// What a number below zero is multiplied by; that of the authors' code.
const LEAK: f64 = 0.2;

/// What is learned, where the first image has this side: its matrix; that of the first convolution, by what its
/// normalized channels are multiplied and what is added to them; the matrix of the last convolution.
pub fn side_matrices(given: usize, side: usize) -> Vec<SideMatrix> {
    let [first, second] = GENERATOR_CHANNELS.map(|channels| channels as usize);
    let row = |value| SideMatrix { rows: 1, columns: second, fill: Some(value) };
    vec![
        SideMatrix::random(given, side * side * first),
        SideMatrix::random(WINDOW * WINDOW * first, second),
        row(1.0),
        row(0.0),
        SideMatrix::random(WINDOW * WINDOW * second, 1),
    ]
}

/// The numbers that pictures are made of, from random ones. All pictures of a batch are normalized together.
///
/// # Shapes
/// `noise`: `[batch, given]`; the result `[batch, (4 side)²]`, where the first image has this side.
pub fn numbers(noise: Tensor<2>, learned: &SideMatrices, side: usize) -> Tensor<2> {
    let [batch, _] = noise.dims();
    let [first, second] = GENERATOR_CHANNELS.map(|channels| channels as usize);
    let places = side * side;
    let image = normalized(matmul(noise, learned.one(0)).reshape([batch * places, first]));
    let image = doubled(image.reshape([batch, side, side, first]), learned.one(1));
    let image = normalized(image.reshape([batch * 4 * places, second])) * learned.one(2) + learned.one(3);
    let image = relu(image.clone()) * (1.0 - LEAK) + image * LEAK;
    doubled(image.reshape([batch, 2 * side, 2 * side, second]), learned.one(4)).reshape([batch, 16 * places])
}

/// The convolution of an image twice as large, of which every place is four, outside of which there is zero. The larger
/// image is not made: each of the four sees a window of the smaller one, where some places count twice or four times.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; `weights`: `[9 · channels, outputs]`, those of a window from its first
/// row on; the result `[batch, 2 side, 2 side, outputs]`.
fn doubled(images: Tensor<4>, weights: Tensor<2>) -> Tensor<4> {
    let [batch, side, _, channels] = images.dims();
    let [_, outputs] = weights.dims();
    let device = images.device();
    let rows = windows(images, WINDOW, 1);
    let weights = weights.reshape([WINDOW * WINDOW, channels * outputs]);
    // Which place of the smaller window a step of the larger one falls upon.
    let under = |odd: usize, step: usize| (odd + step).div_ceil(2);
    let of = |down: usize, across: usize| {
        let mut sums = vec![0.0_f32; (WINDOW * WINDOW).pow(2)];
        for step in 0..WINDOW * WINDOW {
            let place = under(down, step / WINDOW) * WINDOW + under(across, step % WINDOW);
            sums[place * WINDOW * WINDOW + step] = 1.0;
        }
        let sums = Tensor::from_data(TensorData::new(sums, [WINDOW * WINDOW; 2]), &device);
        let own = matmul(sums, weights.clone()).reshape([WINDOW * WINDOW * channels, outputs]);
        matmul(rows.clone(), own).reshape([batch * side * side, 1, outputs])
    };
    // Two side by side, then two rows one below the other.
    let row = |down| Tensor::cat(vec![of(down, 0), of(down, 1)], 1).reshape([batch * side, 1, 2 * side * outputs]);
    Tensor::cat(vec![row(0), row(1)], 1).reshape([batch, 2 * side, 2 * side, outputs])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::read;
    use burn::{module::Param, tensor::Device};
    use pollster::block_on;

    /// Numbers without a pattern, between −1 and 1.
    fn some<const D: usize>(shape: [usize; D], salt: usize) -> TensorData {
        let count: usize = shape.iter().product();
        let numbers = (0..count).map(|i| ((i * 37 + salt * 11) % 29) as f32 / 14.0 - 1.0).collect::<Vec<f32>>();
        TensorData::new(numbers, shape)
    }

    #[test]
    fn a_convolution_of_a_doubled_image_is_that_of_the_larger_one() {
        let device = Device::flex();
        let weights = Tensor::<2>::from_data(some([18, 3], 1), &device);
        let image = Tensor::<4>::from_data(some([2, 3, 3, 2], 2), &device);
        let small = block_on(read(image.clone())).unwrap();
        let at = |of: usize, row: usize, column: usize, channel: usize| {
            small[((of * 3 + row / 2) * 3 + column / 2) * 2 + channel]
        };
        let places = (0..2).flat_map(|of| (0..36).map(move |place| (of, place / 6, place % 6)));
        let large: Vec<f32> =
            places.flat_map(|(of, row, column)| [0, 1].map(|channel| at(of, row, column, channel))).collect();
        let large = Tensor::<4>::from_data(TensorData::new(large, [2, 6, 6, 2]), &device);
        let want = block_on(read(matmul(windows(large, 3, 1), weights.clone()))).unwrap();
        let got = block_on(read(doubled(image, weights))).unwrap();
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-5), "{got:?} {want:?}");
    }

    #[test]
    fn one_place_by_hand() {
        let device = Device::flex();
        // Weights 1 to 9. The first of four sees the place below and beside itself, too: 5 + 6 + 8 + 9.
        let weights =
            Tensor::<2>::from_data(TensorData::new((1..=9).map(|x| x as f32).collect::<Vec<f32>>(), [9, 1]), &device);
        let image = Tensor::<4>::from_data(TensorData::new(vec![1.0], [1, 1, 1, 1]), &device);
        assert_eq!(block_on(read(doubled(image, weights))).unwrap(), [28.0, 24.0, 16.0, 12.0]);
    }

    #[test]
    fn gradients_are_finite_differences() {
        /// A step whose square is lost and whose effect is not.
        const STEP: f32 = 4e-3;
        let device = Device::flex().autodiff();
        let shapes = side_matrices(4, 2);
        let kept: Vec<Vec<f32>> = shapes
            .iter()
            .enumerate()
            .map(|(salt, shape)| some([shape.rows, shape.columns], salt).iter::<f32>().map(|x| 0.4 * x + 0.1).collect())
            .collect();
        let learned = |which: usize, place: usize, by: f32| {
            let one = |(index, (shape, kept)): (usize, (&SideMatrix, &Vec<f32>))| {
                let mut numbers = kept.clone();
                if index == which {
                    numbers[place] += by;
                }
                Param::from_data(TensorData::new(numbers, [shape.rows, shape.columns]), &device)
            };
            SideMatrices::of(shapes.iter().zip(&kept).enumerate().map(one).collect())
        };
        let noise = || Tensor::<2>::from_data(some([3, 4], 7), &device);
        let weights = || Tensor::<2>::from_data(some([3, 64], 5), &device);
        let loss = |learned: &SideMatrices| (numbers(noise(), learned, 2) * weights()).mean();
        let here = learned(0, 0, 0.0);
        assert_eq!(numbers(noise(), &here, 2).dims(), [3, 64]);
        let gradients = loss(&here).backward();
        for which in 0..shapes.len() {
            let gradient = block_on(read(here.one(which).grad(&gradients).unwrap())).unwrap();
            for place in (0..gradient.len()).step_by(5) {
                let at = |by| loss(&learned(which, place, by)).into_scalar::<f32>();
                let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
                let near = 1e-3 + 0.03 * gradient[place].abs();
                assert!((slope - gradient[place]).abs() < near, "{which}, {place}: {slope} {}", gradient[place]);
            }
        }
    }
}

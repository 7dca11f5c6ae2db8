//! Directions and distances of rows of numbers, so computed that what has no direction or no distance has no gradient
//! either: the derivative of a length at zero is infinite, and one such number in a batch would ruin every weight.

use burn::tensor::{Bool, Tensor, activation::relu};
use retort_spec::Incompatibility;

use super::SideMatrix;
use crate::kernels::matmul;
use crate::nets::Trace;

/// The square of the length below which a vector is a zero that was rounded.
const SHORTEST_SQUARE: f64 = 1e-12;
/// The same for deviations from a mean, and for the distance of two rows, as a share of the rows' own squares: single
/// precision carries seven digits.
const ROUNDING_SQUARE: f64 = 1e-12;
/// The square of the length below which deviations are none, however small what deviates: the derivative of an inverse
/// root would be beyond single precision.
const LEAST_SQUARE: f64 = 1e-24;
/// The share of the mean squared distance below which two rows are taken to be one: the differences of products that
/// distances are made of lose the digits below it.
const SAME_SQUARE: f64 = 1e-5;

/// Vectors along a dimension brought to length 1; zero stays zero and hands no gradient on.
pub fn unit<const D: usize>(vectors: Tensor<D>, dim: usize) -> Tensor<D> {
    let squares = vectors.clone().square().sum_dim(dim);
    let none = squares.clone().lower_equal_elem(SHORTEST_SQUARE);
    vectors * inverse_root(squares, none)
}

/// Deviations from the mean along a dimension, brought to length 1. The sum of products of two such vectors is
/// Pearson's correlation; constants correlate with nothing.
pub fn unit_deviation<const D: usize>(vectors: Tensor<D>, dim: usize) -> Tensor<D> {
    let deviations = vectors.clone() - vectors.clone().mean_dim(dim);
    let squares = deviations.clone().square().sum_dim(dim);
    let none = (squares.clone() - vectors.square().sum_dim(dim) * ROUNDING_SQUARE).lower_equal_elem(LEAST_SQUARE);
    deviations * inverse_root(squares, none)
}

/// Distances of all rows from each other, `[rows, rows]`.
pub struct Distances {
    /// Their squares.
    pub squares: Tensor<2>,
    none: Tensor<2, Bool>,
}

impl Distances {
    /// By `‖a − b‖² = ‖a‖² + ‖b‖² − 2ab`: one matrix product, where the differences themselves would be as many numbers
    /// as there are pairs times features.
    ///
    /// # Shapes
    /// `rows`: `[rows, features]`.
    pub fn of(rows: Tensor<2>) -> Self {
        // Around their mean the products are small, and fewer digits are lost in their difference.
        let centred = rows.clone() - rows.clone().mean_dim(0);
        let lengths = centred.clone().square().sum_dim(1);
        let products = matmul(centred.clone(), centred.transpose());
        let squares = lengths.clone() + lengths.transpose() - products * 2.0;
        let rounding = rows.square().sum_dim(1).mean() * ROUNDING_SQUARE;
        let limit = squares.clone().mean() * SAME_SQUARE + rounding;
        let none = (squares.clone() - limit.reshape([1, 1])).lower_equal_elem(0.0);
        Self { squares: squares.mask_fill(none.clone(), 0.0), none }
    }

    /// The distances.
    pub fn lengths(&self) -> Tensor<2> {
        self.squares.clone().mask_fill(self.none.clone(), 1.0).sqrt().mask_fill(self.none.clone(), 0.0)
    }

    /// One over each distance, and 0 where there is none.
    pub fn inverses(&self) -> Tensor<2> {
        inverse_root(self.squares.clone(), self.none.clone())
    }
}

/// `1/√x`, and 0 where there is `none` of it.
fn inverse_root<const D: usize>(squares: Tensor<D>, none: Tensor<D, Bool>) -> Tensor<D> {
    squares.mask_fill(none.clone(), 1.0).sqrt().recip().mask_fill(none, 0.0)
}

/// Huber's loss of a difference, quadratic up to 1 and linear beyond (`h` of Park et al. 2019).
pub fn huber<const D: usize>(difference: Tensor<D>) -> Tensor<D> {
    let size = magnitude(difference);
    let linear = relu(size.clone() - 1.0);
    (size - linear.clone()).square() * 0.5 + linear
}

/// `|x|`, with slope 0 at 0. Like the next two it is made of operations that the networks need anyway: every operation
/// of its own is compiled for every type of number, and would make the engine's wasm kilobytes larger.
pub fn magnitude<const D: usize>(values: Tensor<D>) -> Tensor<D> {
    relu(values.clone()) + relu(-values)
}

/// `ln(1 + eˣ)`, without overflow.
pub fn softplus<const D: usize>(values: Tensor<D>) -> Tensor<D> {
    /// Too small to change any number but zero, where neither part below would have its half of the gradient.
    const ASIDE: f64 = 1e-30;
    let values = values + ASIDE;
    relu(values.clone()) + ((-magnitude(values)).exp() + 1.0).log()
}

/// `ln σ(x)`, without overflow.
pub fn log_sigmoid<const D: usize>(values: Tensor<D>) -> Tensor<D> {
    -softplus(-values)
}

/// Nothing to learn, for an objective that compares the examples of a batch with each other by their embeddings.
///
/// # Errors
/// [`Incompatibility::Batch`] where there are fewer than `needed`, [`Incompatibility::NoStages`] where the embedding is
/// the input itself.
pub fn compares(needed: usize, trace: &Trace) -> Result<Vec<SideMatrix>, Incompatibility> {
    let [given, _] = trace.embedding.dims();
    match (given < needed, trace.maps.is_empty()) {
        (true, _) => Err(Incompatibility::Batch { needed: needed as u32, given: given as u32 }),
        (_, true) => Err(Incompatibility::NoStages),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn directions_by_hand() {
        let device = Device::flex();
        let rows = || Tensor::<2>::from_data([[3.0, 4.0], [0.0, 0.0], [7.0, 7.0]], &device);
        assert_eq!(numbers(unit(rows(), 1))[..4], [0.6, 0.8, 0.0, 0.0]);
        let half = 0.5_f32.sqrt();
        for (got, want) in numbers(unit_deviation(rows(), 1)).iter().zip([-half, half, 0.0, 0.0, 0.0, 0.0]) {
            assert!((got - want).abs() < 1e-6);
        }
    }

    #[test]
    fn distances_by_hand_however_far_from_the_origin() {
        let device = Device::flex();
        for far in [0.0, 1000.0] {
            let rows = Tensor::<2>::from_data([[far, far], [far + 3.0, far + 4.0], [far, far]], &device);
            let distances = Distances::of(rows);
            for (got, want) in numbers(distances.lengths()).iter().zip([0.0, 5.0, 0.0, 5.0, 0.0, 5.0, 0.0, 5.0, 0.0]) {
                assert!((got - want).abs() < 1e-3, "{got} {want}");
            }
            assert!((numbers(distances.inverses())[1] - 0.2).abs() < 1e-4);
            assert_eq!(numbers(distances.inverses())[2], 0.0);
        }
    }

    #[test]
    fn rows_that_are_all_the_same_have_no_distances() {
        let device = Device::flex();
        let same = Distances::of(Tensor::<2>::from_data([[0.1, 0.7, 0.3]; 5], &device));
        assert_eq!(numbers(same.lengths()), [0.0; 25]);
        assert_eq!(numbers(same.inverses()), [0.0; 25]);
    }

    #[test]
    fn huber_by_hand() {
        let huber = huber(Tensor::<1>::from_data([0.5, -0.5, 3.0], &Device::flex()));
        assert_eq!(numbers(huber), [0.125, 0.125, 2.5]);
    }
}

//! Fake quantization of weights: rounded to their codes in the forward pass, and passed straight through in the backward one.

use burn::tensor::{Tensor, TensorData, activation::relu};
use retort_compress::{
    model::{group_of, groups},
    weights::codes_of,
};
use retort_spec::{Bits, Granularity, Scheme, ZeroPoint};

/// The least scale that divides safely.
const LEAST: f32 = 1e-8;

/// `saturate(round_half_even(x · inverse) + zero)` on a device: ONNX `QuantizeLinear` by the reciprocal of the scale, since a
/// shader's division is only nearly right and its multiplication is right (WGSL, section 15.7.4).
///
/// # Shapes
/// `x`: `[rows, columns]`; `inverse` and `zero`: such that they spread to it; the result whole numbers, `[rows, columns]`.
pub fn quantize_linear(x: Tensor<2>, inverse: Tensor<2>, zero: Tensor<2>, [least, most]: [f32; 2]) -> Tensor<2> {
    saturated((x * inverse).round() + zero, [least, most])
}

/// Numbers no less than `least` and no more than `most`.
fn saturated(x: Tensor<2>, [least, most]: [f32; 2]) -> Tensor<2> {
    -relu(-relu(x - least) + (most - least)) + most
}

/// How a matrix's weights are rounded while it learns. Scales are taken from the weights in every step; with three bits and
/// more from their extremes.
#[derive(Debug, Clone)]
pub struct Fake {
    scheme: Scheme,
    rows: usize,
    columns: usize,
    /// Least and largest code.
    codes: [f32; 2],
}

impl Fake {
    /// The rounding of a `[rows, columns]` matrix by a scheme.
    pub fn new(scheme: &Scheme, rows: usize, columns: usize) -> Self {
        let codes = codes_of(scheme.bits, scheme.zero_point);
        Self { scheme: *scheme, rows, columns, codes: [codes.min as f32, codes.max as f32] }
    }

    /// Whether its scales can be learned: not those of two or three levels, which are means, nor those beside zero points.
    pub fn can_learn(&self) -> bool {
        self.scheme.bits.has_zero_point() && self.scheme.zero_point == ZeroPoint::Symmetric
    }

    /// A scale that can be used, whatever was learned.
    pub fn usable(scale: f32) -> f32 {
        scale.abs().max(LEAST)
    }

    /// The scales that learning begins with: `2 · mean|w| / √Q` (Esser et al. 2020, section 2.1).
    pub fn first_scales(&self, values: &[f32]) -> Vec<f32> {
        let granularity = self.scheme.granularity;
        let mut sums = vec![(0.0_f32, 0_u32); groups(granularity, self.rows, self.columns)];
        for (index, w) in values.iter().enumerate() {
            let (row, column) = (index / self.columns, index % self.columns);
            let (sum, count) = &mut sums[group_of(granularity, self.rows, row, column)];
            *sum += w.abs();
            *count += 1;
        }
        let root = self.codes[1].sqrt();
        sums.iter().map(|&(sum, count)| Self::usable(2.0 * sum / count.max(1) as f32 / root)).collect()
    }

    /// Weights as their codes give them back, by scales taken from them; gradients pass as if nothing had happened
    /// (Bengio et al. 2013, section 4).
    ///
    /// # Shapes
    /// `weights` and the result: `[rows, columns]`.
    pub fn measured(&self, weights: Tensor<2>) -> Tensor<2> {
        let now = weights.clone().inner();
        let rounded = match self.scheme.bits {
            Bits::B1 => {
                let scale = self.spread(self.mean(now.clone().abs()));
                sign(now.clone()) * scale
            }
            Bits::Ternary => {
                let threshold = self.spread(self.mean(now.clone().abs()) * 0.7);
                let above = step(now.clone().abs() - threshold);
                let mean = self.mean(now.clone().abs() * above.clone()) / (self.mean(above.clone()) + LEAST);
                sign(now.clone()) * above * self.spread(mean)
            }
            _ => {
                let [least, most] = self.codes;
                let (scale, zero) = match self.scheme.zero_point {
                    ZeroPoint::Symmetric => {
                        let scale = self.largest(now.clone().abs()) / most + f32::MIN_POSITIVE;
                        (scale.clone(), scale.zeros_like())
                    }
                    ZeroPoint::Affine => {
                        let high = self.largest(relu(now.clone()));
                        let low = -self.largest(relu(-now.clone()));
                        let scale = (high - low.clone()) / (most - least) + f32::MIN_POSITIVE;
                        (scale.clone(), (-low / scale + least).round())
                    }
                };
                let (inverse, zero) = (self.spread(scale.clone().recip()), self.spread(zero));
                (quantize_linear(now.clone(), inverse, zero.clone(), self.codes) - zero) * self.spread(scale)
            }
        };
        weights + (rounded - now).autodiff()
    }

    /// The same by scales that are learned beside the weights (Esser et al. 2020, equations 1 to 3), their gradient made
    /// smaller by `1/√(N·Q)`.
    ///
    /// # Shapes
    /// `scales`: `[1, groups]`.
    pub fn learned(&self, weights: Tensor<2>, scales: Tensor<2>) -> Tensor<2> {
        let [_, count] = scales.dims();
        let [least, most] = self.codes;
        let size = (self.rows * self.columns / count.max(1)).max(1);
        let share = 1.0 / (size as f32 * most).sqrt();
        // The same number, and a smaller gradient.
        let scales = scales.clone() * share + (scales.clone().inner() * (1.0 - share)).autodiff();
        // A scale that crossed zero still divides.
        let safe = scales.clone() + (scales.clone().inner().abs() + LEAST - scales.inner()).autodiff();
        let scale = self.spread(safe);
        let place = weights / scale.clone();
        let now = place.clone().inner();
        let clipped = saturated(now.clone(), self.codes).round();
        let inside = step(now.clone() - least) * step(-now.clone() + most);
        let code = clipped.autodiff() + (place - now.autodiff()) * inside.autodiff();
        code * scale
    }

    /// One number a group, `[1, groups]`, to one a weight.
    fn spread(&self, of_groups: Tensor<2>) -> Tensor<2> {
        match self.scheme.granularity.group() {
            None => of_groups,
            Some(length) => {
                let per = self.rows.div_ceil(length);
                // Groups of a column stand together: [columns, per] → [per, 1, columns] → a row for each weight.
                let table: Tensor<3> =
                    of_groups.reshape([self.columns, per]).transpose().reshape([per, 1, self.columns]);
                let all = table.repeat_dim(1, length).reshape([per * length, self.columns]);
                all.slice([0..self.rows, 0..self.columns])
            }
        }
    }

    /// The numbers of each group in a row of their own kind: `[length, groups]`, filled up with zeros.
    fn gathered(&self, values: Tensor<2>) -> Tensor<2> {
        let (rows, columns) = (self.rows, self.columns);
        match self.scheme.granularity.group() {
            None if self.scheme.granularity == Granularity::Tensor => values.reshape([rows * columns, 1]),
            None => values,
            Some(length) => {
                let per = rows.div_ceil(length);
                let missing = per * length - rows;
                let device = values.device();
                let whole = match missing {
                    0 => values,
                    _ => Tensor::cat(vec![values, Tensor::zeros([missing, columns], &device)], 0),
                };
                // [per, length, columns] → [length, columns, per]
                whole.reshape([per, length, columns]).permute([1, 2, 0]).reshape([length, columns * per])
            }
        }
    }

    fn largest(&self, values: Tensor<2>) -> Tensor<2> {
        self.gathered(values).max_dim(0)
    }

    /// The mean of each group.
    fn mean(&self, values: Tensor<2>) -> Tensor<2> {
        let count = groups(self.scheme.granularity, self.rows, self.columns);
        let sums = self.gathered(values).sum_dim(0);
        let sizes: Vec<f32> = match self.scheme.granularity.group() {
            None => vec![(self.rows * self.columns / count) as f32; count],
            Some(length) => {
                let per = self.rows.div_ceil(length);
                (0..count).map(|group| (self.rows - group % per * length).min(length) as f32).collect()
            }
        };
        let device = sums.device();
        sums / Tensor::from_data(TensorData::new(sizes, [1, count]), &device)
    }
}

/// 1 where a number is not negative, else 0; of numbers that are no larger than 1e30.
fn step(x: Tensor<2>) -> Tensor<2> {
    x.greater_equal_elem(0.0).float()
}

/// 1 or -1; 1 for zero.
fn sign(x: Tensor<2>) -> Tensor<2> {
    step(x) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, random};
    use burn::tensor::Device;
    use pollster::block_on;
    use rand::RngExt;
    use retort_compress::{model::Matrix, weights::quantize};

    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        let mut generator = random::stream(5, "weights");
        (0..rows * columns).map(|_| generator.random_range(-1.0..1.0_f32)).collect()
    }

    fn tensor(values: &[f32], rows: usize, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows]), device)
    }

    #[test]
    fn training_rounds_as_the_file_will() {
        let device = Device::flex().autodiff();
        for text in [
            "8",
            "4",
            "3:tensor",
            "2",
            "4:group-16",
            "4:affine",
            "3:group-16:affine",
            "6:tensor:affine",
            "1",
            "1:tensor",
            "1:group-16",
            "ternary",
            "ternary:tensor",
            "ternary:group-16",
        ] {
            let mut scheme: Scheme = text.parse().unwrap();
            scheme.range = retort_spec::Range::MinMax;
            let (rows, columns) = (37, 5);
            let values = matrix(rows, columns);
            let want =
                quantize(&Matrix::float(rows, columns, values.clone()), &scheme, &mut random::stream(1, "x")).values();
            let weights = tensor(&values, rows, &device).require_grad();
            let after = Fake::new(&scheme, rows, columns).measured(weights.clone());
            let gradients = after.clone().sum().backward();
            for (index, (got, want)) in block_on(read(after)).unwrap().iter().zip(&want).enumerate() {
                assert!((got - want).abs() < 1e-5, "{text} at {index}: {got} {want}");
            }
            assert_eq!(block_on(read(weights.grad(&gradients).unwrap())).unwrap(), vec![1.0; rows * columns]);
        }
    }

    #[test]
    fn a_learned_step_has_the_published_gradient() {
        // Esser et al. 2020, equation 3: round(v/s) - v/s inside, the end of the range outside.
        let device = Device::flex().autodiff();
        let fake = Fake::new(&"3:tensor".parse().unwrap(), 4, 1);
        let weights = tensor(&[0.3, -0.26, 2.0, -9.0], 4, &device).require_grad();
        let scales = tensor(&[0.2], 1, &device).require_grad();
        let after = fake.learned(weights.clone(), scales.clone());
        let gradients = after.clone().sum().backward();
        let near = |got: Vec<f32>, want: &[f32]| {
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {want:?}");
        };
        near(block_on(read(after)).unwrap(), &[0.4, -0.2, 0.6, -0.6]);
        near(block_on(read(weights.grad(&gradients).unwrap())).unwrap(), &[1.0, 1.0, 0.0, 0.0]);
        let share = 1.0 / (4.0_f32 * 3.0).sqrt();
        near(block_on(read(scales.grad(&gradients).unwrap())).unwrap(), &[share * (0.5 + 0.3 + 3.0 - 3.0)]);
    }
}

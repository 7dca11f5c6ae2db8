//! Fake quantization of weights: rounded to their codes in the forward pass, and passed straight through in the
//! backward one. What they are rounded to is computed on the host in every step, by the very code that writes the file.

use burn::{
    module::Param,
    tensor::{Device, Int, Tensor, TensorData},
};
use rand_chacha::ChaCha8Rng;
use retort_compress::{
    network::model::{Matrix, group_of, groups},
    quantization::weights::{codes_of, quantize},
};
use retort_spec::{QuantScheme, Range, ScaleSource, ZeroPoint};

/// The least scale that divides safely.
const LEAST: f32 = 1e-8;

/// How a matrix's weights are rounded while it learns.
pub struct FakeQuant {
    scheme: QuantScheme,
    /// Each weight's group, `[rows · columns]`, where scales are learned.
    groups: Option<Tensor<1, Int>>,
}

/// A matrix's weights of one step, rounded.
#[allow(clippy::large_enum_variant, reason = "there are a handful of them, made and dropped within a step")]
pub enum Rounded {
    /// What rounding adds to each weight, `[rows, columns]`.
    StraightThrough(Tensor<2>),
    /// By learned scales.
    Learned {
        /// Codes, `[rows, columns]`.
        codes: Tensor<2>,
        /// Weights over scales, before they were rounded, `[rows, columns]`.
        places: Tensor<2>,
        /// 1 where a place is within the codes, `[rows, columns]`.
        inside: Tensor<2>,
        /// What makes of the scales' small share the scales that are used, `[groups, 1]`.
        rest: Tensor<2>,
        /// That share, the gradient's factor, `[groups, 1]`.
        shares: Tensor<2>,
    },
}

impl FakeQuant {
    /// The rounding of a `[rows, columns]` matrix by a scheme. Scales are those of the extremes unless the scheme says
    /// how else they are chosen; two or three levels and zero points are never learned.
    pub fn new(scheme: &QuantScheme, steps: ScaleSource, rows: usize, columns: usize, device: &Device) -> Self {
        let range = if scheme.range == Range::Auto { Range::MinMax } else { scheme.range };
        let scheme = QuantScheme { range, ..*scheme };
        let can_learn = scheme.bits.has_zero_point() && scheme.zero_point == ZeroPoint::Symmetric;
        let groups = (can_learn && steps == ScaleSource::Learned).then(|| {
            let place = |index: usize| group_of(scheme.granularity, rows, index / columns, index % columns) as i32;
            let places: Vec<i32> = (0..rows * columns).map(place).collect();
            Tensor::from_data(TensorData::new(places, [rows * columns]), device)
        });
        Self { scheme, groups }
    }

    /// Whether its scales are learned.
    pub fn learns(&self) -> bool {
        self.groups.is_some()
    }

    /// A scale that can be used, whatever was learned.
    pub fn usable(scale: f32) -> f32 {
        scale.abs().max(LEAST)
    }

    /// The scales that learning begins with, `2 · mean|w| / √Q` (Esser et al. 2020, section 2.1), `[groups, 1]`; of the
    /// weights that are there.
    pub fn first_scales(&self, matrix: &Matrix) -> Vec<f32> {
        let granularity = self.scheme.granularity;
        let mut sums = vec![(0.0_f32, 0_u32); groups(granularity, matrix.rows, matrix.columns)];
        for (index, w) in matrix.values().iter().enumerate() {
            if matrix.mask.as_ref().is_some_and(|mask| !mask[index]) {
                continue;
            }
            let (row, column) = (index / matrix.columns, index % matrix.columns);
            let (sum, count) = &mut sums[group_of(granularity, matrix.rows, row, column)];
            *sum += w.abs();
            *count += 1;
        }
        let root = (codes_of(self.scheme.bits, self.scheme.zero_point).max as f32).sqrt();
        sums.iter().map(|&(sum, count)| Self::usable(2.0 * sum / count.max(1) as f32 / root)).collect()
    }

    /// The weights of this step, rounded by scales taken from them.
    pub fn measured(&self, matrix: &Matrix, generator: &mut ChaCha8Rng, device: &Device) -> Rounded {
        let rounded = quantize(matrix, &self.scheme, generator).values();
        let added = rounded.iter().zip(matrix.values()).map(|(rounded, w)| rounded - w).collect();
        Rounded::StraightThrough(upload(added, [matrix.rows, matrix.columns], device))
    }

    /// The weights of this step, rounded by learned scales.
    pub fn learned(&self, matrix: &Matrix, scales: &[f32], device: &Device) -> Rounded {
        let codes = codes_of(self.scheme.bits, self.scheme.zero_point);
        let (least, most) = (codes.min as f32, codes.max as f32);
        let shape = [matrix.rows, matrix.columns];
        let place = |(index, w): (usize, f32)| {
            let (row, column) = (index / matrix.columns, index % matrix.columns);
            w / Self::usable(scales[group_of(self.scheme.granularity, matrix.rows, row, column)])
        };
        let places: Vec<f32> = matrix.values().into_iter().enumerate().map(place).collect();
        let size = (places.len() / scales.len().max(1)).max(1);
        let share = 1.0 / (size as f32 * most).sqrt();
        // What is used is the scale's magnitude, so that one that crossed zero is pushed the other way.
        let shares: Vec<f32> = scales.iter().map(|&scale| if scale < 0.0 { -share } else { share }).collect();
        let rest = scales.iter().zip(&shares).map(|(&scale, share)| Self::usable(scale) - scale * share).collect();
        let on_device =
            |number: &dyn Fn(f32) -> f32| upload(places.iter().map(|place| number(*place)).collect(), shape, device);
        Rounded::Learned {
            codes: on_device(&|place| place.clamp(least, most).round_ties_even()),
            inside: on_device(&|place| f32::from(place >= least && place <= most)),
            places: upload(places.clone(), shape, device),
            rest: upload(rest, [scales.len(), 1], device),
            shares: upload(shares, [scales.len(), 1], device),
        }
    }

    /// Weights as their codes give them back, tracked: gradients pass as if nothing had happened (Bengio et al. 2013,
    /// section 4), or to weights and scales as learned steps have them (Esser et al. 2020, equations 1 to 3), those of
    /// the scales made smaller by `1/√(N·Q)`.
    ///
    /// # Shapes
    /// `weights` and the result: `[rows, columns]`; `scales`: `[groups, 1]`.
    pub fn apply(&self, weights: Tensor<2>, rounded: &Rounded, scales: Option<Tensor<2>>) -> Tensor<2> {
        match (rounded, scales, &self.groups) {
            (Rounded::StraightThrough(added), ..) => weights + added.clone().autodiff(),
            (Rounded::Learned { codes, places, inside, rest, shares }, Some(scales), Some(groups)) => {
                let [rows, columns] = weights.dims();
                // The same numbers, and a smaller gradient.
                let scales = scales * shares.clone().autodiff() + rest.clone().autodiff();
                let scale = scales.select(0, groups.clone()).reshape([rows, columns]);
                let moved = (weights / scale.clone() - places.clone().autodiff()) * inside.clone().autodiff();
                (codes.clone().autodiff() + moved) * scale
            }
            _ => weights,
        }
    }
}

fn upload(numbers: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// A learned matrix.
pub fn learned(numbers: Vec<f32>, shape: [usize; 2], device: &Device) -> Param<Tensor<2>> {
    Param::from_data(TensorData::new(numbers, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, random::stream};
    use pollster::block_on;
    use rand::RngExt;

    fn tracked(values: &[f32], shape: [usize; 2]) -> Tensor<2> {
        upload(values.to_vec(), shape, &Device::flex().autodiff()).require_grad()
    }

    #[test]
    fn training_rounds_as_the_file_will() {
        let mut generator = stream(5, "weights");
        let values: Vec<f32> = (0..37 * 5).map(|_| generator.random_range(-1.0..1.0_f32)).collect();
        let mut matrix = Matrix::float(37, 5, values.clone());
        matrix.mask = Some((0..37 * 5).map(|index| index % 7 > 0).collect());
        for text in ["8", "4", "3:tensor", "2", "4:group-16", "4:affine", "3:group-16:affine", "1", "ternary:tensor"] {
            let scheme: QuantScheme = format!("{text}:min-max").parse().unwrap();
            let fake_quant = FakeQuant::new(&text.parse().unwrap(), ScaleSource::Measured, 37, 5, &Device::flex());
            let masked = matrix.values();
            let weights = tracked(&masked, [37, 5]);
            let rounded = fake_quant.measured(&matrix, &mut stream(1, "x"), &Device::flex());
            let after = fake_quant.apply(weights.clone(), &rounded, None);
            let gradients = after.clone().sum().backward();
            let want = quantize(&matrix, &scheme, &mut stream(1, "x")).values();
            for (got, want) in block_on(read(after)).unwrap().iter().zip(&want) {
                assert!((got - want).abs() < 1e-6, "{text}: {got} {want}");
            }
            assert_eq!(block_on(read(weights.grad(&gradients).unwrap())).unwrap(), vec![1.0; 37 * 5]);
        }
    }

    #[test]
    fn a_learned_step_has_the_published_gradient() {
        // Esser et al. 2020, equation 3: round(v/s) - v/s inside, the end of the range outside.
        let device = Device::flex();
        let fake_quant = FakeQuant::new(&"3:tensor".parse().unwrap(), ScaleSource::Learned, 4, 1, &device);
        let values = [0.3, -0.26, 2.0, -9.0];
        let (weights, scales) = (tracked(&values, [4, 1]), tracked(&[0.2], [1, 1]));
        let rounded = fake_quant.learned(&Matrix::float(4, 1, values.to_vec()), &[0.2], &device);
        let after = fake_quant.apply(weights.clone(), &rounded, Some(scales.clone()));
        let gradients = after.clone().sum().backward();
        let near = |got: Vec<f32>, want: &[f32]| {
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {want:?}");
        };
        near(block_on(read(after)).unwrap(), &[0.4, -0.2, 0.6, -0.6]);
        near(block_on(read(weights.grad(&gradients).unwrap())).unwrap(), &[1.0, 1.0, 0.0, 0.0]);
        let share = 1.0 / (4.0_f32 * 3.0).sqrt();
        near(block_on(read(scales.grad(&gradients).unwrap())).unwrap(), &[share * (0.5 + 0.3 + 3.0 - 3.0)]);
    }

    #[test]
    fn a_step_that_crossed_zero_is_pushed_back() {
        let device = Device::flex();
        let fake_quant = FakeQuant::new(&"3:tensor".parse().unwrap(), ScaleSource::Learned, 4, 1, &device);
        let values = [0.3, -0.26, 2.0, -9.0];
        let slope = |scale: f32| {
            let scales = tracked(&[scale], [1, 1]);
            let rounded = fake_quant.learned(&Matrix::float(4, 1, values.to_vec()), &[scale], &device);
            let after = fake_quant.apply(tracked(&values, [4, 1]), &rounded, Some(scales.clone()));
            block_on(read(scales.grad(&after.sum().backward()).unwrap())).unwrap()[0]
        };
        assert!((slope(0.2) + slope(-0.2)).abs() < 1e-6 && slope(0.2).abs() > 0.1);
    }

    #[test]
    fn each_group_has_a_step_of_its_own() {
        let device = Device::flex();
        let fake_quant = FakeQuant::new(&"3:group-16".parse().unwrap(), ScaleSource::Learned, 20, 2, &device);
        let matrix = Matrix::float(20, 2, vec![0.5; 40]);
        let scales = fake_quant.first_scales(&matrix);
        assert_eq!(scales.len(), 4, "two groups a column");
        let scales: Vec<f32> = scales.iter().enumerate().map(|(group, _)| 0.25 * (group + 1) as f32).collect();
        let rounded = fake_quant.learned(&matrix, &scales, &device);
        let after = fake_quant.apply(tracked(&[0.5; 40], [20, 2]), &rounded, Some(tracked(&scales, [4, 1])));
        let after = block_on(read(after)).unwrap();
        // Column 0: steps of 0.25 and 0.5; column 1: of 0.75, 1 (half to even gives none).
        assert_eq!([after[0], after[36], after[1], after[37]], [0.5, 0.5, 0.75, 0.0]);
    }
}

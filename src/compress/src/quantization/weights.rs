//! Weights to codes: which scale and zero point each group gets, and how its weights are rounded.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Bits, QuantScheme, Range, Rounding, ZeroPoint};

use crate::{
    network::model::{Codes, Matrix, Values, group_of, groups},
    quantization::{quantize::IntegerType, range},
};

/// The codes of a format. Symmetric ones leave out the least, so that zero is exact and int8 is `absmax/127`, as ONNX
/// Runtime and LiteRT choose it; affine ones use all.
pub fn codes_of(bits: Bits, zero_point: ZeroPoint) -> IntegerType {
    let half = 1 << (bits.width().max(2) - 1);
    match zero_point {
        _ if matches!(bits, Bits::B1 | Bits::Ternary) => IntegerType { min: -1, max: 1 },
        ZeroPoint::Symmetric => IntegerType { min: 1 - half, max: half - 1 },
        ZeroPoint::Affine => IntegerType { min: -half, max: half - 1 },
    }
}

/// Scale and zero point of a group of weights.
///
/// At 1 bit the scale is the mean magnitude, the choice of least squared error (Rastegari et al. 2016, eq. 6); a
/// ternary one is the mean magnitude of the weights above 0.7 times the mean magnitude (Li et al. 2016, section 2.2).
pub fn parameters(group: &[f32], bits: Bits, zero_point: ZeroPoint, range: Range) -> (f32, i32) {
    let mean = |weights: &mut dyn Iterator<Item = f32>| {
        let (sum, count) = weights.fold((0.0, 0), |(sum, count), w| (sum + w, count + 1));
        if count > 0 { sum / count as f32 } else { 0.0 }
    };
    match bits {
        Bits::B1 => (mean(&mut group.iter().map(|w| w.abs())), 0),
        Bits::Ternary => {
            let threshold = ternary_threshold(group);
            (mean(&mut group.iter().map(|w| w.abs()).filter(|w| *w > threshold)), 0)
        }
        _ => {
            let codes = codes_of(bits, zero_point);
            let range = match range {
                Range::Auto if bits.width() >= 6 => Range::MinMax,
                // So few levels are left that the largest weight should not set them.
                Range::Auto => Range::Mse,
                range => range,
            };
            range::parameters(group, codes, zero_point, range)
        }
    }
}

/// Below this magnitude a weight of a group is zero in ternary codes.
pub fn ternary_threshold(group: &[f32]) -> f32 {
    0.7 * group.iter().map(|w| w.abs()).sum::<f32>() / group.len().max(1) as f32
}

/// Writes a matrix in a scheme's format. Weights that are masked out take no part in choosing scales.
///
/// `generator` is asked by stochastic rounding alone.
pub fn quantize(matrix: &Matrix, scheme: &QuantScheme, generator: &mut ChaCha8Rng) -> Matrix {
    let weights = matrix.values();
    let values = match scheme.bits {
        bits if !bits.is_integer() => {
            Values::Float { bits, values: weights.into_iter().map(|w| rounded_float(w, bits)).collect() }
        }
        _ => codes(&weights, matrix, scheme, generator),
    };
    Matrix { values, ..matrix.clone() }
}

/// The nearest number that a floating-point format can hold.
pub fn rounded_float(w: f32, bits: Bits) -> f32 {
    match bits {
        Bits::B16 => half::f16::from_f32(w).to_f32(),
        Bits::Bf16 => half::bf16::from_f32(w).to_f32(),
        _ => w,
    }
}

/// The groups of a matrix, each the weights that are there.
pub fn gather(weights: &[f32], matrix: &Matrix, scheme: &QuantScheme) -> Vec<Vec<f32>> {
    let mut gathered = vec![Vec::new(); groups(scheme.granularity, matrix.rows, matrix.columns)];
    for (index, &w) in weights.iter().enumerate() {
        if matrix.mask.as_ref().is_none_or(|mask| mask[index]) {
            let group = group_of(scheme.granularity, matrix.rows, index / matrix.columns, index % matrix.columns);
            gathered[group].push(w);
        }
    }
    gathered
}

/// The codes that the weights of each group can have, in an integer format.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    scheme: QuantScheme,
    /// Which codes there are.
    pub codes: IntegerType,
    /// One a group.
    pub scales: Vec<f32>,
    /// One a group.
    pub zero_points: Vec<i32>,
    /// One a group; none but in ternary codes.
    thresholds: Vec<f32>,
}

impl Grid {
    /// So many groups that nothing was chosen for yet.
    pub fn new(scheme: &QuantScheme, groups: usize) -> Self {
        Self {
            scheme: *scheme,
            codes: codes_of(scheme.bits, scheme.zero_point),
            scales: vec![1.0; groups],
            zero_points: vec![0; groups],
            thresholds: vec![0.0; groups],
        }
    }

    /// Chosen for the weights of a matrix.
    pub fn of(weights: &[f32], matrix: &Matrix, scheme: &QuantScheme) -> Self {
        let gathered = gather(weights, matrix, scheme);
        let mut grid = Self::new(scheme, gathered.len());
        gathered.iter().enumerate().for_each(|(group, weights)| grid.choose(group, weights));
        grid
    }

    /// Chooses scale and zero point for a group.
    pub fn choose(&mut self, group: usize, weights: &[f32]) {
        let QuantScheme { bits, zero_point, range, .. } = self.scheme;
        (self.scales[group], self.zero_points[group]) = parameters(weights, bits, zero_point, range);
        if bits == Bits::Ternary {
            self.thresholds[group] = ternary_threshold(weights);
        }
    }

    /// The code of a weight; `round` makes a whole number of one between two codes.
    pub fn code(&self, group: usize, w: f32, round: &mut dyn FnMut(f32) -> f32) -> i32 {
        let sign = if w < 0.0 { -1 } else { 1 };
        match self.scheme.bits {
            Bits::B1 => sign,
            Bits::Ternary if w.abs() <= self.thresholds[group] => 0,
            Bits::Ternary => sign,
            _ => {
                let rounded = round(w / self.scales[group]) as i32;
                rounded.saturating_add(self.zero_points[group]).clamp(self.codes.min, self.codes.max)
            }
        }
    }

    /// The weight of a code.
    pub fn value(&self, group: usize, code: i32) -> f32 {
        (code - self.zero_points[group]) as f32 * self.scales[group]
    }

    /// With a code for every weight.
    pub fn with(self, codes: Vec<i32>) -> Values {
        let zero_points = if self.zero_points.iter().all(|zero| *zero == 0) { Vec::new() } else { self.zero_points };
        let QuantScheme { bits, granularity, .. } = self.scheme;
        Values::Codes(Codes { bits, granularity, scales: self.scales, zero_points, codes })
    }
}

fn codes(weights: &[f32], matrix: &Matrix, scheme: &QuantScheme, generator: &mut ChaCha8Rng) -> Values {
    let grid = Grid::of(weights, matrix, scheme);
    let mut round = |place: f32| match scheme.rounding {
        Rounding::Nearest => place.round_ties_even(),
        Rounding::Stochastic => (place + generator.random::<f32>()).floor(),
    };
    let code = |(index, &w): (usize, &f32)| {
        let group = group_of(scheme.granularity, matrix.rows, index / matrix.columns, index % matrix.columns);
        grid.code(group, w, &mut round)
    };
    let codes = weights.iter().enumerate().map(code).collect();
    grid.with(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    fn matrix(rows: usize, columns: usize) -> Matrix {
        let mut generator = stream(3, "weights");
        let weight = |index: usize| (1 + index % columns) as f32 * generator.random_range(-1.0..1.0_f32);
        Matrix::float(rows, columns, (0..rows * columns).map(weight).collect())
    }

    fn scheme(text: &str) -> QuantScheme {
        text.parse().unwrap()
    }

    fn quantized(values: &[f32], columns: usize, text: &str) -> Codes {
        let matrix = Matrix::float(values.len() / columns, columns, values.to_vec());
        match quantize(&matrix, &scheme(text), &mut stream(1, "test")).values {
            Values::Codes(codes) => codes,
            _ => panic!("{text}"),
        }
    }

    fn squared_error(matrix: &Matrix, text: &str) -> f32 {
        let back = quantize(matrix, &scheme(text), &mut stream(1, "test")).values();
        matrix.values().iter().zip(back).map(|(w, b)| (w - b).powi(2)).sum()
    }

    #[test]
    fn eight_bits_are_absmax_over_127() {
        let got = quantized(&[0.5, -2.54, 0.0, 1.27], 2, "8:tensor");
        assert_eq!((got.scales, got.codes), (vec![0.02], vec![25, -127, 0, 64]));
    }

    #[test]
    fn one_bit_is_sign_times_mean_magnitude() {
        let got = quantized(&[0.5, -1.5, 0.0, 2.0], 2, "1");
        assert_eq!((got.scales, got.codes), (vec![0.25, 1.75], vec![1, -1, 1, 1]));
    }

    #[test]
    fn ternary_weights_by_hand() {
        // Mean magnitude 1, threshold 0.7: 2 and 1.5 stay, their mean is the scale.
        let got = quantized(&[0.1, -2.0, 0.4, 1.5], 1, "ternary");
        assert_eq!((got.scales, got.codes), (vec![1.75], vec![0, -1, 0, 1]));
    }

    #[test]
    fn an_affine_range_is_that_of_the_weights() {
        let got = quantized(&[0.0, 1.0, 2.55, 0.5], 4, "8:tensor:affine");
        assert_eq!((got.scales, got.zero_points, got.codes), (vec![0.01], vec![-128], vec![-128, -28, 127, -78]));
    }

    #[test]
    fn more_bits_and_finer_scales_err_less() {
        let matrix = matrix(100, 6);
        for granularity in ["tensor", "channel", "group-16"] {
            let errors = ["1", "2", "3", "4", "6", "8", "bf16", "16", "32"]
                .map(|bits| squared_error(&matrix, &format!("{bits}:{granularity}")));
            assert!(errors.is_sorted_by(|a, b| a > b), "{granularity}: {errors:?}");
        }
        for bits in ["1", "ternary", "2", "3", "4", "6", "8"] {
            let [tensor, channel, group] = ["tensor", "channel", "group-16"]
                .map(|granularity| squared_error(&matrix, &format!("{bits}:{granularity}")));
            assert!(group < channel && channel < tensor, "{bits}");
        }
    }

    #[test]
    fn what_was_quantized_stays_as_it_is_and_zero_is_exact() {
        let mut matrix = matrix(20, 4);
        if let Values::Float { values, .. } = &mut matrix.values {
            values[5] = 0.0;
        }
        for bits in ["16", "bf16", "8", "6", "4", "3", "2"] {
            for more in ["", ":tensor", ":group-16", ":affine", ":tensor:affine"] {
                let scheme = scheme(&format!("{bits}{more}:min-max"));
                let once = quantize(&matrix, &scheme, &mut stream(1, "test"));
                let again = quantize(&once, &scheme, &mut stream(1, "test"));
                assert_eq!(once.values()[5], 0.0, "{scheme}");
                let largest = once.values().iter().fold(0.0_f32, |most, w| most.max(w.abs()));
                for (a, b) in once.values().iter().zip(again.values()) {
                    assert!((a - b).abs() <= 1e-6 * largest, "{scheme}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn codes_of_codes_are_the_same_codes() {
        let mut matrix = matrix(37, 3);
        for mask in [None, Some((0..111).map(|place| place % 4 > 0).collect()), Some(vec![false; 111])] {
            matrix.mask = mask;
            for bits in ["8", "6", "4", "3", "2", "ternary", "1"] {
                for more in ["", ":tensor", ":group-16", ":affine", ":min-max:group-32:affine"] {
                    let scheme = scheme(&format!("{bits}{more}"));
                    let once = quantize(&matrix, &scheme, &mut stream(1, "test"));
                    let again = quantize(&once, &scheme, &mut stream(1, "test"));
                    let largest = once.values().iter().fold(0.0_f32, |most, w| most.max(w.abs()));
                    for (a, b) in once.values().iter().zip(again.values()) {
                        assert!((a - b).abs() <= 1e-5 * largest, "{scheme}: {a} {b}");
                    }
                    let is_gone = |place: usize| matrix.mask.as_ref().is_some_and(|mask| !mask[place]);
                    assert!((0..111).filter(|place| is_gone(*place)).all(|place| again.values()[place] == 0.0));
                }
            }
        }
        let nothing = Matrix::float(0, 3, Vec::new());
        assert!(quantize(&nothing, &scheme("4:group-16:affine"), &mut stream(1, "test")).values().is_empty());
    }

    #[test]
    fn within_range_the_error_is_at_most_half_a_step() {
        let matrix = matrix(50, 10);
        for text in ["8", "8:affine", "6:tensor", "4:min-max:group-32:affine"] {
            let scheme = scheme(text);
            let after = quantize(&matrix, &scheme, &mut stream(1, "test"));
            let Values::Codes(codes) = &after.values else { panic!() };
            for (index, (w, b)) in matrix.values().iter().zip(after.values()).enumerate() {
                let group = group_of(scheme.granularity, 50, index / 10, index % 10);
                assert!((w - b).abs() <= codes.scales[group] * 0.500_01, "{text}");
            }
        }
    }

    #[test]
    fn stochastic_rounding_is_right_on_average() {
        let values = vec![0.3; 4000].into_iter().chain([1.27]).collect::<Vec<f32>>();
        let got = quantized(&values, 1, "8:tensor:min-max:stochastic");
        let mean = got.codes[..4000].iter().sum::<i32>() as f32 / 4000.0 * got.scales[0];
        assert!((mean - 0.3).abs() < 0.001, "{mean}");
        assert!(got.codes[..4000].contains(&30) || got.scales[0] != 0.01);
    }

    #[test]
    fn what_is_masked_out_sets_no_scale() {
        let mut matrix = Matrix::float(2, 1, vec![100.0, 1.27]);
        matrix.mask = Some(vec![false, true]);
        let after = quantize(&matrix, &scheme("8:tensor"), &mut stream(1, "test"));
        assert_eq!(after.values()[0], 0.0);
        assert!((after.values()[1] - 1.27).abs() < 1e-6);
    }
}

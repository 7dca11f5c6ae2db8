//! Which range the codes of a group of numbers cover.

use retort_spec::{Range, ZeroPoint};

use crate::quantization::{
    histogram_range::{BINS, Bins},
    quantize::IntegerType,
};

/// How many shares of the extremes are tried as the range of least squared error.
pub const CLIPS: usize = 100;

/// One number in so many lies outside a percentile's range: 99.999 % are within, as in ONNX Runtime and Brevitas.
pub const PERCENTILE: usize = 100_000;

/// Bins of a histogram for each number of a small group; a few numbers tell nothing about thousands of bins.
const BINS_PER_NUMBER: usize = 8;

/// Scale and zero point of a group of numbers; `range` is not [`Range::Auto`].
///
/// A percentile leaves out the largest magnitudes, or of affine codes the same count at either end. The threshold of
/// least divergence is one for both ends; affine codes stay within the extremes besides.
pub fn parameters(numbers: &[f32], codes: IntegerType, zero_point: ZeroPoint, range: Range) -> (f32, i32) {
    let (low, high) = extremes(numbers);
    let (low, high) = match range {
        Range::Mse => {
            let error =
                |share: f32| squared_error(numbers, codes, covering(low * share, high * share, codes, zero_point));
            let share = best_share(&mut |share| f64::from(error(share)));
            (low * share, high * share)
        }
        Range::Percentile => percentile(numbers, zero_point),
        Range::Entropy => {
            let bins = (numbers.len() * BINS_PER_NUMBER).next_power_of_two().clamp(BINS / 8, BINS);
            let mut counts = Bins::new(bins);
            counts.add(numbers);
            let threshold = counts.entropy_threshold((codes.max - codes.min + 1) as usize);
            (low.max(-threshold), high.min(threshold))
        }
        Range::Auto | Range::MinMax => (low, high),
    };
    covering(low, high, codes, zero_point)
}

/// The least and the largest number, zero included.
pub fn extremes(numbers: &[f32]) -> (f32, f32) {
    numbers.iter().fold((0.0, 0.0), |(low, high), &x| (x.min(low), x.max(high)))
}

/// The share of the extremes, out of [`CLIPS`], whose range has the least error.
pub fn best_share(error: &mut dyn FnMut(f32) -> f64) -> f32 {
    let mut best = (1.0, f64::INFINITY);
    for clip in 1..=CLIPS {
        let share = clip as f32 / CLIPS as f32;
        let error = error(share);
        if error < best.1 {
            best = (share, error);
        }
    }
    best.0
}

fn percentile(numbers: &[f32], zero_point: ZeroPoint) -> (f32, f32) {
    match (zero_point, numbers.len()) {
        (_, 0..PERCENTILE) => extremes(numbers),
        (ZeroPoint::Symmetric, count) => {
            let magnitudes: Vec<f32> = numbers.iter().map(|x| x.abs()).collect();
            let most = sorted(&magnitudes)[count - 1 - count / PERCENTILE];
            (-most, most)
        }
        (ZeroPoint::Affine, count) => {
            let (sorted, cut) = (sorted(numbers), count / (2 * PERCENTILE));
            (sorted[cut].min(0.0), sorted[count - 1 - cut].max(0.0))
        }
    }
}

/// Scale and zero point that cover the range from `low` to `high`, both sides alike if symmetric.
pub fn covering(low: f32, high: f32, codes: IntegerType, zero_point: ZeroPoint) -> (f32, i32) {
    let scale = match zero_point {
        ZeroPoint::Symmetric => high.max(-low) / codes.max as f32,
        ZeroPoint::Affine => (high - low) / (codes.max - codes.min) as f32,
    };
    // All zero, or too small to be divided: any scale gives zeros back.
    if !(scale >= f32::MIN_POSITIVE && scale.is_finite()) {
        return (1.0, 0);
    }
    match zero_point {
        ZeroPoint::Symmetric => (scale, 0),
        ZeroPoint::Affine => {
            let zero = (codes.min as f32 - low / scale).round_ties_even() as i32;
            (scale, zero.clamp(codes.min, codes.max))
        }
    }
}

fn squared_error(numbers: &[f32], codes: IntegerType, (scale, zero): (f32, i32)) -> f32 {
    let off = |&x: &f32| {
        let code = ((x / scale).round_ties_even() + zero as f32).clamp(codes.min as f32, codes.max as f32);
        ((code - zero as f32) * scale - x).powi(2)
    };
    numbers.iter().map(off).sum()
}

/// The numbers in ascending order, by the only sort that this crate carries.
pub fn sorted(numbers: &[f32]) -> Vec<f32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: IntegerType = IntegerType { min: -127, max: 127 };

    #[test]
    fn a_percentile_leaves_out_one_in_a_hundred_thousand() {
        let mut numbers: Vec<f32> = (0..200_000).map(|i| i as f32 / 200_000.0 - 0.5).collect();
        (numbers[3], numbers[4], numbers[5]) = (90.0, -80.0, 0.25);
        let (scale, _) = parameters(&numbers, SIGNED, ZeroPoint::Symmetric, Range::Percentile);
        assert_eq!(scale, 0.5 / 127.0, "90 and -80 are left out");
        let codes = IntegerType { min: -128, max: 127 };
        let (scale, zero) = parameters(&numbers, codes, ZeroPoint::Affine, Range::Percentile);
        assert!((scale * 255.0 - 1.0).abs() < 1e-4 && zero == 0, "one is left out at either end: {scale} {zero}");
        let few = parameters(&numbers[..50], SIGNED, ZeroPoint::Symmetric, Range::Percentile);
        assert_eq!(few, parameters(&numbers[..50], SIGNED, ZeroPoint::Symmetric, Range::MinMax));
    }

    #[test]
    fn every_range_works_for_a_few_numbers() {
        let ten = [0.1, -0.2, 0.15, 0.05, -0.3, 0.22, 0.9, -0.12, 0.31, -0.07];
        for zero_point in [ZeroPoint::Symmetric, ZeroPoint::Affine] {
            for &range in &Range::ALL[1..] {
                for numbers in [&ten[..], &ten[..2], &ten[..1], &[], &[0.0, 0.0]] {
                    let (scale, zero) = parameters(numbers, SIGNED, zero_point, range);
                    assert!(scale > 0.0 && scale.is_finite() && (-127..=127).contains(&zero), "{range} {numbers:?}");
                }
                let (scale, _) = parameters(&ten, SIGNED, zero_point, range);
                assert!(scale * 127.0 > 0.5, "ten numbers hold no outlier: {range} {scale}");
            }
        }
    }
}

//! Which range the codes of a group of numbers cover.

use retort_spec::{Range, ZeroPoint};

use crate::quantize::IntegerType;

/// How many shares of the extremes are tried as the range of least squared error.
const CLIPS: usize = 100;

/// Scale and zero point of a group of numbers; `range` is not [`Range::Auto`].
pub fn parameters(numbers: &[f32], codes: IntegerType, zero_point: ZeroPoint, range: Range) -> (f32, i32) {
    let (low, high) = extremes(numbers);
    let whole = covering(low, high, codes, zero_point);
    match range {
        Range::Mse => {
            let share = |share: usize| {
                let share = share as f32 / CLIPS as f32;
                covering(low * share, high * share, codes, zero_point)
            };
            let tried = (1..=CLIPS).map(|clip| (share(clip), squared_error(numbers, codes, share(clip))));
            tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(whole, |best| best.0)
        }
        _ => whole,
    }
}

/// The least and the largest number, zero included.
pub fn extremes(numbers: &[f32]) -> (f32, f32) {
    numbers.iter().fold((0.0, 0.0), |(low, high), &x| (x.min(low), x.max(high)))
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

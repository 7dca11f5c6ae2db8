//! What packing does to the weights, as a picture: counted before and after on one axis, with the levels of the file.

use retort_spec::{Bits, WeightHistogram};

use super::quantize::levels;

/// Odd, so that zero has a bin of its own.
const BINS: usize = 61;

/// Counts a layer's weights before and after packing.
///
/// # Shapes
/// `before` and `after`: the same weights in the same order; `scale`: of the whole layer or of its first output unit,
/// `None` for floating point.
pub fn histogram(before: &[f32], after: &[f32], bits: Bits, scale: Option<f32>) -> WeightHistogram {
    let reach = before.iter().chain(after).fold(f32::MIN_POSITIVE, |most, w| most.max(w.abs()));
    let count = |weights: &[f32]| {
        let mut bins = vec![0; BINS];
        for w in weights {
            let place = (w / reach + 1.0) / 2.0 * BINS as f32;
            bins[(place as usize).min(BINS - 1)] += 1;
        }
        bins
    };
    let grid = |scale: f32| {
        let largest = levels(bits);
        let codes = (-largest..=largest).filter(|&code| bits != Bits::B1 || code != 0);
        codes.map(|code| code as f32 * scale).collect()
    };
    let levels: Vec<f32> = scale.map_or_else(Vec::new, grid);
    WeightHistogram { reach: f64::from(reach), before: count(before), after: count(after), levels: levels.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_counted_where_it_stands() {
        let got = histogram(&[-1.0, -0.02, 0.0, 0.5, 1.0], &[-1.0, 0.0, 0.0, 1.0, 1.0], Bits::B2, Some(1.0));
        assert_eq!((got.before[0], got.before[30], got.before[45], got.before[60]), (1, 1, 1, 1));
        assert_eq!((got.after[0], got.after[30], got.after[60]), (1, 2, 2));
        assert_eq!((got.before.iter().sum::<u32>(), got.after.iter().sum::<u32>()), (5, 5));
        assert_eq!(got.levels.to_vec(), [-1.0, 0.0, 1.0]);
        assert_eq!(got.reach, 1.0);
    }

    #[test]
    fn one_bit_has_no_zero_and_floats_have_no_levels() {
        assert_eq!(histogram(&[0.5], &[0.5], Bits::B1, Some(0.5)).levels.to_vec(), [-0.5, 0.5]);
        assert_eq!(histogram(&[0.0], &[0.0], Bits::B16, None).levels.len(), 0);
    }
}

//! What packing does to the weights, as a picture: counted before and after on one axis, with the levels of the file.

use retort_spec::{Bits, WeightHistogram, ZeroPoint};

use crate::{
    network::model::{Matrix, Values},
    quantization::weights::codes_of,
};

/// Odd, so that zero has a bin of its own.
const BINS: usize = 61;

/// The values that a matrix's format offers: those of its codebook, or of the codes of its first group; none for
/// floating point.
pub fn levels(matrix: &Matrix) -> Vec<f32> {
    match &matrix.values {
        Values::Float { .. } => Vec::new(),
        Values::Shared { codebook, .. } => codebook.clone(),
        Values::Codes(codes) => {
            let zero = codes.zero_points.first().copied();
            let range = codes_of(codes.bits, if zero.is_some() { ZeroPoint::Affine } else { ZeroPoint::Symmetric });
            let scale = codes.scales.first().copied().unwrap_or(0.0);
            let offered = (range.min..=range.max).filter(|&code| codes.bits != Bits::B1 || code != 0);
            offered.map(|code| (code - zero.unwrap_or(0)) as f32 * scale).collect()
        }
    }
}

/// Counts a layer's weights before and after packing.
///
/// # Shapes
/// `before` and `after`: the same weights in the same order; `levels`: of the whole layer or of its first group.
pub fn histogram(before: &[f32], after: &[f32], levels: Vec<f32>) -> WeightHistogram {
    let reach = before.iter().chain(after).fold(f32::MIN_POSITIVE, |most, w| most.max(w.abs()));
    let count = |weights: &[f32]| {
        let mut bins = vec![0; BINS];
        for w in weights {
            let place = (w / reach + 1.0) / 2.0 * BINS as f32;
            bins[(place as usize).min(BINS - 1)] += 1;
        }
        bins
    };
    let noise = sqnr(before, after);
    WeightHistogram {
        reach: f64::from(reach),
        before: count(before),
        after: count(after),
        levels: levels.into(),
        sqnr: noise.is_finite().then_some(noise),
    }
}

/// Signal to quantization noise, `20 · log10(‖x‖ / ‖x − x̂‖)` in decibels; infinite where nothing was lost.
pub fn sqnr(before: &[f32], after: &[f32]) -> f64 {
    let squared = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let signal = squared(&mut before.iter().copied());
    let noise = squared(&mut before.iter().zip(after).map(|(x, y)| x - y));
    10.0 * (signal / noise).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{quantization::weights::quantize, random::stream};

    #[test]
    fn every_weight_is_counted_where_it_stands() {
        let got = histogram(&[-1.0, -0.02, 0.0, 0.5, 1.0], &[-1.0, 0.0, 0.0, 1.0, 1.0], vec![-1.0, 0.0, 1.0]);
        assert_eq!((got.before[0], got.before[30], got.before[45], got.before[60]), (1, 1, 1, 1));
        assert_eq!((got.after[0], got.after[30], got.after[60]), (1, 2, 2));
        assert_eq!((got.before.iter().sum::<u32>(), got.after.iter().sum::<u32>()), (5, 5));
        assert_eq!(got.levels.to_vec(), [-1.0, 0.0, 1.0]);
        assert_eq!(got.reach, 1.0);
    }

    #[test]
    fn one_bit_has_no_zero_and_floats_have_no_levels() {
        let of = |scheme: &str, weights: &[f32]| {
            let matrix = Matrix::float(weights.len(), 1, weights.to_vec());
            levels(&quantize(&matrix, &scheme.parse().unwrap(), &mut stream(1, "test")))
        };
        assert_eq!(of("1", &[0.5, -0.5]), [-0.5, 0.5]);
        assert_eq!(of("2:min-max", &[0.5, -0.5]), [-0.5, 0.0, 0.5]);
        assert_eq!(of("2:affine:min-max", &[0.0, 3.0]), [0.0, 1.0, 2.0, 3.0]);
        assert!(of("16", &[0.5]).is_empty());
    }

    #[test]
    fn noise_in_decibels() {
        assert!((sqnr(&[3.0, 4.0], &[3.0, 3.5]) - 20.0).abs() < 1e-9);
        assert_eq!(sqnr(&[1.0], &[1.0]), f64::INFINITY);
    }
}

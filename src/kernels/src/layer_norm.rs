//! Layer normalization of rows and its gradient (Ba et al. 2016, equation 4).

use wide::f32x4;

use crate::simd4::update;

/// What keeps the root of a variance away from zero.
const EPSILON: f32 = 1e-5;

/// Sums over a row, four columns at a time.
fn sums<const N: usize>(row: [&[f32]; N], of: impl Fn([f32x4; N]) -> [f32x4; 2]) -> [f32; 2] {
    let parts = row.map(|numbers| numbers.as_chunks::<4>());
    let mut sums = [f32x4::ZERO; 2];
    for at in 0..parts.first().map_or(0, |(fours, _)| fours.len()) {
        let [a, b] = of(parts.map(|(fours, _)| f32x4::new(fours[at])));
        sums = [sums[0] + a, sums[1] + b];
    }
    let mut sums = sums.map(|sum| sum.reduce_add());
    for at in 0..parts.first().map_or(0, |(_, rest)| rest.len()) {
        let [a, b] = of(parts.map(|(_, rest)| f32x4::splat(rest[at])));
        sums = [sums[0] + a.to_array()[0], sums[1] + b.to_array()[0]];
    }
    sums
}

/// Writes each row with mean 0 and variance 1 into `normalized`, that times `gain` plus `bias` into `to`, and one by
/// its standard deviation into `scales`.
///
/// # Shapes
/// `numbers`, `normalized`, `to`: `[rows, columns]`; `gain`, `bias`: `[columns]`; `scales`: `[rows]`.
#[inline(never)]
pub fn layer_norm_forward(
    numbers: &[f32],
    [gain, bias]: [&[f32]; 2],
    normalized: &mut [f32],
    scales: &mut [f32],
    to: &mut [f32],
) {
    let columns = gain.len().max(1);
    let rows = numbers.chunks_exact(columns).zip(normalized.chunks_exact_mut(columns));
    for (((row, normalized), scale), to) in rows.zip(scales).zip(to.chunks_exact_mut(columns)) {
        let [sum, _] = sums([row], |[number]| [number, f32x4::ZERO]);
        let mean = f32x4::splat(sum / columns as f32);
        let [squares, _] = sums([row], |[number]| [(number - mean) * (number - mean), f32x4::ZERO]);
        *scale = 1.0 / (squares / columns as f32 + EPSILON).sqrt();
        let by = f32x4::splat(*scale);
        update([normalized, to], [row, gain, bias], |_, [number, gain, bias]| {
            let normal = (number - mean) * by;
            [normal, normal * gain + bias]
        });
    }
}

/// Adds the gradient before a layer normalization to `to`, and those of gain and bias to theirs.
///
/// # Shapes
/// As in [`layer_norm_forward`]; `gradient`, `to`: `[rows, columns]`.
#[inline(never)]
pub fn layer_norm_backward(
    gradient: &[f32],
    gain: &[f32],
    (normalized, scales): (&[f32], &[f32]),
    [of_gain, of_bias]: [&mut [f32]; 2],
    to: &mut [f32],
) {
    let columns = gain.len().max(1);
    let rows = gradient.chunks_exact(columns).zip(normalized.chunks_exact(columns));
    for (((gradient, normal), scale), to) in rows.zip(scales).zip(to.chunks_exact_mut(columns)) {
        let [mean, along] = sums([gradient, gain, normal], |[gradient, gain, normal]| {
            let inner = gradient * gain;
            [inner, inner * normal]
        });
        let [mean, along] = [mean, along].map(|sum| f32x4::splat(sum / columns as f32));
        let scale = f32x4::splat(*scale);
        update([to], [gradient, gain, normal], |[to], [gradient, gain, normal]| {
            [to + scale * (gradient * gain - mean - normal * along)]
        });
        update([&mut *of_gain, &mut *of_bias], [gradient, normal], |[of_gain, of_bias], [gradient, normal]| {
            [of_gain + gradient * normal, of_bias + gradient]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::wave;

    /// What comes out, and what is kept.
    fn forward(numbers: &[f32], gain: &[f32], bias: &[f32]) -> [Vec<f32>; 3] {
        let [mut normalized, mut to] = [vec![0.0; numbers.len()], vec![0.0; numbers.len()]];
        let mut scales = vec![0.0; numbers.len() / gain.len()];
        layer_norm_forward(numbers, [gain, bias], &mut normalized, &mut scales, &mut to);
        [normalized, scales, to]
    }

    #[test]
    fn rows_by_hand() {
        let [_, scales, to] = forward(&[1.0, 3.0, -2.0, 2.0], &[2.0, 1.0], &[0.5, 0.0]);
        assert!((scales[0] - 1.0).abs() < 1e-4 && (scales[1] - 0.5).abs() < 1e-4);
        for (found, expected) in to.iter().zip([-1.5, 1.0, -1.5, 1.0]) {
            assert!((found - expected).abs() < 1e-4);
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for columns in [3, 4, 7, 21] {
            let (numbers, gain, bias) = (wave(2 * columns, 0.7), wave(columns, 1.3), wave(columns, 0.4));
            let given = wave(2 * columns, 2.1);
            let value = |numbers: &[f32], gain: &[f32], bias: &[f32]| -> f64 {
                let [_, _, to] = forward(numbers, gain, bias);
                to.iter().zip(&given).map(|(to, given)| f64::from(*to) * f64::from(*given)).sum()
            };
            let [normalized, scales, _] = forward(&numbers, &gain, &bias);
            let [mut of_gain, mut of_bias] = [vec![0.0; columns], vec![0.0; columns]];
            let mut to = vec![0.0; 2 * columns];
            let kept = (&normalized[..], &scales[..]);
            layer_norm_backward(&given, &gain, kept, [&mut of_gain, &mut of_bias], &mut to);
            let difference = |list: &[f32], at: usize, value: &dyn Fn(&[f32]) -> f64| {
                let moved = |by: f32| {
                    let mut moved = list.to_vec();
                    moved[at] += by;
                    value(&moved)
                };
                ((moved(0.01) - moved(-0.01)) / 0.02) as f32
            };
            for (at, to) in to.iter().enumerate() {
                let expected = difference(&numbers, at, &|numbers| value(numbers, &gain, &bias));
                assert!((to - expected).abs() < 3e-3, "{columns} {at}: {to} {expected}");
            }
            for at in 0..columns {
                let expected = difference(&gain, at, &|gain| value(&numbers, gain, &bias));
                assert!((of_gain[at] - expected).abs() < 2e-3);
                let expected = difference(&bias, at, &|bias| value(&numbers, &gain, bias));
                assert!((of_bias[at] - expected).abs() < 2e-3);
            }
        }
    }
}

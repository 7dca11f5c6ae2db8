//! Softmax of rows and its gradient.

use wide::f32x4;

use crate::{activations::exp, simd4::update};

/// Each row becomes `exp(x / T) / Σ exp(x / T)`.
///
/// # Shapes
/// `numbers`: `[rows, columns]`.
#[inline(never)]
pub fn softmax_rows(numbers: &mut [f32], columns: usize, temperature: f32) {
    let columns = columns.max(1);
    for row in numbers.chunks_exact_mut(columns) {
        let most = row.iter().fold(f32::NEG_INFINITY, |most, &number| if number > most { number } else { most });
        row.iter_mut().for_each(|number| *number = (*number - most) / temperature);
    }
    update([numbers], [], |[power], []| [exp(power)]);
    for row in numbers.chunks_exact_mut(columns) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|number| *number /= sum);
    }
}

/// Each row of gradients behind a softmax becomes `factor · p ⊙ (g − Σ p g)`, the gradient before it.
///
/// # Shapes
/// `gradient`, `shares`: `[rows, columns]`.
#[inline(never)]
pub fn softmax_backward(gradient: &mut [f32], shares: &[f32], columns: usize, factor: f32) {
    let columns = columns.max(1);
    let splat = f32x4::splat(factor);
    for (gradient, shares) in gradient.chunks_exact_mut(columns).zip(shares.chunks_exact(columns)) {
        let mean: f32 = gradient.iter().zip(shares).map(|(gradient, share)| gradient * share).sum();
        let mean = f32x4::splat(mean);
        update([gradient], [shares], |[gradient], [share]| [splat * share * (gradient - mean)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand_and_what_is_shut_out_is_exactly_zero() {
        let mut numbers = [3.0_f32.ln(), 0.0, -1e30, 0.0, 0.0, -1e30];
        softmax_rows(&mut numbers, 3, 1.0);
        for (found, expected) in numbers.iter().zip([0.75, 0.25, 0.0, 0.5, 0.5, 0.0]) {
            assert!((found - expected).abs() < 1e-6 && (expected != 0.0 || *found == 0.0));
        }
    }

    #[test]
    fn gradient_is_that_of_finite_differences() {
        let numbers = [0.3_f32, -0.7, 1.1, 0.2, 0.9];
        let given = [0.5_f32, -1.0, 0.25, 2.0, -0.3];
        let of = |numbers: &[f32]| {
            let mut shares = numbers.to_vec();
            softmax_rows(&mut shares, 5, 1.0);
            shares
        };
        let mut gradient = given;
        softmax_backward(&mut gradient, &of(&numbers), 5, 1.0);
        for at in 0..5 {
            let value = |by: f32| {
                let mut moved = numbers;
                moved[at] += by;
                of(&moved).iter().zip(given).map(|(share, given)| share * given).sum::<f32>()
            };
            assert!((gradient[at] - (value(0.01) - value(-0.01)) / 0.02).abs() < 1e-4);
        }
    }
}

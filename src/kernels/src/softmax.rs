//! Softmax of rows.

use crate::{activations::bounded_exp, simd4::update};

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
    update([numbers], [], |[power], []| [bounded_exp(power)]);
    for row in numbers.chunks_exact_mut(columns) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|number| *number /= sum);
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
}

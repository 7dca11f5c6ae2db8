//! Cross-entropy with labels: classes of sequences, or the next tokens.

use super::distribution::Distributions;

/// The mean over all rows of `−ln softmax(logits)[label]`, and its gradient.
///
/// # Shapes
/// `logits`, `gradient`: `[rows, outputs]`; `labels`: `[rows]`, each below `outputs`.
pub fn cross_entropy(
    logits: &[f32],
    labels: &[u16],
    outputs: usize,
    room: &mut Distributions,
    gradient: &mut [f32],
) -> f64 {
    room.compute(logits, outputs, 1.0);
    let each = 1.0 / labels.len().max(1) as f32;
    let mut sum = 0.0;
    for (row, (&label, gradient)) in labels.iter().zip(gradient.chunks_exact_mut(outputs)).enumerate() {
        let said = room.row(row, logits, outputs, 1.0);
        sum -= said.ln(usize::from(label));
        gradient.iter_mut().zip(said.shares).for_each(|(gradient, share)| *gradient = share * each);
        gradient[usize::from(label)] -= each;
    }
    sum / labels.len().max(1) as f64
}

/// `−ln softmax(logits)[label]` of each row.
pub fn surprises(logits: &[f32], labels: &[u16], outputs: usize, room: &mut Distributions) -> Vec<f32> {
    room.compute(logits, outputs, 1.0);
    let rows = labels.iter().enumerate();
    rows.map(|(row, &label)| -room.row(row, logits, outputs, 1.0).ln(usize::from(label)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_gradients_by_hand() {
        let logits = [3.0_f32.ln(), 0.0, 0.0, 0.0];
        let mut gradient = [0.0; 4];
        let room = &mut Distributions::default();
        let loss = cross_entropy(&logits, &[1, 0], 2, room, &mut gradient);
        assert!((loss - 0.5 * (4.0_f64.ln() + 2.0_f64.ln())).abs() < 1e-6);
        for (found, expected) in gradient.iter().zip([0.375, -0.375, -0.25, 0.25]) {
            assert!((found - expected).abs() < 1e-6);
        }
        let each = surprises(&logits, &[1, 0], 2, room);
        assert!((each[0] - 4.0_f32.ln()).abs() < 1e-6 && (each[1] - 2.0_f32.ln()).abs() < 1e-6);
    }
}

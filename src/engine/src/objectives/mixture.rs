//! How several teachers' answers become one.

use burn::tensor::{Tensor, activation::softmax};
use retort_spec::{Mix, probability};

/// The logits of one teacher whose softened answer is the mixture.
pub fn mix(mix: Mix, logits: &[(Tensor<2>, f64)], temperature: f64) -> Tensor<2> {
    let sum = |mut parts: Vec<Tensor<2>>| {
        let first = parts.remove(0);
        parts.into_iter().fold(first, |sum, part| sum + part)
    };
    match mix {
        Mix::Logits => sum(logits.iter().map(|(logits, weight)| logits.clone() * *weight).collect()),
        Mix::Probabilities | Mix::Confidence => {
            let parts = logits.iter().map(|(logits, weight)| softmax(logits.clone() / temperature, 1) * *weight);
            sum(parts.collect()).clamp_min(1e-30).log() * temperature
        }
    }
}

/// The same on slices.
pub fn mix_rows(mix: Mix, logits: &[(&[f32], f64)], classes: usize, temperature: f64, to: &mut Vec<f32>) {
    to.clear();
    let Some((first, _)) = logits.first() else { return };
    for start in (0..first.len()).step_by(classes.max(1)) {
        let rows = logits.iter().map(|(all, weight)| (&all[start..start + classes], *weight));
        match mix {
            Mix::Logits => {
                let rows: Vec<(&[f32], f64)> = rows.collect();
                to.extend((0..classes).map(|class| {
                    rows.iter().map(|(row, weight)| f64::from(row[class]) * weight).sum::<f64>() as f32
                }));
            }
            Mix::Probabilities | Mix::Confidence => {
                let shares: Vec<(Vec<f64>, f64)> =
                    rows.map(|(row, weight)| (probability::softmax(row, temperature), weight)).collect();
                to.extend((0..classes).map(|class| {
                    let share: f64 = shares.iter().map(|(shares, weight)| shares[class] * weight).sum();
                    (share.max(1e-30).ln() * temperature) as f32
                }));
            }
        }
    }
}

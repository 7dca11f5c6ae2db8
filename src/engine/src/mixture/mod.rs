//! How several teachers' answers become one.
//!
//! The gradient of the mean of several divergences is the gradient of the divergence from the mean distribution. So a
//! student that learns from several teachers, or from its peers, learns from one mixture; its loss is that of soft
//! targets.

#[cfg(feature = "graph")]
mod specialists;
#[cfg(feature = "graph")]
mod tensors;

use retort_spec::{
    Mix,
    probability::{entropy_bits, softmax as softmax_of},
};

#[cfg(feature = "graph")]
pub use specialists::{Specialist, fuse_specialists};
#[cfg(feature = "graph")]
pub(crate) use tensors::{mix, weighted};

/// Added to a sum of entropies before it divides: several teachers may all be as sure as numbers can be.
const SOME_ENTROPY: f64 = 1e-6;
/// Added to the probabilities of a mixture before their logarithm: every teacher that counts may say zero.
const SOME_PROBABILITY: f64 = 1e-30;

/// The logits v of one teacher whose softened answer softmax(v/T) is the mixture of several, on slices: `mix` of
/// `tensors.rs`, for the fused path.
///
/// # Shapes
/// Logits: `[rows, classes]`, row by row; `to` becomes the same.
pub fn mix_rows(mix: Mix, logits: &[(&[f32], f64)], classes: usize, temperature: f64, to: &mut Vec<f32>) {
    to.clear();
    let logits: Vec<(&[f32], f64)> = logits.iter().copied().filter(|(_, weight)| *weight > 0.0).collect();
    if let [(only, _)] = logits[..] {
        to.extend_from_slice(only);
        return;
    }
    let rows = logits.first().map_or(0, |(logits, _)| logits.len() / classes);
    let mut mean = vec![0.0; classes];
    for row in 0..rows {
        let teachers: Vec<(&[f32], f64)> =
            logits.iter().map(|(logits, weight)| (&logits[row * classes..][..classes], *weight)).collect();
        mean.fill(0.0);
        for ((logits, _), weight) in teachers.iter().zip(row_weights(mix, &teachers)) {
            match mix {
                Mix::Logits => mean.iter_mut().zip(*logits).for_each(|(mean, v)| *mean += weight * f64::from(*v)),
                Mix::Probabilities | Mix::Confidence => {
                    mean.iter_mut().zip(softmax_of(logits, temperature)).for_each(|(mean, p)| *mean += weight * p);
                }
            }
        }
        to.extend(mean.iter().map(|mean| match mix {
            Mix::Logits => *mean as f32,
            Mix::Probabilities | Mix::Confidence => ((mean + SOME_PROBABILITY).ln() * temperature) as f32,
        }));
    }
}

/// The weights of teachers for one example. They sum to 1.
///
/// # Shapes
/// `teachers`: the logits `[classes]` of each, and its weight for all examples.
pub(crate) fn row_weights(mix: Mix, teachers: &[(&[f32], f64)]) -> Vec<f64> {
    let weights = teachers.iter().map(|(_, weight)| *weight);
    if mix != Mix::Confidence {
        return weights.collect();
    }
    let entropies: Vec<f64> = teachers.iter().map(|(logits, _)| entropy_bits(&softmax_of(logits, 1.0))).collect();
    let all = entropies.iter().sum::<f64>() + SOME_ENTROPY;
    let mut weights: Vec<f64> =
        weights.zip(entropies).map(|(weight, entropy)| weight * (1.0 - entropy / all)).collect();
    let all: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= all);
    weights
}

//! Mixtures on any device.

use burn::tensor::{
    Tensor,
    activation::{log_softmax, softmax},
};
use retort_spec::Mix;

use super::{SOME_ENTROPY, SOME_PROBABILITY};

/// The logits v of one teacher whose softened answer softmax(v/T) is the mixture of several.
///
/// `logits` holds each teacher's logits and its weight. The weights are not negative and sum to 1. The logits are
/// constants: nothing is learned through a mixture.
///
/// | [`Mix`] | softmax(v/T) |
/// | --- | --- |
/// | `Probabilities` | `Σ_k w_k softmax(v_k/T)` |
/// | `Logits` | softmax of `Σ_k w_k v_k / T` |
/// | `Confidence` | as `Probabilities`, with weights of each example (see below) |
///
/// With `Confidence` teacher k weighs `w_k (1 − H_k / Σ_j H_j)` for an example, divided by the sum of these weights.
/// `H_k` is the entropy of softmax(v_k), at T = 1. This is the weighting by entropy in the code of Zhang et al. 2022
/// (confidence-aware multi-teacher distillation), normalized. For two equally weighted teachers it is the weighting by
/// 1/H_k. With more of them it is milder than 1/H_k: none counts more than 1/(K − 1).
///
/// # Shapes
/// Logits: `[batch, classes]`, those of all teachers alike; the result likewise.
pub(crate) fn mix(mix: Mix, logits: &[(Tensor<2>, f64)], temperature: f64) -> Tensor<2> {
    let logits: Vec<&(Tensor<2>, f64)> = logits.iter().filter(|(_, weight)| *weight > 0.0).collect();
    if let [(only, _)] = logits[..] {
        return only.clone();
    }
    if mix == Mix::Logits {
        return sum(logits.into_iter().map(|(logits, weight)| logits.clone() * *weight));
    }
    let constants =
        |(logits, weight): &(Tensor<2>, f64)| Tensor::full([logits.dims()[0], 1], *weight, &logits.device());
    let mut weights: Vec<Tensor<2>> = logits.iter().map(|it| constants(it)).collect();
    if mix == Mix::Confidence {
        let entropies: Vec<Tensor<2>> = logits.iter().map(|(logits, _)| entropy(logits)).collect();
        let all = sum(entropies.iter().cloned()) + SOME_ENTROPY;
        for (weight, entropy) in weights.iter_mut().zip(entropies) {
            // A GPU's division may come out a little above 1.
            *weight = weight.clone() * ((entropy / all.clone()) * -1.0 + 1.0).abs();
        }
        let all = sum(weights.iter().cloned());
        weights.iter_mut().for_each(|weight| *weight = weight.clone() / all.clone());
    }
    let logits = logits.into_iter().map(|(logits, _)| logits);
    weighted(&logits.cloned().zip(weights).collect::<Vec<_>>(), temperature)
}

/// The logits v whose softmax(v/T) is the mean of the teachers' softened answers, with weights of each example.
///
/// # Shapes
/// `teachers`: the logits `[batch, classes]` of each and its weights `[batch, 1]`, which sum to 1; the result
/// `[batch, classes]`.
pub(crate) fn weighted(teachers: &[(Tensor<2>, Tensor<2>)], temperature: f64) -> Tensor<2> {
    let answers = teachers.iter().map(|(logits, weights)| softmax(logits.clone() / temperature, 1) * weights.clone());
    (sum(answers) + SOME_PROBABILITY).log() * temperature
}

/// `[batch, 1]`: the entropy of the answers at T = 1, in nats.
fn entropy(logits: &Tensor<2>) -> Tensor<2> {
    let logarithms = log_softmax(logits.clone(), 1);
    (logarithms.clone().exp() * logarithms).sum_dim(1).abs()
}

/// The sum of tensors of one shape; there is at least one.
fn sum(tensors: impl Iterator<Item = Tensor<2>>) -> Tensor<2> {
    tensors.reduce(|sum, tensor| sum + tensor).unwrap_or_else(|| unreachable!("there is a teacher"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};
    use rand::RngExt;

    use retort_spec::probability::{entropy_bits, softmax as softmax_of};

    use crate::{mixture::mix_rows, random};

    fn tensor(logits: &[f32], classes: usize) -> Tensor<2> {
        Tensor::from_data(TensorData::new(logits.to_vec(), [logits.len() / classes, classes]), &Device::flex())
    }

    fn mixed(how: Mix, teachers: &[(&[f32], f64)], classes: usize, temperature: f64) -> Vec<f32> {
        let teachers: Vec<_> = teachers.iter().map(|(logits, weight)| (tensor(logits, classes), *weight)).collect();
        mix(how, &teachers, temperature).into_data().iter().collect()
    }

    /// softmax(v/T) of the mixture of one example.
    fn answer(how: Mix, teachers: &[(&[f32], f64)], temperature: f64) -> Vec<f64> {
        softmax_of(&mixed(how, teachers, teachers[0].0.len(), temperature), temperature)
    }

    fn close(got: &[f64], want: &[f64]) {
        assert!(got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-6), "{got:?} {want:?}");
    }

    #[test]
    fn by_hand() {
        // The probabilities [¾, ¼] and [½, ½].
        let (sure, unsure) = ([3.0_f32.ln(), 0.0], [0.0, 0.0]);
        let halves = [(&sure[..], 0.5), (&unsure[..], 0.5)];
        close(&answer(Mix::Probabilities, &halves, 1.0), &[0.625, 0.375]);
        // The geometric means are √(¾ · ½) and √(¼ · ½), in the proportion √3 : 1.
        let root = 3.0_f64.sqrt();
        close(&answer(Mix::Logits, &halves, 1.0), &[root / (root + 1.0), 1.0 / (root + 1.0)]);
        // Entropies in bits: 2 − ¾ log₂ 3 and 1.
        let entropy = 2.0 - 0.75 * 3.0_f64.log2();
        let weight = 1.0 / (1.0 + entropy);
        close(&answer(Mix::Confidence, &halves, 1.0), &[0.5 + 0.25 * weight, 0.5 - 0.25 * weight]);
        // At T = 2 the first teacher answers √3 : 1; its weight stays that of T = 1.
        let soft = root / (root + 1.0) - 0.5;
        close(&answer(Mix::Confidence, &halves, 2.0), &[0.5 + soft * weight, 0.5 - soft * weight]);
    }

    #[test]
    fn slices_and_tensors_agree() {
        let mut generator = random::stream(3, "mixture");
        let classes = 4;
        let mut teachers: Vec<Vec<f32>> =
            (0..3).map(|_| (0..5 * classes).map(|_| generator.random_range(-6.0..6.0_f32)).collect()).collect();
        // In the last example two teachers are as sure as numbers can be, and contradict each other.
        teachers[0][16..].copy_from_slice(&[900.0, 0.0, 0.0, 0.0]);
        teachers[1][16..].copy_from_slice(&[0.0, 900.0, 0.0, 0.0]);
        for weights in [[0.2, 0.3, 0.5], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]] {
            let teachers: Vec<(&[f32], f64)> = teachers.iter().map(Vec::as_slice).zip(weights).collect();
            for (&how, temperature) in Mix::ALL.iter().flat_map(|how| [0.5, 1.0, 8.0].map(|t| (how, t))) {
                let mut rows = vec![7.0];
                mix_rows(how, &teachers, classes, temperature, &mut rows);
                let tensors = mixed(how, &teachers, classes, temperature);
                assert_eq!(rows.len(), tensors.len());
                for (one, other) in rows.chunks(classes).zip(tensors.chunks(classes)) {
                    close(&softmax_of(one, temperature), &softmax_of(other, temperature));
                    assert!(one.iter().chain(other).all(|logit| logit.is_finite()));
                }
            }
        }
    }

    #[test]
    fn teachers_that_agree_are_one_teacher() {
        let logits: &[f32] = &[2.0, -1.0, 0.5, 0.0, 0.0, 9.0];
        for (&how, temperature) in Mix::ALL.iter().flat_map(|how| [1.0, 4.0].map(|t| (how, t))) {
            let got = mixed(how, &[(logits, 0.3), (logits, 0.7)], 3, temperature);
            for (got, want) in got.chunks(3).zip(logits.chunks(3)) {
                close(&softmax_of(got, temperature), &softmax_of(want, temperature));
            }
        }
    }

    #[test]
    fn two_teachers_are_weighted_by_the_reciprocals_of_their_entropies() {
        let (one, other): (&[f32], &[f32]) = (&[2.0, -1.0, 0.5], &[0.1, 0.3, -0.2]);
        let answers = [one, other].map(|logits| softmax_of(logits, 1.0));
        let [first, second] = answers.clone().map(|answer| 1.0 / entropy_bits(&answer));
        let share = first / (first + second);
        let want: Vec<f64> = answers[0].iter().zip(&answers[1]).map(|(p, q)| share * p + (1.0 - share) * q).collect();
        close(&answer(Mix::Confidence, &[(one, 0.5), (other, 0.5)], 1.0), &want);
    }
}

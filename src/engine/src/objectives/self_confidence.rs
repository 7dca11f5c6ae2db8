//! Confidence: a strong student that learns from a weak teacher may hold on to its own answer.

use burn::tensor::{
    Tensor,
    activation::{log_softmax, softmax},
};

use super::{constant, cross_entropy};
use crate::nets::Trace;

/// `−(1/N) Σ_n Σ_c ((1 − α) p_nc + α ŷ_nc) ln q_nc` with `p` the weak teacher's probabilities, `q` the student's and
/// `ŷ` the class that the student deems likeliest, one-hot and constant (Burns et al. 2023, section 4.3.2).
///
/// T = 1, as in the paper. The authors' code has two classes only, and a threshold of their own for `ŷ`; this takes any
/// number of classes and the likeliest of them.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, in nats.
pub fn self_confidence(student: &Trace, teacher: &Trace, alpha: f64) -> Tensor<1> {
    // A softmax so cold that it is one where a logit is the largest: comparing whole numbers would need more code.
    let likeliest = log_softmax(constant(&student.logits) * 1e6, 1).exp();
    let targets = softmax(teacher.logits.clone(), 1) * (1.0 - alpha) + likeliest * alpha;
    cross_entropy(student, targets, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn by_hand() {
        // q = [¾, ¼], p = [½, ½]: the target is [½ + ½ α, ½ − ½ α].
        let (student, teacher) = (check::trace(&[3.0_f32.ln(), 0.0], 2), check::trace(&[0.0, 0.0], 2));
        for alpha in [0.0_f32, 0.5, 1.0] {
            let want = -(0.5 + 0.5 * alpha) * 0.75_f32.ln() - (0.5 - 0.5 * alpha) * 0.25_f32.ln();
            let loss = self_confidence(&student, &teacher, f64::from(alpha)).into_scalar::<f32>();
            assert!((loss - want).abs() < 1e-6, "{alpha}: {loss}");
        }
    }
}

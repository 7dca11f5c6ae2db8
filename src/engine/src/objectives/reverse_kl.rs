//! Reverse Kullback–Leibler divergence: the student is asked to say nothing that the teacher rules out. Soft targets
//! ask it to say everything that the teacher deems possible.

use burn::tensor::{Tensor, activation::log_softmax};

use super::{Method, Settings};
use crate::nets::Trace;

/// `T² · (1/N) Σ_n KL(softmax(z_n/T) ‖ softmax(v_n/T))` with `z` the student's logits and `v` the teacher's (Gu et al.
/// 2024, eq. 1, of one classification instead of a sequence).
///
/// T² keeps the size of the gradient, as for soft targets. Close to the teacher both divergences are the same to second
/// order.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, in nats.
pub(super) fn reverse_kl(student: &Trace, teacher: &Trace, settings: &Settings) -> Tensor<1> {
    let [batch, _] = student.logits.dims();
    let taught = log_softmax(teacher.logits.clone() / settings.temperature, 1);
    let answer = log_softmax(student.logits.clone() / settings.temperature, 1);
    (answer.clone().exp() * (answer - taught)).sum() * (settings.t2() / batch as f64)
}

/// How it is computed.
pub const METHOD: Method =
    Method::plain(|views, settings, _| Some(reverse_kl(views.student, views.teacher?, settings).into()));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn by_hand() {
        // q = [0.4, 0.4, 0.2] and p = [0.7, 0.2, 0.1].
        let logarithms = |p: [f32; 3]| check::trace(&p.map(f32::ln), 3);
        let (student, teacher) = (logarithms([0.4, 0.4, 0.2]), logarithms([0.7, 0.2, 0.1]));
        let loss = reverse_kl(&student, &teacher, &Settings::default()).into_scalar::<f32>();
        let want = 0.4 * (4.0_f32 / 7.0).ln() + 0.6 * 2.0_f32.ln();
        assert!((loss - want).abs() < 1e-6, "{loss}");
        assert!(reverse_kl(&teacher, &teacher, &Settings::default()).into_scalar::<f32>().abs() < 1e-7);
    }

    #[test]
    fn it_prefers_one_of_two_answers_where_soft_targets_prefer_both() {
        // Two classes are equally likely, a third is ruled out. A student can be sure of one, or even over all three.
        let teacher = check::trace(&[10.0, 0.0, 10.0], 3);
        let (narrow, wide) = (check::trace(&[10.0, 0.0, 0.0], 3), check::trace(&[0.0; 3], 3));
        let reverse = |student: &Trace| reverse_kl(student, &teacher, &Settings::default()).into_scalar::<f32>();
        let forward = |student: &Trace| {
            super::super::soft_targets(student, &teacher, &Settings::default(), 1.0).into_scalar::<f32>()
        };
        assert!(reverse(&narrow) < reverse(&wide));
        assert!(forward(&narrow) > forward(&wide));
    }
}

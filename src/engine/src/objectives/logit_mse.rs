//! Logit matching: the student's scores themselves should be the teacher's.

use burn::tensor::Tensor;

use super::Method;
use crate::nets::Trace;

/// `(1/NC) Σ_{n,c} (z_nc − v_nc)²` with `z` the student's logits and `v` the teacher's (Ba & Caruana 2014, eq. 1; the
/// mean over classes, where they take the sum, as the code of Tang et al. 2019 has it).
///
/// It is the limit of soft targets at a high temperature, but for the logits' mean, which a softmax does not see
/// (Hinton, Vinyals & Dean 2015, section 2.1).
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`.
fn logit_mse(student: &Trace, teacher: &Trace) -> Tensor<1> {
    (student.logits.clone() - teacher.logits.clone()).square().mean()
}

/// How it is computed.
pub const METHOD: Method = Method::plain(|views, _, _| Some(logit_mse(views.student, views.teacher?).into()));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::{Settings, check};

    #[test]
    fn by_hand() {
        let loss = logit_mse(&check::trace(&[1.0, 2.0], 2), &check::trace(&[0.0, 4.0], 2));
        assert_eq!(loss.into_scalar::<f32>(), 2.5);
    }

    #[test]
    fn soft_targets_tend_to_it_at_a_high_temperature() {
        let (student, teacher) = ([0.5, -0.2, -0.3], [1.0, 0.0, -1.0]);
        let hot = Settings { temperature: 100.0, ..Settings::default() };
        let soft = check::logit_gradient("soft-targets", &hot, 3, &student, &teacher);
        let direct = check::logit_gradient("logit-mse", &hot, 3, &student, &teacher);
        // (z − v)/C against 2 (z − v)/C, both of mean 0.
        for (soft, direct) in soft.iter().zip(direct) {
            assert!((2.0 * soft - direct).abs() < 5e-3, "{soft} {direct}");
        }
    }
}

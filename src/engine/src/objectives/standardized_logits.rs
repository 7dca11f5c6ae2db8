//! Soft targets of standardized logits: the student is asked for the order and the relative sizes of the teacher's
//! scores, whatever their mean and spread.

use burn::tensor::Tensor;

use super::{Method, Settings, geometry::unit_deviation, soft_targets};
use crate::nets::Trace;

/// `T² · (1/N) Σ_n KL(softmax(𝒵(v_n)/T) ‖ softmax(𝒵(z_n)/T))` with `𝒵(x) = (x − mean x)/std x` (Sun et al. 2024,
/// eq. 11), `std` by the number of classes less one, as their code has it.
///
/// Their code adds 1e-7 to the deviation; here logits without any deviation are all zero instead, since the derivative
/// of a deviation of zero would still be infinite.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, in nats.
fn standardized_logits(student: &Trace, teacher: &Trace, settings: &Settings) -> Tensor<1> {
    let standardized = |trace: &Trace| Trace { logits: standardize(trace.logits.clone()), ..trace.clone() };
    soft_targets(&standardized(student), &standardized(teacher), settings, 1.0)
}

/// `𝒵`: the deviations have the squared length `(C − 1) std²`.
fn standardize(logits: Tensor<2>) -> Tensor<2> {
    let [_, classes] = logits.dims();
    unit_deviation(logits, 1) * (classes as f64 - 1.0).sqrt()
}

/// How it is computed.
pub const METHOD: Method =
    Method::plain(|views, settings, _| Some(standardized_logits(views.student, views.teacher?, settings).into()));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn shift_and_scale_of_the_student_do_not_matter() {
        // 3 z + 7: the paper's point, since a small student need not reach the teacher's large logits.
        let teacher = check::trace(&[1.0, 2.0, 4.0, -1.0, 0.0, 0.5], 3);
        let student = check::trace(&[10.0, 13.0, 19.0, 4.0, 7.0, 8.5], 3);
        let loss = standardized_logits(&student, &teacher, &Settings::default());
        assert!(loss.into_scalar::<f32>().abs() < 1e-6);
    }

    #[test]
    fn logits_that_do_not_differ_have_no_gradient() {
        let gradient =
            check::logit_gradient("standardized-logits", &Settings::default(), 3, &[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]);
        assert_eq!(gradient, [0.0; 3]);
    }
}

//! Soft targets: the student is asked for the teacher's whole distribution, softened by a temperature.

use burn::tensor::{Tensor, activation::log_softmax};

use super::Settings;
use crate::{kernels, nets::Trace};

/// `weight · T² · (1/N) Σ_n KL(softmax(v_n/T) ‖ softmax(z_n/T))` with `v` the teacher's logits and `z` the student's
/// (Hinton, Vinyals & Dean 2015, section 2).
///
/// The gradient of the divergence shrinks with 1/T², so that without the factor T² a higher temperature would also
/// mean a lower weight. Cross-entropy with the soft targets has the same gradient; the divergence is used because it
/// is zero for a perfect student at every temperature. Both sides are logarithms of a softmax, so that no probability
/// of zero meets a logarithm.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, in nats.
pub fn soft_targets(student: &Trace, teacher: &Trace, settings: &Settings, weight: f64) -> Tensor<1> {
    let temperature = settings.temperature;
    let [batch, _] = student.logits.dims();
    let factor = weight * settings.t2() / batch as f64;
    if let Some(loss) = kernels::soft_targets(&student.logits, &teacher.logits, temperature, factor) {
        return loss;
    }
    let target = log_softmax(teacher.logits.clone() / temperature, 1);
    let answer = log_softmax(student.logits.clone() / temperature, 1);
    (target.clone().exp() * (target - answer)).sum() * factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn a_perfect_student_loses_nothing_at_any_temperature() {
        let both = check::trace(&[3.0, -1.0, 0.5, 0.0, 0.0, 9.0], 3);
        for temperature in [0.2, 1.0, 100.0] {
            let loss = soft_targets(&both, &both, &Settings { temperature, ..Settings::default() }, 1.0);
            assert!(loss.into_scalar::<f32>().abs() < 1e-6);
        }
    }

    fn gradient_size(temperature: f64, scale_by_t2: bool) -> f64 {
        let (student, teacher) = ([0.1, -0.2, 0.3], [1.0, 0.0, -1.0]);
        let settings = Settings { temperature, scale_by_t2, ..Settings::default() };
        let gradient = check::logit_gradient("soft-targets", &settings, 3, &student, &teacher);
        gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn t_squared_keeps_the_size_of_the_gradient() {
        let at = |temperature| gradient_size(temperature, true);
        assert!((at(40.0) / at(20.0) - 1.0).abs() < 0.05, "{} and {}", at(40.0), at(20.0));
        let bare = gradient_size(40.0, false) / gradient_size(20.0, false);
        assert!((bare - 0.25).abs() < 0.02, "without T² the gradient should shrink fourfold, not to {bare}");
    }
}

//! Jensen–Shannon divergence: teacher and student are both compared with the mean of their answers. It treats both
//! alike, and is never larger than ln 2.

use burn::tensor::{Tensor, activation::log_softmax};

use super::{Method, Settings, reverse_kl::reverse_kl, soft_targets};
use crate::nets::Trace;

/// `T² · (1/N) Σ_n (β KL(p_n ‖ m_n) + (1 − β) KL(q_n ‖ m_n))` with `m = β p + (1 − β) q`, `p` the teacher's and `q` the
/// student's probabilities at temperature T, and β the [`teacher_share`](Settings::teacher_share) (Agarwal et al. 2024,
/// eq. 1).
///
/// Close to the teacher this is β (1 − β) times the Kullback–Leibler divergence, and it vanishes for β = 0 and β = 1.
/// At those two values the authors' code has the divergence itself: KL(p ‖ q) for 0 and KL(q ‖ p) for 1. So does this.
/// The authors have T = 1; T² keeps the size of the gradient, as for soft targets.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, in nats.
fn jensen_shannon(student: &Trace, teacher: &Trace, settings: &Settings) -> Tensor<1> {
    let share = settings.teacher_share;
    if share <= 0.0 {
        return soft_targets(student, teacher, settings, 1.0);
    }
    if share >= 1.0 {
        return reverse_kl(student, teacher, settings);
    }
    let [batch, _] = student.logits.dims();
    let taught = log_softmax(teacher.logits.clone() / settings.temperature, 1);
    let answer = log_softmax(student.logits.clone() / settings.temperature, 1);
    // ln(p/m) = −ln β − ln(1 + e^d) with d = ln((1 − β) q / (β p)), and ln(q/m) = −ln(1 − β) − ln(1 + e^(−d)): so no
    // probability that is zero in single precision meets a logarithm. ln(1 + e^d) = (d + |d|)/2 + ln(1 + e^(−|d|)).
    let odds = answer.clone() - taught.clone() + ((1.0 - share) / share).ln();
    let size = odds.clone().abs();
    let rest = ((size.clone() * -1.0).exp() + 1.0).log();
    let of_teacher = taught.exp() * ((odds.clone() + size.clone()) * 0.5 + rest.clone() + share.ln());
    let of_student = answer.exp() * ((size - odds) * 0.5 + rest + (1.0 - share).ln());
    (of_teacher * share + of_student * (1.0 - share)).sum() * (-settings.t2() / batch as f64)
}

/// How it is computed.
pub const METHOD: Method =
    Method::plain(|views, settings, _| Some(jensen_shannon(views.student, views.teacher?, settings).into()));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    fn loss(student: &Trace, teacher: &Trace, teacher_share: f64) -> f32 {
        jensen_shannon(student, teacher, &Settings { teacher_share, ..Settings::default() }).into_scalar::<f32>()
    }

    #[test]
    fn by_hand() {
        // p = [¾, ¼], q = [¼, ¾] and m = [½, ½]: ¾ ln 1½ + ¼ ln ½ from both sides.
        let (student, teacher) = (check::trace(&[0.0, 3.0_f32.ln()], 2), check::trace(&[3.0_f32.ln(), 0.0], 2));
        let want = 0.75 * 1.5_f32.ln() + 0.25 * 0.5_f32.ln();
        assert!((loss(&student, &teacher, 0.5) - want).abs() < 1e-6);
    }

    #[test]
    fn it_is_symmetric_and_at_most_ln_2() {
        let (one, other) = (check::trace(&[2.0, 0.0, -1.0], 3), check::trace(&[0.0, 0.5, 3.0], 3));
        assert!((loss(&one, &other, 0.5) - loss(&other, &one, 0.5)).abs() < 1e-6);
        assert!((loss(&one, &other, 0.25) - loss(&other, &one, 0.75)).abs() < 1e-6);
        let (sure, contrary) = (check::trace(&[1000.0, 0.0], 2), check::trace(&[0.0, 1000.0], 2));
        assert!((loss(&sure, &contrary, 0.5) - 2.0_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn close_to_the_teacher_it_is_a_quarter_of_the_divergence() {
        let (student, teacher) = (check::trace(&[0.1, 0.0, -0.1], 3), check::trace(&[0.0; 3], 3));
        let divergence = soft_targets(&student, &teacher, &Settings::default(), 1.0).into_scalar::<f32>();
        assert!((loss(&student, &teacher, 0.5) / divergence - 0.25).abs() < 0.01);
    }
}

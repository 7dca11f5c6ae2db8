//! DIST: the student's probabilities should correlate with the teacher's, example by example over the classes and class
//! by class over the examples; a stronger teacher's exact values are more than a small student can match.

use burn::tensor::{Tensor, activation::softmax};

use super::{Method, Settings, geometry::unit_deviation};
use crate::nets::Trace;

/// `T² · ((1 − (1/N) Σ_n ρ(p_n, q_n)) + (1 − (1/C) Σ_c ρ(p_·c, q_·c)))` with `p` and `q` the probabilities of teacher
/// and student at temperature T and `ρ` Pearson's correlation (Huang et al. 2022, eq. 10, β = γ = 1).
///
/// T² is in the authors' classification code, not in their paper's listing; it is kept because the vectors have it and
/// because the gradient shrinks with T as that of soft targets does. What does not vary correlates with nothing: a
/// batch of one has no second term, but for the constant.
///
/// # Shapes
/// Logits: `[batch, classes]`; the loss `[1]`, 0 to 4 T².
fn dist(student: &Trace, teacher: &Trace, settings: &Settings) -> Tensor<1> {
    let answer = softmax(student.logits.clone() / settings.temperature, 1);
    let taught = softmax(teacher.logits.clone() / settings.temperature, 1);
    let apart = |over: usize| {
        let products = unit_deviation(answer.clone(), over) * unit_deviation(taught.clone(), over);
        products.sum_dim(over).mean() * -1.0 + 1.0
    };
    (apart(1) + apart(0)) * settings.t2()
}

/// How it is computed.
pub const METHOD: Method =
    Method::plain(|views, settings, _| Some(dist(views.student, views.teacher?, settings).into()));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn a_perfect_student_loses_nothing_and_a_contrary_one_four() {
        let teacher = check::trace(&[2.0, 0.0, -1.0, 1.0], 2);
        let contrary = check::trace(&[0.0, 2.0, 1.0, -1.0], 2);
        let loss = |student: &Trace| dist(student, &teacher, &Settings::default()).into_scalar::<f32>();
        assert!(loss(&teacher).abs() < 1e-6);
        assert!((loss(&contrary) - 4.0).abs() < 1e-5);
    }

    #[test]
    fn how_sure_a_student_of_two_classes_is_does_not_matter() {
        // Two probabilities add up to 1, so that the correlation over classes is 1 or −1, and over two examples also.
        let (teacher, timid) = (check::trace(&[5.0, 0.0, 0.0, 5.0], 2), check::trace(&[0.1, 0.0, 0.0, 0.1], 2));
        assert!(dist(&timid, &teacher, &Settings::default()).into_scalar::<f32>().abs() < 1e-5);
    }
}

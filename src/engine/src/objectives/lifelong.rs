//! What keeps old classes while new ones are learned: the old network's answers, to a softmax for each task, to one
//! for all, or to each class by itself.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Settings, cross_entropy, geometry::log_sigmoid, soft_targets};
use crate::nets::Trace;

/// Taken off the logits of classes that do not compete: no temperature makes anything of what is left.
pub const ELSEWHERE: f64 = 1024.0;

/// Soft targets of the first `old` classes alone, without those that came later: `weight` times the distillation loss
/// of Li & Hoiem 2016, equation 3, less the entropy of the old network's answers, which no student changes.
///
/// Theirs has no T²; whether this one has says `settings`.
///
/// # Shapes
/// The student's logits `[batch, classes]`, the old network's `[batch, old]` or more; the loss `[1]`, in nats.
pub fn old_answers(student: &Trace, before: &Trace, old: usize, settings: &Settings, weight: f64) -> Tensor<1> {
    soft_targets(&student.clone().first(old), &before.clone().first(old), settings, weight)
}

/// Cross-entropy in which a label competes with the classes of its own task only, as in Li & Hoiem 2016, equation 1,
/// where each task has a last layer of its own.
///
/// # Shapes
/// `targets`: `[batch, classes]`; `second`: `[1, classes]`, 1 for the classes of the second task; the loss `[1]`, in
/// nats.
pub fn within_task(trace: &Trace, targets: Tensor<2>, second: &Tensor<2>, weight: f64) -> Tensor<1> {
    let is_second = (targets.clone() * second.clone()).sum_dim(1);
    // Where the class of the column is of another task than the label, it is 1 or −1.
    let differs = second.clone() - is_second;
    let others = differs.clone() * differs * ELSEWHERE;
    cross_entropy(&Trace { logits: trace.logits.clone() - others, ..trace.clone() }, targets, weight)
}

/// `[1, classes]`: 1 for all classes but the first `old`.
pub fn second_task(old: usize, classes: usize, device: &Device) -> Tensor<2> {
    let ones: Vec<f32> = (0..classes).map(|class| if class < old { 0.0 } else { 1.0 }).collect();
    Tensor::from_data(TensorData::new(ones, [1, classes]), device)
}

/// `−(1/N) Σ_n Σ_c [t ln σ(z) + (1 − t) ln(1 − σ(z))]`: each class by itself (Rebuffi et al. 2017, algorithm 3). The
/// code of its authors divides by the number of classes, too.
///
/// # Shapes
/// `logits`, `targets`: `[batch, classes]`; the loss `[1]`, in nats.
pub fn each_class(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    // ln(1 − σ(z)) = ln σ(−z)
    let loss = log_sigmoid(logits.clone()) * targets.clone() + log_sigmoid(logits * -1.0) * (targets * -1.0 + 1.0);
    loss.sum() * (-1.0 / batch as f64)
}

/// The old network's answers to each of the first `old` classes by itself, as targets of [`each_class`].
pub fn old_answers_by_class(student: &Trace, before: &Trace, old: usize) -> Tensor<1> {
    each_class(student.clone().first(old).logits, log_sigmoid(before.clone().first(old).logits).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    fn tensor<const N: usize>(rows: &[[f32; N]]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(rows.concat(), [rows.len(), N]), &Device::flex())
    }

    #[test]
    fn one_example_of_two_tasks_by_hand() {
        // Old classes 0 and 1, new ones 2 and 3; the label is 2.
        let student = check::trace(&[0.0, 0.0, 3.0_f32.ln(), 0.0], 4);
        let targets = tensor(&[[0.0, 0.0, 1.0, 0.0]]);
        let second = second_task(2, 4, &Device::flex());
        // 3 against 1 among the new classes; against all it would be 3 of 6.
        let within = within_task(&student, targets.clone(), &second, 1.0).into_scalar::<f32>();
        assert!((within - (4.0_f32 / 3.0).ln()).abs() < 1e-6, "{within}");
        // The old network says ¾, ¼; the student ½, ½: KL = ¾ ln 3⁄2 + ¼ ln ½.
        let before = check::trace(&[3.0_f32.ln(), 0.0, 9.0, -9.0], 4);
        let old = old_answers(&student, &before, 2, &Settings { temperature: 1.0, ..Settings::default() }, 1.0);
        let wanted = 0.75 * 1.5_f32.ln() + 0.25 * 0.5_f32.ln();
        assert!((old.into_scalar::<f32>() - wanted).abs() < 1e-6);
        // By itself each class of logit 0 costs ln 2; the third ln(4/3).
        let each = each_class(student.logits.clone(), targets).into_scalar::<f32>();
        assert!((each - 3.0 * 2.0_f32.ln() - (4.0_f32 / 3.0).ln()).abs() < 1e-6, "{each}");
    }

    #[test]
    fn a_student_that_answers_as_before_loses_nothing_of_what_it_knew() {
        let before = check::trace(&[1.0, -2.0, 0.5, 0.25], 4);
        // The new classes may be anything.
        let after = check::trace(&[1.0, -2.0, 7.0, -3.0], 4);
        let loss = old_answers(&after, &before, 2, &Settings::default(), 1.0);
        assert!(loss.into_scalar::<f32>().abs() < 1e-6);
    }
}

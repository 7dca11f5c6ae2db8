//! Decoupled distillation: what the teacher says of the right class and how it ranks the others, each with a weight of
//! its own. In plain soft targets the second counts the less, the surer the teacher is.

use burn::tensor::{Tensor, activation::log_softmax};

use super::{Loss, Method, Settings};
use crate::nets::Trace;

/// The authors warm up over the first 20 of their 240 epochs.
const WARM_UPS: f64 = 12.0;
/// What takes the right class out of a softmax, as in the authors' code: its exponential is zero in single precision.
const OUT: f64 = 1000.0;

/// `w T² (α · (1/N) Σ_n KL(b^v_n ‖ b^z_n) + β · (1/N) Σ_n KL(p̂^v_n ‖ p̂^z_n))` with `b` the probabilities of the right
/// class and of all others together, `p̂` the softmax over the others alone, both at temperature T (Zhao et al. 2022,
/// eq. 7), and `w` their warm-up, 1 from a twelfth of the training on.
///
/// With `p` the teacher's probability of the right class, `KL = target + (1 − p) others`: that is how α = β = 1 differs
/// from soft targets.
///
/// # Shapes
/// Logits: `[batch, classes]`; `targets`: `[batch, classes]`, one-hot; the loss and its parts `[1]`, in nats.
fn decoupled(student: &Trace, teacher: &Trace, targets: &Tensor<2>, settings: &Settings, progress: f64) -> Loss {
    let [batch, _] = targets.dims();
    let answer = Split::of(student, targets, settings.temperature);
    let taught = Split::of(teacher, targets, settings.temperature);
    let divergence = |taught: Tensor<2>, answer: Tensor<2>| (taught.clone().exp() * (taught - answer)).sum();
    let scale = settings.t2() * (WARM_UPS * progress).min(1.0) / batch as f64;
    let target = divergence(taught.binary, answer.binary) * (scale * settings.alpha);
    let others = divergence(taught.others, answer.others) * (scale * settings.beta);
    Loss { value: target.clone() + others.clone(), parts: vec![("target", target), ("others", others)] }
}

/// A distribution in two: logarithms throughout, so that no probability of zero meets one.
struct Split {
    /// `[batch, 2]`: ln of the probability of the right class, and of all others.
    binary: Tensor<2>,
    /// `[batch, classes]`: ln of the probabilities of the others among themselves.
    others: Tensor<2>,
}

impl Split {
    fn of(trace: &Trace, targets: &Tensor<2>, temperature: f64) -> Self {
        let [_, classes] = targets.dims();
        let logits = trace.logits.clone() / temperature;
        let all = log_softmax(logits.clone(), 1);
        let others = log_softmax(logits - targets.clone() * OUT, 1);
        let right = (all.clone() * targets.clone()).sum_dim(1);
        // For every other class c, p_c = (all others) · p̂_c: the mean over them takes off the rounding.
        let wrong =
            ((all - others.clone()) * (targets.clone() * -1.0 + 1.0)).sum_dim(1) / (classes as f64 - 1.0).max(1.0);
        Self { binary: Tensor::cat(vec![right, wrong], 1), others }
    }
}

/// How it is computed.
pub const METHOD: Method = Method::plain(|views, settings, _| {
    Some(decoupled(views.student, views.teacher?, views.targets.as_ref()?, settings, views.progress))
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::Device;

    fn example(progress: f64) -> (Loss, f32, f32) {
        let (student, teacher) = (check::trace(&[0.5, -1.0, 2.0, 0.0], 4), check::trace(&[1.5, 1.0, 0.0, -3.0], 4));
        let targets = Tensor::from_data([[1.0, 0.0, 0.0, 0.0]], &Device::flex());
        let settings = Settings { temperature: 2.0, alpha: 1.0, beta: 1.0, ..Settings::default() };
        let loss = decoupled(&student, &teacher, &targets, &settings, progress);
        let whole = soft_targets(&student, &teacher, &settings, 1.0).into_scalar::<f32>();
        let taught = log_softmax(teacher.logits / 2.0, 1).exp().into_data().iter::<f32>().next();
        (loss, whole, taught.unwrap())
    }

    use crate::objectives::soft_targets;

    #[test]
    fn its_parts_make_up_the_divergence_of_soft_targets() {
        let (loss, whole, right) = example(1.0);
        let [target, others] = [0, 1].map(|part| loss.parts[part].1.clone().into_scalar::<f32>());
        assert!((target + (1.0 - right) * others - whole).abs() < 1e-5, "{target} {others} {whole}");
        assert!((loss.value.into_scalar::<f32>() - target - others).abs() < 1e-6);
    }

    #[test]
    fn it_begins_at_nothing_and_is_whole_after_a_twelfth() {
        let at = |progress| example(progress).0.value.into_scalar::<f32>();
        assert_eq!(at(0.0), 0.0);
        assert!((at(1.0 / 24.0) / at(1.0) - 0.5).abs() < 1e-6);
        assert_eq!(at(1.0 / 12.0), at(1.0));
    }
}

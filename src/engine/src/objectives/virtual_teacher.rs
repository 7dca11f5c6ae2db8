//! A virtual teacher: always right, always 99 % sure, and without an opinion on the other classes. What remains of
//! distillation without any network to distil.

use burn::tensor::Tensor;

use super::{Method, Settings, Source, soft_targets};
use crate::nets::Trace;

/// What it gives the right class (Yuan et al. 2020: at least 0.9; their code: 0.99).
const SURE: f64 = 0.99;

/// `T² · (1/N) Σ_n KL(p^d_n at T ‖ softmax(z_n/T))` with `p^d` 0.99 for the right class and the rest spread evenly
/// (Yuan et al. 2020, eq. 8).
///
/// The paper has the hand-made distribution softened by the temperature, as soft targets are: to the power 1/T and
/// normalized. The authors' code takes the softmax of `p^d/T` instead, of the probabilities as if they were logits,
/// which is nearly uniform at every temperature; the paper is followed here.
///
/// # Shapes
/// `targets`: `[batch, classes]`, one-hot; the loss `[1]`, in nats.
fn virtual_teacher(student: &Trace, targets: Tensor<2>, settings: &Settings) -> Tensor<1> {
    let [_, classes] = targets.dims();
    let rest = (1.0 - SURE) / (classes as f64 - 1.0).max(1.0);
    // Logarithms of probabilities are logits of theirs.
    let logits = targets * (SURE.ln() - rest.ln()) + rest.ln();
    soft_targets(student, &Trace { logits, ..student.clone() }, settings, 1.0)
}

/// How it is computed.
pub const METHOD: Method = Method {
    from: Source::Labels,
    ..Method::plain(|views, settings, _| Some(virtual_teacher(views.student, views.targets.clone()?, settings).into()))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::Device;

    fn loss(logits: [f32; 3], temperature: f64) -> f32 {
        let targets = Tensor::from_data([[0.0, 1.0, 0.0]], &Device::flex());
        let settings = Settings { temperature, ..Settings::default() };
        virtual_teacher(&check::trace(&logits, 3), targets, &settings).into_scalar::<f32>()
    }

    #[test]
    fn by_hand() {
        // A student without an opinion: 0.99 ln(0.99 · 3) + 0.01 ln(0.005 · 3).
        assert!((loss([2.0; 3], 1.0) - 1.035_679).abs() < 1e-5);
    }

    #[test]
    fn a_student_as_sure_as_the_teacher_loses_nothing_at_any_temperature() {
        let [rest, right] = [0.005_f32.ln(), 0.99_f32.ln()];
        for temperature in [0.5, 1.0, 20.0] {
            assert!(loss([rest, right, rest], temperature).abs() < 1e-4);
        }
    }
}

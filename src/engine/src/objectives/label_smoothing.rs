//! Label smoothing: labels that leave every class a little, as an untaught teacher would.

use burn::tensor::Tensor;

use super::{Method, Source, cross_entropy};
use crate::nets::Trace;

/// What is taken from the right class and shared by all, the right one among them (Szegedy et al. 2016, section 7:
/// 0.1).
const EPSILON: f64 = 0.1;

/// `−(1/N) Σ_n Σ_c ((1 − ε) y_nc + ε/C) ln softmax(z_n)_c` (Szegedy et al. 2016, section 7, with the uniform prior).
///
/// # Shapes
/// `targets`: `[batch, classes]`, one-hot; the loss `[1]`, in nats.
fn label_smoothing(student: &Trace, targets: Tensor<2>) -> Tensor<1> {
    let [_, classes] = targets.dims();
    cross_entropy(student, targets * (1.0 - EPSILON) + EPSILON / classes as f64, 1.0)
}

/// How it is computed.
pub const METHOD: Method = Method {
    from: Source::Labels,
    ..Method::plain(|views, _, _| Some(label_smoothing(views.student, views.targets.clone()?).into()))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::Device;

    #[test]
    fn by_hand() {
        // softmax = [¾, ¼] and the label [0.95, 0.05].
        let targets = || Tensor::from_data([[1.0, 0.0]], &Device::flex());
        let loss = |logits: [f32; 2]| label_smoothing(&check::trace(&logits, 2), targets()).into_scalar::<f32>();
        let want = -(0.95 * 0.75_f32.ln() + 0.05 * 0.25_f32.ln());
        assert!((loss([3.0_f32.ln(), 0.0]) - want).abs() < 1e-6);
        // The best student is as sure as the label, and no surer.
        let best = loss([19.0_f32.ln(), 0.0]);
        assert!(best < loss([18.0_f32.ln(), 0.0]) && best < loss([20.0_f32.ln(), 0.0]));
    }
}

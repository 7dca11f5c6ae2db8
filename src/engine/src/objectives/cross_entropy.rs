//! Cross-entropy with the labels: what a network without a teacher minimises.

use burn::tensor::{Tensor, activation::log_softmax};

use crate::{kernels, nets::Trace};

/// `-weight · (1/N) Σ_n ln softmax(z_n)[y_n]`.
///
/// # Shapes
/// `targets`: `[batch, classes]`, one-hot or other distributions; the loss `[1]`, in nats.
pub fn cross_entropy(student: &Trace, targets: Tensor<2>, weight: f64) -> Tensor<1> {
    let [batch, _] = targets.dims();
    let factor = weight / batch as f64;
    if let Some(loss) = kernels::cross_entropy(&student.logits, &targets, factor) {
        return loss;
    }
    -(log_softmax(student.logits.clone(), 1) * targets).sum() * factor
}

//! Cross-entropy with the labels: what a network without a teacher minimises.

use burn::tensor::{Tensor, activation::log_softmax};

use crate::{kernels, nets::Trace};

/// `-(1/N) Σ_n ln softmax(z_n)[y_n]`.
///
/// # Shapes
/// `targets`: `[batch, classes]`, one-hot or other distributions; the loss `[1]`, in nats.
pub fn cross_entropy(student: &Trace, targets: Tensor<2>) -> Tensor<1> {
    let [batch, _] = targets.dims();
    if let Some(loss) = kernels::cross_entropy(&student.logits, &targets, 1.0 / batch as f64) {
        return loss;
    }
    -(log_softmax(student.logits.clone(), 1) * targets).sum() / batch as f64
}

#[cfg(test)]
mod tests {
    use crate::{
        objectives::{Settings, check},
        verify::Of,
    };

    #[test]
    fn its_gradient_passes_finite_differences() {
        check::gradient("cross-entropy", &Settings::default(), Of::Logits, &check::SHAPES);
    }
}

//! Correlation congruence: the kernel matrix of the student's embeddings should be that of the teacher's.

use burn::tensor::Tensor;

use super::{
    Method, Settings,
    geometry::{compares, unit},
};
use crate::kernels::matmul;
use crate::nets::Trace;

/// `‖K(f) − K(g)‖_F²/N²` with `K_ij = e^{−2γ} Σ_{p ≤ P} (2γ)^p/p! (f_i · f_j)^p`, the series of the Gaussian kernel
/// `exp(−γ ‖f_i − f_j‖²)` of embeddings of length 1 (Peng et al. 2019, eq. 7).
///
/// Implementations disagree. This is that of the Knowledge-Distillation-Zoo, which the paper's formula needs: only for
/// unit vectors is the distance `2 − 2 f_i · f_j`. torchdistill leaves the embeddings as they are and takes the root of
/// the sum; RepDistiller has another loss under this name, of neighbours in the batch.
///
/// # Shapes
/// Embeddings: `[batch, features]`, as many features as each side likes; the loss `[1]`.
fn correlation(student: &Trace, teacher: &Trace, settings: &Settings) -> Tensor<1> {
    let kernel = |trace: &Trace| {
        let directions = unit(trace.embedding.clone(), 1);
        series(matmul(directions.clone(), directions.transpose()), settings)
    };
    (kernel(student) - kernel(teacher)).square().mean()
}

/// The kernel of cosines, its series by Horner's rule.
fn series(cosines: Tensor<2>, settings: &Settings) -> Tensor<2> {
    let double = 2.0 * settings.gamma;
    let begin = cosines.ones_like();
    let sum =
        (1..=settings.order).rev().fold(begin, |sum, order| sum * cosines.clone() * (double / f64::from(order)) + 1.0);
    sum * (-double).exp()
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, _, _| compares(2, student),
    ..Method::plain(|views, settings, _| Some(correlation(views.student, views.teacher?, settings).into()))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::Device;

    #[test]
    fn the_series_tends_to_the_gaussian() {
        let settings = Settings { order: 12, ..Settings::default() };
        for cosine in [-1.0_f32, 0.0, 0.6, 1.0] {
            let got = series(Tensor::from_data([[cosine]], &Device::flex()), &settings).into_scalar::<f32>();
            assert!((got - (-0.4 * (2.0 - 2.0 * cosine)).exp()).abs() < 1e-6);
        }
    }

    #[test]
    fn only_angles_count() {
        // Turned by 90° and each of another length.
        let teacher = check::trace(&[1.0, 2.0, -1.0, 0.5, 3.0, 0.0], 2);
        let student = check::trace(&[-4.0, 2.0, -0.5, -1.0, 0.0, 9.0], 2);
        assert!(check::loss("correlation", &student, &teacher, &[]).abs() < 1e-9);
    }
}

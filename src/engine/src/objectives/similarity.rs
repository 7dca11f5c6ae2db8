//! Similarity-preserving distillation: two examples that are alike to the teacher should be alike to the student.

use burn::tensor::Tensor;

use super::{
    Method,
    geometry::{compares, unit},
};
use crate::kernels::matmul;
use crate::nets::Trace;

/// `‖S(f) − S(g)‖_F²/N²` with `S(f)` the matrix of products `f fᵀ`, each of its rows brought to length 1 (Tung & Mori
/// 2019, eq. 4).
///
/// The authors flatten the last convolution's map; here, as for all relations, it is what the classifier reads.
///
/// # Shapes
/// Embeddings: `[batch, features]`, as many features as each side likes; the loss `[1]`.
fn similarity(student: &Trace, teacher: &Trace) -> Tensor<1> {
    let similarities = |trace: &Trace| unit(matmul(trace.embedding.clone(), trace.embedding.clone().transpose()), 1);
    (similarities(student) - similarities(teacher)).square().mean()
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, _, _| compares(2, student),
    ..Method::plain(|views, _, _| Some(similarity(views.student, views.teacher?).into()))
};

#[cfg(test)]
mod tests {
    use crate::objectives::check;

    #[test]
    fn only_products_count() {
        // Turned by 90°, doubled, and with a feature more: the products are four times as large, row by row.
        let teacher = check::trace(&[1.0, 2.0, -1.0, 0.5, 3.0, 0.0], 2);
        let student = check::trace(&[-4.0, 2.0, 0.0, -1.0, -2.0, 0.0, 0.0, 6.0, 0.0], 3);
        assert!(check::loss("similarity", &student, &teacher, &[]).abs() < 1e-6);
        // [1, 0] and [0, 1] against two that are the same: each row (1, 0) against (½, ½)√2.
        let apart =
            check::loss("similarity", &check::trace(&[1.0, 0.0, 0.0, 1.0], 2), &check::trace(&[1.0; 4], 2), &[]);
        assert!((apart - (2.0 - 2.0_f32.sqrt()) / 2.0).abs() < 1e-6);
    }
}

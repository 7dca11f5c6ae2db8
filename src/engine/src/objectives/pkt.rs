//! Probabilistic knowledge transfer: from each example, the others should be as likely neighbours for the student as
//! for the teacher.

use burn::tensor::{Tensor, activation::relu};

use super::{
    Method,
    geometry::{compares, unit},
};
use crate::kernels::matmul;
use crate::nets::Trace;

/// Keeps the logarithm of an unlikely neighbour finite, as in the authors' code.
const EPSILON: f64 = 1e-7;

/// `(1/N²) Σ_ij P_ij ln((P_ij + ε)/(Q_ij + ε))` with `P` and `Q` the matrices `(1 + cos(g_i, g_j))/2` of teacher and
/// student, each row divided by its sum (Passalis & Tefas 2018, eq. 7).
///
/// The paper leaves out an example's likeness to itself; the authors' code keeps it, and is followed.
///
/// # Shapes
/// Embeddings: `[batch, features]`, as many features as each side likes; the loss `[1]`.
fn pkt(student: &Trace, teacher: &Trace) -> Tensor<1> {
    let (answer, taught) = (neighbours(student.embedding.clone()), neighbours(teacher.embedding.clone()));
    (taught.clone() * ((taught + EPSILON).log() - (answer + EPSILON).log())).mean()
}

/// The likelihood of each example to be the neighbour of each; rows add up to 1.
fn neighbours(embedding: Tensor<2>) -> Tensor<2> {
    let directions = unit(embedding, 1);
    let cosines = matmul(directions.clone(), directions.transpose());
    // A cosine can be rounded below −1, and no likelihood is negative.
    let likelihoods = relu((cosines + 1.0) * 0.5);
    likelihoods.clone() / likelihoods.sum_dim(1)
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, _, _| compares(2, student),
    ..Method::plain(|views, _, _| Some(pkt(views.student, views.teacher?).into()))
};

#[cfg(test)]
mod tests {
    use crate::objectives::check;

    #[test]
    fn only_angles_count() {
        // Turned by 90° and each of another length.
        let teacher = check::trace(&[1.0, 2.0, -1.0, 0.5, 3.0, 0.0], 2);
        let student = check::trace(&[-4.0, 2.0, -0.5, -1.0, 0.0, 9.0], 2);
        assert!(check::loss("pkt", &student, &teacher, &[]).abs() < 1e-7);
    }

    #[test]
    fn by_hand() {
        // At a right angle: rows (1, ½)/1.5. In one direction: rows (1, 1)/2.
        let (right, one) = (check::trace(&[1.0, 0.0, 0.0, 1.0], 2), check::trace(&[1.0, 0.0, 2.0, 0.0], 2));
        let third = 1.0 / 3.0_f32;
        let want = 0.5 * (2.0 * third * (4.0 * third).ln() + third * (2.0 * third).ln());
        assert!((check::loss("pkt", &one, &right, &[]) - want).abs() < 1e-6);
    }
}

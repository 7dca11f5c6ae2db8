//! Relational distillation by distances: what lies twice as far apart as the average pair for the teacher should do so
//! for the student.

use burn::tensor::Tensor;

use super::{
    Method,
    geometry::{Distances, compares, huber},
};
use crate::nets::Trace;

/// `(1/N²) Σ_ij h(‖f_i − f_j‖/μ_f − ‖g_i − g_j‖/μ_g)` with `μ` the mean distance of two different examples and `h`
/// Huber's loss (Park et al. 2019, eq. 5). The mean is over all pairs, an example with itself among them, as in the
/// authors' code.
///
/// # Shapes
/// Embeddings: `[batch, features]`, as many features as each side likes; the loss `[1]`.
fn rkd_distance(student: &Trace, teacher: &Trace) -> Tensor<1> {
    huber(relative(student.embedding.clone()) - relative(teacher.embedding.clone())).mean()
}

/// The distances of all pairs, divided by their mean.
fn relative(embedding: Tensor<2>) -> Tensor<2> {
    /// Keeps embeddings that are all one from being divided by zero.
    const SHORTEST: f64 = 1e-12;
    let [batch, _] = embedding.dims();
    let lengths = Distances::of(embedding).lengths();
    let pairs = batch * batch.saturating_sub(1);
    let mean = lengths.clone().sum() / pairs.max(1) as f64 + SHORTEST;
    lengths / mean.reshape([1, 1])
}

/// How it is computed.
pub const METHOD: Method = Method {
    // Between two examples there is one distance, which is the mean one.
    side_matrices: |student, _, _| compares(3, student),
    ..Method::plain(|views, _, _| Some(rkd_distance(views.student, views.teacher?).into()))
};

#[cfg(test)]
mod tests {
    use crate::objectives::check;

    #[test]
    fn only_relative_distances_count() {
        // Turned by 90°, doubled and moved by (10, −10).
        let teacher = check::trace(&[1.0, 2.0, -1.0, 0.5, 3.0, 0.0], 2);
        let student = check::trace(&[6.0, -8.0, 9.0, -12.0, 10.0, -4.0], 2);
        assert!(check::loss("rkd-distance", &student, &teacher, &[]).abs() < 1e-6);
    }

    #[test]
    fn by_hand() {
        // On a line 0, 1, 2: distances 1, 1, 2, mean 4/3. Against an equilateral triangle, where all are 1.
        let line = check::trace(&[0.0, 0.0, 1.0, 0.0, 2.0, 0.0], 2);
        let triangle = check::trace(&[0.0, 0.0, 1.0, 0.0, 0.5, 0.75_f32.sqrt()], 2);
        // ½ (¼² + ¼² + ½²), twice, of nine.
        let want = 0.375 / 9.0;
        assert!((check::loss("rkd-distance", &line, &triangle, &[]) - want).abs() < 1e-5);
    }
}

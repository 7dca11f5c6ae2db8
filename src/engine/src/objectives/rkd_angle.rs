//! Relational distillation by angles: three examples should form the triangle for the student that they form for the
//! teacher.

use burn::tensor::Tensor;

use super::{
    Method,
    geometry::{Distances, compares, huber},
};
use crate::nets::Trace;

/// The most examples of a batch that are looked at, the authors' batch (RepDistiller's recipe): the angles are as many
/// as its third power, a thousand million for the largest batch that can be chosen.
const EXAMPLES: usize = 64;

/// `(1/N³) Σ_ijk h(cos∠ f_j f_i f_k − cos∠ g_j g_i g_k)` with the angle at `i` and `h` Huber's loss (Park et al. 2019,
/// eq. 8). The mean is over all triples, those with an example twice among them, as in the authors' code.
///
/// # Shapes
/// Embeddings: `[batch, features]`, as many features as each side likes; the loss `[1]`.
fn rkd_angle(student: &Trace, teacher: &Trace) -> Tensor<1> {
    huber(cosines(student.embedding.clone()) - cosines(teacher.embedding.clone())).mean()
}

/// `[examples, examples, examples]`: the cosine of the angle at the first between the second and the third, by the law
/// of cosines; 0 where two of them coincide.
fn cosines(embedding: Tensor<2>) -> Tensor<3> {
    let [batch, _] = embedding.dims();
    let count = batch.min(EXAMPLES);
    let distances = Distances::of(embedding.narrow(0, 0, count));
    let (squares, inverses) = (distances.squares.clone(), distances.inverses());
    let to_second = |pairs: &Tensor<2>| pairs.clone().reshape([count, count, 1]);
    let to_third = |pairs: &Tensor<2>| pairs.clone().reshape([count, 1, count]);
    let opposite = squares.clone().reshape([1, count, count]);
    (to_second(&squares) + to_third(&squares) - opposite) * to_second(&inverses) * to_third(&inverses) * 0.5
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, _, _| compares(3, student),
    ..Method::plain(|views, _, _| Some(rkd_angle(views.student, views.teacher?).into()))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::{Device, TensorData};
    use retort_spec::Incompatibility;

    #[test]
    fn the_angles_of_a_right_triangle() {
        let corners = Tensor::from_data([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]], &Device::flex());
        let cosines: Vec<f32> = cosines(corners).into_data().iter().collect();
        // At the first: 1 with the same leg twice, 0 between them. At the second: 3/5 between leg and hypotenuse.
        let want = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.6];
        for (got, want) in cosines.iter().zip(want) {
            assert!((got - want).abs() < 1e-5, "{cosines:?}");
        }
    }

    #[test]
    fn only_angles_count() {
        // Turned by 90°, doubled and moved by (10, −10).
        let teacher = check::trace(&[1.0, 2.0, -1.0, 0.5, 3.0, 0.0], 2);
        let student = check::trace(&[6.0, -8.0, 9.0, -12.0, 10.0, -4.0], 2);
        assert!(check::loss("rkd-angle", &student, &teacher, &[]).abs() < 1e-6);
    }

    #[test]
    fn two_examples_are_refused_and_a_large_batch_is_cut() {
        let two = check::trace(&[1.0, 2.0, 3.0, 4.0], 2);
        assert_eq!(check::refusal("rkd-angle", &two, &two), Some(Incompatibility::Batch { needed: 3, given: 2 }));
        let many = Tensor::from_data(TensorData::new(vec![0.5_f32; 200], [100, 2]), &Device::flex());
        assert_eq!(cosines(many).dims(), [EXAMPLES; 3]);
    }
}

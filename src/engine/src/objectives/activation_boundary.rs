//! Activation boundaries: before the student learns the task, its neurons learn to fire when the teacher's do, however
//! much.

use burn::tensor::{Tensor, activation::relu};

use super::{
    Loss, Method, Settings, SideMatrix, Views,
    maps::{Usual, convolved, pairs, pooled},
};

/// `Σ_l 2^{l−L+1} (1/N) Σ ((F + m)² [F > −m, G ≤ 0] + (F − m)² [F ≤ m, G > 0])` with `F` and `G` the stages before
/// their activation functions, `F` through a learned 1×1 convolution to the teacher's channels, and stages `l` from 0
/// to L − 1 (Heo et al. 2019, eq. 5), alone in the first stage.
///
/// Followed is the authors' code and RepDistiller's, in which earlier stages count half as much each. Both multiply by
/// 3/1000 besides, which belongs into the weight; and their connector has batch normalization, which is left out.
///
/// # Shapes
/// Maps: `[batch, places, channels]`; a matrix `[student's channels, teacher's channels]` for each pair; the loss
/// `[1]`.
fn activation_boundary(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = pairs(views.student, views.teacher?, settings.guided, Usual::All).ok()?;
    let count = pairs.len();
    let losses = pairs.into_iter().enumerate().map(|(index, (student, teacher))| {
        let side = student.side.min(teacher.side);
        let [answer, taught] = [student, teacher].map(|map| pooled(map.pre_activation.get(), map.side, side));
        let halvings = (count - 1 - index) as i32;
        boundary(convolved(answer, views.side_matrices.get(index)), taught, settings.margin) * 0.5_f64.powi(halvings)
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// What is on the wrong side of the margin, squared.
fn boundary(answer: Tensor<3>, taught: Tensor<3>, margin: f64) -> Tensor<1> {
    let [batch, _, _] = taught.dims();
    let fires = taught.greater_elem(0.0);
    let silent = relu(answer.clone() + margin).square().mask_fill(fires.clone(), 0.0);
    let firing = relu(answer * -1.0 + margin).square().mask_fill(fires.bool_not(), 0.0);
    (silent + firing).sum() / batch as f64
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        let pairs = pairs(student, teacher, settings.guided, Usual::All)?;
        let channels = pairs.into_iter().map(|(student, teacher)| (student.shape()[0], teacher.shape()[0]));
        Ok(channels.map(|(rows, columns)| SideMatrix::random(rows, columns)).collect())
    },
    ..Method::plain(|views, settings, _| activation_boundary(views, settings))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::Device;

    #[test]
    fn by_hand() {
        // Fires and should, beyond the margin and not; silent and should not be; silent and should; fires and should
        // not.
        let student = check::stages(2, &[(3, 1, &[2.0, 0.5, -0.5, -3.0, 1.0, -1.0])]);
        let teacher = check::stages(2, &[(3, 1, &[0.1, 9.0, 5.0, -1.0, -9.0, 0.0])]);
        // 0 + ¼ + 2¼ and 0 + 4 + 0, of two examples.
        assert_eq!(check::loss("activation-boundary", &student, &teacher, &[]), 3.25);
    }

    #[test]
    fn an_earlier_stage_counts_half_and_is_connected() {
        let stage: (usize, usize, &[f32]) = (1, 1, &[0.0]);
        let teacher = check::stages(1, &[(2, 1, &[1.0, -1.0]), (2, 1, &[1.0, -1.0])]);
        let connector = Tensor::<2>::from_data([[1.0, -1.0]], &Device::flex());
        let loss = check::loss(
            "activation-boundary",
            &check::stages(1, &[stage, stage]),
            &teacher,
            &[connector.clone(), connector],
        );
        // Each stage: 1 + 1.
        assert_eq!(loss, 3.0);
    }
}

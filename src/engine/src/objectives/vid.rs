//! Variational information distillation: the student's stages should tell as much as they can about the teacher's; a
//! channel that cannot be foretold is given a large variance and stops to pull.

use burn::tensor::{Tensor, activation::relu};

use super::{
    Loss, Method, Settings, SideMatrix, Views,
    geometry::softplus,
    maps::{Usual, convolved, met, pairs},
};

/// The smallest variance, as in the authors' code: a channel foretold exactly would else weigh without bounds.
const SMALLEST: f64 = 1e-5;
/// Convolutions of each pair, and after them the numbers that its variances are made of.
const PARTS: usize = 4;

/// `Σ_l mean ½ ((μ(F_l) − G_l)²/σ_l² + ln σ_l²)` with `μ` three 1×1 convolutions with ReLU between them and `σ² =
/// softplus(a) + 10⁻⁵` for each of the teacher's channels, at first 5 (Ahn et al. 2019, eq. 6, without the constant; as
/// RepDistiller has it).
///
/// # Shapes
/// Maps: `[batch, places, channels]`; for each pair matrices `[student's channels, teacher's channels]`, twice
/// `[teacher's channels, teacher's channels]`, and `[1, teacher's channels]`; the loss `[1]`, of either sign.
fn vid(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = pairs(views.student, views.teacher?, settings.guided, Usual::All).ok()?;
    let losses = pairs.into_iter().enumerate().map(|(index, (student, teacher))| {
        let [answer, taught] = met(student, teacher);
        let (mean, variance) = match views.side_matrices.get(index * PARTS..(index + 1) * PARTS) {
            Some([first, second, third, spread]) => {
                let inner = relu(convolved(answer, Some(first)));
                let mean = convolved(relu(convolved(inner, Some(second))), Some(third));
                (mean, softplus(spread.clone()) + SMALLEST)
            }
            _ => (answer, Tensor::full([1, 1], settings.variance, &taught.device())),
        };
        let squares = (mean - taught).square() / variance.clone().unsqueeze_dim(0);
        (squares.mean() + variance.log().mean()) * 0.5
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        let pairs = pairs(student, teacher, settings.guided, Usual::All)?;
        // The inverse of softplus.
        let spread = (settings.variance - SMALLEST).exp_m1().ln() as f32;
        let side_matrices = pairs.into_iter().flat_map(|(student, teacher)| {
            let ([narrow, _], [wide, _]) = (student.shape(), teacher.shape());
            let spread = SideMatrix { rows: 1, columns: wide, fill: Some(spread) };
            [SideMatrix::random(narrow, wide), SideMatrix::random(wide, wide), SideMatrix::random(wide, wide), spread]
        });
        Ok(side_matrices.collect())
    },
    ..Method::plain(|views, settings, _| vid(views, settings))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn a_stage_that_foretells_the_teacher_pays_for_the_variance_alone() {
        let (student, teacher) = (check::stages(1, &[(1, 1, &[3.0])]), check::stages(1, &[(2, 1, &[3.0, 6.0])]));
        let device = Device::flex();
        let side_matrices = (METHOD.side_matrices)(&student, &teacher, &Settings::default()).unwrap();
        let spread =
            TensorData::new(vec![side_matrices[3].fill.unwrap(); 2], [side_matrices[3].rows, side_matrices[3].columns]);
        let matrices: [Tensor<2>; 4] = [
            Tensor::from_data([[1.0, -1.0]], &device),
            // The second channel is below zero and cut off, so that what it is multiplied by does not matter.
            Tensor::from_data([[1.0, 2.0], [7.0, 7.0]], &device),
            Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &device),
            Tensor::from_data(spread, &device),
        ];
        let loss = check::loss("vid", &student, &teacher, &matrices);
        assert!((loss - 0.5 * 5.0_f32.ln()).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn every_pair_has_its_own_parts() {
        let student = check::stages(1, &[(1, 1, &[0.0]), (2, 1, &[0.0, 0.0])]);
        let teacher = check::stages(1, &[(3, 1, &[0.0; 3]), (4, 1, &[0.0; 4])]);
        let side_matrices = (METHOD.side_matrices)(&student, &teacher, &Settings::default()).unwrap();
        let shapes: Vec<[usize; 2]> = side_matrices.iter().map(|part| [part.rows, part.columns]).collect();
        assert_eq!(shapes, [[1, 3], [3, 3], [3, 3], [1, 3], [2, 4], [4, 4], [4, 4], [1, 4]]);
    }
}

//! Hints: before the student learns the task, its middle stage learns to foretell the teacher's.

use super::{
    Loss, Method, Settings, SideMatrix, Views,
    maps::{Usual, convolved, met, pairs},
};

/// `mean (r(F) − G)²` over examples, places and channels, with `r` a learned 1×1 convolution to the teacher's channels
/// (Romero et al. 2015, eq. 3), alone in the first stage, as theirs is.
///
/// They take half the sum of squares and let `r` be a convolution over several places, with a ReLU; RepDistiller takes
/// the mean, as here, so that the size of the maps does not matter. Maps of different sides are brought to one by the
/// mean, and what is left for `r` is the channels.
///
/// # Shapes
/// Maps: `[batch, places, channels]`; a matrix `[student's channels, teacher's channels]`; the loss `[1]`.
fn hint(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = pairs(views.student, views.teacher?, settings.guided, Usual::Middle).ok()?;
    let losses = pairs.into_iter().enumerate().map(|(index, (student, teacher))| {
        let [answer, taught] = met(student, teacher);
        (convolved(answer, views.side_matrices.get(index)) - taught).square().mean()
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        let pairs = pairs(student, teacher, settings.guided, Usual::Middle)?;
        let channels = pairs.into_iter().map(|(student, teacher)| (student.shape()[0], teacher.shape()[0]));
        Ok(channels.map(|(rows, columns)| SideMatrix::random(rows, columns)).collect())
    },
    ..Method::plain(|views, settings, _| hint(views, settings))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;
    use burn::tensor::{Device, Tensor};
    use retort_spec::Incompatibility;

    #[test]
    fn a_stage_that_foretells_the_teacher_loses_nothing() {
        // One channel of 2×2 places, with the mean 2; the teacher's three channels are 1, −2 and 0 times that, plus a
        // mistake of ½ in the last.
        let student = check::stages(1, &[(1, 2, &[0.0, 1.0, 3.0, 4.0])]);
        let teacher = check::stages(1, &[(3, 1, &[2.0, -4.0, 0.5])]);
        let regressor = Tensor::from_data([[1.0, -2.0, 0.0]], &Device::flex());
        let loss = check::loss("hint", &student, &teacher, &[regressor]);
        assert!((loss - 0.25 / 3.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn it_learns_a_matrix_and_needs_a_stage() {
        let (student, teacher) = (check::stages(1, &[(1, 1, &[0.0])]), check::stages(1, &[(3, 1, &[0.0; 3])]));
        let side_matrices = (METHOD.side_matrices)(&student, &teacher, &Settings::default());
        assert_eq!(side_matrices, Ok(vec![SideMatrix::random(1, 3)]));
        assert_eq!(check::refusal("hint", &student, &check::stages(1, &[])), Some(Incompatibility::NoStages));
    }
}

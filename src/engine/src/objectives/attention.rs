//! Attention transfer: the student should look where the teacher looks.

use burn::tensor::Tensor;

use super::{
    Loss, Method, Settings, Views,
    geometry::unit,
    maps::{Usual, met, with_places},
};

/// `Σ_l mean (A(F_l) − A(G_l))²` over examples and places, with `A(F) = vec Σ_c F_c²` brought to length 1 (Zagoruyko &
/// Komodakis 2017, eq. 2).
///
/// The mean is that of the authors' code, whose weight is 1000; the paper has the length of the difference. A pair of
/// stages with a single place has nothing to look at and is left out.
///
/// # Shapes
/// Maps: `[batch, places, channels]`, as many channels as each side likes; the loss `[1]`.
fn attention(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = with_places(views.student, views.teacher?, settings.guided, Usual::All).ok()?;
    let losses = pairs.into_iter().map(|(student, teacher)| {
        let [answer, taught] = met(student, teacher).map(attended);
        (answer - taught).square().mean()
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// `[batch, places, 1]`: how much goes on at each place, each example's of length 1.
fn attended(values: Tensor<3>) -> Tensor<3> {
    unit(values.square().sum_dim(2), 1)
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        with_places(student, teacher, settings.guided, Usual::All).map(|_| Vec::new())
    },
    ..Method::plain(|views, settings, _| attention(views, settings))
};

#[cfg(test)]
mod tests {

    use crate::objectives::check;
    use retort_spec::Incompatibility;

    #[test]
    fn by_hand_and_by_any_channels() {
        // The squares of the student's channels add up to (4, 3) where the teacher looks at the first place alone.
        let root = 2.0_f32.sqrt();
        let student = check::stages(1, &[(2, 2, &[root, -root, 3.0_f32.sqrt(), 0.0, 0.0, 0.0, 0.0, 0.0])]);
        let teacher = check::stages(1, &[(1, 2, &[-7.0, 0.0, 0.0, 0.0])]);
        // (0.8, 0.6) against (1, 0), over four places.
        assert!((check::loss("attention", &student, &teacher, &[]) - 0.4 / 4.0).abs() < 1e-6);
        let tripled = check::stages(1, &[(1, 2, &[-6.0, 3.0 * 3.0_f32.sqrt(), 0.0, 0.0])]);
        assert!(check::loss("attention", &student, &tripled, &[]).abs() < 1e-9);
    }

    #[test]
    fn layers_of_one_place_are_left_out_and_alone_refused() {
        let point = check::stages(1, &[(2, 1, &[1.0, 2.0])]);
        assert_eq!(check::refusal("attention", &point, &point), Some(Incompatibility::NoPlaces));
        let both = check::stages(1, &[(1, 2, &[1.0, 2.0, 3.0, 4.0]), (2, 1, &[1.0, 2.0])]);
        assert_eq!(check::refusal("attention", &both, &both), None);
        assert_eq!(check::refusal("attention", &both, &point), Some(Incompatibility::NoPlaces));
    }
}

//! Neuron selectivity: the student's channels together should react to the places that the teacher's channels react to.

use burn::tensor::Tensor;

use super::{
    Loss, Method, Settings, Views,
    geometry::unit,
    maps::{Usual, met, with_places},
};
use crate::kernels::matmul;

/// `Σ_l mean k(G_l, G_l) + mean k(F_l, F_l) − 2 mean k(F_l, G_l)` over pairs of channels and examples, with `k(x, y) =
/// (xᵀy)²` and each channel's map over the places brought to length 1: the squared maximum mean discrepancy of the two
/// sets of channels (Huang & Wang 2017, eq. 6, with the polynomial kernel of degree 2).
///
/// A pair of stages with a single place has one direction and is left out.
///
/// # Shapes
/// Maps: `[batch, places, channels]`, as many channels as each side likes; the loss `[1]`.
fn nst(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = with_places(views.student, views.teacher?, settings.guided, Usual::All).ok()?;
    let losses = pairs.into_iter().map(|(student, teacher)| {
        let [answer, taught] = met(student, teacher).map(|values| unit(values, 1));
        kernel(&taught, &taught) + kernel(&answer, &answer) - kernel(&answer, &taught) * 2.0
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// The mean of `(xᵀy)²` over all channels `x` of one and `y` of the other, and over the examples.
fn kernel(one: &Tensor<3>, other: &Tensor<3>) -> Tensor<1> {
    matmul(one.clone().swap_dims(1, 2), other.clone()).square().mean()
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        with_places(student, teacher, settings.guided, Usual::All).map(|_| Vec::new())
    },
    ..Method::plain(|views, settings, _| nst(views, settings))
};

#[cfg(test)]
mod tests {

    use crate::objectives::check;
    use retort_spec::Incompatibility;

    #[test]
    fn neither_order_nor_size_nor_sign_of_channels_matters() {
        // Two channels at four places; the student's are the teacher's, swapped, one tripled and one turned round.
        let teacher = check::stages(1, &[(2, 2, &[1.0, 0.5, 0.0, -1.0, 2.0, 0.0, -1.0, 3.0])]);
        let student = check::stages(1, &[(2, 2, &[1.5, -1.0, -3.0, 0.0, 0.0, -2.0, 9.0, 1.0])]);
        assert!(check::loss("nst", &student, &teacher, &[]).abs() < 1e-6);
    }

    #[test]
    fn by_hand() {
        // One channel each, that react to different places: 1 + 1 − 0.
        let student = check::stages(1, &[(1, 2, &[2.0, 0.0, 0.0, 0.0])]);
        let teacher = check::stages(1, &[(1, 2, &[0.0, 0.0, 0.0, 5.0])]);
        assert!((check::loss("nst", &student, &teacher, &[]) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn a_single_place_is_refused() {
        let point = check::stages(1, &[(2, 1, &[1.0, 2.0])]);
        assert_eq!(check::refusal("nst", &point, &point), Some(Incompatibility::NoPlaces));
    }
}

//! Factor transfer: the teacher's last stage is paraphrased by an autoencoder of its own, half as wide, and the student
//! learns a translation of the paraphrase.

use burn::tensor::Tensor;

use super::{
    Loss, Method, Settings, SideMatrix, Views, constant,
    geometry::{magnitude, unit},
    maps::{Usual, convolved, met, pairs},
};

/// The width of the paraphrase, as a share of the teacher's channels: the authors' k.
const SHARE: f64 = 0.5;

/// In the first stage `mean (d(p(G)) − G)²`, the autoencoder's error, the student untouched; afterwards `mean
/// |t(F)/‖t(F)‖ − p(G)/‖p(G)‖|` with the paraphraser `p` as it then is, over all channels and places of an example (Kim
/// et al. 2018, eq. 3).
///
/// Followed is the authors' code; RepDistiller's loss of this name compares attention maps. Their paraphraser and
/// translator are three 3×3 convolutions each, with leaky ReLUs and batch normalization; here `p`, `d` and `t` are 1×1
/// convolutions, which make the paraphrase the teacher's principal directions.
///
/// # Shapes
/// Maps: `[batch, places, channels]`; matrices `[teacher's channels, factors]`, `[factors, teacher's channels]` and
/// `[student's channels, factors]` for each pair; the loss `[1]`.
fn factor(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let pairs = pairs(views.student, views.teacher?, settings.guided, Usual::Last).ok()?;
    let losses = pairs.into_iter().enumerate().filter_map(|(index, (student, teacher))| {
        let [answer, taught] = met(student, teacher);
        let [encoder, decoder, translator] = [0, 1, 2].map(|part| views.side_matrices.get(3 * index + part));
        if views.is_first_stage {
            // Without matrices there is nothing to learn in this stage.
            let paraphrased = convolved(taught.clone(), encoder);
            return decoder.map(|decoder| (convolved(paraphrased, Some(decoder)) - taught).square().mean());
        }
        let paraphrased = convolved(taught, encoder.map(constant).as_ref());
        let translated = direction(convolved(answer, translator));
        Some(magnitude(translated - direction(paraphrased)).mean())
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// `[batch, places · channels]`: each example's numbers, of length 1.
fn direction(values: Tensor<3>) -> Tensor<2> {
    let [batch, places, channels] = values.dims();
    unit(values.reshape([batch, places * channels]), 1)
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        let pairs = pairs(student, teacher, settings.guided, Usual::Last)?;
        let side_matrices = pairs.into_iter().flat_map(|(student, teacher)| {
            let ([narrow, _], [wide, _]) = (student.shape(), teacher.shape());
            let factors = (wide as f64 * SHARE).ceil() as usize;
            [SideMatrix::random(wide, factors), SideMatrix::random(factors, wide), SideMatrix::random(narrow, factors)]
        });
        Ok(side_matrices.collect())
    },
    ..Method::plain(|views, settings, _| factor(views, settings))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        nets::Trace,
        objectives::{Memory, check},
    };
    use burn::tensor::Device;

    fn traces() -> (Trace, Trace) {
        (check::stages(1, &[(1, 1, &[5.0])]), check::stages(1, &[(2, 1, &[3.0, 4.0])]))
    }

    /// `p` keeps the first channel and `d` puts it back; `t` turns the sign.
    fn side_matrices() -> Vec<Tensor<2>> {
        let device = Device::flex().autodiff();
        let [encoder, decoder, translator]: [Tensor<2>; 3] = [
            Tensor::from_data([[1.0], [0.0]], &device),
            Tensor::from_data([[1.0, 0.0]], &device),
            Tensor::from_data([[-1.0]], &device),
        ];
        [encoder, decoder, translator].map(Tensor::require_grad).to_vec()
    }

    fn loss(side_matrices: &[Tensor<2>], is_first_stage: bool) -> Tensor<1> {
        let (student, teacher) = traces();
        let lift = |trace: Trace| {
            let mut trace = trace;
            for map in &mut trace.maps {
                map.values = map.values.clone().autodiff();
            }
            trace
        };
        let (student, teacher) = (lift(student), lift(teacher));
        let views = Views {
            student: &student,
            teacher: Some(&teacher),
            targets: None,
            rows: &[0],
            side_matrices,
            progress: 0.0,
            is_first_stage,
        };
        (METHOD.loss)(&views, &Settings::default(), &mut Memory::new(1, 1, "factor")).unwrap().value
    }

    #[test]
    fn the_first_stage_is_the_paraphrasers_and_the_second_the_translators() {
        let side_matrices = side_matrices();
        // (3, 4) becomes (3, 0).
        let first = loss(&side_matrices, true);
        assert_eq!(first.clone().into_scalar::<f32>(), 8.0);
        let gradients = first.backward();
        assert_eq!([0, 1, 2].map(|part| side_matrices[part].grad(&gradients).is_some()), [true, true, false]);
        // −5 against 3, both of length 1: opposite.
        let second = loss(&side_matrices, false);
        assert!((second.clone().into_scalar::<f32>() - 2.0).abs() < 1e-6);
        let gradients = second.backward();
        assert_eq!([0, 1, 2].map(|part| side_matrices[part].grad(&gradients).is_some()), [false, false, true]);
    }

    #[test]
    fn the_paraphrase_is_half_as_wide_as_the_teacher() {
        let (student, teacher) = traces();
        let side_matrices = (METHOD.side_matrices)(&student, &teacher, &Settings::default());
        assert_eq!(
            side_matrices,
            Ok(vec![SideMatrix::random(2, 1), SideMatrix::random(1, 2), SideMatrix::random(1, 1)])
        );
    }
}

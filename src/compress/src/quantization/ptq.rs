//! Quantization after training: ranges evened out before, weights rounded one way or another, biases corrected, and the
//! numbers between the layers calibrated.

use rand_chacha::ChaCha8Rng;
use retort_spec::{Bits, PtqMethod, QuantScheme};

use crate::{
    Layer,
    network::model::{Coding, Model, Values},
    quantization::{
        activations::calibrate, adaround, bias_correction::correct_biases, equalize::equalize, gptq, weights,
    },
    random::stream,
    run::{calibration::layer_inputs, net},
};

/// Writes a network in a scheme's format and mends it as the scheme says.
///
/// Ranges are evened out only where no layer has two factors, and AdaRound and GPTQ leave the layers that do to nearest
/// rounding. Without calibration examples nothing is repaired that would need them.
///
/// # Shapes
/// `calibration`: `[examples, features]`; `progress` goes from 0 to 1.
pub fn quantize(
    float: &Model,
    scheme: &QuantScheme,
    calibration: &[f32],
    seed: u32,
    progress: &mut dyn FnMut(f64),
) -> Model {
    let scheme = scheme.effective();
    let mut model = equalized(float, &scheme);
    let aim = model.to_layers();
    round(&mut model, &aim, &scheme, calibration, &mut stream(seed, "rounding"), progress);
    if matches!(scheme.repair, PtqMethod::BiasCorrection | PtqMethod::EqualizeAndCorrect) {
        correct_biases(&aim, &mut model, calibration);
    }
    model.activations = calibrate(&model, scheme.activations, calibration);
    progress(1.0);
    model
}

/// The network that a scheme's codes stand for: the same, with ranges evened out where the scheme says so.
pub fn equalized(float: &Model, scheme: &QuantScheme) -> Model {
    let mut model = Model { activations: Coding::Float, ..float.clone() };
    if matches!(scheme.effective().repair, PtqMethod::Equalize | PtqMethod::EqualizeAndCorrect) {
        even_out(&mut model);
    }
    model
}

/// Equalizes a network whose layers are single matrices; what is masked out stays so.
fn even_out(model: &mut Model) {
    if model.layers.iter().any(|part| part.factors.len() > 1) {
        return;
    }
    let mut layers = model.to_layers();
    equalize(model.kind, &mut layers);
    for (part, layer) in model.layers.iter_mut().zip(layers) {
        part.bias = layer.bias;
        for matrix in &mut part.factors {
            matrix.values = Values::Float { bits: Bits::B32, values: layer.weight.clone() };
        }
    }
}

/// Quantizes layer by layer; what AdaRound and GPTQ see going into a layer comes from the layers quantized before it.
fn round(
    model: &mut Model,
    aim: &[Layer],
    scheme: &QuantScheme,
    calibration: &[f32],
    generator: &mut ChaCha8Rng,
    progress: &mut dyn FnMut(f64),
) {
    let (kind, features, count) = (model.kind, model.features, model.layers.len());
    let is_learned =
        matches!(scheme.repair, PtqMethod::AdaRound | PtqMethod::Gptq) && calibration.len() >= features.max(1);
    let mut layers = aim.to_vec();
    for (place, part) in model.layers.iter_mut().enumerate() {
        let done = |share: f64| (place as f64 + share) / count as f64;
        match &mut part.factors[..] {
            [matrix] if is_learned => {
                let rows = layer_inputs(kind, features, &layers, calibration, place);
                *matrix = if scheme.repair == PtqMethod::Gptq {
                    gptq::quantize(matrix, scheme, &rows)
                } else {
                    let Layer { weight, outputs, .. } = &aim[place];
                    let targets = layer_inputs(kind, features, aim, calibration, place);
                    let targets = net::affine(&targets, weight, &vec![0.0; *outputs]);
                    let mut progress = |share| progress(done(share));
                    adaround::quantize(matrix, scheme, &rows, &targets, adaround::ITERATIONS, generator, &mut progress)
                };
            }
            factors => {
                for matrix in factors {
                    *matrix = weights::quantize(matrix, scheme, generator);
                }
            }
        }
        layers[place].weight = part.weight();
        progress(done(1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quantization::layer_pairs::tests::{examples, networks},
        reduction::{lowrank, prune},
    };
    use retort_spec::{NetworkKind, Rank};

    fn quantized(model: &Model, scheme: &str, calibration: &[f32]) -> Model {
        let mut last = 0.0;
        let got = quantize(model, &scheme.parse().unwrap(), calibration, 1, &mut |done| {
            assert!(done >= last, "{last} {done}");
            last = done;
        });
        assert_eq!(last, 1.0);
        got
    }

    /// How far logits are off, as a share of their own size, on examples that nothing was calibrated with.
    fn error(float: &Model, scheme: &str) -> f32 {
        let all = examples(240, float.features);
        let (calibration, held_out) = all.split_at(200 * float.features);
        let (before, after) = (float.logits(held_out), quantized(float, scheme, calibration).logits(held_out));
        let squared = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>();
        squared(&mut before.iter().zip(&after).map(|(a, b)| a - b)) / squared(&mut before.iter().copied())
    }

    #[test]
    fn every_repair_mends_every_kind_of_network() {
        for (kind, features, layers) in networks() {
            let float = Model::new(kind, features, &layers);
            let plain = error(&float, "3:tensor");
            for repair in ["bias-correction", "equalize-and-correct", "adaround", "gptq"] {
                let mended = error(&float, &format!("3:tensor:{repair}"));
                assert!(mended < plain, "{kind} {repair}: {mended} {plain}");
            }
        }
    }

    #[test]
    fn plain_quantization_is_that_of_the_weights() {
        for (kind, features, layers) in networks() {
            let float = Model::new(kind, features, &layers);
            for text in ["8", "bf16", "4:stochastic", "1"] {
                let scheme = text.parse().unwrap();
                let mut generator = stream(1, "rounding");
                let got = quantized(&float, text, &[]);
                for (part, before) in got.layers.iter().zip(&float.layers) {
                    assert_eq!(part.factors[0], weights::quantize(&before.factors[0], &scheme, &mut generator));
                    assert_eq!(part.bias, before.bias);
                }
                assert_eq!(got.activations, Coding::Float);
            }
        }
    }

    #[test]
    fn factors_and_masks_go_through_every_repair() {
        let calibration = examples(60, 64);
        for (kind, features, layers) in networks() {
            let model = lowrank::factor(&Model::new(kind, features, &layers), Rank::Count(2));
            let model = prune::weights(&model, 0.5);
            assert!(model.layers.iter().any(|part| part.factors.len() == 2));
            let pruned = prune::weights(&Model::new(kind, features, &layers), 0.5);
            for repair in PtqMethod::ALL {
                let text = format!("4:{repair}:static-mse");
                for model in [&model, &pruned] {
                    let got = quantized(model, &text, &calibration);
                    for (after, before) in got.layers.iter().zip(&model.layers) {
                        for (after, before) in after.factors.iter().zip(&before.factors) {
                            assert_eq!(after.mask, before.mask);
                            assert!(matches!(after.values, Values::Codes(_)));
                        }
                    }
                    assert!(matches!(&got.activations, Coding::Static(all) if all.len() == layers.len() + 1));
                    assert!(got.logits(&calibration).iter().all(|logit| logit.is_finite()), "{kind} {text}");
                    // Nothing to calibrate with.
                    quantized(model, &text, &[]);
                }
            }
        }
    }

    #[test]
    fn a_network_of_no_kind_is_left_alone() {
        let nothing = Model { kind: NetworkKind::Mlp, features: 4, layers: Vec::new(), activations: Coding::Float };
        assert_eq!(quantized(&nothing, "4:gptq", &[0.0; 8]), nothing);
    }
}

//! Cross-layer equalization: what one layer's channels have too much of, the next layer's have too little (Nagel et al.
//! 2019, section 4.1).

use retort_spec::NetworkKind;

use crate::{Layer, quantization::layer_pairs, run::net::Shape};

/// Rounds over all pairs of layers; few are enough for ranges to settle.
const ROUNDS: usize = 20;

/// Rounds end when no channel changes by more than this share.
const SETTLED: f32 = 1e-3;

/// Scales channels so that each has the same range in the layer that gives it and in the layer that takes it. The
/// network computes what it did before, as a ReLU lets a positive factor through.
///
/// A channel of range 0 on either side stays as it is. Biases take no part in the ranges.
pub fn equalize(kind: NetworkKind, layers: &mut [Layer]) {
    let shapes: Vec<Shape> = layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect();
    let pairs = layer_pairs::pairs(kind, &shapes);
    for _ in 0..ROUNDS {
        let mut change = 0.0_f32;
        for &(source, sink) in &pairs {
            change = change.max(even_out(layers, source, sink));
        }
        if change <= SETTLED {
            break;
        }
    }
}

/// Equalizes one pair and returns the largest change of a channel.
fn even_out(layers: &mut [Layer], source: usize, sink: usize) -> f32 {
    let (gives, takes) = (ranges(&layers[source], false), ranges(&layers[sink], true));
    let channels = gives.len();
    // A row of a wider sink reads the channel that its place runs through.
    let taken = |channel: usize| takes.iter().skip(channel).step_by(channels).fold(0.0_f32, |most, r| most.max(*r));
    let factor = |(channel, &given): (usize, &f32)| {
        let factor = (taken(channel) / given).sqrt();
        if factor.is_normal() { factor } else { 1.0 }
    };
    let factors: Vec<f32> = gives.iter().enumerate().map(factor).collect();
    let Layer { outputs, weight, bias, .. } = &mut layers[source];
    for row in weight.chunks_exact_mut((*outputs).max(1)).chain([&mut bias[..]]) {
        row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor);
    }
    let Layer { outputs, weight, .. } = &mut layers[sink];
    for (row, factor) in weight.chunks_exact_mut((*outputs).max(1)).zip(factors.iter().cycle()) {
        row.iter_mut().for_each(|w| *w /= factor);
    }
    factors.iter().fold(0.0, |most, factor| most.max((factor - 1.0).abs()))
}

/// The largest magnitude of each row, or of each column.
fn ranges(layer: &Layer, of_rows: bool) -> Vec<f32> {
    let mut ranges = vec![0.0_f32; if of_rows { layer.inputs } else { layer.outputs }];
    for (index, w) in layer.weight.iter().enumerate() {
        let place = if of_rows { index / layer.outputs } else { index % layer.outputs };
        ranges[place] = ranges[place].max(w.abs());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        network::model::Model,
        quantization::{
            layer_pairs::tests::{examples, networks},
            weights::quantize,
        },
        random::stream,
    };

    /// Makes the channels of each pair differ a thousandfold without changing the network.
    fn spoilt(kind: NetworkKind, layers: &[Layer]) -> Vec<Layer> {
        let mut layers = layers.to_vec();
        let shapes: Vec<Shape> = layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect();
        for (source, sink) in layer_pairs::pairs(kind, &shapes) {
            let channels = layers[source].outputs;
            let factor = |channel: usize| 1000.0_f32.powf(channel as f32 / channels as f32 - 0.5);
            let Layer { weight, bias, .. } = &mut layers[source];
            for row in weight.chunks_exact_mut(channels).chain([&mut bias[..]]) {
                row.iter_mut().enumerate().for_each(|(channel, w)| *w *= factor(channel));
            }
            let outputs = layers[sink].outputs;
            for (index, w) in layers[sink].weight.iter_mut().enumerate() {
                *w /= factor(index / outputs % channels);
            }
        }
        layers
    }

    fn distance(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt() / a.iter().map(|a| a * a).sum::<f32>().sqrt()
    }

    #[test]
    fn one_pair_by_hand() {
        let source = Layer { inputs: 1, outputs: 3, weight: vec![8.0, -1.0, 0.0], bias: vec![4.0, 1.0, 1.0] };
        let sink = Layer { inputs: 3, outputs: 1, weight: vec![2.0, -1.0, 5.0], bias: vec![0.0] };
        let mut layers = vec![source, sink];
        equalize(NetworkKind::Mlp, &mut layers);
        assert_eq!((&layers[0].weight[..], &layers[0].bias[..]), (&[4.0, -1.0, 0.0][..], &[2.0, 1.0, 1.0][..]));
        assert_eq!(layers[1].weight, [4.0, -1.0, 5.0]);
    }

    #[test]
    fn logits_stay_and_four_bits_suffice_again() {
        for (kind, features, layers) in networks() {
            let layers = spoilt(kind, &layers);
            let inputs = examples(20, features);
            let logits = Model::new(kind, features, &layers).logits(&inputs);
            let mut even = layers.clone();
            equalize(kind, &mut even);
            assert!(distance(&logits, &Model::new(kind, features, &even).logits(&inputs)) < 1e-4, "{kind}");

            let error = |layers: &[Layer]| {
                let mut model = Model::new(kind, features, layers);
                for part in &mut model.layers {
                    part.factors[0] =
                        quantize(&part.factors[0], &"4:tensor".parse().unwrap(), &mut stream(1, "rounding"));
                }
                distance(&logits, &model.logits(&inputs))
            };
            assert!(error(&even) < 0.5 * error(&layers), "{kind}: {} {}", error(&even), error(&layers));
        }
    }
}

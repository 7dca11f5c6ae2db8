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
            let reads = |weight: usize| layer_pairs::channel_read(kind, &shapes, (source, sink), weight);
            change = change.max(even_out(layers, (source, sink), &reads));
        }
        if change <= SETTLED {
            break;
        }
    }
}

/// Equalizes one pair and returns the largest change of a channel; `reads` says which channel a weight of the sink
/// reads.
fn even_out(layers: &mut [Layer], (source, sink): (usize, usize), reads: &dyn Fn(usize) -> usize) -> f32 {
    let outputs = layers[source].outputs;
    let (gives, takes) =
        (ranges(&layers[source], outputs, &|weight| weight % outputs), ranges(&layers[sink], outputs, reads));
    let factor = |(given, taken): (&f32, &f32)| {
        let factor = (taken / given).sqrt();
        if factor.is_normal() { factor } else { 1.0 }
    };
    let factors: Vec<f32> = gives.iter().zip(&takes).map(factor).collect();
    let Layer { weight, bias, .. } = &mut layers[source];
    for row in weight.chunks_exact_mut(outputs.max(1)).chain([&mut bias[..]]) {
        row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor);
    }
    layers[sink].weight.iter_mut().enumerate().for_each(|(place, w)| *w /= factors[reads(place)]);
    factors.iter().fold(0.0, |most, factor| most.max((factor - 1.0).abs()))
}

/// The largest magnitude of the weights of each channel.
fn ranges(layer: &Layer, channels: usize, channel: &dyn Fn(usize) -> usize) -> Vec<f32> {
    let mut ranges = vec![0.0_f32; channels];
    for (place, w) in layer.weight.iter().enumerate() {
        let range = &mut ranges[channel(place)];
        *range = range.max(w.abs());
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
            for (index, w) in layers[sink].weight.iter_mut().enumerate() {
                *w /= factor(layer_pairs::channel_read(kind, &shapes, (source, sink), index));
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

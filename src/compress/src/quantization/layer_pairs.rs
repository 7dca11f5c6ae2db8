//! Which layers hand channels to which, with nothing between them but what leaves a channel's sign and scale alone.

use retort_spec::NetworkKind;

use crate::{network::shapes::is_depthwise, run::net::Shape};

/// Pairs of layers, a source and the only layer that reads its outputs, in the network's order; [`channel_read`] says
/// which of them.
///
/// Between them stand a ReLU and, in a convolutional network, max pooling; both commute with a positive factor. In a
/// residual network only the two convolutions of a block are such a pair: all other channels are added to others.
pub fn pairs(kind: NetworkKind, shapes: &[Shape]) -> Vec<(usize, usize)> {
    match kind {
        NetworkKind::Mlp | NetworkKind::Conv | NetworkKind::Separable => {
            (1..shapes.len()).map(|sink| (sink - 1, sink)).collect()
        }
        NetworkKind::Residual => {
            let (mut pairs, mut at) = (Vec::new(), 1);
            let mut channels = shapes.first().map_or(0, |stem| stem.1);
            while at + 2 < shapes.len() {
                pairs.push((at, at + 1));
                // A block whose width changes ends with the 1×1 convolution of its input.
                at += if shapes[at + 1].1 == channels { 2 } else { 3 };
                channels = shapes[at - 1].1;
            }
            pairs
        }
        NetworkKind::Transformer | NetworkKind::Lstm => Vec::new(),
    }
}

/// Those of the pairs whose channels can go: a channel that a layer sees alone would have to go from three layers.
pub fn removable(kind: NetworkKind, shapes: &[Shape]) -> Vec<(usize, usize)> {
    let alone = |layer| is_depthwise(kind, shapes.len(), layer);
    let mut pairs = pairs(kind, shapes);
    pairs.retain(|&(source, sink)| !alone(source) && !alone(sink));
    pairs
}

/// The channel of the source that a weight of its sink reads: inputs run with the channel fastest, and a layer that
/// sees every channel alone has a column for each.
pub fn channel_read(kind: NetworkKind, shapes: &[Shape], (source, sink): (usize, usize), weight: usize) -> usize {
    let (channels, outputs) = (shapes[source].1, shapes[sink].1);
    if is_depthwise(kind, shapes.len(), sink) { weight % outputs } else { weight / outputs % channels }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Layer, random::stream};
    use rand::RngExt;

    /// Small networks of every kind with their numbers of features: an MLP, a LeNet of an 8×8 image, the same of
    /// separable convolutions, a residual network with a block that keeps its width and one that widens.
    pub(crate) fn networks() -> Vec<(NetworkKind, usize, Vec<Layer>)> {
        let network = |kind, features, shapes: &[Shape]| {
            let mut generator = stream(5, "network");
            let layer = |&(inputs, outputs): &Shape| {
                let mut draw = |count: usize, most: f32| -> Vec<f32> {
                    (0..count).map(|_| generator.random_range(-most..most)).collect()
                };
                let weight = draw(inputs * outputs, (6.0 / inputs as f32).sqrt());
                Layer { inputs, outputs, weight, bias: draw(outputs, 0.1) }
            };
            (kind, features, shapes.iter().map(layer).collect())
        };
        vec![
            network(NetworkKind::Mlp, 64, &[(64, 12), (12, 8), (8, 4)]),
            network(NetworkKind::Conv, 64, &[(9, 4), (36, 6), (24, 4)]),
            network(NetworkKind::Separable, 64, &[(9, 4), (9, 4), (4, 6), (24, 4)]),
            network(NetworkKind::Residual, 64, &[(9, 4), (36, 5), (45, 4), (36, 6), (54, 8), (4, 8), (8, 4)]),
        ]
    }

    /// Examples like images: half of the numbers are zero.
    pub(crate) fn examples(count: usize, features: usize) -> Vec<f32> {
        let mut generator = stream(9, "examples");
        (0..count * features).map(|_| generator.random_range(-1.0..1.0_f32).max(0.0)).collect()
    }

    #[test]
    fn only_channels_of_one_reader_are_paired() {
        let of = |place: usize| {
            let (kind, _, layers) = &networks()[place];
            pairs(*kind, &layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect::<Vec<_>>())
        };
        assert_eq!(of(0), [(0, 1), (1, 2)]);
        assert_eq!(of(1), [(0, 1), (1, 2)]);
        assert_eq!(of(2), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(of(3), [(1, 2), (3, 4)]);
        assert_eq!(removable(NetworkKind::Separable, &[(9, 4), (9, 4), (4, 6), (24, 4)]), [(2, 3)]);
    }
}

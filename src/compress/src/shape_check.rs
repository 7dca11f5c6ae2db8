//! Whether layers make a network.

use retort_spec::{Architecture, NetworkKind};

use crate::net::Shape;

/// Whether layers of these shapes make a network of that kind on examples of so many numbers, so that
/// [`forward`](crate::net::forward) finds every layer as wide as what goes into it.
///
/// A residual network may have any number of channels between the two convolutions of a block, as it has when channels
/// were pruned.
pub fn is_network(kind: NetworkKind, features: usize, shapes: &[Shape]) -> bool {
    let Some((&(last, classes), before)) = shapes.split_last() else { return false };
    if features == 0 || classes == 0 || shapes.iter().any(|&(inputs, outputs)| inputs == 0 || outputs == 0) {
        return false;
    }
    let side = features.isqrt();
    // What a classifier takes in.
    let taken = match kind {
        NetworkKind::Mlp => chain(features, before),
        _ if side * side != features => None,
        NetworkKind::Conv => conv(side, before),
        NetworkKind::Residual => residual(before),
    };
    taken == Some(last)
}

fn chain(features: usize, layers: &[Shape]) -> Option<usize> {
    let mut width = features;
    for &(inputs, outputs) in layers {
        if inputs != width {
            return None;
        }
        width = outputs;
    }
    Some(width)
}

/// Inputs of a convolution.
fn windows(window: usize, channels: usize) -> usize {
    (window * window).saturating_mul(channels)
}

fn conv(mut side: usize, layers: &[Shape]) -> Option<usize> {
    let (window, mut channels) = (Architecture::window(side), 1);
    for &(inputs, outputs) in layers {
        if inputs != windows(window, channels) {
            return None;
        }
        channels = outputs;
        side = (side / 2).max(1);
    }
    Some(windows(side, channels))
}

fn residual(layers: &[Shape]) -> Option<usize> {
    let (&(inputs, mut channels), mut rest) = layers.split_first()?;
    if inputs != windows(3, 1) {
        return None;
    }
    while let [first, second, after @ ..] = rest {
        if first.0 != windows(3, channels) || second.0 != windows(3, first.1) {
            return None;
        }
        rest = after;
        if second.1 != channels {
            let (&around, after) = rest.split_first()?;
            if around != (channels, second.1) {
                return None;
            }
            rest = after;
            channels = second.1;
        }
    }
    if rest.is_empty() { Some(channels) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{affine, forward};
    use NetworkKind::{Conv, Mlp, Residual};

    fn shapes(architecture: &str, features: usize) -> Vec<Shape> {
        let layers = architecture.parse::<Architecture>().unwrap().layers(features, 10);
        layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect()
    }

    #[test]
    fn every_architecture_fits_and_runs() {
        let texts =
            ["linear", "16", "7,5,3", "conv:2", "conv:3,4,5,2,3", "residual:2", "residual:2,3,3,2", "residual:1,1"];
        for text in texts {
            let kind = text.parse::<Architecture>().unwrap().kind;
            for features in [1, 4, 9, 64, 256] {
                let shapes = shapes(text, features);
                assert!(is_network(kind, features, &shapes), "{text} {features}");
                let logits = forward(kind, &shapes, &vec![1.0; 2 * features], features, &mut |layer, rows| {
                    let (inputs, outputs) = shapes[layer];
                    assert_eq!(rows.len() % inputs, 0);
                    affine(rows, &vec![0.5; inputs * outputs], &vec![0.0; outputs])
                });
                assert_eq!(logits.len(), 20, "{text} {features}");
            }
        }
    }

    #[test]
    fn pruned_channels_fit() {
        assert!(is_network(Conv, 64, &[(9, 3), (27, 2), (2 * 2 * 2, 10)]));
        assert!(is_network(Residual, 64, &[(9, 4), (36, 1), (9, 4), (4, 10)]));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        assert!(!is_network(Mlp, 64, &[]));
        assert!(!is_network(Mlp, 0, &[(0, 10)]));
        assert!(!is_network(Mlp, 64, &[(64, 0), (0, 10)]));
        assert!(!is_network(Mlp, 64, &[(64, 16), (15, 10)]));
        assert!(!is_network(Mlp, 63, &[(64, 16), (16, 10)]));
        assert!(!is_network(Conv, 63, &[(9, 3), (48, 10)]), "images are square");
        assert!(!is_network(Conv, 64, &[(25, 3), (48, 10)]), "another window");
        assert!(!is_network(Conv, 64, &[(9, 3), (64 * 3, 10)]), "not pooled");
        assert!(!is_network(Residual, 64, &[(9, 10)]), "no classifier");
        assert!(!is_network(Residual, 64, &[(9, 4), (36, 4), (4, 10)]), "half a block");
        assert!(!is_network(Residual, 64, &[(9, 4), (36, 5), (45, 5), (5, 10)]), "nothing widens the input");
        assert!(!is_network(Residual, 64, &[(9, 4), (36, 5), (45, 5), (5, 5), (5, 10)]), "it widens another");
        assert!(!is_network(Residual, usize::MAX, &[(9, usize::MAX), (usize::MAX, 10)]));
    }
}

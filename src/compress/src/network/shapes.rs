//! Whether layers make a network: their shapes, held against its geometry.

use retort_spec::{
    Architecture, Geometry, NetworkKind,
    geometry::{Layers, Misfit, Operation, Place, ShapeError},
};

/// Inputs and outputs of a layer's matrix.
pub type Shape = (usize, usize);

/// The geometry of a network whose layers have these shapes, on examples of so many numbers.
///
/// A residual network may have any number of channels between the two convolutions of a block, as it has when channels
/// were pruned.
///
/// # Errors
/// If a layer does not fit the one before, or there are too few or too many.
pub fn geometry(kind: NetworkKind, features: usize, shapes: &[Shape]) -> Result<Geometry, ShapeError> {
    let side = features.isqrt();
    if kind != NetworkKind::Mlp && (side == 0 || side * side != features) {
        return Err(Misfit::Image(features).of(0));
    }
    let mut given = Given { shapes, next: 0 };
    let geometry = Geometry::of(kind, features, &mut given)?;
    if given.next != shapes.len() {
        return Err(Misfit::Count(shapes.len()).of(given.next));
    }
    // Only what is as wide can be added.
    let (mut layer, mut width) = (0, 0);
    for operation in &geometry.operations {
        match *operation {
            Operation::Around { outputs, .. } if outputs != width => {
                return Err(Misfit::Inputs { inputs: outputs, expected: width }.of(layer));
            }
            Operation::Layer { outputs, .. } | Operation::Around { outputs, .. } => {
                (layer, width) = (layer + 1, outputs);
            }
            _ => {}
        }
    }
    Ok(geometry)
}

/// Whether layers of these shapes make a network of the kind that this program trains.
pub fn is_network(kind: NetworkKind, features: usize, shapes: &[Shape]) -> bool {
    // A convolutional network from elsewhere may have other windows.
    let usual = Architecture::window(features.isqrt());
    geometry(kind, features, shapes).is_ok_and(|geometry| {
        kind != NetworkKind::Conv || geometry.layers().all(|(place, _)| !place.convolution || place.window == usual)
    })
}

/// Whether a layer of a network of so many is a convolution of every channel alone.
pub fn is_depthwise(kind: NetworkKind, layers: usize, layer: usize) -> bool {
    kind == NetworkKind::Separable && layer % 2 == 1 && layer + 1 < layers
}

/// Layers whose shapes are known.
struct Given<'a> {
    shapes: &'a [Shape],
    next: usize,
}

impl Layers for Given<'_> {
    fn outputs(&self, ahead: usize) -> Option<usize> {
        self.shapes.get(self.next + ahead).map(|(_, outputs)| *outputs)
    }

    fn window(&self, channels: usize) -> Result<usize, ShapeError> {
        let inputs = self.shapes.get(self.next).map_or(0, |(inputs, _)| *inputs);
        let window = (inputs / channels.max(1)).isqrt();
        match window * window * channels == inputs {
            true => Ok(window),
            false => Err(Misfit::Window { inputs, channels }.of(self.next)),
        }
    }

    fn take(&mut self, place: Place) -> Result<usize, ShapeError> {
        let Some(&(inputs, outputs)) = self.shapes.get(self.next) else {
            return Err(Misfit::Count(self.shapes.len()).of(self.next));
        };
        let expected = place.inputs();
        if inputs != expected {
            return Err(Misfit::Inputs { inputs, expected }.of(self.next));
        }
        if inputs == 0 || outputs == 0 {
            return Err(Misfit::Numbers.of(self.next));
        }
        self.next += 1;
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::net::{affine, forward};
    use NetworkKind::{Conv, Mlp, Residual, Separable};

    fn shapes(architecture: &str, features: usize) -> Vec<Shape> {
        let layers = architecture.parse::<Architecture>().unwrap().layers(features, 10);
        layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect()
    }

    #[test]
    fn every_architecture_fits_and_runs() {
        let plain = ["linear", "16", "7,5,3", "conv:2", "conv:3,4,5,2,3"];
        let others = ["residual:2", "residual:2,3,3,2", "residual:1,1", "separable:3", "separable:2,5,3"];
        for text in plain.into_iter().chain(others) {
            let kind = text.parse::<Architecture>().unwrap().kind;
            for features in [1, 4, 9, 64, 256] {
                let shapes = shapes(text, features);
                let geometry = geometry(kind, features, &shapes).unwrap();
                for (layer, (place, _)) in geometry.layers().enumerate() {
                    assert_eq!(place.depthwise, is_depthwise(kind, shapes.len(), layer), "{text} {layer}");
                }
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
        assert!(!is_network(Separable, 64, &[(9, 4), (9, 5), (5, 6), (24, 10)]), "a channel from nowhere");
        assert!(!is_network(Separable, 64, &[(9, 4), (36, 4), (4, 6), (24, 10)]), "all channels at once");
        assert!(!is_network(Separable, 64, &[(9, 4), (9, 4), (16, 10)]), "half a stage");
        assert!(!is_network(Residual, usize::MAX, &[(9, usize::MAX), (usize::MAX, 10)]));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let said = |kind, features, shapes: &[Shape]| geometry(kind, features, shapes).unwrap_err().to_string();
        assert_eq!(said(Mlp, 4, &[(4, 3), (2, 1)]), "layer 1: 2 inputs, where 3 arrive");
        assert_eq!(said(Conv, 5, &[]), "layer 0: 5 numbers are not a square image");
        let window = said(Conv, 16, &[(8, 2), (8, 2)]);
        assert_eq!(window, "layer 0: 8 inputs are not a square window of 1 channels");
        assert_eq!(said(Mlp, 4, &[]), "layer 0: the network has 0 layers, which are too few or too many for its kind");
        assert!(geometry(Residual, 16, &[(9, 2), (18, 2), (18, 3), (2, 3)]).is_err());
        assert!(geometry(Conv, 64, &[(25, 3), (48, 10)]).is_ok(), "another program's window");
    }
}

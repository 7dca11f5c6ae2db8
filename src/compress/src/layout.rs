//! How the inputs of each layer lie, and in which order other programs want them.
//!
//! A matrix here multiplies rows whose numbers run by row, column and channel of a window, or of the image that a
//! classifier sees. PyTorch and ONNX run by channel, row and column.

use retort_spec::NetworkKind;

use crate::{
    model::{LayerModel, Matrix, Model, Values, groups},
    net::Shape,
};

/// What a layer of a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whether it is a convolution; the others multiply each example as a whole.
    pub convolution: bool,
    /// The side of the window, or of the image that a classifier sees; 1 where there is none.
    pub window: usize,
    /// Channels of the window or image; all inputs where there is none.
    pub channels: usize,
    /// Distance of a convolution's windows.
    pub stride: usize,
    /// The side of the image that a convolution sees.
    pub side: usize,
}

/// A network whose layers do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("layer {layer}: {misfit}")]
pub struct ShapeError {
    /// The layer, from 0.
    pub layer: usize,
    /// What does not fit.
    pub misfit: Misfit,
}

/// What does not fit in a layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// There is no such layer, or one too many.
    #[error("the network has {0} layers, which are too few or too many for its kind")]
    Count(usize),
    /// Images are square.
    #[error("{0} numbers are not a square image")]
    Image(usize),
    /// A convolution's window is square.
    #[error("{inputs} inputs are not a square window of {channels} channels")]
    Window {
        /// Inputs of the layer.
        inputs: usize,
        /// Channels of the image before it.
        channels: usize,
    },
    /// Another number of inputs than the layer before has outputs.
    #[error("{inputs} inputs, where {expected} arrive")]
    Inputs {
        /// Inputs of the layer.
        inputs: usize,
        /// What would be right.
        expected: usize,
    },
    /// Weights, scales or biases are missing or too many.
    #[error("its numbers do not fill its matrices")]
    Numbers,
}

impl Misfit {
    fn of(self, layer: usize) -> ShapeError {
        ShapeError { layer, misfit: self }
    }
}

impl Place {
    /// A layer without an image.
    pub fn dense(inputs: usize) -> Self {
        Self { convolution: false, window: 1, channels: inputs, stride: 1, side: 1 }
    }

    fn convolution(window: usize, channels: usize, stride: usize, side: usize) -> Self {
        Self { convolution: true, window, channels, stride, side }
    }

    fn classifier(side: usize, channels: usize) -> Self {
        Self { convolution: false, window: side, channels, stride: 1, side }
    }

    /// The side of the image behind a convolution, before it is pooled.
    pub fn side_after(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// Where each number of `[outputs, channels, window, window]` stands in `[window · window · channels, outputs]`:
    /// the order of PyTorch, and of ONNX's convolutions.
    pub fn outputs_first(&self, outputs: usize) -> Vec<usize> {
        let inputs = self.channels_first();
        (0..outputs).flat_map(|output| inputs.iter().map(move |input| input * outputs + output)).collect()
    }

    /// Where each number of `[channels, window, window, outputs]` stands in `[window · window · channels, outputs]`:
    /// the order of ONNX's matrices.
    pub fn inputs_first(&self, outputs: usize) -> Vec<usize> {
        self.channels_first().into_iter().flat_map(|input| input * outputs..(input + 1) * outputs).collect()
    }

    fn channels_first(&self) -> Vec<usize> {
        let (places, channels) = (self.window * self.window, self.channels);
        (0..channels).flat_map(|channel| (0..places).map(move |place| place * channels + channel)).collect()
    }
}

/// What each layer of a network sees.
///
/// # Errors
/// If a layer does not fit the one before, or there are too few.
pub fn places(kind: NetworkKind, features: usize, shapes: &[Shape]) -> Result<Vec<Place>, ShapeError> {
    let mut walk = Walk { shapes, places: Vec::new() };
    let side = features.isqrt();
    if kind != NetworkKind::Mlp && (side == 0 || side * side != features) {
        return Err(Misfit::Image(features).of(0));
    }
    match kind {
        NetworkKind::Mlp => walk.perceptron(features)?,
        NetworkKind::Conv => walk.conv(side)?,
        NetworkKind::Residual => walk.residual(side)?,
    }
    match walk.places.len() == shapes.len() {
        true => Ok(walk.places),
        false => Err(Misfit::Count(shapes.len()).of(walk.places.len())),
    }
}

/// Goes through a network as [`crate::net::forward`] does.
struct Walk<'a> {
    shapes: &'a [Shape],
    places: Vec<Place>,
}

impl Walk<'_> {
    /// The next layer sees this; returns its outputs.
    fn step(&mut self, place: Place) -> Result<usize, ShapeError> {
        let layer = self.places.len();
        let Some(&(inputs, outputs)) = self.shapes.get(layer) else {
            return Err(Misfit::Count(self.shapes.len()).of(layer));
        };
        let expected = (place.window * place.window).saturating_mul(place.channels);
        if inputs != expected {
            return Err(Misfit::Inputs { inputs, expected }.of(layer));
        }
        if inputs == 0 || outputs == 0 {
            return Err(Misfit::Numbers.of(layer));
        }
        self.places.push(place);
        Ok(outputs)
    }

    fn perceptron(&mut self, features: usize) -> Result<(), ShapeError> {
        let mut width = self.step(Place::dense(features))?;
        while self.places.len() < self.shapes.len() {
            width = self.step(Place::dense(width))?;
        }
        Ok(())
    }

    fn conv(&mut self, mut side: usize) -> Result<(), ShapeError> {
        let mut channels = 1;
        while self.places.len() + 1 < self.shapes.len() {
            let inputs = self.shapes[self.places.len()].0;
            let window = (inputs / channels).isqrt();
            if window * window * channels != inputs {
                return Err(Misfit::Window { inputs, channels }.of(self.places.len()));
            }
            channels = self.step(Place::convolution(window, channels, 1, side))?;
            side = (side / 2).max(1);
        }
        self.step(Place::classifier(side, channels)).map(drop)
    }

    fn residual(&mut self, mut side: usize) -> Result<(), ShapeError> {
        let mut channels = self.step(Place::convolution(3, 1, 1, side))?;
        while self.places.len() + 2 < self.shapes.len() {
            let widens = self.shapes[self.places.len() + 1].1 != channels;
            let stride = if widens { 2 } else { 1 };
            let after = side.div_ceil(stride);
            let inner = self.step(Place::convolution(3, channels, stride, side))?;
            let outputs = self.step(Place::convolution(3, inner, 1, after))?;
            if widens {
                let around = self.step(Place::convolution(1, channels, stride, side))?;
                if around != outputs {
                    return Err(Misfit::Inputs { inputs: around, expected: outputs }.of(self.places.len() - 1));
                }
            }
            (channels, side) = (outputs, after);
        }
        self.step(Place::dense(channels)).map(drop)
    }
}

/// What each layer of a model sees.
///
/// # Errors
/// If its layers do not fit each other, or their numbers their shapes.
pub fn of(model: &Model) -> Result<Vec<Place>, ShapeError> {
    for (layer, part) in model.layers.iter().enumerate() {
        if !is_whole(part) {
            return Err(Misfit::Numbers.of(layer));
        }
    }
    places(model.kind, model.features, &model.shapes())
}

fn is_whole(part: &LayerModel) -> bool {
    let fit = match &part.factors[..] {
        [whole] => whole.columns == part.bias.len(),
        [left, right] => left.columns == right.rows && right.columns == part.bias.len(),
        _ => false,
    };
    fit && part.factors.iter().all(is_full)
}

fn is_full(matrix: &Matrix) -> bool {
    let length = matrix.rows * matrix.columns;
    let values = match &matrix.values {
        Values::Float { values, .. } => values.len() == length,
        Values::Codes(codes) => {
            let groups = groups(codes.granularity, matrix.rows, matrix.columns);
            let zeros = codes.zero_points.len();
            codes.codes.len() == length && codes.scales.len() == groups && (zeros == 0 || zeros == groups)
        }
        Values::Shared { codebook, indices } => {
            indices.len() == length && indices.iter().all(|&index| usize::from(index) < codebook.len())
        }
    };
    values && matrix.mask.as_ref().is_none_or(|mask| mask.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Architecture;

    fn shapes(architecture: &str, features: usize) -> (NetworkKind, Vec<Shape>) {
        let architecture: Architecture = architecture.parse().unwrap();
        let layers = architecture.layers(features, 10);
        (architecture.kind, layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect())
    }

    #[test]
    fn every_network_of_the_page_fits() {
        for (architecture, features) in [
            ("linear", 2),
            ("16", 64),
            ("128,128", 784),
            ("conv:8,16", 784),
            ("conv:4,4,4,4", 49),
            ("residual:8", 64),
            ("residual:4,8,16", 49),
        ] {
            let (kind, shapes) = shapes(architecture, features);
            let places = places(kind, features, &shapes).unwrap();
            for (place, (inputs, _)) in places.iter().zip(&shapes) {
                assert_eq!(place.window * place.window * place.channels, *inputs, "{architecture}");
            }
        }
    }

    #[test]
    fn sides_by_hand() {
        let (kind, shapes) = shapes("residual:4,8", 49);
        let got: Vec<_> =
            places(kind, 49, &shapes).unwrap().iter().map(|p| (p.window, p.channels, p.stride, p.side)).collect();
        let block = [(3, 4, 1, 7), (3, 4, 1, 7)];
        let wider = [(3, 4, 2, 7), (3, 8, 1, 4), (1, 4, 2, 7)];
        assert_eq!(got, [&[(3, 1, 1, 7)], &block[..], &wider[..], &[(1, 8, 1, 1)]].concat());
    }

    #[test]
    fn orders_by_hand() {
        // Two places of a row would do to tell them apart; windows are square, so there are four, of two channels.
        let place = Place::classifier(2, 2);
        assert_eq!(place.outputs_first(1), [0, 2, 4, 6, 1, 3, 5, 7]);
        assert_eq!(place.inputs_first(2), [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]);
        assert_eq!(Place::dense(2).outputs_first(3), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let said = |kind, features, shapes: &[Shape]| places(kind, features, shapes).unwrap_err().to_string();
        assert_eq!(said(NetworkKind::Mlp, 4, &[(4, 3), (2, 1)]), "layer 1: 2 inputs, where 3 arrive");
        assert_eq!(said(NetworkKind::Conv, 5, &[]), "layer 0: 5 numbers are not a square image");
        let window = said(NetworkKind::Conv, 16, &[(8, 2), (8, 2)]);
        assert_eq!(window, "layer 0: 8 inputs are not a square window of 1 channels");
        assert!(places(NetworkKind::Mlp, 4, &[]).is_err());
        assert!(places(NetworkKind::Residual, 16, &[(9, 2), (18, 2), (18, 3), (2, 3)]).is_err());
        let mut model =
            Model { kind: NetworkKind::Mlp, features: 2, layers: Vec::new(), activations: Default::default() };
        model.layers.push(LayerModel { bias: vec![0.0; 2], factors: vec![Matrix::float(2, 2, vec![0.0; 3])] });
        assert_eq!(of(&model).unwrap_err().to_string(), "layer 0: its numbers do not fill its matrices");
    }
}

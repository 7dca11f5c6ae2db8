//! The geometry of networks: what happens to an example on its way through one, operation by operation. Whoever counts
//! the weights of a network, computes it, packs it or writes it for another program walks these operations, so that a
//! kind of network is described once.

use crate::values::{Architecture, NetworkKind};

/// What a layer of a network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whether it is a convolution; the others multiply each example as a whole.
    pub convolution: bool,
    /// Whether each of its outputs sees one channel alone, that of its own place.
    pub depthwise: bool,
    /// The side of the window, or of the image that a classifier sees; 1 where there is none.
    pub window: usize,
    /// Channels of the window or image, of which a depthwise one has one; all inputs where there is none.
    pub channels: usize,
    /// Distance of a convolution's windows.
    pub stride: usize,
    /// The side of the image that a convolution sees.
    pub side: usize,
}

impl Place {
    /// A layer without an image.
    pub fn dense(inputs: usize) -> Self {
        Self { convolution: false, depthwise: false, window: 1, channels: inputs, stride: 1, side: 1 }
    }

    fn convolution(window: usize, channels: usize, stride: usize, side: usize) -> Self {
        Self { convolution: true, depthwise: false, window, channels, stride, side }
    }

    fn depthwise(window: usize, side: usize) -> Self {
        Self { depthwise: true, ..Self::convolution(window, 1, 1, side) }
    }

    fn classifier(side: usize, channels: usize) -> Self {
        Self { window: side, side, ..Self::dense(channels) }
    }

    /// Numbers that the layer multiplies: rows of its matrix.
    pub fn inputs(&self) -> usize {
        (self.window * self.window).saturating_mul(self.channels)
    }

    /// The side of the image behind a convolution, before it is pooled; 1 behind other layers.
    pub fn side_after(&self) -> usize {
        if self.convolution { self.side.div_ceil(self.stride) } else { 1 }
    }
}

/// One thing that happens to an example. Layers stand in the order of their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The next layer multiplies what is there.
    Layer {
        /// What it sees.
        place: Place,
        /// Columns of its matrix.
        outputs: usize,
    },
    /// Negative numbers become zero.
    Relu,
    /// The largest of every 2×2 places stays; an odd last row and column are left out, and a single place stays.
    Pool,
    /// A block begins: what is there is remembered.
    Branch,
    /// The next layer multiplies what was remembered, and takes its place.
    Around {
        /// What it sees.
        place: Place,
        /// Columns of its matrix.
        outputs: usize,
    },
    /// What was remembered is added.
    Add,
    /// The mean over all places of each channel.
    Mean,
}

/// What a network hands on to objectives: so many channels at each place of a square of this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Channels, or units of a hidden layer.
    pub channels: usize,
    /// Rows, and columns; 1 for a hidden layer.
    pub side: usize,
    /// Layers up to here.
    pub layers: usize,
}

/// The way through a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geometry {
    /// What happens, in order.
    pub operations: Vec<Operation>,
    /// Its stages: a hidden layer, a pooled convolution, the blocks of one width.
    pub stages: Vec<Extent>,
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
    /// Networks of sequences have no such layers.
    #[error("a network of sequences is no stack of layers")]
    Sequence,
    /// Weights, scales or biases are missing or too many.
    #[error("its numbers do not fill its matrices")]
    Numbers,
}

impl Misfit {
    /// In this layer.
    pub fn of(self, layer: usize) -> ShapeError {
        ShapeError { layer, misfit: self }
    }
}

/// The layers of a network, one after the other, as far as its geometry asks for them.
pub trait Layers {
    /// Outputs of the layer that stands so many behind the next one; `None` if there is none.
    fn outputs(&self, ahead: usize) -> Option<usize>;

    /// The side of the window of the next layer, a plain convolution of so many channels.
    ///
    /// # Errors
    /// Where it has no square window.
    fn window(&self, channels: usize) -> Result<usize, ShapeError>;

    /// The next layer sees this; its outputs.
    ///
    /// # Errors
    /// Where there is none, or it has other inputs.
    fn take(&mut self, place: Place) -> Result<usize, ShapeError>;
}

/// The side of an image behind pooling.
pub fn pooled(side: usize) -> usize {
    (side / 2).max(1)
}

impl Geometry {
    /// The geometry of a network of this kind on examples of so many numbers. Images are square.
    ///
    /// # Errors
    /// The first layer's that does not fit.
    pub fn of(kind: NetworkKind, features: usize, layers: &mut dyn Layers) -> Result<Self, ShapeError> {
        let mut geometry = Self::default();
        match kind {
            NetworkKind::Mlp => geometry.perceptron(features, layers)?,
            NetworkKind::Conv => geometry.conv(features.isqrt(), layers)?,
            NetworkKind::Residual => geometry.residual(features.isqrt(), layers)?,
            NetworkKind::Separable => geometry.separable(features.isqrt(), layers)?,
            // They are no sequence of products; `retort-sequences` describes them.
            NetworkKind::Transformer | NetworkKind::Lstm => return Err(Misfit::Sequence.of(0)),
        }
        Ok(geometry)
    }

    /// What each layer sees, and its outputs.
    pub fn layers(&self) -> impl Iterator<Item = (Place, usize)> {
        self.operations.iter().filter_map(|operation| match *operation {
            Operation::Layer { place, outputs } | Operation::Around { place, outputs } => Some((place, outputs)),
            _ => None,
        })
    }

    fn layer(&mut self, place: Place, layers: &mut dyn Layers) -> Result<usize, ShapeError> {
        let outputs = layers.take(place)?;
        self.operations.push(Operation::Layer { place, outputs });
        Ok(outputs)
    }

    fn stage(&mut self, channels: usize, side: usize) {
        let layers = self.layers().count();
        self.stages.push(Extent { channels, side, layers });
    }

    fn perceptron(&mut self, features: usize, layers: &mut dyn Layers) -> Result<(), ShapeError> {
        let mut width = self.layer(Place::dense(features), layers)?;
        while layers.outputs(0).is_some() {
            self.operations.push(Operation::Relu);
            self.stage(width, 1);
            width = self.layer(Place::dense(width), layers)?;
        }
        Ok(())
    }

    fn conv(&mut self, mut side: usize, layers: &mut dyn Layers) -> Result<(), ShapeError> {
        let mut channels = 1;
        while layers.outputs(1).is_some() {
            let window = layers.window(channels)?;
            channels = self.layer(Place::convolution(window, channels, 1, side), layers)?;
            side = pooled(side);
            // ReLU and the largest of four commute, so the smaller image is the one that passes through the ReLU.
            self.operations.extend([Operation::Pool, Operation::Relu]);
            self.stage(channels, side);
        }
        self.layer(Place::classifier(side, channels), layers).map(drop)
    }

    fn separable(&mut self, mut side: usize, layers: &mut dyn Layers) -> Result<(), ShapeError> {
        let mut channels = self.layer(Place::convolution(3, 1, 1, side), layers)?;
        loop {
            side = pooled(side);
            self.operations.extend([Operation::Pool, Operation::Relu]);
            self.stage(channels, side);
            if layers.outputs(2).is_none() {
                return self.layer(Place::classifier(side, channels), layers).map(drop);
            }
            let outputs = self.layer(Place::depthwise(3, side), layers)?;
            if outputs != channels {
                let misfit = Misfit::Inputs { inputs: outputs, expected: channels };
                return Err(misfit.of(self.layers().count() - 1));
            }
            self.operations.push(Operation::Relu);
            channels = self.layer(Place::convolution(1, channels, 1, side), layers)?;
        }
    }

    fn residual(&mut self, mut side: usize, layers: &mut dyn Layers) -> Result<(), ShapeError> {
        let mut channels = self.layer(Place::convolution(3, 1, 1, side), layers)?;
        self.operations.push(Operation::Relu);
        while layers.outputs(2).is_some() {
            // A block whose width changes halves the image, and a 1×1 convolution brings its input to the new shape.
            let widens = layers.outputs(1) != Some(channels);
            let stride = if widens { 2 } else { 1 };
            self.operations.push(Operation::Branch);
            let inner = self.layer(Place::convolution(3, channels, stride, side), layers)?;
            self.operations.push(Operation::Relu);
            let outputs = self.layer(Place::convolution(3, inner, 1, side.div_ceil(stride)), layers)?;
            if widens {
                let place = Place::convolution(1, channels, stride, side);
                let around = layers.take(place)?;
                self.operations.push(Operation::Around { place, outputs: around });
            }
            (channels, side) = (outputs, side.div_ceil(stride));
            self.operations.extend([Operation::Add, Operation::Relu]);
            self.stages.pop_if(|last| last.channels == channels);
            self.stage(channels, side);
        }
        self.operations.push(Operation::Mean);
        self.layer(Place::dense(channels), layers).map(drop)
    }
}

/// A layer as the matrix by which it multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerShape {
    /// Rows of the matrix.
    pub inputs: usize,
    /// Columns of the matrix.
    pub outputs: usize,
    /// How many places of an image it is multiplied with.
    pub places: usize,
}

/// The layers that an architecture names.
struct Named {
    outputs: Vec<usize>,
    next: usize,
    window: usize,
}

impl Layers for Named {
    fn outputs(&self, ahead: usize) -> Option<usize> {
        self.outputs.get(self.next + ahead).copied()
    }

    fn window(&self, _: usize) -> Result<usize, ShapeError> {
        Ok(self.window)
    }

    fn take(&mut self, _: Place) -> Result<usize, ShapeError> {
        self.next += 1;
        Ok(self.outputs.get(self.next - 1).copied().unwrap_or_default())
    }
}

impl Architecture {
    /// Its way from `inputs` numbers to `classes`.
    pub fn geometry(&self, inputs: usize, classes: usize) -> Geometry {
        let mut outputs: Vec<usize> = Vec::new();
        for (index, &width) in self.widths.iter().enumerate() {
            let width = width as usize;
            match self.kind {
                NetworkKind::Mlp | NetworkKind::Conv | NetworkKind::Transformer | NetworkKind::Lstm => {
                    outputs.push(width)
                }
                NetworkKind::Separable => {
                    // Every channel of the stage before alone, then all of them.
                    outputs.extend(index.checked_sub(1).map(|before| self.widths[before] as usize));
                    outputs.push(width);
                }
                NetworkKind::Residual => {
                    let before = self.widths[index.saturating_sub(1)] as usize;
                    // The first convolution, then both of the block, and the one around it.
                    outputs.extend((index == 0).then_some(width).into_iter().chain([width, width]));
                    outputs.extend((width != before).then_some(width));
                }
            }
        }
        outputs.push(classes);
        let mut named = Named { outputs, next: 0, window: Self::window(inputs.isqrt()) };
        // Layers that only have widths fit each other.
        Geometry::of(self.kind, inputs, &mut named).unwrap_or_default()
    }

    /// Its layers in the order of their files, each as the matrix by which it multiplies: `[inputs, outputs]`, the
    /// inputs of a convolution being its window's places times its input channels. Batch normalization is folded into
    /// them.
    pub fn layers(&self, inputs: usize, classes: usize) -> Vec<LayerShape> {
        let shape = |(place, outputs): (Place, usize)| {
            let side = place.side_after();
            LayerShape { inputs: place.inputs(), outputs, places: side * side }
        };
        self.geometry(inputs, classes).layers().map(shape).collect()
    }

    /// Parameters of the network between `inputs` and `classes`: weights and biases. Of a network of sequences without
    /// what its vocabulary adds.
    pub fn parameter_count(&self, inputs: usize, classes: usize) -> usize {
        let width = |at: usize| self.widths.get(at).map_or(0, |&width| width as usize);
        match self.kind {
            // Four products of attention, and two with a hidden layer of twice the width.
            NetworkKind::Transformer => return 8 * width(0) * width(0) * width(1),
            // Four gates of the embedding and the cells.
            NetworkKind::Lstm => return 4 * width(1) * (width(0) + width(1) + 1),
            _ => {}
        }
        self.layers(inputs, classes).iter().map(|layer| (layer.inputs + 1) * layer.outputs).sum()
    }

    /// Multiply–adds of one example's way through the network.
    pub fn multiply_adds(&self, inputs: usize, classes: usize) -> usize {
        self.layers(inputs, classes).iter().map(|layer| layer.inputs * layer.outputs * layer.places).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_default_networks() {
        // By hand: 64·16 + 16 + 16·10 + 10, and 64·128 + 128 + 128·128 + 128 + 128·10 + 10.
        assert_eq!(Architecture::mlp([16]).parameter_count(64, 10), 1_210);
        assert_eq!(Architecture::mlp([128, 128]).parameter_count(64, 10), 26_122);
    }

    #[test]
    fn layers_by_hand() {
        let count = |text: &str, inputs| text.parse::<Architecture>().unwrap().parameter_count(inputs, 10);
        assert_eq!(count("16", 64), 64 * 16 + 16 + 16 * 10 + 10);
        // 28×28 → 5×5 convolution, pooled to 14 → again, pooled to 7.
        assert_eq!(count("conv:8,16", 784), 25 * 8 + 8 + 25 * 8 * 16 + 16 + 49 * 16 * 10 + 10);
        // Stem, a block of 8, a block of 16 with a projection, classifier.
        let blocks = (9 * 8 + 8) + 2 * (72 * 8 + 8) + (72 * 16 + 16) + (144 * 16 + 16) + (8 * 16 + 16);
        assert_eq!(count("residual:8,16", 64), blocks + 16 * 10 + 10);
        // A convolution, pooled to 4×4; one of each channel, one of each place, pooled to 2×2.
        assert_eq!(count("separable:8,16", 64), (9 * 8 + 8) + (9 * 8 + 8) + (8 * 16 + 16) + (4 * 16 * 10 + 10));
        let separable: Architecture = "separable:8,16".parse().unwrap();
        assert_eq!(separable.multiply_adds(64, 10), 64 * 9 * 8 + 16 * (9 * 8 + 8 * 16) + 4 * 16 * 10);
        let conv: Architecture = "conv:8".parse().unwrap();
        assert_eq!(conv.multiply_adds(64, 10), 64 * 9 * 8 + 16 * 8 * 10);
    }

    #[test]
    fn the_way_through_a_residual_network_by_hand() {
        use Operation::{Add, Around, Branch, Layer, Mean, Relu};
        let convolution = |window, channels, stride, side, outputs| Layer {
            place: Place::convolution(window, channels, stride, side),
            outputs,
        };
        let geometry = "residual:4,8".parse::<Architecture>().unwrap().geometry(49, 10);
        let around = Around { place: Place::convolution(1, 4, 2, 7), outputs: 8 };
        let expected = [
            &[convolution(3, 1, 1, 7, 4), Relu][..],
            &[Branch, convolution(3, 4, 1, 7, 4), Relu, convolution(3, 4, 1, 7, 4), Add, Relu],
            &[Branch, convolution(3, 4, 2, 7, 8), Relu, convolution(3, 8, 1, 4, 8), around, Add, Relu],
            &[Mean, Layer { place: Place::dense(8), outputs: 10 }],
        ];
        assert_eq!(geometry.operations, expected.concat());
        assert_eq!(
            geometry.stages,
            [Extent { channels: 4, side: 7, layers: 3 }, Extent { channels: 8, side: 4, layers: 6 }]
        );
    }

    #[test]
    fn stages_by_hand() {
        let stages = |text: &str, inputs| {
            let geometry = text.parse::<Architecture>().unwrap().geometry(inputs, 10);
            geometry.stages.iter().map(|stage| (stage.channels, stage.side)).collect::<Vec<_>>()
        };
        assert_eq!(stages("linear", 64), []);
        assert_eq!(stages("16,8", 64), [(16, 1), (8, 1)]);
        assert_eq!(stages("conv:4,8,16,32", 49), [(4, 3), (8, 1), (16, 1), (32, 1)]);
        assert_eq!(stages("residual:8,8,16,16", 64), [(8, 8), (16, 4)]);
        assert_eq!(stages("separable:8,16,4", 81), [(8, 4), (16, 2), (4, 1)]);
    }
}

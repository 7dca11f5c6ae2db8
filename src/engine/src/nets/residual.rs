//! A small residual network (He et al. 2016, section 3): a stem, blocks of two 3×3 convolutions whose input is added to
//! their output, the mean over all places, and a classifier; batch normalization after every convolution. Where the
//! width changes, the block halves the image and projects its input by a 1×1 convolution.

use crate::kernels;
use burn::{
    module::Module,
    nn::Linear,
    tensor::{ExecutionError, Tensor, activation::relu},
};
use retort_compress::Layer;

use super::{Map, Pass, PreActivation, Statistics, Trace, dense, norm::Normalized};

/// A stem, residual blocks and a classifier.
#[derive(Module, Debug)]
pub struct Residual {
    stem: Normalized,
    blocks: Vec<Block>,
    classifier: Linear,
}

#[derive(Module, Debug)]
struct Block {
    first: Normalized,
    second: Normalized,
    /// Where the width changes.
    shortcut: Option<Normalized>,
}

/// Rows `[batch · side², channels]` with their side.
struct Image {
    rows: Tensor<2>,
    batch: usize,
    side: usize,
}

impl Image {
    fn places(&self) -> Tensor<4> {
        let [_, channels] = self.rows.dims();
        self.rows.clone().reshape([self.batch, self.side, self.side, channels])
    }
}

impl Residual {
    /// The network of these layers: fresh ones to be normalized while they are trained, or folded ones of a file.
    /// `None` if the layers are not those of such a network.
    pub fn new(layers: Vec<Linear>, fresh: bool) -> Option<Self> {
        let convolution = |linear: &Linear| match fresh {
            true => Normalized::fresh(linear.clone()),
            false => Normalized::folded(linear.clone()),
        };
        let outputs = |linear: &Linear| linear.weight.dims()[1];
        let (classifier, rest) = layers.split_last()?;
        let (stem, mut rest) = rest.split_first()?;
        let (mut channels, mut blocks) = (outputs(stem), Vec::new());
        while let [first, second, after @ ..] = rest {
            // What a block hands on is what its second convolution gives; a pruned first one may be narrower.
            let widens = outputs(second) != channels;
            let shortcut = if widens { Some(convolution(after.first()?)) } else { None };
            blocks.push(Block { first: convolution(first), second: convolution(second), shortcut });
            rest = &after[usize::from(widens)..];
            channels = outputs(second);
        }
        Some(Self { stem: convolution(stem), blocks, classifier: classifier.clone() })
    }

    /// Reads the weights back to the host, batch normalization folded into them.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        let mut layers = vec![self.stem.to_layer().await?];
        for block in &self.blocks {
            layers.extend([block.first.to_layer().await?, block.second.to_layer().await?]);
            if let Some(shortcut) = &block.shortcut {
                layers.push(shortcut.to_layer().await?);
            }
        }
        layers.push(dense::read(&self.classifier).await?);
        Ok(layers)
    }

    /// The classifier.
    pub fn classifier(&self) -> &Linear {
        &self.classifier
    }

    /// Reads the layer that sees the input.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn first_layer(&self) -> Result<Layer, ExecutionError> {
        self.stem.to_layer().await
    }

    /// A forward pass. Nothing is dropped: batch normalization takes the place of dropout (Ioffe & Szegedy 2015,
    /// section 4.2.1), and the classifier reads too few numbers to spare any.
    ///
    /// # Shapes
    /// `inputs`: `[batch, side²]`; a map for each width, after the last of its blocks.
    pub fn forward(&self, inputs: Tensor<2>, pass: Pass<'_>) -> Trace {
        let [batch, features] = inputs.dims();
        let side = features.isqrt();
        let mut statistics = Vec::new();
        let pixels = Image { rows: inputs.reshape([batch * side * side, 1]), batch, side };
        let rows = relu(self.stem.forward(pixels.places(), (3, 1), &pass, &mut statistics));
        let mut image = Image { rows, batch, side };
        let mut maps: Vec<Map> = Vec::new();
        for block in &self.blocks {
            let pre_activation;
            (image, pre_activation) = block.forward(&image, &pass, &mut statistics);
            let [_, channels] = pre_activation.dims();
            let places = |rows: Tensor<2>| rows.reshape([batch, image.side * image.side, channels]);
            let map = Map {
                values: places(image.rows.clone()),
                pre_activation: PreActivation::known(places(pre_activation)),
                side: image.side,
            };
            if maps.last().is_some_and(|last| last.shape() == map.shape()) {
                maps.pop();
            }
            maps.push(map);
        }
        let [_, channels] = image.rows.dims();
        let places = image.rows.reshape([batch, image.side * image.side, channels]);
        let embedding: Tensor<2> = places.mean_dim(1).reshape([batch, channels]);
        let logits = kernels::dense(pass.enter(embedding.clone()), &self.classifier, false);
        Trace { logits, embedding, maps, statistics }
    }

    /// Moves the running means and variances towards those of each forward pass, one pass after the other.
    pub fn absorb(&mut self, statistics: &[Statistics]) {
        let blocks = self
            .blocks
            .iter_mut()
            .flat_map(|block| [&mut block.first, &mut block.second].into_iter().chain(block.shortcut.as_mut()));
        let mut layers: Vec<&mut Normalized> = [&mut self.stem].into_iter().chain(blocks).collect();
        for pass in statistics.chunks(layers.len()) {
            layers.iter_mut().zip(pass).for_each(|(layer, batch)| layer.absorb(batch));
        }
    }
}

impl Block {
    /// The block's output, and the same before its last ReLU.
    fn forward(&self, image: &Image, pass: &Pass<'_>, statistics: &mut Vec<Statistics>) -> (Image, Tensor<2>) {
        let stride = if self.shortcut.is_some() { 2 } else { 1 };
        let (batch, side) = (image.batch, image.side.div_ceil(stride));
        let inner = relu(self.first.forward(image.places(), (3, stride), pass, statistics));
        let outer = self.second.forward(Image { rows: inner, batch, side }.places(), (3, 1), pass, statistics);
        let around = match &self.shortcut {
            Some(shortcut) => shortcut.forward(image.places(), (1, stride), pass, statistics),
            None => image.rows.clone(),
        };
        let pre_activation = outer + around;
        (Image { rows: relu(pre_activation.clone()), batch, side }, pre_activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, nets::Network};
    use burn::tensor::{Device, TensorData};
    use pollster::block_on;
    use retort_spec::Architecture;

    #[test]
    fn a_fresh_network_and_its_folded_copy_say_the_same() {
        let architecture: Architecture = "residual:4,6,6".parse().unwrap();
        let layers = Network::draw(&architecture, 49, 3, 1, "test");
        let device = Device::flex().autodiff();
        let linears = |layers: &[Layer]| layers.iter().map(|layer| dense::linear(layer, &device)).collect();
        let mut fresh = Residual::new(linears(&layers), true).unwrap();
        let pixels: Vec<f32> = (0..2 * 49).map(|i| (i * 37 % 11) as f32 / 10.0).collect();
        let inputs = || Tensor::<2>::from_data(TensorData::new(pixels.clone(), [2, 49]), &device);
        let trace = fresh.forward(inputs(), Pass::Train(None));
        assert_eq!(trace.statistics.len(), 8, "a stem, three blocks of two, one projection");
        let shapes: Vec<[usize; 2]> = trace.maps.iter().map(Map::shape).collect();
        assert_eq!((shapes, trace.embedding.dims()), (vec![[4, 7], [6, 4]], [2, 6]));
        let mut twice = fresh.clone();
        fresh.absorb(&trace.statistics);
        // Two passes of a step count one after the other.
        twice.absorb(&[&trace.statistics[..], &trace.statistics[..]].concat());
        let mut again = fresh.clone();
        again.absorb(&trace.statistics);
        let said = |network: &Residual| block_on(read(network.forward(inputs(), Pass::Test).logits)).unwrap();
        assert_eq!(said(&twice), said(&again));
        assert_ne!(said(&twice), said(&fresh));
        let said = block_on(read(fresh.forward(inputs(), Pass::Test).logits)).unwrap();
        assert_ne!(said, block_on(read(trace.logits)).unwrap());
        let folded = block_on(fresh.to_layers()).unwrap();
        let shapes = architecture.layers(49, 3);
        assert!(
            folded
                .iter()
                .zip(&shapes)
                .all(|(layer, shape)| layer.inputs == shape.inputs && layer.outputs == shape.outputs)
        );
        assert_eq!(folded.len(), shapes.len());
        let folded = Residual::new(linears(&folded), false).unwrap();
        let again = block_on(read(folded.forward(inputs(), Pass::Test).logits)).unwrap();
        for (there, here) in again.iter().zip(&said) {
            assert!((there - here).abs() < 1e-4, "{there} {here}");
        }
    }
}

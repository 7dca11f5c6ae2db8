//! Networks: one a file, and a line in [`Network`] and its `match`es, which the compiler asks for.

mod conv;
mod dense;
mod dropout;
mod mlp;
mod norm;
mod residual;
mod trace;
mod windows;

use burn::{
    module::Module,
    tensor::{Device, ExecutionError, Tensor},
};
use retort_spec::{Architecture, NetworkKind};

pub use conv::Conv;
pub use dense::Layer;
pub use dropout::{Dropout, Pass};
pub use mlp::Mlp;
pub use residual::Residual;
pub use trace::{Map, Statistics, Trace};

use crate::random;

/// Any of the networks.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are a handful of networks, and they are not moved about")]
pub enum Network {
    /// A multilayer perceptron.
    Mlp(Mlp),
    /// A convolutional network.
    Conv(Conv),
    /// A residual network.
    Residual(Residual),
}

impl Network {
    /// Draws the initial weights on the host, so that every device starts from the same ones.
    pub fn draw(architecture: &Architecture, inputs: usize, classes: usize, seed: u32, purpose: &str) -> Vec<Layer> {
        let mut generator = random::stream(seed, purpose);
        architecture.layers(inputs, classes).into_iter().map(|shape| Layer::draw(shape, &mut generator)).collect()
    }

    /// Puts fresh weights on a device, to be trained.
    pub fn fresh(kind: NetworkKind, layers: &[Layer], device: &Device) -> Self {
        Self::build(kind, layers, true, device)
    }

    /// Puts trained weights on a device.
    pub fn from_layers(kind: NetworkKind, layers: &[Layer], device: &Device) -> Self {
        Self::build(kind, layers, false, device)
    }

    fn build(kind: NetworkKind, layers: &[Layer], fresh: bool, device: &Device) -> Self {
        let built = match kind {
            NetworkKind::Mlp => None,
            NetworkKind::Conv => Conv::from_layers(layers, device).map(Self::Conv),
            NetworkKind::Residual => Residual::from_layers(layers, fresh, device).map(Self::Residual),
        };
        built.unwrap_or_else(|| Self::Mlp(Mlp::from_layers(layers, device)))
    }

    /// Reads the weights back to the host, as they stand in a file: batch normalization is folded.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        match self {
            Self::Mlp(mlp) => mlp.to_layers().await,
            Self::Conv(conv) => conv.to_layers().await,
            Self::Residual(residual) => residual.to_layers().await,
        }
    }

    /// Reads the layer that sees the input.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn first_layer(&self) -> Result<Layer, ExecutionError> {
        match self {
            Self::Mlp(mlp) => mlp.first_layer().await,
            Self::Conv(conv) => conv.first_layer().await,
            Self::Residual(residual) => residual.first_layer().await,
        }
    }

    /// A forward pass.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`.
    pub fn forward(&self, inputs: Tensor<2>, pass: Pass<'_>) -> Trace {
        match self {
            Self::Mlp(mlp) => mlp.forward(inputs, pass),
            Self::Conv(conv) => conv.forward(inputs, pass),
            Self::Residual(residual) => residual.forward(inputs, pass),
        }
    }

    /// Lets batch normalization remember what it saw in training.
    pub fn absorb(&mut self, statistics: &[Statistics]) {
        if let Self::Residual(residual) = self {
            residual.absorb(statistics);
        }
    }
}

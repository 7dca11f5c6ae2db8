//! Any of the networks: a line in [`Network`] and its `match`es, which the compiler asks for.

use std::slice;

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Device, ExecutionError, Tensor},
};
use retort_compress::Layer;
use retort_spec::NetworkKind;

use super::{Conv, Mlp, Pass, Residual, Separable, Statistics, Trace, dense};

/// Any of the networks.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are a handful of networks, and they are not moved about")]
pub enum Network {
    /// A multilayer perceptron.
    Mlp(Mlp),
    /// A convolutional network.
    Conv(Conv),
    /// A residual network.
    Residual(Residual),
    /// A network of separable convolutions.
    Separable(Separable),
}

impl Network {
    /// Puts fresh weights on a device, to be trained.
    pub fn fresh(kind: NetworkKind, layers: &[Layer], device: &Device) -> Self {
        Self::of_linears(kind, layers.iter().map(|layer| dense::linear(layer, device)).collect(), true)
    }

    /// Puts trained weights on a device.
    pub fn from_layers(kind: NetworkKind, layers: &[Layer], device: &Device) -> Self {
        Self::of_linears(kind, layers.iter().map(|layer| dense::linear(layer, device)).collect(), false)
    }

    /// The network of these layers, whatever they were computed from; `fresh` ones are normalized while they are
    /// trained.
    pub fn of_linears(kind: NetworkKind, layers: Vec<Linear>, fresh: bool) -> Self {
        let built = match kind {
            // Sequences have an engine of their own, and no layers.
            NetworkKind::Mlp | NetworkKind::Transformer | NetworkKind::Lstm => None,
            NetworkKind::Conv => Conv::new(layers.clone()).map(Self::Conv),
            NetworkKind::Residual => Residual::new(layers.clone(), fresh).map(Self::Residual),
            NetworkKind::Separable => Separable::new(layers.clone()).map(Self::Separable),
        };
        built.unwrap_or_else(|| Self::Mlp(Mlp::new(layers)))
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
            Self::Separable(separable) => separable.to_layers().await,
        }
    }

    /// The layers of a perceptron in the CPU's memory.
    pub fn perceptron(&self) -> Option<Vec<Layer>> {
        match self {
            Self::Mlp(mlp) => mlp.in_memory(),
            Self::Conv(_) | Self::Residual(_) | Self::Separable(_) => None,
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
            Self::Separable(separable) => separable.first_layer().await,
        }
    }

    /// The last layer.
    pub fn classifier(&self) -> Option<&Linear> {
        match self {
            Self::Mlp(mlp) => mlp.classifier(),
            Self::Conv(conv) => Some(conv.classifier()),
            Self::Residual(residual) => Some(residual.classifier()),
            Self::Separable(separable) => Some(separable.classifier()),
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
            Self::Separable(separable) => separable.forward(inputs, pass),
        }
    }

    /// The layers whose gradients can be written out, each with its bias as a row, and what enters the first of them:
    /// all of a perceptron, the classifier of any other network.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`; weights `[inputs, outputs]`, biases `[1, outputs]`.
    pub fn last_layers(&self, inputs: Tensor<2>) -> (Vec<(Tensor<2>, Tensor<2>)>, Tensor<2>) {
        let (layers, entering) = match self {
            Self::Mlp(mlp) => (mlp.layers(), inputs),
            Self::Conv(conv) => (slice::from_ref(conv.classifier()), conv.forward(inputs, Pass::Test).embedding),
            Self::Residual(residual) => {
                (slice::from_ref(residual.classifier()), residual.forward(inputs, Pass::Test).embedding)
            }
            Self::Separable(separable) => {
                (slice::from_ref(separable.classifier()), separable.forward(inputs, Pass::Test).embedding)
            }
        };
        let pair = |layer: &Linear| {
            let weight = layer.weight.val();
            let [_, outputs] = weight.dims();
            let bias = layer.bias.as_ref().map(|bias| bias.val().reshape([1, outputs]));
            (weight.clone(), bias.unwrap_or_else(|| Tensor::zeros([1, outputs], &weight.device())))
        };
        (layers.iter().map(pair).collect(), entering)
    }

    /// Lets batch normalization remember what it saw in training.
    pub fn absorb(&mut self, statistics: &[Statistics]) {
        if let Self::Residual(residual) = self {
            residual.absorb(statistics);
        }
    }
}

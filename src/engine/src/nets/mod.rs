//! Networks: one a file, and a line in [`Network`] and its `match`es, which the compiler asks for.

mod mlp;
mod trace;

use burn::{
    module::Module,
    tensor::{Device, ExecutionError, Tensor},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Architecture, NetworkKind};

pub use mlp::Mlp;
pub use trace::Trace;

use crate::random;

/// Any of the networks.
#[derive(Module, Debug)]
pub enum Network {
    /// A multilayer perceptron.
    Mlp(Mlp),
}

/// The weights of one dense layer, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Inputs of the layer.
    pub inputs: usize,
    /// Outputs of the layer.
    pub outputs: usize,
    /// `[inputs, outputs]`, row by row.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

impl Network {
    /// Draws the initial weights on the host, so that every device starts from the same ones.
    pub fn draw(architecture: &Architecture, inputs: usize, classes: usize, seed: u32, purpose: &str) -> Vec<Layer> {
        match architecture.kind {
            NetworkKind::Mlp => mlp::draw(&architecture.widths, inputs, classes, &mut random::stream(seed, purpose)),
        }
    }

    /// Puts weights on a device.
    pub fn from_layers(kind: NetworkKind, layers: &[Layer], device: &Device) -> Self {
        match kind {
            NetworkKind::Mlp => Self::Mlp(Mlp::from_layers(layers, device)),
        }
    }

    /// Reads the weights back to the host.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn to_layers(&self) -> Result<Vec<Layer>, ExecutionError> {
        match self {
            Self::Mlp(mlp) => mlp.to_layers().await,
        }
    }

    /// A forward pass; `dropout` only while training.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`.
    pub fn forward(&self, inputs: Tensor<2>, dropout: Option<&mut Dropout>) -> Trace {
        match self {
            Self::Mlp(mlp) => mlp.forward(inputs, dropout),
        }
    }
}

/// Inverted dropout (Srivastava et al. 2014, section 10) whose masks are drawn on the host.
#[derive(Debug, Clone)]
pub struct Dropout {
    rate: f32,
    generator: ChaCha8Rng,
}

impl Dropout {
    /// Dropout at `rate`; `None` at rate 0, where it would do nothing.
    pub fn new(rate: f64, seed: u32) -> Option<Self> {
        (rate > 0.0).then(|| Self { rate: rate as f32, generator: random::stream(seed, "dropout") })
    }

    /// Zeroes each entry with probability `rate` and scales the others so that the mean stays.
    fn apply(&mut self, activations: Tensor<2>) -> Tensor<2> {
        let [rows, columns] = activations.dims();
        let kept = 1.0 / (1.0 - self.rate);
        let mask = (0..rows * columns)
            .map(|_| if self.generator.random::<f32>() < self.rate { 0.0 } else { kept })
            .collect::<Vec<f32>>();
        let device = activations.device();
        activations * Tensor::from_data(burn::tensor::TensorData::new(mask, [rows, columns]), &device)
    }
}

//! What a forward pass is for.

use burn::tensor::{Tensor, TensorData};

use super::{ActivationFakeQuant, Dropout};

/// What a forward pass is for. A network that teaches or is tested drops nothing and normalizes by what it has seen
/// before, whatever was done last; nothing has to be put back afterwards.
pub enum Pass<'a> {
    /// The network is asked.
    Test,
    /// The network learns from the answer.
    Train(Option<&'a mut Dropout>),
    /// It learns with the numbers between its layers rounded to codes.
    FakeQuantized(&'a ActivationFakeQuant),
}

impl Pass<'_> {
    /// Whether the network learns.
    pub fn is_training(&self) -> bool {
        !matches!(self, Self::Test)
    }

    /// What goes into a layer, as it arrives there.
    pub fn enter(&self, rows: Tensor<2>) -> Tensor<2> {
        match self {
            Self::FakeQuantized(activation_quant) => activation_quant.round(rows),
            _ => rows,
        }
    }

    /// Images that go into a layer, `[batch, side, side, channels]`, as they arrive there.
    pub fn enter_images(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch, side, across, channels] = images.dims();
        match self {
            Self::FakeQuantized(_) => {
                self.enter(images.reshape([batch * side * across, channels])).reshape([batch, side, across, channels])
            }
            _ => images,
        }
    }

    /// Drops some of these, in training.
    pub fn drop(&mut self, activations: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Train(Some(dropout)) => dropout.apply(activations),
            _ => activations,
        }
    }
}

impl Dropout {
    /// Zeroes each entry with probability `rate` and scales the others so that the mean stays.
    fn apply(&mut self, activations: Tensor<2>) -> Tensor<2> {
        let [rows, columns] = activations.dims();
        let mut mask = vec![1.0; rows * columns];
        self.thin(&mut mask);
        let device = activations.device();
        activations * Tensor::from_data(TensorData::new(mask, [rows, columns]), &device)
    }
}

//! What a network lets others see of a forward pass.

use burn::tensor::Tensor;

/// The outputs of one forward pass that objectives may look at.
#[derive(Debug, Clone)]
pub struct Trace {
    /// `[batch, classes]`: the scores before the softmax.
    pub logits: Tensor<2>,
}

//! A matrix with its bias: what every network here is made of.

/// The weights of one layer, on the host. A convolution is the matrix that its windows are multiplied with: its inputs
/// run through the window's rows, its columns, and the input channels.
#[derive(Debug, Clone, Default, PartialEq)]
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

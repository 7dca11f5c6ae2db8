//! Networks with hand-written gradients.

mod attention;
mod dropout;
mod embedding;
mod layer_norm;
mod linear;
mod lstm;
mod network;
mod perceptron;
mod products;
mod shape;
mod transformer;

#[cfg(test)]
mod tests;

pub use network::{Batch, Network, WriterState};
pub use shape::{Activation, Head, LstmShape, Shape, TransformerShape};

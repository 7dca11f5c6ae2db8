//! The loops that training on the CPU spends its time in, over plain numbers: no tensors, no graph. Each does in
//! one pass what would otherwise be several; whoever calls it has the plain way beside it, for GPUs and for the tests.

mod activations;
mod attention;
mod images;
mod layer_norm;
mod lstm_cell;
mod matmul;
mod matrix;
pub mod microkernel;
mod optimizers;
mod packing;
mod rows;
mod shape;
mod simd4;
mod softmax;
mod windows;

pub use activations::{gelu, multiply, sigmoid, tanh};
pub use attention::{AttentionHead, AttentionRoom, attention_backward, attention_forward};
pub use images::Images;
pub use layer_norm::{layer_norm_backward, layer_norm_forward};
pub use lstm_cell::{lstm_backward, lstm_forward};
pub use matmul::{Lhs, Rhs, Scratch, matmul, matmul_panels};
pub use matrix::{Matrix, Packed};
pub use optimizers::{Adam, Sgd};
pub use packing::Inputs;
pub use rows::{
    add_assign, broadcast_rows, clear, column_sums, cross_entropy, relu_backward, relu_forward, scale, soft_targets,
    sum_of_squares,
};
pub use softmax::softmax_rows;
pub use windows::Windows;

//! The loops that training on the processor spends its time in, over plain numbers: no tensors, no graph. Each does in
//! one pass what would otherwise be several; whoever calls it has the plain way beside it, for GPUs and for the tests.

mod descent;
mod fours;
mod matmul;
mod matrix;
mod panels;
mod rows;
mod shape;
pub mod tiles;

pub use descent::{Adam, Sgd};
pub use matmul::{Factor, Left, Scratch, matmul, matmul_panels};
pub use matrix::{Matrix, Packed};
pub use panels::Inputs;
pub use rows::{add_up, clear, column_sums, cross_entropy, relu_backward, relu_forward, repeat, soft_targets};

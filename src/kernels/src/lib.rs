//! The loops that training on the CPU spends its time in, over plain numbers: no tensors, no graph. Each does in
//! one pass what would otherwise be several; whoever calls it has the plain way beside it, for GPUs and for the tests.

mod matmul;
mod matrix;
pub mod microkernel;
mod optimizers;
mod packing;
mod rows;
mod shape;
mod simd4;

pub use matmul::{Lhs, Rhs, Scratch, matmul, matmul_panels};
pub use matrix::{Matrix, Packed};
pub use optimizers::{Adam, Sgd};
pub use packing::Inputs;
pub use rows::{
    add_assign, broadcast_rows, clear, column_sums, cross_entropy, relu_backward, relu_forward, soft_targets,
};

//! Networks, tasks and training for sequences and for regression: plain arithmetic over slices of `f32`, without
//! tensors and without an autodiff graph, so that the module that a page fetches for them stays small.

pub mod export;
pub mod losses;
pub mod nets;
pub mod optimizer;
pub mod random;
pub mod session;
pub mod tasks;
pub mod tokens;
pub mod train;
pub mod weights;

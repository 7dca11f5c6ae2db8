//! Fewer weights: pruned, shared, or factored.

pub mod linear;
pub mod lowrank;
pub mod prune;
pub mod weight_sharing;

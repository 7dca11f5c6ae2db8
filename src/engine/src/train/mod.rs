//! Training and measuring.

pub mod device_dataset;
#[cfg(feature = "graph")]
pub mod fake_quant;
pub mod fused;
pub mod fused_learner;
#[cfg(feature = "graph")]
pub mod learner;
#[cfg(feature = "graph")]
mod optimizer;
mod schedule;
#[cfg(feature = "gpu")]
pub mod self_test;
mod step_rule;

/// Without a graph every network learns on the fused path.
#[cfg(not(feature = "graph"))]
pub mod learner {
    pub use super::fused_learner::FusedLearner as Learner;
}

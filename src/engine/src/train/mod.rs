//! Training and measuring.

pub mod bench;
pub mod fake;
pub mod fused;
pub mod learner;
pub mod metrics;
mod optimizer;
mod schedule;
#[cfg(feature = "gpu")]
pub mod self_test;
pub mod verdict;

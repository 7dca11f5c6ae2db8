//! Training and measuring.

pub mod device_dataset;
pub mod fake_quant;
pub mod fused;
pub mod learner;
mod optimizer;
mod schedule;
#[cfg(feature = "gpu")]
pub mod self_test;

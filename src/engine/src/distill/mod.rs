//! The phases of a plan: who learns from whom, and from which examples; then a compressed student that learns on.

mod active_objectives;
pub mod examples;
mod labelled;
mod lessons;
pub mod phase;
pub mod private;
pub mod specialists;
mod transfer;
pub mod tuning;

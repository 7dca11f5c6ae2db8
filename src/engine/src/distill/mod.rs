//! The phases of a plan: who learns from whom, and from which examples; then a compressed student that learns on.

#[cfg(feature = "graph")]
mod active_objectives;
pub mod examples;
#[cfg(feature = "graph")]
mod generator;
mod labelled;
#[cfg(feature = "graph")]
mod lessons;
#[cfg(feature = "graph")]
mod matching;
pub mod phase;
pub mod private;
#[cfg(feature = "graph")]
mod specialists;
mod transfer;
#[cfg(feature = "graph")]
pub mod tuning;

/// Without a graph no compressed network learns on.
#[cfg(not(feature = "graph"))]
#[path = "no_tuning.rs"]
pub mod tuning;

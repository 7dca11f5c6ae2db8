//! Everything Retort learns and measures: data, networks, objectives, training, the phases of a plan.
//!
//! This room touches burn and the spec, never the DOM. Every read from a device is asynchronous, since a synchronous
//! one panics in the browser, and every tensor is made on a device that was passed in.
#![recursion_limit = "256"]

pub mod data;
pub mod device;
mod distill;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "graph")]
mod kernels;
mod mixture;
pub mod nets;
#[cfg(feature = "graph")]
pub mod objectives;
mod privacy;
mod session;
pub mod train;
#[cfg(feature = "graph")]
pub mod verify;

use retort_compress::{format::checksum, random};

pub use session::{NetworkCache, Session};

//! Everything Retort learns and measures: data, networks, objectives, schemes, training, compression.
//!
//! This room touches burn and the spec, never the DOM. Every read from a device is asynchronous, since a synchronous
//! one panics in the browser, and every tensor is made on a device that was passed in.
#![recursion_limit = "256"]

mod checksum;
pub mod compress;
pub mod data;
pub mod device;
pub mod export;
pub mod nets;
pub mod objectives;
mod random;
mod schemes;
mod session;
pub mod train;
pub mod verify;

pub use session::Session;

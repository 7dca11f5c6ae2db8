//! Smaller networks: weights quantized, pruned, shared and written into a file, and the network that is read back from
//! it.
//!
//! This crate depends on the spec and nothing else: no burn, no DOM. All of it is plain arithmetic on the CPU, small
//! enough to be fetched by itself, and the same on every device.

pub mod format;
pub mod network;
pub mod quantization;
pub mod random;
pub mod reduction;
pub mod run;
pub mod workbench;

pub use network::{layer::Layer, shapes::is_network};

//! Smaller networks: weights quantized, pruned, shared and written into a file, and the network that is read back from it.
//!
//! This room touches the spec and nothing else: no burn, no DOM. All of it is plain arithmetic on the host, small enough to
//! be fetched by itself, and the same on every device.

mod affine;
pub mod checksum;
pub mod histogram;
pub mod integer;
pub mod latency;
mod layer;
pub mod model;
pub mod net;
mod product;
pub mod quantize;
pub mod random;
pub mod range;
pub mod safetensors;
pub mod weights;

pub use layer::Layer;

//! Smaller networks: weights quantized, pruned, shared and written into a file, and the network that is read back from
//! it.
//!
//! This room touches the spec and nothing else: no burn, no DOM. All of it is plain arithmetic on the host, small
//! enough to be fetched by itself, and the same on every device.

pub mod activations;
pub mod adaround;
mod affine;
pub mod bins;
mod bits;
pub mod chain;
pub mod checksum;
pub mod correct;
pub mod equalize;
mod fits;
pub mod gptq;
pub mod histogram;
mod huffman;
pub mod integer;
pub mod latency;
mod layer;
pub mod layout;
pub mod linear;
pub mod lowrank;
pub mod model;
pub mod net;
pub mod onnx;
pub mod order;
pub mod pack;
mod product;
pub mod proto;
pub mod prune;
pub mod quantize;
pub mod random;
pub mod range;
pub mod repair;
pub mod safetensors;
pub mod share;
pub mod walk;
pub mod weights;
pub mod workbench;

pub use fits::fits;
pub use layer::Layer;

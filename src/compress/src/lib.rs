//! Smaller networks: weights quantized, pruned, shared and written into a file, and the network that is read back from
//! it.
//!
//! This room touches the spec and nothing else: no burn, no DOM. All of it is plain arithmetic on the host, small
//! enough to be fetched by itself, and the same on every device.

pub mod activations;
pub mod adaround;
mod affine;
pub mod bias_correction;
mod bits;
pub mod calibration;
pub mod checksum;
pub mod equalize;
pub mod gptq;
pub mod gzip;
pub mod histogram;
pub mod histogram_range;
mod huffman;
pub mod integer;
pub mod latency;
mod layer;
pub mod layer_pairs;
pub mod layout;
pub mod linear;
pub mod lowrank;
pub mod model;
pub mod net;
pub mod onnx;
pub mod pack;
mod product;
pub mod proto;
pub mod prune;
pub mod ptq;
pub mod quantize;
pub mod random;
pub mod range;
pub mod safetensors;
pub mod shapes;
pub mod weight_sharing;
pub mod weights;
pub mod workbench;

pub use layer::Layer;
pub use shapes::is_network;

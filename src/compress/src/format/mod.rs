//! Files: the packed format, ONNX, safetensors, and what they are written with.

mod bits;
pub mod checksum;
pub mod gzip;
mod huffman;
pub mod onnx;
pub mod pack;
pub mod proto;
pub mod safetensors;

//! Files of a trained network: safetensors, the packed format, ONNX. Each says what the network reads and says, so that
//! another program can use it without this one.

mod description;
mod onnx;
mod packed;
mod problem;
mod safetensors;
mod signature;

#[cfg(test)]
mod tests;

pub use onnx::to_onnx;
pub use packed::{pack, unpack};
pub use problem::{ExportError, ImportError, Misfit, Unsupported};
pub use safetensors::{from_safetensors, to_safetensors};
pub use signature::Signature;

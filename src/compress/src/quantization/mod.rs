//! Weights and activations in few bits.

pub mod activations;
pub mod adaround;
pub mod bias_correction;
pub mod equalize;
pub mod gptq;
pub mod histogram_range;
pub mod layer_pairs;
pub mod ptq;
pub mod quantize;
pub mod range;
pub mod weights;

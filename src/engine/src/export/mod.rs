//! Files to take away: a format each.

pub mod safetensors;

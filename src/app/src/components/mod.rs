//! The panels of the bench, one a file.

pub mod bars;
pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod header;
pub mod knob;
pub mod network;
pub mod notices;
pub mod picture;
pub mod regions;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod verdict;

//! The panels of the page, one a file or folder.

pub mod activations;
pub mod compression_bench;
pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod draw;
pub mod lesson;
pub mod networks;
pub mod objectives;
pub mod packed;
pub mod report;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod verdict;

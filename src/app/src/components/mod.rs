//! The panels of the bench, one a file.

pub mod bars;
pub mod bias;
pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod disagreements;
pub mod examples;
pub mod flips;
pub mod header;
pub mod histogram;
pub mod knob;
pub mod labels;
pub mod matrix;
pub mod network;
pub mod notices;
pub mod packed;
pub mod pareto;
pub mod parts;
pub mod picture;
pub mod points;
pub mod regions;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod verdict;

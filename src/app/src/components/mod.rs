//! The panels of the bench, one a file.

pub mod asking;
pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod draw;
pub mod draw_answers;
pub mod draw_pad;
pub mod header;
pub mod knob;
pub mod network;
pub mod notices;
pub mod own;
pub mod picture;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod verdict;

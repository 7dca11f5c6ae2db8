//! The panels of the bench, one a file.

pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod header;
pub mod knob;
pub mod lesson;
pub mod lesson_step;
pub mod lesson_steps;
pub mod lessons_menu;
pub mod look;
pub mod network;
pub mod notices;
pub mod picture;
pub mod quantity;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod tour;
pub mod verdict;
pub mod worksheet;

//! The page around its panels.

pub mod announcer;
pub mod app;
pub mod class_cell;
pub mod diagnostics;
pub mod header;
pub mod inspector;
pub mod notices;
pub mod panel;
pub mod progress;
pub mod stage;
pub mod summary;
pub mod tabs;
pub mod toolbar;
pub mod tour;

//! The page around its panels.

pub mod announcer;
pub mod app;
pub mod diagnostics;
pub mod header;
pub mod notices;
pub mod panel;
pub mod summary;
pub mod toolbar;
pub mod tour;

//! The browser: address, storage, files, workers.

pub mod camera;
pub mod clipboard;
pub mod fetch;
pub mod files;
pub mod frame;
pub mod later;
pub mod link;
pub mod offline;
pub mod place;
pub mod save;
pub mod session;
pub mod snapshot;
pub mod view;
pub mod worker;

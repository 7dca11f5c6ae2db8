//! Networks as this crate holds them: layers of one matrix or two, and their shapes.

pub mod histogram;
pub(crate) mod layer;
pub mod layout;
pub mod model;
pub mod shapes;

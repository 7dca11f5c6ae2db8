//! Links that carry an experiment and what a class sees of it.

pub mod builder;
pub mod dialog;
pub mod link;

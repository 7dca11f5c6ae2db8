//! Charts over epochs and of points.

pub mod axes;
pub mod line;
pub mod plot;
pub mod scatter_labels;
pub mod table;

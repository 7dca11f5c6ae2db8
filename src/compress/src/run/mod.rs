//! Networks computed: in floating point, in integers, and how long that takes.

pub(crate) mod affine;
pub mod calibration;
pub mod integer;
pub mod latency;
pub mod net;
pub(crate) mod product;

//! Who teaches whom, and when. One scheme so far: a finished teacher, and two students that learn side by side.

pub mod offline;
mod taught;

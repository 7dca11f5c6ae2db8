//! Who teaches whom, and when: a finished teacher, and two students that learn side by side; then a compressed student
//! that learns on.

pub mod lessons;
pub mod offline;
mod taught;
pub mod tuning;

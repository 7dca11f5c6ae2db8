//! Who teaches whom, and when: a finished teacher, and two students that learn side by side; then a compressed student
//! that learns on.

mod active_objectives;
pub mod batch_source;
pub mod offline;
pub mod tuning;

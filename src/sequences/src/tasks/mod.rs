//! Tasks, one a file.

mod brackets;
pub mod csv;
mod curve;
mod friedman;
mod names;
mod opinions;
mod places;
mod table;
mod table_error;
mod task;

pub use brackets::{Validity, brackets, validity};
pub use curve::{REACH, curve, truth};
pub use friedman::friedman;
pub use names::{BEGIN, END, FIRST, framed, names};
pub use opinions::{Language, MASK, Tokenized, UNKNOWN, opinions, tokenize};
pub use places::{letters, places};
pub use table::{ColumnReport, MOST_WORDS, Made, Scaling, TEST_SHARE, Table, TableFacts, usual_kind};
pub use table_error::{MOST_CLASSES, MOST_COLUMNS, TableError};
pub use task::{Answers, Examples, Input, Inputs, Output, Task};

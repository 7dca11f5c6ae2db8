//! Tasks, one a file.

mod brackets;
mod curve;
mod friedman;
mod names;
mod opinions;
mod places;
mod table;
mod task;

pub use brackets::{Validity, brackets, validity};
pub use curve::{REACH, curve, truth};
pub use friedman::friedman;
pub use names::{BEGIN, END, FIRST, framed, names};
pub use opinions::{Language, MASK, Tokenized, UNKNOWN, opinions, tokenize};
pub use places::{letters, places};
pub use table::{Column, ColumnReport, MOST_CLASSES, MOST_WORDS, Made, Scaling, Table, TableError, Target};
pub use task::{Answers, Examples, Input, Inputs, Output, Task};

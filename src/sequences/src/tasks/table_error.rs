//! Why a table cannot be used.

use retort_spec::FileProblem;

/// Columns of a table, at most.
pub const MOST_COLUMNS: usize = retort_spec::MOST_COLUMNS as usize;
/// Different values of a target, at most, that are classes.
pub const MOST_CLASSES: usize = 50;

/// Why a table cannot be used. Each reads on after the file's name and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Nothing is in it.
    #[error("it is empty; a line with the names of the columns and rows below it are needed")]
    Empty,
    /// It is text of 16 bits a letter.
    #[error("it is text in UTF-16; save it as CSV in UTF-8")]
    WideText,
    /// Some of its bytes are no UTF-8.
    #[error("line {line} holds bytes that are no text in UTF-8; save it as CSV in UTF-8")]
    NotText {
        /// Counted from 1.
        line: usize,
    },
    /// It is a spreadsheet's own file.
    #[error("it is a spreadsheet or an archive; save the table as CSV")]
    Spreadsheet,
    /// It is compressed.
    #[error("it is a gzip file; unpack it first")]
    Gzip,
    /// There are several.
    #[error("it is not the only table, there is {other} too; give one")]
    Several {
        /// Another one's name.
        other: String,
    },
    /// The first line holds numbers only.
    #[error("its first line holds numbers only; it should name the columns")]
    NoHeader,
    /// It has too many columns.
    #[error("it has {found} columns; at most {MOST_COLUMNS} can be used")]
    TooManyColumns {
        /// Its columns.
        found: usize,
    },
    /// A row has other columns than the header.
    #[error("line {line} has {found} values, and the first line names {expected} columns")]
    Ragged {
        /// Counted from 1.
        line: usize,
        /// Its values.
        found: usize,
        /// The header's.
        expected: usize,
    },
    /// A quotation mark is not closed.
    #[error("line {line}, column {column}: the quotation mark is not closed")]
    OpenQuote {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Something stands behind a closing quotation mark.
    #[error("line {line}, column {column}: something stands behind the closing quotation mark")]
    AfterQuote {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// There is no such column.
    #[error("there is no column {column}; it has {columns}")]
    NoColumn {
        /// Counted from 1.
        column: usize,
        /// How many there are.
        columns: usize,
    },
    /// The target has too many different values for classes.
    #[error("the column {name} has {found} different values or more; at most {MOST_CLASSES} can be classes")]
    TooManyClasses {
        /// The target.
        name: String,
        /// Its values, as far as they were counted.
        found: usize,
    },
    /// The target has words, where numbers are to be predicted.
    #[error("the column {name} holds words, such as {word}; predict classes instead")]
    NotNumbers {
        /// The target.
        name: String,
        /// One of its words.
        word: String,
    },
    /// The target has one value in all rows, or none.
    #[error("the column {name} has the same value in all rows, so there is nothing to learn")]
    OneValue {
        /// The target.
        name: String,
    },
    /// Too few rows.
    #[error("{found} rows have a value in the column {name}; at least {least} are needed")]
    FewRows {
        /// The target.
        name: String,
        /// Rows that can be used.
        found: usize,
        /// Rows that are needed.
        least: usize,
    },
    /// No column says anything of the target.
    #[error("no column but {name} can be used: others have one value only, or too many different words")]
    NoInputs {
        /// The target.
        name: String,
    },
    /// It makes more numbers than memory should hold.
    #[error("{rows} rows of {inputs} inputs are too many")]
    TooLarge {
        /// Its rows.
        rows: usize,
        /// Inputs that would be made of its columns.
        inputs: usize,
    },
}

impl TableError {
    /// What the page says of it: a word for each, and the values of its sentence.
    fn word(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let of = |name: &'static str, value: &dyn std::fmt::Display| (name, value.to_string());
        match self {
            Self::Empty => ("table-empty", vec![]),
            Self::WideText => ("table-wide-text", vec![]),
            Self::NotText { line } => ("table-not-text", vec![of("line", line)]),
            Self::Spreadsheet => ("table-spreadsheet", vec![]),
            Self::Gzip => ("table-gzip", vec![]),
            Self::Several { other } => ("table-several", vec![of("other", other)]),
            Self::NoHeader => ("table-no-header", vec![]),
            Self::TooManyColumns { found } => {
                ("table-many-columns", vec![of("found", found), of("most", &MOST_COLUMNS)])
            }
            Self::Ragged { line, found, expected } => {
                ("table-ragged", vec![of("line", line), of("found", found), of("expected", expected)])
            }
            Self::OpenQuote { line, column } => ("table-open-quote", vec![of("line", line), of("column", column)]),
            Self::AfterQuote { line, column } => ("table-after-quote", vec![of("line", line), of("column", column)]),
            Self::NoColumn { column, columns } => {
                ("table-no-column", vec![of("column", column), of("columns", columns)])
            }
            Self::TooManyClasses { name, found } => {
                ("table-many-classes", vec![of("name", name), of("found", found), of("most", &MOST_CLASSES)])
            }
            Self::NotNumbers { name, word } => ("table-not-numbers", vec![of("name", name), of("word", word)]),
            Self::OneValue { name } => ("table-one-value", vec![of("name", name)]),
            Self::FewRows { name, found, least } => {
                ("table-few-rows", vec![of("name", name), of("found", found), of("least", least)])
            }
            Self::NoInputs { name } => ("table-no-inputs", vec![of("name", name)]),
            Self::TooLarge { rows, inputs } => ("table-too-large", vec![of("rows", rows), of("inputs", inputs)]),
        }
    }
}

impl From<TableError> for FileProblem {
    fn from(error: TableError) -> Self {
        let (word, values) = error.word();
        Self::Table { word, values, text: error.to_string() }
    }
}

//! A table of one's own: a CSV file with a header, from which one column is to be said by the others.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::task::{Answers, Examples, Input, Inputs, Output, Task};
use crate::random::stream;

/// Different words of a column, at most, that become inputs of their own.
pub const MOST_WORDS: usize = 20;
/// Different values of a target, at most, that are classes.
pub const MOST_CLASSES: usize = 50;
/// One of so many rows is kept for the test.
const TEST_SHARE: usize = 5;
/// Which they are is the same in every experiment.
const SEED: u32 = 1;

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum TableError {
    /// Nothing is in it.
    #[error("the file is empty; it needs a header line and rows")]
    Empty,
    /// A row has other columns than the header.
    #[error("line {line} has {found} values, and the header has {expected}")]
    Ragged {
        /// Counted from 1.
        line: usize,
        /// Its values.
        found: usize,
        /// The header's.
        expected: usize,
    },
    /// A quotation mark is not closed.
    #[error("a quotation mark in line {line} is not closed")]
    OpenQuote {
        /// Counted from 1.
        line: usize,
    },
    /// No column has that name.
    #[error("no column is called {name:?}; there are {columns}")]
    NoColumn {
        /// What was asked for.
        name: String,
        /// What there is.
        columns: String,
    },
    /// The target's words are too many for classes.
    #[error("the column {name:?} has {found} different words; as classes at most {MOST_CLASSES} fit")]
    TooManyClasses {
        /// The target.
        name: String,
        /// Its words.
        found: usize,
    },
    /// The target has one value in all rows, or none.
    #[error("the column {name:?} has the same value in all rows, so there is nothing to learn")]
    OneValue {
        /// The target.
        name: String,
    },
    /// Too few rows.
    #[error("{found} rows have a target; at least 10 are needed")]
    FewRows {
        /// Rows that can be used.
        found: usize,
    },
}

/// A column as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; none where one is missing.
    Numbers(Vec<Option<f32>>),
    /// Words by their index in a list; none where one is missing.
    Words(Vec<Option<u32>>, Vec<String>),
}

/// Which column is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The last one.
    Last,
    /// The one of this name.
    Named(&'a str),
}

/// What was done to a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub made: Made,
    /// How many values were missing; a number became the mean, a word none of the others.
    pub missing: usize,
}

/// What became of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Made {
    /// A number with mean 0 and variance 1.
    Scaled,
    /// An input for each of so many words.
    OneHot(usize),
    /// Nothing: it has too many different words, or one value in all rows.
    LeftOut,
}

/// How numbers were scaled: what a network reads or says, times the deviation, plus the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub deviation: f32,
}

/// A table ready to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its task.
    pub task: Task,
    /// What became of each column but the target.
    pub columns: Vec<ColumnReport>,
    /// How each input was scaled; words were not, which is a mean of 0 and a deviation of 1.
    pub inputs: Vec<Scaling>,
    /// The target's name.
    pub target: String,
    /// How the target was scaled, if it has numbers.
    pub scaling: Option<Scaling>,
    /// Rows without a target, which were left out.
    pub without_target: usize,
}

impl Table {
    /// Reads a CSV file: a header, then rows; commas, semicolons or tabs between values, quotation marks around what
    /// contains them.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn read(text: &str, target: Target<'_>) -> Result<Self, TableError> {
        Self::new(columns(text)?, target)
    }

    /// A table of named columns of one length.
    ///
    /// # Errors
    /// Why nothing can be learned from it.
    pub fn new(mut columns: Vec<(String, Column)>, target: Target<'_>) -> Result<Self, TableError> {
        let at = match target {
            Target::Last => columns.len().checked_sub(1).ok_or(TableError::Empty)?,
            Target::Named(name) => {
                let names = || columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<&str>>().join(", ");
                let no_column = || TableError::NoColumn { name: name.to_owned(), columns: names() };
                columns.iter().position(|(other, _)| other == name).ok_or_else(no_column)?
            }
        };
        let (target, wanted) = columns.remove(at);
        let is_present = |row: usize| match &wanted {
            Column::Numbers(numbers) => numbers[row].is_some(),
            Column::Words(words, _) => words[row].is_some(),
        };
        let all = match &wanted {
            Column::Numbers(numbers) => numbers.len(),
            Column::Words(words, _) => words.len(),
        };
        let mut rows: Vec<usize> = (0..all).filter(|&row| is_present(row)).collect();
        let found = rows.len();
        if found < 10 {
            return Err(TableError::FewRows { found });
        }
        stream(SEED, "table").shuffle(&mut rows);
        let train = found - found / TEST_SHARE;
        let (output, answers, scaling) = answers(&target, &wanted, &rows, train)?;
        let made: Vec<Converted> = columns.iter().map(|(name, column)| input(name, column, &rows, train)).collect();
        let width: usize = made.iter().map(|made| made.names.len()).sum();
        // Column by column into rows.
        let mut inputs = vec![0.0; found * width];
        let mut first = 0;
        for Converted { names, numbers, .. } in &made {
            for (row, numbers) in numbers.chunks_exact(names.len().max(1)).enumerate() {
                inputs[row * width + first..][..names.len()].copy_from_slice(numbers);
            }
            first += names.len();
        }
        let test = inputs.split_off(train * width);
        let [of_train, of_test] = match answers {
            Answers::Classes(mut classes) => {
                let test = classes.split_off(train);
                [classes, test].map(Answers::Classes)
            }
            Answers::Numbers(mut numbers, width) => {
                let test = numbers.split_off(train * width);
                [numbers, test].map(|numbers| Answers::Numbers(numbers, width))
            }
            Answers::Next => [Answers::Next, Answers::Next],
        };
        let scalings = made.iter().flat_map(|made| std::iter::repeat_n(made.scaling, made.names.len())).collect();
        let (columns, names): (Vec<ColumnReport>, Vec<Vec<String>>) =
            made.into_iter().map(|made| (made.report, made.names)).unzip();
        let task = Task {
            word: "table",
            input: Input::Numbers(names.concat()),
            output,
            train: Examples { inputs: Inputs::Numbers(inputs, width), answers: of_train },
            test: Examples { inputs: Inputs::Numbers(test, width), answers: of_test },
        };
        Ok(Self { task, columns, inputs: scalings, target, scaling, without_target: all - found })
    }
}

/// Mean and standard deviation of the numbers of some rows; 1 where there is no deviation.
fn scaling(numbers: impl Iterator<Item = f32> + Clone) -> Option<Scaling> {
    let count = numbers.clone().count();
    let mean = numbers.clone().map(f64::from).sum::<f64>() / count as f64;
    let variance = numbers.map(|number| (f64::from(number) - mean).powi(2)).sum::<f64>() / count as f64;
    (variance > 0.0).then_some(Scaling { mean: mean as f32, deviation: variance.sqrt() as f32 })
}

/// What a column says of each row as inputs.
struct Converted {
    report: ColumnReport,
    /// The inputs' names.
    names: Vec<String>,
    scaling: Scaling,
    /// `[rows, names]`.
    numbers: Vec<f32>,
}

/// Makes inputs of a column. Means are those of the rows to learn from.
fn input(name: &str, column: &Column, rows: &[usize], train: usize) -> Converted {
    let report = |made, missing| ColumnReport { name: name.to_owned(), made, missing };
    let unscaled = Scaling { mean: 0.0, deviation: 1.0 };
    let left_out = |missing| Converted {
        report: report(Made::LeftOut, missing),
        names: Vec::new(),
        scaling: unscaled,
        numbers: Vec::new(),
    };
    match column {
        Column::Numbers(numbers) => {
            let missing = rows.iter().filter(|&&row| numbers[row].is_none()).count();
            let Some(scaling) = scaling(rows[..train].iter().filter_map(|&row| numbers[row])) else {
                return left_out(missing);
            };
            let scaled = |number| (number - scaling.mean) / scaling.deviation;
            Converted {
                report: report(Made::Scaled, missing),
                names: vec![name.to_owned()],
                scaling,
                numbers: rows.iter().map(|&row| numbers[row].map_or(0.0, scaled)).collect(),
            }
        }
        Column::Words(words, list) => {
            let missing = rows.iter().filter(|&&row| words[row].is_none()).count();
            if list.len() < 2 || list.len() > MOST_WORDS {
                return left_out(missing);
            }
            let mut numbers = vec![0.0; rows.len() * list.len()];
            for (&row, numbers) in rows.iter().zip(numbers.chunks_exact_mut(list.len())) {
                if let Some(word) = words[row] {
                    numbers[word as usize] = 1.0;
                }
            }
            let names = list.iter().map(|word| format!("{name}={word}")).collect();
            Converted { report: report(Made::OneHot(list.len()), missing), names, scaling: unscaled, numbers }
        }
    }
}

/// What is to be said of each row: classes of words, and numbers with mean 0 and variance 1.
fn answers(
    name: &str,
    column: &Column,
    rows: &[usize],
    train: usize,
) -> Result<(Output, Answers, Option<Scaling>), TableError> {
    match column {
        Column::Words(words, list) => {
            if list.len() > MOST_CLASSES {
                return Err(TableError::TooManyClasses { name: name.to_owned(), found: list.len() });
            }
            if list.len() < 2 {
                return Err(TableError::OneValue { name: name.to_owned() });
            }
            let classes = rows.iter().filter_map(|&row| words[row]).map(|word| word as u16).collect();
            Ok((Output::Classes(list.clone()), Answers::Classes(classes), None))
        }
        Column::Numbers(numbers) => {
            let of = |rows: &[usize]| rows.iter().filter_map(|&row| numbers[row]).collect::<Vec<f32>>();
            let scaling = scaling(of(&rows[..train]).iter().copied())
                .ok_or_else(|| TableError::OneValue { name: name.to_owned() })?;
            let scaled = of(rows).iter().map(|number| (number - scaling.mean) / scaling.deviation).collect();
            Ok((Output::Numbers(vec![name.to_owned()]), Answers::Numbers(scaled, 1), Some(scaling)))
        }
    }
}

/// What stands for a missing value.
fn is_missing(value: &str) -> bool {
    matches!(value, "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "?")
}

/// A column while it is read: numbers for as long as all values are.
enum Reading {
    Numbers(Vec<Option<f32>>),
    Words(Vec<Option<u32>>, Vec<String>, HashMap<String, u32>),
}

impl Reading {
    fn push(&mut self, value: &str, seen: &mut dyn FnMut() -> Vec<String>) {
        if let Self::Numbers(numbers) = self {
            match value.parse::<f32>() {
                _ if is_missing(value) => return numbers.push(None),
                Ok(number) if number.is_finite() => return numbers.push(Some(number)),
                _ => {}
            }
            // The values before were numbers, and are words now, as they were written.
            let mut words = Self::Words(Vec::new(), Vec::new(), HashMap::new());
            seen().iter().for_each(|value| words.push(value, &mut Vec::new));
            *self = words;
        }
        if let Self::Words(words, list, known) = self {
            if is_missing(value) {
                return words.push(None);
            }
            let next = list.len() as u32;
            let index = known.get(value).copied().unwrap_or_else(|| {
                list.push(value.to_owned());
                known.insert(value.to_owned(), next);
                next
            });
            words.push(Some(index));
        }
    }
}

/// Reads the columns of a CSV file.
fn columns(text: &str) -> Result<Vec<(String, Column)>, TableError> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().filter(|line| !line.trim().is_empty()).ok_or(TableError::Empty)?;
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(count).unwrap_or(b',');
    let mut rows = Rows { text, at: 0, line: 1, separator };
    let names = rows.next_row()?.unwrap_or_default();
    let mut columns: Vec<Reading> = names.iter().map(|_| Reading::Numbers(Vec::new())).collect();
    while let Some(values) = rows.next_row()? {
        if values.len() != names.len() {
            return Err(TableError::Ragged { line: rows.line - 1, found: values.len(), expected: names.len() });
        }
        for (index, (column, value)) in columns.iter_mut().zip(&values).enumerate() {
            column.push(value, &mut || earlier(text, separator, index, rows.at));
        }
    }
    let finished = |reading| match reading {
        Reading::Numbers(numbers) => Column::Numbers(numbers),
        Reading::Words(words, list, _) => Column::Words(words, list),
    };
    Ok(names.into_iter().map(|name| name.into_owned()).zip(columns.into_iter().map(finished)).collect())
}

/// The values of a column in all rows before the one that ends at `end`, without the header.
fn earlier(text: &str, separator: u8, column: usize, end: usize) -> Vec<String> {
    let mut rows = Rows { text, at: 0, line: 1, separator };
    let mut values = Vec::new();
    let _ = rows.next_row();
    while let Ok(Some(row)) = rows.next_row() {
        if rows.at >= end {
            break;
        }
        values.extend(row.get(column).map(|value| value.to_string()));
    }
    values
}

/// A CSV file, row by row.
struct Rows<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    separator: u8,
}

impl<'a> Rows<'a> {
    /// The values of the next row that is not empty; none at the end.
    fn next_row(&mut self) -> Result<Option<Vec<std::borrow::Cow<'a, str>>>, TableError> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b'\n' | b'\r')) {
            self.line += usize::from(bytes[self.at] == b'\n');
            self.at += 1;
        }
        if self.at >= bytes.len() {
            return Ok(None);
        }
        let mut values = Vec::new();
        loop {
            let is_quoted = bytes.get(self.at) == Some(&b'"');
            let value = if is_quoted { self.quoted()? } else { self.plain() };
            values.push(value);
            match bytes.get(self.at) {
                Some(&byte) if byte == self.separator => self.at += 1,
                _ => break,
            }
        }
        while matches!(bytes.get(self.at), Some(b'\r')) {
            self.at += 1;
        }
        self.at += usize::from(self.at < bytes.len());
        self.line += 1;
        Ok(Some(values))
    }

    fn plain(&mut self) -> std::borrow::Cow<'a, str> {
        let rest = &self.text.as_bytes()[self.at..];
        let ends = |byte: &u8| *byte == self.separator || matches!(byte, b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let value = self.text[self.at..self.at + length].trim();
        self.at += length;
        value.into()
    }

    fn quoted(&mut self) -> Result<std::borrow::Cow<'a, str>, TableError> {
        let (line, mut value) = (self.line, String::new());
        loop {
            self.at += 1;
            let rest = &self.text[self.at..];
            let length = rest.find('"').ok_or(TableError::OpenQuote { line })?;
            self.line += rest[..length].matches('\n').count();
            value.push_str(&rest[..length]);
            self.at += length + 1;
            // Two quotation marks are one.
            if self.text.as_bytes().get(self.at) != Some(&b'"') {
                return Ok(value.into());
            }
            value.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten rows of a number, a word, and a target.
    fn ten(of: impl Fn(usize) -> String) -> String {
        format!("size,colour,price\n{}", (0..10).map(|row| of(row) + "\n").collect::<String>())
    }

    #[test]
    fn numbers_are_scaled_and_words_are_inputs_of_their_own() {
        let text = ten(|row| format!("{row},{},{}", ["red", "\"dark, blue\""][row % 2], 2 * row));
        let table = Table::read(&text, Target::Last).unwrap();
        let names = ["size", "colour=red", "colour=dark, blue"].map(str::to_owned).to_vec();
        assert_eq!(table.task.input, Input::Numbers(names));
        assert_eq!(table.task.output, Output::Numbers(vec!["price".into()]));
        assert_eq!((table.task.train.len(), table.task.test.len()), (8, 2));
        assert_eq!(table.inputs[1..], [Scaling { mean: 0.0, deviation: 1.0 }; 2]);
        let (Inputs::Numbers(inputs, 3), Answers::Numbers(answers, 1)) =
            (&table.task.train.inputs, &table.task.train.answers)
        else {
            panic!()
        };
        let scaling = table.scaling.unwrap();
        for (row, answer) in inputs.chunks_exact(3).zip(answers) {
            assert_eq!(row[1] + row[2], 1.0);
            let size = row[0] * table.inputs[0].deviation + table.inputs[0].mean;
            assert!((size - size.round()).abs() < 1e-5, "sizes are whole");
            let price = answer * scaling.deviation + scaling.mean;
            assert!((price / 2.0 % 2.0 - row[2]).abs() < 1e-4, "odd sizes are blue");
            assert!((row[0] - answer).abs() < 1e-5, "price is twice the size");
        }
    }

    #[test]
    fn words_are_classes_and_what_is_missing_is_reported() {
        let text = ten(|row| {
            format!("{};x;{}", if row == 3 { "NA".into() } else { row.to_string() }, ["cheap", "dear"][row / 5])
        });
        let table = Table::read(&text.replace(',', ";"), Target::Named("price")).unwrap();
        assert_eq!(table.task.output, Output::Classes(vec!["cheap".into(), "dear".into()]));
        let report = |name: &str, made, missing| ColumnReport { name: name.into(), made, missing };
        assert_eq!(table.columns, [report("size", Made::Scaled, 1), report("colour", Made::LeftOut, 0)]);
        let text = ten(|row| format!("{row},a{},{}", row % 2, if row == 9 { String::new() } else { "1".into() }));
        assert_eq!(Table::read(&text, Target::Last), Err(TableError::FewRows { found: 9 }));
    }

    #[test]
    fn numbers_before_a_word_become_words() {
        let text = ten(|row| format!("{row},{},{row}", if row < 8 { "1.50".into() } else { format!("w{row}") }));
        let table = Table::read(&text, Target::Last).unwrap();
        let Input::Numbers(names) = table.task.input else { panic!() };
        assert_eq!(names, ["size", "colour=1.50", "colour=w8", "colour=w9"]);
    }

    #[test]
    fn faults_are_named_with_their_lines() {
        let of = |text: &str| Table::read(text, Target::Last).unwrap_err();
        assert_eq!(of(""), TableError::Empty);
        assert_eq!(of("a,b\n1,2\n1\n"), TableError::Ragged { line: 3, found: 1, expected: 2 });
        assert_eq!(of("a,b\n1,\"2\n"), TableError::OpenQuote { line: 2 });
        let same = ten(|row| format!("{row},x,5"));
        assert_eq!(of(&same), TableError::OneValue { name: "price".into() });
        let error = Table::read(&same, Target::Named("cost")).unwrap_err();
        assert_eq!(error.to_string(), "no column is called \"cost\"; there are size, colour, price");
    }
}

//! A table of one's own: rows of named columns, one of which is predicted from the others.

use retort_spec::TargetKind;
use serde::{Deserialize, Serialize};

use super::{
    csv::{self, Column, Columns, MISSING},
    table_error::{MOST_CLASSES, TableError},
    task::{Answers, Examples, Input, Inputs, Output, Task},
};
use crate::random::stream;

/// Different words of a column, at most, that become inputs of their own.
pub const MOST_WORDS: usize = 20;
/// Rows that have a target, at least.
const LEAST_ROWS: usize = 10;
/// Numbers of all inputs, at most: 240 MB.
const MOST_NUMBERS: usize = 60_000_000;
/// One of so many rows is kept for the test.
pub const TEST_SHARE: usize = 5;
/// Which they are is the same in every experiment.
const SEED: u32 = 1;
/// Rows of the test that can be shown as they stood in the file.
const SAMPLES: usize = 6;

/// What was done to a column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub made: Made,
    /// How many values were missing; a number became the mean, a word none of the others.
    pub missing: usize,
}

/// What became of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    /// A number with mean 0 and variance 1.
    Scaled(Scaling),
    /// An input for each of these words.
    OneHot(Vec<String>),
    /// Nothing: it has too many different words, or one value in all rows.
    LeftOut,
}

impl Made {
    /// How many inputs it became.
    fn inputs(&self) -> usize {
        match self {
            Self::Scaled(_) => 1,
            Self::OneHot(words) => words.len(),
            Self::LeftOut => 0,
        }
    }
}

/// How numbers were scaled: what a network reads or says, times the deviation, plus the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub deviation: f32,
}

impl Scaling {
    /// What is read as it is.
    pub const NONE: Self = Self { mean: 0.0, deviation: 1.0 };

    /// A number with mean 0 and variance 1.
    pub fn scaled(self, number: f32) -> f32 {
        // The difference of two large numbers may be none of 32 bits.
        ((f64::from(number) - f64::from(self.mean)) / f64::from(self.deviation)) as f32
    }

    /// The number as it was.
    pub fn unscaled(self, number: f32) -> f32 {
        number * self.deviation + self.mean
    }
}

/// A table ready to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its task.
    pub task: Task,
    /// How it was made.
    pub facts: TableFacts,
}

/// How a task was made of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFacts {
    /// What became of each column but the target, in the file's order.
    pub columns: Vec<ColumnReport>,
    /// The target's name.
    pub target: String,
    /// How the target was scaled, if it has numbers.
    pub scaling: Option<Scaling>,
    /// Rows without a target, which were left out.
    pub without_target: usize,
    /// Some rows of the test: what they say in the columns that became inputs.
    pub samples: Vec<String>,
}

impl TableFacts {
    /// The columns that became inputs.
    pub fn used(&self) -> impl Iterator<Item = &ColumnReport> {
        self.columns.iter().filter(|column| column.made != Made::LeftOut)
    }

    /// How each input was scaled.
    pub fn input_scaling(&self) -> Vec<Scaling> {
        let of = |column: &ColumnReport| match column.made {
            Made::Scaled(scaling) => vec![scaling],
            _ => vec![Scaling::NONE; column.made.inputs()],
        };
        self.columns.iter().flat_map(of).collect()
    }

    /// The inputs of a row that is written with commas between the values of the used columns, and the values that say
    /// nothing: no number, or an unknown word. A value that is missing says nothing either.
    pub fn inputs(&self, row: &str) -> (Vec<f32>, Vec<String>) {
        let (values, mut inputs, mut unknown) = (csv::values(row), Vec::new(), Vec::new());
        for (at, column) in self.used().enumerate() {
            let value = values.get(at).map_or("", String::as_str);
            let is_known = match &column.made {
                Made::Scaled(scaling) => {
                    let number = csv::number(value);
                    inputs.push(number.map_or(0.0, |number| scaling.scaled(number)));
                    number.is_some()
                }
                Made::OneHot(words) => {
                    inputs.extend(words.iter().map(|word| f32::from(u8::from(word == value))));
                    words.iter().any(|word| word == value)
                }
                Made::LeftOut => true,
            };
            if !is_known && !csv::is_missing(value) {
                unknown.push(format!("{}: {value}", column.name));
            }
        }
        (inputs, unknown)
    }
}

impl Table {
    /// A table of named columns of one length; one of them, counted from 0, is the target.
    ///
    /// # Errors
    /// Why nothing can be learned from it.
    pub fn new(columns: &Columns, target: usize, kind: TargetKind) -> Result<Self, TableError> {
        let missing = || TableError::NoColumn { column: target + 1, columns: columns.len() };
        let (name, wanted) = columns.get(target).ok_or_else(missing)?;
        let (all, mut rows): (usize, Vec<usize>) = match wanted {
            Column::Numbers(numbers) => (numbers.len(), present(numbers, |number| !number.is_nan())),
            Column::Words(words, _) => (words.len(), present(words, |word| *word != MISSING)),
            Column::Varied { .. } => return Err(too_many(name, csv::MOST_LISTED + 1)),
        };
        let found = rows.len();
        if found < LEAST_ROWS {
            return Err(TableError::FewRows { name: name.clone(), found, least: LEAST_ROWS });
        }
        stream(SEED, "table").shuffle(&mut rows);
        let train = found - found / TEST_SHARE;
        let (output, answers, scaling) = answers(name, wanted, kind, &rows, train)?;
        let others = || columns.iter().enumerate().filter(|(at, _)| *at != target).map(|(_, column)| column);
        let reports: Vec<ColumnReport> = others().map(|(name, column)| report(name, column, &rows, train)).collect();
        let names: Vec<String> = reports.iter().flat_map(input_names).collect();
        let width = names.len();
        if width == 0 {
            return Err(TableError::NoInputs { name: name.clone() });
        }
        if width * found > MOST_NUMBERS {
            return Err(TableError::TooLarge { rows: found, inputs: width });
        }
        let mut inputs = vec![0.0; found * width];
        let mut first = 0;
        for ((_, column), report) in others().zip(&reports) {
            fill(column, &report.made, &rows, inputs.get_mut(first..).unwrap_or_default(), width);
            first += report.made.inputs();
        }
        let sample = |&row: &usize| {
            let used = others().zip(&reports).filter(|(_, report)| report.made != Made::LeftOut);
            used.map(|((_, column), _)| written(column, row)).collect::<Vec<String>>().join(", ")
        };
        let samples = rows[train..].iter().take(SAMPLES).map(sample).collect();
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
        let task = Task {
            word: "table",
            input: Input::Numbers(names),
            output,
            train: Examples { inputs: Inputs::Numbers(inputs, width), answers: of_train },
            test: Examples { inputs: Inputs::Numbers(test, width), answers: of_test },
        };
        let target = name.clone();
        let facts = TableFacts { columns: reports, target, scaling, without_target: all - found, samples };
        Ok(Self { task, facts })
    }
}

/// What a column is predicted as where nobody says otherwise.
pub fn usual_kind(column: &Column) -> TargetKind {
    if matches!(column, Column::Numbers(_)) { TargetKind::Number } else { TargetKind::Class }
}

/// The rows in which a value is present.
fn present<T>(values: &[T], is_present: impl Fn(&T) -> bool) -> Vec<usize> {
    values.iter().enumerate().filter(|(_, value)| is_present(value)).map(|(row, _)| row).collect()
}

fn too_many(name: &str, found: usize) -> TableError {
    TableError::TooManyClasses { name: name.to_owned(), found }
}

/// Mean and standard deviation of numbers; none where they do not differ.
fn scaling(numbers: impl Iterator<Item = f32> + Clone) -> Option<Scaling> {
    let count = numbers.clone().count();
    let mean = numbers.clone().map(f64::from).sum::<f64>() / count as f64;
    let variance = numbers.map(|number| (f64::from(number) - mean).powi(2)).sum::<f64>() / count as f64;
    let scaling = Scaling { mean: mean as f32, deviation: variance.sqrt() as f32 };
    (scaling.deviation > 0.0 && scaling.deviation.is_finite()).then_some(scaling)
}

/// What becomes of a column. Means are those of the rows to learn from.
fn report(name: &str, column: &Column, rows: &[usize], train: usize) -> ColumnReport {
    let (made, missing) = match column {
        Column::Numbers(numbers) => {
            let learned = rows[..train].iter().map(|&row| numbers[row]).filter(|number| !number.is_nan());
            let missing = rows.iter().filter(|&&row| numbers[row].is_nan()).count();
            (scaling(learned).map_or(Made::LeftOut, Made::Scaled), missing)
        }
        Column::Words(words, list) => {
            let is_usable = (2..=MOST_WORDS).contains(&list.len());
            let missing = rows.iter().filter(|&&row| words[row] == MISSING).count();
            (if is_usable { Made::OneHot(list.clone()) } else { Made::LeftOut }, missing)
        }
        Column::Varied { missing } => (Made::LeftOut, *missing),
    };
    ColumnReport { name: name.to_owned(), made, missing }
}

/// The names of the inputs that a column became.
fn input_names(ColumnReport { name, made, .. }: &ColumnReport) -> Vec<String> {
    match made {
        Made::Scaled(_) => vec![name.clone()],
        Made::OneHot(words) => words.iter().map(|word| format!("{name}={word}")).collect(),
        Made::LeftOut => Vec::new(),
    }
}

/// Writes the inputs of a column, from the first of its own on, into rows of `width` numbers.
fn fill(column: &Column, made: &Made, rows: &[usize], inputs: &mut [f32], width: usize) {
    for (at, &row) in rows.iter().enumerate() {
        match (column, made) {
            (Column::Numbers(numbers), Made::Scaled(scaling)) if !numbers[row].is_nan() => {
                inputs[at * width] = scaling.scaled(numbers[row]);
            }
            (Column::Words(words, _), Made::OneHot(_)) if words[row] != MISSING => {
                inputs[at * width + usize::from(words[row])] = 1.0;
            }
            _ => {}
        }
    }
}

/// A value as it may be written again.
fn written(column: &Column, row: usize) -> String {
    match column {
        Column::Numbers(numbers) if !numbers[row].is_nan() => numbers[row].to_string(),
        Column::Words(words, list) => {
            let word = list.get(usize::from(words[row])).map_or("", String::as_str);
            let needs_quotes = word.contains([',', '"', '\n', '\r']);
            if needs_quotes { format!("\"{}\"", word.replace('"', "\"\"")) } else { word.to_owned() }
        }
        _ => String::new(),
    }
}

/// What is to be said of each row: classes, or numbers with mean 0 and variance 1.
fn answers(
    name: &str,
    column: &Column,
    kind: TargetKind,
    rows: &[usize],
    train: usize,
) -> Result<(Output, Answers, Option<Scaling>), TableError> {
    let one_value = || TableError::OneValue { name: name.to_owned() };
    match (column, kind) {
        (Column::Words(words, list), TargetKind::Class) => {
            if list.len() > MOST_CLASSES {
                return Err(too_many(name, list.len()));
            }
            if list.len() < 2 {
                return Err(one_value());
            }
            let classes = rows.iter().map(|&row| words[row]).collect();
            Ok((Output::Classes(list.clone()), Answers::Classes(classes), None))
        }
        (Column::Numbers(numbers), TargetKind::Class) => {
            let mut values: Vec<f32> = Vec::new();
            for &row in rows {
                if !values.contains(&numbers[row]) {
                    values.push(numbers[row]);
                    if values.len() > MOST_CLASSES {
                        return Err(too_many(name, values.len()));
                    }
                }
            }
            if values.len() < 2 {
                return Err(one_value());
            }
            values.sort_by(f32::total_cmp);
            let class = |&row: &usize| values.iter().position(|value| *value == numbers[row]).unwrap_or_default();
            let classes = rows.iter().map(|row| class(row) as u16).collect();
            Ok((Output::Classes(values.iter().map(f32::to_string).collect()), Answers::Classes(classes), None))
        }
        (Column::Numbers(numbers), TargetKind::Number) => {
            let scaling = scaling(rows[..train].iter().map(|&row| numbers[row])).ok_or_else(one_value)?;
            let scaled = rows.iter().map(|&row| scaling.scaled(numbers[row])).collect();
            Ok((Output::Numbers(vec![name.to_owned()]), Answers::Numbers(scaled, 1), Some(scaling)))
        }
        (Column::Words(_, list), TargetKind::Number) => {
            let word = list.iter().find(|word| csv::number(word).is_none()).or(list.first());
            Err(TableError::NotNumbers { name: name.to_owned(), word: word.cloned().unwrap_or_default() })
        }
        (Column::Varied { .. }, _) => Err(too_many(name, csv::MOST_LISTED + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten rows of a number, a word, and a target.
    fn ten(of: impl Fn(usize) -> String) -> Columns {
        let text = format!("size,colour,price\n{}", (0..10).map(|row| of(row) + "\n").collect::<String>());
        csv::read(text.as_bytes()).unwrap()
    }

    fn regression(columns: &Columns) -> Result<Table, TableError> {
        Table::new(columns, 2, TargetKind::Number)
    }

    #[test]
    fn numbers_are_scaled_and_words_are_inputs_of_their_own() {
        let columns = ten(|row| format!("{row},{},{}", ["red", "\"dark, blue\""][row % 2], 2 * row));
        let Table { task, facts } = regression(&columns).unwrap();
        let names = ["size", "colour=red", "colour=dark, blue"].map(str::to_owned).to_vec();
        assert_eq!(task.input, Input::Numbers(names));
        assert_eq!(task.output, Output::Numbers(vec!["price".into()]));
        assert_eq!((task.train.len(), task.test.len()), (8, 2));
        assert_eq!(facts.input_scaling()[1..], [Scaling::NONE; 2]);
        let (Inputs::Numbers(inputs, 3), Answers::Numbers(answers, 1)) = (&task.train.inputs, &task.train.answers)
        else {
            panic!()
        };
        let scaling = facts.scaling.unwrap();
        for (row, answer) in inputs.chunks_exact(3).zip(answers) {
            assert_eq!(row[1] + row[2], 1.0);
            let size = facts.input_scaling()[0].unscaled(row[0]);
            assert!((size - size.round()).abs() < 1e-5, "sizes are whole");
            let price = scaling.unscaled(*answer);
            assert!((price / 2.0 % 2.0 - row[2]).abs() < 1e-4, "odd sizes are blue");
            assert!((row[0] - answer).abs() < 1e-5, "price is twice the size");
        }
        // A row that is typed as it stood gives the same inputs.
        let Inputs::Numbers(test, 3) = &task.test.inputs else { panic!() };
        for (sample, row) in facts.samples.iter().zip(test.chunks_exact(3)) {
            assert_eq!(facts.inputs(sample), (row.to_vec(), Vec::new()), "{sample}");
        }
        assert_eq!(facts.inputs("many, green").1, ["size: many", "colour: green"]);
        assert_eq!(facts.inputs(""), (vec![0.0; 3], Vec::new()));
    }

    #[test]
    fn words_are_classes_and_what_is_missing_is_reported() {
        let size = |row: usize| if row == 3 { "NA".into() } else { row.to_string() };
        let columns = ten(|row| format!("{},x,{}", size(row), ["cheap", "dear"][row / 5]));
        assert_eq!(usual_kind(&columns[2].1), TargetKind::Class);
        let Table { task, facts } = Table::new(&columns, 2, TargetKind::Class).unwrap();
        assert_eq!(task.output, Output::Classes(vec!["cheap".into(), "dear".into()]));
        assert!(matches!(facts.columns[0], ColumnReport { made: Made::Scaled(_), missing: 1, .. }));
        assert!(matches!(facts.columns[1], ColumnReport { made: Made::LeftOut, missing: 0, .. }));
        assert_eq!(facts.used().count(), 1);
        let word = "cheap".to_owned();
        assert_eq!(regression(&columns), Err(TableError::NotNumbers { name: "price".into(), word }));
        let columns = ten(|row| format!("{row},a{},{}", row % 2, if row == 9 { String::new() } else { "1".into() }));
        assert_eq!(regression(&columns), Err(TableError::FewRows { name: "price".into(), found: 9, least: 10 }));
    }

    #[test]
    fn numbers_are_classes_where_they_are_asked_for_as_such() {
        let columns = ten(|row| format!("{row},a{},{}", row % 2, [10, 2, 0][row % 3]));
        let table = Table::new(&columns, 2, TargetKind::Class).unwrap();
        assert_eq!(table.task.output, Output::Classes(["0", "2", "10"].map(str::to_owned).to_vec()));
        // Any column may be the target.
        let table = Table::new(&columns, 0, TargetKind::Number).unwrap();
        assert_eq!(table.task.input, Input::Numbers(["colour=a0", "colour=a1", "price"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_nothing_can_be_learned_from_is_named() {
        let name = || "price".to_owned();
        let same = ten(|row| format!("{row},x,5"));
        assert_eq!(regression(&same), Err(TableError::OneValue { name: name() }));
        assert_eq!(Table::new(&same, 2, TargetKind::Class), Err(TableError::OneValue { name: name() }));
        assert_eq!(Table::new(&same, 3, TargetKind::Class), Err(TableError::NoColumn { column: 4, columns: 3 }));
        let unsaid = ten(|row| format!("1,x,{row}"));
        assert_eq!(regression(&unsaid), Err(TableError::NoInputs { name: name() }));
        let rows: String = (0..=MOST_CLASSES).map(|row| format!("{row},n{row}\n")).collect();
        let many = csv::read(format!("a,price\n{rows}").as_bytes()).unwrap();
        let found = MOST_CLASSES + 1;
        assert_eq!(Table::new(&many, 1, TargetKind::Class), Err(TableError::TooManyClasses { name: name(), found }));
        // A number that no other can be told from, for its size.
        let huge = ten(|row| format!("{row},{}e38,{row}", if row % 2 == 0 { "3" } else { "-3" }));
        assert!(regression(&huge).is_ok());
    }
}

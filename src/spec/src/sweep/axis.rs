//! One knob of a sweep and the values that it takes, as a text: `temperature:1,2,4`, `soft:0..1/6`.

use std::{fmt, str::FromStr};

use super::range::{RangeFault, spread};
use crate::{
    experiment::Experiment,
    knobs::{Kind, Knob, knob},
    number::read_number,
    problem::ProblemKind,
};

/// More cells than this are no sweep that anybody waits for.
pub const MOST_CELLS: usize = 200;

/// Why a text is no sweep. Each message names the part and what would be right.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SweepError {
    /// There is no part.
    #[error("an empty sweep; write one or two knobs with their values, such as temperature:1,2,4;student:4,16")]
    Empty,
    /// There are more knobs than a table has sides.
    #[error("{count} knobs; a sweep has one or two, with a semicolon between them")]
    TooManyKnobs {
        /// How many there are.
        count: usize,
    },
    /// A part names a knob or a list, not both.
    #[error("'{part}': write a knob, a colon and its values, such as temperature:1,2,4")]
    NoColon {
        /// The part.
        part: String,
    },
    /// No knob has this key.
    #[error("'{key}': no knob has this name")]
    UnknownKnob {
        /// The key as it was given.
        key: String,
    },
    /// Both parts name the same knob.
    #[error("{key}: given twice; write all of its values in one list")]
    KnobTwice {
        /// The knob.
        key: &'static str,
    },
    /// A value is empty.
    #[error("{key}: an empty value; write its values with one comma between them, such as {key}:{usual}")]
    EmptyValue {
        /// The knob.
        key: &'static str,
        /// A value that it takes.
        usual: String,
    },
    /// The knob does not take a value.
    #[error("{key}={value}: {kind}")]
    BadValue {
        /// The knob.
        key: &'static str,
        /// The value as it was given.
        value: String,
        /// What is wrong with it.
        kind: ProblemKind,
    },
    /// A value stands twice.
    #[error("{key}: {value} stands twice{}", if *commas { "; where commas belong to values, write bars between them, such as 64,64|32" } else { "" })]
    ValueTwice {
        /// The knob.
        key: &'static str,
        /// The value.
        value: String,
        /// Its values may contain commas.
        commas: bool,
    },
    /// A range does not say which values are meant.
    #[error("{key}:{range}: {fault}")]
    BadRange {
        /// The knob.
        key: &'static str,
        /// The range as it was given.
        range: String,
        /// What is wrong with it.
        fault: RangeFault,
    },
    /// There are too many cells.
    #[error("more than {most} cells; leave out values")]
    TooManyCells {
        /// Most cells.
        most: usize,
    },
}

/// One knob of a sweep and the values that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    key: &'static str,
    values: Vec<String>,
    /// The values as they are written, ranges among them.
    list: String,
}

impl Axis {
    /// The knob's key.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The texts of its values, as a permalink writes them; at least one, each once.
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, self.list)
    }
}

impl FromStr for Axis {
    type Err = SweepError;

    /// Reads a knob, a colon and its values. Commas separate values. Where a bar stands in the list, bars separate them
    /// and commas belong to them: `student:64,64|32`. A bar behind the last value counts for nothing, so that
    /// `student:64,64|` is one value. A value of a knob that takes numbers may be a range: `1..20/5`.
    fn from_str(text: &str) -> Result<Self, SweepError> {
        let Some((key, list)) = text.split_once(':') else {
            return Err(SweepError::NoColon { part: text.trim().to_owned() });
        };
        let Some(knob) = knob(key.trim()) else {
            return Err(SweepError::UnknownKnob { key: key.trim().to_owned() });
        };
        let (list, separator) = match list.contains('|') {
            true => (list.trim().strip_suffix('|').unwrap_or(list), '|'),
            false => (list, ','),
        };
        if list.split(separator).count() > MOST_CELLS {
            return Err(SweepError::TooManyCells { most: MOST_CELLS });
        }
        let (mut values, mut written) = (Vec::new(), Vec::new());
        for item in list.split(separator).map(str::trim) {
            let (text, more) = match item.contains("..") {
                true => range(knob, item)?,
                false => value(knob, item).map(|value| (value.clone(), vec![value]))?,
            };
            written.push(text);
            values.extend(more);
        }
        if values.len() > MOST_CELLS {
            return Err(SweepError::TooManyCells { most: MOST_CELLS });
        }
        if let Some(twice) = (1..values.len()).find(|&at| values[..at].contains(&values[at])) {
            let commas = matches!(knob.kind, Kind::Widths | Kind::Classes | Kind::Stages | Kind::Points);
            return Err(SweepError::ValueTwice { key: knob.key, value: values.swap_remove(twice), commas });
        }
        let list = match &written[..] {
            [only] if only.contains(',') => format!("{only}|"),
            many if many.iter().any(|value| value.contains(',')) => many.join("|"),
            many => many.join(","),
        };
        Ok(Self { key: knob.key, values, list })
    }
}

/// A value as a permalink writes it.
fn value(knob: &'static Knob, text: &str) -> Result<String, SweepError> {
    let mut experiment = Experiment::default();
    if text.is_empty() {
        return Err(SweepError::EmptyValue { key: knob.key, usual: knob.get(&experiment) });
    }
    match knob.set(&mut experiment, text) {
        Ok(()) => Ok(knob.get(&experiment)),
        Err(kind) => Err(SweepError::BadValue { key: knob.key, value: text.to_owned(), kind }),
    }
}

/// A range as it is written, and its values.
fn range(knob: &'static Knob, text: &str) -> Result<(String, Vec<String>), SweepError> {
    let bad = |fault| SweepError::BadRange { key: knob.key, range: text.to_owned(), fault };
    if !matches!(knob.kind, Kind::Number { .. } | Kind::Integer { .. } | Kind::Labels { .. }) {
        return Err(bad(RangeFault::NoNumbers));
    }
    let (ends, count) = text.split_once('/').ok_or_else(|| bad(RangeFault::NoCount))?;
    let (from, to) = ends.split_once("..").ok_or_else(|| bad(RangeFault::NoCount))?;
    let count = count.trim().parse::<usize>().ok().filter(|count| (2..=MOST_CELLS).contains(count));
    let count = count.ok_or_else(|| bad(RangeFault::Count { most: MOST_CELLS }))?;
    let (from, to) = (value(knob, from.trim())?, value(knob, to.trim())?);
    let end = |text: &str| read_number(text).ok_or_else(|| bad(RangeFault::NoNumbers));
    let numbers = spread(knob.kind, end(&from)?, end(&to)?, count).map_err(bad)?;
    let values = numbers.iter().map(|number| value(knob, &number.to_string())).collect::<Result<_, _>>()?;
    Ok((format!("{from}..{to}/{count}"), values))
}

//! A table as a text: which experiments it measures, and what its columns are.
//!
//! ```text
//! # A comment.
//! columns = compression
//! seeds = 3
//! base = data=mnist&student=32
//!
//! [repairs]
//! compress=quantize:3
//! compress=quantize:3:gptq
//! ```
//!
//! Settings stand before the first section, `key = value` each. A section has a name in brackets. Each of its other
//! lines is a row: the pairs of a link that differ from the base.

use retort_spec::{Experiment, decode, link};

use crate::Failure;

/// What is measured of a row, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Every objective, alone and beside soft targets.
    Objectives,
    /// What compression leaves: the row's link has a pipeline.
    Compression,
    /// The same after each step of the pipeline.
    Steps,
}

impl Columns {
    const ALL: [(&str, Self); 3] =
        [("objectives", Self::Objectives), ("compression", Self::Compression), ("steps", Self::Steps)];
}

/// Some rows with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// What differs from the table's base, a link each.
    pub rows: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Columns,
    /// Runs of each experiment.
    pub seeds: u32,
    /// Pairs of all links, where a row does not say otherwise.
    pub base: String,
    pub sections: Vec<Section>,
}

/// What is wrong with a line, counted from 1; 0 for what is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TableFault {
    pub line: usize,
    pub reason: String,
}

/// Reads a table.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(text: &str) -> Result<Table, TableFault> {
    let mut columns = None;
    let (mut seeds, mut base, mut sections) = (5, String::new(), Vec::<Section>::new());
    for (place, line) in text.lines().enumerate() {
        let fault = |reason: &str| TableFault { line: place + 1, reason: reason.to_owned() };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let name = head.strip_suffix(']').ok_or_else(|| fault("a section's name ends with ]"))?;
            if sections.iter().any(|section| section.name == name) {
                return Err(fault("a section of this name stands above"));
            }
            sections.push(Section { name: name.to_owned(), rows: Vec::new() });
            continue;
        }
        if let Some(section) = sections.last_mut() {
            section.rows.push(line.to_owned());
            continue;
        }
        let (key, value) = line.split_once(" = ").ok_or_else(|| fault("a setting is 'key = value'"))?;
        match key {
            "columns" => {
                let found = Columns::ALL.into_iter().find(|(word, _)| *word == value);
                let words = Columns::ALL.map(|(word, _)| word).join(", ");
                columns = Some(found.ok_or_else(|| fault(&format!("columns are one of {words}")))?.1);
            }
            "seeds" => seeds = value.parse().map_err(|_| fault("seeds are a whole number"))?,
            "base" => base = value.to_owned(),
            _ => return Err(fault("no such setting: columns, seeds, base")),
        }
    }
    let reason = "the file says no columns, such as 'columns = objectives'".to_owned();
    let columns = columns.ok_or(TableFault { line: 0, reason })?;
    Ok(Table { columns, seeds, base, sections })
}

/// The experiment of a row. Its pairs count instead of the table's.
///
/// # Errors
/// If a link has bad values.
pub fn experiment(table: &Table, row: &str) -> Result<Experiment, Failure> {
    let own = link::pairs(row);
    let is_free = |pair: &&str| own.iter().all(|(key, _)| pair.split('=').next() != Some(key));
    let base = table.base.split('&').filter(is_free);
    let runs = format!("runs={}", table.seeds);
    let pairs: Vec<&str> = [row, &*runs].into_iter().chain(base).filter(|pair| !pair.is_empty()).collect();
    let decoded = decode(&pairs.join("&"), &[]);
    match &decoded.problems[..] {
        [] => Ok(decoded.experiment),
        problems => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(Failure::BadExperiment(problems.join("\n  ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_sections_and_rows_are_read() {
        let text = "# A comment.\ncolumns = steps\nseeds = 3\nbase = data=mnist\n\n[one]\nb=1\nc=2\n[two]\n";
        let table = read(text).unwrap();
        assert_eq!((table.columns, table.seeds, &*table.base), (Columns::Steps, 3, "data=mnist"));
        let sections = table.sections.iter().map(|section| (&*section.name, section.rows.join(" ")));
        assert_eq!(sections.collect::<Vec<_>>(), [("one", "b=1 c=2".to_owned()), ("two", String::new())]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        let cases = [
            ("columns = steps\nrows = 4", 2),
            ("columns = chairs", 1),
            ("nothing", 1),
            ("columns = steps\n[one", 2),
            ("columns = steps\n[one]\n[one]", 3),
            ("seeds = 5", 0),
        ];
        for (text, line) in cases {
            assert_eq!(read(text).unwrap_err().line, line, "{text}");
        }
    }
}

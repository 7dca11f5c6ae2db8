//! A table as a text: which experiments it measures, and what its columns are.
//!
//! ```text
//! # A comment.
//! columns = schemes
//! seeds = 5
//! first = scheme={} | the default
//!
//! [mutual] what the first row is
//! scheme=mutual&members=4 | four peers
//! ```
//!
//! Settings stand before the first section, `key = value` each. A section has a name in brackets, and behind it, if
//! need be, what it is. Each of its other lines is a row: a link, and behind a bar why it is there. Of `first` and
//! `last`, which are rows of all sections, `{}` stands for the section's name. With `each = scheme` every scheme for
//! the default data set has a section, in the order of the schemes; those that the file does not name have the common
//! rows alone.

use retort_spec::{Experiment, Scheme, decode, link};

use crate::Failure;

/// What is measured of a row, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Who teaches, control, student, what it gained, the verdict, the cost.
    Schemes,
    /// Every objective, alone and beside soft targets.
    Objectives,
    /// What compression leaves: the row's link has a pipeline.
    Compression,
    /// The same after each step of the pipeline.
    Steps,
}

impl Columns {
    const ALL: [(&str, Self); 4] = [
        ("schemes", Self::Schemes),
        ("objectives", Self::Objectives),
        ("compression", Self::Compression),
        ("steps", Self::Steps),
    ];
}

/// A row: a link and why it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The pairs that differ from the table's base.
    pub link: String,
    pub why: String,
}

/// Some rows with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub rows: Vec<Row>,
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

fn row(text: &str) -> Row {
    let (link, why) = text.split_once(" | ").unwrap_or((text, ""));
    Row { link: link.trim().to_owned(), why: why.trim().to_owned() }
}

/// Reads a table.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(text: &str) -> Result<Table, TableFault> {
    let mut table = Table { columns: Columns::Schemes, seeds: 5, base: String::new(), sections: Vec::new() };
    let (mut columns, mut first, mut last, mut has_each) = (None, None, None, false);
    // What the first row of a section is.
    let mut whats: Vec<String> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let fault = |reason: &str| TableFault { line: place + 1, reason: reason.to_owned() };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let (name, what) = head.split_once(']').ok_or_else(|| fault("a section's name ends with ]"))?;
            if table.sections.iter().any(|section| section.name == name) {
                return Err(fault("a section of this name stands above"));
            }
            table.sections.push(Section { name: name.to_owned(), rows: Vec::new() });
            whats.push(what.trim().to_owned());
            continue;
        }
        if let Some(section) = table.sections.last_mut() {
            section.rows.push(row(line));
            continue;
        }
        let (key, value) = line.split_once(" = ").ok_or_else(|| fault("a setting is 'key = value'"))?;
        match key {
            "columns" => {
                let found = Columns::ALL.into_iter().find(|(word, _)| *word == value);
                let words = Columns::ALL.map(|(word, _)| word).join(", ");
                columns = Some(found.ok_or_else(|| fault(&format!("columns are one of {words}")))?.1);
            }
            "seeds" => table.seeds = value.parse().map_err(|_| fault("seeds are a whole number"))?,
            "base" => table.base = value.to_owned(),
            "first" => first = Some(row(value)),
            "last" => last = Some(row(value)),
            "each" if value == "scheme" => has_each = true,
            _ => return Err(fault("no such setting: columns, seeds, base, first, last, each = scheme")),
        }
    }
    table.columns = columns.ok_or_else(|| TableFault {
        line: 0,
        reason: "the file says no columns, such as 'columns = schemes'".into(),
    })?;
    let named: Vec<(Section, String)> = table.sections.into_iter().zip(whats).collect();
    let schemes =
        Scheme::ALL.iter().filter(|scheme| scheme.fits(Experiment::default().data)).map(|scheme| scheme.word());
    let names: Vec<&str> = match has_each {
        true => schemes.collect(),
        false => named.iter().map(|(section, _)| &*section.name).collect(),
    };
    if let Some((section, _)) = named.iter().find(|(section, _)| !names.contains(&&*section.name)) {
        return Err(TableFault { line: 0, reason: format!("[{}] is no scheme", section.name) });
    }
    let complete = |name: &str| {
        let own = named.iter().find(|(section, _)| section.name == name);
        let common =
            |row: &Option<Row>| row.as_ref().map(|row| Row { link: row.link.replace("{}", name), ..row.clone() });
        let what = own.map_or("", |(_, what)| what);
        let first = common(&first)
            .map(|row| Row { why: [&*row.why, what].join(if what.is_empty() { "" } else { ": " }), ..row });
        let rows = own.into_iter().flat_map(|(section, _)| section.rows.clone());
        Section { name: name.to_owned(), rows: first.into_iter().chain(rows).chain(common(&last)).collect() }
    };
    table.sections = names.into_iter().map(complete).collect();
    Ok(table)
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
        let text = "# A comment.\ncolumns = steps\nseeds = 3\nbase = data=mnist\nfirst = a={} | begin\n\n[one] it\nb=1 | why\nc=2\n[two]\n";
        let table = read(text).unwrap();
        let rows = |place: usize| {
            let rows = table.sections[place].rows.iter();
            rows.map(|row| (&*row.link, &*row.why)).collect::<Vec<(&str, &str)>>()
        };
        assert_eq!((table.columns, table.seeds, &*table.base), (Columns::Steps, 3, "data=mnist"));
        assert_eq!(rows(0), [("a=one", "begin: it"), ("b=1", "why"), ("c=2", "")]);
        assert_eq!(rows(1), [("a=two", "begin")]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        let cases = [
            ("columns = schemes\nrows = 4", 2),
            ("columns = chairs", 1),
            ("nothing", 1),
            ("columns = schemes\n[one", 2),
            ("columns = schemes\n[one]\n[one]", 3),
            ("seeds = 5", 0),
            ("columns = schemes\neach = scheme\n[sorcery]", 0),
        ];
        for (text, line) in cases {
            assert_eq!(read(text).unwrap_err().line, line, "{text}");
        }
    }

    #[test]
    fn a_scheme_that_the_file_does_not_name_has_the_common_rows() {
        let table =
            read("columns = schemes\neach = scheme\nfirst = scheme={} | the default\n[mutual]\nlabels=all | all")
                .unwrap();
        let count = |name: &str| table.sections.iter().find(|section| section.name == name).unwrap().rows.len();
        assert_eq!((count("offline"), count("mutual")), (1, 2));
    }
}

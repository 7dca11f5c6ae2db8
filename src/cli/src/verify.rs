//! `retort verify`.

use std::{io::Write, path::PathBuf};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::verify::{Row, RowOutcome, verify as check};

use crate::{Failure, compute, text};

/// Checks the engine against a vector file and prints how each row fared.
pub fn verify(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("file") else { return Ok(()) };
    let failure = |reason: String| Failure::File { path: path.display().to_string(), reason };
    let text_of_file = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    let rows: Vec<Row> =
        serde_json::from_str(&text_of_file).map_err(|error| failure(format!("not a vector file: {error}")))?;
    let compute = compute(text(matches, "device").unwrap_or("auto").parse()?)?;
    let checked = block_on(check(&rows, &compute.device))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<32} {:<8} {:>12} {:>12}", "row", "result", "value error", "grad error")?;
    for row in &checked {
        match &row.result {
            RowOutcome::Passed { value, gradient } => {
                writeln!(out, "{:<32} {:<8} {value:>12.1e} {gradient:>12.1e}", row.name, "passed")?
            }
            RowOutcome::Missed { reason } => writeln!(out, "{:<32} {:<8} {reason}", row.name, "MISSED")?,
            RowOutcome::Absent => writeln!(out, "{:<32} {:<8}", row.name, "absent")?,
        }
    }
    let missed = checked.iter().filter(|row| matches!(row.result, RowOutcome::Missed { .. })).count();
    let absent = checked.iter().filter(|row| row.result == RowOutcome::Absent).count();
    writeln!(out, "{} passed, {missed} missed, {absent} absent", checked.len() - missed - absent)?;
    match missed > 0 || (absent > 0 && matches.get_flag("strict")) {
        false => Ok(()),
        true => Err(Failure::Missed { missed, absent, rows: checked.len() }),
    }
}

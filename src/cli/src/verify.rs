//! `retort verify`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::verify::{Row, RowOutcome, RowResult, verify as check};

use crate::{Failure, compute, text};

/// Checks the engine against vector files and prints how each row fared.
pub fn verify(matches: &ArgMatches) -> Result<(), Failure> {
    let paths: Vec<&PathBuf> = matches.get_many("file").into_iter().flatten().collect();
    let files = paths.iter().map(|path| Ok((*path, rows(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    let compute = compute(text(matches, "device").unwrap_or("auto").parse()?)?;
    let mut out = std::io::stdout().lock();
    let mut checked = Vec::new();
    for (path, rows) in files {
        if paths.len() > 1 {
            writeln!(out, "{}", path.display())?;
        }
        let results = block_on(check(&rows, &compute.device))?;
        table(&mut out, &results)?;
        checked.extend(results);
    }
    let missed = checked.iter().filter(|row| matches!(row.result, RowOutcome::Missed { .. })).count();
    let absent = checked.iter().filter(|row| row.result == RowOutcome::Absent).count();
    writeln!(out, "{} passed, {missed} missed, {absent} absent", checked.len() - missed - absent)?;
    match missed > 0 || (absent > 0 && matches.get_flag("strict")) {
        false => Ok(()),
        true => Err(Failure::Missed { missed, absent, rows: checked.len() }),
    }
}

fn rows(path: &Path) -> Result<Vec<Row>, Failure> {
    let failure = |reason: String| Failure::File { path: path.display().to_string(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failure(format!("not a vector file: {error}")))
}

fn table(out: &mut dyn Write, rows: &[RowResult]) -> std::io::Result<()> {
    writeln!(out, "{:<32} {:<8} {:>12} {:>12}", "row", "result", "value error", "grad error")?;
    for row in rows {
        match &row.result {
            RowOutcome::Passed { value, gradient } => {
                writeln!(out, "{:<32} {:<8} {value:>12.1e} {gradient:>12.1e}", row.name, "passed")?
            }
            RowOutcome::Missed { reason } => writeln!(out, "{:<32} {:<8} {reason}", row.name, "MISSED")?,
            RowOutcome::Absent => writeln!(out, "{:<32} {:<8}", row.name, "absent")?,
        }
    }
    Ok(())
}

//! `retort verify`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::verify::{Row, RowOutcome, RowResult, verify as check};

use crate::{Failure, compute, text};

/// Checks the engine against vector files and writes how each row fared.
pub fn verify(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let strict = matches.get_flag("strict");
    let paths: Vec<&PathBuf> = matches.get_many("file").into_iter().flatten().collect();
    let files = paths.iter().map(|path| Ok((*path, rows(path)?))).collect::<Result<Vec<_>, Failure>>()?;
    if let Some((path, _)) = files.iter().find(|(_, rows)| strict && rows.is_empty()) {
        return Err(Failure::NoRows { path: path.display().to_string() });
    }
    let compute = compute(text(matches, "device").unwrap_or("auto").parse()?)?;
    let mut checked = Vec::new();
    for (path, rows) in files {
        if paths.len() > 1 {
            writeln!(out, "{}", path.display())?;
        }
        let results = block_on(check(&rows, &compute.device))?;
        table(out, &results)?;
        checked.extend(results);
    }
    let missed = checked.iter().filter(|row| matches!(row.result, RowOutcome::Missed { .. })).count();
    let absent = checked.iter().filter(|row| row.result == RowOutcome::Absent).count();
    writeln!(out, "{} passed, {missed} missed, {absent} absent", checked.len() - missed - absent)?;
    match missed > 0 || (absent > 0 && strict) {
        false => Ok(()),
        true => Err(Failure::Missed { missed, absent, rows: checked.len() }),
    }
}

/// The rows of a file; none of one without contents.
fn rows(path: &Path) -> Result<Vec<Row>, Failure> {
    let failure = |reason: String| Failure::File { path: path.display().to_string(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&text).map_err(|error| failure(format!("not a vector file: {error}")))
}

fn table(out: &mut dyn Write, rows: &[RowResult]) -> std::io::Result<()> {
    let width = rows.iter().map(|row| row.name.chars().count()).fold(32, usize::max);
    writeln!(out, "{:<width$} {:<8} {:>12} {:>12}", "row", "result", "value error", "grad error")?;
    for row in rows {
        match &row.result {
            RowOutcome::Passed { value, gradient } => {
                writeln!(out, "{:<width$} {:<8} {value:>12.1e} {gradient:>12.1e}", row.name, "passed")?
            }
            RowOutcome::Missed { reason } => writeln!(out, "{:<width$} {:<8} {reason}", row.name, "MISSED")?,
            RowOutcome::Absent => writeln!(out, "{:<width$} {:<8}", row.name, "absent")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;

    const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/");

    /// What `retort verify` writes, and how it ends.
    fn verified(arguments: &[&str]) -> (String, Result<(), Failure>) {
        let matches = command().get_matches_from([&["retort", "verify", "--device", "cpu"], arguments].concat());
        let mut written = Vec::new();
        let result = verify(matches.subcommand().unwrap().1, &mut written);
        (String::from_utf8(written).unwrap(), result)
    }

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("retort-verify-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    #[test]
    fn several_files_are_checked_and_counted_together() {
        let [losses, schemes] = ["objectives.json", "schemes.json"].map(|name| format!("{VECTORS}{name}"));
        let (written, result) = verified(&["--strict", &losses, &schemes]);
        assert!(result.is_ok(), "{written}");
        assert!(written.contains(&losses) && written.contains(&schemes));
        assert!(written.ends_with(" passed, 0 missed, 0 absent\n"), "{written}");
    }

    #[test]
    fn foreign_rows_are_absent_and_only_strictness_minds() {
        let path = file("foreign", r#"[{"objective": "unheard-of", "votes": [[1]]}, 3]"#);
        let (written, result) = verified(&[&path]);
        assert!(result.is_ok() && written.ends_with("0 passed, 0 missed, 2 absent\n"), "{written}");
        let (_, result) = verified(&["--strict", &path]);
        assert!(matches!(result, Err(Failure::Missed { missed: 0, absent: 2, rows: 2 })), "{result:?}");
    }

    #[test]
    fn a_file_without_rows_fails_if_strict() {
        let whole = format!("{VECTORS}schemes.json");
        for (name, text) in [("nothing", ""), ("blank", " \n"), ("brackets", "[]")] {
            let path = file(name, text);
            let (written, result) = verified(&[&path]);
            assert!(result.is_ok() && written.ends_with("0 passed, 0 missed, 0 absent\n"), "{written}");
            let (_, result) = verified(&["--strict", &whole, &path]);
            let Err(failure @ Failure::NoRows { .. }) = result else { panic!("{result:?}") };
            assert_eq!(failure.to_string(), format!("{path}: the file has no rows, so nothing was checked"));
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let (_, result) = verified(&[&file("object", "{}")]);
        assert!(matches!(result, Err(Failure::File { .. })), "{result:?}");
    }
}

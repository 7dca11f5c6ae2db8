//! `retort sweep`: one or two knobs over lists of values, in one table.

pub mod engines;
mod files;
mod grid;
mod metric;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command, value_parser};
use retort_spec::{SWEEP_KEY, Sweep, SweepCell, link};

use self::{
    engines::{Engines, Measuring},
    files::Finished,
    grid::Grid,
    metric::Metric,
};
use crate::{Failure, run, text};

/// The command and what it takes, apart from the knobs.
pub fn command() -> Command {
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    };
    Command::new("sweep").about("Trains an experiment for each value of one or two knobs, and prints a table").args([
        Arg::new(SWEEP_KEY).long(SWEEP_KEY).value_name("KNOBS").help(
            "The knobs and their values: 'temperature:1,2,4;student:4,16'. A list of numbers may hold ranges, \
             'temperature:1..20/5'; bars separate values that contain commas, 'student:64,64|32'",
        ),
        Arg::new("metric")
            .long("metric")
            .default_value(Metric::Accuracy.word())
            .value_parser(Metric::ALL.map(|(word, _)| word))
            .help("What the table shows; files hold all of them"),
        file("csv", "Writes a row for each cell, after each cell"),
        file("json", "Writes all that was measured, after each cell"),
    ])
}

/// Trains the cells of a sweep and writes its table, row by row.
pub fn sweep(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let base = run::experiment(matches, &[SWEEP_KEY])?;
    let in_link = link::page_key(text(matches, "experiment").unwrap_or_default(), SWEEP_KEY);
    let sweep = text(matches, SWEEP_KEY).map(str::to_owned).or(in_link).ok_or(Failure::NoSweep)?;
    let sweep: Sweep = sweep.parse()?;
    let metric = text(matches, "metric").and_then(Metric::of).unwrap_or(Metric::Accuracy);
    let cells = sweep.cells(&base);
    let mut finished: Vec<Finished> = cells.iter().map(|_| None).collect();
    let save = |finished: &[Finished]| {
        write(matches, "csv", || files::csv(&sweep, &cells, finished))?;
        write(matches, "json", || format!("{:#}\n", files::json(&base, &sweep, &cells, finished)))
    };
    // A file that cannot be written is known before anything is trained.
    save(&finished)?;
    let possible = cells.iter().filter_map(|cell| cell.experiment.as_deref().ok());
    let mut engines = Engines::new(matches, possible, Measuring::TestSet);
    let bar = run::bar("{msg} {wide_bar} {pos}/{len} cells, {eta} left");
    bar.set_length(cells.len() as u64);
    let grid = Grid::new(&sweep, metric);
    writeln!(out, "{}\n\n{}", metric.title(), grid.head_line())?;
    let mut notes = Vec::new();
    for (row, places) in grid.rows().into_iter().enumerate() {
        let mut texts = Vec::new();
        for place in places {
            let (cell, name) = (&cells[place], name(&sweep, &cells[place]));
            bar.set_message(name.clone());
            let result = match &cell.experiment {
                Ok(experiment) => engines.train(experiment, |_| bar.tick())?,
                Err(problem) => Err(problem.to_string()),
            };
            texts.push(match &result {
                Ok(results) if cell.without_meaning.is_empty() => metric.text(results),
                Ok(results) => metric.text(results) + " *",
                Err(_) => "–".to_owned(),
            });
            if let Err(reason) = &result {
                notes.push(format!("– {name}: {reason}"));
            }
            if !cell.without_meaning.is_empty() {
                notes.push(format!("* {name}: {} means nothing here", cell.without_meaning.join(" and ")));
            }
            finished[place] = Some(result);
            save(&finished)?;
            bar.inc(1);
        }
        bar.suspend(|| writeln!(out, "{}", grid.row_line(row, texts)).and_then(|()| out.flush()))?;
    }
    bar.finish_and_clear();
    if !notes.is_empty() {
        writeln!(out, "\n{}", notes.join("\n"))?;
    }
    Ok(())
}

/// A cell's values with their knobs.
pub fn name(sweep: &Sweep, cell: &SweepCell) -> String {
    let pairs = sweep.axes().iter().zip(&cell.values);
    pairs.map(|(axis, value)| format!("{}={value}", axis.key())).collect::<Vec<String>>().join(" ")
}

/// Writes a file, if it is asked for.
fn write(matches: &ArgMatches, option: &str, text: impl Fn() -> String) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>(option).map(PathBuf::as_path) else { return Ok(()) };
    let failure =
        |error: std::io::Error| Failure::File { path: Path::display(path).to_string(), reason: error.to_string() };
    std::fs::write(path, text()).map_err(failure)
}

#[cfg(test)]
mod tests;

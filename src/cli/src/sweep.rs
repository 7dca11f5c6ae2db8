//! `retort sweep`: one or two knobs over lists of values, in one table.

pub mod engines;
mod files;
mod grid;
mod metric;
mod store;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use retort_spec::{Experiment, SWEEP_KEY, Sweep, SweepCell, encode, link, sweep::Metric};

use self::{
    engines::{Engines, Measuring},
    files::Finished,
    grid::Grid,
    store::Store,
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
        Arg::new("cells").long("cells").value_name("FOLDER").value_parser(value_parser!(PathBuf)).help(
            "Keeps each finished cell in this folder, and trains none that is there: a sweep that was ended goes on",
        ),
        Arg::new("plan")
            .long("plan")
            .action(ArgAction::SetTrue)
            .requires("cells")
            .help("Trains nothing, and prints a command for each cell that is not in the folder"),
        Arg::new("only")
            .long("only")
            .value_name("CELL")
            .requires("cells")
            .value_parser(value_parser!(usize))
            .help("Trains one cell, by its number in the plan"),
        Arg::new("gather")
            .long("gather")
            .action(ArgAction::SetTrue)
            .requires("cells")
            .help("Trains nothing, and prints the table of the cells that are in the folder"),
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
    let store = matches.get_one::<PathBuf>("cells").map(|folder| Store::open(folder)).transpose()?;
    let stored = |link: &str| store.as_ref().and_then(|store| store.find(link));
    if matches.get_flag("plan") {
        let commands =
            (0..cells.len()).filter(|&place| cells[place].link().is_some_and(|link| stored(&link).is_none()));
        for place in commands {
            writeln!(out, "{}", one_cell(matches, &base, &sweep, place))?;
        }
        return Ok(());
    }
    let only = matches.get_one::<usize>("only").copied();
    if let Some(place) = only.filter(|place| *place >= cells.len()) {
        return Err(Failure::NoCell { place, cells: cells.len() });
    }
    let gathers = matches.get_flag("gather");
    let is_trained = |place: usize| !gathers && only.is_none_or(|only| only == place);
    // A file that cannot be written is known before anything is trained.
    save(&finished)?;
    let possible = cells.iter().filter_map(|cell| cell.experiment.as_deref().ok());
    let mut engines = Engines::new(matches, possible, Measuring::TestSet);
    let bar = run::bar("{msg} {wide_bar} {pos}/{len} cells, {eta} left");
    bar.set_length(cells.len() as u64);
    let grid = Grid::new(&sweep, metric);
    writeln!(out, "{}\n\n{}", metric::title(metric), grid.head_line())?;
    let mut notes = Vec::new();
    for (row, places) in grid.rows().into_iter().enumerate() {
        let mut texts = Vec::new();
        for place in places {
            let (cell, name) = (&cells[place], name(&sweep, &cells[place]));
            bar.set_message(name.clone());
            let result = match &cell.experiment {
                Ok(experiment) => match (stored(&encode(experiment)), is_trained(place)) {
                    (Some(results), _) => Some(Ok(results)),
                    (None, true) => {
                        let result = engines.train(experiment, |_| bar.tick())?;
                        if let (Some(store), Ok(results)) = (&store, &result) {
                            store.keep(&encode(experiment), results)?;
                        }
                        Some(result)
                    }
                    (None, false) => None,
                },
                Err(problem) => Some(Err(problem.to_string())),
            };
            texts.push(match &result {
                Some(Ok(results)) if cell.without_meaning.is_empty() => metric::text(metric, results),
                Some(Ok(results)) => metric::text(metric, results) + " *",
                Some(Err(_)) => "–".to_owned(),
                None => "·".to_owned(),
            });
            match &result {
                Some(Err(reason)) => notes.push(format!("– {name}: {reason}")),
                None => notes.push(format!("· {name}: not trained yet")),
                Some(Ok(_)) => {}
            }
            if !cell.without_meaning.is_empty() {
                notes.push(format!("* {name}: {} means nothing here", cell.without_meaning.join(" and ")));
            }
            finished[place] = result;
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

/// The command that trains one cell of a sweep. No link and no sweep contains a quotation mark.
fn one_cell(matches: &ArgMatches, base: &Experiment, sweep: &Sweep, place: usize) -> String {
    let folder = |name: &str| {
        let folder = matches.get_one::<PathBuf>(name)?;
        Some(format!(" --{name} '{}'", folder.display().to_string().replace('\'', "'\\''")))
    };
    let folders: String = ["data-dir", "cells"].into_iter().filter_map(folder).collect();
    format!("retort sweep '{}' --sweep '{sweep}'{folders} --only {place}", encode(base))
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

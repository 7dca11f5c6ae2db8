//! `retort sweep`: one or two knobs over lists of values, in one table.

pub mod engines;
mod files;
mod grid;
mod metric;
mod store;
mod workers;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, ArgMatches, Command, builder::TypedValueParser, value_parser};
use retort_spec::{Experiment, SWEEP_KEY, Sweep, SweepCell, encode, link, sweep::Metric};

use self::{files::Finished, grid::Grid, store::Store};
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
        Arg::new("cores")
            .long("cores")
            .value_name("COUNT")
            .value_parser(range_of_cores())
            .help("How many cells are trained at a time; all cores unless given"),
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

/// How many cores may be asked for.
fn range_of_cores() -> impl TypedValueParser<Value = usize> {
    value_parser!(u32).range(1..=1024).map(|cores| cores as usize)
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
    for (cell, finished) in cells.iter().zip(&mut finished) {
        *finished = match &cell.experiment {
            Ok(experiment) => stored(&encode(experiment)).map(Ok),
            Err(problem) => Some(Err(problem.to_string())),
        };
    }
    let experiments: Vec<Option<&Experiment>> = cells.iter().map(|cell| cell.experiment.as_deref().ok()).collect();
    let order = sweep.order().into_iter();
    let waiting: Vec<usize> = order.filter(|&place| finished[place].is_none() && is_trained(place)).collect();
    // A file that cannot be written is known before anything is trained.
    save(&finished)?;
    let bar = run::bar("{msg} {wide_bar} {pos}/{len} cells, {eta} left");
    bar.set_length(waiting.len() as u64);
    let grid = Grid::new(&sweep, metric);
    writeln!(out, "{}\n\n{}", metric::title(metric), grid.head_line())?;
    let (rows, mut written, mut notes) = (grid.rows(), 0, Vec::new());
    // A row is written as soon as nothing of it or of those above is still to be trained.
    let mut write_rows = |finished: &[Finished], left: &[usize]| -> Result<(), Failure> {
        while let Some(places) = rows.get(written).filter(|places| places.iter().all(|place| !left.contains(place))) {
            let texts =
                places.iter().map(|&place| text_of(&sweep, &cells[place], &finished[place], metric, &mut notes));
            let line = grid.row_line(written, texts.collect());
            bar.suspend(|| writeln!(out, "{line}").and_then(|()| out.flush()))?;
            written += 1;
        }
        Ok(())
    };
    let mut left = waiting.clone();
    write_rows(&finished, &left)?;
    let all_cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = matches.get_one::<usize>("cores").copied().unwrap_or(all_cores);
    workers::train(matches, &experiments, &waiting, cores, |place, result| {
        if let (Some(store), Some(experiment), Ok(results)) = (&store, experiments[place], &result) {
            store.keep(&encode(experiment), results)?;
        }
        finished[place] = Some(result);
        left.retain(|other| *other != place);
        save(&finished)?;
        bar.set_message(name(&sweep, &cells[place]));
        bar.inc(1);
        write_rows(&finished, &left)
    })?;
    bar.finish_and_clear();
    if !notes.is_empty() {
        writeln!(out, "\n{}", notes.join("\n"))?;
    }
    Ok(())
}

/// A cell in the table; what is to be said of it besides goes into the notes.
fn text_of(sweep: &Sweep, cell: &SweepCell, finished: &Finished, metric: Metric, notes: &mut Vec<String>) -> String {
    let name = name(sweep, cell);
    let text = match finished {
        Some(Ok(results)) if cell.without_meaning.is_empty() => metric::text(metric, results),
        Some(Ok(results)) => metric::text(metric, results) + " *",
        Some(Err(reason)) => {
            notes.push(format!("– {name}: {reason}"));
            "–".to_owned()
        }
        None => {
            notes.push(format!("· {name}: not trained yet"));
            "·".to_owned()
        }
    };
    if !cell.without_meaning.is_empty() {
        notes.push(format!("* {name}: {} means nothing here", cell.without_meaning.join(" and ")));
    }
    text
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

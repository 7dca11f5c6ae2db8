//! `retort`: the experiments of the page without a page.

mod compression;
mod data_folder;
#[cfg(test)]
mod golden;
mod local_driver;
mod messages;
mod objectives;
mod record;
mod run;
mod schemes;
mod search;
mod sweep;
mod table;
mod table_file;
mod tasks;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use retort_engine::device::{Compute, GpuError};
use retort_spec::{DataSet, DeviceChoice, EngineError, KNOBS, Kind, ParseError, SearchError, SweepError};

/// Why a command failed, worded for whoever typed it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The experiment's text has bad values. A page mends them; a script should not go on with something else.
    #[error("the experiment has bad values:\n  {0}")]
    BadExperiment(String),
    /// A file cannot be read.
    #[error("{path}: {reason}")]
    File { path: String, reason: String },
    /// The engine met trouble.
    #[error("{0}")]
    EngineError(EngineError),
    /// A data set is read from files, and nobody said where they are.
    #[error("{data} is read from four IDX files; name their folder by --data-dir FOLDER")]
    NoDataDir { data: DataSet },
    /// A folder holds no whole data set.
    #[error("{folder}: {names} missing; all four files are needed, plain or gzip")]
    FilesMissing { folder: String, names: String },
    /// There is no such device here.
    #[error("no GPU: {0}")]
    Gpu(#[from] GpuError),
    /// The program was built without the GPU.
    #[cfg(not(feature = "gpu"))]
    #[error(
        "this build has no GPU engine; build with `cargo build --release -p retort --features gpu`, or use --device cpu"
    )]
    NoGpuBuilt,
    /// A word is not a device.
    #[error("--device takes auto, cpu or gpu")]
    NotADevice(#[from] ParseError),
    /// A sweep without knobs.
    #[error("no knobs to sweep; name one or two with their values: --sweep 'temperature:1,2,4;student:4,16'")]
    NoSweep,
    /// A sweep has no such cell.
    #[error("no cell {place}: the sweep has {cells}, counted from 0")]
    NoCell { place: usize, cells: usize },
    /// A text is no sweep.
    #[error("the sweep cannot be read: {0}")]
    BadSweep(#[from] SweepError),
    /// A search cannot be made.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// No candidate was trained.
    #[error("none of the candidates can be trained")]
    NothingFound,
    /// An experiment cannot be trained, for this reason.
    #[error("{0}")]
    Untrainable(String),
    /// A table file cannot be read.
    #[error("{path}: {fault}")]
    Table { path: String, fault: table_file::TableFault },
    /// A table has no such section.
    #[error("no section [{name}]: the table has {names}")]
    NoSection { name: String, names: String },
    /// A pipeline came to no end.
    #[error("the pipeline stopped: {0}")]
    PipelineEnd(String),
    /// A task's plan cannot be carried out.
    #[error("the plan of {task} cannot be carried out: {reason}")]
    TaskPlan { task: &'static str, reason: String },
    /// A vector file's rows make no sense.
    #[error(transparent)]
    Verify(#[from] retort_engine::verify::VerifyError),
    /// A vector file has nothing to check.
    #[error("{path}: the file has no rows, so nothing was checked")]
    NoRows { path: String },
    /// Some rows were missed.
    #[error("{missed} of {rows} rows missed{}", if *absent > 0 { format!(", {absent} absent") } else { String::new() })]
    Missed { missed: usize, absent: usize, rows: usize },
    /// Standard output is closed.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let matches = command().get_matches();
    let result = match matches.subcommand() {
        Some(("run", matches)) => run::run(matches, &mut std::io::stdout()),
        Some(("sweep", matches)) => sweep::sweep(matches, &mut std::io::stdout()),
        Some(("search", matches)) => search::search(matches, &mut std::io::stdout()),
        Some(("verify", matches)) => verify::verify(matches, &mut std::io::stdout()),
        Some(("record", matches)) => record::record(matches),
        Some(("table", matches)) => match matches.subcommand() {
            Some(("tasks", matches)) => tasks::table(matches),
            _ => table::table(matches, &mut std::io::stdout()),
        },
        _ => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closed the pipe has read enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("retort: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    let file = Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    let device = Arg::new("device").long("device").value_name("DEVICE").default_value("auto").help("auto, cpu or gpu");
    let strict = Arg::new("strict").long("strict").action(ArgAction::SetTrue);
    let experiment = Arg::new("experiment")
        .value_name("PERMALINK")
        .help("The page's address, or what stands after its #: 'data=digits8&labels=50'");
    let json = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("One JSON object a line, the last one with the results");
    let folder = Arg::new("data-dir").long("data-dir").value_name("FOLDER").value_parser(value_parser!(PathBuf));
    let data_dir = folder
        .clone()
        .help("The folder with the four IDX files of mnist or fashion, plain or .gz; for data=table the CSV file");
    let knobs = KNOBS.iter().map(|knob| {
        Arg::new(knob.key)
            .long(knob.key)
            .value_name("VALUE")
            // A range's end is told by the knob, not by the shape of its value.
            .allow_hyphen_values(matches!(knob.kind, Kind::Number { .. } | Kind::Integer { .. } | Kind::Labels { .. }))
            .help(messages::help(knob))
            .help_heading("Knobs (they override the permalink)")
    });
    Command::new("retort")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Knowledge distillation experiments, the same as on Retort's page")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("run")
                .about(
                    "Trains the networks of a scheme, a teacher and a distilled student by default, and measures them",
                )
                .args([experiment.clone(), json, data_dir.clone()])
                .args(knobs.clone()),
        )
        .subcommand(sweep::command().args([experiment.clone(), data_dir.clone()]).args(knobs.clone()))
        .subcommand(search::command().args([experiment, data_dir]).args(knobs))
        .subcommand(Command::new("verify").about("Checks the engine against files of published numbers").args([
            file.clone().num_args(1..),
            device,
            strict.help("A row that the engine does not know is a failure too, and so is a file without rows"),
        ]))
        .subcommand(
            Command::new("table")
                .about("Runs many experiments and prints a table for the documentation")
                .arg_required_else_help(true)
                .args_conflicts_with_subcommands(true)
                .subcommand_negates_reqs(true)
                .args(table::arguments(folder.clone()))
                .subcommand(tasks::command()),
        )
        .subcommand(
            Command::new("record")
                .about("Records the default experiment for the page to show while its engine loads")
                .arg(file),
        )
}

/// The text of an argument that may be absent.
fn text<'a>(matches: &'a ArgMatches, id: &str) -> Option<&'a str> {
    matches.get_one::<String>(id).map(String::as_str)
}

/// The device to compute on. Natively `auto` is the CPU: these networks are too small to gain from a GPU.
fn compute(choice: DeviceChoice) -> Result<Compute, Failure> {
    match choice {
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Compute::cpu()),
        #[cfg(feature = "gpu")]
        DeviceChoice::Gpu => Ok(pollster::block_on(Compute::gpu())?),
        #[cfg(not(feature = "gpu"))]
        DeviceChoice::Gpu => Err(Failure::NoGpuBuilt),
    }
}

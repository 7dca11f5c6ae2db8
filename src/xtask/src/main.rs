//! `cargo xtask`: builds, serves and tests Retort, installing what is missing and saying what it costs.

mod bench;
mod build;
mod crates;
mod figures;
mod gzip_order;
#[cfg(test)]
mod layers;
mod literature;
mod manual;
mod offline;
mod page;
mod prune;
mod recorded;
mod runtimes;
mod serve;
mod sizes;
mod split;
mod test;
mod tools;
mod wasm;
#[cfg(test)]
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, serves and tests Retort.
#[derive(Parser)]
#[command(name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the page and serves it on http://127.0.0.1:8080
    Serve {
        /// The port; 0 for any that is free
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Serves what the last build left in dist/
        #[arg(long)]
        no_build: bool,
    },
    /// Builds the page into dist/, which any static host can serve
    Build {
        /// Leaves the GPU engine out, which takes longer to build than all the rest
        #[arg(long)]
        no_gpu: bool,
    },
    /// Runs every check and test: formatting, lints, unit tests, the page in headless Chromium
    Test {
        /// Only the checks and tests that need no browser
        #[arg(long)]
        no_browser: bool,
        /// Only the browser tests, on the page that the last build left in dist/
        #[arg(long, conflicts_with = "no_browser")]
        only_browser: bool,
        /// Only browser tests whose names hold this, on the page that the last build left in dist/
        #[arg(long, conflicts_with = "no_browser")]
        only: Option<String>,
    },
    /// Prints what the last build weighs, and what is saved by what is done for it
    Sizes {
        /// What the wasm files are made of: bytes by crate and by group of functions
        #[arg(long)]
        crates: bool,
    },
    /// Prints what the page weighs and how fast a first visit is, measured on this machine
    Figures,
    /// Measures Retort beside TensorFlow.js and jax-js in headless Chromium, and prints tables
    Bench {
        /// Only workloads whose names hold this
        #[arg(long, default_value = "")]
        only: String,
        /// Outside of browsers, beside PyTorch
        #[arg(long)]
        native: bool,
    },
    /// Writes docs/literature.md from assets/literature
    Literature {
        /// Measures first: all experiments, or those of these names
        #[arg(long, num_args = 0..)]
        measure: Option<Vec<String>>,
    },
    /// Runs exported files in ONNX Runtime and numpy
    Runtimes,
    /// Takes the README's screenshot
    Screenshot,
    /// Records the run that the page shows while its engine loads
    Record,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve { port, no_build } => serve::command(port, no_build),
        Command::Build { no_gpu: true } => build::first(),
        Command::Build { .. } => build::build(),
        Command::Test { only: Some(name), .. } => test::browser(&name),
        Command::Test { only_browser: true, .. } => test::browser("page_"),
        Command::Test { no_browser, .. } => test::all(no_browser),
        Command::Sizes { crates: true } => crates::print(),
        Command::Sizes { .. } => sizes::sizes(),
        Command::Figures => figures::print(),
        Command::Bench { only, native: true } => bench::native(&only),
        Command::Bench { only, .. } => bench::command(&only),
        Command::Literature { measure } => {
            measure.map_or(Ok(()), |only| literature::measure(&only)).and_then(|()| literature::write())
        }
        Command::Runtimes => runtimes::check(),
        Command::Screenshot => test::browser("screenshot"),
        Command::Record => build::record(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

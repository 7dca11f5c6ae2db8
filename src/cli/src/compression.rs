//! Columns for compression: bytes, accuracy and time of pipelines on the students of one experiment.

use std::{
    fmt::Write as _,
    io::{Write, stderr},
};

use clap::ArgMatches;
use retort_spec::{CompressionResult, Event, Experiment, Pipeline, Spread, WorkbenchEvent, encode};

use crate::{
    Failure, data_folder,
    local_driver::{LocalDriver, LocalEngine},
    table_file::{Columns, Section, Table, experiment},
};

/// The trained students, and what all networks are before they are compressed.
pub struct Students {
    driver: LocalDriver,
    experiment: Experiment,
    events: Vec<Event>,
}

impl Students {
    /// Trains the networks of a table's base.
    pub fn train(matches: &ArgMatches, table: &Table) -> Result<Self, Failure> {
        let experiment = experiment(table, "")?;
        let mut driver = LocalDriver::new(LocalEngine::of(&experiment)?);
        data_folder::give(matches, &mut driver, &experiment)?;
        let events = driver.run(&experiment).map_err(Failure::EngineError)?;
        Ok(Self { driver, experiment, events })
    }

    /// A line for each of the section's pipelines, or for each of their steps; of a section without rows, the networks.
    pub fn section(&mut self, table: &Table, section: &Section) -> Result<String, Failure> {
        if section.rows.is_empty() {
            return Ok(self.networks());
        }
        let mut text = "| steps | bytes | accuracy, % | seconds |\n| --- | --- | --- | --- |\n".to_owned();
        for row in &section.rows {
            let pipeline = experiment(table, &row.link)?.compress;
            let steps = self.compress(&pipeline)?;
            let last = steps.len().saturating_sub(1);
            let written = if table.columns == Columns::Steps { 0 } else { last };
            steps[written..].iter().for_each(|runs| text.push_str(&line(runs)));
        }
        writeln!(stderr())?;
        Ok(text)
    }

    /// The networks before they are compressed.
    fn networks(&self) -> String {
        let mut text =
            format!("`{}`\n\n| network | bytes | accuracy, % |\n| --- | --- | --- |\n", encode(&self.experiment));
        for network_id in self.experiment.plan().ids() {
            let measured = || {
                self.events.iter().filter_map(move |event| match event {
                    Event::Measured(measured) if measured.network_id == network_id => Some(measured),
                    _ => None,
                })
            };
            let bytes = measured().map(|one| f64::from(one.bytes)).collect();
            let right = measured().map(|one| one.accuracy).collect();
            let _ = writeln!(text, "| {network_id} | {} |", cells(bytes, right));
        }
        text
    }

    /// What each step of a pipeline leaves of every run's student. What a step takes is what all steps up to it take.
    fn compress(&mut self, pipeline: &Pipeline) -> Result<Vec<Vec<CompressionResult>>, Failure> {
        write!(stderr(), "\r{:<100}", pipeline.to_string())?;
        let mut steps: Vec<Vec<CompressionResult>> = Vec::new();
        for run in 0..self.experiment.runs {
            let (mut place, mut seconds) = (0, 0.0);
            for report in self.driver.compress(&self.experiment, run, pipeline) {
                match report {
                    WorkbenchEvent::Stage { mut done, .. } => {
                        seconds += done.seconds;
                        done.seconds = seconds;
                        if place == steps.len() {
                            steps.push(Vec::new());
                        }
                        steps[place].push(*done);
                        place += 1;
                    }
                    WorkbenchEvent::Ended { reason: Some(reason), .. } => {
                        return Err(Failure::PipelineEnd(format!("{pipeline}: {reason:?}")));
                    }
                    _ => {}
                }
            }
        }
        Ok(steps)
    }
}

/// A line: the same steps on every run's student.
fn line(runs: &[CompressionResult]) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let bytes = runs.iter().map(|done| f64::from(done.bytes)).collect();
    let right = runs.iter().map(|done| done.accuracy).collect();
    let seconds = Spread::of(runs.iter().map(|done| done.seconds).collect()).mean;
    format!("| `{}` | {} | {seconds:.2} |\n", first.pipeline, cells(bytes, right))
}

/// Mean bytes; mean and spread of accuracies in percent.
fn cells(bytes: Vec<f64>, right: Vec<f64>) -> String {
    let (bytes, right) = (Spread::of(bytes), Spread::of(right));
    format!("{:.0} | {:.2} ± {:.2}", bytes.mean, 100.0 * right.mean, 100.0 * right.deviation)
}

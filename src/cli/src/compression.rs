//! `retort table compression`: what every way of compressing costs and keeps, for the documentation.

use std::io::{Write, stderr, stdout};

use clap::ArgMatches;
use retort_spec::{CompressionResult, Event, Pipeline, Spread, WorkbenchEvent, decode, encode};

use crate::{
    Failure, data_folder,
    local_driver::{LocalDriver, LocalEngine},
    text,
};

/// The experiment that the table is of unless another is given.
pub const EXPERIMENT: &str = "data=mnist&teacher=256,256&student=32&labels=all&runs=3";

/// The parts of the table besides the plain formats: each a name and its pipelines.
pub const PARTS: [(&str, &[&str]); 7] = [
    ("formats", &[]),
    (
        "repairs",
        &[
            "quantize:4:tensor",
            "quantize:4:tensor:affine",
            "quantize:4:tensor:min-max",
            "quantize:4:tensor:percentile",
            "quantize:4:tensor:entropy",
            "quantize:4:tensor:stochastic",
            "quantize:4:tensor:bias-correction",
            "quantize:4:tensor:equalize",
            "quantize:4:tensor:equalize-and-correct",
            "quantize:4:tensor:adaround",
            "quantize:4:tensor:gptq",
            "quantize:3",
            "quantize:3:bias-correction",
            "quantize:3:adaround",
            "quantize:3:gptq",
            "quantize:2",
            "quantize:2:affine",
            "quantize:2:min-max",
            "quantize:2:bias-correction",
            "quantize:2:equalize-and-correct",
            "quantize:2:adaround",
            "quantize:2:gptq",
            "quantize:ternary",
            "quantize:ternary:gptq",
            "quantize:1",
            "quantize:1:bias-correction",
            "quantize:1:gptq",
        ],
    ),
    (
        "activations",
        &[
            "quantize:8",
            "quantize:8:dynamic",
            "quantize:8:static-min-max",
            "quantize:8:static-average",
            "quantize:8:static-percentile",
            "quantize:8:static-mse",
            "quantize:8:static-entropy",
            "quantize:4:static-min-max",
            "qat:4:10:static-average",
        ],
    ),
    (
        "training",
        &[
            "finetune:10",
            "finetune:10:labels",
            "qat:8:10",
            "qat:4:10",
            "qat:4:10:labels",
            "qat:4:10:lsq",
            "qat:3:10",
            "qat:3:10:labels",
            "qat:3:10:lsq",
            "qat:2:10",
            "qat:2:10:labels",
            "qat:2:10:lsq",
            "qat:2:10:lsq:labels",
            "qat:ternary:10",
            "qat:ternary:10:labels",
            "qat:ternary:10:fresh",
            "qat:ternary:10:joint",
            "qat:1:10",
            "qat:1:10:labels",
            "qat:1:10:fresh",
            "qat:1:10:joint",
        ],
    ),
    (
        "pruning",
        &[
            "prune:0.5",
            "prune:0.5,finetune:10",
            "gradual:0.5:10",
            "prune:0.8",
            "prune:0.8,finetune:10",
            "prune:0.4,finetune:3,prune:0.6,finetune:3,prune:0.8,finetune:4",
            "gradual:0.8:10",
            "gradual:0.8:10:labels",
            "prune:0.9,finetune:10",
            "gradual:0.9:10",
            "gradual:0.95:10",
            "prune:0.5:units",
            "prune:0.5:units,finetune:10",
        ],
    ),
    (
        "pipelines",
        &[
            "low-rank:8",
            "low-rank:8,finetune:10",
            "low-rank:0.9",
            "low-rank:0.9,finetune:10,quantize:8",
            "share:5",
            "share:4,finetune:5",
            "share:4,finetune:5,huffman",
            "quantize:4,huffman",
            "gradual:0.8:10,quantize:8,huffman",
            "gradual:0.8:10,qat:4:5,huffman",
            "gradual:0.8:10,share:5,finetune:3,huffman",
        ],
    ),
    (DEEP, &["gradual:0.92:15,share:6,finetune:5,huffman"]),
];

/// The stages of Deep Compression one after the other (Han et al. 2016), each in a line of its own: for LeNet-300-100,
/// and only where it is asked for.
const DEEP: &str = "deep-compression";

/// Prints the table.
pub fn table(matches: &ArgMatches) -> Result<(), Failure> {
    let decoded = decode(text(matches, "experiment").unwrap_or(EXPERIMENT), &[]);
    if !decoded.problems.is_empty() {
        let problems: Vec<String> = decoded.problems.iter().map(ToString::to_string).collect();
        return Err(Failure::BadExperiment(problems.join("\n  ")));
    }
    let experiment = decoded.experiment;
    let mut driver = LocalDriver::new(LocalEngine::of(&experiment)?);
    data_folder::give(matches, &mut driver, &experiment)?;
    let events = driver.run(&experiment).map_err(Failure::EngineError)?;
    let mut out = stdout();
    writeln!(out, "`{}`\n", encode(&experiment))?;
    writeln!(out, "| network | bytes | accuracy, % |\n| --- | --- | --- |")?;
    for network_id in experiment.plan().ids() {
        let measured = || {
            events.iter().filter_map(move |event| match event {
                Event::Measured(measured) if measured.network_id == network_id => Some(measured),
                _ => None,
            })
        };
        let bytes = measured().map(|one| f64::from(one.bytes)).collect();
        let right = measured().map(|one| one.accuracy).collect();
        writeln!(out, "| {} | {} |", network_id, cells(bytes, right))?;
    }
    let rows: Vec<&Vec<CompressionResult>> = events
        .iter()
        .filter_map(|event| match event {
            Event::Workbench(WorkbenchEvent::Compressed { rows, .. }) => Some(rows),
            _ => None,
        })
        .collect();
    let asked = |name: &str| text(matches, "part").map_or(name != DEEP, |part| part == name);
    for (name, pipelines) in PARTS {
        if !asked(name) {
            continue;
        }
        writeln!(out, "\n### {name}\n\n| steps | bytes | accuracy, % | seconds |\n| --- | --- | --- | --- |")?;
        if name == "formats" {
            let count = rows.first().map_or(0, |rows| rows.len());
            for place in 0..count {
                row(&rows.iter().map(|rows| rows[place].clone()).collect::<Vec<CompressionResult>>())?;
            }
        }
        for pipeline in pipelines {
            let pipeline: Pipeline = pipeline.parse().map_err(|_| Failure::PipelineEnd(pipeline.to_string()))?;
            write!(stderr(), "\r{:<100}", pipeline.to_string())?;
            let mut stages: Vec<Vec<CompressionResult>> = Vec::new();
            for run in 0..experiment.runs {
                let mut place = 0;
                for report in driver.compress(&experiment, run, &pipeline) {
                    match report {
                        WorkbenchEvent::Stage { done, .. } => {
                            if place == stages.len() {
                                stages.push(Vec::new());
                            }
                            stages[place].push(*done);
                            place += 1;
                        }
                        WorkbenchEvent::Ended { reason: Some(reason), .. } => {
                            return Err(Failure::PipelineEnd(format!("{pipeline}: {reason:?}")));
                        }
                        _ => {}
                    }
                }
            }
            // What a pipeline takes is what all its stages take.
            let mut seconds = vec![0.0; experiment.runs as usize];
            for (place, runs) in stages.iter_mut().enumerate() {
                for (run, sum) in runs.iter_mut().zip(&mut seconds) {
                    *sum += run.seconds;
                    run.seconds = *sum;
                }
                if name == DEEP || place + 1 == pipeline.0.len() + 1 {
                    row(runs)?;
                }
            }
        }
    }
    Ok(())
}

/// A line: the same stages on every run's student.
fn row(runs: &[CompressionResult]) -> Result<(), Failure> {
    let Some(first) = runs.first() else { return Ok(()) };
    let bytes = runs.iter().map(|done| f64::from(done.bytes)).collect();
    let right = runs.iter().map(|done| done.accuracy).collect();
    let seconds = Spread::of(runs.iter().map(|done| done.seconds).collect()).mean;
    writeln!(stdout(), "| `{}` | {} | {seconds:.2} |", first.pipeline, cells(bytes, right))?;
    Ok(())
}

/// Mean bytes; mean and spread of accuracies in percent.
fn cells(bytes: Vec<f64>, right: Vec<f64>) -> String {
    let (bytes, right) = (Spread::of(bytes), Spread::of(right));
    format!("{:.0} | {:.2} ± {:.2}", bytes.mean, 100.0 * right.mean, 100.0 * right.deviation)
}

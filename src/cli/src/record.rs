//! `retort record`: the run that the page shows until its own engine has something.

use std::path::PathBuf;

use clap::ArgMatches;
use retort_engine::Session;
use retort_spec::{DeviceChoice, Event, Experiment, Report, Scheme};

use serde_json::{Value, json};

use crate::{Failure, compute, laboratory::Laboratory};

/// Test examples that are kept: enough to leaf through, few enough for a small file.
const EXAMPLES: usize = 100;
/// Training examples that are kept for the gallery.
const GALLERY: usize = 60;

/// Runs the default experiment and writes its events, shortened, as JSON.
pub fn record(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("file") else { return Ok(()) };
    let experiment = Experiment::default();
    let mut laboratory = Laboratory::new(Session::new(compute(DeviceChoice::Cpu)?));
    let events = laboratory.run(&experiment, None).map_err(Failure::Trouble)?;
    let kept: Vec<Value> = events.into_iter().filter_map(|event| shorten(event, experiment.class_count())).collect();
    let failure = |reason: String| Failure::File { path: path.display().to_string(), reason };
    let text = serde_json::to_string(&kept).map_err(|error| failure(error.to_string()))?;
    std::fs::write(path, text + "\n").map_err(|error| failure(error.to_string()))
}

/// An event as the page reads it, without what it can do without for a few seconds.
fn shorten(event: Event, classes: usize) -> Option<Value> {
    let kept = match event {
        Event::Data(mut data) => {
            // Labelled examples stand first; some of each kind are kept.
            let every = data.gallery.len().div_ceil(GALLERY).max(1);
            data.gallery = data.gallery.into_iter().step_by(every).collect();
            data.test_labels.truncate(EXAMPLES);
            data.test_pixels.truncate(EXAMPLES * (data.shape[0] * data.shape[1]) as usize);
            Event::Data(data)
        }
        Event::Measured(mut measured) if measured.run == 0 => {
            measured.logits.0.truncate(EXAMPLES * classes);
            Event::Measured(measured)
        }
        Event::Point(point) if point.run == 0 => Event::Point(point),
        Event::Bench(Report::Compressed { run: 0, mut rows }) => {
            for row in &mut rows {
                row.answers.truncate(EXAMPLES);
                // The histograms of the usual scales are enough to look at for a few seconds.
                if row.scheme().is_none_or(|scheme| scheme != Scheme::of(scheme.bits)) {
                    row.layers.clear();
                }
            }
            return Some(json!({ "Bench": Report::Compressed { run: 0, rows } }));
        }
        event @ Event::Verdict(_) => event,
        _ => return None,
    };
    serde_json::to_value(kept).ok()
}

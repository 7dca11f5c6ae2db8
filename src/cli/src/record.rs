//! `retort record`: the run that the page shows until its own engine has something.

use std::path::PathBuf;

use clap::ArgMatches;
use retort_spec::{DeviceChoice, Event, Experiment, QuantScheme, WorkbenchEvent};

use serde_json::{Value, json};

use crate::{
    Failure,
    local_driver::{LocalDriver, LocalEngine},
};

/// Test examples that are kept: enough to leaf through, few enough for a small file.
const EXAMPLES: usize = 100;
/// Training examples that are kept for the gallery.
const GALLERY: usize = 60;

/// Runs the default experiment and writes its events, shortened, as JSON.
pub fn record(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("file") else { return Ok(()) };
    let kept = recorded()?;
    let failure = |reason: String| Failure::File { path: path.display().to_string(), reason };
    let text = serde_json::to_string(&kept).map_err(|error| failure(error.to_string()))?;
    std::fs::write(path, text + "\n").map_err(|error| failure(error.to_string()))
}

/// The default experiment's events, shortened.
fn recorded() -> Result<Vec<Value>, Failure> {
    let experiment = Experiment::default();
    let mut driver =
        LocalDriver::new(LocalEngine::of(&Experiment { device: DeviceChoice::Cpu, ..experiment.clone() })?);
    let events = driver.run(&experiment).map_err(Failure::EngineError)?;
    Ok(events.into_iter().filter_map(|event| shorten(event, experiment.class_count())).collect())
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
        Event::Workbench(WorkbenchEvent::Compressed { run: 0, mut rows }) => {
            for row in &mut rows {
                row.answers.truncate(EXAMPLES);
                // The histograms of the usual scales are enough to look at for a few seconds.
                if row.quant_scheme().is_none_or(|scheme| scheme != QuantScheme::of(scheme.bits)) {
                    row.layers.clear();
                }
            }
            return Some(json!({ "Bench": WorkbenchEvent::Compressed { run: 0, rows } }));
        }
        event @ Event::Verdict(_) => event,
        _ => return None,
    };
    serde_json::to_value(kept).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{differences, without_seconds};

    #[test]
    fn the_recorded_run_is_what_this_program_computes_and_the_same_twice() {
        let (mut first, mut again) = (recorded().unwrap(), recorded().unwrap());
        first.iter_mut().chain(&mut again).for_each(without_seconds);
        assert!(first == again, "two runs on one machine differ");
        let committed: Vec<Value> = serde_json::from_str(include_str!("../../../assets/recorded.json")).unwrap();
        let mut found = Vec::new();
        // A packed weight's code or an answer may flip where a number lies on an edge: these are counted, not compared.
        let compared = |values: &[Value]| -> Vec<Value> {
            values.iter().filter(|value| value.get("Bench").is_none()).cloned().collect()
        };
        let (was, is) = (compared(&committed), compared(&first));
        differences("", &Value::Array(was), &Value::Array(is), &mut found);
        assert_eq!(committed.len(), first.len());
        assert!(found.is_empty(), "{} differences, the first: {:#?}", found.len(), &found[..found.len().min(12)]);
    }
}

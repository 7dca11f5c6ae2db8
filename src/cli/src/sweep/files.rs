//! A sweep as CSV and as JSON, with all that was measured. Shares are in percent, as `retort run --json` gives them.

use retort_spec::{Experiment, Outcome, Spread, Sweep, SweepCell, encode};
use serde_json::{Map, Value, json};

use super::metric::Results;

/// What is known of a cell: nothing yet, what came of it, or why nothing did.
pub type Finished = Option<Result<Results, String>>;

/// The names of the columns behind those of the knobs.
const COLUMNS: [&str; 17] = [
    "product",
    "control",
    "runs",
    "accuracy",
    "accuracy_deviation",
    "control_accuracy",
    "gain",
    "gain_deviation",
    "p_value",
    "outcome",
    "agreement",
    "calibration_error",
    "bytes",
    "packed_accuracy",
    "seconds",
    "problem",
    "link",
];

/// The numbers and words of a cell, by the names of [`COLUMNS`].
fn fields(cell: &SweepCell, finished: &Result<Results, String>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        // What is no number is left out.
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    let mean = |spread: &Option<Spread>| spread.as_ref().map(|spread| 100.0 * spread.mean);
    let deviation = |spread: &Option<Spread>| spread.as_ref().map(|spread| 100.0 * spread.deviation);
    match finished {
        Ok(results) => {
            let verdict = &results.verdict;
            let outcome = match verdict.outcome {
                Outcome::Helps => "helps",
                Outcome::NoDifference => "no-difference",
                Outcome::Hurts => "hurts",
            };
            put("product", json!(verdict.product.to_string()));
            put("control", json!(verdict.control.to_string()));
            put("runs", json!(verdict.runs()));
            put("accuracy", json!(mean(&results.accuracy())));
            put("accuracy_deviation", json!(deviation(&results.accuracy())));
            put("control_accuracy", json!(mean(&verdict.spread(verdict.control).cloned())));
            put("gain", json!(mean(&results.gain())));
            put("gain_deviation", json!(deviation(&results.gain())));
            put("p_value", json!(verdict.p_value));
            put("outcome", json!(outcome));
            put("agreement", json!(mean(&results.agreement())));
            put("calibration_error", json!(mean(&results.calibration())));
            put("bytes", json!(results.bytes().map(|spread| spread.mean)));
            put("packed_accuracy", json!(mean(&results.packed_accuracy())));
            put("seconds", json!(results.seconds));
        }
        Err(reason) => put("problem", json!(reason)),
    }
    put("link", json!(cell.link()));
    fields
}

/// One row for each cell that is finished.
pub fn csv(sweep: &Sweep, cells: &[SweepCell], finished: &[Finished]) -> String {
    let keys = sweep.axes().iter().map(|axis| axis.key());
    let mut text = keys.chain(COLUMNS).collect::<Vec<&str>>().join(",") + "\n";
    for (cell, finished) in cells.iter().zip(finished) {
        let Some(finished) = finished else { continue };
        let fields = fields(cell, finished);
        let of_column = |column: &&str| match fields.get(*column) {
            Some(Value::String(text)) => quoted(text),
            Some(number) => number.to_string(),
            None => String::new(),
        };
        let row = cell.values.iter().map(|value| quoted(value)).chain(COLUMNS.iter().map(of_column));
        text += &(row.collect::<Vec<String>>().join(",") + "\n");
    }
    text
}

/// A field of a CSV file (RFC 4180, section 2).
fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// The sweep with all cells that are finished.
pub fn json(base: &Experiment, sweep: &Sweep, cells: &[SweepCell], finished: &[Finished]) -> Value {
    let cell = |(cell, finished): (&SweepCell, &Finished)| {
        let finished = finished.as_ref()?;
        let values = sweep.axes().iter().zip(&cell.values).map(|(axis, value)| (axis.key().to_owned(), json!(value)));
        let mut entry = fields(cell, finished);
        entry.insert("values".into(), Value::Object(values.collect()));
        if !cell.without_meaning.is_empty() {
            entry.insert("without_meaning".into(), json!(cell.without_meaning));
        }
        if let Ok(results) = finished {
            let accuracies = results.verdict.accuracies.iter().map(|(id, spread)| {
                let percent: Vec<f64> = spread.values.iter().map(|share| 100.0 * share).collect();
                (id.to_string(), json!(percent))
            });
            entry.insert("accuracies".into(), Value::Object(accuracies.collect()));
        }
        Some(Value::Object(entry))
    };
    let cells: Vec<Value> = cells.iter().zip(finished).filter_map(cell).collect();
    json!({ "experiment": encode(base), "sweep": sweep.to_string(), "cells": cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_stand_in_quotes() {
        assert_eq!(["a", "64,64", "say \"a\"", ""].map(quoted), ["a", "\"64,64\"", "\"say \"\"a\"\"\"", ""]);
    }
}

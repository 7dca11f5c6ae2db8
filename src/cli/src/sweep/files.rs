//! A sweep as CSV and as JSON, with all that was measured. Shares are in percent, as `retort run --json` gives them.

use retort_spec::{
    Experiment, Sweep, SweepCell, encode,
    sweep::{self, Field, Results},
};
use serde_json::{Value, json};

/// What is known of a cell: nothing yet, what came of it, or why nothing did.
pub type Finished = Option<Result<Results, String>>;

/// One row for each cell that is finished.
pub fn csv(sweep: &Sweep, cells: &[SweepCell], finished: &[Finished]) -> String {
    let finished: Vec<_> = finished.iter().map(|one| one.as_ref().map(borrowed)).collect();
    sweep::csv(sweep, cells, &finished)
}

fn borrowed(finished: &Result<Results, String>) -> sweep::Finished<'_> {
    finished.as_ref().map_err(Clone::clone)
}

/// The sweep with all cells that are finished.
pub fn json(base: &Experiment, sweep: &Sweep, cells: &[SweepCell], finished: &[Finished]) -> Value {
    let cell = |(cell, finished): (&SweepCell, &Finished)| {
        let finished = finished.as_ref()?;
        let values = sweep.axes().iter().zip(&cell.values).map(|(axis, value)| (axis.key().to_owned(), json!(value)));
        let written = |field: Field| match field {
            Field::Count(count) => json!(count),
            Field::Number(number) => json!(number),
            Field::Text(text) => json!(text),
        };
        let fields = sweep::fields(cell, &borrowed(finished)).into_iter();
        let mut entry: serde_json::Map<String, Value> =
            fields.map(|(name, field)| (name.to_owned(), written(field))).collect();
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

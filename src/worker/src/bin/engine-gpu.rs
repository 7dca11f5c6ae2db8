//! The engine on the GPU. The same program, built with the feature `gpu`.

use retort_engine::verify::{Row, RowOutcome};
use retort_worker::compute_in_use;
use wasm_bindgen::prelude::wasm_bindgen;

fn main() {
    retort_worker::start();
}

/// Checks a vector file (JSON, as `retort verify` reads it) on the GPU, and says how each row fared: its name, and
/// `passed` or why not. For the tests, and for whoever doubts a driver.
///
/// # Errors
/// Where the engine is not ready, or the file cannot be read.
#[wasm_bindgen]
pub async fn verify(vectors: String) -> Result<Vec<String>, String> {
    let rows: Vec<Row> = serde_json::from_str(&vectors).map_err(|error| error.to_string())?;
    let compute = compute_in_use().ok_or("the engine is not ready")?;
    let checked = retort_engine::verify::verify(&rows, &compute.device).await.map_err(|error| error.to_string())?;
    let line = |fared| match fared {
        RowOutcome::Passed { .. } => "passed".into(),
        RowOutcome::Missed { reason } => reason,
        RowOutcome::Absent => "absent".into(),
    };
    Ok(checked.into_iter().map(|row| format!("{}: {}", row.name, line(row.result))).collect())
}

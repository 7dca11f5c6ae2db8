//! The recorded run, from readable JSON to the message that the page fetches.

use anyhow::{Context as _, Result};
use retort_spec::{Recording, codec};
use serde_json::Value;

use crate::tools::root;

/// How a report of the workbench is marked among the engine's events.
const WORKBENCH: &str = "Bench";

/// The bytes that the page fetches of `assets/recorded.json`.
///
/// # Errors
/// If the file is not what `cargo xtask record` writes.
pub fn message() -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(root().join("assets/recorded.json"))?;
    let recording = read(&text).context("assets/recorded.json: cargo xtask record writes it anew")?;
    Ok(codec::encode(&recording)?)
}

fn read(text: &str) -> Result<Recording> {
    let mut recording = Recording::default();
    for mut event in serde_json::from_str::<Vec<Value>>(text)? {
        match event.get_mut(WORKBENCH) {
            Some(report) => recording.workbench.push(serde_json::from_value(report.take())?),
            None => recording.engine.push(serde_json::from_value(event)?),
        }
    }
    Ok(recording)
}

//! The messages of an engine as JSON, for programs in JavaScript that speak to it: the harness of `cargo xtask bench`.
//! No part of the page.

use retort_spec::{Command, Event, codec};
use wasm_bindgen::prelude::wasm_bindgen;

fn main() {}

/// A command as an engine takes it.
///
/// # Errors
/// If the text is no command.
#[wasm_bindgen]
pub fn command(json: &str) -> Result<Vec<u8>, String> {
    let command: Command = serde_json::from_str(json).map_err(|error| error.to_string())?;
    codec::encode(&command).map_err(|error| error.to_string())
}

/// What an engine reports, a list of events; of answers and measurements without the logits.
///
/// # Errors
/// If the bytes are no report.
#[wasm_bindgen]
pub fn events(report: &[u8]) -> Result<String, String> {
    let mut events: Vec<Event> = codec::decode(report).map_err(|error| error.to_string())?;
    for event in &mut events {
        match event {
            Event::Answers { answers, .. } => answers.clear(),
            Event::Measured(measured) => measured.logits.0.clear(),
            _ => {}
        }
    }
    serde_json::to_string(&events).map_err(|error| error.to_string())
}

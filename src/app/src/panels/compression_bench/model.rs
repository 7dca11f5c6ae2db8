//! How far a pipeline is, and how it is changed.

use crate::state::State;
use retort_spec::CompressionStep;
use yew::Callback;

/// Other stages, and the id of the element that has the focus then.
pub type Edit = Callback<(Vec<CompressionStep>, String)>;

/// How far a pipeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Stages that are done.
    pub done: usize,
    pub is_running: bool,
}

impl Now {
    /// How the stage at a place stands, as a class of the style sheet.
    pub fn of(self, place: usize) -> Option<&'static str> {
        match place {
            place if place < self.done => Some("done"),
            place if place == self.done && self.is_running => Some("now"),
            _ => None,
        }
    }
}

/// How far these stages are, if they are the last pipeline's and the students are the same.
pub fn now(state: &State, stages: &[CompressionStep]) -> Option<Now> {
    let flow = state.bench.flow.as_deref().filter(|flow| flow.pipeline.0 == stages && !state.bench.is_flow_stale)?;
    Some(Now { done: flow.stages.len().saturating_sub(1), is_running: flow.ended.is_none() })
}

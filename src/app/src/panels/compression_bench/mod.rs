//! The compression bench: a pipeline put together, carried out on a trained network, and what it made of it.

pub mod editor;
pub mod files;
pub mod import;
pub mod model;
pub mod presets;
pub mod results;
pub mod run;
pub mod step;

use web_sys::DragEvent;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    island,
    panels::compression_bench::{editor::use_bench_editor, files::use_bench_files},
    state::State,
    widgets::hue::hue,
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "bench",
    holds: |key| key == "compress",
    draw: bench,
    sites: &[(Tab::Shrink, Area::Stage)],
    applies: |experiment, _| !experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

/// Whether the network to be compressed learned from labels alone, and steps that train have no teacher either.
fn nobody_teaches(state: &State) -> bool {
    state.plan.lesson(state.experiment.pack).is_some_and(|lesson| lesson.teachers.is_empty())
}

/// The panel.
pub fn bench(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let flow = state.bench.flow.as_deref();
    let take = import::take(page);
    let drop = Callback::from(move |event: DragEvent| {
        event.prevent_default();
        take(event.data_transfer().and_then(|transfer| transfer.files()));
    });
    html! {
        <section id="bench" class={classes!("panel", state.bench.is_flow_stale.then_some("stale"))} style={hue(state)} aria-labelledby="bench-title"
            ondrop={drop} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}>
            <h2 id="bench-title">{ texts.get("bench") } <small>{ texts.get("bench-sub") }</small></h2>
            if nobody_teaches(state) {
                <p id="bench-no-teacher" class="hint">{ texts.get("bench-no-teacher") }</p>
            }
            { island!(use_bench_editor) }
            { for flow.map(|flow| results::results(page, flow)) }
            <div class="takes">
                { island!(use_bench_files) }
                { import::import(page) }
            </div>
        </section>
    }
}

//! Inside the packed file: what became of the weights, of which test examples it changed the answer, and how long it
//! takes.

pub mod changed_answers;
pub mod histogram;
pub mod latency;
pub mod layers;

use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    i18n::labels::scheme_name,
    island,
    panels::packed::{latency::latency, layers::use_layers},
    platform::place::Depth,
    widgets::hue::hue,
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "packed",
    draw: packed,
    sites: &[(Tab::Shrink, Area::Stage)],
    applies: |experiment, _| !experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

/// A part that a first visit finds folded.
fn fold(page: &AppContext, id: &'static str, title: String, body: Html) -> Html {
    html! {
        <details {id} class="fold" open={page.place.depth != Depth::First}>
            <summary>{ title }</summary>
            { body }
        </details>
    }
}

/// The panel about the inside of the packed file.
pub fn packed(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    // A new network is measured a moment before it is packed; till then file and network are of two trainings.
    let float = state.float_file();
    let trained = state.network(state.packed_network()).filter(|trained| {
        !state.outdated || float.is_some_and(|float| (float.accuracy - trained.accuracy).abs() < 1e-9)
    });
    let shown = state.shown();
    let waits = shown.is_some_and(|(_, is_chosen)| !is_chosen);
    let class = classes!("panel", state.outdated.then_some("stale"), waits.then_some("waits"));
    let name = scheme_name(texts, &state.experiment.quant_scheme());
    let name = page.made_of(state.packed_network(), name);
    html! {
        <section id="packed" {class} style={hue(state)} aria-labelledby="packed-title">
            <h2 id="packed-title">{ page.of_first_seed("packed") } <small>{ name }</small></h2>
            if let (Some(data), Some((shown, _))) = (&state.data, shown) {
                <div class="halves">
                    { island!(use_layers) }
                    <div>
                        if let Some(trained) = trained {
                            { changed_answers::list(page, data, trained, shown) }
                        }
                        { latency(page) }
                    </div>
                </div>
            } else {
                <p class="empty">{ texts.get("cost-empty") }</p>
            }
        </section>
    }
}

//! Inside the packed file: what became of the weights, and of which test examples it changed the answer.

use retort_spec::Actor;
use yew::prelude::*;

use crate::island;

use super::{flips, histogram::use_histogram};
use crate::{app::Page, naming::scheme_name};

/// The panel about the inside of the packed file.
pub fn packed(page: &Page) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    // A new student is measured a moment before it is packed; till then file and network are of two trainings.
    let float = state.float_file();
    let student = state
        .network(Actor::Student)
        .filter(|student| !state.stale || float.is_some_and(|float| (float.accuracy - student.accuracy).abs() < 1e-9));
    html! {
        <section id="packed" class={classes!("panel", state.stale.then_some("stale"))} aria-labelledby="packed-title">
            <h2 id="packed-title">{ texts.get("packed") } <small>{ scheme_name(texts, &state.experiment.scheme()) }</small></h2>
            if let (Some(data), Some(chosen)) = (&state.data, state.chosen()) {
                <div class="halves">
                    { island!(use_histogram) }
                    if let Some(student) = student {
                        { flips::list(page, data, student, chosen) }
                    }
                </div>
            } else {
                <p class="empty">{ texts.get("cost-empty") }</p>
            }
        </section>
    }
}

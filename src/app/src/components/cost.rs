//! What it costs: the packed file's bytes against the accuracy of what is read back from it.

use retort_spec::{Actor, Bits, Compressed};
use yew::prelude::*;

use crate::island;

use super::{
    knob::{knob_control, knob_label},
    pareto::use_pareto,
    parts,
};
use crate::{
    app::Page,
    format::{bytes, number, percent, signed},
};

/// The cost panel.
pub fn cost(page: &Page) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let bits = state.experiment.bits;
    let turn = page.turn("bits");
    let width = |of: Bits| {
        let turn = turn.reform(move |_: MouseEvent| of.to_string());
        html! { <button data-bits={of.word()} disabled={page.locks("bits")} aria-pressed={(bits == of).to_string()} onclick={turn}>{ of.word() }</button> }
    };
    html! {
        <section id="cost" class={classes!("panel", state.stale.then_some("stale"))} aria-labelledby="cost-title">
            <h2 id="cost-title">{ texts.get("cost") } <small>{ texts.get("cost-sub") }</small></h2>
            if page.view.shows_knob("bits") {
                { knob_label(page, "bits", None) }
                <div class="segments" role="group" aria-label={texts.get("knob-bits")}>{ for Bits::ALL.iter().map(|&of| width(of)) }</div>
            }
            { knob_control(page, "granularity") }
            if let Some(chosen) = state.chosen() {
                { facts(page, chosen) }
                { for state.float_file().map(|float| parts::bar(page, chosen, float)) }
                { island!(use_pareto) }
            } else {
                <p class="empty">{ texts.get("cost-empty") }</p>
            }
        </section>
    }
}

fn facts(page: &Page, chosen: &Compressed) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let float = state.float_file();
    let change = float.map(|float| 100.0 * (chosen.accuracy - float.accuracy)).unwrap_or(0.0);
    html! {
        <dl>
            <dt>{ texts.get("packed-file") }</dt><dd id="packed-bytes"><b>{ bytes(texts, chosen.bytes.into()) }</b></dd>
            <dt>{ texts.get("packed-accuracy") }</dt>
            <dd id="packed-accuracy"><b>{ percent(texts, chosen.accuracy) }{ " %" }</b>{ format!(" ({})", signed(texts, change, 1)) }</dd>
            if let Some(teacher) = state.network(Actor::Teacher) {
                <dt>{ texts.get("of-teacher") }</dt>
                <dd>{ number(texts, 100.0 * f64::from(chosen.bytes) / f64::from(teacher.bytes), 2) }{ " %" }</dd>
            }
        </dl>
    }
}

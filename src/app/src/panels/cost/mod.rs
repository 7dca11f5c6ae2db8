//! What it costs: the packed file's bytes against the accuracy of what is read back from it.

pub mod bytes;
pub mod files;
pub mod format;
pub mod pareto;

use retort_spec::{Activations, CompressionResult, Task};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    i18n::format::{bytes, number, percentage, signed, with_percent_sign},
    island,
    panels::cost::{
        format::{bits, scheme_knob, use_more},
        pareto::use_pareto,
    },
    widgets::{badge::badge, hue::hue, knob::knob_control, progress::progress},
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "cost",
    holds: |key| {
        matches!(key, "pack" | "bits" | "granularity" | "zero-point" | "range" | "rounding" | "repair" | "activations")
    },
    draw: cost,
    sites: &[(Tab::Shrink, Area::Stage)],
    applies: |experiment, _| !experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

/// The cost panel.
pub fn cost(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let shown = state.shown();
    // While another scheme is measured the one before stands there, pale.
    let waits = shown.is_some_and(|(_, is_chosen)| !is_chosen);
    let sub = progress(page, &[Task::Schemes, Task::PtqMethod]).unwrap_or_else(|| page.of_first_seed("cost-sub"));
    let class = classes!("panel", state.outdated.then_some("stale"), waits.then_some("waits"));
    html! {
        <section id="cost" {class} style={hue(state)} aria-labelledby="cost-title" aria-busy={waits.then_some("true")}>
            <h2 id="cost-title">{ texts.get("cost") } <small>{ sub }</small></h2>
            { knob_control(page, "pack") }
            { bits(page) }
            { scheme_knob(page, "granularity") }
            { island!(use_more) }
            if let Some((shown, _)) = shown {
                { facts(page, shown) }
                { for state.float_file().map(|float| bytes::bar(page, shown, float)) }
                <div class="pareto">{ island!(use_pareto) }</div>
            } else {
                <p class="empty">{ texts.get("cost-empty") }</p>
            }
        </section>
    }
}

fn facts(page: &AppContext, shown: &CompressionResult) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let float = state.float_file();
    let change = float.map(|float| 100.0 * (shown.accuracy - float.accuracy)).unwrap_or(0.0);
    let rounded = shown.quant_scheme().is_some_and(|scheme| scheme.activations != Activations::Float);
    let simulated = if rounded { texts.get("badge-simulated-rounded") } else { texts.help("badge-simulated") };
    html! {
        <dl>
            <dt>{ texts.get("packed-file") }{ badge(texts.get("badge-packed"), texts.help("badge-packed")) }</dt>
            <dd id="packed-bytes"><b>{ bytes(texts, shown.bytes.into()) }</b></dd>
            <dt>{ texts.get("packed-accuracy") }{ badge(texts.get("badge-simulated"), simulated) }</dt>
            <dd id="packed-accuracy"><b>{ percentage(texts, shown.accuracy) }</b></dd>
            <dt>{ texts.get("against-float") }</dt>
            <dd>{ signed(texts, change, 1) }</dd>
            if let Some(teacher) = state.teacher().and_then(|id| state.network(id)) {
                <dt>{ texts.get("of-teacher") }</dt>
                <dd>{ with_percent_sign(texts, &number(texts, 100.0 * f64::from(shown.bytes) / f64::from(teacher.bytes), 2)) }</dd>
            }
        </dl>
    }
}

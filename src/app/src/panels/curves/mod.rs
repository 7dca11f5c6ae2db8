//! The learning curves of all networks: what is shown, the chart, its reading, and what is kept of it.

pub mod chart;
pub mod downloads;
pub mod no_progress;
pub mod reader;
pub mod readout;
pub mod saved;

use std::rc::Rc;

use retort_spec::{CurvePoint, ExhibitPlace, Form};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    charts::{
        axes::{heading, title},
        plot,
        table::{CurveTableProps, use_curve_table},
    },
    context::use_page,
    island,
    lessons::guide::use_guide,
    panels::curves::{
        chart::use_curve_chart,
        downloads::{DownloadsProps, use_downloads},
        readout::{Row, readout, rows},
        saved::kept_runs,
    },
    platform::place::Depth,
    state::{
        chart_view::{Part, Quantity, View},
        networks::is_usual,
    },
    widgets::{
        dom::opened,
        saved_run::keep_button,
        window::{PHONE, use_narrower},
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "curves",
    draw: |_| island!(use_curves),
    sites: &[(Tab::Distil, Area::Side), (Tab::Loss, Area::Side)],
    ..Panel::PLAIN
};

/// The curves' panel.
#[hook]
pub fn use_curves() -> Html {
    let page = use_page();
    let view = use_state_eq(|| View { quantity: Quantity::Accuracy, test: true, train: false });
    let reading = use_state_eq(|| None::<u32>);
    let svg = use_node_ref();
    let texts = &page.texts;
    let now = *view;
    let show = |quantity: Quantity| {
        let view = view.clone();
        let onclick = Callback::from(move |_: MouseEvent| view.set(View { quantity, ..now }));
        html! {
            <button id={title(quantity)} aria-pressed={(now.quantity == quantity).to_string()} {onclick}>
                { heading(&page, quantity) }
            </button>
        }
    };
    let toggle = |part: Part, id: &'static str, help: String| {
        let view = view.clone();
        let onclick = Callback::from(move |_: MouseEvent| view.set(now.toggled(part)));
        html! {
            <button {id} aria-pressed={now.shows(part).to_string()} title={help} {onclick}>{ texts.get(id) }</button>
        }
    };
    let read = {
        let reading = reading.clone();
        Callback::from(move |epoch: Option<u32>| reading.set(epoch))
    };
    let (is_narrow, guide, is_open) = (use_narrower(PHONE), use_guide(), use_state_eq(|| false));
    let (means, runs) = &*use_memo(page.state.curves.clone(), |curves| plot::means(curves));
    let rows = rows(&page, means, now.quantity, *reading);
    // On a phone another picture comes first where the data or the scheme brings one, or where there are many networks;
    // the map draws each network's course already.
    let is_plain = matches!(page.state.experiment.data.form(), Form::Image { .. })
        && page.state.exhibit(ExhibitPlace::Scheme).is_none()
        && page.state.networks().count() <= 3;
    let is_alone = page.place.tab == Tab::Distil && page.place.depth == Depth::First && guide.lesson.is_none();
    let folds = is_narrow && is_alone && !is_plain;
    let toggled = {
        let is_open = is_open.clone();
        Callback::from(move |event: Event| is_open.set(opened(&event)))
    };
    let heading_line = html! { <h2 id="curves-title">{ texts.get("curves") }</h2> };
    html! {
        <section id="curves" class="panel" aria-labelledby="curves-title">
            if folds {
                <details ontoggle={toggled}><summary>{ heading_line }</summary></details>
            } else {
                { heading_line }
            }
            if !folds || *is_open {
                <>
                <div class="tools">
                    <div class="segments" role="group" aria-label={texts.get("curve-quantity")}>
                        { show(Quantity::Accuracy) }
                        { show(Quantity::Loss) }
                    </div>
                    <div class="segments" role="group" aria-label={texts.get("curve-parts")}>
                        { toggle(Part::Test, "curve-test", texts.help("curve-test")) }
                        { toggle(Part::Train, "curve-train", texts.help("curve-train")) }
                    </div>
                    { keep_button(&page, "keep") }
                    if page.shows("downloads") {
                        { island!(use_downloads, DownloadsProps { svg: svg.clone() }) }
                    }
                </div>
                <div class="curves">
                    { island!(use_curve_chart, CurveChartProps { view: now, reading: *reading, read, svg, rows: rows.clone(), means: Rc::new(means.clone()) }) }
                    { readout(&page, (*reading, *runs), &rows) }
                </div>
                if is_usual(&page.state.plan) && page.state.experiment.teacher_epochs != page.state.experiment.student_epochs {
                    <p class="hint">{ texts.with("curve-lengths", &[
                        ("teacher", page.state.experiment.teacher_epochs.into()), ("student", page.state.experiment.student_epochs.into()),
                    ]) }</p>
                }
                { kept_runs(&page) }
                { island!(use_curve_table, CurveTableProps { quantity: Some(now.quantity) }) }
                </>
            }
            { no_progress::advice(&page) }
        </section>
    }
}

/// What the chart shows and where it is read.
#[derive(PartialEq)]
pub struct CurveChartProps {
    pub view: View,
    /// The epoch that is read, if one is.
    pub reading: Option<u32>,
    /// Takes the epoch that the visitor points at.
    pub read: Callback<Option<u32>>,
    /// The drawing, for those who take it away.
    pub svg: NodeRef,
    /// What stands beside the chart, for those who hear it.
    pub rows: Vec<Row>,
    /// The curves that are read: the mean over the seeds.
    pub means: Rc<Vec<CurvePoint>>,
}

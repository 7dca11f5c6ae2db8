//! What a printed report says beside the panels: what it is of, where it can be seen again, and what was changed.

use retort_spec::{Knob, encode};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    i18n::labels::{differences, knob_name, knob_value, usual},
    platform::link,
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "report",
    draw: report,
    sites: &[
        (Tab::Distil, Area::Stage),
        (Tab::Inside, Area::Stage),
        (Tab::Loss, Area::Stage),
        (Tab::Shrink, Area::Stage),
        (Tab::Compare, Area::Stage),
    ],
    ..Panel::PLAIN
};

/// The report's head and its table of knobs; only paper shows them.
pub fn report(page: &AppContext) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let defaults = usual(experiment);
    let knobs = differences(experiment);
    let row = |knob: &&Knob| {
        html! {
            <tr>
                <th scope="row">{ knob_name(texts, knob) }</th>
                <td>{ knob_value(texts, knob, experiment) }</td>
                <td>{ knob_value(texts, knob, &defaults) }</td>
            </tr>
        }
    };
    html! {
        <>
            <section id="report" class="paper">
                <h1>{ "Retort" } <small>{ texts.get("report") }</small></h1>
                <p>{ format!("{}#{}", link::base(), encode(experiment)) }</p>
            </section>
            <section id="report-knobs" class="panel paper">
                <h2>{ texts.get("report-knobs") }</h2>
                if knobs.is_empty() {
                    <p>{ texts.get("report-none") }</p>
                } else {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{ texts.get("report-knob") }</th>
                                <th scope="col">{ texts.get("report-value") }</th>
                                <th scope="col">{ texts.get("report-default") }</th>
                            </tr>
                        </thead>
                        <tbody>{ for knobs.iter().map(row) }</tbody>
                    </table>
                }
            </section>
        </>
    }
}

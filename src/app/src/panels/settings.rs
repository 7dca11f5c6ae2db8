//! Every other knob, folded away.

use retort_spec::{KNOBS, Phase};
use yew::prelude::*;

use super::{Panel, panel_of};
use crate::{context::AppContext, widgets::knob::knob_control};

/// Its entry in the table.
pub const PANEL: Panel = Panel { id: "settings", draw: settings, ..Panel::PLAIN };

/// The panel of all other knobs.
pub fn settings(page: &AppContext) -> Html {
    let texts = &page.texts;
    let group = |title: &'static str, phases: &'static [Phase]| {
        let knobs = KNOBS.iter().filter(move |knob| phases.contains(&knob.phase) && panel_of(knob.key) == PANEL.id);
        html! {
            <fieldset>
                <legend>{ texts.get(title) }</legend>
                { for knobs.map(|knob| knob_control(page, knob.key)) }
            </fieldset>
        }
    };
    html! {
        <section id="settings" class="panel" aria-labelledby="settings-title">
            <details>
                <summary><h2 id="settings-title">{ texts.get("settings") }</h2></summary>
                <div class="groups">
                    { group("settings-training", &[Phase::Teacher]) }
                    { group("settings-student", &[Phase::Student, Phase::Verdict]) }
                    { group("settings-machine", &[Phase::Data, Phase::Show]) }
                </div>
            </details>
            <p class="credit">{ texts.get("credit") }</p>
        </section>
    }
}

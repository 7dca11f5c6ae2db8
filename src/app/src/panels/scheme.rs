//! Who teaches whom: the menu of schemes, the chosen one in a sentence with its source, and its own knobs. What its
//! control is stands beside the control's accuracy.

use retort_spec::{SCHEME_KNOBS, Scheme, SchemeGroup};
use yew::prelude::*;

use super::Panel;
use crate::{
    context::AppContext,
    widgets::{
        dom::text_of,
        knob::{brought, knob_control, knob_label},
    },
};

/// The knobs of schemes that stand in other panels.
const ELSEWHERE: [&str; 4] = ["student", "teacher", "teacher-epochs", "dropout"];

/// The knobs of schemes that stand here.
fn own_knobs() -> impl Iterator<Item = &'static str> {
    SCHEME_KNOBS.iter().copied().filter(|key| !ELSEWHERE.contains(key)).chain(["wrong"])
}

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "scheme",
    holds: |key| key == "scheme" || own_knobs().any(|own| own == key),
    draw: scheme,
    applies: |experiment, _| experiment.applies("scheme"),
    ..Panel::PLAIN
};

/// The panel.
pub fn scheme(page: &AppContext) -> Html {
    let texts = &page.texts;
    let chosen = page.state.experiment.scheme;
    let (id, about) = (format!("scheme-{chosen}"), chosen.info());
    let data = page.state.experiment.data;
    // Images and points were measured scheme by scheme, and tasks of sequences and of numbers one by one.
    let measured = if data.is_of_sequences() && !data.needs_files() { format!("data-{data}") } else { id.clone() };
    html! {
        <section id="scheme" class="panel" aria-labelledby="scheme-title">
            <h2 id="scheme-title">{ texts.get("scheme") }</h2>
            if page.shows_knob("scheme") {
                { menu(page, chosen) }
            } else {
                <b>{ texts.get(&id) }</b>
            }
            <p>{ texts.help(&id) }</p>
            if page.shows_knob("scheme") && !page.locks("scheme") {
                { each(page) }
            }
            <p><a id="scheme-source" href={about.url} target="_blank" rel="noopener">{ about.source }</a></p>
            // What makes a scheme what it is lies open; the usual one needs none of it.
            <details open={chosen != Scheme::Offline}>
                <summary>{ texts.get("scheme-settings") }</summary>
                <p id="scheme-seen">{ texts.seen(&measured) }</p>
                { for own_knobs().map(|key| knob_control(page, key)) }
            </details>
        </section>
    }
}

/// All schemes that fit the data, each in a sentence; a click chooses one.
fn each(page: &AppContext) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let scheme = |scheme: &Scheme| {
        let (id, scheme) = (format!("scheme-{scheme}"), *scheme);
        let take = page.turn("scheme").reform(move |_: MouseEvent| scheme.word().to_owned());
        let pressed = (scheme == experiment.scheme).to_string();
        html! { <li><button class="plain" aria-pressed={pressed} onclick={take}>{ texts.get(&id) }</button><br />{ texts.help(&id) }</li> }
    };
    html! {
        <details id="schemes">
            <summary>{ texts.get("schemes-each") }</summary>
            <ul>{ for Scheme::ALL.iter().filter(|scheme| scheme.fits(experiment.data)).map(scheme) }</ul>
        </details>
    }
}

/// The schemes by group.
pub fn menu(page: &AppContext, chosen: Scheme) -> Html {
    if !page.shows_knob("scheme") {
        return Html::default();
    }
    let (texts, data) = (&page.texts, page.state.experiment.data);
    let change = page.turn("scheme").reform(|event: Event| text_of(&event));
    let group = |group: &SchemeGroup| {
        let schemes = Scheme::ALL.iter().filter(|scheme| scheme.info().group == *group && scheme.fits(data));
        if schemes.clone().next().is_none() {
            return Html::default();
        }
        html! {
            <optgroup label={texts.get(&format!("scheme-group-{group}"))}>
                { for schemes.map(|scheme| html! {
                    <option value={scheme.word()} selected={*scheme == chosen}>{ texts.get(&format!("scheme-{scheme}")) }</option>
                }) }
            </optgroup>
        }
    };
    html! {
        <div class="knob" data-knob="scheme">
            { knob_label(page, "scheme", Some("knob-scheme")) }
            <select id="knob-scheme" disabled={page.locks("scheme")} onchange={change}>{ for SchemeGroup::ALL.iter().map(group) }</select>
            { brought(page, "scheme") }
        </div>
    }
}

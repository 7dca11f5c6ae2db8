//! Which knobs are swept, and over which values.

use retort_spec::{Axis, Knob, SweepError, knob};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::labels::knob_name,
    state::{
        Action, SweepAction,
        sweep_text::{MOST_KNOBS, joined, parts, suggestion, sweepable},
    },
    widgets::dom::text_of,
};

/// A knob's key and its list, as they are written.
type Part = (String, String);

/// A menu of knobs with a list of values, and another one for a second knob once there is a first.
pub fn form(page: &AppContext, error: Option<&SweepError>) -> Html {
    let parts = parts(&page.state.sweep_text);
    let fields = (parts.len() + 1).min(MOST_KNOBS);
    html! { <div class="sweep-form">{ for (0..fields).map(|place| field(page, &parts, place, error)) }</div> }
}

fn field(page: &AppContext, parts: &[Part], place: usize, error: Option<&SweepError>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let mine = parts.get(place);
    let change = |to: fn(&AppContext, String, Option<&Part>) -> Option<Part>| {
        let (page, parts) = (page.clone(), parts.to_vec());
        Callback::from(move |event: Event| {
            let mut parts = parts.clone();
            let written = to(&page, text_of(&event), parts.get(place));
            parts.splice(place.min(parts.len())..(place + 1).min(parts.len()), written);
            page.state.dispatch(Action::Sweep(SweepAction::Draft(joined(&parts))));
        })
    };
    let choose = change(|page, key, _| {
        let knob = knob(&key)?;
        Some((key, suggest(page, knob)))
    });
    let write = change(|_, list, before| {
        let (key, _) = before?;
        // What would end the list or the address.
        let list = list.replace([';', '&', '=', '%', '#'], ",");
        Some((key.clone(), list))
    });
    let is_free = |key: &str| parts.iter().enumerate().all(|(other, (taken, _))| other == place || taken != key);
    let is_offered = |knob: &&&Knob| page.shows_knob(knob.key) && !page.locks(knob.key) && is_free(knob.key);
    let key = mine.map_or("", |(key, _)| key);
    let option = |knob: &Knob| {
        html! { <option key={knob.key} value={knob.key} selected={knob.key == key}>{ knob_name(texts, knob) }</option> }
    };
    let label = texts.get(if place == 0 { "sweep-first" } else { "sweep-second" });
    let name = knob(key).map(|knob| knob_name(texts, knob)).unwrap_or_default();
    let is_bad = error.is_some() && mine.is_some_and(|(key, list)| [key, ":", list].concat().parse::<Axis>().is_err());
    // A knob of a link that is not offered here is named all the same.
    let other = (!key.is_empty() && !sweepable(&state.experiment).any(|knob| knob.key == key)).then(|| key.to_owned());
    html! {
        <div key={place} class="sweep-axis">
            <label for={format!("sweep-knob-{place}")}>{ label }</label>
            <select id={format!("sweep-knob-{place}")} onchange={choose}>
                <option key="" value="" selected={key.is_empty()}>{ texts.get("sweep-none") }</option>
                { for other.map(|key| html! { <option key={key.clone()} value={key.clone()} selected=true>{ key }</option> }) }
                { for sweepable(&state.experiment).filter(|knob| is_offered(&knob)).map(option) }
            </select>
            if let Some((_, list)) = mine {
                <input id={format!("sweep-values-{place}")} type="text" value={list.clone()} onchange={write} autocomplete="off" spellcheck="false"
                    aria-label={texts.with("sweep-values", &[("knob", name.into())])} aria-invalid={is_bad.to_string()} aria-describedby="sweep-size" />
                if place == 0 {
                    <span class="hint">{ texts.get("sweep-values-hint") }</span>
                }
            }
        </div>
    }
}

/// Values that a knob may well be swept over.
fn suggest(page: &AppContext, knob: &Knob) -> String {
    suggestion(&page.state.experiment, knob, page.state.data.as_ref().map(|data| data.train))
}

//! A control for any knob, from the one table: its label, help, range and kind are described nowhere else.

use retort_spec::{Kind, Knob, NetworkId, knob, read_number};
use yew::prelude::*;

use crate::widgets::{
    dom::text_of,
    slider::{STOPS, place, value_at},
};
use crate::{
    context::AppContext,
    i18n::labels::{knob_name, knob_value, network_name},
    island,
    widgets::{
        help::{HelpProps, consequence, use_help, whole_range},
        icon::{Icon, icon},
        number_field::{NumberField, number_field},
        widths,
    },
};

/// What changed with the choice of a data set or a scheme, which bring defaults of their own.
pub fn brought(page: &AppContext, key: &str) -> Html {
    let (texts, (chosen, keys)) = (&page.texts, &*page.state.brought);
    let shown = keys.iter().filter(|own| *chosen == key && page.shows_knob(own)).filter_map(|key| knob(key));
    let setting = |knob| [knob_name(texts, knob), knob_value(texts, knob, &page.state.experiment)].join(" ");
    let settings: Vec<String> = shown.map(setting).collect();
    if settings.is_empty() {
        return Html::default();
    }
    let settings = settings.join(texts.language.comma());
    html! { <p class="hint brought">{ texts.with("knobs-brought", &[("settings", settings.into())]) }</p> }
}

/// A knob's name, with a mark where the link locked it, another where turning it restarts something, and its help.
/// `control` is the element that it is the label of; a group of buttons has none.
pub fn knob_label(page: &AppContext, id: &str, control: Option<&str>) -> Html {
    let Some(knob) = knob(id) else { return Html::default() };
    let texts = &page.texts;
    let label = texts.get(&format!("knob-{}", knob.key));
    let consequence = consequence(knob, page.state.run_state);
    let words = consequence.words(texts);
    html! {
        <span class="name">
            if let Some(control) = control {
                <label for={control.to_owned()}>{ label }</label>
            } else {
                <span>{ label }</span>
            }
            if page.locks(knob.key) {
                { lock_mark(page) }
            } else if consequence.restarts() {
                <span class="mark-turn" role="img" aria-label={words.clone()} title={words}>{ icon(Icon::Again) }</span>
            } else if knob.live {
                // When the training is over the mark appears, and nothing should move.
                <span class="mark-turn none" />
            }
            { island!(use_help, HelpProps { id: knob.key }) }
        </span>
    }
}

/// The mark of what the link locked.
pub fn lock_mark(page: &AppContext) -> Html {
    let words = page.texts.get("locked");
    html! { <span class="mark-lock" role="img" aria-label={words.clone()} title={words}>{ icon(Icon::Lock) }</span> }
}

/// A knob's control with its label and help.
pub fn knob_control(page: &AppContext, id: &str) -> Html {
    let Some(knob) = knob(id).filter(|knob| page.shows_knob(knob.key)) else { return Html::default() };
    let value = knob.get(&page.state.experiment);
    let name = format!("knob-{}", knob.key);
    let help = page.texts.help(&name);
    let turn = page.turn(knob.key);
    let described = format!("{name}-help");
    let disabled = page.locks(knob.key);
    let number = |min, max, whole| {
        number_field(NumberField {
            id: name.clone(),
            value: value.clone(),
            range: [min, max],
            whole,
            disabled,
            label: None,
            described: Some(described.clone()),
            change: turn.clone(),
        })
    };
    let change = turn.reform(|event: Event| text_of(&event));
    let control = match knob.kind {
        Kind::Choice(words) => return choice_control(page, knob, words, None, &|_| false),
        Kind::Network => return network_control(page, knob),
        Kind::Integer { min, max } => {
            let (min, max) = whole_range(knob, &page.state.experiment).unwrap_or((min, max));
            number(f64::from(min), f64::from(max), true)
        }
        Kind::Number { min, max, .. } => number(min, max, false),
        Kind::Widths => widths::control(page, knob, &described),
        Kind::Labels { .. } | Kind::Classes | Kind::Stages | Kind::Points => html! {
            <input id={name.clone()} {disabled} type="text" value={value.clone()} autocomplete="off" spellcheck="false"
                onchange={change} aria-describedby={described.clone()} />
        },
    };
    html! {
        <div class="knob" data-knob={knob.key} title={disabled.then(|| page.texts.get("locked"))}>
            { knob_label(page, knob.key, Some(&name)) }
            { control }
            <span id={described} class="hidden">{ help }</span>
        </div>
    }
}

/// A knob of some words as a menu. `why` tells why it makes no difference now; a word that is `idle` cannot be chosen.
pub fn choice_control(
    page: &AppContext,
    knob: &'static Knob,
    words: &[&'static str],
    why: Option<String>,
    idle: &dyn Fn(&str) -> bool,
) -> Html {
    let value = knob.get(&page.state.experiment);
    let option = |word: &&'static str| {
        let word = *word;
        html! {
            <option value={word} selected={value == word} disabled={idle(word)}>{ page.texts.get(&format!("{}-{word}", knob.key)) }</option>
        }
    };
    let experiment = &page.state.experiment;
    let offered = words.iter().filter(|word| experiment.offers(knob.key, word));
    menu(page, knob, why, offered.map(option).collect())
}

/// A knob of the plan's networks as a menu.
fn network_control(page: &AppContext, knob: &'static Knob) -> Html {
    let (value, plan) = (knob.get(&page.state.experiment), page.state.experiment.plan());
    let option = |id: NetworkId| {
        let word = id.to_string();
        let selected = value == word;
        html! { <option value={word} {selected}>{ network_name(&page.texts, &plan, id) }</option> }
    };
    menu(page, knob, None, plan.weighted().map(option).collect())
}

fn menu(page: &AppContext, knob: &'static Knob, why: Option<String>, options: Html) -> Html {
    if !page.shows_knob(knob.key) {
        return Html::default();
    }
    let name = format!("knob-{}", knob.key);
    let help = page.texts.help(&name);
    let turn = page.turn(knob.key);
    let described = format!("{name}-help");
    let disabled = page.locks(knob.key) || why.is_some();
    let change = Callback::from(move |event: Event| turn.emit(text_of(&event)));
    let title = if page.locks(knob.key) { Some(page.texts.get("locked")) } else { why.clone() };
    html! {
        <div class="knob" data-knob={knob.key} {title}>
            { knob_label(page, knob.key, Some(&name)) }
            <select id={name} {disabled} onchange={change} aria-describedby={described.clone()}>
                if let Some(why) = why {
                    <option selected=true>{ why }</option>
                } else {
                    { options }
                }
            </select>
            <span id={described} class="hidden">{ help }</span>
            { brought(page, knob.key) }
        </div>
    }
}

/// A knob as a slider, for those that one plays with.
pub fn knob_slider(page: &AppContext, id: &str) -> Html {
    let Some(knob) = knob(id).filter(|knob| page.shows_knob(knob.key)) else { return Html::default() };
    let Kind::Number { min, max, scale } = knob.kind else { return Html::default() };
    let value = knob.get(&page.state.experiment);
    let name = format!("slider-{}", knob.key);
    let disabled = page.locks(knob.key);
    let turn = page.turn(knob.key);
    let change = Callback::from(move |event: Event| {
        if let Some(place) = read_number(&text_of(&event)) {
            turn.emit(value_at(scale, min, max, place).to_string());
        }
    });
    let at = place(scale, min, max, read_number(&value).unwrap_or(min));
    html! {
        <div class="knob slider" data-knob={knob.key} title={disabled.then(|| page.texts.get("locked"))}>
            { knob_label(page, knob.key, Some(&name)) }
            <output for={name.clone()}>{ value.clone() }</output>
            <input id={name} {disabled} type="range" min="0" max={STOPS.to_string()} step="1" value={at.to_string()}
                aria-valuetext={value} onchange={change} />
        </div>
    }
}

//! A control for any knob, from the one table: its label, help, range and kind are described nowhere else.

use retort_spec::{Kind, Knob, Scale, knob, read_number};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::{
    help::{HelpProps, consequence, use_help},
    icon::{Icon, icon},
    widths,
};
use crate::context::Page;
use crate::island;

/// Stops of a logarithmic slider.
const STOPS: f64 = 200.0;

/// The place of a value on a slider from 0 to [`STOPS`].
pub fn place(scale: Scale, min: f64, max: f64, value: f64) -> f64 {
    STOPS
        * match scale {
            Scale::Linear => (value - min) / (max - min),
            Scale::Logarithmic => (value / min).ln() / (max / min).ln(),
        }
}

/// The value at a place of a slider, to three significant digits.
pub fn value_at(scale: Scale, min: f64, max: f64, place: f64) -> f64 {
    let share = (place / STOPS).clamp(0.0, 1.0);
    let value = match scale {
        Scale::Linear => min + (max - min) * share,
        Scale::Logarithmic => min * (max / min).powf(share),
    };
    if value == 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 2.0);
    // Dividing by the inverse keeps short decimals short.
    ((value / unit).round() / (1.0 / unit)).clamp(min, max)
}

/// The text of the input or select that an event comes from.
pub fn text_of(event: &Event) -> String {
    let target = event.target();
    let input = target.clone().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).map(|input| input.value());
    let select = || target.and_then(|target| target.dyn_into::<HtmlSelectElement>().ok()).map(|select| select.value());
    input.or_else(select).unwrap_or_default()
}

/// A knob's name, with a mark where the link locked it, another where turning it restarts something, and its help.
/// `control` is the element that it is the label of; a group of buttons has none.
pub fn knob_label(page: &Page, id: &str, control: Option<&str>) -> Html {
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
pub fn lock_mark(page: &Page) -> Html {
    let words = page.texts.get("locked");
    html! { <span class="mark-lock" role="img" aria-label={words.clone()} title={words}>{ icon(Icon::Lock) }</span> }
}

/// A knob's control with its label and help.
pub fn knob_control(page: &Page, id: &str) -> Html {
    let Some(knob) = knob(id).filter(|knob| page.view.shows_knob(knob.key)) else { return Html::default() };
    let value = knob.get(&page.state.experiment);
    let name = format!("knob-{}", knob.key);
    let help = page.texts.help(&name);
    let turn = page.turn(knob.key);
    let described = format!("{name}-help");
    let disabled = page.locks(knob.key);
    let change = Callback::from(move |event: Event| turn.emit(text_of(&event)));
    let control = match knob.kind {
        Kind::Choice(words) => return choice_control(page, knob, words, None, &|_| false),
        Kind::Integer { min, max } => html! {
            <input id={name.clone()} {disabled} type="number" min={min.to_string()} max={max.to_string()} step="1" value={value.clone()}
                onchange={change} aria-describedby={described.clone()} />
        },
        Kind::Number { min, max, .. } => html! {
            <input id={name.clone()} {disabled} type="number" min={min.to_string()} max={max.to_string()} step="any" value={value.clone()}
                onchange={change} aria-describedby={described.clone()} />
        },
        Kind::Widths => widths::control(page, knob, &described),
        Kind::Labels { .. } | Kind::Classes | Kind::Stages => html! {
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
    page: &Page,
    knob: &'static Knob,
    words: &[&'static str],
    why: Option<String>,
    idle: &dyn Fn(&str) -> bool,
) -> Html {
    if !page.view.shows_knob(knob.key) {
        return Html::default();
    }
    let value = knob.get(&page.state.experiment);
    let name = format!("knob-{}", knob.key);
    let help = page.texts.help(&name);
    let turn = page.turn(knob.key);
    let described = format!("{name}-help");
    let disabled = page.locks(knob.key) || why.is_some();
    let change = Callback::from(move |event: Event| turn.emit(text_of(&event)));
    let title = if page.locks(knob.key) { Some(page.texts.get("locked")) } else { why.clone() };
    let option = |word: &&'static str| {
        let word = *word;
        html! {
            <option value={word} selected={value == word} disabled={idle(word)}>{ page.texts.get(&format!("{}-{word}", knob.key)) }</option>
        }
    };
    html! {
        <div class="knob" data-knob={knob.key} {title}>
            { knob_label(page, knob.key, Some(&name)) }
            <select id={name} {disabled} onchange={change} aria-describedby={described.clone()}>
                if let Some(why) = why {
                    <option selected=true>{ why }</option>
                } else {
                    { for words.iter().map(option) }
                }
            </select>
            <span id={described} class="hidden">{ help }</span>
        </div>
    }
}

/// Whether the details that an event tells of are open.
pub fn opened(event: &Event) -> bool {
    let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    details.is_some_and(|details| details.has_attribute("open"))
}

/// A knob as a slider, for those that one plays with.
pub fn knob_slider(page: &Page, id: &str) -> Html {
    let Some(knob) = knob(id).filter(|knob| page.view.shows_knob(knob.key)) else { return Html::default() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliders_reach_their_ends_and_come_back() {
        for (scale, min, max) in [(Scale::Logarithmic, 0.2, 100.0), (Scale::Linear, 0.0, 1.0)] {
            assert_eq!(value_at(scale, min, max, 0.0), min);
            assert_eq!(value_at(scale, min, max, STOPS), max);
            for stop in [13.0, 100.0, 171.0] {
                let value = value_at(scale, min, max, stop);
                assert!((place(scale, min, max, value) - stop).abs() < 0.5, "{value}");
            }
        }
        assert_eq!(value_at(Scale::Linear, 0.0, 1.0, 140.0).to_string(), "0.7");
    }
}

//! The heart: one example's distribution, from the teacher and from the others, at the slider's temperature and at 1.

pub mod regions;

use retort_spec::{
    DataSummary, ExhibitPlace, Kind, Output, knob,
    probability::{argmax, entropy_bits, softmax},
    read_number,
};
use yew::prelude::*;

use super::{Area, Panel, Tab, is_shown};
use crate::{
    context::AppContext,
    i18n::{
        format::{number, percent, temperature, tenth, with_percent_sign},
        labels::class_name,
    },
    island,
    panels::soft_targets::regions::use_regions,
    platform::place::Place,
    state::{
        Action,
        selection::{Subject, extremes},
    },
    widgets::{
        bars::{BarsProps, use_bars},
        dom::text_of,
        example_card::{origin, picture},
        exhibit::exhibit,
        knob::knob_label,
        number_field::{NumberField, number_field},
        slider::{place, value_at},
        term::term,
    },
};

/// The small multiples.
const TEMPERATURES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 20.0];

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "soft-targets",
    holds: |key| key == "temperature",
    draw: soft_targets,
    sites: &[(Tab::Distil, Area::Stage)],
    ..Panel::PLAIN
};

/// The panel in which one draws an example.
const DRAW: &str = "draw";

/// The soft-target panel; of sequences and numbers what their task shows.
pub fn soft_targets(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    if state.experiment.data.is_of_sequences() {
        return task(page);
    }
    let subject = state.data.as_ref().zip(Subject::of(state));
    let logits = subject.as_ref().and_then(|(_, subject)| subject.reference());
    html! {
        <section id="soft-targets" class="panel" aria-labelledby="soft-title" tabindex="-1">
            <h2 id="soft-title">{ texts.get("soft-targets") } <small>{ page.of_first_seed("soft-targets-sub") }</small></h2>
            if page.shows_knob("temperature") {
                <div class="temperatures">
                    { slider(page) }
                    <div class={classes!("multiples", state.reference().role_word())}>{ for TEMPERATURES.iter().map(|&t| multiple(page, logits, t)) }</div>
                </div>
            }
            if state.experiment.data.is_plane() {
                { island!(use_regions) }
            }
            if let Some((data, subject)) = &subject {
                { example(page, data, subject) }
            } else {
                <p class="empty">{ texts.get(if state.teacher().is_some() { "soft-targets-empty" } else { "confusion-empty" }) }</p>
            }
        </section>
    }
}

/// What a task of sequences or of numbers shows of itself, under the temperature.
fn task(page: &AppContext) -> Html {
    let texts = &page.texts;
    let output = match page.state.experiment.output() {
        Output::Classes => "task-classes",
        Output::NextToken => "task-tokens",
        Output::Number => "task-numbers",
    };
    html! {
        <section id="soft-targets" class="panel task" aria-labelledby="soft-title" tabindex="-1">
            <h2 id="soft-title">{ texts.get(output) }</h2>
            <p class="task-score">{ texts.get(&format!("{output}-score")) }</p>
            if page.shows_knob("temperature") {
                <div class="temperatures">{ slider(page) }</div>
            }
            { exhibit(page, ExhibitPlace::Hero) }
        </section>
    }
}

fn slider(page: &AppContext) -> Html {
    let texts = &page.texts;
    let Some(Kind::Number { min, max, scale }) = knob("temperature").map(|knob| knob.kind) else {
        return Html::default();
    };
    let dispatch = page.state.dispatcher();
    // The stop where it stands means the exact temperature, which lies between stops.
    let (own, stop) = (page.state.experiment.temperature, place(scale, min, max, page.state.experiment.temperature));
    let value = move |place: String| {
        let place = read_number(&place)?;
        Some(if place == stop.round() { own } else { value_at(scale, min, max, place) })
    };
    let preview = Callback::from(move |event: InputEvent| {
        let text = event.target_dyn_into::<web_sys::HtmlInputElement>().map(|input| input.value());
        if let Some(temperature) = text.and_then(value) {
            dispatch.dispatch(Action::Preview(temperature));
        }
    });
    let turn = page.turn("temperature");
    let commit = Callback::from(move |event: Event| {
        if let Some(temperature) = value(text_of(&event)) {
            turn.emit(temperature.to_string());
        }
    });
    let now = page.state.temperature();
    let shown = temperature(texts, now);
    let field = NumberField {
        id: "temperature-value".into(),
        value: now.to_string(),
        range: [min, max],
        whole: false,
        disabled: page.locks("temperature"),
        label: Some(texts.get("knob-temperature")),
        described: None,
        change: page.turn("temperature"),
    };
    html! {
        <div class="temperature">
            { knob_label(page, "temperature", Some("temperature")) }
            { number_field(field) }
            <input id="temperature" disabled={page.locks("temperature")} type="range" min="0" max="200" step="1" value={place(scale, min, max, now).to_string()}
                aria-valuetext={shown} oninput={preview} onchange={commit} />
        </div>
    }
}

fn example(page: &AppContext, data: &DataSummary, subject: &Subject<'_>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let now = state.temperature();
    let entropy = subject.reference().map(|logits| entropy_bits(&softmax(logits, now)));
    let entropy = entropy.map_or_else(|| "–".into(), |bits| number(texts, bits, 2));
    let bars = BarsProps {
        data: data.data,
        names: Vec::new(),
        logits: subject.logits.iter().map(|(id, logits)| (*id, logits.map(<[f32]>::to_vec))).collect(),
        classes: data.classes as usize,
        label: subject.label,
    };
    html! {
        <>
        <div class="example">
            <figure>
                { picture(page, data, subject) }
                <figcaption>
                    <span>{ origin(page, data, subject) }</span>
                    { term("entropy", texts.with("entropy", &[("bits", entropy.into())]).into(), texts.help("entropy")) }
                </figcaption>
                { pager(page, data, subject) }
                { choices(page) }
            </figure>
            { island!(use_bars, bars) }
        </div>
        if let Some(logits) = subject.reference() {
            <div class={classes!("telling", subject.reference.role_word())}>{ formula(page, data, logits) }</div>
        }
        </>
    }
}

/// Leafs through the test examples, or goes back to them.
fn pager(page: &AppContext, data: &DataSummary, subject: &Subject<'_>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let count = data.test_labels.len();
    let dispatch = state.dispatcher();
    if subject.index.is_none() {
        let back = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Give(None)));
        return html! { <div class="pager"><button id="back-to-test" onclick={back}>{ texts.get("back-to-test") }</button></div> };
    }
    let index = subject.index.unwrap_or(0);
    let at = |offset: usize| {
        let dispatch = dispatch.clone();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect((index + offset) % count.max(1))))
    };
    html! {
        <div class="pager">
            <button onclick={at(count.saturating_sub(1))} aria-label={texts.get("previous-example")}>{ "←" }</button>
            <button id="next-example" onclick={at(1)} aria-label={texts.get("next-example")}>{ "→" }</button>
        </div>
    }
}

/// Goes to the surest and the most doubtful example, or to a drawing of one's own.
fn choices(page: &AppContext) -> Html {
    let (texts, state, place) = (&page.texts, &page.state, page.place);
    // They keep their places while nobody knows yet which examples those are.
    let found = extremes(state);
    let go = |id: &'static str, index: Option<usize>| {
        let dispatch = state.dispatcher();
        let onclick = index.map(|index| Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect(index))));
        html! { <button {id} disabled={index.is_none()} {onclick}>{ texts.get(id) }</button> }
    };
    let is_open = place.opened == Some(DRAW);
    let draw = {
        let (page, back) = (page.clone(), Place { opened: None, ..place });
        Callback::from(move |_: MouseEvent| match is_open {
            true => page.go.emit(back),
            false => page.show.emit(DRAW.to_owned()),
        })
    };
    html! {
        <div class="choices">
            { go("surest", found.map(|(surest, _)| surest)) }
            { go("doubtful", found.map(|(_, doubtful)| doubtful)) }
            if !state.experiment.data.is_plane() && is_shown(page, DRAW) {
                <button id="draw-one" aria-pressed={is_open.to_string()} onclick={draw}>{ texts.get("draw-one") }</button>
            }
        </div>
    }
}

/// The softmax with the numbers of the teacher's first answer in it (Hinton et al. 2015, eq. 1).
fn formula(page: &AppContext, data: &DataSummary, logits: &[f32]) -> Html {
    let texts = &page.texts;
    let now = page.state.temperature();
    let Some(top) = argmax(logits) else { return Html::default() };
    let shown = temperature(texts, now);
    let share = percent(texts, softmax(logits, now)[top]);
    html! {
        <p class="formula">
            <i>{ "p" }</i><sub>{ class_name(&page.texts, data.data, top) }</sub>{ " = exp(" }<b>{ number(texts, logits[top].into(), 1) }</b>{ " / " }<b>{ shown.clone() }</b>
            { ") ⁄ Σ" }<sub>{ "j" }</sub>{ " exp(" }<i>{ "z" }</i><sub>{ "j" }</sub>{ " / " }<b>{ shown }</b>{ ") = " }<b class="result">{ with_percent_sign(texts, &share) }</b>
            <small>{ term("softmax", "Hinton et al. 2015, eq. 1".into(), texts.get("softmax-formula")) }</small>
        </p>
    }
}

/// The teacher's distribution at one temperature; a click takes that temperature.
fn multiple(page: &AppContext, logits: Option<&[f32]>, at: f64) -> Html {
    let distribution = logits.map(|logits| softmax(logits, at)).unwrap_or_default();
    let width = 100.0 / distribution.len().max(1) as f64;
    let take = page.turn("temperature").reform(move |_: MouseEvent| at.to_string());
    let chosen = (page.state.temperature() - at).abs() < 1e-9;
    html! {
        <button class="multiple" disabled={page.locks("temperature")} onclick={take} aria-pressed={chosen.to_string()}>
            <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
                { for distribution.iter().enumerate().map(|(class, p)| html! {
                    <rect x={tenth(width * class as f64 + 0.1 * width)} width={tenth(0.8 * width)}
                        y={tenth(40.0 - 40.0 * p)} height={tenth(40.0 * p)} />
                }) }
            </svg>
            <span>{ "T = " }{ temperature(&page.texts, at) }</span>
        </button>
    }
}

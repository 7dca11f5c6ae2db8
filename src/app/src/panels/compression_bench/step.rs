//! A stage of the pipeline as a card: what it is, its numbers and choices, and where it stands.

use retort_spec::{COMPRESSION_STEPS, CompressionStep, link::read_typed};
use yew::prelude::*;

use crate::{
    context::AppContext,
    panels::compression_bench::model::{Edit, Now},
    state::pipeline_editor::{Menu, Part, menus, numbers, usual, with_number, with_word},
    widgets::{
        dom::text_of,
        number_field::{NumberField, number_field},
    },
};

/// The card at a place of the pipeline; whether it stands wrong there, and which stage is carried out now.
pub fn card(
    page: &AppContext,
    stages: &[CompressionStep],
    place: usize,
    edit: &Edit,
    disabled: bool,
    (wrong, now): (bool, Option<Now>),
) -> Html {
    let texts = &page.texts;
    let treatment = stages[place];
    let name = |place: usize| format!("stage-{}", place + 1);
    let args = [("place", (place + 1).into())];
    let emit = |stages: Vec<CompressionStep>, then: String| {
        let edit = edit.clone();
        Callback::from(move |_: MouseEvent| edit.emit((stages.clone(), then.clone())))
    };
    let moved = |to: usize| {
        let mut stages = stages.to_vec();
        if to < stages.len() {
            stages.swap(place, to);
        }
        stages
    };
    let removed = || {
        let mut stages = stages.to_vec();
        stages.remove(place);
        stages
    };
    // The button that was pressed goes with its stage; at the end of the row it cannot be pressed again.
    let last = stages.len() - 1;
    let earlier_then = if place <= 1 { "stage-1-later".to_owned() } else { format!("{}-earlier", name(place - 1)) };
    let later_then =
        if place + 1 >= last { format!("{}-earlier", name(last)) } else { format!("{}-later", name(place + 1)) };
    let removed_then = if place < last { format!("{}-remove", name(place)) } else { "add-stage".to_owned() };
    let choose = {
        let (edit, stages) = (edit.clone(), stages.to_vec());
        Callback::from(move |event: Event| {
            if let Some(stage) = usual(&text_of(&event)) {
                let mut stages = stages.clone();
                stages[place] = stage;
                edit.emit((stages, String::new()));
            }
        })
    };
    let put = {
        let edit = edit.clone();
        move |stages: Vec<CompressionStep>| edit.emit((stages, String::new()))
    };
    let (plain, special): (Vec<Menu>, Vec<Menu>) = menus(&treatment).into_iter().partition(|menu| !menu.is_special);
    let menu = |menu: Menu| {
        let id = format!("{}-{}", name(place), menu.name);
        let label = match MENU_KNOBS.contains(&menu.name) {
            true => texts.get(&format!("knob-{}", menu.name)),
            false => texts.get(menu.name),
        };
        let (put, stages) = (put.clone(), stages.to_vec());
        let onchange = Callback::from(move |event: Event| {
            let mut stages = stages.clone();
            stages[place] = with_word(treatment, &text_of(&event));
            put(stages);
        });
        html! {
            <>
                <label for={id.clone()}>{ label }</label>
                <select {id} {disabled} {onchange}>
                    { for menu.words.iter().map(|word| html! {
                        <option value={*word} selected={*word == menu.chosen}>{ texts.get(&format!("{}-{word}", menu.name)) }</option>
                    }) }
                </select>
            </>
        }
    };
    let number = |(part, value): (Part, f64)| {
        let id = format!("{}-{}", name(place), part.word());
        let (least, most) = part.range();
        let (put, stages) = (put.clone(), stages.to_vec());
        let change = Callback::from(move |text: String| {
            let mut stages = stages.clone();
            // What is no number leaves everything as it was, and the field says so again.
            if let Some(value) = read_typed(&text) {
                stages[place] = with_number(treatment, part, value);
            }
            put(stages);
        });
        let field = NumberField {
            id: id.clone(),
            value: value.to_string(),
            range: [least, most],
            whole: !part.is_share(),
            disabled,
            label: None,
            described: None,
            change,
        };
        html! {
            <>
                <label for={id}>{ texts.get(part.label()) }</label>
                { number_field(field) }
            </>
        }
    };
    let button = |id: &str, label: String, sign: &'static str, able: bool, onclick: Callback<MouseEvent>| {
        html! { <button id={format!("{}-{id}", name(place))} class="icon-button" disabled={disabled || !able} {onclick} aria-label={label.clone()} title={label}>{ sign }</button> }
    };
    let standing = now.and_then(|now| now.of(place));
    html! {
        <li class={classes!("stage", wrong.then_some("wrong"), standing)} aria-describedby={wrong.then_some("bench-problem")}>
            <div class="head">
                <b class="place" aria-hidden="true">{ if standing == Some("done") { "✓".to_owned() } else { (place + 1).to_string() } }</b>
                <span class="moves">
                    { button("earlier", texts.with("stage-earlier", &args), "‹", place > 0, emit(moved(place.wrapping_sub(1)), earlier_then)) }
                    { button("later", texts.with("stage-later", &args), "›", place < last, emit(moved(place + 1), later_then)) }
                    { button("remove", texts.with("stage-remove", &args), "×", true, emit(removed(), removed_then)) }
                </span>
            </div>
            <select class="treatment" id={format!("{}-kind", name(place))} {disabled} onchange={choose} aria-label={texts.with("stage-kind", &args)}>
                    { for COMPRESSION_STEPS.iter().map(|word| html! {
                        <option value={*word} selected={*word == treatment.word()}>{ texts.get(&format!("treatment-{word}")) }</option>
                    }) }
                </select>
            <div class="fields">
                { for numbers(&treatment).into_iter().map(number) }
                { for plain.into_iter().map(menu) }
            </div>
            if treatment == CompressionStep::Huffman {
                <p class="hint">{ texts.get("treatment-huffman-hint") }</p>
            }
            if !special.is_empty() {
                <details><summary>{ texts.get("stage-more") }</summary><div class="fields">{ for special.into_iter().map(menu) }</div></details>
            }
        </li>
    }
}

/// The menus that are called as a knob is.
const MENU_KNOBS: [&str; 7] = ["bits", "granularity", "zero-point", "range", "rounding", "repair", "activations"];

//! Try it yourself: a digit drawn here, what the networks see of it, and what they say.

pub mod answers;
pub mod asking;
pub mod canvas;
pub mod pad;
pub mod strokes;

use retort_spec::{Floats, UserExample};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::{AppContext, use_page},
    island,
    panels::draw::{
        answers::draw_answers,
        asking::use_asking,
        canvas::{Paper, Pen},
        pad::{DrawPadProps, use_draw_pad},
        strokes::{CLASSES, prepare, side, takes_drawings},
    },
    platform::link,
    state::Action,
    widgets::{
        dom::text_of,
        picture::{PictureProps, use_picture},
        user_examples::own_examples,
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "draw",
    draw: |_| island!(use_draw),
    sites: &[(Tab::Distil, Area::Stage)],
    waits: true,
    applies: |experiment, _| !experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

/// Where the browser's tab keeps the drawing over a reload.
const INK: &str = "drawing";

/// The drawing panel.
#[hook]
pub fn use_draw() -> Html {
    let page = use_page();
    let paper = use_reducer(|| Paper::of_note(&link::session_get(INK).unwrap_or_default()));
    use_effect_with(paper.revision, {
        let paper = paper.clone();
        // A browser without storage keeps nothing, as before.
        move |_| {
            let _ = link::session_set(INK, &paper.note());
        }
    });
    let data = page.state.experiment.data;
    let input = use_memo((paper.revision, data), |&(_, data)| prepare(data, &paper.lines()).map(Floats));
    let asked = use_asking(&page, (*input).clone(), paper.revision);
    let texts = &page.texts;
    if data.is_plane() {
        return Html::default();
    }
    html! {
        <section id="draw" class="panel" aria-labelledby="draw-title">
            <h2 id="draw-title">{ texts.get("draw") } <small>{ texts.get("draw-sub") }</small></h2>
            if takes_drawings(data) {
                <div class="parts">
                    <div class="hand">
                        { island!(use_draw_pad, DrawPadProps { paper: paper.clone() }) }
                        { buttons(&page, &paper) }
                    </div>
                    <div class="seen">
                        { seen(&page, (*input).as_ref()) }
                        { island!(use_add, AddProps { input: (*input).clone() }) }
                        { own_examples(&page) }
                    </div>
                    <div class="said">
                        { draw_answers(&page, &asked.answers, asked.waiting) }
                        <div id="draw-status" class="status">
                            if paper.is_empty() {
                                <p>{ texts.get("draw-empty") }</p>
                            } else if !asked.mine {
                                <button id="draw-again" onclick={asked.again}>{ texts.get("draw-again") }</button>
                            } else {
                                <p>{ texts.get("draw-probability") }</p>
                            }
                        </div>
                        <p class="hint">{ texts.get("draw-stays") }</p>
                    </div>
                </div>
            } else {
                <p class="empty">{ texts.get("draw-digits-only") }</p>
            }
        </section>
    }
}

fn buttons(page: &AppContext, paper: &UseReducerHandle<Paper>) -> Html {
    let does = |pen: Pen| {
        let dispatch = paper.dispatcher();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(pen))
    };
    html! {
        <div class="tools">
            <button id="draw-undo" onclick={does(Pen::Undo)} disabled={!paper.can_undo()}>{ page.texts.get("draw-undo") }</button>
            <button id="draw-clear" onclick={does(Pen::Clear)} disabled={paper.is_empty()}>{ page.texts.get("draw-clear") }</button>
        </div>
    }
}

/// The drawing as the networks see it; black paper without ink.
fn seen(page: &AppContext, input: Option<&Floats>) -> Html {
    let side = side(page.state.experiment.data) as u32;
    let label = page.texts.get(if input.is_some() { "draw-seen-words" } else { "draw-seen-empty" });
    let pixels = match input {
        Some(input) => input.iter().map(|pixel| (255.0 * pixel).round() as u8).collect(),
        None => vec![0; (side * side) as usize],
    };
    let picture = PictureProps { shape: [side, side], pixels, label: label.into(), class: Classes::new() };
    html! {
        // A canvas that changes its size forgets what is drawn on it: each size is a canvas of its own.
        <figure key={side}>
            { island!(use_picture, picture) }
            <figcaption>{ page.texts.with("draw-seen", &[("side", side.to_string().into())]) }</figcaption>
        </figure>
    }
}

/// What the networks see of the drawing.
#[derive(PartialEq)]
struct AddProps {
    input: Option<Floats>,
}

/// Adds the drawing to the training data, with a class.
#[hook]
fn use_add(props: &AddProps) -> Html {
    let page = use_page();
    let label = use_state(|| None::<u8>);
    let (texts, state) = (&page.texts, &page.state);
    let data = state.experiment.data;
    let choose = {
        let label = label.clone();
        Callback::from(move |event: Event| label.set(text_of(&event).parse().ok()))
    };
    let example = props.input.clone().zip(*label).map(|(input, label)| UserExample { data, label, input });
    // The same drawing twice is a slip of the finger.
    let example = example.filter(|example| state.own.last() != Some(example));
    let ready = example.is_some();
    let add = {
        let (dispatch, own) = (state.dispatcher(), state.own.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(example) = &example {
                dispatch.dispatch(Action::Own(own.iter().cloned().chain([example.clone()]).collect()));
            }
        })
    };
    html! {
        <div class="add">
            <label for="draw-label">{ texts.get("draw-add-as") }</label>
            <select id="draw-label" onchange={choose}>
                <option value="" selected={label.is_none()}>{ "–" }</option>
                { for (0..CLASSES as u8).map(|class| html! {
                    <option value={class.to_string()} selected={*label == Some(class)}>{ class }</option>
                }) }
            </select>
            <button id="draw-add" onclick={add} disabled={!ready} aria-describedby="own-restarts">{ texts.get("draw-add") }</button>
        </div>
    }
}

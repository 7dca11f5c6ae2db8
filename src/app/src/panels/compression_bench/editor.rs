//! The pipeline as it is put together: as cards, and as text. Both edit one thing, the knob's value.

use retort_spec::{COMPRESSION_STEPS, CompressionStep, Pipeline};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlSelectElement, window};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    panels::compression_bench::{model::now, presets::presets, run::run, step::card},
    state::pipeline_editor::{place_for, usual},
    widgets::{dom::text_of, knob::knob_label},
};
use crate::{i18n::labels::disorder_text, panels::compression_bench::model::Edit, platform::place::Depth};

/// What does not check, and therefore is not the knob's value yet.
struct Draft {
    /// The knob's value when it was begun: once that is another, it is forgotten.
    base: Pipeline,
    stages: Vec<CompressionStep>,
    /// What was written, where it cannot be read.
    text: Option<String>,
}

/// The editor, from the presets to the button that runs it.
#[hook]
pub fn use_bench_editor() -> Html {
    let page = use_page();
    let draft = use_state(|| None::<Draft>);
    let focus = use_mut_ref(|| None::<String>);
    {
        let focus = focus.clone();
        // What was moved is drawn elsewhere by now.
        use_effect(move || {
            if let Some(id) = focus.take() {
                focus_on(&id);
            }
        });
    }
    let kept = &page.state.experiment.compress;
    let shown = draft.as_ref().filter(|draft| draft.base == *kept);
    let stages = shown.map_or(&kept.0, |draft| &draft.stages).clone();
    let unreadable = shown.and_then(|draft| draft.text.clone());
    let edit = {
        let (turn, draft, base, focus) = (page.turn("compress"), draft.clone(), kept.clone(), focus.clone());
        Callback::from(move |(stages, then): (Vec<CompressionStep>, String)| {
            focus.replace(Some(then));
            let pipeline = Pipeline(stages);
            match pipeline.check() {
                Ok(()) => {
                    turn.emit(pipeline.to_string());
                    draft.set(None);
                }
                Err(_) => draft.set(Some(Draft { base: base.clone(), stages: pipeline.0, text: None })),
            }
        })
    };
    let write = {
        let (edit, draft, base, stages) = (edit.clone(), draft.clone(), kept.clone(), stages.clone());
        Callback::from(move |event: Event| {
            let text = text_of(&event);
            match text.trim().parse::<Pipeline>() {
                Ok(pipeline) => edit.emit((pipeline.0, String::new())),
                Err(_) => draft.set(Some(Draft { base: base.clone(), stages: stages.clone(), text: Some(text) })),
            }
        })
    };
    let drop_draft = Callback::from(move |()| draft.set(None));
    let problem = problem(&page, &stages, unreadable.as_deref());
    let written = unreadable.clone().unwrap_or_else(|| match stages[..] {
        [] => String::new(),
        _ => Pipeline(stages.clone()).to_string(),
    });
    let locked = page.locks("compress");
    let is_open = stages.is_empty() && unreadable.is_none() && page.place.depth != Depth::First;
    let invalid = problem.is_some().then_some("true");
    let wrong = problem.as_ref().and_then(|(place, _)| *place);
    let problem = problem.map(|(_, reason)| reason);
    html! {
        <>
            if page.shows_knob("compress") {
                { presets(&page, is_open, &drop_draft) }
                { cards(&page, &stages, &edit, wrong, unreadable.is_some()) }
                <div class="knob written" data-knob="compress">
                    { knob_label(&page, "compress", Some("knob-compress")) }
                    <input id="knob-compress" type="text" disabled={locked} value={written} placeholder="prune:0.9,finetune:5,quantize:4"
                        autocomplete="off" autocapitalize="off" spellcheck="false" onchange={write} aria-invalid={invalid} aria-describedby="bench-problem" />
                </div>
            }
            { run(&page, &stages, problem, unreadable.is_some().then_some(drop_draft)) }
        </>
    }
}

/// Why the pipeline cannot be carried out, and at which stage if it is one's fault.
fn problem(page: &AppContext, stages: &[CompressionStep], unreadable: Option<&str>) -> Option<(Option<usize>, String)> {
    let texts = &page.texts;
    if let Some(text) = unreadable {
        let bad = text.split(',').map(str::trim).find(|stage| stage.parse::<CompressionStep>().is_err());
        return Some((None, texts.with("bench-unreadable", &[("stage", bad.unwrap_or(text).into())])));
    }
    let (place, error) = Pipeline(stages.to_vec()).check().err()?;
    Some((Some(place), disorder_text(&page.texts, place, error)))
}

/// The stages in order, with what they begin from and a menu of further ones.
fn cards(page: &AppContext, stages: &[CompressionStep], edit: &Edit, wrong: Option<usize>, unreadable: bool) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let disabled = unreadable || page.locks("compress");
    let now = now(state, stages);
    let add = {
        let (stages, edit) = (stages.to_vec(), edit.clone());
        Callback::from(move |event: Event| {
            let word = text_of(&event);
            // The menu says “Add a stage” again.
            if let Some(menu) = event.target_dyn_into::<HtmlSelectElement>() {
                menu.set_value("");
            }
            if let Some(added) = usual(&word) {
                let place = place_for(&stages, added);
                let mut stages = stages.clone();
                stages.insert(place, added);
                edit.emit((stages, "add-stage".into()));
            }
        })
    };
    html! {
        <ol id="stages" aria-label={texts.get("knob-compress")}>
            { for stages.iter().enumerate().map(|(place, _)| card(page, stages, place, edit, disabled, (wrong == Some(place), now))) }
            <li class="add">
                <select id="add-stage" {disabled} onchange={add} aria-label={texts.get("add-stage")}>
                    <option value="" selected=true>{ texts.get("add-stage") }</option>
                    { for COMPRESSION_STEPS.iter().map(|word| html! { <option value={*word}>{ texts.get(&format!("treatment-{word}")) }</option> }) }
                </select>
            </li>
        </ol>
    }
}

fn focus_on(id: &str) {
    let element = window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot have the focus leaves it where it is.
        let _ = element.focus();
    }
}

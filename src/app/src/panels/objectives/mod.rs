//! What the student is asked: the whole loss, the menu of objectives by what they transfer, and the course of each
//! term.

pub mod entry;
pub mod terms;

use retort_spec::{Knowledge, Objective};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    charts::axes::term_name,
    context::{AppContext, use_page},
    i18n::{Texts, format::number, formula::typeset},
    island,
    panels::objectives::{
        entry::{entry, own_knobs, usual},
        terms::term_chart,
    },
    state::loss_terms::{LABELS, SOFT_TARGETS, Term, has_first_stage, sums},
    widgets::{
        help::plain,
        icon::{Icon, icon},
        knob::knob_control,
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "objectives",
    holds: |key| {
        let is_own = |objective: &Objective| own_knobs(*objective).contains(&key);
        matches!(key, "guided" | "first-stage") || Objective::WORDS.contains(&key) || Objective::ALL.iter().any(is_own)
    },
    // Where nobody imitates answers there is nothing to ask for.
    applies: |experiment, plan| {
        let mut lessons = plan.phases.iter().flat_map(|phase| &phase.learners);
        let is_taught = lessons.any(|lesson| !lesson.teachers.is_empty() && lesson.channel.is_of_classes());
        is_taught && experiment.applies("logit-mse")
    },
    sites: &[(Tab::Loss, Area::Stage)],
    draw: |_| island!(use_objectives),
    ..Panel::PLAIN
};

/// The panel.
#[hook]
pub fn use_objectives() -> Html {
    let page = use_page();
    let page = &page;
    let sought = use_state_eq(String::new);
    let seek = {
        let sought = sought.clone();
        Callback::from(move |event: InputEvent| {
            let input = event.target_dyn_into::<HtmlInputElement>();
            sought.set(input.map(|input| input.value().trim().to_ascii_lowercase()).unwrap_or_default());
        })
    };
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let used = experiment.weights.used().count();
    html! {
        <section id="objectives" class="panel" data-used={used.to_string()} aria-labelledby="objectives-title">
            <h2 id="objectives-title">{ texts.get("objectives") } <small>{ texts.get("objectives-sub") }</small></h2>
            { loss(page) }
            <input id="seek-objective" type="search" placeholder={texts.get("objectives-seek")} aria-label={texts.get("objectives-seek")} oninput={seek} />
            <div class="asked">
                { for Knowledge::ALL.iter().map(|&knowledge| group(page, knowledge, &sought)) }
                { term_chart(page) }
            </div>
            <p class="hint">{ icon(Icon::Again) }{ " " }{ texts.get("objectives-turn") }</p>
        </section>
    }
}

/// The whole loss as it stands now.
fn loss(page: &AppContext) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let sums = sums(experiment);
    let when = |stage: usize| match (sums.len(), stage) {
        (1, _) => String::new(),
        (_, 0) => {
            let share = number(texts, 100.0 * experiment.first_stage, 0);
            texts.with("loss-first", &[("share", share.into())])
        }
        _ => texts.get("loss-then"),
    };
    let t2 = experiment.scale_by_t2.is_on();
    html! {
        <div id="loss">
            { for sums.iter().enumerate().map(|(stage, sum)| html! {
                <p class="formula">
                    <small>{ when(stage) }</small>
                    <i>{ texts.get("loss") }</i>{ " = " }
                    { for sum.iter().enumerate().map(|(place, term)| html! { <>{ if place > 0 { " + " } else { "" } }{ weighed(texts, *term, t2) }</> }) }
                </p>
            }) }
        </div>
    }
}

/// A term with its weight.
fn weighed(texts: &Texts, (weight, word): Term, t2: bool) -> Html {
    let name = match word {
        LABELS => html! { "CE" },
        SOFT_TARGETS => typeset(if t2 { "T^{2} KL" } else { "KL" }),
        word => html! { term_name(texts, word) },
    };
    html! { <span class="term"><b>{ plain(texts, weight) }</b>{ " · " }{ name }</span> }
}

/// The objectives that transfer one kind of knowledge.
fn group(page: &AppContext, knowledge: Knowledge, sought: &str) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let mine = |objective: &Objective| objective.info().knowledge == knowledge;
    let used = experiment.weights.used().filter(|(objective, _)| mine(objective)).count();
    let id = format!("knowledge-{knowledge}");
    let is_sought = |objective: &Objective| {
        let name = texts.get(&format!("knob-{objective}")).to_ascii_lowercase();
        name.contains(sought) || objective.info().source.to_ascii_lowercase().contains(sought)
    };
    html! {
        <fieldset data-knowledge={knowledge.word()}>
            <legend>
                <b>{ texts.get(&id) }</b>
                if used > 0 {
                    { " " }<b class="count">{ texts.with("objectives-used", &[("count", used.into())]) }</b>
                }
                <span>{ texts.help(&id) }</span>
            </legend>
            <ul class="entries">
                if knowledge == Knowledge::Responses && sought.is_empty() {
                    { usual(page) }
                }
                { for Objective::ALL.iter().filter(|of| mine(of) && is_sought(of) && page.shows_knob(of.word())).map(|&of| entry(page, of)) }
            </ul>
            if knowledge == Knowledge::Features && used > 0 {
                { knob_control(page, "guided") }
            }
            if knowledge == Knowledge::Features && has_first_stage(experiment) {
                { knob_control(page, "first-stage") }
            }
        </fieldset>
    }
}

//! What the page is about, in a sentence, and what came out: for whoever reads nothing else.

use retort_spec::{ClassNames, Contrast, Experiment, Knob, Scheme, encode};
use yew::prelude::*;

use crate::{
    charts::axes::heading,
    context::AppContext,
    i18n::{
        format::percent,
        labels::{differences, knob_name, knob_value, usual},
    },
    panels::{
        map::model::is_heard,
        verdict::{outcome, parts},
    },
    state::{Action, chart_view::Quantity, networks::is_usual},
};

/// The line below the head of the page.
pub fn summary_line(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let is_alone = is_usual(&state.plan);
    let result = state.verdict.as_ref().map(|verdict| {
        let args = [
            ("score", heading(page, Quantity::Accuracy).into()),
            ("student", percent(texts, verdict.mean(verdict.product)).into()),
            ("baseline", percent(texts, verdict.mean(verdict.control)).into()),
        ];
        let id = match is_alone {
            true if !is_heard(&state.experiment) => "lede-result-unheard",
            true => "lede-result",
            false => "lede-result-control",
        };
        let (outcome, numbers) = (html! { <b>{ outcome(page, verdict) }</b> }, texts.with(id, &args));
        let gap = texts.language.gap();
        // Where the control is taught, too, the outcome says only that one is more than the other.
        match state.plan.contrast {
            Contrast::Alone => html! { <>{ outcome }{ gap }{ numbers }</> },
            _ => html! { <>{ parts(page, verdict).0 }{ gap }{ outcome }</> },
        }
    });
    let words = match state.experiment.scheme {
        Scheme::Offline if state.experiment.data.class_names() == ClassNames::Digits => texts.get("lede-digits"),
        Scheme::Offline => texts.get("lede"),
        scheme => texts.help(&format!("scheme-{scheme}")),
    };
    html! {
        <section id="lede" aria-label={texts.get("summary")}>
            <p>{ words }</p>
            // Where the verdict is hidden, the class is to find it out; the sentence would give it away.
            if page.shows("verdict") {
                // Its lines have their room from the start.
                <p class={classes!("result", (state.plan.contrast != Contrast::Alone).then_some("long"))}>{ result.unwrap_or_else(|| html! { texts.get("lede-waiting") }) }</p>
                if state.verdict.as_ref().is_some_and(|verdict| verdict.edited_while_training) {
                    <p class="touched">{ texts.get("touched") }</p>
                }
            }
            { differing(page) }
        </section>
    }
}

/// A chip for each setting that is off its default, with a button that puts it back.
fn differing(page: &AppContext) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let usual = usual(experiment);
    let chip = |knob: &&'static Knob| {
        let knob = *knob;
        let name = knob_name(texts, knob);
        let default = knob.get(&usual);
        let back = page.turn(knob.key).reform(move |_: MouseEvent| default.clone());
        html! {
            <span class="chip" data-chip={knob.key}>
                { &name }{ " " }<b>{ knob_value(texts, knob, experiment) }</b>
                if !page.locks(knob.key) {
                    <button onclick={back} aria-label={texts.with("chip-back", &[("knob", name.into())])}>{ "×" }</button>
                }
            </span>
        }
    };
    let shown: Vec<&Knob> = differences(experiment).into_iter().filter(|knob| page.shows_knob(knob.key)).collect();
    if shown.is_empty() {
        return Html::default();
    }
    let is_free = shown.iter().all(|knob| !page.locks(knob.key));
    let dispatch = page.state.dispatcher();
    let link = encode(&Experiment::default());
    let back = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Navigate(link.clone())));
    html! {
        <div class="chips differing" role="group" aria-label={texts.get("chips")}>
            { for shown.iter().map(chip) }
            if shown.len() > 1 && is_free {
                <button id="chips-back" class="plain" onclick={back}>{ texts.get("chips-back") }</button>
            }
        </div>
    }
}

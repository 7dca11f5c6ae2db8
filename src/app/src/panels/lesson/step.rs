//! One step of a lesson: its text, its live numbers, its task, and its prediction before and after the measurement.

use retort_spec::{RunState, knob};
use yew::prelude::*;

use crate::{
    context::AppContext,
    lessons::{
        change::ChangeTracker,
        condition::{Observed, Record, awaited, control_of, shown},
        model::{Choice, Predict, Step},
        prose::paragraphs,
    },
    panels::{
        lesson::quantity::{label, written},
        panel_of,
    },
    state::{Engine, setting::is_turned},
    widgets::highlight::{holds, reveal},
};

/// What a visitor can do in a step.
pub struct StepActions {
    /// Picks an answer.
    pub pick: Callback<usize>,
    /// Has it measured from the start, where a training ended without it.
    pub again: Callback<MouseEvent>,
    /// The same of what the step shows, with the knobs as they stand.
    pub start_over: Callback<MouseEvent>,
}

/// A step, with its place among the steps; `result` is where the prediction's outcome stands.
pub fn step_view(
    page: &AppContext,
    (place, step): (usize, &Step),
    record: &Record,
    tracker: &ChangeTracker,
    actions: StepActions,
    result: NodeRef,
) -> Html {
    let texts = &page.texts;
    let live = step.show.iter().map(|name| (name.as_str(), tracker.read(&page.state, name)));
    let control = control_of(step).map(str::to_owned);
    // What a question is about is turned only when it is answered.
    let is_before = step.predict.is_some() && !record.committed;
    let is_before = is_before && step.set.as_ref().is_some_and(|set| !is_turned(&page.state.experiment, set));
    let look = step.look.clone().map(|panel| {
        let page = page.clone();
        // A step may look at one panel, and its task be done in another.
        Callback::from(move |_: MouseEvent| match control.as_deref().filter(|key| !holds(&panel, key)) {
            Some(key) if knob(key).is_some() => reveal(&page, panel_of(key), Some(key)),
            _ => reveal(&page, &panel, control.as_deref()),
        })
    });
    html! {
        <div key={place}>
            { prose(step.text.said(texts.language)) }
            if let Some(look) = look {
                <button id="lesson-look" onclick={look}>{ texts.get("lesson-look") }</button>
            }
            if !(step.show.is_empty() || (is_before && step.anew)) {
                <p class="lesson-caption">{ texts.get(if is_before { "lesson-before" } else { "lesson-now" }) }</p>
                { numbers(page, "lesson-numbers", live) }
            }
            if !record.committed && matches!(page.state.engine, Engine::Ready(_)) && tracker.is_stuck(&page.state, shown(step)) {
                <p class="empty">{ texts.get("lesson-stuck") }</p>
                <button id="lesson-start-over" onclick={actions.start_over.clone()}>{ texts.get("lesson-again") }</button>
            }
            if let Some(task) = &step.task {
                <div id="lesson-task" class={classes!("lesson-box", record.done.then_some("done"))} data-done={record.done.to_string()}>
                    <h3>{ texts.get("lesson-task") }
                        if record.done {
                            <span>{ "✓ " }{ texts.get("lesson-done") }</span>
                        }
                    </h3>
                    { prose(task.said(texts.language)) }
                </div>
            }
            if let Some(predict) = &step.predict {
                <div id="lesson-predict" class="lesson-box">
                    { question(page, place, predict, record, is_before, &actions) }
                    if record.committed {
                        <div id="lesson-result" ref={result} tabindex="-1">
                            if let Some(seen) = &record.seen {
                                { outcome(page, predict, record, seen) }
                            } else {
                                { waiting(page, step, tracker, actions.again) }
                            }
                        </div>
                    }
                </div>
            }
        </div>
    }
}

/// A text of a lesson.
pub fn prose(text: &str) -> Html {
    let stretch = |(bold, part): &(bool, &str)| {
        if *bold {
            html! { <b>{ *part }</b> }
        } else {
            html! { { *part } }
        }
    };
    paragraphs(text).iter().map(|paragraph| html! { <p>{ for paragraph.iter().map(stretch) }</p> }).collect()
}

fn numbers<'a>(page: &AppContext, id: &'static str, values: impl Iterator<Item = (&'a str, Option<f64>)>) -> Html {
    html! {
        <dl {id}>{ for values.map(|(name, value)| html! {
            <>
                <dt>{ label(page, name) }</dt>
                <dd data-quantity={name.to_owned()}>{ written(page, name, value) }</dd>
            </>
        }) }</dl>
    }
}

fn question(
    page: &AppContext,
    place: usize,
    predict: &Predict,
    record: &Record,
    is_before: bool,
    actions: &StepActions,
) -> Html {
    let texts = &page.texts;
    let choice = |(index, choice): (usize, &Choice)| {
        let happened = record.seen.as_ref().is_some_and(|seen| seen.happened == Some(index));
        let pick = actions.pick.reform(move |_: Event| index);
        html! {
            <label class={happened.then_some("happened")}>
                <input type="radio" name={format!("lesson-choice-{place}")} value={index.to_string()} checked={record.picked == Some(index)}
                    disabled={record.committed} onchange={pick} />
                <span>{ choice.text.said(texts.language) }{ if happened { " ✓" } else { "" } }</span>
            </label>
        }
    };
    html! {
        <fieldset>
            <legend><b>{ texts.get("lesson-predict") }</b>{ texts.language.gap() }{ predict.question.said(texts.language) }</legend>
            if is_before {
                <small>{ texts.get("lesson-not-yet") }</small>
            }
            { for predict.choices.iter().enumerate().map(choice) }
        </fieldset>
    }
}

/// Why there is no outcome yet.
fn waiting(page: &AppContext, step: &Step, tracker: &ChangeTracker, again: Callback<MouseEvent>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let again = |words: String| {
        html! {
            <>
                <p>{ words }</p>
                <button id="lesson-again" onclick={again}>{ texts.get("lesson-again") }</button>
            </>
        }
    };
    let is_away = step.set.as_ref().is_some_and(|set| !is_turned(&state.experiment, set));
    let words = match (&state.engine, state.run_state) {
        (Engine::Ready(_), _) if is_away => return again(texts.get("lesson-away")),
        (Engine::Ready(_), _) if tracker.is_stuck(state, awaited(step)) => return again(texts.get("lesson-stuck")),
        (Engine::Ready(_), RunState::Paused) => texts.get("lesson-paused"),
        (Engine::Ready(_), _) => texts.get("lesson-measuring"),
        (Engine::Failed(_), _) => texts.get("engine-failed"),
        _ => texts.get("lesson-engine"),
    };
    html! { <p class="empty">{ words }</p> }
}

fn outcome(page: &AppContext, predict: &Predict, record: &Record, seen: &Observed) -> Html {
    let texts = &page.texts;
    let words =
        |index: usize| predict.choices.get(index).map(|choice| choice.text.said(texts.language)).unwrap_or_default();
    let verdict = match seen.happened {
        Some(happened) if record.picked == Some(happened) => texts.get("lesson-as-predicted"),
        Some(_) => texts.get("lesson-otherwise"),
        None => texts.get("lesson-none-happened"),
    };
    html! {
        <>
        <p id="lesson-outcome" data-right={(seen.happened.is_some() && seen.happened == record.picked).to_string()}>
            <b>{ verdict }</b>
            if let Some(happened) = seen.happened {
                { texts.language.gap() }{ texts.with("lesson-happened", &[("choice", words(happened).into())]) }
            }
        </p>
        { numbers(page, "lesson-measured", seen.values.iter().map(|(name, value)| (name.as_str(), *value))) }
        <div id="lesson-explain">{ prose(predict.explain.said(texts.language)) }</div>
        </>
    }
}

//! A lesson under way: one step at a time, back and forth without locked doors.

use std::rc::Rc;

use js_sys::Date;
use retort_spec::Experiment;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::{
    context::use_page,
    lessons::{
        Entry,
        change::ChangeTracker,
        condition::{LessonAction, LessonProgress, control_of},
        guide::{self, use_guide},
        model::Lesson,
        steer,
    },
    panels::{
        is_shown,
        lesson::{
            step::{StepActions, step_view},
            worksheet::{Sheet, print_sheet, worksheet},
        },
    },
    platform::place::Tab,
    widgets::{dom::focus_in_place, highlight::use_look},
};

/// A lesson and its line of the menu.
#[derive(PartialEq)]
pub struct StepsProps {
    pub entry: &'static Entry,
    pub lesson: Rc<Lesson>,
}

/// The panel of a lesson under way.
#[hook]
pub fn use_steps(props: &StepsProps) -> Html {
    let StepsProps { entry, lesson } = props;
    let entry = *entry;
    let (page, guide) = (use_page(), use_guide());
    let count = lesson.steps.len();
    let progress = use_reducer(|| guide::remembered(entry, count).unwrap_or_else(|| LessonProgress::new(count, 0)));
    let tracker = use_mut_ref(ChangeTracker::default);
    let folded = use_state(|| false);
    // The step whose answer was to be checked before one was chosen; when a step was entered, and an answer given.
    let asked = use_state_eq(|| None::<usize>);
    let (entered, answered) = (use_mut_ref(|| 0.0), use_mut_ref(|| 0.0));
    // The experiment as it was when each step was left: whoever steps back finds it again.
    let left = use_mut_ref(|| vec![None::<Experiment>; count]);
    let (text, result) = (use_node_ref(), use_node_ref());
    tracker.borrow_mut().see(&page.state);
    let step = lesson.steps.get(progress.step);
    let record = progress.record();
    let looks: Vec<&str> = step.and_then(|step| step.look.as_deref()).into_iter().collect();
    // A scheme's own panel is there only when the engine has said something of it.
    let is_there = looks.iter().all(|look| is_shown(&page, look));
    use_look(&looks, step.and_then(control_of), (page.state.experiment.data, page.place, is_there));
    {
        let (show, look) = (page.show.clone(), step.and_then(|step| step.look.clone()));
        // A step that speaks of no panel leaves at least the cards.
        let look = look.or_else(|| (page.place.tab == Tab::Lessons).then(|| "soft-targets".to_owned()));
        use_effect_with(look, move |look| look.iter().for_each(|panel| show.emit(panel.clone())));
    }
    {
        let (page, lesson) = (page.clone(), lesson.clone());
        use_effect_with((), move |()| {
            // A lesson that a reload interrupted finds its experiment in the address.
            if guide::remembered(entry, 0).is_none() {
                steer::begin(&page, entry, &lesson);
            }
        });
    }
    {
        // A step begins at its top. Readers and keyboards go on where there is something new; a page that only loads
        // leaves the focus alone.
        let (text, result) = (text.clone(), result.clone());
        let before = use_mut_ref(|| (!guide.asked).then_some((progress.step, false)));
        use_effect_with((progress.step, record.committed, record.seen.is_some()), move |&(step, committed, _)| {
            let (Some(text), old) = (text.cast::<HtmlElement>(), before.replace(Some((step, committed)))) else {
                return;
            };
            let result = result.cast::<HtmlElement>().filter(|_| committed);
            match (old, result) {
                (Some((old, was)), Some(result)) if old == step => {
                    // It comes twice: when it is awaited, and when it is there with its explanation.
                    show_at_top(&text, &result);
                    if !was {
                        focus_in_place(&result);
                    }
                }
                (Some((old, _)), None) if old == step => {}
                _ => {
                    text.set_scroll_top(0);
                    focus_in_place(&text);
                }
            }
        });
    }
    {
        // The reminder takes room below the question, so that it is scrolled to once that stands.
        let text = text.clone();
        use_effect_with(*asked, move |asked| {
            if let (Some(_), Some(text)) = (asked, text.cast::<HtmlElement>())
                && let Ok(Some(question)) = text.query_selector("#lesson-predict")
            {
                show_at_top(&text, &question);
            }
        });
    }
    use_effect_with(progress.clone(), move |progress| guide::remember(entry, progress));
    {
        let (page, lesson, progress, tracker) = (page.clone(), lesson.clone(), progress.clone(), tracker.clone());
        use_effect(move || {
            if let Some(step) = lesson.steps.get(progress.step) {
                steer::look(&page, step, &progress, &tracker.borrow());
            }
        });
    }
    let Some(step) = step else { return Html::default() };

    let go = |to: usize| {
        // Once it is told where to go, the handle reads that step already.
        let (goes, from) = (progress.dispatcher(), progress.step);
        let (page, lesson, left) = (page.clone(), lesson.clone(), left.clone());
        Callback::from(move |_: MouseEvent| {
            let mut left = left.borrow_mut();
            left[from] = Some(page.state.experiment.clone());
            goes.dispatch(LessonAction::Go(to));
            match (left[to].take(), lesson.steps.get(to)) {
                (Some(before), _) if to < from => steer::steer(&page, &before),
                (_, Some(step)) => steer::enter(&page, step),
                _ => {}
            }
        })
    };
    let finish = {
        let (guide, show) = (guide.clone(), page.show.clone());
        Callback::from(move |_: MouseEvent| {
            guide::remember_done(entry);
            guide.open.emit(None);
            show.emit("lesson-cards".to_owned());
        })
    };
    let fold = {
        let folded = folded.clone();
        Callback::from(move |_: MouseEvent| folded.set(!*folded))
    };
    let actions = {
        let (picks, this, later) = (progress.dispatcher(), page.clone(), (page.clone(), step.clone()));
        StepActions {
            pick: Callback::from(move |choice| picks.dispatch(LessonAction::Pick(choice))),
            again: Callback::from(move |_| steer::measure_again(&later.0, &later.1)),
            start_over: Callback::from(move |_| steer::start_over(&this)),
        }
    };
    let commit = {
        let (commits, page, step, answered) = (progress.dispatcher(), page.clone(), step.clone(), answered.clone());
        Callback::from(move |_: MouseEvent| {
            answered.replace(Date::now());
            commits.dispatch(LessonAction::Commit);
            steer::measure(&page, &step);
        })
    };
    let ask = {
        let (text, asked, entered, at) = (text.clone(), asked.setter(), entered.clone(), progress.step);
        Callback::from(move |_: MouseEvent| {
            if is_second(*entered.borrow()) {
                return;
            }
            asked.set(Some(at));
            let Some(text) = text.cast::<HtmlElement>() else { return };
            let first = text.query_selector("#lesson-predict input").ok().flatten();
            if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlInputElement>().ok()) {
                focus_in_place(&first);
            }
        })
    };
    let texts = &page.texts;
    let last = progress.step + 1 == count;
    let is_asked = step.predict.is_some() && !record.committed;
    let is_missing = is_asked && record.picked.is_none();
    let forward = texts.get(if last { "lesson-finish" } else { "lesson-next" });
    let skip = if last { finish } else { go(progress.step + 1) };
    let onward = {
        let (skip, entered, answered) = (skip.clone(), entered.clone(), answered.clone());
        Callback::from(move |event: MouseEvent| {
            if !is_second(*answered.borrow()) {
                entered.replace(Date::now());
                skip.emit(event);
            }
        })
    };
    // One button in one place takes the visitor on: it checks an answer, and then goes on.
    let (primary, words, press) = match (is_asked, is_missing) {
        (true, true) => ("lesson-ask", texts.get("lesson-check"), ask),
        (true, false) => ("lesson-check", texts.get("lesson-check"), commit),
        (false, _) => ("lesson-next", forward, onward),
    };
    let print = |sheet| Callback::from(move |_: MouseEvent| print_sheet(sheet));
    let place = [("step", (progress.step + 1).to_string().into()), ("steps", count.to_string().into())];
    html! {
        <>
        <aside id="lesson" class={classes!("panel", folded.then_some("folded"))} aria-labelledby="lesson-title" data-guide="" data-step={progress.step.to_string()}>
            <div class="lesson-head">
                <h2 id="lesson-title">{ entry.title(texts.language) }</h2>
                <button id="lesson-fold" onclick={fold} aria-expanded={(!*folded).to_string()} aria-controls="lesson-step">
                    { if *folded { texts.get("lesson-unfold") } else { texts.get("lesson-fold") } }
                </button>
                <button id="lesson-leave" onclick={guide.open.reform(|_: MouseEvent| None)}>{ texts.get("lesson-leave") }</button>
            </div>
            <progress max={count.to_string()} value={(progress.step + 1).to_string()} aria-hidden="true"></progress>
            <div id="lesson-step" ref={text} tabindex="-1" role="group" aria-labelledby="lesson-title lesson-place">
                <p id="lesson-place">{ texts.with("lesson-step", &place) }</p>
                { step_view(&page, (progress.step, step), &record, &tracker.borrow(), actions, result) }
            </div>
            <p id="lesson-missing" role="status">
                if is_missing && *asked == Some(progress.step) {
                    { texts.get("lesson-missing") }
                }
            </p>
            <div class="lesson-nav">
                <button id="lesson-back" disabled={progress.step == 0} onclick={go(progress.step.saturating_sub(1))}>{ texts.get("lesson-back") }</button>
                if is_asked {
                    <button id="lesson-skip" class="plain" onclick={skip}>{ texts.get("lesson-skip") }</button>
                }
                <span class="apart" />
                <button id={primary} class="primary" aria-disabled={is_missing.to_string()} onclick={press}>{ words }</button>
            </div>
            <div class="lesson-paper">
                <button id="lesson-print" class="plain" onclick={print(Sheet::Questions)}>{ texts.get("lesson-print") }</button>
                <button id="lesson-print-answers" class="plain" onclick={print(Sheet::Answers)}>{ texts.get("lesson-print-answers") }</button>
            </div>
        </aside>
        { worksheet(&page, entry, lesson, &progress) }
        </>
    }
}

/// Whether a button is pressed by the second half of a double click, which would skip a question or an outcome.
fn is_second(pressed: f64) -> bool {
    const DOUBLE_MILLIS: f64 = 400.0;
    Date::now() - pressed < DOUBLE_MILLIS
}

/// Scrolls a lesson's text so that this part of it begins at its top.
fn show_at_top(text: &HtmlElement, part: &Element) {
    let way = part.get_bounding_client_rect().top() - text.get_bounding_client_rect().top();
    text.set_scroll_top(text.scroll_top() + way as i32);
}

//! A lesson under way: one step at a time, back and forth without locked doors.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use crate::{
    context::use_page,
    lessons::{
        Entry,
        change::Watch,
        condition::{Course, Move},
        guide::{self, use_guide},
        model::Lesson,
        steer,
    },
    panels::lesson::{
        step::{StepActions, step_view},
        worksheet::{print_worksheet, worksheet},
    },
    widgets::highlight::use_look,
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
    let course = use_reducer(|| Course::new(count, guide::remembered_step(entry).unwrap_or(0)));
    let watch = use_mut_ref(Watch::default);
    let folded = use_state(|| false);
    let (text, result) = (use_node_ref(), use_node_ref());
    watch.borrow_mut().see(&page.state);
    let step = lesson.steps.get(course.step);
    let record = course.record();
    let looks: Vec<&str> = step.and_then(|step| step.look.as_deref()).into_iter().collect();
    use_look(&looks, page.state.experiment.data);
    {
        let (page, lesson) = (page.clone(), lesson.clone());
        use_effect_with((), move |()| {
            // A lesson that a reload interrupted finds its experiment in the address.
            if guide::remembered_step(entry).is_none() {
                steer::begin(&page, entry, &lesson);
            }
        });
    }
    {
        // Readers and keyboards go on where there is something new; a page that only loads leaves the focus alone.
        let (text, result) = (text.clone(), result.clone());
        let before = use_mut_ref(|| (!guide.asked).then_some((course.step, false)));
        use_effect_with((course.step, record.committed), move |&(step, committed)| {
            guide::remember_step(entry, step);
            let new = match before.replace(Some((step, committed))) {
                Some((old, was)) if old == step => (committed && !was).then_some(result),
                _ => Some(text),
            };
            if let Some(element) = new.and_then(|node| node.cast::<HtmlElement>()) {
                let _ = element.focus();
            }
        });
    }
    {
        let (page, lesson, course, watch) = (page.clone(), lesson.clone(), course.clone(), watch.clone());
        use_effect(move || {
            if let Some(step) = lesson.steps.get(course.step) {
                steer::look(&page, step, &course, &watch.borrow());
            }
        });
    }
    let Some(step) = step else { return Html::default() };

    let go = |to: usize| {
        let (page, lesson, course) = (page.clone(), lesson.clone(), course.clone());
        Callback::from(move |_: MouseEvent| {
            course.dispatch(Move::Go(to));
            if let Some(step) = lesson.steps.get(to) {
                steer::enter(&page, step);
            }
        })
    };
    let finish = {
        let guide = guide.clone();
        Callback::from(move |_: MouseEvent| {
            guide::remember_done(entry);
            guide.open.emit(None);
            guide.show_menu.emit(());
        })
    };
    let fold = {
        let folded = folded.clone();
        Callback::from(move |_: MouseEvent| folded.set(!*folded))
    };
    let deeds = {
        let (picks, commits) = (course.dispatcher(), course.dispatcher());
        let this = page.clone();
        let (now, later) = ((page.clone(), step.clone()), (page.clone(), step.clone()));
        StepActions {
            pick: Callback::from(move |choice| picks.dispatch(Move::Pick(choice))),
            commit: Callback::from(move |_| {
                commits.dispatch(Move::Commit);
                steer::measure(&now.0, &now.1);
            }),
            again: Callback::from(move |_| steer::measure_again(&later.0, &later.1)),
            start_over: Callback::from(move |_| steer::start_over(&this)),
        }
    };
    let texts = &page.texts;
    let last = course.step + 1 == count;
    let forward = match last {
        true => texts.get("lesson-finish"),
        false if step.predict.is_some() && !record.committed => texts.get("lesson-skip"),
        false => texts.get("lesson-next"),
    };
    let place = [("step", (course.step + 1).to_string().into()), ("steps", count.to_string().into())];
    html! {
        <>
        <aside id="lesson" class={classes!("panel", folded.then_some("folded"))} aria-labelledby="lesson-title" data-step={course.step.to_string()}>
            <div class="lesson-head">
                <h2 id="lesson-title">{ entry.title(texts.language) }</h2>
                <button id="lesson-fold" onclick={fold} aria-expanded={(!*folded).to_string()} aria-controls="lesson-step">
                    { if *folded { texts.get("lesson-unfold") } else { texts.get("lesson-fold") } }
                </button>
                <button id="lesson-leave" onclick={guide.open.reform(|_: MouseEvent| None)}>{ texts.get("lesson-leave") }</button>
            </div>
            <progress max={count.to_string()} value={(course.step + 1).to_string()} aria-hidden="true"></progress>
            <div id="lesson-step" ref={text} tabindex="-1" role="group" aria-labelledby="lesson-title lesson-place">
                <p id="lesson-place">{ texts.with("lesson-step", &place) }</p>
                { step_view(&page, (course.step, step), &record, &watch.borrow(), deeds, result) }
            </div>
            <div class="lesson-nav">
                <button id="lesson-back" disabled={course.step == 0} onclick={go(course.step.saturating_sub(1))}>{ texts.get("lesson-back") }</button>
                <button id="lesson-next" class="primary" onclick={if last { finish } else { go(course.step + 1) }}>{ forward }</button>
                <button id="lesson-print" onclick={Callback::from(|_: MouseEvent| print_worksheet())}>{ texts.get("lesson-print") }</button>
            </div>
        </aside>
        { worksheet(&page, entry, lesson) }
        </>
    }
}

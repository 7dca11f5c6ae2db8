//! Who guides the visitor: an open lesson, or the tour. Shared by the menu, the lesson's panel and the tour's card.

use gloo_events::EventListener;
use retort_spec::{Experiment, encode, link::unpunctuated};
use yew::prelude::*;

use crate::{
    context::AppContext,
    lessons::{Entry, condition::LessonProgress, entry},
    platform::link,
    state::{Action, Notice},
};

/// The page key of a lesson.
const KEY: &str = "lesson";
/// Where the browser's tab remembers the step over a reload.
const STEP: &str = "lesson-step";
/// Where the browser's tab remembers the visitor's own experiment while a lesson is open.
const BEFORE: &str = "before-lesson";
/// Where the browser remembers which lessons were finished.
const DONE: &str = "lessons-done";

/// Where the browser's tab remembers which lesson was finished last.
const FINISHED: &str = "lesson-finished";

/// Who guides the visitor.
#[derive(Clone, PartialEq)]
pub struct Guide {
    /// The lesson that is open.
    pub lesson: Option<&'static Entry>,
    /// It was opened by a click rather than by the address, so that the focus may follow.
    pub asked: bool,
    /// Opens a lesson; `None` closes it.
    pub open: Callback<Option<&'static Entry>>,
    /// The tour is asked for so many times.
    pub tour: u32,
    /// Asks for the tour.
    pub show_tour: Callback<()>,
}

/// The guide of the nearest context.
#[hook]
pub fn use_guide() -> Guide {
    // The root provides it to all, as it does the page.
    match use_context::<Guide>() {
        Some(guide) => guide,
        None => unreachable!("lessons are drawn inside the app"),
    }
}

/// Makes the guide, once, in the root.
#[hook]
pub fn use_new_guide(page: &AppContext) -> Guide {
    let lesson = use_state(addressed);
    let asked = use_state(|| false);
    let tour = use_state(|| 0);
    {
        let (lesson, asked) = (lesson.setter(), asked.setter());
        use_effect_with((), move |()| {
            let back = web_sys::window().map(|window| {
                EventListener::new(&window, "popstate", move |_| {
                    let wanted = addressed();
                    if wanted.is_none() {
                        link::session_set(BEFORE, "");
                    }
                    asked.set(false);
                    lesson.set(wanted);
                })
            });
            move || drop(back)
        });
    }
    let open = {
        let (before, lesson, asked, page) = (*lesson, lesson.setter(), asked.setter(), page.clone());
        Callback::from(move |wanted: Option<&'static Entry>| {
            forget_step();
            match wanted {
                None => {
                    link::put(&page.state.experiment, KEY, None);
                    offer_own(&page);
                }
                Some(_) if before.is_none() => {
                    link::session_set(FINISHED, "");
                    link::session_set(BEFORE, &encode(&page.state.experiment));
                    // A lesson speaks of test examples, not of what was drawn before it.
                    page.state.dispatch(Action::Give(None));
                }
                Some(_) => {}
            }
            asked.set(true);
            lesson.set(wanted);
        })
    };
    let more = |count: &UseStateHandle<u32>| {
        let count = count.clone();
        Callback::from(move |()| count.set(*count + 1))
    };
    Guide { lesson: *lesson, asked: *asked, open, tour: *tour, show_tour: more(&tour) }
}

/// After a lesson: offers the experiment that the visitor had before it.
fn offer_own(page: &AppContext) {
    let before = link::session_get(BEFORE).filter(|before| !before.is_empty());
    link::session_set(BEFORE, "");
    if let Some(before) = before.filter(|before| *before != encode(&page.state.experiment)) {
        page.state.dispatch(Action::Notify(Notice::Left { before, words: "lesson-left" }));
        // The offer stands at the top of the page, and nothing is pointed at any more.
        if let Some(window) = web_sys::window() {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
    }
}

/// The lesson that the address names.
pub fn addressed() -> Option<&'static Entry> {
    link::page_key(KEY).and_then(|id| entry(unpunctuated(&id)))
}

/// Puts the experiment that a lesson begins with into the address, together with the lesson.
pub fn address(entry: &Entry, experiment: &Experiment) {
    link::put(experiment, KEY, Some(entry.id));
}

/// A link that opens a lesson in the same view as this page.
pub fn link_to(entry: &Entry) -> String {
    link::address_with(&entry.experiment(), KEY, entry.id)
}

/// Remembers the step over a reload, and what the visitor answered.
pub fn remember(entry: &Entry, progress: &LessonProgress) {
    link::session_set(STEP, &format!("{} {} {}", entry.id, progress.step, progress.note()));
}

/// The way through this lesson of so many steps that a reload interrupted.
pub fn remembered(entry: &Entry, steps: usize) -> Option<LessonProgress> {
    let text = link::session_get(STEP)?;
    let (id, rest) = text.split_once(' ')?;
    let (step, note) = rest.split_once(' ')?;
    let step = step.parse().ok().filter(|_| id == entry.id)?;
    Some(LessonProgress::new(steps, step).with_note(note))
}

fn forget_step() {
    link::session_set(STEP, "");
}

/// Whether a lesson was finished in this browser.
pub fn is_done(entry: &Entry) -> bool {
    link::setting(DONE).is_some_and(|done| done.split(',').any(|id| id == entry.id))
}

/// The lesson that was finished last, until another is opened.
pub fn finished() -> Option<&'static Entry> {
    link::session_get(FINISHED).and_then(|id| entry(&id))
}

/// Remembers that a lesson was finished.
pub fn remember_done(entry: &Entry) {
    link::session_set(FINISHED, entry.id);
    if !is_done(entry) {
        let done = link::setting(DONE).filter(|done| !done.is_empty());
        link::store(DONE, &done.map_or_else(|| entry.id.to_owned(), |done| format!("{done},{}", entry.id)));
    }
}

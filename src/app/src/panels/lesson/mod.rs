//! The lesson that is open, beside the bench: fetched, then gone through.

pub mod cards;
pub mod quantity;
pub mod step;
pub mod steps;
pub mod worksheet;

use std::rc::Rc;

use yew::{functional::Hook, prelude::*};

use crate::{
    context::use_page,
    island,
    lessons::{
        Entry,
        guide::{Guide, use_guide},
        model::Lesson,
    },
    panels::lesson::steps::{StepsProps, use_steps},
    platform::fetch::fetch_json,
    widgets::{highlight::use_root_class, island::island},
};

/// Which lesson.
#[derive(PartialEq)]
pub struct EntryProps {
    pub entry: &'static Entry,
}

/// The lesson that is open, if one is.
pub fn lesson_panel(guide: &Guide) -> Html {
    guide
        .lesson
        .map(|entry| island(entry.id, EntryProps { entry }, |ctx, props| use_fetched(props).run(ctx)))
        .unwrap_or_default()
}

/// A lesson's file, and the lesson once it is there.
#[hook]
fn use_fetched(props: &EntryProps) -> Html {
    let (page, guide) = (use_page(), use_guide());
    let entry = props.entry;
    let lesson = use_state(|| None::<Result<Rc<Lesson>, String>>);
    use_root_class("with-lesson", true);
    {
        let lesson = lesson.setter();
        use_effect_with(entry.id, move |id| {
            let url = format!("lessons/{id}.json");
            wasm_bindgen_futures::spawn_local(async move { lesson.set(Some(fetch_json(&url).await.map(Rc::new))) });
        });
    }
    if let Some(Ok(lesson)) = &*lesson {
        return island!(use_steps, StepsProps { entry, lesson: lesson.clone() });
    }
    let texts = &page.texts;
    html! {
        <aside id="lesson" class="panel" aria-labelledby="lesson-title">
            <div class="lesson-head">
                <h2 id="lesson-title">{ entry.title(texts.language) }</h2>
                <button id="lesson-leave" onclick={guide.open.reform(|_: MouseEvent| None)}>{ texts.get("lesson-leave") }</button>
            </div>
            if let Some(Err(reason)) = &*lesson {
                <p class="empty">{ texts.with("lesson-failed", &[("reason", reason.as_str().into())]) }</p>
            } else {
                <p class="empty">{ texts.get("lesson-loading") }</p>
            }
        </aside>
    }
}

//! The menu of lessons, opened from the page's head.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{format::number, labels::training_time},
    lessons::{
        CATALOGUE, Entry,
        guide::{Guide, is_done, use_guide},
        lesson_link,
    },
};

/// The button that opens the menu, and the menu.
#[hook]
pub fn use_lessons_button() -> Html {
    let (page, guide) = (use_page(), use_guide());
    let texts = &page.texts;
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(guide.menu, move |&asked| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>().filter(|dialog| asked > 0 && !dialog.open()) {
                let _ = dialog.show_modal();
            }
        });
    }
    let close = {
        let dialog = dialog.clone();
        Callback::from(move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    let tour = {
        let (close, guide) = (close.clone(), guide.clone());
        Callback::from(move |_: MouseEvent| {
            close.emit(());
            guide.show_tour.emit(());
        })
    };
    let line = |entry: &'static Entry| line(&page, &guide, entry, close.clone());
    let intro = match CATALOGUE {
        [] => texts.get("lessons-none"),
        _ => texts.get("lessons-intro"),
    };
    html! {
        <>
        <button id="lessons" aria-haspopup="dialog" onclick={guide.show_menu.reform(|_: MouseEvent| ())}>{ texts.get("panel-lessons") }</button>
        <dialog id="lessons-menu" ref={dialog} aria-labelledby="lessons-title">
            <h2 id="lessons-title">{ texts.get("lessons-title") }</h2>
            <p>{ intro }</p>
            { duration(&page) }
            <ol>{ for CATALOGUE.iter().map(line) }</ol>
            <p class="lesson-nav">
                <button id="tour-again" onclick={tour}>{ texts.get("tour-again") }</button>
                <button id="lessons-close" onclick={close.reform(|_: MouseEvent| ())}>{ texts.get("lessons-close") }</button>
            </p>
        </dialog>
        </>
    }
}

fn line(page: &AppContext, guide: &Guide, entry: &'static Entry, close: Callback<()>) -> Html {
    html! {
        <li data-lesson={entry.id} data-done={is_done(entry).to_string()}>
            { lesson_link(entry, guide, entry.title(page.texts.language).into(), close) }
            { about(page, entry) }
        </li>
    }
}

/// How long a lesson takes, whether it is done, what it is about, and what one learns.
pub fn about(page: &AppContext, entry: &'static Entry) -> Html {
    let texts = &page.texts;
    html! {
        <>
            <span class="lesson-minutes">
                { texts.with("lesson-minutes", &[("minutes", number(texts, entry.minutes.into(), 0).into())]) }
                if is_done(entry) {
                    <b>{ " ✓ " }{ texts.get("lesson-done") }</b>
                }
            </span>
            <p>{ entry.summary(texts.language) }</p>
            <p class="lesson-learn">{ texts.with("lesson-learn", &[("what", entry.learn(texts.language).into())]) }</p>
        </>
    }
}

/// How long training the experiment takes on this device, once that is known.
pub fn duration(page: &AppContext) -> Html {
    let told = |seconds: f64| html! { <p class="lesson-learn">{ training_time(&page.texts, seconds) }</p> };
    page.state.training_seconds().map(told).unwrap_or_default()
}

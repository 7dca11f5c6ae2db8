//! All lessons as cards: what each looks like, how long it takes, what one learns, and how it comes to a class.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{format::number, labels::training_time},
    island,
    lessons::{
        CATALOGUE, Entry,
        condition::LessonProgress,
        guide::{Guide, finished, is_done, link_to, use_guide},
        lesson_link,
        model::Lesson,
    },
    panels::{
        Area, Panel, Tab,
        lesson::worksheet::{Sheet, print_sheet, worksheet},
    },
    platform::{clipboard::copy, fetch::fetch_json},
    state::{Action, Notice},
    widgets::{
        highlight::reveal,
        qr::{QrProps, use_qr},
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "lesson-cards",
    draw: |_| island!(use_lesson_cards),
    sites: &[(Tab::Lessons, Area::Stage)],
    ..Panel::PLAIN
};

/// What was done last, of all cards.
#[derive(Clone, PartialEq)]
enum Last {
    /// A link was copied.
    Copied,
    /// A link and its code were asked for, or could not be copied.
    Code,
    /// They were folded again.
    Folded,
    /// A worksheet was asked for, and is here.
    Sheet(Rc<Lesson>),
}

/// The panel of all lessons.
#[hook]
pub fn use_lesson_cards() -> Html {
    let (page, guide) = (use_page(), use_guide());
    let last = use_state(|| None::<(&'static Entry, Last)>);
    let texts = &page.texts;
    let sheet = last.as_ref().and_then(|(entry, last)| match last {
        // An open lesson has a sheet of its own, and a printer would print both.
        Last::Sheet(lesson) if guide.lesson.is_none() => Some((*entry, lesson.clone())),
        _ => None,
    });
    // It stays: some browsers take its picture later. Asked for again it is another one.
    use_effect_with(sheet.as_ref().map(|(_, lesson)| Rc::as_ptr(lesson) as usize), |asked| {
        if asked.is_some() {
            print_sheet(Sheet::Questions);
        }
    });
    let done: Callback<(&'static Entry, Last)> = {
        let last = last.setter();
        Callback::from(move |did| last.set(Some(did)))
    };
    let papers = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| reveal(&page, "literature", None))
    };
    let tour = guide.show_tour.reform(|_: MouseEvent| ());
    let paper = sheet.and_then(|(entry, lesson)| {
        let body = web_sys::window()?.document()?.body()?;
        let progress = LessonProgress::new(lesson.steps.len(), 0);
        // Only what stands in the page's body is printed.
        Some(create_portal(worksheet(&page, entry, &lesson, &progress), body.into()))
    });
    html! {
        <section id="lesson-cards" class="panel" aria-labelledby="lesson-cards-title">
            <h2 id="lesson-cards-title">{ texts.get("lesson-cards") }</h2>
            <p>{ texts.get(if CATALOGUE.is_empty() { "lessons-none" } else { "lessons-intro" }) }
                <button class="plain" onclick={tour}>{ texts.get("tour-again") }</button>
                if page.shows("literature") {
                    <button id="lesson-papers" class="plain" onclick={papers}>{ texts.get("literature-lessons") }</button>
                }
            </p>
            { for finished().map(|entry| end(&page, &guide, entry)) }
            { duration(&page) }
            <ul class="cards">{ for CATALOGUE.iter().map(|entry| {
                let last = last.as_ref().filter(|(of, _)| *of == entry).map(|(_, last)| last);
                card(&page, &guide, entry, last, &done)
            }) }</ul>
            { for paper }
        </section>
    }
}

/// What was learned in the lesson that is over, and where to go on.
fn end(page: &AppContext, guide: &Guide, entry: &'static Entry) -> Html {
    let texts = &page.texts;
    let next = CATALOGUE.iter().skip_while(|other| *other != entry).find(|other| !is_done(other));
    html! {
        <div id="lesson-end" class="lesson-box done" role="status">
            <h3><span>{ "✓ " }{ texts.with("lesson-finished", &[("title", entry.title(texts.language).into())]) }</span></h3>
            <p>{ texts.with("lesson-learned", &[("what", entry.learn(texts.language).into())]) }</p>
            if let Some(next) = next {
                <p>{ texts.get("lesson-go-on") }{ texts.language.gap() }{ lesson_link(next, guide, next.title(texts.language).into(), Callback::noop()) }</p>
            }
        </div>
    }
}

fn card(
    page: &AppContext,
    guide: &Guide,
    entry: &'static Entry,
    last: Option<&Last>,
    done: &Callback<(&'static Entry, Last)>,
) -> Html {
    let texts = &page.texts;
    let link = link_to(entry);
    let copy_link = {
        let (done, link) = (done.clone(), link.clone());
        let told = move |copied: bool| (entry, if copied { Last::Copied } else { Last::Code });
        Callback::from(move |_: MouseEvent| copy(&link, done.reform(told)))
    };
    let has_code = last == Some(&Last::Code);
    let code = done.reform(move |_: MouseEvent| (entry, if has_code { Last::Folded } else { Last::Code }));
    let print = {
        let (done, dispatch) = (done.clone(), page.state.dispatcher());
        Callback::from(move |_: MouseEvent| {
            let (done, dispatch) = (done.clone(), dispatch.clone());
            spawn_local(async move {
                match fetch_json(&format!("lessons/{}.json", entry.id)).await {
                    Ok(lesson) => done.emit((entry, Last::Sheet(Rc::new(lesson)))),
                    Err(reason) => dispatch.dispatch(Action::Notify(Notice::Fetch { reason })),
                }
            });
        })
    };
    let copied = last == Some(&Last::Copied);
    let act = |id: &str, onclick: Callback<MouseEvent>| html! { <button {onclick}>{ texts.get(id) }</button> };
    let code_of =
        || QrProps { id: "lesson-qr", link, name: texts.get("share-qr"), too_long: texts.get("share-qr-long") };
    let [teacher, student] = entry.picture;
    html! {
        <li data-lesson={entry.id} data-done={is_done(entry).to_string()}>
            <svg viewBox="0 0 48 32" aria-hidden="true"><path class="teacher" d={teacher} /><path class="student" d={student} /></svg>
            <h3>{ entry.title(texts.language) }</h3>
            { about(page, entry) }
            <p class="acts">
                { lesson_link(entry, guide, texts.get("lesson-start"), Callback::noop()) }
                { act(if copied { "copied" } else { "lesson-copy" }, copy_link) }
                { act("lesson-code", code) }
                { act("lesson-sheet", print) }
            </p>
            if has_code {
                { island!(use_qr, code_of()) }
            }
        </li>
    }
}

/// How long a lesson takes, whether it is done, what it is about, and what one learns.
fn about(page: &AppContext, entry: &'static Entry) -> Html {
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
fn duration(page: &AppContext) -> Html {
    let told = |seconds: f64| html! { <p class="lesson-learn">{ training_time(&page.texts, seconds) }</p> };
    page.state.training_seconds().map(told).unwrap_or_default()
}

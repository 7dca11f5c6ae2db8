//! A lesson on paper: its texts, its questions with empty boxes, lines to write on, and no answers.

use gloo_events::EventListener;
use yew::prelude::*;

use crate::{
    context::AppContext,
    lessons::{
        Entry,
        model::{Lesson, Predict, Step},
    },
    panels::lesson::{quantity::label, step::prose},
    platform::link,
};

/// The class of the page's body while the worksheet is printed.
const PRINTING: &str = "print-worksheet";

/// Prints the worksheet alone.
pub fn print_worksheet() {
    let Some(window) = web_sys::window() else { return };
    let Some(body) = window.document().and_then(|document| document.body()) else { return };
    // The page's own sheet comes back when the browser has taken its picture, which on some comes after `print`.
    let _ = body.class_list().add_1(PRINTING);
    EventListener::once(&window, "afterprint", move |_| {
        let _ = body.class_list().remove_1(PRINTING);
    })
    .forget();
    let _ = window.print();
}

/// The worksheet of a lesson, which only a printer sees.
pub fn worksheet(page: &AppContext, entry: &Entry, lesson: &Lesson) -> Html {
    let texts = &page.texts;
    let step = |(index, step): (usize, &Step)| {
        html! { <section><h2>{ index + 1 }</h2><div>{ body(page, step) }</div></section> }
    };
    html! {
        <div class="worksheet" aria-hidden="true">
            <h1>{ entry.title(texts.language) }</h1>
            <p class="blank"><span>{ texts.get("worksheet-name") }</span><span>{ texts.get("worksheet-date") }</span></p>
            <p class="address">{ link::address() }</p>
            { for lesson.steps.iter().enumerate().map(step) }
        </div>
    }
}

fn body(page: &AppContext, step: &Step) -> Html {
    let texts = &page.texts;
    html! {
        <>
            { prose(step.text.said(texts.language)) }
            if let Some(task) = &step.task {
                <div class="box"><i />{ prose(task.said(texts.language)) }</div>
            }
            { for step.show.iter().map(|name| html! { <p class="blank"><span>{ label(page, name) }</span></p> }) }
            if let Some(predict) = &step.predict {
                { question(page, predict) }
            }
        </>
    }
}

fn question(page: &AppContext, predict: &Predict) -> Html {
    let texts = &page.texts;
    html! {
        <>
            <p><b>{ texts.get("lesson-predict") }</b>{ " " }{ predict.question.said(texts.language) }</p>
            { for predict.choices.iter().map(|choice| html! { <p class="box"><i />{ choice.text.said(texts.language) }</p> }) }
            <p class="blank"><span>{ texts.get("worksheet-reason") }</span></p>
            <p class="blank"><span>{ texts.get("worksheet-happened") }</span></p>
            <p class="blank"><span /></p>
        </>
    }
}

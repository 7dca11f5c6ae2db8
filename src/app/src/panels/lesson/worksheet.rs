//! A lesson on paper: its texts, its questions with empty boxes, lines to write on, and a code that opens it. The
//! lecturer's copy adds the explanations and what was measured here.

use gloo_events::EventListener;
use yew::prelude::*;

use crate::{
    context::AppContext,
    island,
    lessons::{
        Entry,
        condition::{LessonProgress, Record},
        guide,
        model::{Lesson, Predict, Step},
    },
    panels::lesson::{
        quantity::{label, written},
        step::prose,
    },
    widgets::qr::{QrProps, use_qr},
};

/// The class of the page's body while a sheet is printed.
const PRINTING: &str = "print-worksheet";
/// The class besides while it is the lecturer's.
const ANSWERING: &str = "print-answers";

/// Which sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// The students', with lines to write on.
    Questions,
    /// The lecturer's, with explanations.
    Answers,
}

/// Prints a sheet alone.
pub fn print_sheet(sheet: Sheet) {
    let Some(window) = web_sys::window() else { return };
    let Some(body) = window.document().and_then(|document| document.body()) else { return };
    // The page's own sheet comes back when the browser has taken its picture, which on some comes after `print`.
    let _ = body.class_list().add_1(PRINTING);
    let _ = body.class_list().toggle_with_force(ANSWERING, sheet == Sheet::Answers);
    EventListener::once(&window, "afterprint", move |_| {
        let _ = body.class_list().remove_2(PRINTING, ANSWERING);
    })
    .forget();
    let _ = window.print();
}

/// Both sheets of a lesson, which only a printer sees.
pub fn worksheet(page: &AppContext, entry: &'static Entry, lesson: &Lesson, progress: &LessonProgress) -> Html {
    let texts = &page.texts;
    let step = |(index, step): (usize, &Step)| {
        html! { <section><h2>{ index + 1 }</h2><div>{ body(page, step, &progress.record_of(index)) }</div></section> }
    };
    let link = guide::link_to(entry);
    let code = QrProps { id: "worksheet-qr", link: link.clone(), name: texts.get("share-qr"), too_long: String::new() };
    html! {
        <div class="worksheet" aria-hidden="true">
            <div class="top">
                <div>
                    <h1>{ entry.title(texts.language) }</h1>
                    <p class="answer"><b>{ texts.get("lesson-print-answers") }</b>{ " · " }{ texts.get("worksheet-answers") }</p>
                    <p class="blank"><span>{ texts.get("worksheet-name") }</span><span>{ texts.get("worksheet-date") }</span></p>
                    <p class="address">{ link }</p>
                </div>
                { island!(use_qr, code) }
            </div>
            { for lesson.steps.iter().enumerate().map(step) }
        </div>
    }
}

fn body(page: &AppContext, step: &Step, record: &Record) -> Html {
    let texts = &page.texts;
    let line = || html! { <p class="blank"><span /></p> };
    html! {
        <>
            { prose(step.text.said(texts.language)) }
            if let Some(task) = &step.task {
                <div class="box"><i />{ prose(task.said(texts.language)) }</div>
            }
            { for step.show.iter().map(|name| html! { <p class="blank"><span>{ label(page, name) }</span></p> }) }
            if let Some(predict) = &step.predict {
                { question(page, predict, record) }
            } else {
                // The text may ask something, too.
                { for [(); 2].map(|()| line()) }
            }
        </>
    }
}

fn question(page: &AppContext, predict: &Predict, record: &Record) -> Html {
    let texts = &page.texts;
    let seen = record.seen.as_ref();
    let choice = |index: usize, text: &str| {
        let happened = seen.is_some_and(|seen| seen.happened == Some(index));
        html! { <p class="box"><i />{ text.to_owned() }<b class="answer">{ if happened { "✓" } else { "" } }</b></p> }
    };
    let measured = seen.map(|seen| {
        let value = |(name, value): &(String, Option<f64>)| {
            [&label(page, name), texts.language.colon(), &written(page, name, *value)].concat()
        };
        let values: Vec<String> = seen.values.iter().map(value).collect();
        texts.with("worksheet-measured", &[("values", values.join(texts.language.comma()).into())])
    });
    html! {
        <>
            <p><b>{ texts.get("lesson-predict") }</b>{ texts.language.gap() }{ predict.question.said(texts.language) }</p>
            { for predict.choices.iter().enumerate().map(|(index, each)| choice(index, each.text.said(texts.language))) }
            <p class="blank"><span>{ texts.get("worksheet-reason") }</span></p>
            <p class="blank"><span>{ texts.get("worksheet-happened") }</span></p>
            <p class="blank"><span /></p>
            <div class="answer">
                { prose(predict.explain.said(texts.language)) }
                { for measured.map(|words| html! { <p><i>{ words }</i></p> }) }
            </div>
        </>
    }
}

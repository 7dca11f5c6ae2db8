//! The share dialog: the link, its QR code, a snippet to embed, and what the link leaves out, locks and enlarges.

use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::Language,
    island,
    lessons::{Entry, guide::use_guide},
    panels::IDS,
    platform::{clipboard, link},
    sharing::{
        builder::{List, builder, panel_name},
        link::{Choices, Shown, compose, embed, toggle},
    },
    widgets::{
        dom::text_of,
        qr::{QrProps, use_qr},
    },
};

/// What can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    Link,
    Embed,
}

/// The screen of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Screen {
    Computer,
    Phone,
}

/// What this page's own link says, to begin with.
fn present(page: &AppContext, lesson: Option<&'static Entry>) -> Choices {
    Choices {
        language: link::page_key("lang").and_then(|tag| Language::of_tag(&tag)),
        theme: link::page_key("theme").filter(|theme| matches!(theme.as_str(), "light" | "dark")),
        view: (*page.view).clone(),
        place: page.place,
        lesson,
    }
}

/// The button in the header, and the dialog that it opens.
#[hook]
pub fn use_share() -> Html {
    let (page, lesson) = (use_page(), use_guide().lesson);
    let choices = use_state(|| None::<Choices>);
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(choices.is_some(), move |open| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>().filter(|dialog| *open && !dialog.open()) {
                // Without modal dialogs it still opens, in its place on the page.
                if dialog.show_modal().is_err() {
                    dialog.set_open(true);
                }
            }
        });
    }
    let texts = &page.texts;
    let open = {
        let (choices, page) = (choices.clone(), page.clone());
        Callback::from(move |_: MouseEvent| choices.set(Some(present(&page, lesson))))
    };
    let closed = {
        let choices = choices.clone();
        Callback::from(move |_: Event| choices.set(None))
    };
    let choose = {
        let choices = choices.clone();
        Callback::from(move |next: Choices| choices.set(Some(next)))
    };
    let close = {
        let dialog = dialog.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    html! {
        <>
            <button id="share" onclick={open} aria-haspopup="dialog">{ texts.get("share") }</button>
            <dialog id="share-dialog" ref={dialog} onclose={closed} aria-labelledby="share-title">
                if let Some(choices) = &*choices {
                    <div class="head">
                        <h2 id="share-title">{ texts.get("share-title") }</h2>
                        <button id="share-close" class="icon-button" onclick={close} aria-label={texts.get("dismiss")} title={texts.get("dismiss")}>{ "×" }</button>
                    </div>
                    { island!(use_contents, ContentsProps { choices: choices.clone(), lesson, choose }) }
                }
            </dialog>
        </>
    }
}

#[derive(PartialEq)]
struct ContentsProps {
    choices: Choices,
    /// The lesson that is open here.
    lesson: Option<&'static Entry>,
    choose: Callback<Choices>,
}

/// What stands in the dialog while it is open.
#[hook]
fn use_contents(props: &ContentsProps) -> Html {
    let page = use_page();
    // What was asked for last, and whether the browser let it be copied.
    let copied = use_state(|| None::<(Copied, bool)>);
    let screen = use_state(|| None::<Screen>);
    let (field, area) = (use_node_ref(), use_node_ref());
    let texts = &page.texts;
    let link = compose(&link::address(), &page.state.experiment, &props.choices);
    let snippet = embed(&link);
    // What was copied before the link changed is another one.
    {
        let copied = copied.clone();
        use_effect_with(link.clone(), move |_| copied.set(None));
    }
    let copy = |what: Copied, text: String| {
        let (copied, field, area) = (copied.clone(), field.clone(), area.clone());
        Callback::from(move |_: MouseEvent| {
            // Selected in any case: where the page may not write to the clipboard, Ctrl+C may.
            match what {
                Copied::Link => field.cast::<HtmlInputElement>().iter().for_each(HtmlInputElement::select),
                Copied::Embed => area.cast::<HtmlTextAreaElement>().iter().for_each(HtmlTextAreaElement::select),
            }
            let copied = copied.clone();
            clipboard::copy(&text, Callback::from(move |done| copied.set(Some((what, done)))));
        })
    };
    let said = |what: Copied| match *copied {
        Some((copied, true)) if copied == what => texts.get("copied"),
        Some((copied, false)) if copied == what => texts.get("copy-refused"),
        _ => texts.get("copy"),
    };
    let preview = |wanted: Screen, id: &'static str| {
        let (screen, pressed) = (screen.clone(), *screen == Some(wanted));
        let show = Callback::from(move |_: MouseEvent| screen.set((!pressed).then_some(wanted)));
        html! { <button {id} aria-pressed={pressed.to_string()} onclick={show}>{ texts.get(id) }</button> }
    };
    let preview_class = match *screen {
        Some(Screen::Phone) => "preview phone",
        _ => "preview",
    };
    html! {
        <>
            { what(&page, props) }
            <div class="sides">
                <div>
                    <label for="share-link">{ texts.get("share-link") }</label>
                    <div class="field">
                        <input id="share-link" ref={field.clone()} type="text" readonly=true value={link.clone()} />
                        <button id="copy-link" onclick={copy(Copied::Link, link.clone())}>{ said(Copied::Link) }</button>
                    </div>
                    <div class="field see">
                        <a id="share-open" class="button" href={link.clone()} target="_blank" rel="noopener">{ texts.get("share-open") }</a>
                        <span class="preview-name">{ texts.get("share-preview") }</span>
                        <div class="segments" role="group" aria-label={texts.get("share-preview")}>
                            { preview(Screen::Computer, "preview-computer") }
                            { preview(Screen::Phone, "preview-phone") }
                        </div>
                    </div>
                    <label for="share-embed">{ texts.get("share-embed") }</label>
                    <div class="field">
                        <textarea id="share-embed" ref={area.clone()} rows="3" readonly=true value={snippet.clone()} />
                        <button id="copy-embed" onclick={copy(Copied::Embed, snippet)}>{ said(Copied::Embed) }</button>
                    </div>
                    <p class="hint">{ texts.get("share-same") }</p>
                </div>
                { island!(use_qr, QrProps { id: "share-qr", link: link.clone(), name: texts.get("share-qr"), too_long: texts.get("share-qr-long") }) }
            </div>
            if screen.is_some() {
                // Another link is another page: a frame would only change the part behind the # of the one it has.
                <div class={preview_class} key={link.clone()}>
                    <iframe name={link::PREVIEW} src={link} title={texts.get("share-preview")}></iframe>
                </div>
            }
            { options(&page, props) }
            // A dialog hides the page's own live region from readers.
            <span class="hidden" role="status">{ copied.map_or_else(String::new, |(what, _)| said(what)) }</span>
        </>
    }
}

/// What the link shows: the lesson that is open here or not, and which panels.
fn what(page: &AppContext, props: &ContentsProps) -> Html {
    let texts = &page.texts;
    let (choices, choose) = (props.choices.clone(), props.choose.clone());
    let pick = Callback::from(move |event: Event| {
        let mut next = choices.clone();
        let value = text_of(&event);
        next.show(match value.as_str() {
            "all" => Shown::All,
            "lesson" => Shown::Lesson,
            panel => IDS.iter().find(|id| **id == panel).map_or(Shown::Chosen, |id| Shown::Only(id)),
        });
        choose.emit(next);
    });
    let (choices, choose, lesson) = (props.choices.clone(), props.choose.clone(), props.lesson);
    let join = Callback::from(move |_: Event| {
        let mut next = choices.clone();
        let shown = next.shown();
        next.lesson = next.lesson.is_none().then_some(lesson).flatten();
        if shown == Shown::Lesson {
            next.show(Shown::All);
        }
        choose.emit(next);
    });
    let shown = props.choices.shown();
    let option = |value: &'static str, of: Shown, name: String| {
        html! { <option {value} selected={shown == of}>{ name }</option> }
    };
    html! {
        <div class="what">
            if let Some(lesson) = props.lesson {
                <label class="check">
                    <input id="share-lesson" type="checkbox" checked={props.choices.lesson.is_some()} onchange={join} />
                    { texts.with("share-lesson", &[("lesson", lesson.title(texts.language).into())]) }
                </label>
            }
            <label>{ texts.get("share-show") }
                <select id="share-show" onchange={pick}>
                    { option("all", Shown::All, texts.get("show-all")) }
                    if props.choices.lesson.is_some() {
                        { option("lesson", Shown::Lesson, texts.get("show-lesson")) }
                    }
                    { for IDS.iter().map(|id| option(id, Shown::Only(id), texts.with("show-only", &[("panel", panel_name(texts, id).into())]))) }
                    if shown == Shown::Chosen {
                        { option("", Shown::Chosen, texts.get("show-chosen")) }
                    }
                </select>
            </label>
        </div>
    }
}

/// What the link says besides the experiment.
fn options(page: &AppContext, props: &ContentsProps) -> Html {
    let texts = &page.texts;
    let change = |change: fn(&mut Choices, String)| {
        let (choices, choose) = (props.choices.clone(), props.choose.clone());
        Callback::from(move |event: Event| {
            let mut next = choices.clone();
            change(&mut next, text_of(&event));
            choose.emit(next);
        })
    };
    let switch = |list: List| {
        let (choices, choose) = (props.choices.clone(), props.choose.clone());
        Callback::from(move |name: String| {
            let mut next = choices.clone();
            toggle(if list == List::Hide { &mut next.view.hide } else { &mut next.view.lock }, &name);
            choose.emit(next);
        })
    };
    let tag = props.choices.language.map_or("", Language::tag);
    let theme = props.choices.theme.as_deref().unwrap_or_default();
    let option = |value: &'static str, chosen: &str, name: String| {
        let selected = value == chosen;
        html! { <option {value} {selected}>{ name }</option> }
    };
    html! {
        <details class="options">
            <summary>{ texts.get("share-options") }</summary>
            <div class="row">
                <label>{ texts.get("choose-language") }
                    <select id="share-language" onchange={change(|choices, tag| choices.language = Language::of_tag(&tag))}>
                        { option("", tag, texts.get("visitors-own")) }
                        { for [Language::English, Language::Chinese].map(|language| option(language.tag(), tag, language.name().into())) }
                    </select>
                </label>
                <label>{ texts.get("choose-theme") }
                    <select id="share-theme" onchange={change(|choices, theme| choices.theme = Some(theme).filter(|theme| !theme.is_empty()))}>
                        { option("", theme, texts.get("visitors-own")) }
                        { option("light", theme, texts.get("light")) }
                        { option("dark", theme, texts.get("dark")) }
                    </select>
                </label>
                <label class="check">
                    <input id="share-projector" type="checkbox" checked={props.choices.view.projector}
                        onchange={change(|choices, _| choices.view.projector ^= true)} />
                    { texts.get("choose-projector") }
                </label>
            </div>
            { builder(texts, &page.state.experiment, List::Hide, &props.choices.view.hide, &switch(List::Hide)) }
            { builder(texts, &page.state.experiment, List::Lock, &props.choices.view.lock, &switch(List::Lock)) }
        </details>
    }
}

//! The keyboard: what is pressed anywhere on the page, and at the page's foot which keys there are.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement, HtmlInputElement, KeyboardEvent, window};
use yew::prelude::*;

use crate::{
    context::use_page,
    controls::{
        Control,
        keys::{Place, Press, SINGLE, meaning},
    },
    platform::link,
};

/// The stored setting; single keys work unless it says `off`.
const SETTING: &str = "single-keys";

/// Where the focus is.
fn place(document: &Document) -> Place {
    let Some(active) = document.active_element() else { return Place::Free };
    let kind = active.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::type_);
    match (active.tag_name().as_str(), kind.as_deref()) {
        ("BODY" | "HTML" | "MAIN", _) => Place::Free,
        ("INPUT", Some("range" | "checkbox" | "radio" | "button" | "file")) => Place::Control,
        ("INPUT" | "TEXTAREA", _) => Place::Text,
        _ if active.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable) => Place::Text,
        _ => Place::Control,
    }
}

/// What a key event asks for; nothing where something else took it, or while a dialog is open.
fn asked(event: &KeyboardEvent, single: bool) -> Option<Control> {
    let document = window()?.document()?;
    if event.default_prevented() || document.query_selector("dialog[open]").ok().flatten().is_some() {
        return None;
    }
    let (key, code) = (event.key(), event.code());
    let command = event.ctrl_key() || event.meta_key();
    let press = Press { key: &key, code: &code, command, shift: event.shift_key(), alt: event.alt_key() };
    let control = meaning(press, place(&document), single)?;
    // A key held down goes on stepping; it does not play and pause by turns.
    let repeats = matches!(control, Control::StepBatch | Control::Undo | Control::Redo);
    (repeats || !event.repeat()).then_some(control)
}

/// The keys and the list of them.
#[hook]
pub fn use_keyboard() -> Html {
    let page = use_page();
    let single = use_state(|| link::setting(SETTING).as_deref() != Some("off"));
    // One listener for the whole visit, which must see the page as it is now.
    let latest = use_mut_ref(|| (page.clone(), *single));
    latest.replace((page.clone(), *single));
    use_effect_with((), move |()| {
        let listener = window().map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "keydown", options, move |event| {
                let (page, single) = latest.borrow().clone();
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
                if let Some(control) = asked(event, single) {
                    event.prevent_default();
                    if control.is_able(&page.state, &page.view) {
                        control.act(&page);
                    }
                }
            })
        });
        move || drop(listener)
    });
    let texts = &page.texts;
    let switch = {
        let single = single.clone();
        Callback::from(move |_: Event| {
            link::store(SETTING, if *single { "off" } else { "on" });
            single.set(!*single);
        })
    };
    let named = |control: Control| match control {
        Control::Play => format!("{} / {}", texts.get("play"), texts.get("pause")),
        control => texts.get(control.name()),
    };
    let key = |name: &str| if name == " " { texts.get("key-space") } else { name.to_ascii_uppercase() };
    html! {
        <footer>
            <details id="keyboard">
                <summary>{ texts.get("keyboard") }</summary>
                <ul>
                    { for SINGLE.map(|(name, control)| html! { <li><kbd>{ key(name) }</kbd>{ named(control) }</li> }) }
                    <li><kbd>{ "Ctrl+Z" }</kbd>{ texts.get("undo") }</li>
                    <li><kbd>{ "Ctrl+Shift+Z" }</kbd><kbd>{ "Ctrl+Y" }</kbd>{ texts.get("redo") }</li>
                    <li><kbd>{ "Esc" }</kbd>{ texts.get("key-escape") }</li>
                </ul>
                <label class="check"><input id="single-keys" type="checkbox" checked={*single} onchange={switch} />{ texts.get("single-keys") }</label>
            </details>
        </footer>
    }
}

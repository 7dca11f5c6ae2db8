//! Swipes that begin on a slider. A finger that scrolls the page takes the slider along as it comes down; the slider
//! goes back when the browser finds out that the finger scrolls.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventInit, HtmlInputElement, window};
use yew::prelude::*;

/// Watches all sliders of the page; to be used once.
#[hook]
pub fn use_swipes() {
    use_effect_with((), |()| {
        let touched = Rc::new(RefCell::new(None::<(HtmlInputElement, String)>));
        let listeners = window().map(|window| {
            let down = {
                let touched = touched.clone();
                // A pointer comes down before the slider answers it.
                EventListener::new(&window, "pointerdown", move |event| {
                    touched.replace(slider(event).map(|slider| (slider.clone(), slider.value())));
                })
            };
            let cancel = EventListener::new(&window, "pointercancel", move |_| {
                if let Some((slider, value)) = touched.take() {
                    put_back(&slider, &value);
                }
            });
            (down, cancel)
        });
        move || drop(listeners)
    });
}

fn slider(event: &Event) -> Option<HtmlInputElement> {
    let input = event.target()?.dyn_into::<HtmlInputElement>().ok()?;
    (input.type_() == "range").then_some(input)
}

/// Gives a slider its earlier value and tells the page, as if it had been moved back and were still held.
fn put_back(slider: &HtmlInputElement, value: &str) {
    slider.set_value(value);
    let bubbles = EventInit::new();
    bubbles.set_bubbles(true);
    if let Ok(event) = Event::new_with_event_init_dict("input", &bubbles) {
        let _ = slider.dispatch_event(&event);
    }
}

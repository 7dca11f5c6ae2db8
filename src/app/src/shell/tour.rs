//! The tour of a first visit: a small card that points at one panel after the other and covers none of the controls.

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, KeyboardEvent, window};
use yew::prelude::*;

use crate::{
    context::use_page,
    lessons::guide::use_guide,
    panels::is_shown,
    platform::link,
    widgets::highlight::{use_look, use_root_class},
};

/// Where the browser remembers that the tour was offered.
const SEEN: &str = "tour";
/// A visitor looks first and is offered something then.
const PAUSE_MILLIS: u32 = 1500;

/// The panels of each stop, and what is said of them.
const STOPS: [(&[&str], &str); 5] = [
    (&["data"], "tour-data"),
    (&["teacher"], "tour-teacher"),
    (&["soft-targets"], "tour-soft-targets"),
    (&["student"], "tour-student"),
    (&["cost", "verdict"], "tour-cost"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Hidden,
    Offer,
    Stop(usize),
}

/// The tour's card.
#[hook]
pub fn use_tour() -> Html {
    let (page, guide) = (use_page(), use_guide());
    let texts = &page.texts;
    let stage = use_state(|| Stage::Hidden);
    // A lesson guides already.
    let now = if *stage == Stage::Offer && guide.lesson.is_some() { Stage::Hidden } else { *stage };
    let card = use_node_ref();
    // The link may hide panels, and a scheme may have nothing to show in one.
    let stops: Vec<_> = STOPS.iter().filter(|(panels, _)| panels.iter().any(|panel| is_shown(&page, panel))).collect();
    let stop = match now {
        Stage::Stop(index) => stops.get(index),
        _ => None,
    };
    let looks = stop.map_or(&[][..], |(panels, _)| *panels);
    use_look(looks, None, page.place);
    {
        let show = page.show.clone();
        use_effect_with(looks.first().copied(), move |panel| {
            panel.iter().for_each(|panel| show.emit((*panel).to_owned()))
        });
    }
    use_root_class("with-tour", now != Stage::Hidden);
    {
        let stage = stage.setter();
        use_effect_with((), move |()| {
            let wait = is_offered().then(|| Timeout::new(PAUSE_MILLIS, move || stage.set(Stage::Offer)));
            move || drop(wait)
        });
    }
    {
        let stage = stage.setter();
        use_effect_with(guide.tour, move |&asked| {
            if asked > 0 {
                stage.set(Stage::Stop(0));
            }
        });
    }
    {
        // The offer leaves the focus where it is; the tour itself was asked for.
        let card = card.clone();
        use_effect_with(now, move |now| {
            if let (Stage::Stop(_), Some(card)) = (now, card.cast::<HtmlElement>()) {
                let _ = card.focus();
            }
        });
    }
    let close = {
        let stage = stage.setter();
        Callback::from(move |()| {
            link::store(SEEN, "seen");
            stage.set(Stage::Hidden);
        })
    };
    {
        let close = close.clone();
        use_effect_with(now != Stage::Hidden, move |&visible| {
            let document = window().and_then(|window| window.document()).filter(|_| visible);
            let escape = document.map(|document| {
                EventListener::new(&document.clone(), "keydown", move |event| {
                    // In an open dialog the key is the dialog's.
                    let dialog = document.query_selector("dialog[open]").ok().flatten();
                    let key = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key);
                    if dialog.is_none() && key.as_deref() == Some("Escape") {
                        close.emit(());
                    }
                })
            });
            move || drop(escape)
        });
    }
    let to = |next: Stage| {
        let stage = stage.setter();
        Callback::from(move |_: MouseEvent| stage.set(next))
    };
    let skip = close.reform(|_: MouseEvent| ());
    let body = match now {
        Stage::Hidden => return Html::default(),
        Stage::Offer => html! {
            <>
                <p id="tour-words">{ texts.get("tour-offer") }</p>
                <div class="lesson-nav">
                    <button id="tour-start" class="primary" onclick={to(Stage::Stop(0))}>{ texts.get("tour-start") }</button>
                    <button id="tour-close" onclick={skip}>{ texts.get("tour-decline") }</button>
                </div>
            </>
        },
        Stage::Stop(index) => {
            let last = index + 1 == stops.len();
            let place = [("step", (index + 1).to_string().into()), ("steps", stops.len().to_string().into())];
            let back = to(Stage::Stop(index.saturating_sub(1)));
            let forward = if last { skip.clone() } else { to(Stage::Stop(index + 1)) };
            html! {
                <>
                    <p id="tour-words"><small>{ texts.with("lesson-step", &place) }</small>{ texts.language.gap() }{ stop.map(|(_, id)| texts.get(id)) }</p>
                    <div class="lesson-nav">
                        <button id="tour-back" disabled={index == 0} onclick={back}>{ texts.get("lesson-back") }</button>
                        <button id="tour-next" class="primary" onclick={forward}>{ if last { texts.get("tour-end") } else { texts.get("lesson-next") } }</button>
                        if !last {
                            <button id="tour-close" onclick={skip}>{ texts.get("tour-skip") }</button>
                        }
                    </div>
                </>
            }
        }
    };
    let place = match now {
        Stage::Stop(index) => (index + 1).to_string(),
        _ => "offer".into(),
    };
    html! {
        <div id="tour" ref={card} role="dialog" aria-labelledby="tour-words" tabindex="-1" data-guide="" data-stop={place}>{ body }</div>
    }
}

/// Only on a very first visit, and not where somebody else decided what the page shows.
fn is_offered() -> bool {
    let framed =
        window().is_none_or(|window| window.top().ok().flatten().is_none_or(|top| !js_sys::Object::is(&top, &window)));
    !framed && link::setting(SEEN).is_none() && link::page_key("lesson").is_none() && link::page_key("hide").is_none()
}

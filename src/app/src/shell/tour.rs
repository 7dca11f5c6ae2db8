//! The tour: a minute in which the page moves its own controls and says what one sees. It stands in the page's flow,
//! above all that changes its height, and covers nothing; whatever it turned is as before when it ends.

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use retort_spec::{Scale, encode};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, KeyboardEvent, window};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    lessons::guide::use_guide,
    panels::is_shown,
    platform::link,
    state::Action,
    widgets::{
        highlight::{is_calm, use_look},
        slider::{self, value_at},
    },
};

/// What a stop does with the page's controls.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    /// Nothing.
    Look,
    /// Moves the temperature up and back.
    Sweep,
    /// Turns a knob.
    Turn(&'static str, &'static str),
    /// Puts everything back.
    Back,
}

/// The panel of each stop, what is said of it, and what moves there.
const STOPS: [(&str, &str, Act); 5] = [
    ("map", "tour-teacher", Act::Look),
    ("soft-targets", "tour-soft-targets", Act::Sweep),
    ("soft-targets", "tour-alone", Act::Turn("soft", "0")),
    ("soft-targets", "tour-student", Act::Back),
    ("cost", "tour-cost", Act::Turn("bits", "4")),
];

/// How often the temperature moves, and the temperatures that it goes through, up and back.
const SWEEP_MILLIS: u32 = 120;
const SWEEP_STEPS: u32 = 40;

/// The temperature at a step of the sweep: from 1 to 20 and back, as a slider's way.
fn swept(step: u32) -> f64 {
    let way = f64::from(step.min(SWEEP_STEPS)) / f64::from(SWEEP_STEPS);
    let up = 1.0 - (2.0 * way - 1.0).abs();
    value_at(Scale::Logarithmic, 1.0, 20.0, up * slider::STOPS)
}

/// Whether the page is the visitor's own to be shown around: nobody else decided what it shows, and no lesson guides.
pub fn is_offered(page: &AppContext) -> bool {
    !link::is_framed() && !page.view.projector && page.view.hide.is_empty() && page.view.lock.is_empty()
}

/// The tour's bar, while it is under way.
#[hook]
pub fn use_tour() -> Html {
    let (page, guide) = (use_page(), use_guide());
    let texts = &page.texts;
    let stop = use_state(|| None::<usize>);
    let before = use_mut_ref(String::new);
    let card = use_node_ref();
    let stops: Vec<_> = STOPS.iter().filter(|(panel, ..)| is_shown(&page, panel)).collect();
    // A lesson guides already.
    let now = stop.filter(|_| guide.lesson.is_none()).and_then(|index| Some((index, **stops.get(index)?)));
    use_look(&now.iter().map(|(_, (panel, ..))| *panel).collect::<Vec<_>>(), None, page.place);
    {
        let (stop, before, link) = (stop.setter(), before.clone(), encode(&page.state.experiment));
        use_effect_with(guide.tour, move |&asked| {
            if asked > 0 {
                before.replace(link);
                stop.set(Some(0));
            }
        });
    }
    {
        let (page, before, card) = (page.clone(), before.clone(), card.clone());
        use_effect_with(now, move |now| {
            let mut sweep = None;
            if let Some((_, (panel, _, act))) = *now {
                page.show.emit(panel.to_owned());
                match act {
                    Act::Look => {}
                    Act::Sweep if is_calm() => page.state.dispatch(Action::Preview(8.0)),
                    Act::Sweep => sweep = Some(swing(&page)),
                    Act::Turn(key, value) => page.turn(key).emit(value.to_owned()),
                    Act::Back => page.state.dispatch(Action::Navigate(before.borrow().clone())),
                }
                if let Some(card) = card.cast::<HtmlElement>() {
                    let _ = card.focus();
                }
            }
            move || drop(sweep)
        });
    }
    let close = {
        let (stop, before, dispatch) = (stop.setter(), before.clone(), page.state.dispatcher());
        let (show, first) = (page.show.clone(), STOPS[0].0);
        Callback::from(move |()| {
            stop.set(None);
            // The last stop is in another tab.
            show.emit(first.to_owned());
            dispatch.dispatch(Action::Navigate(before.borrow().clone()));
        })
    };
    {
        let close = close.clone();
        use_effect_with(now.is_some(), move |&visible| {
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
    let Some((index, (_, id, _))) = now else { return Html::default() };
    let to = |next: usize| {
        let stop = stop.setter();
        Callback::from(move |_: MouseEvent| stop.set(Some(next)))
    };
    let end = close.reform(|_: MouseEvent| ());
    let last = index + 1 == stops.len();
    let place = [("step", (index + 1).to_string().into()), ("steps", stops.len().to_string().into())];
    html! {
        <div id="tour" ref={card} role="dialog" aria-labelledby="tour-words" tabindex="-1" data-guide="" data-stop={(index + 1).to_string()}>
            <p id="tour-words"><small>{ texts.with("lesson-step", &place) }</small>{ texts.language.gap() }{ texts.get(id) }</p>
            <button id="tour-back" disabled={index == 0} onclick={to(index.saturating_sub(1))}>{ texts.get("lesson-back") }</button>
            <button id="tour-next" class="primary" onclick={if last { end.clone() } else { to(index + 1) }}>{ if last { texts.get("tour-end") } else { texts.get("lesson-next") } }</button>
            // It keeps its room at the end, so that the others stand still.
            <button id="tour-close" style={last.then_some("visibility:hidden")} onclick={end}>{ texts.get("tour-skip") }</button>
        </div>
    }
}

/// Moves the temperature up and back, and leaves it where it was.
fn swing(page: &AppContext) -> Interval {
    let (dispatch, own) = (page.state.dispatcher(), page.state.experiment.temperature);
    let mut step = 0;
    Interval::new(SWEEP_MILLIS, move || {
        step += 1;
        if step <= SWEEP_STEPS {
            dispatch.dispatch(Action::Preview(if step == SWEEP_STEPS { own } else { swept(step) }));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sweep_goes_up_to_twenty_and_back() {
        assert!((swept(0) - 1.0).abs() < 1e-9 && (swept(SWEEP_STEPS) - 1.0).abs() < 1e-9);
        assert!((swept(SWEEP_STEPS / 2) - 20.0).abs() < 1e-9);
        assert!(swept(5) < swept(10) && swept(30) < swept(25));
    }
}

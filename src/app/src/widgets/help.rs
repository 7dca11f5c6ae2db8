//! A knob's help: what it is, what it takes, where it stands by default, and what turning it does again.

use gloo_events::EventListener;
use retort_spec::{Architecture, Experiment, Kind, Knob, Phase, RunState, knob};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, Node, window};
use yew::prelude::*;

use crate::{
    context::use_page,
    i18n::{
        Texts,
        format::{number, power_of_ten},
        labels::{knob_value, network_name},
    },
    lessons::{CATALOGUE, Entry, guide::use_guide, lesson_link},
    state::{
        Action, SweepAction,
        sweep_text::{suggestion, sweepable},
    },
    widgets::highlight::{bring_into_view, reveal},
};

/// The box is this wide, and this far from the window's edges, as in the styles.
const WIDTH: f64 = 280.0;
const MARGIN: f64 = 8.0;

/// What turning a knob does again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    AtOnce,
    Students,
    Everyone,
    Data,
    Seeds,
    Nothing,
    Device,
}

/// What turning this knob does now.
pub fn consequence(knob: &Knob, run_state: RunState) -> Consequence {
    match knob.phase {
        // A training that is over takes nothing any more.
        _ if knob.live && run_state != RunState::Finished => Consequence::AtOnce,
        Phase::Data => Consequence::Data,
        Phase::Teacher => Consequence::Everyone,
        Phase::Student => Consequence::Students,
        Phase::Verdict => Consequence::Seeds,
        // Nothing moves from one device to another.
        Phase::Show if knob.key == "device" => Consequence::Device,
        Phase::Show => Consequence::Nothing,
    }
}

impl Consequence {
    /// Whether something that was trained is given up.
    pub fn restarts(self) -> bool {
        matches!(self, Self::Students | Self::Everyone | Self::Data | Self::Device)
    }

    /// The same in words.
    pub fn words(self, texts: &Texts) -> String {
        match self {
            Self::AtOnce => texts.get("turn-at-once"),
            Self::Students => texts.get("turn-students"),
            Self::Everyone => texts.get("turn-everyone"),
            Self::Data => texts.get("turn-data"),
            Self::Seeds => texts.get("turn-seeds"),
            Self::Nothing => texts.get("turn-nothing"),
            Self::Device => texts.get("turn-device"),
        }
    }
}

/// The lessons that explain a knob.
pub fn lessons_for(key: &str) -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.iter().filter(move |entry| entry.knobs.contains(&key))
}

/// A number with as many digits as it has; one of many digits as a power of ten.
pub fn plain(texts: &Texts, value: f64) -> String {
    match digits_of(value) {
        Some(digits) => number(texts, value, digits),
        None => power_of_ten(texts, value, 2),
    }
}

/// Digits after the point that a number is read with; `None` where they are more than anybody reads.
fn digits_of(value: f64) -> Option<u32> {
    const MOST: usize = 8;
    let digits = value.to_string().split_once('.').map_or(0, |(_, digits)| digits.len());
    (digits <= MOST || value.abs() >= 1e-3).then_some(digits.min(MOST) as u32)
}

/// The bounds of a knob with whole numbers; a scheme has bounds of its own for its members.
pub fn whole_range(knob: &Knob, experiment: &Experiment) -> Option<(u32, u32)> {
    match knob.kind {
        Kind::Integer { .. } if knob.key == "members" => Some(experiment.scheme.entry().members),
        Kind::Integer { min, max } => Some((min, max)),
        _ => None,
    }
}

fn range(texts: &Texts, knob: &Knob, experiment: &Experiment) -> String {
    let between = |id: &str, min: f64, max: f64| {
        texts.with(id, &[("min", plain(texts, min).into()), ("max", plain(texts, max).into())])
    };
    match knob.kind {
        Kind::Integer { min, max } => {
            let (min, max) = whole_range(knob, experiment).unwrap_or((min, max));
            between("range-between", min.into(), max.into())
        }
        Kind::Number { min, max, .. } => between("range-between", min, max),
        Kind::Labels { min, max } => between("range-labels", min.into(), max.into()),
        Kind::Choice(words) => {
            let names: Vec<String> = words.iter().map(|word| texts.get(&format!("{}-{word}", knob.key))).collect();
            names.join(" · ")
        }
        Kind::Widths => {
            let args = [
                ("layers", number(texts, Architecture::MAX_LAYERS as f64, 0).into()),
                ("width", number(texts, Architecture::MAX_WIDTH.into(), 0).into()),
                ("channels", number(texts, Architecture::MAX_CHANNELS.into(), 0).into()),
            ];
            texts.with("range-widths", &args)
        }
        Kind::Classes => texts.get("range-classes"),
        Kind::Stages => texts.get("range-stages"),
        Kind::Points => texts.get("range-points"),
        Kind::Network => {
            let plan = experiment.plan();
            let names: Vec<String> = plan.weighted().map(|id| network_name(texts, &plan, id)).collect();
            names.join(" · ")
        }
    }
}

fn default_of(texts: &Texts, knob: &Knob, experiment: &Experiment) -> String {
    // The default of data set and scheme is the page's: they have none for themselves.
    let is_own = matches!(knob.key, "data" | "scheme");
    let defaults = if is_own { Experiment::default() } else { Experiment::usual(experiment.data, experiment.scheme) };
    knob_value(texts, knob, &defaults)
}

/// How far the box moves from its button's left edge so that it stays inside the window.
fn shift(button: f64, window: f64) -> f64 {
    let width = WIDTH.min(window - 2.0 * MARGIN);
    button.min(window - MARGIN - width).max(MARGIN) - button
}

/// Which knob.
#[derive(PartialEq)]
pub struct HelpProps {
    /// Its key.
    pub id: &'static str,
}

/// A “?” that opens a box with a knob's help; Esc, a click elsewhere, or leaving it closes it.
#[hook]
pub fn use_help(props: &HelpProps) -> Html {
    let page = use_page();
    let guide = use_guide();
    let open = use_state(|| None::<f64>);
    let key = props.id;
    let shut = open.setter();
    let (place, button) = (use_node_ref(), use_node_ref());
    let is_inside = {
        let place = place.clone();
        move |target: Option<web_sys::EventTarget>| {
            let target = target.and_then(|target| target.dyn_into::<Node>().ok());
            place.cast::<Node>().is_some_and(|place| place.contains(target.as_ref()))
        }
    };
    {
        let (open, is_inside, button) = (open.clone(), is_inside.clone(), button.clone());
        use_effect_with(open.is_some(), move |is_open| {
            let document = window().and_then(|window| window.document()).filter(|_| *is_open);
            let listeners = document.map(|document| {
                let closing = open.clone();
                let away = EventListener::new(&document, "pointerdown", move |event| {
                    if !is_inside(event.target()) {
                        closing.set(None);
                    }
                });
                let escape = EventListener::new(&document, "keydown", move |event| {
                    if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                        open.set(None);
                        if let Some(button) = button.cast::<HtmlElement>() {
                            let _ = button.focus();
                        }
                    }
                });
                (away, escape)
            });
            move || drop(listeners)
        });
    }
    use_effect_with(open.is_some(), move |is_open| {
        if *is_open {
            bring_into_view(&format!("help-{key}"));
        }
    });
    let Some(knob) = knob(props.id) else { return Html::default() };
    let texts = &page.texts;
    let toggle = {
        let (open, button) = (open.clone(), button.clone());
        Callback::from(move |_: MouseEvent| {
            let left = button.cast::<web_sys::Element>().map(|button| button.get_bounding_client_rect().left());
            let root = window().and_then(|window| window.document()).and_then(|document| document.document_element());
            let wide = root.map(|root| f64::from(root.client_width()));
            open.set(left.zip(wide).filter(|_| open.is_none()).map(|(left, wide)| shift(left, wide)));
        })
    };
    let leave = {
        let open = open.clone();
        Callback::from(move |event: FocusEvent| {
            if !is_inside(event.related_target()) {
                open.set(None);
            }
        })
    };
    let shut = Callback::from(move |()| shut.set(None));
    let is_swept = page.shows("sweep") && !page.locks(knob.key);
    let is_swept = is_swept && sweepable(&page.state.experiment).any(|other| other.key == knob.key);
    let sweep = {
        let (page, shut) = (page.clone(), shut.clone());
        Callback::from(move |_: MouseEvent| {
            let train = page.state.data.as_ref().map(|data| data.train);
            let text = [knob.key, ":", &suggestion(&page.state.experiment, knob, train)].concat();
            page.state.dispatch(Action::Sweep(SweepAction::Draft(text)));
            shut.emit(());
            reveal(&page, "sweep", None);
        })
    };
    // Their names alone say little.
    let list = {
        let (page, shut) = (page.clone(), shut.clone());
        Callback::from(move |_: MouseEvent| {
            shut.emit(());
            reveal(&page, "scheme", Some("schemes"));
        })
    };
    let name = format!("knob-{}", knob.key);
    let id = format!("help-{}", knob.key);
    let label = texts.with("help-for", &[("knob", texts.get(&name).into())]);
    html! {
        <span class="help-place" ref={place} onfocusout={leave}>
            <button class="help-button" type="button" ref={button} onclick={toggle} data-help={knob.key}
                aria-label={label.clone()} aria-expanded={open.is_some().to_string()} aria-controls={open.map(|_| id.clone())}>{ "?" }</button>
            if let Some(left) = *open {
                <div {id} class="help" role="group" tabindex="-1" aria-label={label} style={format!("left:{left:.0}px")}>
                    <div>{ texts.help(&name) }</div>
                    if knob.key == "scheme" {
                        <button class="sweep-knob" onclick={list}>{ texts.get("schemes-each") }</button>
                    } else {
                        <div class="fact"><b>{ texts.get("help-range") }</b>{ range(texts, knob, &page.state.experiment) }</div>
                    }
                    <div class="fact"><b>{ texts.get("help-default") }</b>{ default_of(texts, knob, &page.state.experiment) }</div>
                    <div class="fact"><b>{ texts.get("help-turn") }</b>{ consequence(knob, page.state.run_state).words(texts) }</div>
                    if is_swept {
                        <button class="sweep-knob" onclick={sweep}>{ texts.get("sweep-knob") }</button>
                    }
                    { for lessons_for(knob.key).map(|entry| lesson_link(entry, &guide, entry.title(texts.language).into(), shut.clone())) }
                </div>
            }
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_says_what_it_does_again() {
        let of = |key, run_state| consequence(knob(key).unwrap(), run_state);
        assert_eq!(of("temperature", RunState::Running), Consequence::AtOnce);
        assert_eq!(of("temperature", RunState::Finished), Consequence::Students);
        assert_eq!(of("learning-rate", RunState::Finished), Consequence::Everyone);
        assert_eq!(of("labels", RunState::Running), Consequence::Students);
        assert_eq!(of("seed", RunState::Paused), Consequence::Data);
        assert_eq!(of("bits", RunState::Finished), Consequence::Nothing);
        assert!(!of("runs", RunState::Finished).restarts() && of("device", RunState::Running).restarts());
    }

    #[test]
    fn the_box_stays_inside_the_window() {
        assert_eq!(shift(100.0, 1280.0), 0.0);
        // 1280 - 8 - 280 = 992 is the rightmost left edge.
        assert_eq!(shift(1200.0, 1280.0), 992.0 - 1200.0);
        assert_eq!(shift(2.0, 1280.0), 6.0);
        // In a window narrower than the box it is as wide as fits, from the left margin on.
        assert_eq!(shift(150.0, 240.0), 8.0 - 150.0);
    }
}

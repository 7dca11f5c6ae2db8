//! What the shown example does inside the product and the network that it is compared with, live, and which of it
//! objectives match.

pub mod attention;
pub mod relations;
pub mod stages;

use js_sys::Array;
use retort_spec::{ActivationReport as Insides, Floats, Knowledge, NetworkId, Objective, Weights};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::island;
use crate::{
    context::{AppContext, use_page},
    panels::activations::{attention::attention, relations::relations, stages::stages},
    state::{State, selection::input},
};

/// The fold that holds the panel.
const FOLD: &str = "inside-fold";

/// A picture of what happens inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Maps,
    Attention,
    Relations,
}

impl Part {
    /// The picture of what an objective matches.
    fn of(objective: Objective) -> Option<Self> {
        match (objective, objective.info().knowledge) {
            // It tells examples apart; how alike they are it leaves open.
            (Objective::Contrastive, _) | (_, Knowledge::Responses) => None,
            (Objective::Attention, _) => Some(Self::Attention),
            (_, Knowledge::Features) => Some(Self::Maps),
            (_, Knowledge::Relations) => Some(Self::Relations),
        }
    }

    fn is_matched(self, weights: &Weights) -> bool {
        weights.used().any(|(objective, _)| Self::of(objective) == Some(self))
    }
}

/// The pictures, those first that the student is asked to match.
fn order(weights: &Weights) -> [Part; 3] {
    let mut parts = [Part::Maps, Part::Attention, Part::Relations];
    parts.sort_by_key(|part| !part.is_matched(weights));
    parts
}

/// Whether the student is asked for anything that happens inside.
fn is_asked(weights: &Weights) -> bool {
    weights.used().any(|(objective, _)| objective.info().knowledge != Knowledge::Responses)
}

/// The input to watch: none while nobody looks.
fn watched(state: &State, looked_at: bool) -> Floats {
    if looked_at { input(state).unwrap_or_default() } else { Floats::default() }
}

/// Teacher and product, or two networks of equal standing, as far as they are there.
pub type Pair<'a> = [Option<&'a Insides>; 2];

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "inside",
    draw: |_| island!(use_inside),
    sites: &[(Tab::Inside, Area::Stage)],
    applies: |experiment, _| !experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

/// The panel.
#[hook]
pub fn use_inside() -> Html {
    let page = use_page();
    let chosen = use_state_eq(|| None::<bool>);
    let section = use_node_ref();
    let in_view = use_in_view(&section);
    let (texts, state) = (&page.texts, &page.state);
    let weights = &state.experiment.weights;
    let open = chosen.unwrap_or_else(|| is_asked(weights));
    {
        let driver = page.driver.clone();
        use_effect_with(watched(state, open && in_view), move |input| driver.inspect_activations(input.clone()));
    }
    {
        let driver = page.driver.clone();
        use_effect_with((), move |()| move || driver.inspect_activations(Floats::default()));
    }
    let toggled = Callback::from(move |event: Event| {
        let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // What is folded inside the panel tells of itself here, too.
        if let Some(details) = details.filter(|details| details.id() == FOLD) {
            let now = details.has_attribute("open");
            if now != open {
                chosen.set(Some(now));
            }
        }
    });
    let body = {
        let page = page.clone();
        // The page is drawn ten times a second, the inside changes twice.
        use_memo((open, state.inside.clone(), texts.clone(), weights.clone()), move |(open, ..)| match open {
            true => body(&page),
            false => Html::default(),
        })
    };
    html! {
        <section id="inside" class="panel" aria-labelledby="inside-title" ref={section}>
            <details id={FOLD} {open} ontoggle={toggled}>
                <summary><h2 id="inside-title">{ texts.get("inside") }</h2> <small>{ page.of_first_seed("inside-sub") }</small></summary>
                { (*body).clone() }
            </details>
        </section>
    }
}

fn body(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    if state.inside.is_empty() {
        return html! { <p class="empty">{ texts.get("inside-empty") }</p> };
    }
    let of = |network_id: NetworkId| state.inside.iter().find(|inside| inside.network_id == network_id);
    let pair = [of(state.reference()), of(state.plan.product)];
    let weights = &state.experiment.weights;
    let part = |part: Part| {
        let (id, title, hint, picture) = match part {
            Part::Maps => ("inside-maps", texts.get("inside-maps"), texts.get("inside-maps-hint"), stages(page, pair)),
            Part::Attention => {
                let hint = texts.get("inside-attention-hint");
                ("inside-attention", texts.get("inside-attention"), hint, attention(page, pair))
            }
            Part::Relations => {
                let hint = texts.get("inside-relations-hint");
                ("inside-relations", texts.get("inside-relations"), hint, relations(page, pair))
            }
        };
        let objective = |objective: &Objective| {
            let name = texts.get(&format!("knob-{}", objective.word()));
            let used = weights.get(*objective) > 0.0;
            html! { <li class={classes!(used.then_some("used"))}>{ name }if used { { " ✓" }<span class="hidden">{ texts.get("inside-used") }</span> }</li> }
        };
        html! {
            <section key={id} {id} class={classes!(part.is_matched(weights).then_some("matched"))}>
                <h3>{ title }</h3>
                { picture }
                <p class="hint">{ hint }</p>
                <div class="hint matching">{ texts.get("inside-matched") }{ texts.language.gap() }<ul>{ for Objective::ALL.iter().filter(|of| Part::of(**of) == Some(part)).map(objective) }</ul></div>
            </section>
        }
    };
    html! { <div class="inside-parts">{ for order(weights).map(part) }</div> }
}

/// Whether any of an element can be seen.
#[hook]
fn use_in_view(node: &NodeRef) -> bool {
    let seen = use_state_eq(|| false);
    {
        let seen = seen.setter();
        use_effect_with(node.clone(), move |node| {
            let changed = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
                seen.set(entries.pop().unchecked_into::<IntersectionObserverEntry>().is_intersecting());
            });
            let observer = IntersectionObserver::new(changed.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(element)) = (&observer, node.cast::<Element>()) {
                observer.observe(&element);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(changed);
            }
        });
    }
    *seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, CustomExample, Source};
    use retort_spec::Event;
    use std::rc::Rc;
    use yew::Reducible;

    #[test]
    fn what_is_matched_comes_first_and_opens_the_panel() {
        let none = Weights::default();
        assert_eq!(order(&none), [Part::Maps, Part::Attention, Part::Relations]);
        assert!(!is_asked(&none) && !is_asked(&none.clone().with(Objective::Dist)));
        let weights = none.with(Objective::Pkt);
        assert_eq!(order(&weights), [Part::Relations, Part::Maps, Part::Attention]);
        assert!(is_asked(&weights) && is_asked(&Weights::default().with(Objective::Contrastive)));
        let weights = weights.with(Objective::Attention);
        assert_eq!(order(&weights), [Part::Attention, Part::Relations, Part::Maps]);
    }

    #[test]
    fn an_input_is_watched_while_it_is_looked_at_and_stays_the_same_while_events_come() {
        let state = Rc::new(State::open("#data=moons"));
        assert_eq!(watched(&state, true), Floats::default(), "there are no data yet");
        let give = |input: Vec<f32>| {
            Action::Give(Some(CustomExample { source: Source::Place, input: input.into(), label: None }))
        };
        let state = state.reduce(give(vec![0.5, -0.5]));
        assert_eq!(watched(&state, true), Floats(vec![0.5, -0.5]));
        let state = state.reduce(Action::Events {
            events: vec![Event::Activations(vec![]), Event::Pong { memory: 0.0, networks: 0 }],
            recorded: false,
        });
        assert_eq!(watched(&state, true), Floats(vec![0.5, -0.5]));
        assert_eq!(watched(&state, false), Floats::default(), "folded, or out of view");
        assert_eq!(watched(&state.reduce(give(vec![1.0, 0.0])), true), Floats(vec![1.0, 0.0]));
    }
}

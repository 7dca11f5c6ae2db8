//! The root: one state, one driver, and the panels in their order.

use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::{Interval, Timeout};
use retort_spec::{
    CLASS_KEY, Command, PAGE_KEYS, RunState, SEARCH_KEY, SWEEP_KEY, Scheme, Sweep, WorkbenchCommand, decode,
};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    context::AppContext,
    controls::keyboard::use_keyboard,
    i18n::{Language, Texts},
    island,
    lessons::{
        self,
        guide::{Guide, use_new_guide},
    },
    panels::{self, IDS, lesson::lesson_panel, place_of},
    platform::{
        link, offline,
        place::{Depth, Place},
        session,
    },
    shell::{
        announcer::use_announcer, class_cell::use_class_cell, header::use_header, notices::notices,
        panel::use_redraw_schedule, stage::stage, summary::summary_line, tabs::use_tabs, toolbar::pace_of,
        tour::use_tour,
    },
    state::{Action, Engine, Notice, State, selection},
    transport::Driver,
    widgets::dom::focus,
    widgets::swipe::use_swipes,
};

/// How often the engine is asked whether it is alive.
const WATCH_MILLIS: u32 = 2500;
/// A knob that rests for so long is turned anew afterwards: each arrow key or notch of a wheel is no step of its own.
const SETTLED_MILLIS: u32 = 1000;

/// The names under which the tab keeps the visitor's own examples and kept runs.
const OWN: &str = "own-examples";
const KEPT: &str = "kept-runs";

/// What the app begins with.
#[derive(Properties, PartialEq)]
pub struct AppProps {
    /// The visitor's language.
    pub texts: Texts,
}

/// The app.
#[component]
pub fn App(props: &AppProps) -> Html {
    let view = use_state_eq(|| {
        let (view, problems) = link::view(IDS, &lessons::ids());
        (Rc::new(view), problems)
    });
    // What changes nothing draws nothing.
    let state = use_reducer_eq(|| {
        // Where the speed is hidden, nobody could change what an earlier visit chose.
        let pace = link::setting("pace").filter(|_| view.0.shows("pace")).and_then(|text| pace_of(&text));
        let (own, kept) = (session::kept(OWN).unwrap_or_default(), session::kept(KEPT).unwrap_or_default());
        State { pace, own: Rc::new(own), kept, ..State::open(&link::query()) }
    });
    let texts = use_state(|| props.texts.clone());
    let theme = use_state(link::theme);
    let (place, printing) = (use_state_eq(link::place), use_state_eq(|| false));
    let driver = {
        let (experiment, dispatch) = (state.experiment.clone(), state.dispatcher());
        use_memo((), move |()| Driver::start(experiment, dispatch))
    };

    let shown_theme = match &*theme {
        Some(theme) => theme.clone(),
        // A projector in a bright classroom shows dark grey as black.
        None if view.0.projector => "light".into(),
        None => link::setting("theme").unwrap_or_else(|| "auto".into()),
    };
    use_effect_with((texts.language, shown_theme.clone(), view.0.projector), |(language, theme, projector)| {
        link::apply_document_attributes(*language, theme, *projector);
    });
    {
        let dispatch = state.dispatcher();
        use_effect_with(view.1.clone(), move |problems| {
            dispatch.dispatch(Action::ReportPage(problems.clone()));
        });
    }
    {
        let (driver, joined, dispatch) = (driver.clone(), state.joined, state.dispatcher());
        let first = use_mut_ref(|| true);
        use_effect_with(state.experiment.clone(), move |experiment| {
            // The driver starts the first one itself, once it knows the device.
            if first.replace(false) {
                link::settle(experiment);
            } else {
                link::write(experiment, joined);
                driver.run(experiment.clone());
            }
            let rest = Timeout::new(SETTLED_MILLIS, move || dispatch.dispatch(Action::Settle));
            move || drop(rest)
        });
    }
    {
        let experiment = state.experiment.clone();
        let first = use_mut_ref(|| true);
        use_effect_with((state.sweep_text.clone(), state.search_text.clone()), move |(text, search)| {
            // What a link says stays as it is until it is changed; what cannot be read is not handed on.
            if !first.replace(false) && (text.is_empty() || text.parse::<Sweep>().is_ok()) {
                link::put_in_place(&experiment, SWEEP_KEY, Some(text));
                link::put_in_place(&experiment, SEARCH_KEY, Some(search));
            }
        });
    }
    {
        let experiment = state.experiment.clone();
        let first = use_mut_ref(|| true);
        use_effect_with(state.class_text.clone(), move |text| {
            if !first.replace(false) {
                link::put_in_place(&experiment, CLASS_KEY, Some(text));
            }
        });
    }
    {
        // While networks learn, what they say of the shown example changes with every report.
        let driver = driver.clone();
        let given = state.given.as_ref().map(|given| given.input.clone());
        let follows = state.networks().any(|id| state.follows(id));
        // Networks with exits are asked about it even when they have learned: their exits have not answered yet.
        let asks = follows || (given.is_none() && state.experiment.scheme == Scheme::Exits);
        let shown = asks.then(|| selection::input(&state)).flatten().filter(|_| given.is_none());
        let moment = (
            state.question,
            state.progress.map(|progress| (progress.run, progress.step)),
            state.outdated,
            state.chosen_file(),
        );
        let (id, example) = (state.question, state.example);
        use_effect_with((moment, example, asks), move |_| {
            if let Some(inputs) = given.clone().or(shown) {
                driver.send(&Command::Classify { id, inputs });
            }
            // The packed student answers what has no place in the test set.
            if let Some(inputs) = given {
                driver.send_workbench(WorkbenchCommand::Classify { id, inputs });
            }
        });
    }
    {
        let driver = driver.clone();
        use_effect_with(state.own.clone(), move |own| driver.set_user_examples(own.to_vec()));
    }
    {
        let is_safe = use_mut_ref(|| true);
        let saved = is_safe.clone();
        use_effect_with((state.own.clone(), state.kept.clone()), move |(own, kept)| {
            let own_kept = session::keep(OWN, &**own);
            let runs_kept = session::keep(KEPT, kept);
            is_safe.replace((own_kept && runs_kept) || (own.is_empty() && kept.is_empty()));
        });
        use_effect_with((), move |()| {
            let options = EventListenerOptions::enable_prevent_default();
            let listener = web_sys::window().map(|window| {
                // Where the tab cannot keep them the browser asks first.
                let leaving = EventListener::new_with_options(&window, "beforeunload", options, move |event| {
                    if !*saved.borrow() {
                        event.prevent_default();
                    }
                });
                // A file that misses its place would take the page's.
                let stay = |name: &'static str| {
                    EventListener::new_with_options(&window, name, options, |event| event.prevent_default())
                };
                (leaving, stay("dragover"), stay("drop"))
            });
            move || drop(listener)
        });
    }
    {
        let driver = driver.clone();
        use_effect_with(state.pace, move |pace| driver.set_speed_limit(*pace));
    }
    let tell = {
        let texts = texts.setter();
        let wanted = use_mut_ref(|| props.texts.language);
        Callback::from(move |language: Language| {
            wanted.replace(language);
            let (texts, wanted) = (texts.clone(), wanted.clone());
            spawn_local(async move {
                let loaded = Texts::load(language).await;
                // Meanwhile the visitor may have asked for the other one.
                if *wanted.borrow() == language {
                    texts.set(loaded);
                }
            });
        })
    };
    {
        let (driver, dispatch, tell) = (driver.clone(), state.dispatcher(), tell.clone());
        let (view, theme, place) = (view.setter(), theme.setter(), place.setter());
        use_effect_with((), move |()| {
            let watch = Interval::new(WATCH_MILLIS, move || driver.heartbeat());
            let keys = || (link::page_key("lang"), link::page_key("theme"));
            let mut known = keys();
            let back = web_sys::window().map(|window| {
                EventListener::new(&window, "popstate", move |_| {
                    let (seen, problems) = link::view(IDS, &lessons::ids());
                    view.set((Rc::new(seen), problems));
                    place.set(link::place());
                    // Only what the new address says otherwise: the visitor's own choice outlives a step back.
                    let now = keys();
                    if now.0 != known.0 {
                        tell.emit(link::language());
                    }
                    if now.1 != known.1 {
                        theme.set(link::theme());
                    }
                    known = now;
                    let query = link::query();
                    // What the address could not say does not stay in it.
                    link::settle(&decode(&query, PAGE_KEYS).experiment);
                    dispatch.dispatch(Action::Navigate(query));
                })
            });
            move || drop((watch, back))
        });
    }

    {
        let dispatch = state.dispatcher();
        let first = use_mut_ref(|| true);
        // What the service worker fetches would compete with the engine on its way.
        let settled = matches!(state.engine, Engine::Ready(_) | Engine::Failed(_));
        use_effect_with(settled, move |settled| {
            if *settled && first.replace(false) {
                offline::register(move || dispatch.dispatch(Action::Notify(Notice::Update)));
            }
        });
    }

    let set_language = Callback::from(move |language: Language| {
        link::store("lang", language.tag());
        tell.emit(language);
    });
    let set_theme = {
        let theme = theme.clone();
        Callback::from(move |name: String| {
            link::store("theme", &name);
            theme.set(Some(name));
        })
    };
    let running = match state.run_state {
        RunState::Running | RunState::Gathering => "running",
        RunState::Paused => "paused",
        RunState::Finished => "finished",
        RunState::Idle => "idle",
    };
    {
        // Paper takes of all views what a report needs.
        let printing = printing.setter();
        use_effect_with((), move |()| {
            let on = |kind: &'static str, is_printing: bool| {
                let printing = printing.clone();
                web_sys::window().map(|window| EventListener::new(&window, kind, move |_| printing.set(is_printing)))
            };
            let listeners = (on("beforeprint", true), on("afterprint", false));
            move || drop(listeners)
        });
    }
    let mover = |in_place: bool| {
        let (place, experiment) = (place.clone(), state.experiment.clone());
        move |to: Place| {
            link::put_place(&experiment, to, in_place);
            if let Some(window) = web_sys::window().filter(|_| to.tab != place.tab) {
                window.scroll_to_with_x_and_y(0.0, 0.0);
            }
            place.set(to);
        }
    };
    let (go, show) = (Callback::from(mover(false)), mover(true));
    let here = *place;
    let mut page = AppContext {
        state: state.clone(),
        texts: (*texts).clone(),
        driver: (*driver).clone(),
        set_language,
        theme: shown_theme,
        set_theme,
        view: view.0.clone(),
        place: here,
        go,
        show: Callback::from(move |panel: String| {
            let to = place_of(here, &panel);
            if to != here {
                show(to);
            }
        }),
    };
    if *printing {
        page.place.depth = Depth::Everything;
    }
    // A tab of which the link leaves nothing is not shown.
    if here.depth != Depth::Everything && !panels::tabs(&page).any(|tab| tab == here.tab) {
        let first = panels::tabs(&page).next();
        page.place.tab = first.unwrap_or_default();
    }
    use_swipes();
    let (recorded, begun) = (page.state.recorded, page.state.runs_started);
    let guide = use_new_guide(&page);
    let shown = (page.view.hide.clone(), page.place, page.state.plan.clone());
    let schedule = use_redraw_schedule(running == "running", shown);
    let stage = stage(&page, &schedule);
    // What is shown class by class keeps its place from the start.
    let classes = format!("--classes: {}", page.state.experiment.class_count());
    let page_texts = page.texts.clone();
    let place = page.place;
    let (header, tabs, notices, summary_line, lesson) =
        (island!(use_header), island!(use_tabs), notices(&page), summary_line(&page), lesson_panel(&guide));
    html! {
        <ContextProvider<AppContext> context={page}>
        <ContextProvider<Guide> context={guide}>
            { skip_link(&page_texts) }
            { header }
            { island!(use_tour) }
            { tabs }
            { island!(use_announcer) }
            { notices }
            { summary_line }
            { island!(use_class_cell) }
            <main data-tab={place.tab.word()} data-depth={place.depth.word()} data-state={running} data-begun={begun.to_string()}
                data-recorded={recorded.to_string()} style={classes}>
                { stage }
            </main>
            { lesson }
            { island!(use_keyboard) }
        </ContextProvider<Guide>>
        </ContextProvider<AppContext>>
    }
}

/// The first stop of the Tab key: past the head and the data, to the picture. A link would change the address, which
/// holds the experiment.
fn skip_link(texts: &Texts) -> Html {
    let skip = Callback::from(|_: MouseEvent| focus("soft-targets"));
    html! { <button id="skip" onclick={skip}>{ texts.get("skip") }</button> }
}

//! The root: one state, one driver, and the bench of panels.

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use retort_spec::{Actor, Command, RunState};
use yew::prelude::*;

use crate::{
    components::{
        confusion::Confusion, cost::Cost, curves::Curves, data::DataPanel, header::Header, lesson::LessonPanel,
        network::NetworkPanel, notices::Notices, settings::Settings, similarity::Similarity, soft_targets::SoftTargets,
        tour::Tour, verdict::VerdictPanel,
    },
    driver::Driver,
    i18n::{Language, Texts},
    lessons::guide::{Guide, use_new_guide},
    link,
    state::{Action, State},
};

/// How often the engine is asked whether it is alive.
const WATCH_MILLIS: u32 = 2500;

/// What every panel needs.
#[derive(Clone, PartialEq)]
pub struct Page {
    pub state: UseReducerHandle<State>,
    pub texts: Texts,
    pub driver: Driver,
    /// Changes the language.
    pub speak: Callback<Language>,
    pub theme: String,
    /// Changes between light and dark.
    pub paint: Callback<String>,
}

impl Page {
    /// A callback that turns a knob.
    pub fn turn(&self, key: &'static str) -> Callback<String> {
        let dispatch = self.state.dispatcher();
        Callback::from(move |value| dispatch.dispatch(Action::Turn { key, value }))
    }

    /// A callback that sends a command.
    pub fn command<T>(&self, command: Command) -> Callback<T> {
        let driver = self.driver.clone();
        Callback::from(move |_| driver.send(&command))
    }
}

/// The page of the nearest context.
#[hook]
pub fn use_page() -> Page {
    // The root provides it to all; without it there is nothing to draw.
    match use_context::<Page>() {
        Some(page) => page,
        None => unreachable!("panels are drawn inside the app"),
    }
}

/// The app.
#[component]
pub fn App() -> Html {
    let state = use_reducer(|| State::open(&link::query()));
    let texts = use_state(|| Texts::new(link::language()));
    let theme =
        use_state(|| link::page_key("theme").or_else(|| link::setting("theme")).unwrap_or_else(|| "auto".into()));
    let driver = {
        let (experiment, dispatch) = (state.experiment.clone(), state.dispatcher());
        use_memo((), move |()| Driver::start(experiment, dispatch))
    };

    use_effect_with((texts.language, (*theme).clone()), |(language, theme)| link::dress(*language, theme));
    {
        let driver = driver.clone();
        let first = use_mut_ref(|| true);
        use_effect_with(state.experiment.clone(), move |experiment| {
            link::write(experiment);
            // The driver starts the first one itself, once it knows the device.
            if !first.replace(false) {
                driver.run(experiment.clone());
            }
        });
    }
    {
        // While networks learn, what they say of the given example changes with every report.
        let driver = driver.clone();
        let moment =
            (state.question, state.tally.map(|tally| (tally.run, tally.step)), state.stale, state.chosen_file());
        let (id, given) = (state.question, state.given.clone());
        use_effect_with(moment, move |_| {
            if let Some(given) = given {
                driver.send(&Command::Classify { id, inputs: given.input.clone() });
            }
        });
    }
    {
        let driver = driver.clone();
        use_effect_with(state.own.clone(), move |own| driver.own(own.to_vec()));
    }
    {
        let driver = driver.clone();
        use_effect_with(state.pace, move |pace| driver.pace(*pace));
    }
    {
        let (driver, dispatch) = (driver.clone(), state.dispatcher());
        use_effect_with((), move |()| {
            let watch = Interval::new(WATCH_MILLIS, move || driver.watch());
            let back = web_sys::window().map(|window| {
                EventListener::new(&window, "popstate", move |_| dispatch.dispatch(Action::Navigate(link::query())))
            });
            move || drop((watch, back))
        });
    }

    let speak = {
        let texts = texts.clone();
        Callback::from(move |language: Language| {
            link::store("lang", language.tag());
            texts.set(Texts::new(language));
        })
    };
    let paint = {
        let theme = theme.clone();
        Callback::from(move |name: String| {
            link::store("theme", &name);
            theme.set(name);
        })
    };
    let running = match state.run_state {
        RunState::Running => "running",
        RunState::Paused => "paused",
        RunState::Finished => "finished",
        RunState::Idle => "idle",
    };
    let page =
        Page { state, texts: (*texts).clone(), driver: (*driver).clone(), speak, theme: (*theme).clone(), paint };
    let recorded = page.state.recorded;
    let guide = use_new_guide(&page);
    html! {
        <ContextProvider<Page> context={page}>
        <ContextProvider<Guide> context={guide}>
            <Header />
            <Notices />
            <main data-state={running} data-recorded={recorded.to_string()}>
                <DataPanel />
                <NetworkPanel actor={Actor::Teacher} />
                <SoftTargets />
                <NetworkPanel actor={Actor::Student} />
                <Cost />
                <Curves />
                <VerdictPanel />
                <Similarity />
                <Confusion />
                <Settings />
            </main>
            <LessonPanel />
            <Tour />
        </ContextProvider<Guide>>
        </ContextProvider<Page>>
    }
}

//! The head of the page: what it is, the run's controls, how far it is, and on what it computes.

use retort_spec::{RunState, Stage};
use yew::prelude::*;

use super::{
    icon::{Icon, icon},
    knob::text_of,
    share::Share,
};
use crate::{
    app::{Page, use_page},
    controls::Control,
    device::DeviceReason,
    format::{bytes, number},
    i18n::Language,
    link,
    state::{Action, Engine},
};

/// Speeds besides full speed, in batches a second: to follow, to see, to count along.
const PACES: [u32; 3] = [100, 10, 1];

/// The head of the page.
#[component]
pub fn Header() -> Html {
    let page = use_page();
    let texts = &page.texts;
    let state = &page.state;
    let running = state.run_state == RunState::Running;
    let other = if texts.language == Language::English { Language::Chinese } else { Language::English };
    let speak = page.speak.reform(move |_: MouseEvent| other);
    let next_theme = if page.theme == "dark" { "light" } else { "dark" };
    let paint = page.paint.reform(move |_: MouseEvent| next_theme.to_owned());
    let (theme_name, theme_icon) = match next_theme {
        "dark" => (texts.get("dark"), Icon::Moon),
        _ => (texts.get("light"), Icon::Sun),
    };
    let progress = progress(&page);
    html! {
        <header>
            <h1 class="brand">
                <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M9 3h4v5.2A6.5 6.5 0 1 1 5 14.5c0-2.9 1.6-5.2 4-6.3zM13 5.5c5 .3 7.5 4 8.5 10.5M5.6 15h11" />
                </svg>
                { "Retort" }
                <span>{ texts.get("tagline") }</span>
            </h1>
            <div class="controls" role="toolbar" aria-label={texts.get("controls")}>
                if page.shows("play") {
                    <button id="play" class="primary" disabled={!Control::Play.is_able(state, &page.view)} onclick={press(&page, Control::Play)}>
                        { if running { texts.get("pause") } else { texts.get("play") } }
                    </button>
                }
                { tool(&page, Control::StepBatch, Icon::Batch, texts.get("step-batch")) }
                { tool(&page, Control::StepEpoch, Icon::Epoch, texts.get("step-epoch")) }
                { tool(&page, Control::Stop, Icon::Stop, texts.help("stop")) }
                { tool(&page, Control::Reset, Icon::Again, texts.help("reset")) }
                { tool(&page, Control::NewSeed, Icon::Dice, texts.help("new-seed")) }
                { pace(&page) }
                <span class="apart" />
                { tool(&page, Control::Undo, Icon::Undo, texts.help("undo")) }
                { tool(&page, Control::Redo, Icon::Redo, texts.help("redo")) }
            </div>
            <div class="badges">
                if state.recorded {
                    <span class="badge mark" title={texts.get("recorded")}>{ texts.get("recorded-mark") }</span>
                }
                <span id="progress" class="badge" role="status" aria-live="polite" title={progress.clone()}>{ progress }</span>
                if page.shows("device") {
                    <span id="device" class="badge" title={device_reason(&page)} data-device={device_id(&page)} data-self-test={self_test(&page)}>
                        { device(&page) }
                    </span>
                }
                if page.shows("share") {
                    <Share />
                }
                if page.shows("theme") {
                    <button id="theme" class="icon-button" onclick={paint} aria-label={theme_name.clone()} title={theme_name}>{ icon(theme_icon) }</button>
                }
                if page.shows("language") {
                    <button id="language" onclick={speak} lang={other.tag()}>{ other.name() }</button>
                }
            </div>
        </header>
    }
}

fn press(page: &Page, control: Control) -> Callback<MouseEvent> {
    let page = page.clone();
    Callback::from(move |_| control.act(&page))
}

/// A control as an icon; its name is heard, and read in its tip together with what it does.
fn tool(page: &Page, control: Control, shape: Icon, help: String) -> Html {
    let id = control.name();
    if !page.shows(id) {
        return Html::default();
    }
    let name = page.texts.get(id);
    let tip = match page.locks(id) {
        true => format!("{name}. {}", page.texts.get("locked")),
        false if help == name => help,
        false => format!("{name}. {help}"),
    };
    html! {
        <button {id} class="icon-button" disabled={!control.is_able(&page.state, &page.view)} onclick={press(page, control)}
            aria-label={name} title={tip}>{ icon(shape) }</button>
    }
}

/// How fast it trains.
fn pace(page: &Page) -> Html {
    if !page.shows("pace") {
        return Html::default();
    }
    let (texts, now) = (&page.texts, page.state.pace);
    let dispatch = page.state.dispatcher();
    let change = Callback::from(move |event: Event| {
        let text = text_of(&event);
        link::store("pace", &text);
        dispatch.dispatch(Action::Pace(pace_of(&text)));
    });
    html! {
        <select id="pace" disabled={page.locks("pace")} onchange={change} aria-label={texts.get("pace")} title={texts.help("pace")}>
            <option value="full" selected={now.is_none()}>{ texts.get("pace-full") }</option>
            { for PACES.map(|steps| html! {
                <option value={steps.to_string()} selected={now == Some(steps)}>{ texts.with("pace-steps", &[("count", steps.into())]) }</option>
            }) }
        </select>
    }
}

/// A stored or chosen speed; `None`, which is full speed, for what is none of the menu's.
pub fn pace_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|steps| PACES.contains(steps))
}

fn progress(page: &Page) -> String {
    let (texts, state) = (&page.texts, &page.state);
    match (&state.engine, state.run_state, state.tally) {
        (Engine::Loading { received, total: Some(total) }, ..) => texts.with(
            "engine-loading-of",
            &[("received", bytes(texts, *received).into()), ("total", bytes(texts, *total).into())],
        ),
        (Engine::Loading { received, total: None }, ..) => {
            texts.with("engine-loading", &[("received", bytes(texts, *received).into())])
        }
        (Engine::Starting, ..) => texts.get("engine-starting"),
        (Engine::Failed(_), ..) => texts.get("engine-failed"),
        (Engine::Ready(_), RunState::Idle, _) => texts.get("idle"),
        (Engine::Ready(_), RunState::Finished, _) => texts.get("finished"),
        (Engine::Ready(_), run_state, Some(tally)) => {
            let id = match (run_state, tally.stage) {
                (RunState::Paused, _) => "progress-paused",
                (_, Stage::Teacher) => "progress-teacher",
                (_, Stage::Students) => "progress-students",
            };
            let args = [
                ("epoch", number(texts, tally.epoch.into(), 0).into()),
                ("epochs", number(texts, tally.epochs.into(), 0).into()),
                ("run", number(texts, (tally.run + 1).into(), 0).into()),
                ("runs", number(texts, tally.runs.into(), 0).into()),
            ];
            texts.with(id, &args)
        }
        (Engine::Ready(_), _, None) => texts.get("engine-starting"),
    }
}

fn device(page: &Page) -> String {
    let (texts, state) = (&page.texts, &page.state);
    let name = match &state.engine {
        Engine::Ready(info) if info.gpu => texts.get("device-is-gpu"),
        _ => texts.get("device-is-cpu"),
    };
    match state.tally.filter(|tally| tally.examples_per_second > 0.0) {
        // Two significant digits: the third changes with every report and says nothing.
        Some(tally) => {
            let unit = 10_f64.powf(tally.examples_per_second.log10().floor() - 1.0);
            let rounded = (tally.examples_per_second / unit).round() * unit;
            texts.with("device-speed", &[("device", name.into()), ("speed", number(texts, rounded, 0).into())])
        }
        None => name,
    }
}

fn device_id(page: &Page) -> &'static str {
    match &page.state.engine {
        Engine::Ready(info) if info.gpu => "gpu",
        Engine::Ready(_) => "cpu",
        _ => "none",
    }
}

/// The GPU's error against the CPU, for the curious and for the tests.
fn self_test(page: &Page) -> Option<String> {
    match &page.state.engine {
        Engine::Ready(info) => info.self_test.map(|test| format!("{:e}", test.error)),
        _ => None,
    }
}

fn device_reason(page: &Page) -> String {
    let texts = &page.texts;
    let reason = match page.state.device {
        None => return String::new(),
        Some(DeviceReason::CpuAsked) => texts.get("reason-cpu-asked"),
        Some(DeviceReason::NoWebGpu) => texts.get("reason-no-webgpu"),
        Some(DeviceReason::SoftwareAdapter) => texts.get("reason-software"),
        Some(DeviceReason::NoTimestamps) => texts.get("reason-no-timestamps"),
        Some(DeviceReason::TooSmall) => texts.get("reason-too-small"),
        Some(DeviceReason::GpuFailed) => texts.get("reason-gpu-failed"),
        Some(DeviceReason::GpuAsked) => texts.get("reason-gpu-asked"),
        Some(DeviceReason::GpuFaster) => texts.get("reason-gpu-faster"),
    };
    match &page.state.engine {
        Engine::Ready(info) => match (&info.adapter, info.self_test) {
            (Some(adapter), Some(test)) => {
                let error = format!("{:.0e}", test.error);
                format!(
                    "{reason} {}",
                    texts.with("self-test", &[("adapter", adapter.as_str().into()), ("error", error.into())])
                )
            }
            _ => reason,
        },
        _ => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_speeds_of_the_menu_are_taken_from_storage() {
        assert_eq!(pace_of("10"), Some(10));
        assert_eq!(pace_of("full"), None);
        assert_eq!(pace_of("0"), None, "nothing would ever be trained");
        assert_eq!(pace_of("7"), None, "the menu could not show it");
    }
}

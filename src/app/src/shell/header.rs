//! The head of the page: what it is, the run's controls, how far it is, and on what it computes.

use retort_spec::{NetworkId, Progress, RunState};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        Language,
        format::{bytes, number},
        labels::network_names,
    },
    island,
    panels::lesson::menu::use_lessons_button,
    sharing::dialog::use_share,
    shell::{diagnostics::diagnostics, toolbar::toolbar},
    state::{Engine, networks::is_usual},
    widgets::icon::{Icon, icon},
};

/// The head of the page.
pub fn header(page: &AppContext) -> Html {
    let texts = &page.texts;
    let state = &page.state;
    let other = if texts.language == Language::English { Language::Chinese } else { Language::English };
    let set_language = page.set_language.reform(move |_: MouseEvent| other);
    let next_theme = if page.theme == "dark" { "light" } else { "dark" };
    let set_theme = page.set_theme.reform(move |_: MouseEvent| next_theme.to_owned());
    let (theme_name, theme_icon) = match next_theme {
        "dark" => (texts.get("dark"), Icon::Moon),
        _ => (texts.get("light"), Icon::Sun),
    };
    let progress = progress(page);
    html! {
        <header>
            <h1 class="brand">
                <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M9 3h4v5.2A6.5 6.5 0 1 1 5 14.5c0-2.9 1.6-5.2 4-6.3zM13 5.5c5 .3 7.5 4 8.5 10.5M5.6 15h11" />
                </svg>
                { "Retort" }
                <span>{ texts.get("tagline") }</span>
            </h1>
            { toolbar(page) }
            <div class="badges">
                <span id="progress" class="badge" title={progress.clone()}>{ progress }</span>
                if state.recorded {
                    <span class="badge mark" title={texts.get("recorded")}>{ texts.get("recorded-mark") }</span>
                }
                if page.shows("device") {
                    { diagnostics(page) }
                }
                if page.shows("lessons") {
                    { island!(use_lessons_button) }
                }
                if page.shows("share") {
                    { island!(use_share) }
                }
                if page.shows("theme") {
                    <button id="theme" class="icon-button" onclick={set_theme} aria-label={theme_name.clone()} title={theme_name}>{ icon(theme_icon) }</button>
                }
                if page.shows("language") {
                    <button id="language" onclick={set_language} lang={other.tag()}>{ other.name() }</button>
                }
            </div>
        </header>
    }
}

/// Who learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learning {
    /// The one teacher.
    Teacher,
    /// The student beside the same network alone.
    Students,
    /// A compressed network.
    Tuning,
    /// Others, to be named.
    Others,
}

/// Who learns now.
pub fn learning(page: &AppContext, progress: Progress) -> Learning {
    let plan = &page.state.plan;
    match progress.phase {
        None => Learning::Tuning,
        Some(0) if is_usual(plan) => Learning::Teacher,
        Some(_) if is_usual(plan) => Learning::Students,
        Some(_) => Learning::Others,
    }
}

/// The names of those that learn now.
pub fn learners(page: &AppContext, progress: Progress) -> String {
    let plan = &page.state.plan;
    let ids: Vec<NetworkId> = progress.phase.into_iter().flat_map(|phase| plan.learners(phase)).collect();
    network_names(&page.texts, plan, &ids)
}

fn progress(page: &AppContext) -> String {
    let (texts, state) = (&page.texts, &page.state);
    match (&state.engine, state.run_state, state.progress) {
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
        (Engine::Ready(_), run_state, Some(progress)) => {
            let id = match (run_state, learning(page, progress)) {
                (RunState::Paused, _) => "progress-paused",
                (_, Learning::Teacher) => "progress-teacher",
                (_, Learning::Students) => "progress-students",
                (_, Learning::Tuning) => "progress-tuning",
                (_, Learning::Others) => "progress-networks",
            };
            let args = [
                ("networks", learners(page, progress).into()),
                ("epoch", number(texts, progress.epoch.into(), 0).into()),
                ("epochs", number(texts, progress.epochs.into(), 0).into()),
                ("run", number(texts, (progress.run + 1).into(), 0).into()),
                ("runs", number(texts, progress.runs.into(), 0).into()),
            ];
            texts.with(id, &args)
        }
        (Engine::Ready(_), _, None) => texts.get("engine-starting"),
    }
}

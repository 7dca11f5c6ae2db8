//! A sweep: which knobs it turns, how far it is, and what came of its cells, as a picture and as a table; or a search
//! among its cells.

pub mod class;
pub mod form;
pub mod heat;
pub mod lines;
pub mod save;
pub mod scale;
pub mod search;
pub mod table;
pub mod values;

use retort_spec::{Knob, RunState, Search, SearchError, SearchPlan, Sweep, SweepCell, SweepError, knob, sweep::Metric};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::number,
        troubles::{problem_reason, sweep_error},
    },
    island,
    panels::sweep::{
        class::{found, use_class, use_class_codes},
        form::form,
        heat::{FIT, heat},
        lines::lines,
        save::save_buttons,
        scale::{Colours, Scale},
        search::{asked, search_error, search_form, search_report},
        table::table,
        values::{Shown, link, metric_name},
    },
    state::{
        Action, Engine, SweepAction, SweepState, SweepStatus,
        literature::as_sweep,
        sweep_text::{joined, suggestion},
    },
    transport::Driver,
    widgets::{
        choice::choice,
        dom::opened,
        tag::{tag, text},
        window::{PHONE, use_narrower},
    },
};

/// Its entry in the table.
pub const PANEL: Panel =
    Panel { id: "sweep", draw: |_| island!(use_sweep), sites: &[(Tab::Compare, Area::Stage)], ..Panel::PLAIN };

/// The panel of sweeps.
#[hook]
pub fn use_sweep() -> Html {
    let page = use_page();
    let (chosen, colours, picture) = (use_state_eq(|| None::<Metric>), use_state_eq(|| Colours::Rank), use_node_ref());
    let class = use_class_codes();
    let (is_table_open, narrow) = (use_state_eq(|| false), use_narrower(PHONE));
    let (texts, state) = (&page.texts, &page.state);
    let draft = state.sweep_text.parse::<Sweep>();
    let given = (state.sweep_text.clone(), state.search_text.clone(), state.experiment.clone());
    let made = use_memo(given, |(text, search, experiment)| {
        let preview = text.parse::<Sweep>().ok().map(|sweep| (sweep.cells(experiment), sweep));
        // The search that is asked for, if it is one and can be made.
        let plan = match (asked(search), &preview) {
            (Ok(Some(plan)), Some((_, sweep))) => Search::new(experiment, sweep, plan).map(|_| Some(plan)),
            (plan, _) => plan,
        };
        (preview, plan)
    });
    let (preview, plan) = &*made;
    let ran = state.sweep.as_ref();
    let is_open = ran.is_some_and(|ran| ran.status.is_open());
    let shown = match (ran, preview) {
        (Some(ran), _) => Some(Shown::of(ran)),
        (None, Some((cells, sweep))) => Some(Shown { sweep, cells, base: &state.experiment, ran: None }),
        (None, None) => None,
    };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |word: String| chosen.set(Metric::of(&word)))
    };
    let colour = {
        let colours = colours.clone();
        Callback::from(move |word: String| {
            colours.set(Colours::ALL.into_iter().find(|one| one.word() == word).unwrap_or(Colours::Rank))
        })
    };
    let preset = state.preset();
    let metric = chosen.or(preset.and_then(|preset| Metric::of(&preset.metric))).unwrap_or(Metric::Accuracy);
    // The same sweep as it was measured elsewhere.
    let others: Vec<(&'static str, SweepState)> = [
        ("class-found", shown.as_ref().and_then(|shown| found(&page, shown.sweep, &class))),
        ("literature-kept", preset.and_then(as_sweep)),
    ]
    .into_iter()
    .filter_map(|(id, sweep)| Some((id, sweep?)))
    .collect();
    let toggled = {
        let is_table_open = is_table_open.clone();
        Callback::from(move |event: Event| is_table_open.set(opened(&event)))
    };
    // Each part keeps its place among its neighbours, so that none of them is made anew when another comes or goes.
    let results = if let Some((ran, search)) = ran.and_then(|ran| Some((ran, ran.search.as_ref()?))) {
        search_report(&page, ran, search)
    } else if let Some(shown) = &shown {
        let tools = vec![
            choice(texts.get("sweep-metric"), metrics(&page, shown), metric.word(), &choose),
            match shown.sweep.axes().len() {
                1 => Html::default(),
                _ => choice(texts.get("sweep-colours"), colourings(&page), colours.word(), &colour),
            },
            save_buttons(&page, shown, &picture, metric),
        ];
        let folded = if *is_table_open { table(&page, shown) } else { Html::default() };
        let summary = text("summary", &[], texts.get("table-of-data"));
        let has_spread = shown.metrics(Metric::Accuracy).iter().flatten().any(|spread| spread.values.len() > 1);
        let is_shared = page.shows("share") && state.search_text.is_empty();
        let parts = [
            tag("div", &[("class", "tools")], tools),
            pictures(&page, shown, &others, &picture, Drawn { metric, colours: *colours, narrow }),
            text("p", &[("class", "hint")], texts.get("sweep-open")),
            if has_spread { text("p", &[("class", "hint")], texts.get("sweep-spread")) } else { Html::default() },
            html! { <details class="table" ontoggle={toggled}>{ summary }{ folded }</details> },
            if is_shared { island!(use_class, (shown.sweep.to_string(), class)) } else { Html::default() },
        ];
        parts.into_iter().collect()
    } else {
        Html::default()
    };
    let parts = vec![
        text("h2", &[("id", "sweep-title")], texts.get("sweep")),
        text("p", &[], texts.get("sweep-about")),
        form(&page, draft.as_ref().err()),
        search_form(&page, plan.as_ref().err()),
        size(&page, &draft, preview, plan),
        run_buttons(&page, draft.ok().zip(plan.ok()), is_open),
        ran.map(|ran| progress(&page, ran)).unwrap_or_default(),
        results,
    ];
    tag("section", &[("id", "sweep"), ("class", "panel"), ("aria-labelledby", "sweep-title")], parts)
}

/// How the pictures are drawn.
#[derive(Clone, Copy)]
struct Drawn {
    metric: Metric,
    colours: Colours,
    narrow: bool,
}

/// The sweep as it is trained here, and beside it what others measured of it, in the same colours or on the same axis.
fn pictures(
    page: &AppContext,
    shown: &Shown<'_>,
    others: &[(&'static str, SweepState)],
    picture: &NodeRef,
    Drawn { metric, colours, narrow }: Drawn,
) -> Html {
    let others: Vec<(&'static str, Shown<'_>)> = others.iter().map(|(id, sweep)| (*id, Shown::of(sweep))).collect();
    let has_value = |shown: &Shown<'_>| metric != Metric::Bytes && shown.metrics(metric).iter().any(Option::is_some);
    let others: Vec<&(&'static str, Shown<'_>)> = others.iter().filter(|(_, other)| has_value(other)).collect();
    let compared: Vec<&Shown<'_>> = [shown].into_iter().chain(others.iter().map(|(_, other)| other)).collect();
    let values = compared.iter().flat_map(|shown| shown.metrics(metric)).flatten().map(|spread| spread.mean);
    let scale = Scale::of(colours, metric, values);
    let fit = FIT[if narrow {
        0
    } else if others.is_empty() {
        2
    } else {
        1
    }];
    let draw = |one: &Shown<'_>, legend: bool| match one.sweep.axes().len() {
        1 => lines(page, one, metric, fit, &compared),
        _ => heat(page, one, metric, fit, &scale, legend.then_some(colours)),
    };
    let caption = |id: &str| text("figcaption", &[], page.texts.get(id));
    let here = if others.is_empty() { Html::default() } else { caption("sweep-here") };
    let mut figures = vec![html! { <figure ref={picture}>{ here }{ draw(shown, true) }</figure> }];
    figures
        .extend(others.iter().map(|(id, other)| tag("figure", &[("id", id)], vec![caption(id), draw(other, false)])));
    tag("div", &[("class", "sweep-pictures")], figures)
}

/// What may decide the colours of a heat map, with its name.
fn colourings(page: &AppContext) -> Vec<(String, String)> {
    let named = |one: Colours| (one.word().to_owned(), page.texts.get(one.message()));
    Colours::ALL.map(named).into()
}

/// The metrics with their names.
fn metrics(page: &AppContext, shown: &Shown<'_>) -> Vec<(String, String)> {
    Metric::ALL.map(|(word, metric)| (word.to_owned(), metric_name(page, shown, metric))).into()
}

/// How much is asked for, or what is wrong with it.
fn size(
    page: &AppContext,
    draft: &Result<Sweep, SweepError>,
    preview: &Option<(Vec<SweepCell>, Sweep)>,
    plan: &Result<Option<SearchPlan>, SearchError>,
) -> Html {
    let texts = &page.texts;
    let size = |class: &str, parts| tag("p", &[("id", "sweep-size"), ("class", class)], parts);
    let error = draft.as_ref().err().filter(|error| **error != SweepError::Empty);
    if let Some(error) = error {
        return size("error", vec![sweep_error(texts, error).into()]);
    }
    if let Err(error) = plan {
        return size("error", vec![search_error(page, error).into()]);
    }
    let Some((cells, _)) = preview else {
        return size("empty", vec![texts.get("sweep-choose").into(), example(page)]);
    };
    let possible = cells.iter().filter_map(|cell| cell.experiment.as_ref().ok());
    let count = |count: usize| number(texts, count as f64, 0).into();
    if let Ok(Some(_)) = plan {
        let args = [("cells", count(possible.count()))];
        return size("empty", vec![texts.with("search-size", &args).into()]);
    }
    let trainings = possible.clone().map(|experiment| experiment.runs as usize).sum();
    let all = texts.with("sweep-size", &[("cells", count(possible.count())), ("trainings", count(trainings))]);
    let impossible = cells.iter().filter_map(|cell| cell.experiment.as_ref().err());
    let first = impossible.clone().next().map(|problem| {
        let reason = problem_reason(texts, &problem.kind).into();
        texts.with("sweep-impossible", &[("count", count(impossible.count())), ("reason", reason)])
    });
    size("empty", vec![[&*all, texts.language.gap(), &first.unwrap_or_default()].concat().into()])
}

/// The sweep that tells most about distillation: temperature against the width of the student (Hinton et al. 2015,
/// section 3).
fn example(page: &AppContext) -> Html {
    let state = &page.state;
    let keys = ["temperature", "student"];
    if keys.iter().any(|key| page.locks(key) || !page.shows_knob(key)) {
        return Html::default();
    }
    let train = state.data.as_ref().map(|data| data.train);
    let part = |knob: &Knob| (knob.key.to_owned(), suggestion(&state.experiment, knob, train));
    let text = joined(&keys.into_iter().filter_map(knob).map(part).collect::<Vec<_>>());
    let dispatch = state.dispatcher();
    let take = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Sweep(SweepAction::Draft(text.clone()))));
    html! { <button id="sweep-example" onclick={take}>{ page.texts.get("sweep-example") }</button> }
}

/// What starts, pauses and ends a sweep.
fn run_buttons(page: &AppContext, draft: Option<(Sweep, Option<SearchPlan>)>, is_open: bool) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let act = |act: fn(&Driver)| {
        let driver = page.driver.clone();
        Callback::from(move |_: MouseEvent| act(&driver))
    };
    if is_open {
        let is_paused = state.sweep.as_ref().is_some_and(|sweep| sweep.status == SweepStatus::Paused);
        let pause =
            if is_paused { act(|driver| driver.pause_sweep(false)) } else { act(|driver| driver.pause_sweep(true)) };
        return html! {
            <div class="tools">
                <button id="sweep-pause" onclick={pause}>{ texts.get(if is_paused { "sweep-resume" } else { "pause" }) }</button>
                <button id="sweep-cancel" onclick={act(|driver| driver.cancel_sweep())}>{ texts.get("fetch-stop") }</button>
            </div>
        };
    }
    let can_run = draft.is_some() && !matches!(state.engine, Engine::Failed(_));
    let label = if let Some((_, Some(_))) = draft { "search-run" } else { "sweep-run" };
    let run = {
        let (driver, base) = (page.driver.clone(), state.experiment.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some((sweep, plan)) = &draft {
                driver.start_sweep(base.clone(), sweep.clone(), *plan);
            }
        })
    };
    html! {
        <div class="tools">
            <button id="sweep-run" class="primary" disabled={!can_run} onclick={run} aria-describedby="sweep-size">{ texts.get(label) }</button>
        </div>
    }
}

/// How far the sweep is, and whether it is of what is shown.
fn progress(page: &AppContext, sweep: &SweepState) -> Html {
    let texts = &page.texts;
    let count = |count: u32| number(texts, count.into(), 0);
    let done =
        texts.with("sweep-progress", &[("done", count(sweep.done).into()), ("all", count(sweep.trainings).into())]);
    let left = sweep.seconds_left.filter(|_| sweep.status == SweepStatus::Running);
    let left = left.map(|seconds| texts.with("sweep-left", &[("seconds", number(texts, seconds.ceil(), 0).into())]));
    let status = match sweep.status {
        SweepStatus::Running => {
            sweep.search.as_ref().filter(|search| search.is_testing()).map(|_| texts.get("search-testing"))
        }
        SweepStatus::Waiting if page.state.run_state == RunState::Paused => None,
        SweepStatus::Waiting => Some(texts.get("sweep-waits")),
        SweepStatus::Paused => Some(texts.get("sweep-paused")),
        SweepStatus::Done if sweep.search.is_some() => None,
        SweepStatus::Done => Some(texts.get("sweep-done")),
        SweepStatus::Cancelled => Some(texts.get("sweep-cancelled")),
    };
    let base = || link(page, &sweep.run.base, Classes::new(), None, texts.get("sweep-base").into());
    let (all, now) = (sweep.trainings.to_string(), sweep.done.to_string());
    let bar = [("max", &*all), ("value", &now), ("aria-labelledby", "sweep-done")];
    let mut parts = Vec::new();
    if sweep.status.is_open() {
        parts.push(tag("progress", &bar, Vec::new()));
    }
    let left = left.map(|left| [" · ", &left].concat()).unwrap_or_default();
    parts.push(text("span", &[("id", "sweep-done")], [done, left].concat()));
    parts.push(text("span", &[("role", "status")], status.unwrap_or_default()));
    if !sweep.is_of(&page.state.experiment) {
        let other = [&texts.get("sweep-other"), texts.language.gap()].concat();
        parts.push(tag("span", &[], vec![other.into(), base()]));
    }
    tag("div", &[("class", "sweep-progress"), ("data-status", sweep.status.word())], parts)
}

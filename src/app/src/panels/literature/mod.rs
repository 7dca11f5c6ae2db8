//! Experiments of papers as sweeps: the menu of them, and what was published beside what was seen here. The sweep's own
//! panel draws its cells.

use retort_spec::Preset;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::{AppContext, use_page},
    island,
    platform::fetch::fetch_message,
    state::{
        Action, Notice, SweepAction,
        literature::{base, query},
    },
    widgets::{
        dom::text_of,
        tag::{tag, text},
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "literature",
    draw: |_| island!(use_literature),
    sites: &[(Tab::Compare, Area::Stage)],
    ..Panel::PLAIN
};

/// The panel.
#[hook]
pub fn use_literature() -> Html {
    let page = use_page();
    let (texts, state) = (&page.texts, &page.state);
    let dispatch = state.dispatcher();
    // In the language of the page; a visitor who never comes here fetches none.
    use_effect_with(texts.language, move |language| {
        let name = ["literature/", language.tag(), ".bin"].concat();
        spawn_local(async move {
            dispatch.dispatch(match fetch_message(&name).await {
                Ok(presets) => Action::Literature(presets),
                Err(reason) => Action::Notify(Notice::Fetch { reason }),
            });
        });
    });
    let chosen = state.preset();
    let choose = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let place = text_of(&event).parse().ok();
            let preset = place.and_then(|place: usize| page.state.literature.get(place));
            let Some((preset, sweep)) = preset.and_then(|preset| Some((preset, preset.sweep.parse().ok()?))) else {
                return;
            };
            page.state.dispatch(Action::Navigate(query(preset)));
            // All of its cells are trained, whatever was searched for before.
            page.state.dispatch(Action::Sweep(SweepAction::Plan(String::new())));
            page.driver.start_sweep(base(preset), sweep, None);
        })
    };
    let select = use_node_ref();
    let place = chosen.and_then(|chosen| state.literature.iter().position(|preset| std::ptr::eq(chosen, preset)));
    // The menu says what is shown, also once another sweep was written; its first line is no experiment.
    use_effect_with((select.clone(), place, state.literature.len()), |(select, place, _)| {
        if let Some(select) = select.cast::<HtmlSelectElement>() {
            select.set_selected_index(place.map_or(0, |place| place as i32 + 1));
        }
    });
    let mut lines = vec![text("option", &[("disabled", "disabled")], texts.get("literature-choose"))];
    lines.extend(options(&state.literature));
    let menu = html! {
        <select ref={select} id="literature-choice" onchange={choose} aria-labelledby="literature-title" disabled={state.literature.is_empty()}>{ lines }</select>
    };
    let parts = vec![
        text("h2", &[("id", "literature-title")], texts.get("literature")),
        text("p", &[], texts.get("literature-about")),
        menu,
        chosen.map(|preset| card(&page, preset)).unwrap_or_default(),
    ];
    tag("section", &[("id", "literature"), ("class", "panel"), ("aria-labelledby", "literature-title")], parts)
}

/// The papers, each with its experiments.
fn options(presets: &[Preset]) -> impl Iterator<Item = Html> {
    let option =
        |(place, preset): (usize, &Preset)| text("option", &[("value", &place.to_string())], preset.title.clone());
    // Authors and year; the section is the experiment's own.
    let paper = |preset: &Preset| preset.paper.split(';').next().unwrap_or_default().to_owned();
    let mut groups: Vec<(String, Vec<Html>)> = Vec::new();
    for (place, preset) in presets.iter().enumerate() {
        match groups.last_mut() {
            Some((last, options)) if *last == paper(preset) => options.push(option((place, preset))),
            _ => groups.push((paper(preset), vec![option((place, preset))])),
        }
    }
    groups.into_iter().map(|(paper, options)| tag("optgroup", &[("label", &paper)], options))
}

/// What was published, and what was seen here of it and what was not.
fn card(page: &AppContext, preset: &Preset) -> Html {
    let texts = &page.texts;
    let told = |id: &str, words: &str| {
        tag("p", &[], vec![text("b", &[], [&texts.get(id), texts.language.colon()].concat()), words.to_owned().into()])
    };
    let table = |caption: String, rows: &[(String, String)]| {
        if rows.is_empty() {
            return Html::default();
        }
        let row = |(what, figure): &(String, String)| {
            tag("tr", &[], vec![text("th", &[("scope", "row")], what.clone()), text("td", &[], figure.clone())])
        };
        let body = tag("tbody", &[], rows.iter().map(row).collect());
        tag("table", &[("class", "figures")], vec![text("caption", &[], caption), body])
    };
    let outside = [("target", "_blank"), ("rel", "noopener")];
    let away = |address: &str, words: String| text("a", &[&[("href", address)], &outside[..]].concat(), words);
    let words = vec![
        tag("p", &[("class", "source")], vec![away(&preset.address, preset.paper.replace(';', ","))]),
        text("p", &[], preset.claim.clone()),
        told("literature-seen", &preset.seen),
        told("literature-unseen", &preset.unseen),
        tag("p", &[("class", "hint")], vec![away("docs/literature.html", texts.get("literature-all"))]),
    ];
    let figures =
        vec![table(texts.get("literature-published"), &preset.published), table(preset.head.clone(), &preset.ours)];
    let columns = vec![tag("div", &[], words), tag("div", &[], figures)];
    tag("div", &[("class", "literature-card")], columns)
}

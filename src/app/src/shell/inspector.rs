//! The inspector: the one place for settings. It holds the few that a first visit needs, until the visitor asks for
//! those of a network, the data or the scheme.

use retort_spec::Role;
use yew::prelude::*;

use crate::{
    context::AppContext,
    panels::{PANELS, Panel, data::file_drop, is_shown, panel_of, scheme},
    platform::place::{Depth, Place, Tab},
    sharing::builder::panel_name,
    shell::panel::{RedrawSchedule, panel},
    widgets::{
        dom::focus_quietly,
        highlight::reveal,
        knob::{knob_control, knob_slider},
        window::{PHONE, is_narrower},
    },
};

/// The settings of a first visit; the scheme's menu stands above them.
const ESSENTIALS: [&str; 5] = ["data", "labels", "teacher", "student", "soft"];

/// The inspector, where there is something to set and not all of it stands in the page.
pub fn inspector(page: &AppContext, schedule: &RedrawSchedule) -> Option<Html> {
    let (texts, place) = (&page.texts, page.place);
    let groups: Vec<&Panel> = PANELS.iter().filter(|panel| panel.is_settings() && is_shown(page, panel.id)).collect();
    let inspected = place.inspected.filter(|id| groups.iter().any(|panel| panel.id == *id));
    let is_here = place.depth != Depth::Everything && (place.tab == Tab::Distil || inspected.is_some());
    if !is_here || groups.is_empty() {
        return None;
    }
    let is_class = place.depth == Depth::Class;
    let choose = |to: Option<&'static str>, name: String| {
        let go = {
            let page = page.clone();
            // A phone's sheet leaves the map in view.
            Callback::from(move |_: MouseEvent| match to.filter(|_| is_narrower(PHONE)) {
                Some(id) => reveal(&page, id, None),
                None => page.go.emit(Place { inspected: to, ..place }),
            })
        };
        html! { <button data-group={to.unwrap_or("essentials")} aria-pressed={(inspected == to).to_string()} onclick={go}>{ name }</button> }
    };
    let shown = groups.iter().filter(|panel| if is_class { true } else { inspected == Some(panel.id) });
    let close = {
        let go = page.go.clone();
        Callback::from(move |_: MouseEvent| {
            go.emit(Place { inspected: None, ..place });
            focus_quietly("map");
        })
    };
    Some(html! {
        <div id="inspector" role="region" aria-label={texts.get("inspector")} data-inspected={inspected}>
            if !is_class {
                <div class="groups" role="group" aria-label={texts.get("inspector")}>
                    if place.tab == Tab::Distil {
                        { choose(None, texts.get("essentials")) }
                    }
                    { for groups.iter().map(|panel| choose(Some(panel.id), group_name(page, panel.id))) }
                    <button id="inspector-close" class="icon-button" onclick={close} aria-label={texts.get("inspector-close")}>{ "×" }</button>
                </div>
            }
            if !is_class && inspected.is_none() {
                { essentials(page) }
            } else {
                <>{ for shown.map(|one| panel(page, schedule, one.id, one.draw)) }</>
            }
        </div>
    })
}

/// A group of settings in a word or two.
fn group_name(page: &AppContext, panel: &str) -> String {
    match panel {
        "settings" => page.texts.get("inspector-more"),
        panel => panel_name(&page.texts, panel),
    }
}

/// The few settings that a first visit needs.
fn essentials(page: &AppContext) -> Html {
    let data = page.state.experiment.data;
    let is_here = |key: &str| is_shown(page, panel_of(key));
    let control = |key: &'static str| match key {
        "soft" => knob_slider(page, key),
        key => knob_control(page, key),
    };
    // A phone shows pictures first, and the map leads to each setting; elsewhere nothing is to be opened.
    html! {
        <section id="essentials" class="panel" aria-label={page.texts.get("essentials")}>
            <details open={!is_narrower(PHONE) || data.needs_files()}>
                <summary>{ page.texts.get("essentials") }</summary>
                if is_here("scheme") && page.shows_knob("scheme") {
                    { scheme::menu(page, page.state.experiment.scheme) }
                } else if data.is_of_sequences() {
                    <p class="hint">{ page.texts.get("scheme-one") }</p>
                }
                { for ESSENTIALS.into_iter().filter(|key| is_here(key)).map(|key| html! {
                    <>
                        if let Some(role) = match key { "teacher" => Some(Role::Teacher), "student" => Some(Role::Student), _ => None } {
                            <h3 class={role.word()}>{ panel_name(&page.texts, key) }</h3>
                        }
                        { control(key) }
                        if key == "data" && data.needs_files() {
                            { file_drop(page) }
                        }
                    </>
                }) }
            </details>
        </section>
    }
}

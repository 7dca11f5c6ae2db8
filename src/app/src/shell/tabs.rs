//! The tabs of the page, and how much of it stands open.

use retort_spec::{DataSet, Experiment, encode};
use yew::prelude::*;

use crate::{
    context::use_page,
    lessons::guide::use_guide,
    panels,
    platform::place::{Depth, Place, Tab},
    shell::tour::is_offered,
    state::{Action, Notice},
    widgets::dom::text_of,
};

/// The tabs; none where the link leaves only one.
#[hook]
pub fn use_tabs() -> Html {
    let (page, guide) = (use_page(), use_guide());
    let page = &page;
    let (texts, place) = (&page.texts, page.place);
    let tabs: Vec<Tab> = panels::tabs(page).filter(|tab| *tab != Tab::Lessons || page.shows("lessons")).collect();
    let tab = |tab: &Tab| {
        let tab = *tab;
        let is_here = place.depth != Depth::Everything && place.tab == tab;
        let go = page.go.reform(move |_: MouseEvent| match place.depth {
            Depth::Everything => Place { depth: Depth::First, ..place.at(tab) },
            _ => place.at(tab),
        });
        let id = format!("tab-{}", tab.word());
        html! { <button id={id.clone()} aria-current={is_here.then_some("page")} onclick={go}>{ texts.get(&id) }</button> }
    };
    let go = page.go.reform(move |event: Event| {
        let word = text_of(&event);
        let depth = Depth::ALL.into_iter().find(|depth| depth.word() == word).unwrap_or_default();
        Place { depth, ..place }
    });
    // Points in the plane show best where networks differ, but no image says that there are any. The button stays
    // where it is when they are there.
    let is_plane = page.state.experiment.data.is_plane();
    let (dispatch, before) = (page.state.dispatcher(), encode(&page.state.experiment));
    let show = Callback::from(move |_: MouseEvent| {
        dispatch.dispatch(Action::Navigate(encode(&Experiment::for_data(DataSet::Moons))));
        dispatch.dispatch(Action::Notify(Notice::Left { before: before.clone(), words: "maps-shown" }));
    });
    let maps = || html! { <button class="plain see-maps" disabled={is_plane} onclick={show.clone()}>{ texts.get("see-maps") }</button> };
    if tabs.len() < 2 {
        return Html::default();
    }
    let is_toured = is_offered(page) && guide.lesson.is_none();
    let tour = |id: Option<&'static str>| {
        let start = guide.show_tour.reform(|_: MouseEvent| ());
        html! { <button {id} class="plain tour-start" onclick={start}>{ texts.get("tour-start") }</button> }
    };
    html! {
        <>
        <nav id="tabs" aria-label={texts.get("tabs")}>
            <div class="tabs">{ for tabs.iter().map(tab) }</div>
            if is_toured {
                { tour(Some("tour-start")) }
                if place.tab == Tab::Distil {
                    { maps() }
                }
            }
            <label for="depth">{ texts.get("depth") }</label>
            <select id="depth" onchange={go}>
                { for Depth::ALL.into_iter().map(|depth| html! {
                    <option value={depth.word()} selected={depth == place.depth}>{ texts.get(&format!("depth-{}", depth.word())) }</option>
                }) }
            </select>
        </nav>
        // On a phone the tabs are a bar at the bottom, with room for nothing else.
        if is_toured && place.tab == Tab::Distil {
            <p class="first-steps">
                { tour(None) }
                { maps() }
            </p>
        }
        </>
    }
}

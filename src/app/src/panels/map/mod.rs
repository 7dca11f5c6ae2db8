//! Who teaches whom, as a picture drawn from the plan: the data, the networks, what passes between them, the packed
//! file. Each node, and each edge of soft targets, is a button that shows where its settings stand.

pub mod geometry;
pub mod grid;
pub mod layout;
pub mod model;
pub mod picture;
#[cfg(test)]
mod tests;
pub mod ways;
pub mod words;

use yew::prelude::*;

use super::{Area as Site, Panel, Tab, is_shown};
use crate::{
    context::{AppContext, use_page},
    i18n::format::tenth,
    island,
    panels::map::{
        geometry::Area,
        layout::layout,
        model::{Layout, Part, Say, TITLE, WIDTHS},
        picture::picture,
        words::{about, content, said, summary},
    },
    state::{Action, Notice, networks::is_teaching},
    widgets::{
        drawing::save_drawing,
        highlight::reveal,
        window::{PHONE, use_narrower},
    },
};

/// Its entry in the table.
pub const PANEL: Panel =
    Panel { id: "map", sites: &[(Tab::Distil, Site::Top)], draw: |_| island!(use_map), ..Panel::PLAIN };

/// In a narrower window the map for tablets is shown.
const TABLET: f64 = 1100.0;

/// The map's panel.
#[hook]
pub fn use_map() -> Html {
    let page = use_page();
    let (phone, tablet) = (use_narrower(PHONE), use_narrower(TABLET));
    let width = WIDTHS[if phone { 2 } else { usize::from(tablet) }];
    let figure = use_node_ref();
    let (texts, state) = (&page.texts, &page.state);
    let map = layout(&state.plan, &state.experiment, width);
    let save = |png: bool| {
        let (page, figure) = (page.clone(), figure.clone());
        Callback::from(move |_: MouseEvent| {
            if let Err(reason) = save_drawing(&page, &figure, "-map", png) {
                page.state.dispatch(Action::Notify(Notice::Save { reason }));
            }
        })
    };
    let scheme = texts.get(&format!("scheme-{}", state.experiment.scheme));
    html! {
        <section id="map" class="panel" aria-label={texts.get("map")}>
            <figure ref={figure.clone()} aria-label={summary(&page)}>
                { Html::from_html_unchecked(picture(&page, &map, &scheme).into()) }
                { button(&page, &map, TITLE, "scheme", [scheme, texts.help(&format!("scheme-{}", state.experiment.scheme))], "", None) }
                <>{ for map.nodes.iter().flat_map(|node| buttons(&page, &map, node.part)) }</>
            </figure>
            if page.shows("downloads") {
                <div class="save">
                    <button onclick={save(false)} aria-label={texts.get("map-svg")}>{ "SVG" }</button>
                    <button onclick={save(true)} aria-label={texts.get("map-png")}>{ "PNG" }</button>
                </div>
            }
        </section>
    }
}

/// The panel that holds a part's settings.
fn panel_of(page: &AppContext, part: Part) -> &'static str {
    match part {
        Part::Data => "data",
        Part::Network(id) if is_teaching(id) => "teacher",
        Part::Network(_) => "student",
        Part::Packed if page.state.experiment.data.is_of_sequences() => "task-sizes",
        Part::Packed => "cost",
    }
}

/// What can be pressed of a part: the soft targets that come to it, and the node itself.
fn buttons(page: &AppContext, map: &Layout, part: Part) -> Vec<Html> {
    let edge = |(area, _): &(Area, Part)| {
        let [label, more] = said(page, Say::Soft);
        let name = [&page.texts.get("soft-targets"), " ", &label, " ", &more].concat();
        button(page, map, *area, "student", [name, String::new()], "edge", None)
    };
    let edges = map.spots.iter().filter(|(_, to)| *to == part).map(edge);
    let node = map.nodes.iter().find(|node| node.part == part).map(|node| {
        let words = content(page, map, node);
        let name = match part {
            Part::Network(id) => page.name(id),
            _ => words.name,
        };
        let language = page.texts.language;
        let unit = if part == Part::Data { "" } else { language.percent_sign() };
        let label = [&name, language.colon(), &words.number, unit, " ", &words.beside].concat();
        let class = match part {
            Part::Network(id) if page.state.is_training(id) => ["training ", id.role_word()].concat(),
            _ => String::new(),
        };
        let network = match part {
            Part::Network(id) => Some(id.to_string()),
            _ => None,
        };
        button(page, map, node.area, panel_of(page, part), [label, about(page, part)], &class, network)
    });
    edges.chain(node).collect()
}

/// A button over the drawing; without a panel to show it is a mark alone.
fn button(
    page: &AppContext,
    map: &Layout,
    area: Area,
    id: &'static str,
    words: [String; 2],
    class: &str,
    network: Option<String>,
) -> Html {
    let share = |name: &str, part: f64, whole: f64| [name, ":", &tenth(100.0 * part / whole), "%;"].concat();
    let style = [
        share("left", area.left, map.width),
        share("top", area.top, map.height),
        share("width", area.width, map.width),
        share("height", area.height, map.height),
    ];
    let [label, title] = words;
    let onclick = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| reveal(&page, id, None))
    };
    let disabled = !is_shown(page, id);
    html! { <button class={class.to_owned()} data-network={network} style={style.concat()} {disabled} {onclick} aria-label={label} title={title} /> }
}

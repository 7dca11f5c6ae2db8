//! The panels of the page, one a file or folder.

pub mod activations;
pub mod compare;
pub mod compression_bench;
pub mod confusion;
pub mod cost;
pub mod curves;
pub mod data;
pub mod draw;
pub mod lesson;
pub mod literature;
pub mod map;
pub mod mechanism;
pub mod networks;
pub mod objectives;
pub mod packed;
pub mod report;
pub mod scheme;
pub mod settings;
pub mod similarity;
pub mod soft_targets;
pub mod sweep;
pub mod task_sizes;
pub mod verdict;
pub mod words;

use retort_spec::{ExhibitPlace, Experiment, Plan};
use yew::Html;

use crate::context::AppContext;
pub use crate::platform::place::Tab;
use crate::platform::place::{Depth, Place};

/// Where in a tab a panel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Across the whole page, first.
    Top,
    /// In the wide column.
    Stage,
    /// In the narrow column, beside the inspector.
    Side,
}

/// A panel of the page.
pub struct Panel {
    /// Its name in links, and its section's.
    pub id: &'static str,
    /// Whether a knob stands in it. The settings take those of which no panel says so.
    pub holds: fn(&str) -> bool,
    /// Where it stands, by tab; the inspector shows what stands nowhere.
    pub sites: &'static [(Tab, Area)],
    /// Whether it waits until the visitor asks for it, on a first visit.
    pub waits: bool,
    /// Whether it has anything to show of this plan.
    pub applies: fn(&Experiment, &Plan) -> bool,
    /// Draws it.
    pub draw: fn(&AppContext) -> Html,
}

impl Panel {
    /// What most panels are: they hold no knob and show every plan.
    pub const PLAIN: Self =
        Self { id: "", holds: |_| false, sites: &[], waits: false, applies: |_, _| true, draw: |_| Html::default() };

    /// Whether the inspector shows it.
    pub fn is_settings(&self) -> bool {
        self.sites.is_empty()
    }

    /// Where it stands in this tab.
    pub fn area(&self, tab: Tab) -> Option<Area> {
        self.sites.iter().find(|(site, _)| *site == tab).map(|(_, area)| *area)
    }
}

/// Every panel, in the order of the page.
pub const PANELS: &[Panel] = &[
    map::PANEL,
    data::PANEL,
    scheme::PANEL,
    networks::TEACHER,
    soft_targets::PANEL,
    mechanism::PANEL,
    networks::STUDENT,
    cost::PANEL,
    curves::PANEL,
    verdict::PANEL,
    objectives::PANEL,
    draw::PANEL,
    similarity::PANEL,
    confusion::PANEL,
    words::PANEL,
    task_sizes::PANEL,
    packed::PANEL,
    compression_bench::PANEL,
    activations::PANEL,
    compare::PANEL,
    literature::PANEL,
    sweep::PANEL,
    lesson::cards::PANEL,
    settings::PANEL,
    report::PANEL,
];

/// Their names.
pub const IDS: &[&str] = &{
    let mut ids = [""; PANELS.len()];
    let mut at = 0;
    while at < ids.len() {
        ids[at] = PANELS[at].id;
        at += 1;
    }
    ids
};

/// Whether a panel is on the page: the link does not hide it, and it has something to show of the plan.
pub fn is_shown(page: &AppContext, id: &str) -> bool {
    // The map says at a glance what these panels say: where a class is not to see it, there is none.
    let told = ["teacher", "student", "verdict"];
    (id != map::PANEL.id || told.iter().all(|id| page.shows(id)))
        && page.shows(id)
        // A scheme that shows nothing of itself needs no room.
        && (id != mechanism::PANEL.id || page.state.exhibit(ExhibitPlace::Scheme).is_some())
        && PANELS.iter().all(|panel| panel.id != id || (panel.applies)(&page.state.experiment, &page.state.plan))
}

/// Whether a panel stands in the page as it is: in its tab, in the inspector, or anywhere where all views are.
pub fn stands(place: Place, panel: &Panel) -> bool {
    place.depth == Depth::Everything
        || panel.area(place.tab).is_some()
            && !(panel.waits && place.depth == Depth::First && place.opened != Some(panel.id))
        || panel.is_settings() && (place.depth == Depth::Class || place.inspected == Some(panel.id))
}

/// The place at which a panel can be seen: this one, if it can be.
pub fn place_of(place: Place, id: &str) -> Place {
    match PANELS.iter().find(|panel| panel.id == id) {
        Some(panel) if !stands(place, panel) => match panel.sites.first() {
            Some((tab, _)) => Place { opened: panel.waits.then_some(panel.id), ..place.at(*tab) },
            // Beside the list of lessons there is no picture that settings could change.
            None if place.tab == Tab::Lessons => Place { inspected: Some(panel.id), ..place.at(Tab::Distil) },
            None => Place { inspected: Some(panel.id), ..place },
        },
        _ => place,
    }
}

/// The tabs that have something to show.
pub fn tabs(page: &AppContext) -> impl Iterator<Item = Tab> + '_ {
    let shown = |tab: Tab| {
        let stands = |panel: &Panel| panel.area(tab).is_some() || tab == Tab::Distil && panel.is_settings();
        PANELS.iter().any(|panel| panel.id != report::PANEL.id && stands(panel) && is_shown(page, panel.id))
    };
    Tab::ALL.into_iter().filter(move |tab| shown(*tab))
}

/// The panel in which a knob stands.
pub fn panel_of(key: &str) -> &'static str {
    PANELS.iter().find(|panel| (panel.holds)(key)).map_or(settings::PANEL.id, |panel| panel.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use retort_spec::{DataSet, Experiment, KNOBS, Objective, Scheme};

    use super::*;

    #[test]
    fn every_panel_has_a_name_of_its_own_and_a_knob_stands_in_one() {
        assert_eq!(IDS.iter().collect::<BTreeSet<_>>().len(), PANELS.len());
        for knob in KNOBS {
            assert!(PANELS.iter().filter(|panel| (panel.holds)(knob.key)).count() <= 1, "{}", knob.key);
        }
        assert!(Objective::WORDS.iter().chain(&["guided", "first-stage"]).all(|key| panel_of(key) == "objectives"));
        assert_eq!([panel_of("teacher"), panel_of("seed"), panel_of("compress")], ["teacher", "settings", "bench"]);
        assert_eq!([panel_of("scheme"), panel_of("members"), panel_of("wrong")], ["scheme"; 3]);
    }

    #[test]
    fn a_panel_without_anything_to_show_is_left_out() {
        let of = |data: DataSet, scheme: Scheme| {
            let experiment = Experiment::usual(data, scheme);
            let panels = PANELS.iter().filter(|panel| !(panel.applies)(&experiment, &experiment.plan()));
            panels.map(|panel| panel.id).collect::<Vec<_>>()
        };
        let left_out = |scheme| of(DataSet::Digits8, scheme);
        assert_eq!(left_out(Scheme::Offline), ["words", "task-sizes"]);
        assert_eq!(left_out(Scheme::Mutual), ["teacher", "words", "task-sizes"]);
        assert_eq!(left_out(Scheme::BornAgain), ["words", "task-sizes"]);
        assert_eq!(left_out(Scheme::Soup), ["objectives", "words", "task-sizes"]);
        assert_eq!(left_out(Scheme::Subliminal), ["objectives", "words", "task-sizes"]);
        let of_images = ["cost", "draw", "packed", "bench", "inside"];
        let of_places = of(DataSet::Places, Scheme::Offline);
        assert!(of_images.iter().all(|id| of_places.contains(id)) && !of_places.contains(&"words"));
        let of_curve = of(DataSet::Curve, Scheme::Offline);
        assert!(of_curve.contains(&"objectives"));
        // What is said of classes is said of texts, too.
        let of_classes = ["similarity", "confusion"];
        assert!(of_classes.iter().all(|id| of_curve.contains(id) && !of_places.contains(id)));
    }
}

//! Pointing at panels from elsewhere: an outline, and a gentle scroll to where they stand.

use web_sys::{Element, ScrollBehavior, ScrollIntoViewOptions, ScrollLogicalPosition, window};
use yew::prelude::*;

/// The attribute that the style sheet outlines.
const MARK: &str = "data-look";

/// Outlines the panels of these ids and brings the first into view, until others are named. It does so anew when
/// `moment` changes, since panels come and go with the data.
#[hook]
pub fn use_look<T: PartialEq + 'static>(ids: &[&str], moment: T) {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    use_effect_with((ids, moment), |(ids, _)| {
        let panels: Vec<Element> = ids.iter().filter_map(|id| element(id)).collect();
        for panel in &panels {
            // Setting a well-formed attribute cannot fail.
            let _ = panel.set_attribute(MARK, "");
        }
        panels.iter().take(1).for_each(approach);
        move || {
            for panel in panels {
                let _ = panel.remove_attribute(MARK);
            }
        }
    });
}

/// Brings a panel into view, if it is there.
pub fn scroll_to(id: &str) {
    if let Some(panel) = element(id) {
        approach(&panel);
    }
}

/// Gives the page's root this class while `on`, so that the layout makes room.
#[hook]
pub fn use_root_class(class: &'static str, on: bool) {
    use_effect_with(on, move |&on| {
        let classes = window()
            .and_then(|window| window.document())
            .and_then(|document| document.document_element())
            .map(|root| root.class_list());
        if let Some(classes) = classes.as_ref().filter(|_| on) {
            let _ = classes.add_1(class);
        }
        move || {
            if let Some(classes) = classes {
                let _ = classes.remove_1(class);
            }
        }
    });
}

fn element(id: &str) -> Option<Element> {
    window()?.document()?.get_element_by_id(id)
}

fn approach(panel: &Element) {
    let calm = window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    let calm = calm.is_some_and(|query| query.matches());
    let options = ScrollIntoViewOptions::new();
    options.set_behavior(if calm { ScrollBehavior::Instant } else { ScrollBehavior::Smooth });
    // A panel that can be seen stays where it is.
    options.set_block(ScrollLogicalPosition::Nearest);
    panel.scroll_into_view_with_scroll_into_view_options(&options);
}

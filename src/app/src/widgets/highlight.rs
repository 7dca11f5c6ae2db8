//! Pointing at panels from elsewhere: an outline, and a gentle scroll to where they stand.

use std::{cell::Cell, rc::Rc};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{DomRect, Element, Event, HtmlElement, ResizeObserver, ScrollBehavior, ScrollToOptions, window};
use yew::prelude::*;

use crate::{context::AppContext, widgets::dom::focus_in_place};

/// The attribute that the style sheet outlines.
const MARK: &str = "data-look";
/// The attribute that flashes.
const FLASH: &str = "data-flash";
/// Settings that were asked for, but in a lesson, whose column says what is shown.
const SHEET: &str = ":root:not(.with-lesson) #inspector[data-inspected]";
/// Boxes that guide the visitor. They may lie over the page, and scrolling inside them does not scroll the page.
const GUIDES: &str = "[data-guide]";
/// What a visitor does to go elsewhere on the page.
const MOVES: [&str; 5] = ["wheel", "touchmove", "pointerdown", "keydown", "scroll"];
/// Scrolling later than this after the page moved itself is the visitor's, by the bar at the window's edge.
const OWN_MILLIS: f64 = 1000.0;
/// Room left between a panel and the edge of what can be seen.
const MARGIN: f64 = 8.0;

/// Outlines the panels of these ids and brings the first into view, until others are named; in a panel that is too tall
/// the control of `knob` comes into view. It does so anew when `moment` changes, since panels come and go with the
/// data.
#[hook]
pub fn use_look<T: PartialEq + 'static>(ids: &[&str], knob: Option<&str>, moment: T) {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let knob = knob.map(str::to_owned);
    use_effect_with((ids, knob, moment), |(ids, knob, _)| {
        let panels: Vec<Element> = ids.iter().filter_map(|id| element(id)).collect();
        for panel in &panels {
            // Setting a well-formed attribute cannot fail.
            let _ = panel.set_attribute(MARK, "");
        }
        let kept = panels.first().map(|panel| Kept::new(panel.clone(), knob.clone()));
        move || {
            drop(kept);
            for panel in panels {
                let _ = panel.remove_attribute(MARK);
            }
        }
    });
}

/// Keeps a panel in view until the visitor goes elsewhere. Panels above it get their height only when data and results
/// come, and the guiding box changes its own with its text.
struct Kept {
    observer: Option<ResizeObserver>,
    _resized: Closure<dyn FnMut(Array)>,
    _moves: Vec<EventListener>,
}

impl Kept {
    fn new(panel: Element, knob: Option<String>) -> Self {
        approach(&panel, knob.as_deref(), is_calm());
        let (free, first) = (Rc::new(Cell::new(false)), Cell::new(true));
        let moved = Rc::new(Cell::new(js_sys::Date::now()));
        let mut moves = Vec::new();
        for kind in MOVES {
            let (free, moved) = (free.clone(), moved.clone());
            // The page's own scrolling is no move of the visitor's; theirs by the window's bar is.
            let goes = move |event: &Event| match kind {
                "scroll" => js_sys::Date::now() - moved.get() > OWN_MILLIS,
                _ => !is_in_guide(event),
            };
            moves.extend(
                window()
                    .map(|window| EventListener::new(&window, kind, move |event| free.set(free.get() || goes(event)))),
            );
        }
        let resized = Closure::<dyn FnMut(Array)>::new(move |_: Array| {
            // An observer reports once as it begins, which would cut the gentle scroll short.
            if !first.replace(false) && !free.get() {
                moved.set(js_sys::Date::now());
                approach(&panel, knob.as_deref(), true);
            }
        });
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(document)) = (&observer, window().and_then(|window| window.document())) {
            for element in ["main", GUIDES].iter().filter_map(|query| document.query_selector(query).ok().flatten()) {
                observer.observe(&element);
            }
        }
        Self { observer, _resized: resized, _moves: moves }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

/// Brings a panel into view, if it is there, lets it flash, and moves the focus to the control of `knob` in it, or else
/// to the panel.
fn go_to(id: &str, knob: Option<&str>) {
    let Some(panel) = element(id) else { return };
    // A fold that hides the control opens.
    if let Some(fold) = knob.and_then(control).and_then(|control| control.closest("details").ok().flatten()) {
        let _ = fold.set_attribute("open", "");
    }
    match panel.closest(SHEET) {
        Ok(Some(sheet)) => fit(&sheet, knob),
        _ => approach(&panel, knob, is_calm()),
    }
    let row = knob.and_then(control).and_then(|control| control.closest(".knob").ok().flatten());
    flash(row.as_ref().unwrap_or(&panel));
    let target = knob.and_then(control).unwrap_or_else(|| {
        let _ = panel.set_attribute("tabindex", "-1");
        panel
    });
    if let Some(element) = target.dyn_ref::<HtmlElement>() {
        focus_in_place(element);
    }
}

/// Makes the settings as high as the window has room below their top, so that nothing moves away for them, and scrolls
/// in them to the control of `knob`. On a phone the map comes to the window's top, and they have the room below it.
fn fit(sheet: &Element, knob: Option<&str>) {
    let Some(window) = window() else { return };
    let height = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let give = |room: f64| {
        // Setting a well-formed attribute cannot fail.
        let _ = sheet.set_attribute("style", &format!("--room:{room:.0}px"));
    };
    if position(&window, sheet).as_deref() != Some("fixed") {
        give(height - sheet.get_bounding_client_rect().top() - MARGIN);
        approach(sheet, None, is_calm());
    } else if let (Some(map), Some(head)) = (element("map"), element("play")) {
        let (map, foot) = (map.get_bounding_client_rect(), head.get_bounding_client_rect().bottom() + MARGIN);
        give(height - foot - map.height() - MARGIN);
        scroll(&window, map.top() - foot, is_calm());
    }
    let below = knob.and_then(control).map(|row| row.get_bounding_client_rect().bottom() + MARGIN);
    let below = below.unwrap_or_default() - sheet.get_bounding_client_rect().bottom();
    sheet.set_scroll_top(if below > 0.0 { sheet.scroll_top() + below as i32 } else { 0 });
}

/// Answers everyone who asks where something is, also where its outline is there already: the two words begin the style
/// sheet's animation anew.
fn flash(element: &Element) {
    let again = element.get_attribute(FLASH).as_deref() == Some("a");
    let _ = element.set_attribute(FLASH, if again { "b" } else { "a" });
}

/// The word of CSS for how an element is placed.
fn position(window: &web_sys::Window, element: &Element) -> Option<String> {
    window.get_computed_style(element).ok().flatten()?.get_property_value("position").ok()
}

/// Whether a panel is on the page and the control of `knob` stands in it.
pub fn holds(id: &str, knob: &str) -> bool {
    element(id).zip(control(knob)).is_some_and(|(panel, control)| panel.contains(Some(&control)))
}

/// Scrolls gently until an element can be seen, if it cannot.
pub fn bring_into_view(id: &str) {
    if let Some(element) = element(id) {
        approach(&element, None, is_calm());
    }
}

/// Shows a panel wherever it stands, and goes to it.
pub fn reveal(page: &AppContext, id: &str, knob: Option<&str>) {
    page.show.emit(id.to_owned());
    let (id, knob) = (id.to_owned(), knob.map(str::to_owned));
    // Another tab is drawn first.
    Timeout::new(0, move || go_to(&id, knob.as_deref())).forget();
}

/// Gives the page's root this class while `on`, so that the layout makes room.
#[hook]
pub fn use_root_class(class: &'static str, on: bool) {
    use_effect_with(on, move |&on| {
        if on {
            set_root_class(class, true);
        }
        move || set_root_class(class, false)
    });
}

/// Gives the root of the page a class, or takes it away.
pub fn set_root_class(class: &str, on: bool) {
    let root = window().and_then(|window| window.document()).and_then(|document| document.document_element());
    if let Some(root) = root {
        let classes = root.class_list();
        let _ = if on { classes.add_1(class) } else { classes.remove_1(class) };
    }
}

fn element(id: &str) -> Option<Element> {
    window()?.document()?.get_element_by_id(id)
}

/// What a knob is turned by: a field, a slider, or a slider that has the knob's own name.
fn control(knob: &str) -> Option<Element> {
    let ids = [format!("knob-{knob}"), format!("slider-{knob}"), format!("{knob}-slider"), knob.to_owned()];
    ids.iter().find_map(|id| element(id))
}

fn is_in_guide(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| matches!(target.closest(GUIDES), Ok(Some(_))))
}

/// Whether the visitor asks for less motion.
pub fn is_calm() -> bool {
    let calm = window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    calm.is_some_and(|query| query.matches())
}

fn approach(panel: &Element, knob: Option<&str>, at_once: bool) {
    let (Some(window), rect) = (window(), panel.get_bounding_client_rect()) else { return };
    let seen = seen(&window, panel, &rect);
    // What is folded away has no height.
    let row = knob.and_then(control).map(|row| row.get_bounding_client_rect()).filter(|row| row.height() > 0.0);
    let way = way([rect.top(), rect.bottom()], row.map(|row| [row.top(), row.bottom()]), seen);
    scroll(&window, way, at_once);
}

/// Scrolls down by so many pixels.
fn scroll(window: &web_sys::Window, way: f64, at_once: bool) {
    if way.abs() < 1.0 {
        return;
    }
    let options = ScrollToOptions::new();
    options.set_top(way);
    options.set_behavior(if at_once { ScrollBehavior::Instant } else { ScrollBehavior::Smooth });
    window.scroll_by_with_scroll_to_options(&options);
}

/// Top and bottom of what can be seen of the window where `panel` stands, without what lies over it.
fn seen(window: &web_sys::Window, element: &Element, panel: &DomRect) -> [f64; 2] {
    let height = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let find = |query: &str| window.document().and_then(|document| document.query_selector(query).ok().flatten());
    // What stays at the window's top takes its height from there, wherever it stands now.
    let stays = |element: &Element| position(window, element).as_deref() == Some("sticky");
    let mut seen = [MARGIN, height - MARGIN];
    for (element, is_guide) in [(find("header"), false), (find(GUIDES), true)] {
        let Some((element, rect)) = element.map(|element| (element.clone(), element.get_bounding_client_rect())) else {
            continue;
        };
        if is_guide && (rect.left() >= panel.right() || rect.right() <= panel.left()) {
            continue;
        }
        if stays(&element) {
            seen[0] += rect.height();
        } else if is_guide {
            seen[1] = rect.top().min(height) - MARGIN;
        }
    }
    // Bars that stay at the window's foot.
    for bar in ["#tabs", ".temperatures"].into_iter().filter_map(find) {
        let rect = bar.get_bounding_client_rect();
        let is_fixed = position(window, &bar).as_deref() == Some("fixed");
        if is_fixed && !bar.contains(Some(element)) && rect.top() > height / 2.0 {
            seen[1] = seen[1].min(rect.top() - MARGIN);
        }
    }
    seen
}

/// How far to scroll so that a panel can be seen: not at all where it can, to its top where it is too tall, and then
/// on to a row in it that would still be out of view.
fn way(panel: [f64; 2], row: Option<[f64; 2]>, seen: [f64; 2]) -> f64 {
    let room = seen[1] - seen[0];
    if panel[1] - panel[0] <= room {
        return if panel[0] < seen[0] { panel[0] - seen[0] } else { (panel[1] - seen[1]).max(0.0) };
    }
    let to_top = panel[0] - seen[0];
    row.map_or(to_top, |row| to_top.max(row[1] - seen[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_that_can_be_seen_stays_and_another_comes_by_the_shortest_way() {
        let seen = [0.0, 500.0];
        assert_eq!(way([100.0, 400.0], None, seen), 0.0);
        assert_eq!(way([-50.0, 200.0], None, seen), -50.0, "above");
        assert_eq!(way([450.0, 700.0], None, seen), 200.0, "below");
    }

    #[test]
    fn of_a_panel_too_tall_the_top_is_shown_or_the_row_asked_for() {
        let seen = [10.0, 300.0];
        assert_eq!(way([200.0, 900.0], None, seen), 190.0);
        assert_eq!(way([200.0, 900.0], Some([250.0, 280.0]), seen), 190.0, "the row is in view then");
        assert_eq!(way([200.0, 900.0], Some([700.0, 740.0]), seen), 440.0, "its foot stands at the edge");
    }
}

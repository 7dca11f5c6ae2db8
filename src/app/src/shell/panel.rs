//! Panels in their places. One that is looked at is drawn with every report; one out of view every second while
//! networks train: drawing all of it ten times a second took the page's thread two fifths of the time, on two cores,
//! while eight seeds trained.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit, window};
use yew::prelude::*;

use crate::{context::AppContext, widgets::island::island};

/// How often panels out of view are drawn at least while networks train.
const UNSEEN_MILLIS: f64 = 1000.0;
/// What is nearer to the view than this is drawn as if it were in it.
const MARGIN: &str = "300px";

/// Which panels are due.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RedrawSchedule {
    /// Rises whenever the page is drawn.
    seen: u32,
    /// What `seen` was when panels out of view were drawn last.
    unseen: u32,
    /// When that was, in milliseconds.
    at: f64,
    /// Panels known to be out of view.
    hidden: Rc<Vec<String>>,
    /// Whether the whole page is, behind another tab.
    away: bool,
}

impl RedrawSchedule {
    /// The next drawing of the page.
    fn next(&mut self, training: bool, now: f64) {
        self.seen += 1;
        if !training || (now - self.at).abs() >= UNSEEN_MILLIS {
            (self.unseen, self.at) = (self.seen, now);
        }
    }

    /// The drawing that a panel shows.
    fn of(&self, panel: &str) -> u32 {
        if self.away || self.hidden.iter().any(|hidden| hidden == panel) { self.unseen } else { self.seen }
    }
}

/// Which panels are due in this drawing of the page; `shown` changes when others are in it.
#[hook]
pub fn use_redraw_schedule<T: PartialEq + 'static>(training: bool, shown: T) -> RedrawSchedule {
    let hidden = use_state_eq(Rc::<Vec<String>>::default);
    let schedule = use_mut_ref(RedrawSchedule::default);
    {
        let hidden = hidden.setter();
        use_effect_with(shown, move |_| {
            let mut known = Vec::new();
            let changed = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
                for entry in entries.iter() {
                    let entry = entry.unchecked_into::<IntersectionObserverEntry>();
                    let panel = entry.target().id();
                    known.retain(|known| *known != panel);
                    if !entry.is_intersecting() {
                        known.push(panel);
                    }
                }
                hidden.set(Rc::new(known.clone()));
            });
            let margin = IntersectionObserverInit::new();
            margin.set_root_margin(MARGIN);
            // Without an observer, or before it has spoken, all panels count as seen.
            let observer = IntersectionObserver::new_with_options(changed.as_ref().unchecked_ref(), &margin).ok();
            let panels = window().and_then(|window| window.document()?.query_selector_all("main .panel").ok());
            if let (Some(observer), Some(panels)) = (&observer, panels) {
                for panel in (0..panels.length()).filter_map(|index| panels.get(index)) {
                    observer.observe(panel.unchecked_ref());
                }
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(changed);
            }
        });
    }
    let mut schedule = schedule.borrow_mut();
    schedule.next(training, js_sys::Date::now());
    let away = window().and_then(|window| window.document()).is_some_and(|document| document.hidden());
    RedrawSchedule { hidden: (*hidden).clone(), away, ..schedule.clone() }
}

struct PanelProps {
    page: AppContext,
    turn: u32,
    show: fn(&AppContext) -> Html,
}

impl PartialEq for PanelProps {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

/// A panel in its place, if the link does not hide it; the others close up.
pub fn panel(page: &AppContext, schedule: &RedrawSchedule, name: &'static str, show: fn(&AppContext) -> Html) -> Html {
    if !page.shows(name) {
        return Html::default();
    }
    // What is inside sees the page as it was when the panel was drawn.
    island(
        name,
        PanelProps { page: page.clone(), turn: schedule.of(name), show },
        |_, PanelProps { page, show, .. }| {
            html! { <ContextProvider<AppContext> context={page.clone()}>{ show(page) }</ContextProvider<AppContext>> }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_drawn_once_a_second_while_networks_train() {
        let mut schedule = RedrawSchedule { hidden: Rc::new(vec!["draw".to_owned()]), ..RedrawSchedule::default() };
        schedule.next(true, 5000.0);
        assert_eq!((schedule.of("data"), schedule.of("draw")), (1, 1));
        schedule.next(true, 5900.0);
        assert_eq!((schedule.of("data"), schedule.of("draw")), (2, 1), "soon after");
        schedule.next(true, 6000.0);
        assert_eq!((schedule.of("data"), schedule.of("draw")), (3, 3), "a second later");
        schedule.next(false, 6001.0);
        assert_eq!((schedule.of("data"), schedule.of("draw")), (4, 4), "when training has ended");
        schedule.next(true, 100.0);
        assert_eq!(schedule.of("draw"), 5, "a clock that was set back keeps nothing waiting");
        schedule.next(true, 200.0);
        schedule.away = true;
        assert_eq!(schedule.of("data"), 5, "a page behind another tab");
    }
}

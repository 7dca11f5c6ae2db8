//! What a link leaves out of the page and what it locks, so that a class meets only what the lesson is about.

use retort_spec::{KNOBS, Problem, ProblemKind, knob, link::unpunctuated};

/// The controls that are no knobs.
pub const CONTROLS: &[&str] = &[
    "play",
    "step-batch",
    "step-epoch",
    "reset",
    "new-seed",
    "pace",
    "undo",
    "redo",
    "share",
    "theme",
    "language",
    "device",
    "downloads",
    "lessons",
    "bench-run",
];

/// Controls that the page had once: old links name them, and need no notice.
const GONE: &[&str] = &["stop"];

/// Locks every knob.
pub const ALL: &str = "all";

/// The name by which a link hides a knob: its key, or `knob-<key>` where a panel has that name.
pub fn name_of_knob(key: &str, panels: &[&str]) -> String {
    if panels.contains(&key) { format!("knob-{key}") } else { key.to_owned() }
}

/// What is hidden, what is locked, and whether the page is drawn for a projector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub hide: Vec<String>,
    pub lock: Vec<String>,
    pub projector: bool,
    /// The names of all panels.
    panels: &'static [&'static str],
}

impl View {
    /// Reads the page keys `hide`, `lock` and `view` of a page of these panels; what they name in vain is reported.
    pub fn read(
        panels: &'static [&'static str],
        hide: Option<&str>,
        lock: Option<&str>,
        view: Option<&str>,
    ) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut report = |key: &str, value: &str, kind| {
            problems.push(Problem { key: key.into(), value: value.into(), kind, used: None });
        };
        let mut names = |key: &str, list: Option<&str>, is_known: &dyn Fn(&str) -> bool| {
            let mut known: Vec<String> = Vec::new();
            let is_known = |name: &str| GONE.contains(&name) || is_known(name);
            for name in list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()) {
                // A sentence around the link may end behind the name.
                let name = if is_known(name) { name } else { unpunctuated(name) };
                match is_known(name) {
                    true if known.iter().any(|other| other == name) => {}
                    true => known.push(name.to_owned()),
                    false => report(key, name, ProblemKind::UnknownName),
                }
            }
            known
        };
        let hide = names("hide", hide, &|name| can_hide(name, panels));
        let lock = names("lock", lock, &can_lock);
        let projector = match view.map(unpunctuated) {
            None | Some("") => false,
            Some("projector") => true,
            Some(other) => {
                report("view", other, ProblemKind::NotAChoice { words: "projector".into() });
                false
            }
        };
        (Self { hide, lock, projector, panels }, problems)
    }

    /// Whether a panel or a control is shown.
    pub fn shows(&self, name: &str) -> bool {
        !self.hide.iter().any(|hidden| hidden == name)
    }

    /// Whether a knob is shown where its panel is.
    pub fn shows_knob(&self, key: &str) -> bool {
        self.shows(&name_of_knob(key, self.panels))
    }

    /// Whether a knob or a control is locked.
    pub fn locks(&self, name: &str) -> bool {
        self.lock.iter().any(|locked| locked == name || (locked == ALL && knob(name).is_some()))
    }
}

fn can_hide(name: &str, panels: &[&str]) -> bool {
    let is_knob = KNOBS.iter().any(|knob| name == name_of_knob(knob.key, panels));
    panels.contains(&name) || CONTROLS.contains(&name) || is_knob
}

fn can_lock(name: &str) -> bool {
    name == ALL || CONTROLS.contains(&name) || knob(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::IDS;

    fn read(hide: Option<&str>, lock: Option<&str>, view: Option<&str>) -> (View, Vec<Problem>) {
        View::read(IDS, hide, lock, view)
    }

    #[test]
    fn a_link_hides_and_locks_what_it_names() {
        let (view, problems) = read(Some("cost, temperature,verdict."), Some("teacher,stop"), Some("projector"));
        assert_eq!(problems, []);
        assert!(!view.shows("cost") && !view.shows("verdict") && view.shows("curves"));
        assert!(!view.shows_knob("temperature") && view.shows_knob("soft"));
        assert!(view.locks("teacher") && view.locks("stop") && !view.locks("student"));
        assert!(view.projector);
    }

    #[test]
    fn a_name_of_both_a_panel_and_a_knob_hides_the_panel() {
        let (view, _) = read(Some("teacher"), None, None);
        assert!(!view.shows("teacher") && view.shows_knob("teacher"));
        let (view, _) = read(Some("knob-teacher"), None, None);
        assert!(view.shows("teacher") && !view.shows_knob("teacher"));
    }

    #[test]
    fn an_objective_is_hidden_and_locked_as_any_knob() {
        let (view, problems) = read(Some("hint,knob-similarity,objectives"), Some("attention,similarity"), None);
        assert_eq!(problems, []);
        assert!(!view.shows_knob("hint") && !view.shows_knob("similarity") && view.shows_knob("attention"));
        assert!(view.shows("similarity") && !view.shows("objectives"), "similarity is a panel, too");
        assert!(view.locks("attention") && view.locks("similarity") && !view.locks("guided"));
    }

    #[test]
    fn all_locks_every_knob_and_no_control() {
        let (view, problems) = read(None, Some("all"), None);
        assert_eq!(problems, []);
        assert!(KNOBS.iter().all(|knob| view.locks(knob.key)));
        assert!(!view.locks("play") && !view.locks("new-seed"));
    }

    #[test]
    fn unknown_names_are_reported_and_the_rest_counts() {
        let (view, problems) = read(Some("colour,cost,cost"), Some("curves"), Some("cinema"));
        assert_eq!(view.hide, ["cost"]);
        assert!(view.lock.is_empty() && !view.projector);
        let named: Vec<_> =
            problems.iter().map(|problem| (problem.key.as_str(), problem.value.as_str(), &problem.kind)).collect();
        let words = ProblemKind::NotAChoice { words: "projector".into() };
        let unknown = ProblemKind::UnknownName;
        assert_eq!(named, [("hide", "colour", &unknown), ("lock", "curves", &unknown), ("view", "cinema", &words)]);
    }
}

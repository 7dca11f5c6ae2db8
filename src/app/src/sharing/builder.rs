//! What the shared link hides and locks: two lists of everything that has a name, grouped by panel.

use retort_spec::{Experiment, KNOBS};
use yew::prelude::*;

use crate::{
    i18n::Texts,
    panels::{IDS, panel_of},
    platform::view::{ALL, CONTROLS, name_of_knob},
};

/// One of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Hide,
    Lock,
}

/// The names that can be chosen, by group, each with what it is called; without the knobs that mean nothing in the
/// experiment's scheme.
fn groups(texts: &Texts, experiment: &Experiment, list: List) -> Vec<(String, Vec<(String, String)>)> {
    let knobs = |panel: &str| {
        let here = KNOBS.iter().filter(|knob| experiment.applies(knob.key) && panel_of(knob.key) == panel);
        let name = |key: &str| if list == List::Hide { name_of_knob(key, IDS) } else { key.to_owned() };
        here.map(|knob| (name(knob.key), texts.get(&format!("knob-{}", knob.key)))).collect::<Vec<_>>()
    };
    let controls = CONTROLS.iter().filter(|name| list == List::Hide || can_be_locked(name));
    let controls = controls.map(|name| ((*name).to_owned(), control_name(texts, name))).collect();
    let mut groups = Vec::new();
    if list == List::Lock {
        groups.push((texts.get("all-knobs"), vec![(ALL.to_owned(), texts.get("every-knob"))]));
    }
    for panel in IDS {
        let mut names = knobs(panel);
        if list == List::Hide {
            names.insert(0, ((*panel).to_owned(), texts.get("whole-panel")));
        }
        if !names.is_empty() {
            groups.push((panel_name(texts, panel), names));
        }
    }
    groups.push((texts.get("choose-controls"), controls));
    groups
}

/// What shows something, or leads somewhere, is hidden or left.
fn can_be_locked(control: &str) -> bool {
    !matches!(control, "share" | "theme" | "language" | "device" | "downloads" | "lessons")
}

/// What a panel is called.
pub fn panel_name(texts: &Texts, panel: &str) -> String {
    match panel {
        "teacher" => texts.get("network-teacher"),
        "student" => texts.get("network-student"),
        panel => texts.get(panel),
    }
}

fn control_name(texts: &Texts, control: &str) -> String {
    match control {
        "play" => format!("{} / {}", texts.get("play"), texts.get("pause")),
        "theme" => texts.get("choose-theme"),
        "language" => texts.get("choose-language"),
        "device" => texts.get("knob-device"),
        "lessons" => texts.get("panel-lessons"),
        control => texts.get(control),
    }
}

/// One list of checkboxes.
pub fn builder(
    texts: &Texts,
    experiment: &Experiment,
    list: List,
    chosen: &[String],
    toggle: &Callback<String>,
) -> Html {
    let (title, prefix) = match list {
        List::Hide => (texts.get("choose-hide"), "hide"),
        List::Lock => (texts.get("choose-lock"), "lock"),
    };
    let checkbox = |(name, label): (String, String)| {
        let toggle = {
            let name = name.clone();
            toggle.reform(move |_: Event| name.clone())
        };
        let checked = chosen.contains(&name);
        html! { <label class="check"><input id={format!("{prefix}-{name}")} type="checkbox" {checked} onchange={toggle} />{ label }</label> }
    };
    html! {
        <details class="builder">
            <summary>{ title }</summary>
            <div class="groups">
                { for groups(texts, experiment, list).into_iter().map(|(group, names)| html! {
                    <fieldset><legend>{ group }</legend>{ for names.into_iter().map(checkbox) }</fieldset>
                }) }
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, platform::view::View};

    #[test]
    fn every_name_that_is_offered_is_one_that_a_link_knows() {
        for language in [Language::English, Language::Chinese] {
            let (texts, experiment) = (Texts::new(language), Experiment::default());
            let knobs = || KNOBS.iter().filter(|knob| experiment.applies(knob.key));
            let names = |list| -> Vec<(String, String)> {
                groups(&texts, &experiment, list).into_iter().flat_map(|(_, names)| names).collect()
            };
            let joined =
                |names: &[(String, String)]| names.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(",");
            let (hide, lock) = (names(List::Hide), names(List::Lock));
            let (view, problems) = View::read(IDS, Some(&joined(&hide)), Some(&joined(&lock)), None);
            assert_eq!(problems, []);
            // Every panel, every control and every knob of the scheme; "device" is both of the last two and stands twice.
            assert_eq!(view.hide.len(), IDS.len() + CONTROLS.len() + knobs().count() - 1);
            assert!(knobs().all(|knob| !view.shows_knob(knob.key) && view.lock.iter().any(|name| name == knob.key)));
        }
    }
}

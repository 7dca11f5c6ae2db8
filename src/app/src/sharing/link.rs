//! What a shared link says besides the experiment, and the ways in which it is handed on.

use retort_spec::{Experiment, encode};

use crate::{
    i18n::Language,
    lessons::Entry,
    panels::{IDS, panel_of},
    platform::{
        place::{Depth, Place, Tab},
        view::View,
    },
};

/// What the one who shares decides for those who open the link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    /// The page's language; `None` for each visitor's own.
    pub language: Option<Language>,
    /// `light` or `dark`; `None` for each visitor's own.
    pub theme: Option<String>,
    /// What is hidden and locked.
    pub view: View,
    /// Which part of the page the link opens; a lesson finds its own.
    pub place: Place,
    /// The lesson that the link opens.
    pub lesson: Option<&'static Entry>,
}

/// Which panels the link shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of them.
    All,
    /// Those that the lesson speaks of.
    Lesson,
    /// One alone.
    Only(&'static str),
    /// Some, chosen one by one.
    Chosen,
}

impl Choices {
    /// Which panels are shown now.
    pub fn shown(&self) -> Shown {
        let shown: Vec<&str> = IDS.iter().copied().filter(|id| self.view.shows(id)).collect();
        match (&shown[..], self.lesson) {
            _ if shown == IDS => Shown::All,
            (_, Some(lesson)) if shown == panels_of(lesson) => Shown::Lesson,
            ([only], _) => Shown::Only(only),
            _ => Shown::Chosen,
        }
    }

    /// Shows these panels and hides the others; what is hidden inside of panels stays so.
    pub fn show(&mut self, shown: Shown) {
        let panels = match (shown, self.lesson) {
            (Shown::Only(panel), _) => vec![panel],
            (Shown::Lesson, Some(lesson)) => panels_of(lesson),
            (Shown::Chosen, _) => return,
            _ => IDS.to_vec(),
        };
        let old = std::mem::take(&mut self.view.hide);
        let hidden = IDS.iter().filter(|id| !panels.contains(id)).map(|id| (*id).to_owned());
        self.view.hide = hidden.chain(old.into_iter().filter(|name| !IDS.contains(&name.as_str()))).collect();
    }
}

/// The panels that a lesson points at, and those of the knobs that it explains, in the order of the page.
fn panels_of(lesson: &Entry) -> Vec<&'static str> {
    let is_needed = |id: &&str| lesson.panels.contains(id) || lesson.knobs.iter().any(|key| panel_of(key) == *id);
    IDS.iter().copied().filter(is_needed).collect()
}

/// The link to an experiment on the page at `base`, whatever stands behind its `#`. A lesson begins with its own
/// experiment, so that its link is short.
pub fn compose(base: &str, experiment: &Experiment, choices: &Choices) -> String {
    let page = base.split('#').next().unwrap_or_default();
    let word = |word: &str, default: &str| match word != default && choices.lesson.is_none() {
        true => word.to_owned(),
        false => String::new(),
    };
    let keys = [
        ("lang", choices.language.map_or(String::new(), |language| language.tag().to_owned())),
        ("theme", choices.theme.clone().unwrap_or_default()),
        ("hide", choices.view.hide.join(",")),
        ("lock", choices.view.lock.join(",")),
        ("view", if choices.view.projector { "projector".to_owned() } else { String::new() }),
        ("tab", word(choices.place.tab.word(), Tab::default().word())),
        ("depth", word(choices.place.depth.word(), Depth::default().word())),
        ("lesson", choices.lesson.map_or(String::new(), |lesson| lesson.id.to_owned())),
    ];
    let said = keys.iter().filter(|(_, value)| !value.is_empty());
    let said: String = said.map(|(key, value)| format!("&{key}={value}")).collect();
    let experiment = choices.lesson.map_or_else(|| encode(experiment), |lesson| encode(&lesson.experiment()));
    format!("{page}#{experiment}{said}")
}

/// What a teacher puts into a course page to have the laboratory there.
pub fn embed(link: &str) -> String {
    let source = link.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    // Without the permission the buttons that copy a link do nothing in a frame.
    format!(
        r#"<iframe src="{source}" title="Retort" width="100%" height="800" style="border:0" allow="clipboard-write"></iframe>"#
    )
}

/// Puts a name into a list, or takes it out.
pub fn toggle(list: &mut Vec<String>, name: &str) {
    match list.iter().position(|other| other == name) {
        Some(index) => {
            list.remove(index);
        }
        None => list.push(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::CATALOGUE;

    #[test]
    fn a_plain_link_is_the_page_and_the_experiment() {
        let link = compose("https://example.org/retort/#v=1&seed=9", &Experiment::default(), &Choices::default());
        assert_eq!(link, "https://example.org/retort/#v=1");
    }

    #[test]
    fn choices_stand_behind_the_experiment_and_can_be_read_again() {
        let (view, _) = View::read(IDS, Some("cost,knob-teacher"), Some("all"), Some("projector"));
        let choices = Choices {
            language: Some(Language::Chinese),
            theme: Some("dark".into()),
            view: view.clone(),
            ..Choices::default()
        };
        let experiment = Experiment { seed: 5, ..Experiment::default() };
        let link = compose("https://example.org/", &experiment, &choices);
        assert_eq!(
            link,
            "https://example.org/#v=1&seed=5&lang=zh-CN&theme=dark&hide=cost,knob-teacher&lock=all&view=projector"
        );
        let value = |key: &str| link.split('&').find_map(|pair| pair.strip_prefix(&format!("{key}=")));
        assert_eq!(View::read(IDS, value("hide"), value("lock"), value("view")), (view, vec![]));
    }

    #[test]
    fn a_link_opens_the_part_of_the_page_that_is_shared() {
        let place = Place { tab: Tab::Shrink, depth: Depth::Class, ..Place::default() };
        let choices = Choices { place, ..Choices::default() };
        let link = compose("https://example.org/", &Experiment::default(), &choices);
        assert_eq!(link, "https://example.org/#v=1&tab=shrink&depth=class");
        let lesson = Choices { lesson: CATALOGUE.first(), ..choices };
        assert!(!compose("https://example.org/", &Experiment::default(), &lesson).contains("tab="));
    }

    #[test]
    fn a_lesson_goes_with_its_link_and_begins_with_its_own_experiment() {
        let lesson = CATALOGUE.iter().find(|lesson| lesson.id == "temperature").unwrap();
        let choices = Choices { lesson: Some(lesson), ..Choices::default() };
        let experiment = Experiment { seed: 5, ..Experiment::default() };
        let link = compose("https://example.org/", &experiment, &choices);
        assert_eq!(link, format!("https://example.org/#{}&lesson=temperature", encode(&lesson.experiment())));
        assert!(!link.contains("seed=5"));
    }

    #[test]
    fn one_choice_hides_all_other_panels_and_another_shows_them_again() {
        let (view, _) = View::read(IDS, Some("stop,curves"), None, None);
        let mut choices = Choices { view, lesson: CATALOGUE.first(), ..Choices::default() };
        assert_eq!(choices.shown(), Shown::Chosen);
        for shown in [Shown::Only("soft-targets"), Shown::Lesson, Shown::All] {
            choices.show(shown);
            assert_eq!(choices.shown(), shown);
            assert!(choices.view.hide.contains(&"stop".to_owned()), "a button stays hidden");
        }
        choices.show(Shown::Only("draw"));
        assert_eq!(choices.view.hide.len(), IDS.len());
        assert!(choices.view.shows("draw"));
    }

    #[test]
    fn a_lesson_s_panels_hold_all_that_its_steps_point_at() {
        for lesson in CATALOGUE {
            let panels = panels_of(lesson);
            assert!(lesson.panels.iter().all(|panel| panels.contains(panel)), "{}", lesson.id);
            assert!(!panels.is_empty() && panels.len() < IDS.len(), "{}", lesson.id);
        }
    }

    #[test]
    fn a_snippet_keeps_its_link_inside_its_quotes() {
        let snippet = embed("https://example.org/#v=1&seed=5\"><script>");
        assert!(snippet.contains(r#"src="https://example.org/#v=1&amp;seed=5&quot;>&lt;script>" title"#), "{snippet}");
    }

    #[test]
    fn toggling_twice_changes_nothing() {
        let mut list = vec!["cost".to_owned()];
        toggle(&mut list, "curves");
        assert_eq!(list, ["cost", "curves"]);
        toggle(&mut list, "cost");
        assert_eq!(list, ["curves"]);
    }
}

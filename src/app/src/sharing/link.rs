//! What a shared link says besides the experiment, and the ways in which it is handed on.

use retort_spec::{Experiment, encode};

use crate::{i18n::Language, platform::view::View};

/// What the one who shares decides for those who open the link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    /// The page's language; `None` for each visitor's own.
    pub language: Option<Language>,
    /// `light` or `dark`; `None` for each visitor's own.
    pub theme: Option<String>,
    /// What is hidden and locked.
    pub view: View,
}

/// The link to an experiment on the page at `base`, whatever stands behind its `#`.
pub fn compose(base: &str, experiment: &Experiment, choices: &Choices) -> String {
    let page = base.split('#').next().unwrap_or_default();
    let keys = [
        ("lang", choices.language.map_or(String::new(), |language| language.tag().to_owned())),
        ("theme", choices.theme.clone().unwrap_or_default()),
        ("hide", choices.view.hide.join(",")),
        ("lock", choices.view.lock.join(",")),
        ("view", if choices.view.projector { "projector".to_owned() } else { String::new() }),
    ];
    let said = keys.iter().filter(|(_, value)| !value.is_empty());
    let said: String = said.map(|(key, value)| format!("&{key}={value}")).collect();
    format!("{page}#{}{said}", encode(experiment))
}

/// What a teacher puts into a course page to have the laboratory there.
pub fn embed(link: &str) -> String {
    let source = link.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(r#"<iframe src="{source}" title="Retort" width="100%" height="800" style="border:0"></iframe>"#)
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
    use crate::panels::IDS;

    #[test]
    fn a_plain_link_is_the_page_and_the_experiment() {
        let link = compose("https://example.org/retort/#v=1&seed=9", &Experiment::default(), &Choices::default());
        assert_eq!(link, "https://example.org/retort/#v=1");
    }

    #[test]
    fn choices_stand_behind_the_experiment_and_can_be_read_again() {
        let (view, _) = View::read(IDS, Some("cost,knob-teacher"), Some("all"), Some("projector"));
        let choices = Choices { language: Some(Language::Chinese), theme: Some("dark".into()), view: view.clone() };
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

//! Which part of the page is shown: the tab, how much stands open, and whose settings the inspector holds. A link may
//! say the first two; none of it is part of the experiment.

use retort_spec::{Problem, ProblemKind, link::unpunctuated};

/// A view of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Who teaches whom, soft targets, learning curves.
    #[default]
    Distil,
    /// What the networks take for what, and what happens inside them.
    Inside,
    /// What the student is asked for.
    Loss,
    /// Accuracy against bytes.
    Shrink,
    /// Runs side by side.
    Compare,
    /// The lessons.
    Lessons,
}

impl Tab {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 6] = [Self::Distil, Self::Inside, Self::Loss, Self::Shrink, Self::Compare, Self::Lessons];

    /// Its name in links.
    pub fn word(self) -> &'static str {
        match self {
            Self::Distil => "distil",
            Self::Inside => "inside",
            Self::Loss => "loss",
            Self::Shrink => "shrink",
            Self::Compare => "compare",
            Self::Lessons => "lessons",
        }
    }
}

/// How much of the page stands open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Depth {
    /// One view with the few settings that a first visit needs.
    #[default]
    First,
    /// One view with the settings of all networks.
    Class,
    /// All views, one below the other.
    Everything,
}

impl Depth {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 3] = [Self::First, Self::Class, Self::Everything];

    /// Its name in links.
    pub fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Class => "class",
            Self::Everything => "everything",
        }
    }
}

/// Which part of the page is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub tab: Tab,
    pub depth: Depth,
    /// The panel of settings that the visitor asked for.
    pub inspected: Option<&'static str>,
    /// The panel of a view that is there only once the visitor asks for it.
    pub opened: Option<&'static str>,
}

impl Place {
    /// Reads the page keys `tab` and `depth`; a word that is none of theirs is reported.
    pub fn read(tab: Option<&str>, depth: Option<&str>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut choose = |key: &str, value: Option<&str>, words: &[&'static str]| {
            let value = unpunctuated(value?.trim()).to_ascii_lowercase();
            let found = words.iter().position(|word| *word == value);
            if found.is_none() && !value.is_empty() {
                let kind = ProblemKind::NotAChoice { words: words.join(", ") };
                problems.push(Problem { key: key.into(), value, kind, used: None });
            }
            found
        };
        let tab = choose("tab", tab, &Tab::ALL.map(Tab::word)).map_or_else(Tab::default, |index| Tab::ALL[index]);
        let depth =
            choose("depth", depth, &Depth::ALL.map(Depth::word)).map_or_else(Depth::default, |index| Depth::ALL[index]);
        (Self { tab, depth, ..Self::default() }, problems)
    }

    /// Another tab of the same page; the inspector goes back to what it holds there.
    pub fn at(self, tab: Tab) -> Self {
        Self { tab, depth: self.depth, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_tab_and_depth_and_the_rest_is_reported() {
        assert_eq!(Place::read(None, None), (Place::default(), vec![]));
        let (place, problems) = Place::read(Some("Shrink."), Some("everything"));
        assert_eq!((place.tab, place.depth, problems), (Tab::Shrink, Depth::Everything, vec![]));
        let (place, problems) = Place::read(Some("cinema"), Some(""));
        assert_eq!(place, Place::default());
        assert_eq!((problems.len(), problems[0].key.as_str(), problems[0].value.as_str()), (1, "tab", "cinema"));
    }
}

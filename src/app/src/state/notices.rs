//! What the visitor is told: each thing once, and never so much of it that it hides the page.

use retort_spec::{PAGE_KEYS, Problem};

use crate::state::{Notice, State};

/// Problems of a link that are told one by one; the others are counted.
const LISTED: usize = 5;
/// Notices at most; the oldest go first.
const MOST: usize = 20;

impl State {
    /// Tells the visitor something, unless it stands there already.
    pub fn tell(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
            self.notices.drain(..self.notices.len().saturating_sub(MOST));
        }
    }

    /// Tells what a link could not say about the experiment, in the place of what an earlier link could not say.
    pub fn report(&mut self, problems: Vec<Problem>) {
        self.replace(problems, false);
    }

    /// The same for the page's own keys of a link.
    pub fn report_page(&mut self, problems: Vec<Problem>) {
        self.replace(problems, true);
    }

    /// Tells what is wrong with the value of one knob, in the place of what was said of it before.
    pub fn report_knob(&mut self, key: &str, problems: impl IntoIterator<Item = Problem>) {
        self.notices.retain(|notice| !matches!(notice, Notice::Link(problem) if problem.key == key));
        for problem in problems {
            self.tell(Notice::Link(problem));
        }
    }

    fn replace(&mut self, problems: Vec<Problem>, page: bool) {
        let is_page = |problem: &Problem| PAGE_KEYS.contains(&problem.key.as_str());
        self.notices.retain(|notice| match notice {
            Notice::Link(problem) => is_page(problem) != page,
            Notice::MoreLinks { page: is_page, .. } => *is_page != page,
            _ => true,
        });
        let more = problems.len().saturating_sub(LISTED);
        for problem in problems.into_iter().take(LISTED) {
            self.tell(Notice::Link(problem));
        }
        if more > 0 {
            self.tell(Notice::MoreLinks { page, count: more });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::ProblemKind;

    fn links(state: &State) -> Vec<&str> {
        let key = |notice: &'_ Notice| match notice {
            Notice::Link(problem) => Some(problem.key.clone()),
            _ => None,
        };
        let keys: Vec<String> = state.notices.iter().filter_map(key).collect();
        keys.into_iter().map(|key| &*key.leak()).collect()
    }

    #[test]
    fn a_link_of_a_thousand_bad_pairs_fills_no_page() {
        let bad: String = (0..1500).map(|index| format!("&bad{index}=1")).collect();
        let state = State::open(&format!("#v=1{bad}"));
        assert_eq!(links(&state), ["bad0", "bad1", "bad2", "bad3", "bad4"]);
        assert_eq!(state.notices.last(), Some(&Notice::MoreLinks { page: false, count: 1495 }));
    }

    #[test]
    fn each_thing_is_told_once_and_a_new_link_takes_the_place_of_the_old_one() {
        let mut state = State::open("#temperature=500");
        for count in 0..100 {
            state.tell(Notice::Fetch { reason: "no network".into() });
            state.tell(Notice::Restarted { reason: count.to_string() });
        }
        assert_eq!(state.notices.len(), MOST);
        let page = |value: &str| Problem {
            key: "theme".into(),
            value: value.into(),
            kind: ProblemKind::UnknownName,
            used: None,
        };
        state.report_page(vec![page("pink")]);
        state.report(Vec::new());
        assert_eq!(links(&state), ["theme"]);
        state.report_page(Vec::new());
        assert_eq!(links(&state), [""; 0]);
    }
}

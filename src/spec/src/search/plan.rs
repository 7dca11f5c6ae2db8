//! How a search spends its budget.

use std::{fmt, str::FromStr};

use super::SearchError;

/// How a search spends its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Successive halving: many candidates are trained for a few epochs, the best of them for more (Jamieson &
    /// Talwalkar 2016, section 3; the rungs of Li et al. 2020, algorithm 1, one after the other).
    Halving,
    /// Random search: as many candidates as the budget allows, each to its end (Bergstra & Bengio 2012).
    Random,
}

impl Method {
    /// The methods.
    pub const ALL: [Self; 2] = [Self::Halving, Self::Random];

    /// The word of a method.
    pub fn word(self) -> &'static str {
        match self {
            Self::Halving => "halving",
            Self::Random => "random",
        }
    }

    /// The method of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

/// What a search may spend before it measures what it found. As a text: `9`, `60s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// So many whole trainings of a student with all of its seeds; teachers are trained beside.
    Trainings(u32),
    /// So many seconds. What is under way then is trained to its end.
    Seconds(u32),
}

impl Budget {
    /// The largest number of trainings or seconds.
    pub const MOST: u32 = 1000;
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trainings(count) => write!(f, "{count}"),
            Self::Seconds(count) => write!(f, "{count}s"),
        }
    }
}

impl FromStr for Budget {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        let text = crate::link::plain(text);
        let count = |text: &str| {
            let count = text.trim().parse().ok().filter(|count| (1..=Self::MOST).contains(count));
            count.ok_or(SearchError::BadPlan)
        };
        match text.strip_suffix('s') {
            Some(seconds) => count(seconds).map(Self::Seconds),
            None => count(&text).map(Self::Trainings),
        }
    }
}

/// How a search proceeds. As a text: `halving:9`, `random:60s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchPlan {
    /// Who is trained for how long.
    pub method: Method,
    /// How much is trained in all.
    pub budget: Budget,
}

impl SearchPlan {
    /// What a search is that nobody has turned: enough for three whole rungs.
    pub const USUAL: Self = Self { method: Method::Halving, budget: Budget::Trainings(9) };

    /// Its budget as a text.
    pub const USUAL_BUDGET: &str = "9";
}

impl fmt::Display for SearchPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.method.word(), self.budget)
    }
}

impl FromStr for SearchPlan {
    type Err = SearchError;

    fn from_str(text: &str) -> Result<Self, SearchError> {
        let text = crate::link::plain(text);
        let (method, budget) = text.split_once(':').ok_or(SearchError::BadPlan)?;
        Ok(Self { method: Method::of(method).ok_or(SearchError::BadPlan)?, budget: budget.parse()? })
    }
}

/// A rung of the ladder: how many candidates are trained, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The most candidates: the best of the rung before; of the first rung, as many as are drawn.
    pub candidates: usize,
    /// The share of a student's epochs for which it is trained is one in so many.
    pub shortened: u32,
}

/// One of so many candidates goes on to the next rung, which is so many times as long.
pub(super) const REDUCTION: u32 = 3;

/// Most rungs: a student that was trained for less than a ninth of its epochs says little.
const MOST_RUNGS: u32 = 3;

impl SearchPlan {
    /// The rungs for students of so many epochs, out of `possible` candidates. Every rung takes about the same share of
    /// the budget. A budget of seconds limits no rung's candidates; time does.
    pub fn rungs(self, epochs: u32, possible: usize) -> Vec<Rung> {
        let most = match self.budget {
            Budget::Trainings(count) => count.min(MOST_RUNGS),
            Budget::Seconds(_) => MOST_RUNGS,
        };
        let count = match self.method {
            Method::Random => 1,
            // Each rung needs at least one candidate and other epochs than the next.
            Method::Halving => (1..=most).rev().find(|rungs| epochs >= REDUCTION.pow(rungs - 1)).unwrap_or(1),
        };
        let rung = |place: u32| {
            let shortened = REDUCTION.pow(count - 1 - place);
            let candidates = match self.budget {
                Budget::Trainings(budget) => ((budget / count * shortened) as usize).min(possible),
                Budget::Seconds(_) => possible,
            };
            Rung { candidates, shortened }
        };
        (0..count).map(rung).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str, epochs: u32, possible: usize) -> Vec<(usize, u32)> {
        let rungs = text.parse::<SearchPlan>().unwrap().rungs(epochs, possible);
        rungs.iter().map(|rung| (rung.candidates, epochs / rung.shortened)).collect()
    }

    #[test]
    fn rungs_by_hand() {
        assert_eq!(pairs("halving:9", 45, 100), [(27, 5), (9, 15), (3, 45)]);
        assert_eq!(pairs("random:9", 45, 100), [(9, 45)]);
        assert_eq!(pairs("halving:9", 45, 10), [(10, 5), (9, 15), (3, 45)]);
        assert_eq!(pairs("halving:9", 4, 100), [(12, 1), (4, 4)]);
        assert_eq!(pairs("halving:1", 45, 100), [(1, 45)]);
        assert_eq!(pairs("halving:2", 45, 100), [(3, 15), (1, 45)]);
        assert_eq!(pairs("halving:60s", 45, 100), [(100, 5), (100, 15), (100, 45)]);
    }

    #[test]
    fn no_budget_is_exceeded() {
        for budget in 1..40 {
            for epochs in 1..50 {
                for method in Method::ALL {
                    let plan = SearchPlan { method, budget: Budget::Trainings(budget) };
                    let spent = |rung: &Rung| rung.candidates as u64 * u64::from((epochs / rung.shortened).max(1));
                    let spent: u64 = plan.rungs(epochs, 1000).iter().map(spent).sum();
                    assert!(spent <= u64::from(budget * epochs), "{budget} × {epochs}: {spent}");
                }
            }
        }
    }

    #[test]
    fn texts_are_read_back_and_others_are_refused() {
        assert_eq!(SearchPlan::USUAL.budget.to_string(), SearchPlan::USUAL_BUDGET);
        for text in ["halving:9", "random:1000", "halving:60s"] {
            assert_eq!(text.parse::<SearchPlan>().unwrap().to_string(), text);
        }
        assert_eq!(" HALVING:６０S ".parse::<SearchPlan>().unwrap().to_string(), "halving:60s");
        for text in ["", "halving", "halving:", "halving:0", "halving:1001", "guessing:9", "random:9m", "random:-1"] {
            assert_eq!(text.parse::<SearchPlan>(), Err(SearchError::BadPlan), "{text}");
        }
    }
}

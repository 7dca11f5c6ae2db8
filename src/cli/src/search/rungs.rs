//! How a search spends its budget.

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

/// A rung of the ladder: how many candidates are trained, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The best of the rung before; of the first, as many as are drawn.
    pub candidates: usize,
    /// Epochs of each student.
    pub epochs: u32,
}

/// One of so many candidates goes on to the next rung, which is so many times as long.
const REDUCTION: u32 = 3;

/// Most rungs: a student that was trained for less than a ninth of its epochs says little.
const MOST_RUNGS: u32 = 3;

/// The rungs within a budget of `budget` whole trainings of `epochs` each, out of `possible` candidates. Every rung
/// takes about the same share of the budget.
pub fn rungs(method: Method, budget: u32, epochs: u32, possible: usize) -> Vec<Rung> {
    let count = match method {
        Method::Random => 1,
        // Each rung needs at least one candidate and other epochs than the next.
        Method::Halving => {
            let most = budget.min(MOST_RUNGS);
            (1..=most).rev().find(|rungs| epochs >= REDUCTION.pow(rungs - 1)).unwrap_or(1)
        }
    };
    let rung = |place: u32| {
        let shorter = REDUCTION.pow(count - 1 - place);
        Rung { candidates: ((budget / count * shorter) as usize).min(possible), epochs: (epochs / shorter).max(1) }
    };
    (0..count).map(rung).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(method: Method, budget: u32, epochs: u32, possible: usize) -> Vec<(usize, u32)> {
        rungs(method, budget, epochs, possible).iter().map(|rung| (rung.candidates, rung.epochs)).collect()
    }

    #[test]
    fn rungs_by_hand() {
        assert_eq!(pairs(Method::Halving, 9, 45, 100), [(27, 5), (9, 15), (3, 45)]);
        assert_eq!(pairs(Method::Random, 9, 45, 100), [(9, 45)]);
        assert_eq!(pairs(Method::Halving, 9, 45, 10), [(10, 5), (9, 15), (3, 45)]);
        assert_eq!(pairs(Method::Halving, 9, 4, 100), [(12, 1), (4, 4)]);
        assert_eq!(pairs(Method::Halving, 1, 45, 100), [(1, 45)]);
        assert_eq!(pairs(Method::Halving, 2, 45, 100), [(3, 15), (1, 45)]);
    }

    #[test]
    fn no_budget_is_exceeded() {
        for budget in 1..40 {
            for epochs in 1..50 {
                for method in Method::ALL {
                    let spent: u64 = rungs(method, budget, epochs, 1000)
                        .iter()
                        .map(|rung| rung.candidates as u64 * u64::from(rung.epochs))
                        .sum();
                    assert!(spent <= u64::from(budget * epochs), "{budget} × {epochs}: {spent}");
                }
            }
        }
    }
}

//! A search for the best values of one or two knobs, within a budget and without a look at the test set.
//!
//! A [`Search`] says what is to be trained next, and is told what came of it. Whoever drives it trains: the page in
//! many workers, the command line in one session. Trials before the last rung is over are measured on training examples
//! that are held out. Only then it asks for the test set: the best candidate is trained with fresh seeds, and so is
//! what the search began from.

mod plan;

use std::rc::Rc;

pub use plan::{Budget, Method, Rung, SearchPlan};

use crate::{
    engine_error::EngineError,
    experiment::Experiment,
    sweep::{Sweep, SweepCell},
    values::DataSet,
    verdict::Spread,
};

/// The key of a search in a link: how the cells of the link's sweep are tried.
pub const SEARCH_KEY: &str = "search";

/// The test set is measured with seeds that are so far from those of the search.
const FRESH_SEEDS: u32 = 1_000_000;

/// Why there is no search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// A text is no plan.
    #[error("a search is a method and a budget, such as halving:9 (trainings) or random:60s (seconds)")]
    BadPlan,
    /// No examples are held out for validation.
    #[error("{data} cannot be searched: only images and points have examples for validation")]
    NoValidation {
        /// Whose.
        data: DataSet,
    },
    /// Candidates are measured on different examples. Their accuracies say nothing about the knobs.
    #[error("a search compares experiments on one data set, and {data} is another")]
    OtherData {
        /// The other data set.
        data: DataSet,
    },
    /// No cell is possible.
    #[error("none of the candidates can be trained")]
    NoCandidates,
}

/// Something to train.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// What is trained: a candidate for its rung's share of the student's epochs, or an experiment with fresh seeds.
    pub experiment: Experiment,
    /// The candidate's place among the sweep's cells; `None` for what the search began from.
    pub place: Option<usize>,
    /// The rung, from 0, whose trials are measured on held-out training examples; `None` for the test set.
    pub rung: Option<usize>,
    /// The product's accuracies over the seeds, 0 to 1, or why there are none; `None` before it is told.
    pub outcome: Option<Result<Spread, EngineError>>,
}

impl Trial {
    /// Its accuracies, once they are known.
    pub fn spread(&self) -> Option<&Spread> {
        self.outcome.as_ref()?.as_ref().ok()
    }
}

/// What a search asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Train the trial of this index.
    Train(usize),
    /// What comes next depends on trials that are under way.
    Wait,
    /// Nothing more.
    Done,
}

/// A search under way.
#[derive(Debug, Clone)]
pub struct Search {
    base: Experiment,
    cells: Rc<[SweepCell]>,
    plan: SearchPlan,
    rungs: Vec<Rung>,
    /// The rung whose candidates are tried; behind the last one the test set is measured.
    rung: usize,
    /// Places of candidates that wait for their trial in this rung, the first one last.
    waiting: Vec<usize>,
    trials: Vec<Trial>,
}

impl Search {
    /// A search among the cells of a sweep that is made from `base`. Its order follows from the seed of `base`.
    ///
    /// # Errors
    /// If nothing can be held out, or nothing can be compared.
    pub fn new(base: &Experiment, over: &Sweep, plan: SearchPlan) -> Result<Self, SearchError> {
        let cells: Rc<[SweepCell]> = over.cells(base).into();
        if base.data.is_of_sequences() {
            return Err(SearchError::NoValidation { data: base.data });
        }
        let mut waiting = Vec::new();
        for (place, cell) in cells.iter().enumerate() {
            let Ok(experiment) = &cell.experiment else { continue };
            if experiment.data != base.data {
                return Err(SearchError::OtherData { data: experiment.data });
            }
            waiting.push(place);
        }
        if waiting.is_empty() {
            return Err(SearchError::NoCandidates);
        }
        shuffle(&mut waiting, base.seed);
        let rungs = plan.rungs(base.student_epochs, waiting.len());
        waiting.truncate(rungs.first().map_or(0, |rung| rung.candidates));
        waiting.reverse();
        Ok(Self { base: base.clone(), cells, plan, rungs, rung: 0, waiting, trials: Vec::new() })
    }

    /// What to train next, so many seconds after the beginning. It may be asked again before it is told what came of
    /// that.
    pub fn next(&mut self, seconds: f64) -> Next {
        loop {
            let Some(rung) = self.rungs.get(self.rung).copied() else { return self.test() };
            let at = self.rung;
            let mine = |trial: &&Trial| trial.rung == Some(at);
            // The share of each rung is the same. One candidate is tried however late it is.
            let share = (self.rung + 1) as f64 / self.rungs.len() as f64;
            let is_late = matches!(self.plan.budget, Budget::Seconds(most) if seconds >= share * f64::from(most));
            let is_enough = is_late && self.trials.iter().any(|trial| mine(&trial));
            if is_enough {
                self.waiting.clear();
            }
            if let Some(place) = self.waiting.pop() {
                let Some(Ok(experiment)) = self.cells.get(place).map(|cell| &cell.experiment) else { continue };
                let epochs = (experiment.student_epochs / rung.shortened).max(1);
                let mut experiment = (**experiment).clone();
                experiment.student_epochs = epochs;
                return self.begin(experiment, Some(place), Some(self.rung));
            }
            if self.trials.iter().filter(mine).any(|trial| trial.outcome.is_none()) {
                return Next::Wait;
            }
            let mut ranked: Vec<usize> = self.ranked(self.rung).iter().filter_map(|trial| trial.place).collect();
            self.rung += 1;
            let most = self.rungs.get(self.rung).map_or(0, |next| match self.plan.budget {
                Budget::Trainings(_) => next.candidates,
                // How many there would be time for is not known.
                Budget::Seconds(_) => (ranked.len() / plan::REDUCTION as usize).max(1),
            });
            ranked.truncate(most);
            ranked.reverse();
            self.waiting = ranked;
        }
    }

    /// What is measured on the test set, now that nothing is chosen any more.
    fn test(&mut self) -> Next {
        let Some(best) = self.best().and_then(|trial| trial.place) else { return Next::Done };
        let Ok(experiment) = &self.cells[best].experiment else { return Next::Done };
        let mut tests = self.trials.iter().filter(|trial| trial.rung.is_none());
        match tests.clone().count() {
            0 => self.begin(fresh((**experiment).clone()), Some(best), None),
            1 if **experiment != self.base => self.begin(fresh(self.base.clone()), None, None),
            _ if tests.any(|trial| trial.outcome.is_none()) => Next::Wait,
            _ => Next::Done,
        }
    }

    fn begin(&mut self, experiment: Experiment, place: Option<usize>, rung: Option<usize>) -> Next {
        self.trials.push(Trial { experiment, place, rung, outcome: None });
        Next::Train(self.trials.len() - 1)
    }

    /// Takes what came of a trial.
    pub fn tell(&mut self, index: usize, outcome: Result<Spread, EngineError>) {
        if let Some(trial) = self.trials.get_mut(index) {
            trial.outcome = Some(outcome);
        }
    }

    /// The trials, in the order in which they were begun.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The measured trials of a rung, the best first; of equal ones the earlier.
    pub fn ranked(&self, rung: usize) -> Vec<&Trial> {
        let mut ranked: Vec<&Trial> = Vec::new();
        let mean = |trial: &Trial| trial.spread().map(|spread| spread.mean);
        for trial in self.trials.iter().filter(|trial| trial.rung == Some(rung) && trial.spread().is_some()) {
            let at = ranked.iter().take_while(|other| mean(other) >= mean(trial)).count();
            ranked.insert(at, trial);
        }
        ranked
    }

    /// The best trial of the longest rung in which anything was trained.
    pub fn best(&self) -> Option<&Trial> {
        (0..self.rungs.len()).rev().find_map(|rung| self.ranked(rung).first().copied())
    }

    /// What the test set says: of the best candidate, and of what the search began from. The second is missing where
    /// both are the same.
    pub fn tests(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.rung.is_none())
    }

    /// By how much the search had overestimated what it found, as a difference of shares; less than nothing where it
    /// had underestimated it.
    pub fn overestimate(&self) -> Option<f64> {
        Some(self.best()?.spread()?.mean - self.tests().next()?.spread()?.mean)
    }

    /// Whether nothing is chosen any more, and the test set is measured.
    pub fn is_testing(&self) -> bool {
        self.rung >= self.rungs.len()
    }

    /// What the search began from.
    pub fn base(&self) -> &Experiment {
        &self.base
    }

    /// The cells among which it looks.
    pub fn cells(&self) -> &[SweepCell] {
        &self.cells
    }

    /// How it spends its budget.
    pub fn plan(&self) -> SearchPlan {
        self.plan
    }

    /// The rungs of its ladder.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// How many trials there will be at most, as far as that is known.
    pub fn count(&self) -> usize {
        let planned = match self.plan.budget {
            Budget::Trainings(_) => self.rungs.iter().map(|rung| rung.candidates).sum::<usize>() + 2,
            Budget::Seconds(_) => 0,
        };
        match self.is_testing() {
            true => self.trials.len(),
            false => planned.max(self.trials.len()),
        }
    }
}

/// An experiment with seeds that the search has not seen.
fn fresh(mut experiment: Experiment) -> Experiment {
    experiment.seed = experiment.seed.wrapping_add(FRESH_SEEDS);
    experiment
}

/// Puts places into a random order that follows from the seed (Fisher and Yates; numbers by SplitMix64, Steele et al.
/// 2014, figure 16).
fn shuffle(places: &mut [usize], seed: u32) {
    let mut state = u64::from(seed);
    for last in (1..places.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        places.swap(last, ((mixed ^ mixed >> 31) % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests;

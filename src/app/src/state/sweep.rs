//! A sweep beside the experiment: what is asked for, how far it is, and what came of its cells. Pure.

use std::rc::Rc;

use retort_spec::{
    CLASS_KEY, EngineError, Experiment, SEARCH_KEY, SWEEP_KEY, Search, Sweep, SweepCell, SweepError, link,
    sweep::Results,
};

use crate::state::{Notice, State};

/// How a sweep stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepStatus {
    /// Its cells are trained.
    Running,
    /// It waits while the experiment that is shown trains.
    Waiting,
    /// It waits for the visitor.
    Paused,
    /// All of its cells are done.
    Done,
    /// The visitor ended it.
    Cancelled,
}

impl SweepStatus {
    /// Whether it is under way.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Waiting | Self::Paused)
    }

    /// Its name in the page's document.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What came of a cell, by as many of its runs as are done; or why nothing did.
pub type Outcome = Result<Rc<Results>, EngineError>;

/// A sweep that was started.
#[derive(Debug)]
pub struct SweepRun {
    /// The experiment that its cells are made from.
    pub base: Experiment,
    pub sweep: Sweep,
    pub cells: Vec<SweepCell>,
}

/// How far a sweep is.
#[derive(Debug, Clone)]
pub struct SweepState {
    pub run: Rc<SweepRun>,
    pub outcomes: Vec<Option<Outcome>>,
    /// What a search among the cells has found. Nothing comes of the cells themselves then.
    pub search: Option<Rc<Search>>,
    pub status: SweepStatus,
    /// Trainings in all: the runs of all cells.
    pub trainings: u32,
    /// Those that are done.
    pub done: u32,
    /// About how many seconds the others take; `None` before the first is done.
    pub seconds_left: Option<f64>,
    /// Rises with every change.
    version: u32,
}

impl PartialEq for SweepState {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.run, &other.run) && self.version == other.version
    }
}

impl SweepState {
    /// One that was trained elsewhere.
    pub fn done(run: Rc<SweepRun>, outcomes: Vec<Option<Outcome>>) -> Self {
        Self {
            run,
            outcomes,
            search: None,
            status: SweepStatus::Done,
            trainings: 0,
            done: 0,
            seconds_left: None,
            version: 0,
        }
    }

    /// The experiment of a cell, if it is possible.
    pub fn experiment(&self, place: usize) -> Option<&Experiment> {
        self.run.cells.get(place)?.experiment.as_deref().ok()
    }

    /// Whether all runs of a cell are done.
    pub fn is_whole(&self, place: usize) -> bool {
        let runs = self.experiment(place).map_or(0, |experiment| experiment.runs as usize);
        matches!(&self.outcomes[place], Some(Ok(results)) if results.verdict.runs() >= runs)
    }

    /// Whether it is made from this experiment: from the same settings but for those that it sweeps.
    pub fn is_of(&self, experiment: &Experiment) -> bool {
        let is_cell = |cell: &SweepCell| cell.experiment.as_deref().is_ok_and(|one| one == experiment);
        self.run.base == *experiment || self.run.cells.iter().any(is_cell)
    }
}

/// What happens to a sweep.
#[derive(Debug, Clone)]
pub enum SweepAction {
    /// The visitor writes which knobs are to be swept.
    Draft(String),
    /// How its cells are tried, as a text; empty for all of them.
    Plan(String),
    /// It begins, with so many trainings.
    Begin(Rc<SweepRun>, u32),
    /// It is a search, which stands so.
    Searched(Rc<Search>),
    /// It goes on, waits or ends.
    Status(SweepStatus),
    /// More of a cell is known, if it is named; so many trainings are done, and the others take about so many seconds.
    Told { cell: Option<(usize, Outcome)>, done: u32, seconds_left: Option<f64> },
}

impl State {
    pub(super) fn sweep_action(&mut self, action: SweepAction) {
        match (action, &mut self.sweep) {
            (SweepAction::Draft(text), _) => self.sweep_text = text,
            (SweepAction::Plan(text), _) => self.search_text = text,
            (SweepAction::Begin(run, trainings), _) => {
                let outcomes = run.cells.iter().map(|_| None).collect();
                let status = SweepStatus::Running;
                self.sweep = Some(SweepState { status, trainings, ..SweepState::done(run, outcomes) });
            }
            (_, None) => {}
            (SweepAction::Searched(search), Some(sweep)) => {
                let runs = search.trials().iter().map(|trial| trial.experiment.runs).sum::<u32>();
                let planned = search.count() - search.trials().len();
                sweep.trainings = runs + planned as u32 * search.base().runs;
                sweep.search = Some(search);
                sweep.version += 1;
            }
            (SweepAction::Status(status), Some(sweep)) => {
                sweep.status = status;
                sweep.version += 1;
            }
            (SweepAction::Told { cell, done, seconds_left }, Some(sweep)) => {
                if let Some((place, outcome)) = cell {
                    sweep.outcomes[place] = Some(outcome);
                }
                (sweep.done, sweep.seconds_left) = (done, seconds_left);
                sweep.version += 1;
            }
        }
    }

    /// Takes the sweep that a link asks for, and tells what is wrong with it. A link without one leaves it as it is.
    pub fn read_sweep(&mut self, query: &str) {
        if let Some(text) = link::page_key(query, CLASS_KEY) {
            self.class_text = text;
        }
        if let Some(text) = link::page_key(query, SEARCH_KEY) {
            self.search_text = text;
        }
        let Some(text) = link::page_key(query, SWEEP_KEY) else { return };
        self.notices.retain(|notice| !matches!(notice, Notice::Sweep(_)));
        if let Err(error) = text.parse::<Sweep>()
            && error != SweepError::Empty
        {
            self.tell(Notice::Sweep(error));
        }
        self.sweep_text = text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_with_a_sweep_fills_it_in_and_one_without_leaves_it() {
        let mut state = State::open("#v=1&sweep=temperature:1,2;student:4,16&seed=3");
        assert_eq!((state.sweep_text.as_str(), state.experiment.seed), ("temperature:1,2;student:4,16", 3));
        assert_eq!(state.notices, []);
        state.read_sweep("#v=1&seed=4&search=halving:9");
        assert_eq!(state.search_text, "halving:9");
        assert_eq!(state.sweep_text, "temperature:1,2;student:4,16");
        state.read_sweep("#v=1&sweep=warmth:1");
        let error = SweepError::UnknownKnob { key: "warmth".into() };
        assert_eq!(state.notices, [Notice::Sweep(error)]);
        state.read_sweep("#v=1&sweep=");
        assert_eq!((state.sweep_text.as_str(), &state.notices[..]), ("", &[][..]));
    }
}

//! Runs among the workers of a pool: each trains its share, the first gathers the results and gives the verdict.
//!
//! Workers share nothing but messages. Whatever changes what is trained is told to all of them, and after it the
//! [`RunAssignment`] with a new number: results of what was trained before carry the old one and are left aside, those
//! that still stand are told anew.

use retort_spec::{EngineError, Event, RunAssignment, RunResult, Spread, Verdict};

use super::job::{Job, Work};
use crate::train::verdict::{Pair, judge};

impl Job {
    /// Takes on a share. A run under way that is another worker's now is given up, and so is what others have told.
    pub fn assign_runs(&mut self, share: RunAssignment) -> Result<Vec<Event>, EngineError> {
        self.share = share;
        self.gathered.clear();
        self.results.iter_mut().for_each(|result| result.generation = share.generation);
        // Who is to train nothing has told already.
        let reports = !share.is_coordinator() && share.index != RunAssignment::IDLE;
        let results = if reports { self.results.iter().cloned().map(Event::Result).collect() } else { Vec::new() };
        let is_anothers = !share.contains(self.run) || self.run >= self.experiment.runs;
        if self.is_at_rest() || (is_anothers && !matches!(self.work, Work::Tuning(_))) {
            self.start_next_run()?;
        }
        Ok(results)
    }

    /// Goes on with more runs, or judges fewer.
    pub fn change_runs(&mut self) -> Result<Vec<Event>, EngineError> {
        let runs = self.experiment.runs;
        self.results.retain(|result| result.run < runs);
        self.gathered.retain(|result| result.run < runs);
        if self.is_at_rest() || self.run >= runs {
            self.start_next_run()?;
        }
        // In a pool the shares are told next, and what others have done comes again.
        let verdict = if self.share.count > 1 { None } else { self.verdict() };
        Ok(verdict.into_iter().collect())
    }

    /// Takes another worker's result; none of what was trained before.
    pub fn merge_result(&mut self, result: RunResult) -> Option<Event> {
        let is_known = has(&self.results, result.run) || has(&self.gathered, result.run);
        if result.generation != self.share.generation || result.run >= self.experiment.runs || is_known {
            return None;
        }
        self.edited_while_training |= result.edited_while_training;
        self.gathered.push(result);
        self.verdict()
    }

    /// A run is done: on to the next, if there is one, or to the verdict, if it was the last.
    pub(super) fn record_result(&mut self, result: RunResult) -> Result<Option<Event>, EngineError> {
        let report = (!self.share.is_coordinator()).then(|| Event::Result(result.clone()));
        self.results.push(result);
        self.start_next_run()?;
        Ok(report.or_else(|| self.verdict()))
    }

    /// Begins the next run of the share, if there is one.
    pub(super) fn start_next_run(&mut self) -> Result<(), EngineError> {
        match self.next_run() {
            Some(run) => self.begin(run),
            None => {
                self.work = Work::Finished;
                Ok(())
            }
        }
    }

    /// The first run of the share that is not done.
    pub(super) fn next_run(&self) -> Option<u32> {
        (0..self.experiment.runs).find(|&run| self.share.contains(run) && !has(&self.results, run))
    }

    /// Whether every run is done, here and elsewhere; of a worker that does not gather, whether its own are.
    pub fn is_finished(&self) -> bool {
        let share = self.share;
        let mut wanted = (0..self.experiment.runs).filter(|&run| share.is_coordinator() || share.contains(run));
        self.is_at_rest() && wanted.all(|run| has(&self.results, run) || has(&self.gathered, run))
    }

    /// The verdict, once all results are there.
    fn verdict(&self) -> Option<Event> {
        if !self.share.is_coordinator() || !self.is_finished() {
            return None;
        }
        // In the order of the runs; one that was trained twice counts once.
        let of = |run| self.results.iter().chain(&self.gathered).find(|result| result.run == run);
        let results: Vec<&RunResult> = (0..self.experiment.runs).filter_map(of).collect();
        let right = |marks: &[u8]| marks.iter().map(|&mark| mark == 1).collect();
        let pair = |result: &RunResult| Pair {
            baseline: right(&result.baseline_right),
            student: right(&result.student_right),
        };
        let (outcome, p_value) = judge(&results.iter().copied().map(pair).collect::<Vec<Pair>>());
        let spread = |of: fn(&RunResult) -> f64| Spread::of(results.iter().copied().map(of).collect());
        Some(Event::Verdict(Verdict {
            outcome,
            p_value,
            edited_while_training: self.edited_while_training,
            examples: self.data.dataset.test.len() as u32,
            teacher: spread(|result| result.teacher),
            baseline: spread(|result| result.baseline),
            student: spread(|result| result.student),
        }))
    }
}

fn has(results: &[RunResult], run: u32) -> bool {
    results.iter().any(|result| result.run == run)
}

//! Runs among the workers of a pool: each trains its share, the first gathers the results and gives the verdict.
//!
//! Workers share nothing but messages. Whatever changes what is trained is told to all of them, and after it the
//! [`RunAssignment`] with a new number: results of what was trained before carry the old one and are left aside, those
//! that still stand are told anew.

use retort_spec::{Event, RunAssignment, RunResult};

use super::{
    Halt,
    job::{Job, Work},
};

impl Job {
    /// Takes on a share. A run under way that is another worker's now is given up, and so is what others have told.
    pub async fn assign_runs(&mut self, share: RunAssignment) -> Result<Vec<Event>, Halt> {
        self.share = share;
        self.gathered.clear();
        self.results.iter_mut().for_each(|result| result.generation = share.generation);
        // Who is to train nothing has told already.
        let reports = !share.is_coordinator() && share.index != RunAssignment::IDLE;
        let mut events = if reports { self.results.iter().cloned().map(Event::Result).collect() } else { Vec::new() };
        let is_anothers = !share.contains(self.run) || self.run >= self.experiment.runs;
        if self.is_at_rest() || (is_anothers && !matches!(self.work, Work::Tuning(_))) {
            self.start_next_run(&mut events).await?;
        }
        Ok(events)
    }

    /// Goes on with more runs, or judges fewer.
    pub async fn change_runs(&mut self) -> Result<Vec<Event>, Halt> {
        let runs = self.experiment.runs;
        self.results.retain(|result| result.run < runs);
        self.gathered.retain(|result| result.run < runs);
        let mut events = Vec::new();
        let judged = |events: &[Event]| events.iter().any(|event| matches!(event, Event::Verdict(_)));
        if self.is_at_rest() || self.run >= runs {
            self.start_next_run(&mut events).await?;
        }
        // In a pool the shares are told next, and what others have done comes again.
        if self.share.count <= 1 && !judged(&events) {
            events.extend(self.verdict());
        }
        Ok(events)
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

    /// The first run of the share that is not done; one that waits for no other session, if there is one.
    pub(super) fn next_run(&self) -> Option<u32> {
        let mut left =
            (0..self.experiment.runs).filter(|&run| self.share.contains(run) && !has(&self.results, run)).peekable();
        let first = left.peek().copied();
        left.find(|&run| !self.is_elsewhere(run)).or(first)
    }

    /// Whether every run is done, here and elsewhere; of a worker that does not gather, whether its own are.
    pub fn is_finished(&self) -> bool {
        let share = self.share;
        let mut wanted = (0..self.experiment.runs).filter(|&run| share.is_coordinator() || share.contains(run));
        self.is_at_rest() && wanted.all(|run| has(&self.results, run) || has(&self.gathered, run))
    }

    /// The verdict, once all results are there.
    pub(super) fn verdict(&self) -> Option<Event> {
        if !self.share.is_coordinator() || !self.is_finished() {
            return None;
        }
        // In the order of the runs; one that was trained twice counts once.
        let of = |run| self.results.iter().chain(&self.gathered).find(|result| result.run == run);
        let results: Vec<&RunResult> = (0..self.experiment.runs).filter_map(of).collect();
        let examples = self.data.dataset.test.len() as u32;
        Some(Event::Verdict(RunResult::verdict(&results, &self.plan, examples, self.edited_while_training)))
    }
}

fn has(results: &[RunResult], run: u32) -> bool {
    results.iter().any(|result| result.run == run)
}

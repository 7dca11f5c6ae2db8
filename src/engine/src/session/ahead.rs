//! What a session trains while it waits for a network that another session trains: one that needs no other of those
//! that are missing.

use retort_spec::{Channel, Exits, PlannedPhase, Shown, Supervision};

use super::{
    Halt,
    job::{Job, Work},
};
use crate::distill::phase::{PhaseRun, Start};

impl Job {
    /// Begins such a network of this phase or of a later one; says whether there is one. It is kept for its turn.
    pub(super) async fn begin_ahead(&mut self) -> Result<bool, Halt> {
        for phase in self.phase..self.plan.phases.len() as u32 {
            let planned = self.plan.phases[phase as usize].clone();
            for supervision in planned.learners.iter().filter(|one| self.is_independent(&planned, one)) {
                let (id, key) = (supervision.learner, self.expected_key(supervision.learner));
                let claim = self.cache.claim(key.clone().into_iter().collect());
                let claimed = claim.filter(|claim| !claim.is_empty());
                let Some((claim, network)) = claimed.zip(self.plan.network(id)) else { continue };
                let layers = self.first_layers(id).await?;
                let starts = [Start { planned: network, supervision, layers }];
                let frozen = self.frozen(|other| supervision.teachers.iter().any(|(teacher, _)| *teacher == other));
                let run = PhaseRun::new(&self.data, &self.experiment, &starts, frozen, planned.epochs, self.seed())?;
                self.begin_curves(&run, vec![key]);
                self.claim = Some(claim);
                self.ahead_of = Some(self.phase);
                self.phase = phase;
                self.work = Work::Phase(Box::new(run));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a network of a phase learns alone what it learns beside the others, from what is known already.
    fn is_independent(&self, planned: &PlannedPhase, one: &Supervision) -> bool {
        let is_known = |id| self.trained.iter().any(|(other, _)| *other == id);
        let is_teacher =
            |id| planned.learners.iter().any(|other| other.teachers.iter().any(|(teacher, _)| *teacher == id));
        let origin = self.plan.network(one.learner).map(|network| &network.origin);
        let is_usual = (one.channel, one.shown, one.exits) == (Channel::Classes, Shown::Examples, Exits::None);
        is_usual
            && planned.learners.iter().all(|other| other.teachers.len() <= 1)
            && one.teachers.iter().all(|(teacher, _)| is_known(*teacher))
            && origin.is_some_and(|origin| origin.is_trained() && origin.members().iter().all(|id| is_known(*id)))
            && !is_known(one.learner)
            && !is_teacher(one.learner)
            && !self.data.uses_jitter(self.experiment.jitter)
    }
}

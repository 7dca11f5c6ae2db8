//! The networks of the experiment that is shown, as its plan has them.

use std::rc::Rc;

use retort_spec::{Contrast, CurvePoint, Measured, NetworkId, Origin, Plan, Role, RunState, Spread};

use crate::state::State;

/// As many networks as a picture of few has room for.
pub const FEW: usize = 5;

impl State {
    /// The networks in the plan's order.
    pub fn networks(&self) -> impl Iterator<Item = NetworkId> + '_ {
        self.plan.ids()
    }

    /// A network of the first run, once it is measured.
    pub fn network(&self, network_id: NetworkId) -> Option<&Rc<Measured>> {
        self.measured.iter().find(|measured| (measured.run, measured.network_id) == (0, network_id))
    }

    /// The first teacher; `None` where networks teach each other, or nobody teaches.
    pub fn teacher(&self) -> Option<NetworkId> {
        self.networks().find(|id| id.role == Role::Teacher)
    }

    /// The network whose answers the product is compared with: the first teacher, else the first peer that the product
    /// imitates, else the control.
    pub fn reference(&self) -> NetworkId {
        let plan = &self.plan;
        let peer = || plan.teachers(plan.product).first().map(|(peer, _)| *peer);
        self.teacher().or_else(peer).unwrap_or(plan.control)
    }

    /// Whether `network_id` learns at this moment.
    pub fn is_training(&self, network_id: NetworkId) -> bool {
        let phase = self.progress.and_then(|progress| progress.phase);
        self.run_state == RunState::Running
            && phase.is_some_and(|phase| {
                let votes = |learner: NetworkId| (learner.role, network_id.role) == (Role::Voter, Role::Teacher);
                self.plan.learners(phase).any(|learner| learner == network_id || votes(learner))
            })
    }

    /// Whether a network that was measured is this training's: until its curve has reached the end, what stands there
    /// is the last training's. One that is computed from others has no curve, and ends when the control's does.
    pub fn is_of_this_training(&self, measured: &Measured) -> bool {
        let plan = &self.plan;
        let id = if is_trained(plan, measured.network_id) { measured.network_id } else { plan.control };
        let mine = |point: &&CurvePoint| (point.run, point.network_id) == (measured.run, id);
        self.curves.iter().rev().find(mine).is_some_and(|point| point.epoch >= epochs(plan, id))
    }

    /// The accuracy of a network that the whole page shows: the mean of its seeds, once the verdict knows several.
    /// Until then it is that of the first run, while it trains that of the last point of its curve.
    pub fn accuracy(&self, network_id: NetworkId) -> (Option<f64>, Option<&Spread>) {
        let spread = self.verdict.as_ref().and_then(|verdict| verdict.spread(network_id));
        if let Some(spread) = spread.filter(|spread| spread.values.len() > 1) {
            return (Some(spread.mean), Some(spread));
        }
        let is_first_run = self.progress.is_none_or(|progress| progress.run == 0);
        let share = match self.is_training(network_id) && is_first_run {
            true => {
                let mine = |point: &&CurvePoint| (point.run, point.network_id) == (0, network_id);
                self.curves.iter().rev().find(mine).map(|point| point.test_accuracy)
            }
            false => self.network(network_id).map(|measured| measured.accuracy),
        };
        (share, None)
    }

    /// Whether the network is yet to be trained in this training: what stands there was measured in the one before. One
    /// that is computed from others waits for all of them.
    pub fn waits(&self, network_id: NetworkId) -> bool {
        let planned = self.plan.network(network_id);
        match planned.map(|network| &network.origin) {
            Some(Origin::Average(members) | Origin::Ensemble(members)) => {
                members.iter().any(|member| self.waits(*member) || self.is_training(*member))
            }
            // It has no curve, and is known when the control begins.
            Some(Origin::Votes(_)) => self.waits(self.plan.control),
            _ => !self.curves.iter().any(|point| (point.run, point.network_id) == (0, network_id)),
        }
    }

    /// The networks in the order of pictures that compare: who teaches, the product, the control, all others.
    pub fn compared(&self) -> Vec<NetworkId> {
        compared(&self.plan)
    }
}

/// Whether a network teaches those that the verdict compares, rather than standing beside them.
pub fn is_teaching(id: NetworkId) -> bool {
    matches!(id.role, Role::Teacher | Role::Assistant)
}

/// The networks of a plan: who teaches, the product, the control, all others.
pub fn compared(plan: &Plan) -> Vec<NetworkId> {
    let pair = [plan.product, plan.control];
    let (teachers, others): (Vec<NetworkId>, Vec<NetworkId>) = plan.ids().partition(|id| is_teaching(*id));
    let others = others.into_iter().filter(|id| !pair.contains(id));
    teachers.into_iter().chain(pair).chain(others).collect()
}

/// At most five networks: all that there are, or those that every picture must show.
pub fn few(plan: &Plan) -> Vec<NetworkId> {
    let mut all = compared(plan);
    if all.len() > FEW {
        let leading = plan.leading();
        all.retain(|id| leading.contains(id));
    }
    all
}

/// At most so many networks in the plan's order: those that every picture must show, then others.
pub fn some(plan: &Plan, most: usize) -> Vec<NetworkId> {
    let leading = plan.leading();
    let others = compared(plan).into_iter().filter(|id| !leading.contains(id));
    let chosen: Vec<NetworkId> = leading.iter().copied().chain(others).take(most).collect();
    plan.ids().filter(|id| chosen.contains(id)).collect()
}

/// Whether the plan is one teacher, and a student beside the same network without it.
pub fn is_usual(plan: &Plan) -> bool {
    plan.contrast == Contrast::Alone && plan.ids().eq([NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT])
}

/// The epochs of a network; those of the networks that it is computed from, where it learns nothing itself.
pub fn epochs(plan: &Plan, id: NetworkId) -> u32 {
    let learned = |id| plan.supervision(id).and_then(|(phase, _)| Some(plan.phases.get(phase)?.epochs));
    let members = plan.network(id).map_or(&[][..], |network| network.origin.members());
    learned(id).or_else(|| members.iter().filter_map(|member| learned(*member)).max()).unwrap_or(0)
}

/// Whether a network has a curve: it learns, rather than being computed from others.
pub fn is_trained(plan: &Plan, id: NetworkId) -> bool {
    plan.network(id).is_some_and(|network| network.origin.is_trained())
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{DataSet, Experiment, Progress, Scheme};

    fn plan(scheme: Scheme) -> Plan {
        Experiment::usual(DataSet::Digits8, scheme).plan()
    }

    fn names(ids: &[NetworkId]) -> String {
        ids.iter().map(NetworkId::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn who_teaches_stands_first_and_the_product_before_the_control() {
        let of = |scheme| names(&compared(&plan(scheme)));
        assert_eq!(of(Scheme::Offline), "teacher student baseline");
        assert_eq!(of(Scheme::Assistant), "teacher assistant student baseline");
        assert_eq!(of(Scheme::Mutual), "student baseline student-2 ensemble");
        assert_eq!(of(Scheme::BornAgain), "teacher assistant assistant-2 student baseline ensemble");
        let soup = Experiment { members: 2, ..Experiment::usual(DataSet::Digits8, Scheme::Soup) };
        assert_eq!(names(&compared(&soup.plan())), "assistant student baseline baseline-2 ensemble");
        for &scheme in Scheme::ALL {
            assert!(few(&plan(scheme)).len() <= FEW, "{scheme}");
        }
        let several = plan(Scheme::SeveralTeachers);
        assert_eq!(names(&few(&several)), "teacher student baseline");
        assert_eq!(names(&some(&several, 6)), "teacher teacher-2 teacher-3 teacher-4 baseline student");
    }

    #[test]
    fn without_a_teacher_a_peer_or_the_control_is_compared_with() {
        let of = |scheme: Scheme| {
            let state = State::open(&format!("#scheme={scheme}"));
            (state.teacher().is_some(), state.reference().to_string())
        };
        assert_eq!(of(Scheme::Offline), (true, "teacher".into()));
        assert_eq!(of(Scheme::Mutual), (false, "student-2".into()));
        assert_eq!(of(Scheme::Soup), (false, "baseline".into()));
        assert_eq!(of(Scheme::BornAgain), (true, "teacher".into()));
    }

    #[test]
    fn the_learners_of_a_phase_train() {
        let mut state = State::open("#scheme=several-teachers");
        let progress = |phase| Progress {
            run: 0,
            runs: 1,
            phase,
            step: 0,
            steps: 1,
            epoch: 0,
            epochs: 1,
            examples_per_second: 0.0,
            share_done: None,
        };
        state.run_state = RunState::Running;
        state.progress = Some(progress(Some(0)));
        let training = |state: &State| state.networks().filter(|id| state.is_training(*id)).collect::<Vec<_>>();
        assert_eq!(names(&training(&state)), "teacher teacher-2 teacher-3 teacher-4 teacher-5");
        state.progress = Some(progress(Some(1)));
        assert_eq!(names(&training(&state)), "baseline student");
        state.progress = Some(progress(None));
        assert!(training(&state).is_empty(), "a compressed network is trained on");
    }

    #[test]
    fn what_is_computed_from_others_ends_when_they_do() {
        let soup = plan(Scheme::Soup);
        assert_eq!(epochs(&soup, soup.product), epochs(&soup, soup.control));
        assert!(!is_trained(&soup, soup.product) && is_trained(&soup, soup.control));
        assert!(is_usual(&plan(Scheme::Offline)) && !is_usual(&plan(Scheme::Mutual)) && !is_usual(&soup));
    }
}

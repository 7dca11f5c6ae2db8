//! Which of the numbers on the page belong to the experiment that is set: what was there before a knob was turned does
//! not count until it has been measured again.

use std::rc::Rc;

use retort_spec::{Experiment, Measured, Phase, RunState, UserExample, Verdict, changed};

use crate::{
    lessons::{
        model::Wait,
        quantity::{Quantity, value},
    },
    state::State,
};

/// Remembers what was measured before the last change.
#[derive(Default)]
pub struct ChangeTracker {
    experiment: Option<Experiment>,
    own: Rc<Vec<UserExample>>,
    teacher: Option<Rc<Measured>>,
    student: Option<Rc<Measured>>,
    verdict: Option<Rc<Verdict>>,
    /// Training has been seen to run since the last change.
    ran: bool,
}

impl ChangeTracker {
    /// Looks at the page; to be called whenever it changes.
    pub fn see(&mut self, state: &State) {
        let mut phase = match &self.experiment {
            Some(before) => changed(before, &state.experiment).map(|knob| knob.phase).min(),
            None => None,
        };
        if self.experiment.is_some() && self.own != state.own {
            phase = Some(Phase::Data);
        }
        self.experiment = Some(state.experiment.clone());
        self.own = state.own.clone();
        if let Some(phase) = phase.filter(|phase| *phase <= Phase::Verdict) {
            self.ran = false;
            self.verdict = state.verdict.clone();
            if phase <= Phase::Student {
                self.student = state.network(state.plan.product).cloned();
            }
            // Where nobody teaches from outside, whoever teaches is trained with the students.
            if phase <= Phase::Teacher || (phase <= Phase::Student && state.teacher().is_none()) {
                self.teacher = state.network(state.reference()).cloned();
            }
        }
        self.ran |= state.run_state == RunState::Running;
    }

    /// Whether what is waited for has been measured here, for this experiment.
    pub fn has(&self, state: &State, wait: Wait) -> bool {
        if state.recorded {
            return wait == Wait::None;
        }
        let teacher = || is_new(state.network(state.reference()), &self.teacher);
        let student = || {
            // Networks of sequences are weighed by their own engine, with the rest.
            let is_weighed = !state.outdated && !state.compressed.is_empty();
            let packed = is_weighed || state.experiment.data.is_of_sequences();
            let is_there = |id| state.network(id).is_some();
            packed && is_there(state.plan.control) && is_new(state.network(state.plan.product), &self.student)
        };
        let verdict = || state.run_state == RunState::Finished && is_new(state.verdict.as_ref(), &self.verdict);
        match wait {
            Wait::None => true,
            Wait::Teacher => teacher(),
            Wait::Student => teacher() && student(),
            Wait::Verdict => teacher() && student() && verdict(),
        }
    }

    /// Whether training has ended without measuring what is waited for, so that only another start would.
    pub fn is_stuck(&self, state: &State, wait: Wait) -> bool {
        let ended = matches!(state.run_state, RunState::Finished | RunState::Idle);
        self.ran && ended && !self.has(state, wait)
    }

    /// A quantity, where it has been measured for this experiment.
    pub fn read(&self, state: &State, name: &str) -> Option<f64> {
        let needed = Quantity::named(name)?.needs();
        value(state, name).filter(|_| self.has(state, needed))
    }
}

fn is_new<T>(now: Option<&Rc<T>>, before: &Option<Rc<T>>) -> bool {
    now.is_some_and(|now| !before.as_ref().is_some_and(|before| Rc::ptr_eq(now, before)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        Action,
        fixture::{act, finish, measured_state},
    };

    fn turn(state: State, key: &'static str, value: &str) -> State {
        act(state, Action::Turn { key, value: value.into() })
    }

    #[test]
    fn what_was_measured_before_a_knob_was_turned_does_not_count() {
        let mut tracker = ChangeTracker::default();
        let state = measured_state();
        tracker.see(&state);
        assert!(tracker.has(&state, Wait::Verdict));
        let state = turn(state, "labels", "10");
        tracker.see(&state);
        assert!(tracker.has(&state, Wait::Teacher), "a student's knob keeps the teacher");
        assert!(!tracker.has(&state, Wait::Student) && !tracker.has(&state, Wait::Verdict));
        assert_eq!(tracker.read(&state, "student.accuracy"), None);
        let state = finish(state);
        tracker.see(&state);
        assert!(tracker.has(&state, Wait::Verdict));
        assert_eq!(tracker.read(&state, "student.accuracy"), Some(75.0));
    }

    #[test]
    fn another_width_needs_no_training_and_another_teacher_needs_all() {
        let mut tracker = ChangeTracker::default();
        let state = measured_state();
        tracker.see(&state);
        let state = turn(state, "bits", "2");
        tracker.see(&state);
        assert!(tracker.has(&state, Wait::Verdict));
        let state = turn(state, "teacher", "8");
        tracker.see(&state);
        assert!(!tracker.has(&state, Wait::Teacher) && !tracker.has(&state, Wait::Student));
    }

    #[test]
    fn it_is_stuck_only_when_training_has_ended_since() {
        let mut tracker = ChangeTracker::default();
        let mut state = measured_state();
        tracker.see(&state);
        state = turn(state, "temperature", "9");
        tracker.see(&state);
        assert!(!tracker.is_stuck(&state, Wait::Student), "the engine has not answered yet");
        state.run_state = RunState::Running;
        tracker.see(&state);
        state.run_state = RunState::Finished;
        tracker.see(&state);
        assert!(tracker.is_stuck(&state, Wait::Student));
    }

    #[test]
    fn what_was_recorded_is_not_measured_here() {
        let mut tracker = ChangeTracker::default();
        let state = State { recorded: true, ..measured_state() };
        tracker.see(&state);
        assert!(tracker.has(&state, Wait::None) && !tracker.has(&state, Wait::Teacher));
    }
}

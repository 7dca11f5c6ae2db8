//! How long a training takes here, by what its networks took.

use crate::state::State;

impl State {
    /// Seconds in which the workers trained all networks of the experiment that is shown, measuring aside; `None` until
    /// all are trained here, or where the visitor slowed the training down.
    pub fn training_seconds(&self) -> Option<f64> {
        if self.recorded || self.pace.is_some() || self.verdict.is_none() {
            return None;
        }
        let workers = self.memory.len().max(1);
        let mut spent = vec![0.0; workers];
        for run in 0..self.experiment.runs {
            for phase in 0..self.plan.phases.len() as u32 {
                // Networks of one phase are trained together, and each of them says how long that took.
                let learns = |id| self.plan.learners(phase).any(|learner| learner == id);
                let mine = self.measured.iter().filter(|one| one.run == run && learns(one.network_id));
                spent[run as usize % workers] += mine.map(|one| one.seconds).fold(0.0, f64::max);
            }
        }
        spent.into_iter().reduce(f64::max).filter(|seconds| *seconds > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use retort_spec::NetworkId;

    use crate::state::fixture::{finish, measured_state};

    #[test]
    fn a_training_takes_as_long_as_its_slowest_worker() {
        let mut state = finish(measured_state());
        let model = state.network(NetworkId::TEACHER).unwrap().clone();
        let network = |run, network_id, seconds| {
            let mut measured = (*model).clone();
            (measured.run, measured.network_id, measured.seconds) = (run, network_id, seconds);
            Rc::new(measured)
        };
        let run = |run, teacher, students| {
            [(NetworkId::TEACHER, teacher), (NetworkId::BASELINE, students), (NetworkId::STUDENT, students)]
                .map(|(network_id, seconds)| network(run, network_id, seconds))
        };
        state.measured = [run(0, 1.0, 2.0), run(1, 1.5, 2.5), run(2, 1.0, 3.0)].concat();
        assert_eq!(state.training_seconds(), Some(11.0), "one worker trains all");
        state.memory = Rc::new(vec![1e6, 1e6]);
        assert_eq!(state.training_seconds(), Some(7.0), "the first trains runs 0 and 2");
        state.pace = Some(10);
        assert_eq!(state.training_seconds(), None, "slowed down");
    }
}

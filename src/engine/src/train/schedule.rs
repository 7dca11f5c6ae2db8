//! How the learning rate changes over a training.

use std::f64::consts::PI;

use retort_spec::{Experiment, Schedule};

/// The learning rate at `step` of `steps`.
pub fn rate(experiment: &Experiment, step: u32, steps: u32) -> f64 {
    experiment.learning_rate * factor(experiment.schedule, step, steps)
}

/// The factor on the learning rate at `step` of `steps`, from 1 downwards.
fn factor(schedule: Schedule, step: u32, steps: u32) -> f64 {
    let done = f64::from(step) / f64::from(steps.max(1));
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine => 0.5 * (1.0 + (PI * done).cos()),
        Schedule::Step if done < 0.5 => 1.0,
        Schedule::Step if done < 0.75 => 0.1,
        Schedule::Step => 0.01,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_start_at_one_and_fall_as_they_say() {
        for &schedule in Schedule::ALL {
            assert_eq!(factor(schedule, 0, 100), 1.0);
        }
        assert!((factor(Schedule::Cosine, 50, 100) - 0.5).abs() < 1e-12);
        assert!(factor(Schedule::Cosine, 99, 100) < 0.001);
        assert_eq!([49, 50, 75].map(|step| factor(Schedule::Step, step, 100)), [1.0, 0.1, 0.01]);
    }
}

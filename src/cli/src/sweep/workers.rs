//! Cells trained on several cores, each by a session of its own. All of them share the networks.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use clap::ArgMatches;
use retort_engine::NetworkCache;
use retort_spec::{Experiment, sweep::Results};

use super::engines::{Engines, Measuring};
use crate::Failure;

/// What came of a cell, or why it cannot be trained.
pub type Trained = Result<Results, String>;

/// The cells that wait. Those that take longest come first, so that no worker begins one when all others are done.
struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    /// These cells, of which `cost` says about how long each takes.
    fn new(places: &[usize], cost: impl Fn(usize) -> f64) -> Self {
        let mut waiting: Vec<(usize, f64)> = places.iter().map(|&place| (place, cost(place))).collect();
        waiting.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Self(Mutex::new(waiting.into_iter().map(|(place, _)| place).collect()))
    }

    fn next(&self) -> Option<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Leaves nothing to do.
    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// About how long an experiment trains, as far as it matters which of two takes longer.
fn cost(experiment: &Experiment) -> f64 {
    f64::from(experiment.runs) * experiment.training_cost(experiment.examples)
}

/// Trains these of the experiments, which are `None` for impossible cells, on so many cores. `told` is called on this
/// thread after each of them.
///
/// # Errors
/// What ends everything: a device or files that are missing, or what `told` says. What is under way is trained to its
/// end first.
pub fn train(
    matches: &ArgMatches,
    experiments: &[Option<&Experiment>],
    places: &[usize],
    cores: usize,
    mut told: impl FnMut(usize, Trained) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let workers = cores.clamp(1, places.len().max(1));
    let cost_at = |place: usize| experiments.get(place).copied().flatten().map_or(0.0, cost);
    let queue = &Queue::new(places, cost_at);
    let networks = NetworkCache::default();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, measuring) = (sender.clone(), Measuring::TestSet(networks.clone()));
            scope.spawn(move || {
                let mut engines = Engines::new(matches, experiments.iter().copied().flatten(), measuring);
                while let Some(place) = queue.next() {
                    let Some(experiment) = experiments.get(place).copied().flatten() else { continue };
                    let trained = engines.train(experiment, |_| {});
                    // Nobody listens after a failure.
                    if sender.send((place, trained)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (place, trained) in receiver {
            let done = trained.and_then(|trained| told(place, trained));
            if done.is_err() {
                queue.clear();
                return done;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longest_is_begun_first_and_equals_in_their_order() {
        let queue = Queue::new(&[4, 5, 6, 7], |place| if place == 6 { 2.0 } else { 1.0 });
        assert_eq!([queue.next(), queue.next(), queue.next()], [6, 4, 5].map(Some));
        queue.clear();
        assert_eq!(queue.next(), None);
    }
}

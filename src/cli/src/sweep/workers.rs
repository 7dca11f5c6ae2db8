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

/// The cells that wait, for each worker its own. Neighbours share networks, which a session finds again, so that each
/// worker has cells that follow each other. One without cells takes the last of whoever has most.
struct Queue(Mutex<Vec<VecDeque<usize>>>);

impl Queue {
    fn new(places: &[usize], workers: usize) -> Self {
        let share = places.len().div_ceil(workers.max(1)).max(1);
        let mut shares: Vec<VecDeque<usize>> =
            places.chunks(share).map(|part| part.iter().copied().collect()).collect();
        shares.resize(workers, VecDeque::new());
        Self(Mutex::new(shares))
    }

    fn next(&self, worker: usize) -> Option<usize> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = shares.get_mut(worker).and_then(VecDeque::pop_front);
        own.or_else(|| shares.iter_mut().max_by_key(|share| share.len()).and_then(VecDeque::pop_back))
    }

    /// Leaves nothing to do.
    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
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
    let queue = &Queue::new(places, workers);
    let networks = NetworkCache::default();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (sender, measuring) = (sender.clone(), Measuring::TestSet(networks.clone()));
            scope.spawn(move || {
                let mut engines = Engines::new(matches, experiments.iter().copied().flatten(), measuring);
                while let Some(place) = queue.next(worker) {
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
    fn neighbours_stay_with_one_worker_and_nobody_waits_while_others_have_work() {
        let queue = Queue::new(&[4, 5, 6, 7, 8], 2);
        assert_eq!((queue.next(0), queue.next(1)), (Some(4), Some(7)));
        assert_eq!([queue.next(1), queue.next(1)], [Some(8), Some(6)]);
        assert_eq!((queue.next(0), queue.next(0), queue.next(1)), (Some(5), None, None));
        assert_eq!(Queue::new(&[], 3).next(2), None);
    }
}

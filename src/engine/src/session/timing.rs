//! How long an experiment would take on this device, from a few of its own steps.

use std::time::Duration;

use retort_spec::{EngineError, Experiment, RunAssignment, RunTime};
use web_time::Instant;

use super::{Halt, Session, cache::NetworkCache, check_engine, job::Job};
use crate::{data::load, train::learner::Learner};

/// Steps that only wake the device: its kernels are compiled in them.
const WAKING: u32 = 2;
/// Steps that are timed at most, and for how long about.
const STEPS: u32 = 32;
const ENOUGH: Duration = Duration::from_millis(250);

impl Session {
    /// How long a run of this experiment takes here.
    pub(super) async fn time(&self, experiment: Experiment) -> RunTime {
        match self.seconds(experiment).await {
            Ok(seconds) => RunTime::Seconds(seconds),
            Err(Halt(EngineError::Device { reason } | EngineError::Engine { reason })) => RunTime::Failed { reason },
            Err(_) => RunTime::Untrainable,
        }
    }

    async fn seconds(&self, experiment: Experiment) -> Result<f64, Halt> {
        check_engine(&experiment)?;
        let dataset = load(&experiment, &self.files)?;
        let cache = NetworkCache::default();
        let (mut job, _) = Job::new(dataset, experiment, RunAssignment::ALL, cache, &self.compute.device).await?;
        let phases = job.plan.phases.len() as u32;
        let mut seconds = 0.0;
        for phase in 0..phases {
            job.begin_untrained(phase).await?;
            seconds += job.timed(ENOUGH / phases.max(2) * 2).await?;
        }
        Ok(seconds)
    }
}

impl Job {
    /// Seconds that the phase that is under way takes.
    async fn timed(&mut self, enough: Duration) -> Result<f64, Halt> {
        let mut events = Vec::new();
        let steps = self.learner().map_or(0, Learner::steps);
        // Its last step would end the phase.
        for _ in 0..WAKING.min(steps.saturating_sub(1)) {
            self.step(&mut events).await?;
        }
        self.check_losses().await?;
        let (start, mut done) = (Instant::now(), 0);
        while done < STEPS && start.elapsed() < enough && self.steps_done() + 1 < steps {
            self.step(&mut events).await?;
            done += 1;
        }
        self.check_losses().await?;
        Ok(start.elapsed().as_secs_f64() / f64::from(done.max(1)) * f64::from(steps))
    }
}

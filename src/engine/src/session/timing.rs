//! How long an experiment would take on this device, from a few of its own steps.

use std::time::Duration;

use retort_spec::{Experiment, Share};
use web_time::Instant;

use super::{
    Halt, Session,
    job::{Job, Work},
};
use crate::{data::load, schemes::offline::Students};

/// Steps that only wake the device: its kernels are compiled in them.
const WAKING: u32 = 2;
/// Steps that are timed at most, and for how long about.
const STEPS: u32 = 32;
const ENOUGH: Duration = Duration::from_millis(250);

impl Session {
    /// Seconds that a run of this experiment takes here; `None` where it cannot be trained.
    pub(super) async fn time(&self, experiment: Experiment) -> Option<f64> {
        let dataset = load(&experiment, &self.files).ok()?;
        let (mut job, _) = Job::new(dataset, experiment, Share::ALL, &self.compute.device).ok()?;
        let teaching = job.timed().await.ok()?;
        let Work::Teacher(teacher) = &job.work else { return None };
        let network = teacher.learner.network();
        job.work =
            Work::Students(Box::new(Students::new(&job.bench, &job.experiment, network, job.experiment.seed).ok()?));
        Some(teaching + job.timed().await.ok()?)
    }
}

impl Job {
    /// Seconds that the stage that is under way takes.
    async fn timed(&mut self) -> Result<f64, Halt> {
        let mut told = Vec::new();
        for _ in 0..WAKING {
            self.step(&mut told).await?;
        }
        self.check_losses().await?;
        let steps = self.learner().map_or(0, |(_, learner)| learner.steps());
        let (start, mut done) = (Instant::now(), 0);
        while done < STEPS && start.elapsed() < ENOUGH && self.steps_done() + 1 < steps {
            self.step(&mut told).await?;
            done += 1;
        }
        self.check_losses().await?;
        Ok(start.elapsed().as_secs_f64() / f64::from(done.max(1)) * f64::from(steps))
    }
}

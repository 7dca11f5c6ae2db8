//! How long an experiment would take on this device, from a few of its own steps.

use std::time::Duration;

use retort_spec::{EngineError, Experiment, RunAssignment, RunTime};
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
    /// How long a run of this experiment takes here.
    pub(super) async fn time(&self, experiment: Experiment) -> RunTime {
        match self.seconds(experiment).await {
            Ok(seconds) => RunTime::Seconds(seconds),
            Err(Halt(EngineError::Device { reason } | EngineError::Engine { reason })) => RunTime::Failed { reason },
            Err(_) => RunTime::Untrainable,
        }
    }

    async fn seconds(&self, experiment: Experiment) -> Result<f64, Halt> {
        let dataset = load(&experiment, &self.files)?;
        let (mut job, _) = Job::new(dataset, experiment, RunAssignment::ALL, &self.compute.device)?;
        let teaching = job.timed().await?;
        // A teacher of one or two steps is trained by now, and its students have begun.
        if let Work::Teacher(teacher) = &job.work {
            let (network, seed) = (teacher.learner.network(), job.experiment.seed);
            job.work = Work::Students(Box::new(Students::new(&job.data, &job.experiment, network, seed)?));
        }
        Ok(teaching + job.timed().await?)
    }
}

impl Job {
    /// Seconds that the stage that is under way takes.
    async fn timed(&mut self) -> Result<f64, Halt> {
        let mut events = Vec::new();
        for _ in 0..WAKING {
            self.step(&mut events).await?;
        }
        self.check_losses().await?;
        let steps = self.learner().map_or(0, |(_, learner)| learner.steps());
        let (start, mut done) = (Instant::now(), 0);
        while done < STEPS && start.elapsed() < ENOUGH && self.steps_done() + 1 < steps {
            self.step(&mut events).await?;
            done += 1;
        }
        self.check_losses().await?;
        Ok(start.elapsed().as_secs_f64() / f64::from(done.max(1)) * f64::from(steps))
    }
}

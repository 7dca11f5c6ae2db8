//! A session: commands in, events out, an experiment trained a little at a time in between. It speaks the protocol of
//! the engine for images and points, so that the page and the command line drive both alike.

mod exhibits;
mod job;
mod lessons;
mod reports;

use std::time::Duration;

use retort_spec::{Command, EngineInfo, Event, Experiment, Phase, RunState, changed};
use web_time::Instant;

use job::Job;

/// How far to go before pausing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunMode {
    Run,
    Pause,
    Batch,
    Epoch,
}

/// Parts of a second in which steps of a set pace are done together.
const BEATS: u32 = 10;

/// An engine at work on one experiment at a time.
pub struct Session {
    job: Option<Job>,
    mode: RunMode,
    /// Steps a second at most.
    pace: Option<u32>,
    /// When the next step is due at that pace.
    due: Option<Instant>,
    /// What was asked of each exhibit's block.
    asked: Vec<(u8, String)>,
}

impl Default for Session {
    fn default() -> Self {
        Self { job: None, mode: RunMode::Run, pace: None, due: None, asked: Vec::new() }
    }
}

impl Session {
    /// What the engine is.
    pub fn info() -> EngineInfo {
        EngineInfo { gpu: false, adapter: None, self_test: None }
    }

    /// Whether [`advance`](Self::advance) has anything to do.
    pub fn is_running(&self) -> bool {
        self.mode != RunMode::Pause && self.job.as_ref().is_some_and(|job| !job.is_finished())
    }

    /// How long to wait before the next [`advance`](Self::advance), at the pace that was asked for.
    pub fn rest(&self) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()))
    }

    /// Carries out a command. All but a question is answered by a state.
    pub fn handle(&mut self, command: Command) -> Vec<Event> {
        let asks = command.is_question();
        let mut events = self.carry_out(command);
        if !asks {
            events.push(self.state());
        }
        events
    }

    fn carry_out(&mut self, command: Command) -> Vec<Event> {
        match command {
            Command::Run(experiment) => self.run(experiment),
            Command::Reset => match self.job.take() {
                Some(job) => self.start(job.experiment().clone(), None),
                None => Vec::new(),
            },
            Command::Pause => self.set_mode(RunMode::Pause),
            Command::Resume => self.set_mode(RunMode::Run),
            Command::StepBatch => self.set_mode(RunMode::Batch),
            Command::StepEpoch => self.set_mode(RunMode::Epoch),
            Command::Stop => {
                self.job = None;
                Vec::new()
            }
            Command::SetSpeedLimit(pace) => {
                (self.pace, self.due) = (pace, None);
                Vec::new()
            }
            Command::Ask { id, text } => {
                if id == exhibits::sizes::FILES {
                    return self.job.as_mut().and_then(|job| job.file(&text)).into_iter().collect();
                }
                self.asked.retain(|(other, _)| *other != id);
                self.asked.push((id, text));
                self.job.as_mut().map_or_else(Vec::new, |job| job.exhibits(&self.asked))
            }
            // All runs are trained here.
            Command::AssignRuns(share) => vec![Event::AssignmentApplied { generation: share.generation }],
            Command::Ping => {
                let networks = self.job.as_ref().map_or(0, Job::networks_kept) as u32;
                vec![Event::Pong { memory: 0.0, networks }]
            }
            // What only images and points can be asked, or what is another worker's.
            _ => Vec::new(),
        }
    }

    /// Trains for about `budget`, or to the end of what was asked for, and reports.
    pub fn advance(&mut self, budget: Duration) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(job) = self.job.as_mut().filter(|_| self.mode != RunMode::Pause) else { return events };
        let start = Instant::now();
        let most = self.pace.map_or(u32::MAX, |pace| pace.div_ceil(BEATS));
        let mut steps = 0;
        loop {
            let stepped = job.step(&self.asked, &mut events);
            steps += u32::from(stepped.is_some());
            let is_over = match self.mode {
                RunMode::Batch => stepped.is_some(),
                RunMode::Epoch => stepped == Some(true),
                RunMode::Run | RunMode::Pause => false,
            };
            if is_over {
                self.mode = RunMode::Pause;
            }
            if job.is_finished() || is_over || start.elapsed() >= budget || steps >= most {
                break;
            }
        }
        events.extend(job.progress(steps, start.elapsed()).map(Event::Progress));
        if job.has_diverged() {
            self.job = None;
        }
        self.due = self.pace.map(|pace| start + Duration::from_secs(1) * steps / pace.max(1));
        if !self.is_running() {
            events.push(self.state());
        }
        events
    }

    fn set_mode(&mut self, mode: RunMode) -> Vec<Event> {
        self.mode = mode;
        Vec::new()
    }

    fn state(&self) -> Event {
        Event::State(match &self.job {
            None => RunState::Idle,
            Some(job) if job.is_finished() => RunState::Finished,
            Some(_) if self.mode == RunMode::Pause => RunState::Paused,
            Some(_) => RunState::Running,
        })
    }

    /// Makes this the experiment. Networks that were trained by the same phase before are not trained again.
    fn run(&mut self, experiment: Experiment) -> Vec<Event> {
        let Some(job) = &mut self.job else { return self.start(experiment, None) };
        let decides = |knob: &&retort_spec::Knob| knob.phase != Phase::Show && experiment.applies(knob.key);
        let before = job.experiment().clone();
        // A knob that was turned, but means nothing here, retrains nothing.
        if before.data == experiment.data && changed(&before, &experiment).find(decides).is_none() {
            job.show(experiment);
            return Vec::new();
        }
        let job = self.job.take();
        self.start(experiment, job)
    }

    fn start(&mut self, experiment: Experiment, before: Option<Job>) -> Vec<Event> {
        if before.as_ref().is_none_or(|job| job.experiment().data != experiment.data) {
            // What was asked about other data means nothing here.
            self.asked.clear();
        }
        self.mode = RunMode::Run;
        match Job::new(experiment, before) {
            Ok(mut job) => {
                let mut events = vec![job.data()];
                events.extend(job.exhibits(&self.asked));
                self.job = Some(job);
                events
            }
            Err(error) => vec![Event::Error(error)],
        }
    }
}

#[cfg(test)]
mod tests;

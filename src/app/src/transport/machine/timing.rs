//! Which device is faster is measured, not guessed: while the processor already trains, the GPU engine is started,
//! compiles its kernels and times a few steps of the very experiment; then the processor does. The GPU takes over where
//! it would be done before the processor is.

use retort_spec::{Command, EngineError, Event, Experiment, KNOBS, Knob, Phase, RunTime};

use crate::{
    state::device::{DeviceReason, Timed, choose},
    transport::{
        machine::{Effect, Machine, Program, WorkerId, WorkerInput},
        pool_size::size,
    },
};

/// What a run of some networks and batches takes, in seconds.
struct Known {
    key: String,
    gpu: f64,
    /// One worker's seconds; unknown until the processor was asked.
    cpu: Option<f64>,
    /// How long the processor had trained by then.
    spent: f64,
}

/// The timing's part of the machine.
#[derive(Default)]
pub(super) struct Timing {
    known: Vec<Known>,
    /// The GPU engine while it is timed, and what it was asked about.
    candidate: Option<(WorkerId, String)>,
    /// What the processor was asked about and has not answered.
    pub(super) question: Option<String>,
    /// What turned out to be no training.
    pub(super) untrainable: Option<String>,
    /// When this page's own engine began, in seconds.
    pub(super) began: f64,
}

impl Timing {
    pub(super) fn is(&self, id: WorkerId) -> bool {
        self.candidate.as_ref().is_some_and(|(candidate, _)| *candidate == id)
    }
}

/// The values of all knobs that may decide how long a run takes: all that training depends on, but for the seed. Live
/// knobs are left out, since a slider that moves must not time the devices anew.
fn key(experiment: &Experiment) -> String {
    let decides = |knob: &&Knob| knob.phase <= Phase::Student && !knob.live && knob.key != "seed";
    KNOBS.iter().filter(decides).map(|knob| knob.get(experiment) + " ").collect()
}

impl<P: Clone> Machine<P> {
    /// What was found for the experiment, all its runs together.
    pub(super) fn timed(&self) -> Option<Timed> {
        let key = key(&self.experiment);
        let Known { gpu, cpu, spent, .. } = self.timing.known.iter().find(|known| known.key == key)?;
        let runs = self.experiment.runs;
        let turns = runs.div_ceil(size(&self.experiment, self.cores, self.memory));
        let (cpu, gpu) = ((*cpu)? * f64::from(turns), gpu * f64::from(runs));
        Some(Timed { cpu, gpu, faster: gpu < cpu - spent })
    }

    /// Goes on to time both devices on the experiment that trains now, if that is worth it and not known.
    pub(super) fn time(&mut self) {
        let Some(adapter) = self.adapter else { return };
        let is_open = choose(&self.experiment, adapter, self.timed()) == DeviceReason::Timing && !self.gpu_failed;
        let busy = self.timing.candidate.is_some() || self.timing.question.is_some();
        let key = key(&self.experiment);
        if !is_open || busy || self.timing.untrainable.as_ref() == Some(&key) {
            return;
        }
        let Some(engine) = self.listening() else { return };
        match self.timing.known.iter().any(|known| known.key == key) {
            true => {
                self.effects.push(Effect::Send(engine, Command::EstimateTime(Box::new(self.experiment.clone()))));
                self.timing.question = Some(key);
            }
            false => {
                let candidate = self.start(Program::Gpu);
                self.timing.candidate = Some((candidate, key));
            }
        }
    }

    pub(super) fn on_candidate(&mut self, input: WorkerInput<P>) {
        match input {
            WorkerInput::Unavailable(_) | WorkerInput::Died(_) => self.give_up_gpu(),
            WorkerInput::Events(events) => {
                for event in events {
                    match event {
                        Event::Ready(_) => self.time_candidate(),
                        Event::TimeEstimate(RunTime::Seconds(gpu)) => {
                            if let Some(key) = self.end_candidate() {
                                self.timing.known.push(Known { key, gpu, cpu: None, spent: 0.0 });
                            }
                            self.time();
                        }
                        Event::TimeEstimate(RunTime::Untrainable) => self.timing.untrainable = self.end_candidate(),
                        Event::TimeEstimate(RunTime::Failed { .. })
                        | Event::Error(EngineError::Engine { .. } | EngineError::Device { .. }) => self.give_up_gpu(),
                        _ => {}
                    }
                }
            }
            WorkerInput::Loading { .. }
            | WorkerInput::Loaded
            | WorkerInput::WorkbenchEvents(_)
            | WorkerInput::Parcel(..) => {}
        }
    }

    fn time_candidate(&mut self) {
        let Some((id, about)) = &mut self.timing.candidate else { return };
        *about = key(&self.experiment);
        let files = self.files.iter().filter(|(data, _)| !data.is_of_sequences()).cloned();
        let files = files.map(|(data, files)| Command::Files { data, files });
        let time = Command::EstimateTime(Box::new(self.experiment.clone()));
        self.effects.extend(files.chain([time]).map(|command| Effect::Send(*id, command)));
    }

    /// It is started again if it is used; a browser remembers what it has compiled.
    fn end_candidate(&mut self) -> Option<String> {
        let (id, about) = self.timing.candidate.take()?;
        self.end(Some(id));
        Some(about)
    }

    /// The processor's time is known too.
    pub(super) fn decide(&mut self, time: &RunTime) {
        let Some(about) = self.timing.question.take() else { return };
        match *time {
            RunTime::Seconds(cpu) => {
                let spent = self.now - self.timing.began;
                if let Some(known) = self.timing.known.iter_mut().find(|known| known.key == about) {
                    (known.cpu, known.spent) = (Some(cpu), spent);
                }
                match about == key(&self.experiment) {
                    true => self.choose_and_run(),
                    false => self.time(),
                }
            }
            RunTime::Untrainable => self.timing.untrainable = Some(about),
            // The engine that failed is replaced for another reason.
            RunTime::Failed { .. } => {}
        }
    }

    /// The engine that was asked is not there any more.
    pub(super) fn forget_question(&mut self) {
        self.timing.question = None;
    }

    /// The GPU cannot be timed, and is not used.
    fn give_up_gpu(&mut self) {
        self.end_candidate();
        self.gpu_failed = true;
        self.choose_and_run();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_timed_anew_for_all_that_changes_the_time_of_a_run() {
        let default = Experiment::default();
        let known = |change: fn(&mut Experiment)| {
            let mut other = default.clone();
            change(&mut other);
            key(&other) == key(&default)
        };
        assert!(!known(|other| other.weights.set(retort_spec::Objective::Attention, 1.0)));
        assert!(!known(|other| other.jitter = 1));
        assert!(!known(|other| other.student_epochs += 1));
        assert!(!known(|other| other.examples += 1));
        assert!(known(|other| other.seed += 1) && known(|other| other.runs += 1));
        assert!(known(|other| other.temperature = 9.0) && known(|other| other.soft_weight = 0.5));
        assert!(known(|other| other.bits = retort_spec::Bits::B2));
    }
}

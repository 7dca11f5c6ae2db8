//! Which device is faster is measured, not guessed: while the processor already trains, the graphics card's engine is fetched,
//! compiles its kernels and times a few steps of the very experiment; then the processor does. The card takes over where it
//! would be done before the processor is.

use std::mem;

use retort_spec::{Command, Event, Experiment, KNOBS, Knob, Phase, Trouble};
use wasm_bindgen_futures::spawn_local;

use super::Driver;
use crate::{
    device::Timed,
    engine::{self, Engine, Message},
    pool,
    state::Action,
};

/// The timing's part of the driver.
#[derive(Default)]
pub(super) struct Timing {
    /// What was found for some networks and batches.
    known: Vec<(String, Timed)>,
    /// What is timed now.
    asked: Option<String>,
    /// The graphics card's engine while it is timed.
    candidate: Option<Engine>,
    /// What it said.
    gpu: Option<f64>,
    /// When this page's own engine began, in milliseconds.
    pub(super) began: f64,
}

impl Timing {
    /// What was found for such an experiment.
    pub(super) fn known(&self, experiment: &Experiment) -> Option<Timed> {
        let key = key(experiment);
        self.known.iter().find(|(of, _)| *of == key).map(|(_, timed)| *timed)
    }
}

/// The values of all knobs that may decide how long a run takes: all that training depends on, but for the seed. Live
/// knobs are left out, since a slider that moves must not time the devices anew.
fn key(experiment: &Experiment) -> String {
    let decides = |knob: &&Knob| knob.phase <= Phase::Student && !knob.live && knob.key != "seed";
    KNOBS.iter().filter(decides).map(|knob| knob.get(experiment) + " ").collect()
}

impl Driver {
    /// Times both devices on the experiment that trains now, if that is not known or under way.
    pub(super) fn time(&self) {
        let module = {
            let inner = &mut *self.inner.borrow_mut();
            let key = key(&inner.experiment);
            let idle = inner.timing.asked.is_none() && inner.timing.known(&inner.experiment).is_none();
            if !idle || !inner.ready {
                return;
            }
            inner.timing.asked = Some(key);
            inner.modules[1].clone()
        };
        let driver = self.clone();
        spawn_local(async move {
            let module = match module {
                Some(module) => Ok(module),
                None => engine::load("engine-gpu", &|_, _| {}).await,
            };
            let started = module.and_then(|module| {
                driver.inner.borrow_mut().modules[1] = Some(module.clone());
                let (receiver, mourner) = (driver.clone(), driver.clone());
                Engine::start(
                    &module,
                    move |message| receiver.hear_candidate(message),
                    move |_| mourner.give_up_timing(),
                )
            });
            match started {
                Ok(engine) => driver.inner.borrow_mut().timing.candidate = Some(engine),
                Err(_) => driver.give_up_timing(),
            }
        });
    }

    fn hear_candidate(&self, message: Message<Event>) {
        let Message::Events(events) = message else { return };
        for event in events {
            match event {
                Event::Ready(_) => {
                    let inner = self.inner.borrow();
                    let Some(candidate) = &inner.timing.candidate else { return };
                    for (data, files) in inner.files.iter().cloned() {
                        candidate.send(&Command::Files { data, files });
                    }
                    candidate.send(&Command::Time(Box::new(inner.experiment.clone())));
                }
                Event::Timed { seconds: Some(seconds) } => {
                    let experiment = {
                        let inner = &mut *self.inner.borrow_mut();
                        inner.timing.gpu = Some(seconds);
                        // It is started again if it is used; a browser remembers what it has compiled.
                        self.bury(mem::take(&mut inner.timing.candidate));
                        inner.experiment.clone()
                    };
                    self.send(&Command::Time(Box::new(experiment)));
                }
                Event::Timed { seconds: None } | Event::Trouble(Trouble::Engine { .. } | Trouble::Device { .. }) => {
                    return self.give_up_timing();
                }
                _ => {}
            }
        }
    }

    /// Ends a worker once it has been heard out: its own handler must not be dropped while it runs.
    fn bury(&self, engine: Option<Engine>) {
        spawn_local(async move { drop(engine) });
    }

    /// The processor's time is known too.
    pub(super) fn decide(&self, seconds: Option<f64>) {
        let decided = {
            let inner = &mut *self.inner.borrow_mut();
            let asked = inner.timing.asked.take();
            let (gpu, spent) = (inner.timing.gpu.take(), (js_sys::Date::now() - inner.timing.began) / 1000.0);
            match (asked, gpu, seconds) {
                (Some(asked), Some(gpu), Some(cpu)) if asked == key(&inner.experiment) => {
                    let runs = inner.experiment.runs;
                    let turns = runs.div_ceil(pool::size(&inner.experiment, pool::cores(), pool::memory()));
                    let (cpu, gpu) = (cpu * f64::from(turns), gpu * f64::from(runs));
                    let timed = Timed { cpu, gpu, faster: gpu < cpu - spent };
                    inner.timing.known.push((asked, timed));
                    Some(inner.experiment.clone())
                }
                _ => None,
            }
        };
        if let Some(experiment) = decided {
            self.run(experiment);
        }
    }

    /// The card cannot be timed, and is not used.
    fn give_up_timing(&self) {
        let experiment = {
            let inner = &mut *self.inner.borrow_mut();
            self.bury(mem::take(&mut inner.timing.candidate));
            inner.timing.asked = None;
            inner.gpu_failed = true;
            inner.experiment.clone()
        };
        self.run(experiment);
    }

    /// Says what was measured.
    pub(super) fn tell_timed(&self, timed: Option<Timed>) {
        self.dispatch.dispatch(Action::Timed(timed));
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
        assert!(known(|other| other.temperature = 9.0) && known(|other| other.soft = 0.5));
        assert!(known(|other| other.bits = retort_spec::Bits::B2));
    }
}

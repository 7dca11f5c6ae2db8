//! How far the training is: in words, as a bar, and how long it will still take on this device.

use retort_spec::{NetworkId, PlannedPhase, Progress, RunState};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::{bytes, number},
        labels::network_names,
    },
    state::{Engine, State, networks::is_usual},
};

/// A report that comes later than this was not awaited: the page stood behind another tab.
const LONGEST_PAUSE: f64 = 2000.0;

/// What the time is measured with.
#[derive(Default)]
struct Clock {
    /// Which training.
    training: u32,
    /// When it was looked at last, in milliseconds.
    at: f64,
    /// Milliseconds that it has trained.
    spent: f64,
}

impl Clock {
    /// Milliseconds that this training has trained until now.
    fn look(&mut self, training: u32, is_running: bool, now: f64) -> f64 {
        if training != self.training {
            *self = Self { training, at: now, spent: 0.0 };
        }
        let passed = now - self.at;
        if is_running && (0.0..LONGEST_PAUSE).contains(&passed) {
            self.spent += passed;
        }
        self.at = now;
        self.spent
    }
}

/// The badge of the progress.
#[hook]
pub fn use_progress() -> Html {
    let page = use_page();
    let clock = use_mut_ref(Clock::default);
    let (texts, state) = (&page.texts, &page.state);
    let is_running = state.run_state == RunState::Running;
    let spent = clock.borrow_mut().look(state.runs_started, is_running, js_sys::Date::now());
    let done = share_done(state);
    // The first twentieth says too little of the rest, and less than a second is not worth saying.
    let left = (is_running && done > 0.05).then(|| spent / 1000.0 * (1.0 - done) / done).filter(|left| *left >= 1.0);
    let words = words(&page);
    html! {
        <span id="progress" class="badge" title={words.clone()} style={format!("--done:{:.0}%", 100.0 * done)}>
            <span>{ words }</span>
            if let Some(left) = left {
                <small id="time-left">{ texts.with("time-left", &[("seconds", number(texts, left.ceil(), 0).into())]) }</small>
            }
        </span>
    }
}

/// How much of the training is done, 0 to 1.
fn share_done(state: &State) -> f64 {
    match (state.run_state, state.progress) {
        (RunState::Finished, _) => 1.0,
        (RunState::Running | RunState::Paused, Some(Progress { share_done: Some(share), .. })) => share,
        (RunState::Running | RunState::Paused, Some(at)) => {
            // Every phase of every run, weighed by its steps.
            let plan = &state.plan;
            let epochs = |phase: &PlannedPhase| f64::from(phase.epochs) * phase.learners.len() as f64;
            let all: f64 = plan.phases.iter().map(epochs).sum();
            let index = at.phase.map_or(0, |phase| phase as usize);
            let before: f64 = plan.phases.iter().take(index).map(epochs).sum();
            let now = plan.phases.get(index).map_or(0.0, epochs) * f64::from(at.step) / f64::from(at.steps.max(1));
            (f64::from(at.run) + (before + now) / all.max(1.0)) / f64::from(at.runs.max(1))
        }
        _ => 0.0,
    }
}

/// Who learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learning {
    /// The one teacher.
    Teacher,
    /// The student beside the same network alone.
    Students,
    /// A compressed network.
    Tuning,
    /// Others, to be named.
    Others,
}

/// Who learns now.
pub fn learning(page: &AppContext, progress: Progress) -> Learning {
    let plan = &page.state.plan;
    match progress.phase {
        None => Learning::Tuning,
        Some(0) if is_usual(plan) => Learning::Teacher,
        Some(_) if is_usual(plan) => Learning::Students,
        Some(_) => Learning::Others,
    }
}

/// The names of those that learn now.
pub fn learners(page: &AppContext, progress: Progress) -> String {
    let plan = &page.state.plan;
    let ids: Vec<NetworkId> = progress.phase.into_iter().flat_map(|phase| plan.learners(phase)).collect();
    network_names(&page.texts, plan, &ids)
}

/// What happens now, in words.
fn words(page: &AppContext) -> String {
    let (texts, state) = (&page.texts, &page.state);
    match (&state.engine, state.run_state, state.progress) {
        (Engine::Loading { received, total: Some(total) }, ..) => texts.with(
            "engine-loading-of",
            &[("received", bytes(texts, *received).into()), ("total", bytes(texts, *total).into())],
        ),
        (Engine::Loading { received, total: None }, ..) => {
            texts.with("engine-loading", &[("received", bytes(texts, *received).into())])
        }
        (Engine::Starting, ..) => texts.get("engine-starting"),
        (Engine::Failed(_), ..) => texts.get("engine-failed"),
        (Engine::Ready(_), RunState::Idle, _) => texts.get("idle"),
        (Engine::Ready(_), RunState::Finished, _) => texts.get("finished"),
        (Engine::Ready(_), run_state, Some(progress)) => {
            let id = match (run_state, learning(page, progress)) {
                (RunState::Paused, _) => "progress-paused",
                (_, Learning::Teacher) => "progress-teacher",
                (_, Learning::Students) => "progress-students",
                (_, Learning::Tuning) => "progress-tuning",
                (_, Learning::Others) => "progress-networks",
            };
            let args = [
                ("networks", learners(page, progress).into()),
                ("epoch", number(texts, progress.epoch.into(), 0).into()),
                ("epochs", number(texts, progress.epochs.into(), 0).into()),
                ("run", number(texts, (progress.run + 1).into(), 0).into()),
                ("runs", number(texts, progress.runs.into(), 0).into()),
            ];
            texts.with(id, &args)
        }
        (Engine::Ready(_), _, None) => texts.get("engine-starting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_of_training_counts() {
        let mut clock = Clock::default();
        assert_eq!(clock.look(1, true, 1000.0), 0.0, "a new training");
        assert_eq!(clock.look(1, true, 1100.0), 100.0);
        assert_eq!(clock.look(1, false, 1900.0), 100.0, "paused");
        assert_eq!(clock.look(1, true, 2000.0), 200.0);
        assert_eq!(clock.look(1, true, 60_000.0), 200.0, "the page was away");
        assert_eq!(clock.look(2, true, 60_100.0), 0.0);
    }

    #[test]
    fn each_phase_of_each_run_counts_by_what_it_takes() {
        let mut state = State::open("");
        let at = |run, phase, step| Progress {
            run,
            runs: 2,
            phase: Some(phase),
            step,
            steps: 10,
            epoch: 0,
            epochs: 1,
            examples_per_second: 0.0,
            share_done: None,
        };
        let mut done = |run, phase, step| {
            state.run_state = RunState::Running;
            state.progress = Some(at(run, phase, step));
            share_done(&state)
        };
        let shares = [done(0, 0, 0), done(0, 0, 10), done(0, 1, 0), done(0, 1, 10), done(1, 0, 0), done(1, 1, 10)];
        assert!(shares.is_sorted(), "{shares:?}");
        assert_eq!((shares[0], shares[1], shares[3], shares[5]), (0.0, shares[2], 0.5, 1.0));
        // What the engine knows better counts.
        state.progress = Some(Progress { share_done: Some(0.75), ..at(0, 1, 0) });
        assert_eq!(share_done(&state), 0.75);
    }
}

//! What a lesson does to the page: it turns knobs, as changes that can be undone, and sees what was measured.

use retort_spec::{Command, Experiment, RunState, encode};
use yew::UseReducerHandle;

use crate::{
    context::AppContext,
    lessons::{
        Entry,
        change::ChangeTracker,
        condition::{LessonAction, LessonProgress, Observed, awaited},
        guide,
        model::{Lesson, Step},
    },
    state::{
        Action,
        setting::{is_turned, mixes, opening, turned},
    },
};

/// Begins a lesson with its own experiment.
pub fn begin(page: &AppContext, entry: &Entry, lesson: &Lesson) {
    let mut start = opening(&page.state.experiment, &lesson.link);
    if let Some(set) = lesson.steps.first().and_then(begins_with) {
        start = turned(&start, set);
    }
    guide::address(entry, &start);
    steer(page, &start);
}

/// Enters a step.
pub fn enter(page: &AppContext, step: &Step) {
    if let Some(set) = begins_with(step) {
        steer(page, &turned(&page.state.experiment, set));
    }
}

/// Measures what a step's prediction is about.
pub fn measure(page: &AppContext, step: &Step) {
    if page.state.run_state == RunState::Paused {
        page.driver.send(&Command::Resume);
    }
    if let Some(set) = &step.set {
        steer(page, &turned(&page.state.experiment, set));
    }
}

/// The same from the first training step on, where a training has ended without it.
pub fn measure_again(page: &AppContext, step: &Step) {
    let now = &page.state.experiment;
    let experiment = step.set.as_ref().map_or_else(|| now.clone(), |set| turned(now, set));
    page.state.dispatch(Action::Navigate(encode(&experiment)));
    restart(page, experiment);
}

/// Trains the experiment that is set from the first step on.
pub fn start_over(page: &AppContext) {
    restart(page, page.state.experiment.clone());
}

/// Looks whether a step's task is done and whether its prediction can be judged.
pub fn look(page: &AppContext, step: &Step, progress: &UseReducerHandle<LessonProgress>, tracker: &ChangeTracker) {
    let state = &page.state;
    let record = progress.record();
    let read = |name: &str| tracker.read(state, name);
    let has_end = step.goal.is_some() || !step.until.is_empty();
    let is_reached = || step.goal.as_ref().is_none_or(|goal| is_turned(&state.experiment, goal));
    if !record.done && has_end && is_reached() && step.until.iter().all(|condition| condition.holds(read)) {
        progress.dispatch(LessonAction::Done);
    }
    let Some(predict) = step.predict.as_ref().filter(|_| record.committed && record.seen.is_none()) else { return };
    let is_set = step.set.as_ref().is_none_or(|set| is_turned(&state.experiment, set));
    if is_set && tracker.has(state, awaited(step)) {
        progress.dispatch(LessonAction::See(Observed::judge(step, predict, read)));
    }
}

/// What a step turns at its beginning; with a prediction it waits for the visitor's answer, all but what it is compared
/// with.
fn begins_with(step: &Step) -> Option<&str> {
    if step.predict.is_some() { step.before.as_deref() } else { step.set.as_deref() }
}

/// Turns the page to this experiment.
pub fn steer(page: &AppContext, experiment: &Experiment) {
    let state = &page.state;
    state.dispatch(Action::Navigate(encode(experiment)));
    let under_way = matches!(state.run_state, RunState::Running | RunState::Paused);
    if under_way && mixes(&state.experiment, experiment) {
        restart(page, experiment.clone());
    }
}

/// Starts over with an experiment. It is sent here, since a reset that came before it would train the old one.
fn restart(page: &AppContext, experiment: Experiment) {
    page.driver.run(experiment);
    page.driver.send(&Command::Reset);
}

//! The one reducer: what each action does to the state.

use std::rc::Rc;

use retort_spec::{PAGE_KEYS, Problem, decode, encode, knob, sanitize};
use yew::Reducible;

use crate::state::{
    Action, MOST_KEPT, SavedRun, State, saved_run,
    setting::{brought, moved},
};

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = (*self).clone();
        match action {
            Action::Turn { key: key @ ("data" | "scheme"), value } => {
                if let Some(experiment) = moved(&state.experiment, key, &value) {
                    state.change(experiment);
                    let brought = brought(&self.experiment, &state.experiment).filter(|brought| *brought != key);
                    state.brought = Rc::new((key, brought.collect()));
                }
            }
            Action::Turn { key, value } => {
                state.preview = None;
                if let Some(knob) = knob(key) {
                    let mut experiment = state.experiment.clone();
                    match knob.set(&mut experiment, &value) {
                        Ok(()) => {
                            state.report_knob(key, sanitize(&mut experiment));
                            state.change(experiment);
                        }
                        Err(kind) => {
                            let used = Some(knob.get(&state.experiment));
                            state.report_knob(key, [Problem { key: key.into(), value, kind, used }]);
                        }
                    }
                }
            }
            Action::Preview(temperature) => state.preview = Some(temperature),
            Action::Navigate(query) => {
                let decoded = decode(&query, PAGE_KEYS);
                let same = encode(&decoded.experiment) == encode(&state.experiment);
                if !same {
                    // Another address is a step of its own, and so is the turn after it.
                    state.turning = None;
                    state.change(decoded.experiment);
                    state.turning = None;
                }
                state.report(decoded.problems);
                state.read_sweep(&query);
                if same
                    && state.notices == self.notices
                    && (&state.sweep_text, &state.search_text) == (&self.sweep_text, &self.search_text)
                    && state.class_text == self.class_text
                {
                    return self;
                }
            }
            Action::Inspect(example) => {
                // What another example was answered would be a lie about this one.
                state.question = state.question.wrapping_add(1);
                state.answers = Rc::default();
                state.example = Some(example);
                state.given = None;
            }
            Action::Give(given) => {
                // What another example was answered would be a lie about this one.
                state.question = state.question.wrapping_add(1);
                state.answers = Rc::default();
                state.given = given.map(Rc::new);
            }
            Action::Own(own) => state.own = Rc::new(own),
            Action::Keep(name) => {
                if state.kept.len() < MOST_KEPT
                    && let Some(run) = SavedRun::of(&state, name)
                {
                    state.kept.push(run);
                }
            }
            Action::Rename { index, name } => {
                if let Some(kept) = state.kept.get_mut(index) {
                    kept.name = name;
                }
            }
            Action::Forget(index) => {
                saved_run::forget(&mut state.kept, index);
            }
            Action::Undo => {
                if let Some(experiment) = state.undo.pop() {
                    let before = state.go_to(experiment);
                    state.redo.push(before);
                }
            }
            Action::Redo => {
                if let Some(experiment) = state.redo.pop() {
                    let before = state.go_to(experiment);
                    state.undo.push(before);
                }
            }
            Action::Settle if state.turning.is_none() => return self,
            Action::Settle => state.turning = None,
            Action::Pace(pace) => state.pace = pace,
            Action::Bias(bias) => state.bias = bias,
            Action::Saved => state.files = Rc::default(),
            Action::Device(reason) => state.device = Some(reason),
            Action::Timed(timed) => state.timed = timed,
            Action::Engine(engine) => state.engine = engine,
            Action::Bench(action) => state.bench_action(action),
            Action::Literature(presets) => state.literature = Rc::new(presets),
            Action::Sweep(action) => state.sweep_action(action),
            Action::Class(text) => state.class_text = text,
            Action::Events { events, recorded } => {
                let weighed = state.weighed.clone();
                for event in events {
                    state.take(event);
                }
                state.recorded |= recorded;
                // What was computed beforehand was not measured in this visit.
                if recorded {
                    state.weighed = weighed;
                }
            }
            Action::Memory(memory) => state.memory = Rc::new(memory),
            Action::Fetching(fetching) => state.fetching = fetching,
            // A version newer still needs no second notice.
            Action::Notify(notice) if state.notices.contains(&notice) => return self,
            Action::Notify(notice) => state.tell(notice),
            Action::ReportPage(problems) => state.report_page(problems),
            Action::Dismiss(index) => {
                if index < state.notices.len() {
                    state.notices.remove(index);
                }
            }
        }
        Rc::new(state)
    }
}

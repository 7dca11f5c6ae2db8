//! The controls of a run, by button or by key: whether each can be used now, and what it does.

pub mod keyboard;
pub mod keys;

use retort_spec::{Command, RunState};

use crate::{
    context::AppContext,
    platform::view::View,
    state::{Action, Engine, State},
};

/// A control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    Play,
    StepBatch,
    StepEpoch,
    Reset,
    NewSeed,
    Undo,
    Redo,
}

impl Control {
    /// Its name in links, and its button's id.
    pub fn name(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::StepBatch => "step-batch",
            Self::StepEpoch => "step-epoch",
            Self::Reset => "reset",
            Self::NewSeed => "new-seed",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }

    /// Whether there is something to do for it, and the link allows it. A hidden control is not there for keys either.
    pub fn is_able(self, state: &State, view: &View) -> bool {
        let there = matches!(state.engine, Engine::Ready(_));
        let unfinished = there && !matches!(state.run_state, RunState::Idle | RunState::Finished);
        let sense = match self {
            Self::Play => there && state.run_state != RunState::Idle,
            Self::StepBatch | Self::StepEpoch => unfinished,
            Self::Reset => there,
            Self::NewSeed => !view.locks("seed"),
            Self::Undo => !state.undo.is_empty(),
            Self::Redo => !state.redo.is_empty(),
        };
        sense && view.shows(self.name()) && !view.locks(self.name())
    }

    /// Does it.
    pub fn act(self, page: &AppContext) {
        let state = &page.state;
        let send = |command| page.command(command).emit(());
        match self {
            Self::Play if state.run_state == RunState::Running => send(Command::Pause),
            Self::Play if state.run_state == RunState::Finished => send(Command::Reset),
            Self::Play => send(Command::Resume),
            Self::StepBatch => send(Command::StepBatch),
            Self::StepEpoch => send(Command::StepEpoch),
            // After trouble there is nothing left to reset: the experiment begins anew.
            Self::Reset if state.run_state == RunState::Idle => send(Command::Run(state.experiment.clone())),
            Self::Reset => send(Command::Reset),
            // The runs of an experiment use the seeds from its own on; the next ones are all new.
            Self::NewSeed => {
                page.turn("seed").emit(state.experiment.seed.wrapping_add(state.experiment.runs).to_string());
            }
            Self::Undo => state.dispatch(Action::Undo),
            Self::Redo => state.dispatch(Action::Redo),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{EngineInfo, Experiment};

    fn state(run_state: RunState) -> State {
        let engine = Engine::Ready(EngineInfo { gpu: false, adapter: None, self_test: None });
        State { engine, run_state, ..State::open("") }
    }

    #[test]
    fn each_control_waits_for_what_it_needs() {
        let view = View::default();
        let able = |state: &State, control: Control| control.is_able(state, &view);
        assert!(!able(&State::open(""), Control::Play) && !able(&State::open(""), Control::Reset));
        assert!(able(&state(RunState::Paused), Control::Play) && able(&state(RunState::Running), Control::StepEpoch));
        assert!(!able(&state(RunState::Idle), Control::Play) && !able(&state(RunState::Finished), Control::StepEpoch));
        assert!(able(&state(RunState::Finished), Control::Play) && able(&state(RunState::Finished), Control::Reset));
        assert!(!able(&state(RunState::Running), Control::Undo));
        let turned = State { undo: vec![Experiment::default()], ..state(RunState::Running) };
        assert!(able(&turned, Control::Undo) && !able(&turned, Control::Redo));
    }

    #[test]
    fn what_is_hidden_or_locked_cannot_be_used_by_keys_either() {
        let running = state(RunState::Running);
        let able = |hide, lock, control: Control| control.is_able(&running, &View::read(&[], hide, lock, None).0);
        assert!(able(None, None, Control::Reset));
        assert!(!able(Some("reset"), None, Control::Reset) && !able(None, Some("reset"), Control::Reset));
        assert!(able(Some("reset"), Some("reset"), Control::Play));
        assert!(!able(None, Some("seed"), Control::NewSeed) && !able(None, Some("all"), Control::NewSeed));
    }
}

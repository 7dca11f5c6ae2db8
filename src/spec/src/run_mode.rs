//! How far a session goes before it pauses: what both engines make of the same commands.

use crate::protocol::{Command, RunState};

/// How far to go before pausing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// To the end.
    Run,
    /// Not at all.
    Pause,
    /// One batch.
    Batch,
    /// To the end of the epoch.
    Epoch,
}

impl RunMode {
    /// Parts of a second in which steps of a set pace are done together.
    const BEATS: u32 = 10;

    /// What a command asks for, if it is one of these.
    pub fn of(command: &Command) -> Option<Self> {
        match command {
            Command::Pause => Some(Self::Pause),
            Command::Resume => Some(Self::Run),
            Command::StepBatch => Some(Self::Batch),
            Command::StepEpoch => Some(Self::Epoch),
            _ => None,
        }
    }

    /// Pauses if a step, with which an epoch may have ended, was all that was asked for.
    pub fn stepped(&mut self, epoch_ended: bool) {
        if *self == Self::Batch || (*self == Self::Epoch && epoch_ended) {
            *self = Self::Pause;
        }
    }

    /// Steps to do together at so many a second.
    pub fn burst(pace: Option<u32>) -> u32 {
        pace.map_or(u32::MAX, |pace| pace.div_ceil(Self::BEATS))
    }

    /// The state of a session: whether its experiment, if there is one, is finished, and whether there is nothing left
    /// to do here.
    pub fn state(self, experiment: Option<(bool, bool)>) -> RunState {
        match experiment {
            None => RunState::Idle,
            Some((true, _)) => RunState::Finished,
            Some(_) if self == Self::Pause => RunState::Paused,
            Some((_, true)) => RunState::Gathering,
            Some(_) => RunState::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_pauses_where_it_was_all_that_was_asked_for() {
        let after = |mut mode: RunMode, epoch_ended| {
            mode.stepped(epoch_ended);
            mode
        };
        assert_eq!(after(RunMode::Run, true), RunMode::Run);
        assert_eq!(after(RunMode::Batch, false), RunMode::Pause);
        assert_eq!(after(RunMode::Epoch, false), RunMode::Epoch);
        assert_eq!(after(RunMode::Epoch, true), RunMode::Pause);
        assert_eq!((RunMode::of(&Command::Resume), RunMode::of(&Command::Ping)), (Some(RunMode::Run), None));
        assert_eq!((RunMode::burst(None), RunMode::burst(Some(1)), RunMode::burst(Some(25))), (u32::MAX, 1, 3));
        assert_eq!(RunMode::Pause.state(Some((true, true))), RunState::Finished);
        assert_eq!(RunMode::Pause.state(Some((false, true))), RunState::Paused);
        assert_eq!(
            (RunMode::Run.state(None), RunMode::Run.state(Some((false, true)))),
            (RunState::Idle, RunState::Gathering)
        );
    }
}

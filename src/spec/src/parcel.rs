//! What workers send each other.

use serde::{Deserialize, Serialize};

use crate::{
    fine_tune::{FineTuneRequest, FineTuneResult},
    protocol::{Command, Event, RunResult},
    workbench::{EvaluationData, NetworkFile, WorkbenchCommand, WorkbenchEvent},
};

/// What engines and workbench send each other. The page hands it on as it is, without a look at the numbers in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Parcel {
    /// From the engine: the examples that networks are measured with.
    EvaluationData(Box<EvaluationData>),
    /// From the engine: a network is trained.
    Network(NetworkFile),
    /// From the workbench: train this on.
    FineTune(FineTuneRequest),
    /// From the engine: it was trained on.
    FineTuned(FineTuneResult),
    /// From one engine of a pool to the first: a run is done.
    Result(RunResult),
}

impl Parcel {
    /// What of an event is for the other worker.
    ///
    /// # Errors
    /// The event, if it is for the page.
    #[allow(clippy::result_large_err, reason = "what is no parcel goes on its way as it came; smaller on wasm")]
    pub fn of(event: Event) -> Result<Self, Event> {
        match event {
            Event::EvaluationData(examples) => Ok(Self::EvaluationData(examples)),
            Event::Network(network) => Ok(Self::Network(network)),
            Event::FineTuned(tuned) => Ok(Self::FineTuned(tuned)),
            Event::Result(result) => Ok(Self::Result(result)),
            Event::Workbench(WorkbenchEvent::FineTune(tuning)) => Ok(Self::FineTune(tuning)),
            event => Err(event),
        }
    }
}

impl From<Parcel> for Command {
    fn from(parcel: Parcel) -> Self {
        match parcel {
            Parcel::EvaluationData(examples) => Self::Workbench(WorkbenchCommand::EvaluationData(examples)),
            Parcel::Network(network) => Self::Workbench(WorkbenchCommand::Network(network)),
            Parcel::FineTune(tuning) => Self::FineTune(tuning),
            Parcel::FineTuned(tuned) => Self::Workbench(WorkbenchCommand::FineTuned(tuned)),
            Parcel::Result(result) => Self::Result(result),
        }
    }
}

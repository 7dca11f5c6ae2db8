//! What workers send each other.

use serde::{Deserialize, Serialize};

use crate::{
    codec,
    fine_tune::{FineTuneRequest, FineTuneResult},
    network_id::NetworkId,
    protocol::{Command, Event, RunResult},
    workbench::{EvaluationData, NetworkFile, WorkbenchCommand, WorkbenchEvent},
};

/// What engines and workbench send each other. The page hands its bytes on as they are, and reads no more than their
/// [label](ParcelLabel).
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

/// What a parcel holds, as far as the page must know: its bytes begin with those of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParcelLabel {
    /// The examples that networks are measured with.
    EvaluationData,
    /// A trained network.
    Network {
        /// Its run, from 0.
        run: u32,
        /// Which one.
        network_id: NetworkId,
    },
    /// A network to train on.
    FineTune,
    /// A network that was trained on.
    FineTuned,
    /// A run of a helper is done.
    Result,
}

impl ParcelLabel {
    /// Bytes of a parcel that are enough to read its label.
    pub const LONGEST: usize = 16;
}

/// A parcel with a network: what follows its label is the file.
#[derive(Serialize, Deserialize)]
struct NetworkParcel {
    label: ParcelLabel,
    #[serde(with = "crate::floats::bytes")]
    file: Vec<u8>,
}

/// The bytes of a parcel with a trained network, by its packed file.
///
/// # Errors
/// None that a file could cause.
pub fn network_parcel(run: u32, network_id: NetworkId, file: Vec<u8>) -> Result<Vec<u8>, codec::Error> {
    codec::encode(&NetworkParcel { label: ParcelLabel::Network { run, network_id }, file })
}

/// The packed file in the bytes of a parcel with a trained network.
///
/// # Errors
/// If they are no such parcel's.
pub fn network_file(parcel: &[u8]) -> Result<Vec<u8>, codec::Error> {
    codec::decode(parcel).map(|NetworkParcel { file, .. }| file)
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

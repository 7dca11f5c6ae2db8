//! What workers send each other.

use serde::{Deserialize, Serialize};

use crate::{
    bench::{BenchExamples, NetworkFile, Order, Report, Tuned, Tuning},
    protocol::{Command, Event, RunResult},
};

/// What engines and workbench send each other. The page hands it on as it is, without a look at the numbers in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Parcel {
    /// From the engine: the examples that networks are measured with.
    Examples(Box<BenchExamples>),
    /// From the engine: a network is trained.
    Network(NetworkFile),
    /// From the workbench: train this on.
    Tune(Tuning),
    /// From the engine: it was trained on.
    Tuned(Tuned),
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
            Event::Examples(examples) => Ok(Self::Examples(examples)),
            Event::Network(network) => Ok(Self::Network(network)),
            Event::Tuned(tuned) => Ok(Self::Tuned(tuned)),
            Event::Result(result) => Ok(Self::Result(result)),
            Event::Bench(Report::Tune(tuning)) => Ok(Self::Tune(tuning)),
            event => Err(event),
        }
    }
}

impl From<Parcel> for Command {
    fn from(parcel: Parcel) -> Self {
        match parcel {
            Parcel::Examples(examples) => Self::Bench(Order::Examples(examples)),
            Parcel::Network(network) => Self::Bench(Order::Network(network)),
            Parcel::Tune(tuning) => Self::Tune(tuning),
            Parcel::Tuned(tuned) => Self::Bench(Order::Tuned(tuned)),
            Parcel::Result(result) => Self::Result(result),
        }
    }
}

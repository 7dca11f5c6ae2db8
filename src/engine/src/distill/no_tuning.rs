//! Where a compressed network would learn on, if there were a graph.

use retort_spec::{EngineError, Experiment, FineTuneRequest, NetworkId, Plan, TunedLayer};

use crate::{
    device::ExecutionError,
    nets::Network,
    train::{device_dataset::DeviceDataset, learner::Learner},
};

/// There is none.
pub enum Tuning {}

impl Tuning {
    /// Refuses.
    ///
    /// # Errors
    /// [`EngineError::OtherEngine`].
    pub fn new(
        _: FineTuneRequest,
        _: &DeviceDataset,
        experiment: &Experiment,
        _: (&Plan, Vec<(NetworkId, Network)>),
        _: u32,
    ) -> Result<Self, EngineError> {
        Err(EngineError::OtherEngine { data: experiment.data })
    }

    /// How far it is.
    pub fn learner(&self) -> &Learner {
        match *self {}
    }

    /// Begins new means of the loss.
    pub fn reset_loss(&mut self) {
        match *self {}
    }

    /// What was asked for.
    pub fn request(&self) -> &FineTuneRequest {
        match *self {}
    }

    /// One step.
    pub async fn step(self, _: &DeviceDataset, _: &Experiment) -> Result<Self, ExecutionError> {
        match self {}
    }

    /// What came of it.
    pub async fn layers(&self) -> Result<Vec<TunedLayer>, ExecutionError> {
        match *self {}
    }

    /// The ranges of the numbers between layers.
    pub async fn ranges(&self) -> Result<Vec<f32>, ExecutionError> {
        match *self {}
    }
}

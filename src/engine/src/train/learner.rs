//! A network being trained: one step at a time, its loss summed on the device.

use burn::{
    module::Module,
    optim::{GradientsParams, ModuleOptimizer},
    tensor::{Device, ExecutionError, Tensor},
};
use retort_spec::{Architecture, Experiment};

use super::{optimizer, schedule};
use crate::nets::{Layer, Network};

/// A network, its optimizer, and how far it is.
pub struct Learner {
    network: Network,
    optimizer: ModuleOptimizer,
    step: u32,
    steps: u32,
    loss: Option<Tensor<1>>,
    losses: u32,
}

impl Learner {
    /// A learner that starts from these weights and will train for `steps` steps.
    pub fn new(
        architecture: &Architecture,
        layers: &[Layer],
        experiment: &Experiment,
        steps: u32,
        device: &Device,
    ) -> Self {
        let network = Network::from_layers(architecture.kind, layers, &device.clone().autodiff());
        let optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        Self { network, optimizer, step: 0, steps, loss: None, losses: 0 }
    }

    /// One step down the gradient of `loss`; without a loss the step passes and nothing is learned.
    pub fn step(mut self, experiment: &Experiment, loss: impl FnOnce(&Network) -> Option<Tensor<1>>) -> Self {
        let factor = schedule::factor(experiment.schedule, self.step, self.steps);
        self.step += 1;
        let Some(loss) = loss(&self.network) else { return self };
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(experiment.learning_rate * factor, self.network, gradients);
        let loss = loss.inner();
        self.loss = Some(match self.loss {
            Some(sum) => sum + loss,
            None => loss,
        });
        self.losses += 1;
        self
    }

    /// Steps done.
    pub fn steps_done(&self) -> u32 {
        self.step
    }

    /// Steps in all.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.step >= self.steps
    }

    /// The network as it is now, for measuring: without gradients.
    pub fn network(&self) -> Network {
        self.network.valid()
    }

    /// The mean loss since it was last forgotten; `None` if there was none. Waits for the device.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn peek_loss(&self) -> Result<Option<f64>, ExecutionError> {
        match &self.loss {
            None => Ok(None),
            Some(sum) => Ok(Some(f64::from(sum.clone().into_scalar_async::<f32>().await?) / f64::from(self.losses))),
        }
    }

    /// Starts a new mean.
    pub fn forget_loss(&mut self) {
        self.loss = None;
        self.losses = 0;
    }
}

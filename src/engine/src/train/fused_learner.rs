//! A perceptron in the CPU's memory, its optimizer, and how far it is.

use retort_compress::Layer;
use retort_kernels::Inputs;
use retort_spec::{Experiment, NetworkKind};

use super::{
    fused::{FusedLossTerm, FusedMlp, TermName},
    schedule,
};
use crate::{
    device::{Device, ExecutionError},
    nets::{Dropout, Network},
};

/// A perceptron that learns on the fused path.
pub struct FusedLearner {
    mlp: Box<FusedMlp>,
    device: Device,
    step: u32,
    steps: u32,
}

impl FusedLearner {
    /// A learner that starts from these weights and will train for `steps` steps.
    pub fn fused(layers: &[Layer], experiment: &Experiment, steps: u32, device: &Device) -> Self {
        Self { mlp: Box::new(FusedMlp::new(layers, experiment)), device: device.clone(), step: 0, steps }
    }

    /// The same with all layers but the last kept as they are.
    pub fn frozen(mut self) -> Self {
        self.mlp.frozen = true;
        self
    }

    /// One step down the gradient of a batch's loss: [`FusedMlp::step`].
    pub fn step_fused(
        &mut self,
        experiment: &Experiment,
        inputs: &Inputs,
        terms: &[FusedLossTerm<'_>],
        dropout: Option<&mut Dropout>,
    ) {
        let rate = self.next_rate(experiment);
        self.mlp.step(rate, inputs, terms, dropout);
    }

    /// What it says of a batch, to learn from it next by [`descend_fused`](Self::descend_fused): logits
    /// `[batch, classes]`.
    pub fn forward_fused(&mut self, inputs: &Inputs) -> &[f32] {
        self.mlp.forward(inputs, None)
    }

    /// One step down the gradient of the batch that it was asked about last.
    pub fn descend_fused(&mut self, experiment: &Experiment, inputs: &Inputs, terms: &[FusedLossTerm<'_>]) {
        let rate = self.next_rate(experiment);
        self.mlp.descend(rate, inputs, terms, 1.0);
    }

    fn next_rate(&mut self, experiment: &Experiment) -> f64 {
        let rate = schedule::rate(experiment, self.step, self.steps);
        self.step += 1;
        rate
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

    /// The network as it is now, for measuring.
    pub fn network(&self) -> Network {
        Network::from_layers(NetworkKind::Mlp, &self.mlp.layers(), &self.device)
    }

    /// How many numbers are learned beside the network: none.
    pub fn extra_parameters(&self) -> usize {
        0
    }

    /// The mean loss since the last reset; `None` if there was none.
    ///
    /// # Errors
    /// None; other learners wait for a device.
    pub async fn mean_loss(&self) -> Result<Option<f64>, ExecutionError> {
        Ok((self.mlp.losses > 0).then(|| self.mlp.loss / f64::from(self.mlp.losses)))
    }

    /// The mean of each term since the last reset.
    ///
    /// # Errors
    /// None; other learners wait for a device.
    pub async fn mean_terms(&self) -> Result<Vec<(TermName, f64)>, ExecutionError> {
        Ok(self.mlp.terms.iter().map(|term| (term.name, term.sum / f64::from(term.count))).collect())
    }

    /// Starts new means.
    pub fn reset_loss(&mut self) {
        self.mlp.reset_loss();
    }
}

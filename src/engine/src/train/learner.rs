//! A network being trained: one step at a time, its loss summed on the device.

use burn::{
    module::Module,
    optim::{GradientsParams, ModuleOptimizer},
    tensor::{Device, ExecutionError, Tensor},
};
use retort_spec::{Architecture, Experiment, NetworkKind};

use retort_compress::Layer;
use retort_kernels::Inputs;

use super::{
    fused::{FusedLossTerm, TermName},
    fused_learner::FusedLearner,
    optimizer, schedule,
};
use crate::{
    device::read,
    nets::{Dropout, Network, Statistics},
    objectives::SideMatrices,
};

/// A network, its optimizer, and how far it is.
pub struct Learner {
    module: TrainedModule,
    /// Whether the last layer alone learns.
    frozen: bool,
    optimizer: ModuleOptimizer,
    step: u32,
    steps: u32,
    /// The sum of the losses of which no term was the whole.
    loss: Option<Tensor<1>>,
    losses: u32,
    terms: Vec<Sum>,
    /// The sum of a term that was the whole loss, so that it need not be added up twice.
    whole: Option<Sum>,
    /// In place of all that, a perceptron that learns without a graph.
    fused: Option<FusedLearner>,
}

/// The network with what is learned beside it.
#[derive(Module, Debug)]
struct TrainedModule {
    network: Network,
    side_matrices: SideMatrices,
}

/// The sum of a term over some steps.
#[derive(Clone)]
struct Sum {
    name: TermName,
    sum: Tensor<1>,
    count: u32,
}

impl Sum {
    fn add(&mut self, term: Tensor<1>) {
        self.sum = self.sum.clone() + term;
        self.count += 1;
    }
}

/// The loss of a step, with its terms.
#[derive(Default)]
pub struct StepLoss {
    /// The loss, `[1]`; without one the step passes and nothing is learned.
    pub loss: Option<Tensor<1>>,
    /// The terms that it is the sum of, each with its weight, without their history.
    pub terms: Vec<(TermName, Tensor<1>)>,
    /// What batch normalization saw on the way.
    pub statistics: Vec<Statistics>,
}

impl StepLoss {
    /// Adds a loss.
    pub fn add(&mut self, loss: Tensor<1>) {
        self.loss = Some(match self.loss.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
    }
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
        Self::of_network(Network::fresh(architecture.kind, layers, &device.clone().autodiff()), experiment, steps)
    }

    /// The same from weights that were trained: batch normalization is folded into them and stays there, so that it
    /// begins as the network that they are of.
    pub fn trained(
        architecture: &Architecture,
        layers: &[Layer],
        experiment: &Experiment,
        steps: u32,
        device: &Device,
    ) -> Self {
        Self::of_network(Network::from_layers(architecture.kind, layers, &device.clone().autodiff()), experiment, steps)
    }

    fn of_network(network: Network, experiment: &Experiment, steps: u32) -> Self {
        let optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        Self::from_module(TrainedModule { network, side_matrices: SideMatrices::default() }, optimizer, steps)
    }

    /// A learner of side matrices alone, from which a network is computed.
    pub fn of_side_matrices(side_matrices: SideMatrices, experiment: &Experiment, steps: u32) -> Self {
        let network = Network::of_linears(NetworkKind::Mlp, Vec::new(), false);
        let optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        Self::from_module(TrainedModule { network, side_matrices }, optimizer, steps)
    }

    /// The same for a perceptron in the CPU's memory, which learns by [`step_fused`](Self::step_fused).
    pub fn fused(layers: &[Layer], experiment: &Experiment, steps: u32, device: &Device) -> Self {
        let fused = Some(FusedLearner::fused(layers, experiment, steps, device));
        Self { fused, ..Self::of_side_matrices(SideMatrices::default(), experiment, steps) }
    }

    fn from_module(module: TrainedModule, optimizer: ModuleOptimizer, steps: u32) -> Self {
        Self {
            module,
            frozen: false,
            optimizer,
            step: 0,
            steps,
            loss: None,
            losses: 0,
            terms: Vec::new(),
            whole: None,
            fused: None,
        }
    }

    /// Whether it learns by [`step_fused`](Self::step_fused).
    pub fn is_fused(&self) -> bool {
        self.fused.is_some()
    }

    /// One step down the gradient of a batch's loss, without a graph: [`FusedLearner::step_fused`].
    pub fn step_fused(
        &mut self,
        experiment: &Experiment,
        inputs: &Inputs,
        terms: &[FusedLossTerm<'_>],
        dropout: Option<&mut Dropout>,
    ) {
        if let Some(fused) = &mut self.fused {
            fused.step_fused(experiment, inputs, terms, dropout);
        }
    }

    /// What it says of a batch, to learn from it next by [`descend_fused`](Self::descend_fused): logits
    /// `[batch, classes]`; nothing where it has no fused path.
    pub fn forward_fused(&mut self, inputs: &Inputs) -> &[f32] {
        self.fused.as_mut().map_or(&[], |fused| fused.forward_fused(inputs))
    }

    /// One step down the gradient of the batch that it was asked about last.
    pub fn descend_fused(&mut self, experiment: &Experiment, inputs: &Inputs, terms: &[FusedLossTerm<'_>]) {
        if let Some(fused) = &mut self.fused {
            fused.descend_fused(experiment, inputs, terms);
        }
    }

    /// The network as it learns: what it says is tracked for gradients.
    pub fn tracked(&self) -> &Network {
        &self.module.network
    }

    fn next_rate(&mut self, experiment: &Experiment) -> f64 {
        let rate = schedule::rate(experiment, self.step, self.steps);
        self.step += 1;
        rate
    }

    /// What is learned beside the network, or in its place.
    pub fn side_matrices(&self) -> &SideMatrices {
        &self.module.side_matrices
    }

    /// Gives it something to learn beside the network.
    pub fn add_side_matrices(&mut self, side_matrices: SideMatrices) {
        self.module.side_matrices = side_matrices;
    }

    /// The same with all layers but the last kept as they are, and nothing learned beside them.
    pub fn frozen(mut self) -> Self {
        self.frozen = true;
        self.fused = self.fused.map(FusedLearner::frozen);
        self
    }

    /// The same with an optimizer that remembers no gradient: those of a stage that is over, of another size by far,
    /// would hold back the next one for a thousand steps.
    pub fn reset_optimizer(mut self, experiment: &Experiment) -> Self {
        self.optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        self
    }

    /// The same with a fresh network and an optimizer that remembers nothing; what is done stays done.
    pub fn with_fresh(
        mut self,
        experiment: &Experiment,
        architecture: &Architecture,
        layers: &[Layer],
        device: &Device,
    ) -> Self {
        self.module.network = Network::fresh(architecture.kind, layers, &device.clone().autodiff());
        self.reset_optimizer(experiment)
    }

    /// One step down the gradient of a loss.
    pub fn step(
        mut self,
        experiment: &Experiment,
        loss_of_step: impl FnOnce(&Network, &SideMatrices) -> StepLoss,
    ) -> Self {
        let rate = self.next_rate(experiment);
        let StepLoss { loss, terms, statistics } = loss_of_step(&self.module.network, &self.module.side_matrices);
        // What no weight has a part in teaches nothing, and has no gradient to ask for.
        let Some(loss) = loss.filter(Tensor::is_tracked) else { return self };
        let gradients = match self.module.network.classifier().filter(|_| self.frozen) {
            Some(last) => GradientsParams::from_grads(loss.backward(), last),
            None => GradientsParams::from_grads(loss.backward(), &self.module),
        };
        self.module = self.optimizer.step(rate, self.module, gradients);
        self.module.network.absorb(&statistics);
        self.losses += 1;
        match (&terms[..], &mut self.whole) {
            (&[(name, _)], None) => self.whole = Some(Sum { name, sum: loss.inner(), count: 1 }),
            (&[(name, _)], Some(whole)) if whole.name == name => whole.add(loss.inner()),
            _ => {
                let loss = loss.inner();
                self.loss = Some(match self.loss {
                    Some(sum) => sum + loss,
                    None => loss,
                });
                for (name, term) in terms {
                    match self.terms.iter_mut().find(|sum| sum.name == name) {
                        Some(sum) => sum.add(term),
                        None => self.terms.push(Sum { name, sum: term, count: 1 }),
                    }
                }
            }
        }
        self
    }

    /// Steps done.
    pub fn steps_done(&self) -> u32 {
        self.fused.as_ref().map_or(self.step, FusedLearner::steps_done)
    }

    /// Steps in all.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Share of the steps that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        f64::from(self.steps_done()) / f64::from(self.steps.max(1))
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.steps_done() >= self.steps
    }

    /// The network as it is now, for measuring: without gradients.
    pub fn network(&self) -> Network {
        match &self.fused {
            Some(fused) => fused.network(),
            None => self.module.network.valid(),
        }
    }

    /// How many numbers are learned beside the network.
    pub fn extra_parameters(&self) -> usize {
        self.module.side_matrices.count()
    }

    /// The mean loss since the last reset; `None` if there was none. Waits for the device.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn mean_loss(&self) -> Result<Option<f64>, ExecutionError> {
        if let Some(fused) = &self.fused {
            return fused.mean_loss().await;
        }
        let sums = self.loss.iter().chain(self.whole.iter().map(|whole| &whole.sum)).cloned();
        match sums.reduce(|sum, other| sum + other) {
            None => Ok(None),
            Some(sum) => Ok(Some(f64::from(sum.into_scalar_async::<f32>().await?) / f64::from(self.losses))),
        }
    }

    /// The mean of each term since the last reset. Waits for the device.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn mean_terms(&self) -> Result<Vec<(TermName, f64)>, ExecutionError> {
        if let Some(fused) = &self.fused {
            return fused.mean_terms().await;
        }
        let mut terms = self.terms.clone();
        if let Some(whole) = self.whole.clone() {
            match terms.iter_mut().find(|term| term.name == whole.name) {
                Some(term) => {
                    term.sum = term.sum.clone() + whole.sum;
                    term.count += whole.count;
                }
                None => terms.push(whole),
            }
        }
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        // One read brings them all.
        let sums = read(Tensor::cat(terms.iter().map(|term| term.sum.clone()).collect(), 0)).await?;
        let mean = |(term, sum): (&Sum, f32)| (term.name, f64::from(sum) / f64::from(term.count));
        Ok(terms.iter().zip(sums).map(mean).collect())
    }

    /// Starts new means.
    pub fn reset_loss(&mut self) {
        self.loss = None;
        self.losses = 0;
        self.terms.clear();
        self.whole = None;
        if let Some(fused) = &mut self.fused {
            fused.reset_loss();
        }
    }
}

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
    fused::{FusedMlp, Term, TermName},
    optimizer, schedule,
};
use crate::{
    device::read,
    nets::{Dropout, Network, Statistics},
    objectives::Parts,
};

/// A network, its optimizer, and how far it is.
pub struct Learner {
    pupil: TrainedModule,
    optimizer: ModuleOptimizer,
    step: u32,
    steps: u32,
    /// The sum of the losses of which no term was the whole.
    loss: Option<Tensor<1>>,
    losses: u32,
    terms: Vec<Sum>,
    /// The sum of a term that was the whole loss, so that it need not be added up twice.
    whole: Option<Sum>,
    /// In place of all that, a perceptron that learns without a graph, and where it is shown.
    straight: Option<(Box<FusedMlp>, Device)>,
}

/// The network with what is learned beside it.
#[derive(Module, Debug)]
struct TrainedModule {
    network: Network,
    parts: Parts,
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

/// What a step goes down.
#[derive(Default)]
pub struct Slope {
    /// The loss, `[1]`; without one the step passes and nothing is learned.
    pub loss: Option<Tensor<1>>,
    /// The terms that it is the sum of, each with its weight, without their history.
    pub terms: Vec<(TermName, Tensor<1>)>,
    /// What batch normalization saw on the way.
    pub statistics: Vec<Statistics>,
}

impl Slope {
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
        let network = Network::fresh(architecture.kind, layers, &device.clone().autodiff());
        let optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        let pupil = TrainedModule { network, parts: Parts::default() };
        Self::of(pupil, optimizer, steps)
    }

    /// A learner of parts alone, from which a network is computed.
    pub fn of_parts(parts: Parts, experiment: &Experiment, steps: u32) -> Self {
        let network = Network::of_linears(NetworkKind::Mlp, Vec::new(), false);
        let optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        Self::of(TrainedModule { network, parts }, optimizer, steps)
    }

    /// The same for a perceptron in the processor's memory, which learns by [`step_fused`](Self::step_straight).
    pub fn straight(layers: &[Layer], experiment: &Experiment, steps: u32, device: &Device) -> Self {
        let straight = Some((Box::new(FusedMlp::new(layers, experiment)), device.clone()));
        Self { straight, ..Self::of_parts(Parts::default(), experiment, steps) }
    }

    fn of(pupil: TrainedModule, optimizer: ModuleOptimizer, steps: u32) -> Self {
        Self { pupil, optimizer, step: 0, steps, loss: None, losses: 0, terms: Vec::new(), whole: None, straight: None }
    }

    /// Whether it learns by [`step_fused`](Self::step_straight).
    pub fn is_fused(&self) -> bool {
        self.straight.is_some()
    }

    /// One step down the gradient of a batch's loss, without a graph: [`FusedMlp::step`].
    pub fn step_fused(
        &mut self,
        experiment: &Experiment,
        inputs: &Inputs,
        terms: &[Term<'_>],
        dropout: Option<&mut Dropout>,
    ) {
        let rate = self.next_rate(experiment);
        if let Some((straight, _)) = &mut self.straight {
            straight.step(rate, inputs, terms, dropout);
        }
    }

    fn next_rate(&mut self, experiment: &Experiment) -> f64 {
        let factor = schedule::factor(experiment.schedule, self.step, self.steps);
        self.step += 1;
        experiment.learning_rate * factor
    }

    /// What is learned beside the network, or in its place.
    pub fn parts(&self) -> &Parts {
        &self.pupil.parts
    }

    /// The same with something to learn beside the network.
    pub fn with_parts(mut self, parts: Parts) -> Self {
        self.pupil.parts = parts;
        self
    }

    /// The same with an optimizer that remembers no gradient: those of a stage that is over, of another size by far,
    /// would hold back the next one for a thousand steps.
    pub fn afresh(mut self, experiment: &Experiment) -> Self {
        self.optimizer = optimizer::build(experiment.optimizer, experiment.weight_decay);
        self
    }

    /// One step down the gradient of a loss.
    pub fn step(mut self, experiment: &Experiment, slope: impl FnOnce(&Network, &Parts) -> Slope) -> Self {
        let rate = self.next_rate(experiment);
        let Slope { loss, terms, statistics } = slope(&self.pupil.network, &self.pupil.parts);
        // What no weight has a part in teaches nothing, and has no gradient to ask for.
        let Some(loss) = loss.filter(Tensor::is_tracked) else { return self };
        let gradients = GradientsParams::from_grads(loss.backward(), &self.pupil);
        self.pupil = self.optimizer.step(rate, self.pupil, gradients);
        self.pupil.network.absorb(&statistics);
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
        self.step
    }

    /// Steps in all.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Share of the steps that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        f64::from(self.step) / f64::from(self.steps.max(1))
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.step >= self.steps
    }

    /// The network as it is now, for measuring: without gradients.
    pub fn network(&self) -> Network {
        match &self.straight {
            Some((straight, device)) => Network::from_layers(NetworkKind::Mlp, &straight.layers(), device),
            None => self.pupil.network.valid(),
        }
    }

    /// How many numbers are learned beside the network.
    pub fn extra_parameters(&self) -> usize {
        self.pupil.parts.count()
    }

    /// The mean loss since it was last forgotten; `None` if there was none. Waits for the device.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn peek_loss(&self) -> Result<Option<f64>, ExecutionError> {
        if let Some((straight, _)) = &self.straight {
            return Ok((straight.losses > 0).then(|| straight.loss / f64::from(straight.losses)));
        }
        let sums = self.loss.iter().chain(self.whole.iter().map(|whole| &whole.sum)).cloned();
        match sums.reduce(|sum, other| sum + other) {
            None => Ok(None),
            Some(sum) => Ok(Some(f64::from(sum.into_scalar_async::<f32>().await?) / f64::from(self.losses))),
        }
    }

    /// The mean of each term since they were last forgotten. Waits for the device.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn peek_terms(&self) -> Result<Vec<(TermName, f64)>, ExecutionError> {
        if let Some((straight, _)) = &self.straight {
            return Ok(straight.terms.iter().map(|term| (term.name, term.sum / f64::from(term.count))).collect());
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
    pub fn forget_loss(&mut self) {
        self.loss = None;
        self.losses = 0;
        self.terms.clear();
        self.whole = None;
        if let Some((straight, _)) = &mut self.straight {
            straight.forget_loss();
        }
    }
}

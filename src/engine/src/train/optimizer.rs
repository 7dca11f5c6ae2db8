//! The optimizers, which turn gradients into steps. Their formulas and constants are burn's; on the CPU a step is one
//! pass over memory, of [`retort_kernels`].

use burn::{
    backend::Flex,
    optim::{LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink, StateSource},
    tensor::{Device, Tensor},
};
use retort_kernels::{Adam, Sgd};
use retort_spec::OptimizerKind;

use super::step_rule::OptimizerConfig;
use crate::kernels;

/// Builds an optimizer. Weight decay is an L2 penalty for SGD and Adam, decoupled for AdamW (Loshchilov & Hutter 2019,
/// algorithm 2).
pub fn build(kind: OptimizerKind, weight_decay: f64) -> ModuleOptimizer {
    ModuleOptimizer::from(OptimizerConfig::new(kind, weight_decay))
}

/// The moments that an optimizer keeps of a parameter.
#[derive(Clone)]
pub struct Moments<const D: usize> {
    /// Steps done.
    time: usize,
    /// The velocity, or the first moment.
    first: Tensor<D>,
    /// The second moment, of Adam.
    second: Option<Tensor<D>>,
}

/// Nothing here is ever saved: a training that was interrupted begins anew.
impl<const D: usize> RecordState for Moments<D> {
    fn state_flatten(&self, _: &str, _: &mut StateSink) {}

    fn state_unflatten(_: &str, _: &mut StateSource, _: &Device) -> Option<Self> {
        None
    }
}

impl Optimizer for OptimizerConfig {
    type State<const D: usize> = Moments<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        moments: Option<Moments<D>>,
    ) -> (Tensor<D>, Option<Moments<D>>) {
        let mut moments = moments.unwrap_or_else(|| {
            let zeros = || Tensor::zeros(weights.shape(), &weights.device());
            Moments { time: 0, first: zeros(), second: (self.kind != OptimizerKind::Sgd).then(zeros) }
        });
        moments.time += 1;
        let Moments { time, first, second } = moments;
        let (weights, first, second) = match second {
            None => {
                let [weights, velocity] = sgd(self.sgd(rate), [weights, first], gradient);
                (weights, velocity, None)
            }
            Some(second) => {
                let (rule, numbers) = (self.adam(rate, time), [weights, first, second]);
                let done = kernels::adam(rule, &numbers, &gradient);
                let [weights, first, second] = done.unwrap_or_else(|| adam(rule, numbers, gradient));
                (weights, first, Some(second))
            }
        };
        (weights, Some(Moments { time, first, second }))
    }

    fn to_device<const D: usize>(moments: Moments<D>, device: &Device) -> Moments<D> {
        let Moments { time, first, second } = moments;
        Moments { time, first: first.to_device(device), second: second.map(|second| second.to_device(device)) }
    }
}

fn sgd<const D: usize>(rule: Sgd, numbers: [Tensor<D>; 2], gradient: Tensor<D>) -> [Tensor<D>; 2] {
    let in_place = |numbers: &mut [&mut [f32]], gradient: &[f32]| {
        if let [weights, velocity] = numbers {
            rule.step(weights, gradient, velocity);
        }
    };
    step(numbers, gradient, in_place, |[weights, velocity], gradient| {
        let velocity = velocity * rule.momentum + penalized(gradient, &weights, rule.penalty);
        [weights - velocity.clone() * rule.rate, velocity]
    })
}

fn adam<const D: usize>(rule: Adam, numbers: [Tensor<D>; 3], gradient: Tensor<D>) -> [Tensor<D>; 3] {
    let in_place = |numbers: &mut [&mut [f32]], gradient: &[f32]| {
        if let [weights, first, second] = numbers {
            rule.step(weights, gradient, first, second);
        }
    };
    step(numbers, gradient, in_place, |[weights, first, second], gradient| {
        let gradient = penalized(gradient, &weights, rule.penalty);
        let first = first * rule.betas.0 + gradient.clone() * (1.0 - rule.betas.0);
        let second = second * rule.betas.1 + gradient.clone() * gradient * (1.0 - rule.betas.1);
        let step = first.clone() * rule.correction / (second.clone().sqrt() + rule.epsilon);
        let weights = if rule.kept == 1.0 { weights } else { weights * rule.kept };
        [weights - step * rule.rate, first, second]
    })
}

fn penalized<const D: usize>(gradient: Tensor<D>, weights: &Tensor<D>, penalty: f32) -> Tensor<D> {
    if penalty > 0.0 { weights.clone() * penalty + gradient } else { gradient }
}

/// A step `in_place` where the numbers are in the CPU's memory, the `plain` one elsewhere.
fn step<const N: usize, const D: usize>(
    numbers: [Tensor<D>; N],
    gradient: Tensor<D>,
    in_place: impl FnOnce(&mut [&mut [f32]], &[f32]),
    plain: impl FnOnce([Tensor<D>; N], Tensor<D>) -> [Tensor<D>; N],
) -> [Tensor<D>; N] {
    let Ok(gradient) = gradient.clone().try_into_primitive::<Flex>() else { return plain(numbers, gradient) };
    let gradient = gradient.to_contiguous();
    let mut numbers = numbers.map(|tensor| match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => tensor.to_contiguous(),
        Err(_) => unreachable!("a parameter is where its gradient is"),
    });
    // What others still look at is copied by this.
    in_place(&mut numbers.each_mut().map(|tensor| tensor.storage_mut::<f32>()), gradient.storage::<f32>());
    numbers.map(Tensor::from_primitive::<Flex>)
}

#[cfg(test)]
mod tests {
    use super::{super::step_rule::EPSILON, *};
    use crate::{device::read, kernels::tests::devices};
    use burn::{
        optim::{AdamConfig, AdamWConfig, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig},
        tensor::TensorData,
    };
    use pollster::block_on;

    /// The weights after each of five steps.
    fn descend<O: Optimizer>(optimizer: &O, device: &Device) -> Vec<Vec<f32>> {
        let wave = |pace: f32| -> Tensor<2> {
            let numbers: Vec<f32> = (0..35).map(|i| (i as f32 * pace).sin()).collect();
            Tensor::from_data(TensorData::new(numbers, [5, 7]), device)
        };
        let (mut weights, mut state) = (wave(1.3), None);
        (1..6)
            .map(|step| {
                // As gradients of matrices come, not in one piece.
                let gradient = wave(0.1 * step as f32).transpose().reshape([5, 7]).transpose().transpose();
                let (next, moments) = optimizer.step(0.01, weights.clone(), gradient, state.take());
                (weights, state) = (next, moments);
                block_on(read(weights.clone())).unwrap()
            })
            .collect()
    }

    /// Powers of the betas may be rounded otherwise.
    fn same(one: &[Vec<f32>], other: &[Vec<f32>]) {
        for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
            assert!((one - other).abs() < 1e-6, "{one} {other}");
        }
    }

    #[test]
    fn steps_are_those_of_burn() {
        for (decay, device) in [0.0, 0.1].into_iter().flat_map(|decay| devices().into_iter().map(move |on| (decay, on)))
        {
            let penalty = (decay > 0.0).then(|| WeightDecayConfig::new(decay));
            let rule = |kind| OptimizerConfig { kind, weight_decay: decay };
            let adam = AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(penalty.clone()).build();
            same(&descend(&rule(OptimizerKind::Adam), &device), &descend(&adam, &device));
            let adam_w = AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(decay).build();
            same(&descend(&rule(OptimizerKind::AdamW), &device), &descend(&adam_w, &device));
            let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
            let sgd = SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(penalty).build();
            same(&descend(&rule(OptimizerKind::Sgd), &device), &descend(&sgd, &device));
        }
    }
}

//! How a gradient becomes a step: the optimizers' rules over slices, by [`retort_kernels`].

use retort_kernels::{Adam, Sgd};
use retort_spec::OptimizerKind;

/// The published constants of Adam (Kingma & Ba 2015, section 2).
const BETAS: (f32, f32) = (0.9, 0.999);
pub(super) const EPSILON: f32 = 1e-8;
const MOMENTUM: f32 = 0.9;

/// How gradients become steps.
#[derive(Debug, Clone, Copy)]
pub struct OptimizerConfig {
    pub(super) kind: OptimizerKind,
    pub(super) weight_decay: f32,
}

impl OptimizerConfig {
    /// The optimizer of an experiment.
    pub fn new(kind: OptimizerKind, weight_decay: f64) -> Self {
        Self { kind, weight_decay: weight_decay as f32 }
    }

    /// Step `time`, from 1, at a learning rate; `moments` is the velocity, or both moments.
    pub fn update(
        self,
        (rate, time): (f64, usize),
        weights: &mut [f32],
        gradient: &[f32],
        [first, second]: [&mut [f32]; 2],
    ) {
        match self.kind {
            OptimizerKind::Sgd => self.sgd(rate).step(weights, gradient, first),
            OptimizerKind::Adam | OptimizerKind::AdamW => {
                self.adam(rate, time).step(weights, gradient, first, second);
            }
        }
    }

    /// The step of Adam, or of AdamW.
    pub(super) fn adam(self, rate: f64, time: usize) -> Adam {
        let adam = Adam::new(rate, BETAS, EPSILON, time as i32);
        match self.kind {
            OptimizerKind::AdamW => Adam { kept: (1.0 - rate * f64::from(self.weight_decay)) as f32, ..adam },
            _ => Adam { penalty: self.weight_decay, ..adam },
        }
    }

    /// The step of SGD.
    pub(super) fn sgd(self, rate: f64) -> Sgd {
        Sgd { rate: rate as f32, momentum: MOMENTUM, penalty: self.weight_decay }
    }
}

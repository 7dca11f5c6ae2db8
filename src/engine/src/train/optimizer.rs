//! The rules that turn gradients into steps, from burn.

use burn::optim::{
    AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig,
};
use retort_spec::OptimizerKind;

/// The published epsilon (Kingma & Ba 2015, section 2); burn's default is larger.
const EPSILON: f32 = 1e-8;

/// Builds an optimizer. Weight decay is an L2 penalty for SGD and Adam, decoupled for AdamW.
pub fn build(kind: OptimizerKind, weight_decay: f64) -> ModuleOptimizer {
    let penalty = (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
    match kind {
        OptimizerKind::Sgd => {
            let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
            SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(penalty).init()
        }
        OptimizerKind::Adam => AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(penalty).init(),
        OptimizerKind::AdamW => AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(weight_decay as f32).init(),
    }
}

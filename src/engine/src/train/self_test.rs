//! The same short training on two devices, compared weight by weight.

use burn::tensor::{Device, ExecutionError};
use retort_compress::Layer;
use retort_spec::{Architecture, Experiment, SelfTest};

use super::{
    device_dataset::upload,
    learner::{Learner, StepLoss},
};
use crate::{
    data::one_hot,
    nets::{Network, Pass},
    objectives::{Settings, cross_entropy, soft_targets},
    random,
};
use rand::RngExt;

const STEPS: u32 = 20;
const BATCH: usize = 16;
const FEATURES: usize = 12;
const CLASSES: usize = 5;
/// Sums in another order differ in the last bits; twenty steps of Adam, which divides by small numbers, carry that to
/// the third digit at most. A wrong kernel is off by far more.
const TOLERANCE: f64 = 5e-3;

/// Trains a small student by cross-entropy and soft targets on both devices from the same weights and batches.
///
/// # Errors
/// A device's, if a computation failed.
pub async fn compare(one: &Device, other: &Device) -> Result<SelfTest, ExecutionError> {
    let (here, there) = (train(one).await?, train(other).await?);
    let pairs = here.iter().zip(&there).flat_map(|(a, b)| {
        let weights = a.weight.iter().zip(&b.weight);
        weights.chain(a.bias.iter().zip(&b.bias))
    });
    let (mut error, mut largest) = (0.0_f64, f64::MIN_POSITIVE);
    for (&a, &b) in pairs {
        let difference = f64::from((a - b).abs());
        // `max` would pass over a NaN in silence.
        error = if difference.is_nan() { f64::NAN } else { error.max(difference) };
        largest = largest.max(f64::from(a.abs()));
    }
    Ok(SelfTest { error: error / largest, tolerance: TOLERANCE })
}

async fn train(device: &Device) -> Result<Vec<Layer>, ExecutionError> {
    let experiment = Experiment { temperature: 4.0, ..Experiment::default() };
    let settings = Settings { temperature: experiment.temperature, ..Settings::default() };
    let (small, large) = (Architecture::mlp([8]), Architecture::mlp([16, 16]));
    let draw = |architecture: &Architecture| Network::draw(architecture, FEATURES, CLASSES, 1, "self-test");
    let teacher = Network::from_layers(large.kind, &draw(&large), device);
    let mut learner = Learner::new(&small, &draw(&small), &experiment, STEPS, device);
    let mut generator = random::stream(1, "self-test data");
    for _ in 0..STEPS {
        let inputs = (0..BATCH * FEATURES).map(|_| generator.random_range(-1.0..1.0)).collect();
        let labels: Vec<u8> = (0..BATCH).map(|_| generator.random_range(0..CLASSES as u8)).collect();
        let inputs = upload(inputs, FEATURES, device);
        let targets = upload(one_hot(&labels, CLASSES), CLASSES, device).autodiff();
        let taught = teacher.forward(inputs.clone(), Pass::Test).autodiff();
        learner = learner.step(&experiment, |network, _| {
            let trace = network.forward(inputs.autodiff(), Pass::Train(None));
            let mut step_loss = StepLoss::default();
            step_loss.add(cross_entropy(&trace, targets, 0.5) + soft_targets(&trace, &taught, &settings, 0.5));
            step_loss
        });
    }
    learner.network().to_layers().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use pollster::block_on;

    #[test]
    fn a_device_agrees_with_itself() {
        let test = block_on(compare(&Device::flex(), &Device::flex())).unwrap();
        assert!(test.passes() && test.error == 0.0);
    }
}

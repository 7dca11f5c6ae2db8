//! Finite differences for any objective, on the CPU.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use rand::RngExt;

use super::*;
use crate::{
    nets::Map,
    verify::{Of, Sample, loss_and_gradient},
};

/// Shapes that most objectives take: `[batch, classes, features of the embedding, channels, side]`. A batch of one and
/// an odd last batch are among them.
pub const SHAPES: [[usize; 5]; 4] = [[1, 2, 3, 2, 2], [2, 3, 4, 3, 2], [3, 4, 5, 2, 3], [5, 10, 6, 4, 1]];

/// A made-up forward pass of both networks, equal in shape.
pub fn sample([batch, classes, features, channels, side]: [usize; 5], generator: &mut ChaCha8Rng) -> [Sample; 2] {
    let mut draw = |count: usize| (0..count).map(|_| generator.random_range(-2.0..2.0_f32)).collect::<Vec<f32>>();
    let mut one = || Sample {
        batch,
        logits: draw(batch * classes),
        embedding: draw(batch * features),
        maps: vec![draw(batch * channels * side * side), draw(batch * channels * side * side)],
        channels,
    };
    [one(), one()]
}

/// Random samples of these shapes: the objective's gradient with respect to `of` against central differences, with the
/// learned parts that the method asks for.
pub fn gradient(id: &str, settings: &Settings, of: Of, shapes: &[[usize; 5]]) {
    /// Small enough for the curvature, large enough for single precision.
    const STEP: f32 = 1e-2;
    let mut generator = random::stream(5, "finite differences");
    for shape in shapes {
        let [student, teacher] = sample(*shape, &mut generator);
        let labels: Vec<u8> = (0..shape[0]).map(|row| ((row * 7 + 1) % shape[1]) as u8).collect();
        let evaluate = |student: &Sample| {
            let made = loss_and_gradient(id, settings, student, &teacher, &labels, of, &Device::flex());
            block_on(made).unwrap().unwrap_or_else(|| panic!("{id} has nothing to say of {shape:?}"))
        };
        let (_, gradient) = evaluate(&student);
        let largest = gradient.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
        assert!(gradient.iter().all(|g| g.is_finite()), "{id} {shape:?}");
        for (index, &analytic) in gradient.iter().enumerate() {
            let at = |shift: f32| {
                let mut moved = student.clone();
                moved.numbers_mut(of)[index] += shift;
                evaluate(&moved).0
            };
            let numeric = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
            let error = (numeric - f64::from(analytic)).abs();
            let allowed = 5e-3 * f64::from(largest) + 2e-4;
            assert!(error < allowed, "{id} {shape:?} {index}: {numeric} is not {analytic}");
        }
    }
}

/// The gradient of a response objective with respect to the student's logits.
pub fn logit_gradient(id: &str, settings: &Settings, classes: usize, student: &[f32], teacher: &[f32]) -> Vec<f32> {
    let sample = |logits: &[f32]| Sample { batch: logits.len() / classes, logits: logits.to_vec(), ..Sample::default() };
    let labels = vec![0; student.len() / classes];
    let made =
        loss_and_gradient(id, settings, &sample(student), &sample(teacher), &labels, Of::Logits, &Device::flex());
    block_on(made).unwrap().unwrap().1
}

/// A trace of constant logits.
pub fn trace(logits: &[f32], classes: usize) -> Trace {
    let shape = [logits.len() / classes, classes];
    let logits: Tensor<2> = Tensor::from_data(TensorData::new(logits.to_vec(), shape), &Device::flex());
    Trace { embedding: logits.clone(), logits, maps: Vec::<Map>::new(), statistics: Vec::new() }
}

//! Finite differences for any objective, on the CPU.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use rand::RngExt;

use super::*;
use crate::{
    nets::{Before, Map},
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
    // Small enough for the curvature, large enough for single precision.
    gradient_by(1e-2, id, settings, of, shapes);
}

/// The same with differences of another width.
pub fn gradient_by(step: f32, id: &str, settings: &Settings, of: Of, shapes: &[[usize; 5]]) {
    let mut generator = random::stream(5, "finite differences");
    for shape in shapes {
        let [student, teacher] = sample(*shape, &mut generator);
        let labels: Vec<u8> = (0..shape[0]).map(|row| ((row * 7 + 1) % shape[1]) as u8).collect();
        let evaluate = |student: &Sample| {
            let made = block_on(loss_and_gradient(id, settings, student, &teacher, &labels, of, &Device::flex()));
            made.unwrap().unwrap_or_else(|| panic!("{id} has nothing to say of {shape:?}"))
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
            let numeric = (at(step) - at(-step)) / (2.0 * f64::from(step));
            let error = (numeric - f64::from(analytic)).abs();
            let allowed = 5e-3 * f64::from(largest) + 2e-4;
            assert!(error < allowed, "{id} {shape:?} {index}: {numeric} is not {analytic}");
        }
    }
}

/// The gradient of a response objective with respect to the student's logits.
pub fn logit_gradient(id: &str, settings: &Settings, classes: usize, student: &[f32], teacher: &[f32]) -> Vec<f32> {
    let sample =
        |logits: &[f32]| Sample { batch: logits.len() / classes, logits: logits.to_vec(), ..Sample::default() };
    let labels = vec![0; student.len() / classes];
    let (student, teacher) = (sample(student), sample(teacher));
    let made = block_on(loss_and_gradient(id, settings, &student, &teacher, &labels, Of::Logits, &Device::flex()));
    made.unwrap().unwrap().1
}

/// A trace of constant logits.
pub fn trace(logits: &[f32], classes: usize) -> Trace {
    let shape = [logits.len() / classes, classes];
    let logits: Tensor<2> = Tensor::from_data(TensorData::new(logits.to_vec(), shape), &Device::flex());
    Trace { embedding: logits.clone(), logits, maps: Vec::<Map>::new(), statistics: Vec::new() }
}

/// A trace of constant maps, each with its channels, its side and its numbers `[batch, places, channels]`, the same
/// before and after the activation function.
pub fn stages(batch: usize, maps: &[(usize, usize, &[f32])]) -> Trace {
    let map = |&(channels, side, numbers): &(usize, usize, &[f32])| {
        let data = TensorData::new(numbers.to_vec(), [batch, side * side, channels]);
        let values: Tensor<3> = Tensor::from_data(data, &Device::flex());
        Map { before: Before::known(values.clone()), values, side }
    };
    let embedding = Tensor::zeros([batch, 1], &Device::flex());
    Trace { logits: embedding.clone(), embedding, maps: maps.iter().map(map).collect(), statistics: Vec::new() }
}

/// An objective's loss of constant traces and these learned parts, in the stage that it speaks in.
pub fn loss(id: &str, student: &Trace, teacher: &Trace, parts: &[Tensor<2>]) -> f32 {
    let method = named(id).unwrap();
    let [batch, _] = student.embedding.dims();
    let rows: Vec<u32> = (0..batch as u32).collect();
    let views = Views {
        student,
        teacher: Some(teacher),
        targets: None,
        rows: &rows,
        parts,
        progress: 1.0,
        is_first_stage: false,
    };
    let loss = (method.loss)(&views, &Settings::default(), &mut Memory::new(batch + 8, 1, "check")).unwrap();
    loss.value.into_scalar::<f32>()
}

/// Why an objective cannot be used on such traces; `None` if it can.
pub fn refusal(id: &str, student: &Trace, teacher: &Trace) -> Option<Refusal> {
    (named(id).unwrap().parts)(student, teacher, &Settings::default()).err()
}

#[test]
fn no_objective_divides_by_zero() {
    use retort_spec::Knowledge;
    let mut generator = random::stream(6, "degenerate");
    for &objective in Objective::ALL {
        let (id, knowledge) = (objective.word(), objective.about().knowledge);
        let of = match knowledge {
            Knowledge::Responses => Of::Logits,
            Knowledge::Features => Of::Maps,
            Knowledge::Relations => Of::Embedding,
        };
        for shape in SHAPES {
            let [drawn, other] = sample(shape, &mut generator);
            // All zero, as after a ReLU that never fires; all the same; two equal examples; one number large.
            let changed = |change: &dyn Fn(&mut [f32])| {
                let mut sample = drawn.clone();
                change(&mut sample.logits);
                change(&mut sample.embedding);
                sample.maps.iter_mut().for_each(|map| change(map));
                sample
            };
            let students = [
                changed(&|all| all.fill(0.0)),
                changed(&|all| all.fill(0.3)),
                changed(&|all| {
                    let length = all.len() / shape[0];
                    if shape[0] > 1 {
                        all.copy_within(..length, length);
                    }
                }),
                changed(&|all| all.iter_mut().take(2).for_each(|x| *x *= 1000.0)),
            ];
            let labels: Vec<u8> = vec![0; shape[0]];
            let settings = Settings { guided: Guided::First, ..Settings::default() };
            for (student, teacher) in students.iter().flat_map(|it| [(it, &other), (it, it), (&other, it)]) {
                let made = block_on(loss_and_gradient(id, &settings, student, teacher, &labels, of, &Device::flex()));
                let Some((loss, gradient)) = made.unwrap() else { continue };
                assert!(loss.is_finite(), "{id} {shape:?}");
                assert!(gradient.iter().all(|g| g.is_finite()), "{id} {shape:?} {gradient:?}");
            }
        }
    }
}

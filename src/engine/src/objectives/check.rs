//! What every objective of the registry must hold, and constant traces for the tests of one. On the CPU.

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use rand::RngExt;
use retort_spec::Knowledge;

use super::*;
use crate::{
    data::one_hot,
    nets::{Map, PreActivation},
    verify::{Sample, TensorName, loss_and_gradient},
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
        channels: vec![channels; 2],
        memory: Vec::new(),
    };
    [one(), one()]
}

/// The gradient of a response objective with respect to the student's logits.
pub fn logit_gradient(id: &str, settings: &Settings, classes: usize, student: &[f32], teacher: &[f32]) -> Vec<f32> {
    let sample =
        |logits: &[f32]| Sample { batch: logits.len() / classes, logits: logits.to_vec(), ..Sample::default() };
    let labels = vec![0; student.len() / classes];
    let (student, teacher) = (sample(student), sample(teacher));
    let made =
        block_on(loss_and_gradient(id, settings, &student, &teacher, &labels, TensorName::Logits, &Device::flex()));
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
        Map { pre_activation: PreActivation::known(values.clone()), values, side }
    };
    let embedding = Tensor::zeros([batch, 1], &Device::flex());
    Trace { logits: embedding.clone(), embedding, maps: maps.iter().map(map).collect(), statistics: Vec::new() }
}

/// An objective's loss of constant traces and these learned side matrices, in the stage that it speaks in.
pub fn loss(id: &str, student: &Trace, teacher: &Trace, side_matrices: &[Tensor<2>]) -> f32 {
    let method = named(id).unwrap();
    let [batch, _] = student.embedding.dims();
    let rows: Vec<u32> = (0..batch as u32).collect();
    let views = Views {
        student,
        teacher: Some(teacher),
        targets: None,
        rows: &rows,
        side_matrices,
        progress: 1.0,
        is_first_stage: false,
    };
    let loss = (method.loss)(&views, &Settings::default(), &mut Memory::new(batch + 8, 1, "check")).unwrap();
    loss.value.into_scalar::<f32>()
}

/// Why an objective cannot be used on such traces; `None` if it can.
pub fn refusal(id: &str, student: &Trace, teacher: &Trace) -> Option<Incompatibility> {
    (named(id).unwrap().side_matrices)(student, teacher, &Settings::default()).err()
}

/// Every objective with what it looks at first: the registry's and the two that every student has.
fn all() -> Vec<(&'static str, TensorName)> {
    let registered = Objective::ALL.iter().map(|objective| {
        let of = match objective.info().knowledge {
            Knowledge::Responses => TensorName::Logits,
            Knowledge::Features => TensorName::Maps,
            Knowledge::Relations => TensorName::Embedding,
        };
        (objective.word(), of)
    });
    [("cross-entropy", TensorName::Logits), ("soft-targets", TensorName::Logits)]
        .into_iter()
        .chain(registered)
        .collect()
}

/// The parts of a loss that is none: two players, each with a loss of its own whose gradient moves it, while the other
/// is held fixed. What a quotient of differences is taken of: where an output of the student is moved or a matrix that
/// adapts it, the first; where one of the last four matrices is, the discriminator, the second.
const GAMES: [(&str, [&str; 2], usize); 1] =
    [("adversarial", [adversarial::FOOLING, adversarial::TELLING_APART], adversarial::PARTS)];

/// An objective in the middle of a training: it has drawn its matrices and seen one batch.
struct Begun {
    id: &'static str,
    method: &'static Method,
    of: TensorName,
    settings: Settings,
    is_first_stage: bool,
    teacher: Trace,
    targets: Tensor<2>,
    side_matrices: Vec<Vec<f32>>,
    shapes: Vec<SideMatrix>,
    memory: Memory,
}

impl Begun {
    /// Or why the objective refuses such traces.
    fn new(
        (id, of): (&'static str, TensorName),
        settings: Settings,
        is_first_stage: bool,
        student: &Sample,
        teacher: &Sample,
    ) -> Result<Self, Incompatibility> {
        let device = Device::flex().autodiff();
        let method = named(id).unwrap();
        let (teacher, _) = teacher.trace(TensorName::Logits, &device);
        let shapes = (method.side_matrices)(&student.trace(TensorName::Logits, &device).0, &teacher, &settings)?;
        let drawn = SideMatrices::draw(&shapes, 1, &device);
        let side_matrices =
            (0..shapes.len()).map(|index| drawn.one(index).into_data().iter::<f32>().collect()).collect();
        let classes = student.logits.len() / student.batch;
        let labels: Vec<u8> = (0..student.batch).map(|row| ((row * 7 + 1) % classes) as u8).collect();
        let targets = Tensor::from_data(TensorData::new(one_hot(&labels, classes), [student.batch, classes]), &device);
        let memory = Memory::new(student.batch + 8, 1, "check");
        let mut begun =
            Self { id, method, of, settings, is_first_stage, teacher, targets, side_matrices, shapes, memory };
        // What it keeps of a first batch is a constant from the second on.
        let mut memory = begun.memory.clone();
        begun.at(student, &begun.side_matrices, &mut memory);
        begun.memory = memory;
        Ok(begun)
    }

    /// The loss, one of the student's outputs and the matrices, these tracked.
    fn asked(
        &self,
        student: &Sample,
        side_matrices: &[Vec<f32>],
        memory: &mut Memory,
    ) -> Option<(Loss, Tensor<2>, Vec<Tensor<2>>)> {
        let device = Device::flex().autodiff();
        let (trace, tracked) = student.trace(self.of, &device);
        let matrix = |(numbers, part): (&Vec<f32>, &SideMatrix)| -> Tensor<2> {
            Tensor::from_data(TensorData::new(numbers.clone(), [part.rows, part.columns]), &device).require_grad()
        };
        let matrices: Vec<Tensor<2>> = side_matrices.iter().zip(&self.shapes).map(matrix).collect();
        let rows: Vec<u32> = (0..student.batch as u32).collect();
        let views = Views {
            student: &trace,
            teacher: Some(&self.teacher),
            targets: Some(self.targets.clone()),
            rows: &rows,
            side_matrices: &matrices,
            progress: 1.0,
            is_first_stage: self.is_first_stage,
        };
        let loss = (self.method.loss)(&views, &self.settings, memory)?;
        Some((loss, tracked, matrices))
    }

    /// The loss, and its gradients with respect to one of the student's outputs and to each matrix.
    #[expect(clippy::type_complexity, reason = "a triple of a test")]
    fn at(
        &self,
        student: &Sample,
        side_matrices: &[Vec<f32>],
        memory: &mut Memory,
    ) -> Option<(f64, Option<Vec<f32>>, Vec<Option<Vec<f32>>>)> {
        let (Loss { value: loss, .. }, tracked, matrices) = self.asked(student, side_matrices, memory)?;
        let gradients = loss.backward();
        let numbers = |tensor: &Tensor<2>| Some(tensor.grad(&gradients)?.into_data().iter::<f32>().collect());
        let value = f64::from(loss.clone().into_scalar::<f32>());
        Some((value, numbers(&tracked), matrices.iter().map(numbers).collect()))
    }

    /// The loss alone, without a trace of having been asked.
    fn loss(&self, student: &Sample, side_matrices: &[Vec<f32>]) -> Option<f64> {
        self.at(student, side_matrices, &mut self.memory.clone()).map(|(loss, _, _)| loss)
    }

    /// The loss whose gradient moves the student, or this matrix.
    fn moved_by(&self, matrix: Option<usize>, student: &Sample, side_matrices: &[Vec<f32>]) -> Option<f64> {
        let Some((_, players, own)) = GAMES.iter().find(|(id, _, _)| *id == self.id) else {
            return self.loss(student, side_matrices);
        };
        let is_discriminator = matrix.is_some_and(|matrix| matrix + own >= self.shapes.len());
        let name = players[usize::from(is_discriminator)];
        let mut memory = self.memory.clone();
        let (Loss { parts, .. }, _, _) = self.asked(student, side_matrices, &mut memory)?;
        parts.into_iter().find(|(part, _)| *part == name).map(|(_, loss)| f64::from(loss.into_scalar::<f32>()))
    }
}

/// Whether a derivative is the quotient of differences, of a width that suits the curvature or of one that suits a kink
/// beside the number.
fn agrees(analytic: f32, largest: f32, loss: impl Fn(f32) -> f64) -> Result<(), Vec<f64>> {
    let quotients: Vec<f64> =
        [1e-2, 1e-3].map(|step: f32| (loss(step) - loss(-step)) / (2.0 * f64::from(step))).to_vec();
    let allowed = 5e-3 * f64::from(largest) + 2e-4;
    let close = quotients.iter().any(|numeric| (numeric - f64::from(analytic)).abs() < allowed);
    if close { Ok(()) } else { Err(quotients) }
}

#[test]
fn every_gradient_passes_finite_differences() {
    // Some entries of a large matrix stand for all.
    const ENTRIES: usize = 12;
    let usual = Settings::default();
    let settings = [
        usual,
        Settings { temperature: 4.0, order: 5, guided: HintLayer::First, ..usual },
        Settings { temperature: 20.0, scale_by_t2: false, order: 1, guided: HintLayer::Middle, ..usual },
    ];
    let games = [
        Settings { judged: Judged::Features, ..usual },
        Settings { judged: Judged::Features, reversal: Reversal::Reverse, ..usual },
        Settings { judged: Judged::Logits, reversal: Reversal::None, ..usual },
    ];
    for (id, of) in all() {
        let (mut compared, mut kinks) = (0, 0);
        let mut generator = random::stream(5, "finite differences");
        for shape in SHAPES {
            let [student, teacher] = sample(shape, &mut generator);
            let more = if GAMES.iter().any(|(game, _, _)| *game == id) { &games[..] } else { &[] };
            for (settings, is_first_stage) in settings.iter().chain(more).flat_map(|&it| [(it, false), (it, true)]) {
                let (mut teacher, mut of) = (teacher.clone(), of);
                if settings.judged == Judged::Features {
                    // A width other than the student's, so that something is learned to adapt it.
                    teacher.embedding.extend_from_slice(&student.embedding[..student.batch]);
                    of = TensorName::Embedding;
                }
                let Ok(begun) = Begun::new((id, of), settings, is_first_stage, &student, &teacher) else { continue };
                let Some((_, outputs, matrices)) = begun.at(&student, &begun.side_matrices, &mut begun.memory.clone())
                else {
                    continue;
                };
                let what = format!("{id} {shape:?} {settings:?}, first stage: {is_first_stage}");
                // A discriminator has many units, and one that is just about to be silent has no derivative: the
                // quotients of two widths then differ from each other.
                let is_kink = |quotients: &[f64]| (quotients[0] - quotients[1]).abs() > 1e-3;
                let largest = |gradient: &[f32]| {
                    gradient.iter().fold(0.0_f32, |most, g| if *g == *g { most.max(g.abs()) } else { f32::NAN })
                };
                for (index, &analytic) in outputs.iter().flatten().enumerate() {
                    let moved = |shift: f32| {
                        let mut moved = student.clone();
                        moved.numbers_mut(of)[index] += shift;
                        begun.moved_by(None, &moved, &begun.side_matrices).unwrap()
                    };
                    let result = agrees(analytic, largest(outputs.as_deref().unwrap()), moved);
                    if !more.is_empty() && result.as_ref().is_err_and(|quotients| is_kink(quotients)) {
                        kinks += 1;
                        continue;
                    }
                    assert_eq!(result, Ok(()), "{what}: output {index}, {analytic}");
                    compared += 1;
                }
                for (part, gradient) in matrices.iter().enumerate() {
                    let gradient = gradient.as_deref().unwrap_or_default();
                    for (index, &analytic) in
                        gradient.iter().enumerate().step_by(gradient.len().div_ceil(ENTRIES).max(1))
                    {
                        let moved = |shift: f32| {
                            let mut side_matrices = begun.side_matrices.clone();
                            side_matrices[part][index] += shift;
                            begun.moved_by(Some(part), &student, &side_matrices).unwrap()
                        };
                        let result = agrees(analytic, largest(gradient), moved);
                        if !more.is_empty() && result.as_ref().is_err_and(|quotients| is_kink(quotients)) {
                            kinks += 1;
                            continue;
                        }
                        assert_eq!(result, Ok(()), "{what}: entry {index} of matrix {part}, {analytic}");
                    }
                }
            }
        }
        assert!(compared > 20, "{id}: only {compared} derivatives were compared");
        assert!(50 * kinks < compared, "{id}: {kinks} derivatives were passed over, {compared} compared");
    }
}

#[test]
fn a_wrong_gradient_does_not_pass() {
    let cube = |x: f64| x * x * x;
    assert_eq!(agrees(12.0, 12.0, |shift| cube(2.0 + f64::from(shift))), Ok(()));
    assert!(agrees(12.3, 12.3, |shift| cube(2.0 + f64::from(shift))).is_err());
    assert!(agrees(f32::NAN, 12.0, |shift| cube(2.0 + f64::from(shift))).is_err());
}

/// What an objective takes it can compute, and what it refuses lacks just what it says.
#[test]
fn every_objective_refuses_what_it_cannot_compare_and_nothing_else() {
    let mut generator = random::stream(7, "refusals");
    let mut refused = Vec::new();
    for (id, of) in all() {
        let mut taken = 0;
        for (batch, stages, side, wide) in (1..5).flat_map(|batch| {
            (0..3).flat_map(move |stages| [(batch, stages, 1, 2), (batch, stages, 3, 2), (batch, stages, 3, 4)])
        }) {
            let [mut student, _] = sample([batch, 4, 3, 2, side], &mut generator);
            let [_, mut teacher] = sample([batch, 4, 3, wide, side], &mut generator);
            student.maps.truncate(stages);
            teacher.maps.truncate(stages);
            let what = format!("{id}, batch {batch}, {stages} stages, {side} places a side, {wide} channels");
            let losses = [false, true].map(|is_first_stage| {
                let begun = Begun::new((id, of), Settings::default(), is_first_stage, &student, &teacher)?;
                Ok(begun.loss(&student, &begun.side_matrices))
            });
            match losses {
                [Ok(later), Ok(first)] => {
                    let most = later.into_iter().chain(first).fold(f64::NEG_INFINITY, f64::max);
                    assert!(most.is_finite() && most > 1e-6, "{what}: networks that differ lose {most}");
                    taken += 1;
                }
                [Err(refusal), _] | [_, Err(refusal)] => {
                    refused.push(refusal);
                    let is_so = match refusal {
                        Incompatibility::Batch { needed, given } => given as usize == batch && needed > given,
                        Incompatibility::NoStages => stages == 0,
                        Incompatibility::NoPlaces => side == 1,
                        Incompatibility::OneStage => stages == 1,
                        Incompatibility::Channels { student, teacher } => (student, teacher) == (2, 4) && wide == 4,
                    };
                    assert!(is_so, "{what}: {refusal}");
                    if let Incompatibility::Batch { needed, .. } = refusal {
                        let [student, teacher] = sample([needed as usize, 4, 3, 2, 3], &mut generator);
                        assert!(
                            Begun::new((id, of), Settings::default(), false, &student, &teacher).is_ok(),
                            "{what}: {refusal}"
                        );
                    }
                }
            }
        }
        assert!(taken > 0, "{id} takes nothing");
    }
    assert!(refused.len() > 20, "{} refusals", refused.len());
}

#[test]
fn no_objective_divides_by_zero() {
    let mut generator = random::stream(6, "degenerate");
    for (id, of) in all() {
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
            let settings = Settings { guided: HintLayer::First, ..Settings::default() };
            for (student, teacher) in students.iter().flat_map(|it| [(it, &other), (it, it), (&other, it)]) {
                let made = block_on(loss_and_gradient(id, &settings, student, teacher, &labels, of, &Device::flex()));
                let Some((loss, gradient)) = made.unwrap() else { continue };
                assert!(loss.is_finite(), "{id} {shape:?}");
                assert!(gradient.iter().all(|g| g.is_finite()), "{id} {shape:?} {gradient:?}");
            }
        }
    }
}

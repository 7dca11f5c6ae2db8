//! Rows of one objective: its loss of a student and at most one teacher.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use super::{LossRow, RowOutcome, RowResult, Sample, TensorName, VerifyError, misfit};
use crate::{
    data::one_hot,
    device::read,
    objectives::{Memory, Settings, Views, named},
};

/// Largest relative difference of a loss that passes.
const LOSS_RELATIVE: f64 = 1e-4;
/// Largest absolute difference of a loss that passes.
const LOSS_ABSOLUTE: f64 = 1e-6;
/// What a logarithm in single precision may be off, three units in the last place of ln 10 (WGSL, section 15.7.4). A
/// Kullback–Leibler divergence at a high temperature is a small difference of such logarithms, and T² enlarges its
/// error.
const LOGARITHM: f64 = 7e-7;
/// Largest difference of a gradient that passes, relative to its largest entry.
const GRADIENT_RELATIVE: f64 = 1e-3;

/// The numbers of a row, by name.
const NUMBERS: [&str; 7] = ["temperature", "alpha", "beta", "gamma", "order", "margin", "variance"];

/// Whether the engine can compute a row: it has the objective, and the row has nothing besides what that looks at.
pub(super) fn has(row: &LossRow) -> bool {
    let sides = [&row.student, &row.teacher, &row.grad];
    named(&row.objective).is_some()
        && row.variant.is_none()
        && !row.moves_teacher()
        && row.params.are_among(&NUMBERS, &["t2"], &[])
        && row.teachers.is_empty()
        && row.peers.is_empty()
        && row.discriminator.w1.is_empty()
        && [&row.student, &row.teacher].iter().all(|side| side.scores.rows().is_empty())
        && sides.iter().all(|side| side.branches.is_empty() && side.gate.is_empty())
}

/// What a row asks for.
fn settings(row: &LossRow) -> Settings {
    let usual = Settings::default();
    let number = |name: &str, usual: f64| row.params.number(name).unwrap_or(usual);
    Settings {
        temperature: number("temperature", usual.temperature),
        scale_by_t2: row.params.flag("t2").unwrap_or(usual.scale_by_t2),
        alpha: number("alpha", usual.alpha),
        // Two objectives have a β, each of its own.
        beta: number("beta", usual.beta),
        teacher_share: number("beta", usual.teacher_share),
        gamma: number("gamma", usual.gamma),
        order: number("order", f64::from(usual.order)) as u32,
        margin: number("margin", usual.margin),
        variance: number("variance", usual.variance),
        ..usual
    }
}

/// Compares an objective with a row.
pub(super) async fn check(index: usize, row: &LossRow, device: &Device) -> Result<RowResult, VerifyError> {
    let settings = settings(row);
    let student = Sample::of(&row.student).ok_or_else(|| misfit(index))?;
    let teacher = Sample::of(&row.teacher).unwrap_or_default();
    let gradient = Sample::of(&row.grad).ok_or_else(|| misfit(index))?;
    let of = [TensorName::Logits, TensorName::Embedding, TensorName::Maps]
        .into_iter()
        .find(|&of| !gradient.numbers(of).is_empty());
    let of = of.ok_or_else(|| misfit(index))?;
    let (wanted, classes) = (gradient.numbers(of), student.logits.len() / student.batch);
    let foreign = row.labels.iter().any(|&label| usize::from(label) >= classes);
    let width = student.embedding.len() / student.batch;
    let odd =
        |side: &Sample| side.memory.len() != student.memory.len() || !side.memory.len().is_multiple_of(width.max(1));
    if wanted.len() != student.numbers(of).len() || foreign || odd(&student) || odd(&teacher) {
        return Err(misfit(index));
    }
    let computed = loss_and_gradient(&row.objective, &settings, &student, &teacher, &row.labels, of, device).await?;
    let (loss, gradient) = computed
        .ok_or_else(|| VerifyError::BadRow { row: index, reason: "the objective lacks a teacher or labels".into() })?;
    Ok(compare(row, loss, settings.t2(), &[(wanted, &gradient)]))
}

/// How a row fares whose loss and gradients, each after the row's own, were computed. `divergences` says how often the
/// loss counts a divergence.
pub(super) fn compare(row: &LossRow, loss: f64, divergences: f64, gradients: &[(&[f32], &[f32])]) -> RowResult {
    let value = (loss - row.loss).abs();
    let error = |(wanted, got): &(&[f32], &[f32])| {
        let largest = wanted.iter().fold(f32::MIN_POSITIVE, |most, g| most.max(g.abs()));
        wanted.iter().zip(*got).fold(0.0_f64, |most, (wanted, got)| {
            let error = f64::from((wanted - got).abs() / largest);
            if error.is_nan() { f64::INFINITY } else { most.max(error) }
        })
    };
    let worst = gradients.iter().map(error).fold(0.0, f64::max);
    let allowed = LOSS_ABSOLUTE.max(LOSS_RELATIVE * row.loss.abs()).max(LOGARITHM * divergences);
    let result = match value <= allowed && worst <= GRADIENT_RELATIVE {
        true => RowOutcome::Passed { value: value / row.loss.abs().max(LOSS_ABSOLUTE), gradient: worst },
        false => {
            RowOutcome::Missed { reason: format!("loss {loss} instead of {}, gradient off by {worst:.1e}", row.loss) }
        }
    };
    RowResult { name: row.name(), result }
}

/// The loss of an objective, its shapes met without learned side matrices, and its gradient with respect to one of the
/// student's outputs; `None` where the objective is unknown or lacks what it looks at.
///
/// # Errors
/// The device's, if the computation failed.
pub async fn loss_and_gradient(
    id: &str,
    settings: &Settings,
    student: &Sample,
    teacher: &Sample,
    labels: &[u8],
    of: TensorName,
    device: &Device,
) -> Result<Option<(f64, Vec<f32>)>, ExecutionError> {
    let Some(method) = named(id) else { return Ok(None) };
    let device = device.clone().autodiff();
    let classes = student.logits.len() / student.batch.max(1);
    let (student_trace, tracked) = student.trace(of, &device);
    let teacher_trace = (teacher.batch == student.batch).then(|| teacher.trace(of, &device).0);
    let targets = (labels.len() == student.batch && classes > 0)
        .then(|| Tensor::from_data(TensorData::new(one_hot(labels, classes), [labels.len(), classes]), &device));
    let rows: Vec<u32> = (0..student.batch as u32).collect();
    let views = Views {
        student: &student_trace,
        teacher: teacher_trace.as_ref(),
        targets,
        rows: &rows,
        side_matrices: &[],
        progress: 1.0,
        is_first_stage: false,
    };
    // Some more examples than the batch, for those that compare with others.
    let mut memory = Memory::new(student.batch + 8, 1, "verify");
    let width = student.embedding.len() / student.batch.max(1);
    if !student.memory.is_empty() {
        memory.examples = student.memory.len() / width.max(1);
        let bank =
            |numbers: &[f32]| Tensor::from_data(TensorData::new(numbers.to_vec(), [memory.examples, width]), &device);
        memory.banks = vec![bank(&student.memory), bank(&teacher.memory)];
    }
    let Some(loss) = (method.loss)(&views, settings, &mut memory) else { return Ok(None) };
    let gradients = loss.value.backward();
    let Some(gradient) = tracked.grad(&gradients) else { return Ok(None) };
    let value = read(loss.value.inner()).await?;
    Ok(Some((f64::from(value[0]), read(gradient).await?)))
}

//! Checks the engine against vector files: numbers that others computed.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use retort_compress::quantization::quantize::{Axis, IntegerType, dequantize_linear, quantize_linear};
use serde::Deserialize;

use crate::{
    data::one_hot,
    device::read,
    nets::{Map, PreActivation, Trace, quantize_linear as quantize_linear_there},
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

/// How a row of a vector file fared.
#[derive(Debug, Clone, PartialEq)]
pub struct RowResult {
    /// What was checked.
    pub name: String,
    /// How it fared.
    pub result: RowOutcome,
}

/// How a row fared.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// The engine agrees; the largest errors of value and gradient.
    Passed {
        /// Relative error of the value.
        value: f64,
        /// Error of the gradient relative to its largest entry.
        gradient: f64,
    },
    /// It does not.
    Missed {
        /// What differs.
        reason: String,
    },
    /// The engine does not have it.
    Absent,
}

/// A vector file cannot be read as one.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The row is neither a loss nor a quantization.
    #[error("row {row}: {reason}")]
    BadRow {
        /// Its place, from 0.
        row: usize,
        /// What is wrong.
        reason: String,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] ExecutionError),
}

/// One row of a vector file.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Row {
    /// An objective's loss and gradient.
    Loss(Box<LossRow>),
    /// Numbers and what ONNX `QuantizeLinear` and `DequantizeLinear` make of them.
    Quantization(QuantizationRow),
    /// Something that the engine does not have.
    Other(OtherRow),
}

/// A row of another kind: what it calls itself.
#[derive(Debug, Clone, Deserialize)]
pub struct OtherRow {
    objective: Option<String>,
    dtype: Option<String>,
    name: Option<String>,
    scheme: Option<String>,
}

/// A network's outputs in a vector file.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NetworkOutputs {
    /// `[batch][classes]`.
    #[serde(default)]
    pub logits: Vec<Vec<f32>>,
    /// `[batch][features]`.
    #[serde(default)]
    pub embedding: Vec<Vec<f32>>,
    /// `[batch][channels][places]`.
    #[serde(default)]
    pub maps: Vec<Vec<Vec<f32>>>,
    /// Those of the next stage.
    #[serde(default)]
    pub next_maps: Vec<Vec<Vec<f32>>>,
    /// `[examples][features]`: what an objective that remembers embeddings has seen, the batch's own examples first.
    #[serde(default)]
    pub memory: Vec<Vec<f32>>,
}

/// An objective's loss and gradient.
#[derive(Debug, Clone, Deserialize)]
pub struct LossRow {
    objective: String,
    #[serde(default)]
    params: LossParams,
    student: NetworkOutputs,
    #[serde(default)]
    teacher: NetworkOutputs,
    #[serde(default)]
    labels: Vec<u8>,
    loss: f64,
    grad: NetworkOutputs,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LossParams {
    temperature: Option<f64>,
    alpha: Option<f64>,
    beta: Option<f64>,
    gamma: Option<f64>,
    order: Option<u32>,
    margin: Option<f64>,
    variance: Option<f64>,
}

/// The tensor that a gradient is taken with respect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorName {
    /// The logits.
    Logits,
    /// The embedding.
    Embedding,
    /// The first map.
    Maps,
}

/// A made-up forward pass, on the host; what is empty is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// How many examples.
    pub batch: usize,
    /// `[batch, classes]`.
    pub logits: Vec<f32>,
    /// `[batch, features]`.
    pub embedding: Vec<f32>,
    /// `[batch, channels, places]` each.
    pub maps: Vec<Vec<f32>>,
    /// Channels of each map.
    pub channels: Vec<usize>,
    /// `[examples, features]`: embeddings that were seen before; empty if none were.
    pub memory: Vec<f32>,
}

impl Sample {
    fn of(side: &NetworkOutputs) -> Option<Self> {
        let batch = side.logits.len().max(side.embedding.len()).max(side.maps.len());
        let stages: Vec<&Vec<Vec<Vec<f32>>>> =
            [&side.maps, &side.next_maps].into_iter().filter(|maps| !maps.is_empty()).collect();
        let sample = Self {
            batch,
            logits: side.logits.concat(),
            embedding: side.embedding.concat(),
            maps: stages.iter().map(|maps| maps.iter().flatten().flatten().copied().collect()).collect(),
            channels: stages.iter().map(|maps| maps[0].len()).collect(),
            memory: side.memory.concat(),
        };
        let whole = |rows: &[Vec<f32>]| rows.iter().all(|row| row.len() == rows[0].len());
        let even = |maps: &[Vec<Vec<f32>>]| {
            maps.len() == batch && maps.iter().all(|map| map.len() == maps[0].len()) && whole(&maps.concat())
        };
        let fits = whole(&side.logits) && whole(&side.embedding) && stages.iter().all(|maps| even(maps));
        (fits && batch > 0).then_some(sample)
    }

    /// The numbers of one of the outputs; none if it is not there.
    pub fn numbers(&self, of: TensorName) -> &[f32] {
        match of {
            TensorName::Logits => &self.logits,
            TensorName::Embedding => &self.embedding,
            TensorName::Maps => self.maps.first().map_or(&[], Vec::as_slice),
        }
    }

    /// The same to be changed.
    ///
    /// # Panics
    /// If there are no maps and they are asked for.
    #[cfg(test)]
    pub fn numbers_mut(&mut self, of: TensorName) -> &mut [f32] {
        match of {
            TensorName::Logits => &mut self.logits,
            TensorName::Embedding => &mut self.embedding,
            TensorName::Maps => &mut self.maps[0],
        }
    }

    /// The forward pass on a device; and the tensor to differentiate by, in its own shape.
    pub(crate) fn trace(&self, of: TensorName, device: &Device) -> (Trace, Tensor<2>) {
        let rows = |numbers: &[f32]| -> Tensor<2> {
            // An output that is absent is a column of zeros.
            let columns = (numbers.len() / self.batch.max(1)).max(1);
            let numbers = if numbers.is_empty() { vec![0.0; self.batch] } else { numbers.to_vec() };
            Tensor::from_data(TensorData::new(numbers, [self.batch, columns]), device)
        };
        let tracked = rows(self.numbers(of)).require_grad();
        let take = |this: TensorName, numbers: &[f32]| if this == of { tracked.clone() } else { rows(numbers) };
        let logits = take(TensorName::Logits, &self.logits);
        let embedding = take(TensorName::Embedding, &self.embedding);
        let mut maps = Vec::new();
        for (index, numbers) in self.maps.iter().enumerate() {
            let values = if index == 0 { take(TensorName::Maps, numbers) } else { rows(numbers) };
            let channels = self.channels[index];
            let places = numbers.len() / (self.batch * channels).max(1);
            let values: Tensor<3> = values.reshape([self.batch, channels, places]).swap_dims(1, 2);
            maps.push(Map { pre_activation: PreActivation::known(values.clone()), values, side: places.isqrt() });
        }
        (Trace { logits, embedding, maps, statistics: Vec::new() }, tracked)
    }
}

/// Numbers and their integers.
#[derive(Debug, Clone, Deserialize)]
pub struct QuantizationRow {
    dtype: String,
    axis: Option<usize>,
    scale: Vec<f32>,
    zero_point: Vec<i32>,
    x: Vec<Vec<f32>>,
    q: Vec<Vec<i32>>,
    dequantized: Vec<Vec<f32>>,
}

/// Checks every row on a device.
///
/// # Errors
/// [`VerifyError`] where a row makes no sense or the device fails; a mere difference is a [`RowOutcome::Missed`].
pub async fn verify(rows: &[Row], device: &Device) -> Result<Vec<RowResult>, VerifyError> {
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        checked.push(match row {
            Row::Loss(row) => check_loss(index, row, device).await?,
            Row::Quantization(row) => check_quantization(index, row, device).await?,
            Row::Other(row) => absent(index, row)?,
        });
    }
    Ok(checked)
}

/// A row that the engine cannot check, unless it says that it is of a kind that the engine has.
fn absent(index: usize, row: &OtherRow) -> Result<RowResult, VerifyError> {
    let is_known = row.objective.as_deref().is_some_and(|objective| named(objective).is_some());
    if is_known || row.dtype.is_some() {
        return Err(VerifyError::BadRow {
            row: index,
            reason: "a field is missing, unknown or of another type".into(),
        });
    }
    let name = [&row.objective, &row.name, &row.scheme].into_iter().flatten().next();
    let name = name.cloned().unwrap_or_else(|| format!("row {index}"));
    Ok(RowResult { name, result: RowOutcome::Absent })
}

async fn check_loss(index: usize, row: &LossRow, device: &Device) -> Result<RowResult, VerifyError> {
    let (given, usual) = (&row.params, Settings::default());
    let settings = Settings {
        temperature: given.temperature.unwrap_or(usual.temperature),
        alpha: given.alpha.unwrap_or(usual.alpha),
        beta: given.beta.unwrap_or(usual.beta),
        gamma: given.gamma.unwrap_or(usual.gamma),
        order: given.order.unwrap_or(usual.order),
        margin: given.margin.unwrap_or(usual.margin),
        variance: given.variance.unwrap_or(usual.variance),
        ..usual
    };
    let name = match row.params.temperature {
        Some(temperature) => format!("{} T={temperature}", row.objective),
        None => row.objective.clone(),
    };
    if named(&row.objective).is_none() {
        return Ok(RowResult { name, result: RowOutcome::Absent });
    }
    let bad = |reason: &str| VerifyError::BadRow { row: index, reason: reason.into() };
    let misfit = || bad("outputs, labels and gradient do not fit each other");
    let student = Sample::of(&row.student).ok_or_else(misfit)?;
    let teacher = Sample::of(&row.teacher).unwrap_or_default();
    let gradient = Sample::of(&row.grad).ok_or_else(misfit)?;
    let of = [TensorName::Logits, TensorName::Embedding, TensorName::Maps]
        .into_iter()
        .find(|&of| !gradient.numbers(of).is_empty());
    let of = of.ok_or_else(misfit)?;
    let (wanted, classes) = (gradient.numbers(of), student.logits.len() / student.batch);
    let foreign = row.labels.iter().any(|&label| usize::from(label) >= classes);
    let width = student.embedding.len() / student.batch;
    let odd =
        |side: &Sample| side.memory.len() != student.memory.len() || !side.memory.len().is_multiple_of(width.max(1));
    if wanted.len() != student.numbers(of).len() || foreign || odd(&student) || odd(&teacher) {
        return Err(misfit());
    }
    let (loss, gradient) = loss_and_gradient(&row.objective, &settings, &student, &teacher, &row.labels, of, device)
        .await?
        .ok_or_else(|| bad("the objective lacks a teacher or labels"))?;
    let value = (loss - row.loss).abs();
    let largest = wanted.iter().fold(f32::MIN_POSITIVE, |most, g| most.max(g.abs()));
    let worst = wanted.iter().zip(&gradient).fold(0.0_f64, |most, (w, g)| {
        let error = f64::from((w - g).abs() / largest);
        if error.is_nan() { f64::INFINITY } else { most.max(error) }
    });
    let allowed = LOSS_ABSOLUTE.max(LOSS_RELATIVE * row.loss.abs()).max(LOGARITHM * settings.t2());
    let result = match value <= allowed && worst <= GRADIENT_RELATIVE {
        true => RowOutcome::Passed { value: value / row.loss.abs().max(LOSS_ABSOLUTE), gradient: worst },
        false => {
            RowOutcome::Missed { reason: format!("loss {loss} instead of {}, gradient off by {worst:.1e}", row.loss) }
        }
    };
    Ok(RowResult { name, result })
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

/// On the host, which writes the files, and on the device, which rounds while it trains.
async fn check_quantization(index: usize, row: &QuantizationRow, device: &Device) -> Result<RowResult, VerifyError> {
    let bad = |reason: String| VerifyError::BadRow { row: index, reason };
    let axis = match row.axis {
        None => Axis::Tensor,
        Some(0) => Axis::Rows,
        Some(1) => Axis::Columns,
        Some(other) => return Err(bad(format!("axis {other} of a matrix"))),
    };
    let Ok(dtype) = row.dtype.parse::<IntegerType>() else {
        return Ok(RowResult { name: format!("quantize {}", row.dtype), result: RowOutcome::Absent });
    };
    let name = format!("quantize {} {axis}", row.dtype);
    let columns = row.x.first().map_or(0, Vec::len);
    let scales = match axis {
        Axis::Tensor => 1,
        Axis::Rows => row.x.len(),
        Axis::Columns => columns,
    };
    let ragged = row.x.iter().any(|x| x.len() != columns) || row.dequantized.concat().len() != row.x.concat().len();
    if columns == 0 || ragged || row.scale.len() != scales || row.zero_point.len() != scales {
        return Err(bad(format!(
            "a matrix, its de-quantized copy, {scales} scales and as many zero points are needed"
        )));
    }
    let codes = quantize_linear(&row.x.concat(), columns, axis, &row.scale, &row.zero_point, dtype);
    let back = dequantize_linear(&codes, columns, axis, &row.scale, &row.zero_point);
    let wrong = codes.iter().zip(row.q.concat()).filter(|(got, want)| *got != want).count();
    let along = match axis {
        Axis::Tensor => [1, 1],
        Axis::Rows => [scales, 1],
        Axis::Columns => [1, scales],
    };
    let numbers =
        |numbers: Vec<f32>, shape: [usize; 2]| Tensor::<2>::from_data(TensorData::new(numbers, shape), device);
    let there = quantize_linear_there(
        numbers(row.x.concat(), [row.x.len(), columns]),
        numbers(row.scale.iter().map(|scale| 1.0 / scale).collect(), along),
        numbers(row.zero_point.iter().map(|zero| *zero as f32).collect(), along),
        [dtype.min as f32, dtype.max as f32],
    );
    let wrong_there = read(there).await?.iter().zip(row.q.concat()).filter(|(got, want)| **got != *want as f32).count();
    let off = back.iter().zip(row.dequantized.concat()).filter(|(got, want)| (*got - want).abs() > 1e-6).count();
    let result = match wrong + off + wrong_there {
        0 if codes.len() == row.q.concat().len() => RowOutcome::Passed { value: 0.0, gradient: 0.0 },
        _ => RowOutcome::Missed {
            reason: format!("{wrong} codes, {wrong_there} on the device, and {off} numbers differ"),
        },
    };
    Ok(RowResult { name, result })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pollster::block_on;
    use retort_spec::Objective;

    fn rows(name: &str) -> Vec<Row> {
        let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    const LOSSES: [&str; 2] = ["distillation.json", "objectives.json"];

    #[test]
    fn the_losses_that_others_computed_are_met() {
        for file in LOSSES {
            let checked = block_on(verify(&rows(file), &Device::flex())).unwrap();
            assert!(checked.iter().all(|row| matches!(row.result, RowOutcome::Passed { .. })), "{checked:#?}");
        }
    }

    #[test]
    fn every_objective_has_a_row() {
        let rows: Vec<Row> = LOSSES.into_iter().flat_map(rows).collect();
        for objective in Objective::ALL {
            let is_it = |row: &Row| matches!(row, Row::Loss(row) if row.objective == objective.word());
            assert!(rows.iter().any(is_it), "{objective}");
        }
    }

    #[test]
    fn rows_of_another_kind_are_absent_and_known_ones_are_not() {
        let check = |row: &str| block_on(verify(&serde_json::from_str::<Vec<Row>>(row).unwrap(), &Device::flex()));
        let absent = |name: &str| RowResult { name: name.into(), result: RowOutcome::Absent };
        let rows = r#"[{"scheme": "mixup", "alpha": 2}, {"name": "a", "x": []}, {"y": 1}]"#;
        assert_eq!(check(rows).unwrap(), [absent("mixup"), absent("a"), absent("row 2")]);
        assert!(check(r#"[{"objective": "fsp", "student": 1}]"#).is_err(), "the engine has it");
        assert!(check(r#"[{"dtype": "int8", "x": 1}]"#).is_err());
    }

    #[test]
    fn a_memory_that_does_not_fit_is_an_error() {
        for memory in [vec![vec![1.0; 2]; 2], vec![vec![1.0; 3]; 3], vec![]] {
            let mut rows = rows("objectives.json");
            rows.retain(|row| matches!(row, Row::Loss(row) if row.objective == "contrastive"));
            let Row::Loss(row) = &mut rows[0] else { panic!("not a loss") };
            row.student.memory = memory;
            let refused = block_on(verify(&rows[..1], &Device::flex()));
            assert!(matches!(refused, Err(VerifyError::BadRow { row: 0, .. })), "{refused:?}");
        }
    }

    #[test]
    fn the_integers_of_onnx_are_met() {
        let checked = block_on(verify(&rows("quantization.json"), &Device::flex())).unwrap();
        assert!(
            checked.len() == 18 && checked.iter().all(|row| matches!(row.result, RowOutcome::Passed { .. })),
            "{checked:?}"
        );
    }

    #[test]
    fn a_wrong_number_is_noticed() {
        let mut all = rows("distillation.json");
        let Row::Loss(row) = &mut all[1] else { panic!("not a loss") };
        row.grad.logits[0][0] += 0.01;
        let checked = block_on(verify(&all[1..2], &Device::flex())).unwrap();
        assert!(matches!(checked[0].result, RowOutcome::Missed { .. }));
    }
}

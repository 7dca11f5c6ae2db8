//! Checks the engine against vector files: numbers that others computed.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use serde::Deserialize;

use crate::{
    compress::quantize::{Axis, IntegerType, dequantize_linear, quantize_linear},
    device::read,
    nets::Trace,
    objectives::{Settings, Views, objective},
};

/// Largest relative difference of a loss that passes.
const LOSS_RELATIVE: f64 = 1e-4;
/// Largest absolute difference of a loss that passes.
const LOSS_ABSOLUTE: f64 = 1e-6;
/// Largest difference of a gradient that passes, relative to its largest entry.
const GRADIENT_RELATIVE: f64 = 1e-3;

/// How a row of a vector file fared.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was checked.
    pub name: String,
    /// How it fared.
    pub result: Fared,
}

/// How a row fared.
#[derive(Debug, Clone, PartialEq)]
pub enum Fared {
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
    Loss(LossRow),
    /// Numbers and what ONNX `QuantizeLinear` and `DequantizeLinear` make of them.
    Quantization(QuantizationRow),
}

/// A side's outputs: only logits are checked so far.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Side {
    /// `[batch][classes]`.
    #[serde(default)]
    pub logits: Vec<Vec<f32>>,
}

/// An objective's loss and gradient.
#[derive(Debug, Clone, Deserialize)]
pub struct LossRow {
    objective: String,
    #[serde(default)]
    params: LossParams,
    student: Side,
    #[serde(default)]
    teacher: Side,
    #[serde(default)]
    labels: Vec<u8>,
    loss: f64,
    grad: Side,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct LossParams {
    temperature: Option<f64>,
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
/// [`VerifyError`] where a row makes no sense or the device fails; a mere difference is a [`Fared::Missed`].
pub async fn verify(rows: &[Row], device: &Device) -> Result<Vec<Checked>, VerifyError> {
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        checked.push(match row {
            Row::Loss(row) => check_loss(index, row, device).await?,
            Row::Quantization(row) => check_quantization(index, row)?,
        });
    }
    Ok(checked)
}

async fn check_loss(index: usize, row: &LossRow, device: &Device) -> Result<Checked, VerifyError> {
    let settings = Settings { temperature: row.params.temperature.unwrap_or(1.0), scale_by_t2: true };
    let name = match row.params.temperature {
        Some(temperature) => format!("{} T={temperature}", row.objective),
        None => row.objective.clone(),
    };
    if objective(&row.objective).is_none() {
        return Ok(Checked { name, result: Fared::Absent });
    }
    let bad = |reason: &str| VerifyError::BadRow { row: index, reason: reason.into() };
    let shape = [row.student.logits.len(), row.student.logits.first().map_or(0, Vec::len)];
    let (student, teacher) = (row.student.logits.concat(), row.teacher.logits.concat());
    let wanted = row.grad.logits.concat();
    let whole = row.student.logits.iter().all(|logits| logits.len() == shape[1]) && !student.is_empty();
    if !whole || wanted.len() != student.len() || row.labels.iter().any(|&label| usize::from(label) >= shape[1]) {
        return Err(bad("logits, labels and gradient do not fit each other"));
    }
    let teacher = (teacher.len() == student.len()).then_some(teacher.as_slice());
    let (loss, gradient) = loss_and_gradient(&row.objective, &settings, shape, &student, teacher, &row.labels, device)
        .await?
        .ok_or_else(|| bad("the objective lacks a teacher or labels"))?;
    let value = (loss - row.loss).abs();
    let largest = wanted.iter().fold(f32::MIN_POSITIVE, |most, g| most.max(g.abs()));
    let worst = wanted.iter().zip(&gradient).fold(0.0_f64, |most, (w, g)| {
        let error = f64::from((w - g).abs() / largest);
        if error.is_nan() { f64::INFINITY } else { most.max(error) }
    });
    let passes = value <= LOSS_ABSOLUTE || value <= LOSS_RELATIVE * row.loss.abs();
    let result = match passes && worst <= GRADIENT_RELATIVE {
        true => Fared::Passed { value: value / row.loss.abs().max(LOSS_ABSOLUTE), gradient: worst },
        false => Fared::Missed { reason: format!("loss {loss} instead of {}, gradient off by {worst:.1e}", row.loss) },
    };
    Ok(Checked { name, result })
}

/// The loss of an objective and its gradient with respect to the student's logits; `None` where the objective is
/// unknown or lacks what it looks at.
///
/// # Errors
/// The device's, if the computation failed.
pub async fn loss_and_gradient(
    id: &str,
    settings: &Settings,
    shape: [usize; 2],
    student: &[f32],
    teacher: Option<&[f32]>,
    labels: &[u8],
    device: &Device,
) -> Result<Option<(f64, Vec<f32>)>, ExecutionError> {
    let device = device.clone().autodiff();
    let tensor = |numbers: &[f32]| Tensor::<2>::from_data(TensorData::new(numbers.to_vec(), shape), &device);
    let logits = tensor(student).require_grad();
    let student = Trace { logits: logits.clone() };
    let teacher = teacher.map(|teacher| Trace { logits: tensor(teacher) });
    let targets = (labels.len() == shape[0]).then(|| tensor(&one_hot(labels, shape[1])));
    let views = Views { student: &student, teacher: teacher.as_ref(), targets };
    let Some(loss) = objective(id).and_then(|objective| (objective.loss)(&views, settings)) else {
        return Ok(None);
    };
    let gradients = loss.backward();
    let Some(gradient) = logits.grad(&gradients) else { return Ok(None) };
    let value = read(loss.inner()).await?;
    Ok(Some((f64::from(value[0]), read(gradient).await?)))
}

/// Labels as rows of zeros with a one, `[labels, classes]`.
pub fn one_hot(labels: &[u8], classes: usize) -> Vec<f32> {
    let mut rows = vec![0.0; labels.len() * classes];
    for (row, &label) in rows.chunks_exact_mut(classes).zip(labels) {
        row[usize::from(label)] = 1.0;
    }
    rows
}

fn check_quantization(index: usize, row: &QuantizationRow) -> Result<Checked, VerifyError> {
    let bad = |reason: String| VerifyError::BadRow { row: index, reason };
    let axis = match row.axis {
        None => Axis::Tensor,
        Some(0) => Axis::Rows,
        Some(1) => Axis::Columns,
        Some(other) => return Err(bad(format!("axis {other} of a matrix"))),
    };
    let Ok(dtype) = row.dtype.parse::<IntegerType>() else {
        return Ok(Checked { name: format!("quantize {}", row.dtype), result: Fared::Absent });
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
    let off = back.iter().zip(row.dequantized.concat()).filter(|(got, want)| (*got - want).abs() > 1e-6).count();
    let result = match wrong + off {
        0 if codes.len() == row.q.concat().len() => Fared::Passed { value: 0.0, gradient: 0.0 },
        _ => Fared::Missed { reason: format!("{wrong} codes and {off} numbers differ") },
    };
    Ok(Checked { name, result })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pollster::block_on;

    fn rows(name: &str) -> Vec<Row> {
        let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_published_losses_are_met() {
        let checked = block_on(verify(&rows("distillation.json"), &Device::flex())).unwrap();
        let passed = checked.iter().filter(|row| matches!(row.result, Fared::Passed { .. })).count();
        assert!(!checked.iter().any(|row| matches!(row.result, Fared::Missed { .. })), "{checked:?}");
        assert_eq!(passed, 11, "cross-entropy once, soft targets on two sets of logits at five temperatures");
    }

    #[test]
    fn the_integers_of_onnx_are_met() {
        let checked = block_on(verify(&rows("quantization.json"), &Device::flex())).unwrap();
        assert!(
            checked.len() == 18 && checked.iter().all(|row| matches!(row.result, Fared::Passed { .. })),
            "{checked:?}"
        );
    }

    #[test]
    fn a_wrong_number_is_noticed() {
        let mut all = rows("distillation.json");
        let Row::Loss(row) = &mut all[1] else { panic!("not a loss") };
        row.grad.logits[0][0] += 0.01;
        let checked = block_on(verify(&all[1..2], &Device::flex())).unwrap();
        assert!(matches!(checked[0].result, Fared::Missed { .. }));
    }
}

//! Rows of quantization: numbers and the integers that ONNX makes of them.

use burn::tensor::{Device, Tensor, TensorData};
use retort_compress::quantization::quantize::{Axis, IntegerType, dequantize_linear, quantize_linear};

use super::{RowOutcome, RowResult, VerifyError, row::QuantizationRow};
use crate::{device::read, nets::quantize_linear as quantize_linear_there};

/// On the host, which writes the files, and on the device, which rounds while it trains.
pub(super) async fn check(index: usize, row: &QuantizationRow, device: &Device) -> Result<RowResult, VerifyError> {
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

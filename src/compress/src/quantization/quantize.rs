//! Quantization with the integer semantics of ONNX: round half to even, then add the zero point, then saturate.

use std::{fmt, str::FromStr};

use retort_spec::ParseError;

/// An integer type of ONNX's `QuantizeLinear`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerType {
    /// Least code.
    pub min: i32,
    /// Largest code.
    pub max: i32,
}

impl FromStr for IntegerType {
    type Err = ParseError;
    fn from_str(name: &str) -> Result<Self, ParseError> {
        let (signed, width) = match (name.strip_prefix("uint"), name.strip_prefix("int")) {
            (Some(width), _) => (false, width),
            (_, Some(width)) => (true, width),
            _ => return Err(ParseError),
        };
        match (signed, width.parse().map_err(|_| ParseError)?) {
            (true, width @ 2..=16) => Ok(Self { min: -(1 << (width - 1)), max: (1 << (width - 1)) - 1 }),
            (false, width @ 2..=16) => Ok(Self { min: 0, max: (1 << width) - 1 }),
            _ => Err(ParseError),
        }
    }
}

/// Along what a matrix's scales vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// One scale for all.
    Tensor,
    /// One scale a row.
    Rows,
    /// One scale a column.
    Columns,
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tensor => "per tensor",
            Self::Rows => "along rows",
            Self::Columns => "along columns",
        })
    }
}

impl Axis {
    /// The place of the scale of the entry at `index` of a matrix of `columns` columns.
    fn scale_of(self, index: usize, columns: usize) -> usize {
        match self {
            Self::Tensor => 0,
            Self::Rows => index / columns,
            Self::Columns => index % columns,
        }
    }
}

/// `saturate(round_half_even(x / scale) + zero_point)`: ONNX `QuantizeLinear`, opset 25.
///
/// # Shapes
/// `x`: a matrix row by row; `scale` and `zero_point`: one for each place along `axis`.
pub fn quantize_linear(
    x: &[f32],
    columns: usize,
    axis: Axis,
    scale: &[f32],
    zero_point: &[i32],
    dtype: IntegerType,
) -> Vec<i32> {
    let quantize = |(index, x): (usize, &f32)| {
        let group = axis.scale_of(index, columns);
        // The cast saturates, so an infinite quotient ends at the bound as ONNX asks.
        let rounded = (x / scale[group]).round_ties_even() as i32;
        rounded.saturating_add(zero_point[group]).clamp(dtype.min, dtype.max)
    };
    x.iter().enumerate().map(quantize).collect()
}

/// `(q − zero_point) · scale`: ONNX `DequantizeLinear`.
pub fn dequantize_linear(q: &[i32], columns: usize, axis: Axis, scale: &[f32], zero_point: &[i32]) -> Vec<f32> {
    let dequantize = |(index, q): (usize, &i32)| {
        let group = axis.scale_of(index, columns);
        (q - zero_point[group]) as f32 * scale[group]
    };
    q.iter().enumerate().map(dequantize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn onnx_s_own_examples() {
        // test_quantizelinear of the ONNX backend tests: 3/2 = 1.5 rounds to even, the rest saturates.
        let uint8 = "uint8".parse().unwrap();
        let x = [0.0, 2.0, 3.0, 1000.0, -254.0, -1000.0];
        assert_eq!(quantize_linear(&x, 6, Axis::Tensor, &[2.0], &[128], uint8), [128, 129, 130, 255, 1, 0]);
        // test_quantizelinear_int4.
        let x = [0.0, 2.5, 4.8, 8.6, -30.0, -20.0, 6.0, 9.0, 12.0, 15.0, 16.0, 40.0];
        let q = quantize_linear(&x, 4, Axis::Rows, &[2.0, 3.0, 4.0], &[1, 1, 1], "int4".parse().unwrap());
        assert_eq!(q, [1, 2, 3, 5, -8, -6, 3, 4, 4, 5, 5, 7]);
        assert!(quantize_linear(&[], 1, Axis::Tensor, &[1.0], &[0], uint8).is_empty());
        assert!(dequantize_linear(&[], 1, Axis::Columns, &[1.0], &[0]).is_empty());
        assert_eq!(quantize_linear(&[f32::INFINITY], 1, Axis::Tensor, &[1.0], &[0], uint8), [255]);
    }

    #[test]
    fn every_code_comes_back_and_zero_is_exact() {
        for (name, zero) in [("int8", 0), ("int8", -77), ("uint8", 131), ("int4", 3), ("uint4", 0), ("int2", -1)] {
            let dtype: IntegerType = name.parse().unwrap();
            let codes: Vec<i32> = (dtype.min..=dtype.max).collect();
            for scale in [0.0137, 1.0, 3e-5, 1e20] {
                let numbers = dequantize_linear(&codes, 1, Axis::Tensor, &[scale], &[zero]);
                assert_eq!(
                    quantize_linear(&numbers, 1, Axis::Tensor, &[scale], &[zero], dtype),
                    codes,
                    "{name} {scale}"
                );
                let code = quantize_linear(&[0.0], 1, Axis::Tensor, &[scale], &[zero], dtype);
                assert_eq!(dequantize_linear(&code, 1, Axis::Tensor, &[scale], &[zero]), [0.0]);
            }
        }
    }
}

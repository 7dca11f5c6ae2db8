//! Symmetric quantization of weights with the integer semantics of ONNX.

use std::{fmt, str::FromStr};

use retort_spec::{Bits, Granularity, ParseError};

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

impl From<Granularity> for Axis {
    /// A dense layer's output units are the columns of its weight matrix.
    fn from(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Tensor => Self::Tensor,
            Granularity::Channel => Self::Columns,
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

/// A quantized weight matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// One for each group of weights that share it.
    pub scales: Vec<f32>,
    /// One for each weight: integers from `-levels` to `levels`; at one bit, -1 or 1.
    pub codes: Vec<i32>,
}

/// The largest code at a width; the range is symmetric, so that zero is exact and int8 is `absmax/127`.
pub fn levels(bits: Bits) -> i32 {
    match bits {
        Bits::B1 => 1,
        _ => (1 << (bits.width() - 1)) - 1,
    }
}

/// Quantizes a weight matrix, one scale for each group along `axis`.
///
/// At 8 bits a scale is the largest magnitude over 127, as ONNX Runtime and LiteRT choose it. At 4, 3 and 2 bits so
/// few levels are left that the largest weight should not set them: the scale is the one of [`CLIPS`] equal shares of
/// it with the least squared error. At 1 bit a weight is its sign times the mean magnitude, which is the least-squares
/// choice (Rastegari et al. 2016, eq. 6).
///
/// # Shapes
/// `weight`: a matrix row by row, of `columns` columns.
pub fn quantize(weight: &[f32], columns: usize, axis: Axis, bits: Bits) -> Quantized {
    let groups = match axis {
        Axis::Tensor => 1,
        Axis::Rows => weight.len() / columns,
        Axis::Columns => columns,
    };
    let members = |group: usize| {
        weight.iter().enumerate().filter(move |&(index, _)| axis.scale_of(index, columns) == group).map(|(_, &w)| w)
    };
    let scales: Vec<f32> = (0..groups).map(|group| scale(&members(group).collect::<Vec<f32>>(), bits)).collect();
    let codes = match bits {
        Bits::B1 => weight.iter().map(|&w| if w < 0.0 { -1 } else { 1 }).collect(),
        _ => {
            let dtype = IntegerType { min: -levels(bits), max: levels(bits) };
            quantize_linear(weight, columns, axis, &scales, &vec![0; groups], dtype)
        }
    };
    Quantized { scales, codes }
}

/// How many shares of the largest magnitude are tried as the clipping point of few bits.
const CLIPS: usize = 100;

fn scale(group: &[f32], bits: Bits) -> f32 {
    let largest = group.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
    if largest == 0.0 {
        // At one bit only a scale of zero gives zeros back. Otherwise any does, and one that is not zero keeps the
        // division finite.
        return if bits == Bits::B1 { 0.0 } else { 1.0 };
    }
    let levels = levels(bits) as f32;
    match bits {
        Bits::B1 => group.iter().map(|w| w.abs()).sum::<f32>() / group.len() as f32,
        Bits::B8 => largest / levels,
        _ => {
            let error = |scale: f32| {
                let off = |w: &f32| (w - (w / scale).round_ties_even().clamp(-levels, levels) * scale).powi(2);
                group.iter().map(off).sum::<f32>()
            };
            let shares = (1..=CLIPS).map(|share| largest / levels * share as f32 / CLIPS as f32);
            shares.map(|scale| (scale, error(scale))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(largest, |best| best.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    fn weights(count: usize) -> Vec<f32> {
        let mut generator = crate::random::stream(3, "weights");
        (0..count).map(|_| generator.random_range(-1.0..1.0_f32)).collect()
    }

    fn squared_error(weight: &[f32], columns: usize, axis: Axis, bits: Bits) -> f32 {
        let quantized = quantize(weight, columns, axis, bits);
        let back =
            dequantize_linear(&quantized.codes, columns, axis, &quantized.scales, &vec![0; quantized.scales.len()]);
        weight.iter().zip(back).map(|(w, b)| (w - b).powi(2)).sum()
    }

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
        assert_eq!(quantize_linear(&[f32::INFINITY], 1, Axis::Tensor, &[1.0], &[0], uint8), [255]);
    }

    #[test]
    fn eight_bits_are_absmax_over_127() {
        let quantized = quantize(&[0.5, -2.54, 0.0, 1.27], 2, Axis::Tensor, Bits::B8);
        assert_eq!(quantized.scales, [0.02]);
        assert_eq!(quantized.codes, [25, -127, 0, 64]);
    }

    #[test]
    fn one_bit_is_sign_times_mean_magnitude() {
        let quantized = quantize(&[0.5, -1.5, 0.0, 2.0], 2, Axis::Columns, Bits::B1);
        assert_eq!(quantized, Quantized { scales: vec![0.25, 1.75], codes: vec![1, -1, 1, 1] });
    }

    #[test]
    fn more_bits_and_finer_scales_err_less() {
        let weight: Vec<f32> = weights(600).iter().enumerate().map(|(i, w)| w * (1 + i % 6) as f32).collect();
        let error = |axis, bits| squared_error(&weight, 6, axis, bits);
        for axis in [Axis::Tensor, Axis::Columns] {
            let errors = [Bits::B1, Bits::B2, Bits::B3, Bits::B4, Bits::B8].map(|bits| error(axis, bits));
            assert!(errors.is_sorted_by(|a, b| a > b), "{errors:?}");
        }
        for bits in [Bits::B2, Bits::B3, Bits::B4, Bits::B8] {
            assert!(error(Axis::Columns, bits) < error(Axis::Tensor, bits));
        }
    }

    #[test]
    fn within_range_the_error_is_at_most_half_a_step() {
        let weight = weights(500);
        let quantized = quantize(&weight, 10, Axis::Columns, Bits::B8);
        let back = dequantize_linear(&quantized.codes, 10, Axis::Columns, &quantized.scales, &[0; 10]);
        for (index, (w, b)) in weight.iter().zip(back).enumerate() {
            assert!((w - b).abs() <= quantized.scales[index % 10] / 2.0 + 1e-7);
        }
    }

    #[test]
    fn a_column_of_zeros_stays_zero() {
        for bits in [Bits::B2, Bits::B8] {
            assert_eq!(quantize(&[0.0, 1.0, 0.0, -1.0], 2, Axis::Columns, bits).codes[0], 0);
        }
        assert_eq!(quantize(&[0.0, 1.0, 0.0, -1.0], 2, Axis::Columns, Bits::B1).scales, [0.0, 1.0]);
    }
}

//! A network in whole numbers: 8-bit codes in, 8-bit codes out, sums of 32 bits in between. What a microcontroller
//! runs, where [`Model::logits`] only rounds as if.
//!
//! Sums are of `(qa − za)·(qb − zb)`, zero points taken away beforehand: nothing is left to correct, a window's places
//! outside the image are zero, and ReLU is a clamp at zero. Both differences fit 9 bits, their products are exact.

pub mod dots;
mod windows;

use retort_spec::{
    NetworkKind,
    geometry::{Place, pooled},
};
use thiserror::Error;
use wide::{bytemuck::cast, f32x4, i32x4};

use crate::{
    network::{
        model::{Affine, Codes, Coding, LayerModel, Matrix, Model, Values, group_of, groups},
        shapes::geometry,
    },
    run::product::{Kept, Packed},
};
use windows::Windows;

/// No sum of so many products of 9-bit numbers leaves 30 bits, and a bias of 30 bits leaves room for them in 32.
const MOST_INPUTS: usize = 16_000;
const LARGEST_BIAS: f64 = (1 << 30) as f64;

/// Steps of an output code in which the bias of an output without weights is written; it has no scale of its own.
const STEPS_WITHOUT_WEIGHTS: f64 = 65536.0;

/// Why a network cannot be computed in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotInteger {
    /// A residual network.
    #[error("a residual network adds numbers of two scales: choose another kind of network")]
    Residual,
    /// Weights that are not integer codes of at most 8 bits.
    #[error("layer {0} has no integer weights of at most 8 bits: quantize its weights first")]
    Weights(usize),
    /// A scale for each group of inputs.
    #[error("layer {0} has several scales in one sum: choose one scale a tensor or a channel")]
    Groups(usize),
    /// A product of two matrices.
    #[error("layer {0} is a product of two matrices, and what is between them has no codes: leave factoring out")]
    Factored(usize),
    /// Numbers between the layers without scales known beforehand.
    #[error("the numbers between the layers have no fixed scales: choose static activations")]
    Activations,
    /// Weights whose differences to their zero points want nine bits.
    #[error(
        "layer {0} has weights with zero points, whose differences are wider than 8 bits: choose symmetric weights"
    )]
    Wide(usize),
    /// Not a perceptron.
    #[error("only perceptrons are prepared for this instruction")]
    Kind,
    /// A bias beyond the 32-bit integers of its scale.
    #[error("a bias of layer {0} is too large for 32 bits in units of its weights' scale: choose one scale a tensor")]
    Bias(usize),
    /// Numbers that do not make up a network.
    #[error("layer {0} does not fit the layer before it, or its scales do not fit its weights")]
    Shape(usize),
}

/// A network ready to be computed in whole numbers.
#[derive(Debug, Clone)]
pub struct Integer {
    features: usize,
    input: Affine,
    layers: Vec<Layer>,
    output: Affine,
}

#[derive(Debug, Clone)]
struct Layer {
    windows: Windows,
    weights: Weights,
    /// Whether the largest of every 2 × 2 places is kept.
    pools: bool,
    outputs: usize,
    /// `[outputs / 4]`, as of [`Numbers`].
    biases: Vec<i32x4>,
    /// `[outputs / 4]`, as of [`Numbers`].
    multipliers: Vec<f32x4>,
    bounds: (f32, f32),
}

#[derive(Debug, Clone)]
enum Weights {
    Packed(Packed),
    /// Those of a layer that sees every channel alone, `[window · window, width]`, filled up with zeros.
    Depthwise {
        weights: Vec<i16>,
        width: usize,
    },
}

impl Weights {
    /// Outputs, a multiple of four.
    fn width(&self) -> usize {
        match self {
            Self::Packed(packed) => packed.width(),
            Self::Depthwise { width, .. } => *width,
        }
    }
}

#[derive(Debug, Default)]
struct Scratch {
    framed: Vec<i16>,
    kept: Kept,
    sums: Vec<i32>,
}

/// Prepares a network.
///
/// # Errors
/// If it is not made of integer codes all through.
pub fn prepare(model: &Model) -> Result<Integer, NotInteger> {
    let Coding::Static(codings) = &model.activations else { return Err(NotInteger::Activations) };
    let (Some(&input), Some(&output)) = (codings.first(), codings.get(model.layers.len())) else {
        return Err(NotInteger::Activations);
    };
    if model.kind == NetworkKind::Residual {
        return Err(NotInteger::Residual);
    }
    let geometry =
        geometry(model.kind, model.features, &model.shapes()).map_err(|error| NotInteger::Shape(error.layer))?;
    let mut layers = Vec::with_capacity(model.layers.len());
    let last = model.layers.len().saturating_sub(1);
    for (index, (part, (place, _))) in model.layers.iter().zip(geometry.layers()).enumerate() {
        let windows = match place.convolution {
            true if place.depthwise => Windows { side: place.side, channels: part.outputs(), window: place.window },
            true => Windows { side: place.side, channels: place.channels, window: place.window },
            false => Windows { side: 1, channels: place.inputs(), window: 1 },
        };
        let between = (codings[index], codings[index + 1], index < last);
        layers.push(layer(index, part, windows, place, between)?);
    }
    Ok(Integer { features: model.features, input, layers, output })
}

/// The same network with its biases rounded as integers have them: [`Model::logits`] then gives the same codes but
/// where single precision meets a tie differently. Where weights have few bits their scale is large, and biases are
/// coarse.
///
/// # Errors
/// As [`prepare`].
pub fn with_integer_biases(model: &Model) -> Result<Model, NotInteger> {
    let prepared = prepare(model)?;
    let Coding::Static(codings) = &model.activations else { return Err(NotInteger::Activations) };
    let mut rounded = model.clone();
    for (index, (part, layer)) in rounded.layers.iter_mut().zip(&prepared.layers).enumerate() {
        let after = codings.get(index + 1).map_or(1.0, |coding| f64::from(coding.scale));
        let value = |(bias, multiplier): (i32, f32)| f64::from(bias) * f64::from(multiplier) * after;
        part.bias = layer
            .biases
            .iter()
            .flat_map(|four| four.to_array())
            .zip(layer.multipliers.iter().flat_map(|four| four.to_array()))
            .take(layer.outputs)
            .map(|pair| value(pair) as f32)
            .collect();
    }
    Ok(rounded)
}

/// One layer's whole numbers.
struct Numbers {
    /// `[inputs, outputs]`: codes less their zero points.
    weights: Vec<i16>,
    /// `[outputs]`, in units of `scale of the input · scale of the weights`.
    biases: Vec<i32>,
    /// `[outputs]`: `scale of the input · scale of the weights / scale of the output`.
    multipliers: Vec<f32>,
    /// The least and the largest code less the zero point; from zero on where a ReLU follows.
    bounds: (f32, f32),
}

fn layer(
    index: usize,
    part: &LayerModel,
    windows: Windows,
    place: Place,
    between: (Affine, Affine, bool),
) -> Result<Layer, NotInteger> {
    let Numbers { weights, biases, multipliers, bounds } = numbers(index, part, place.inputs(), between)?;
    let (run, padded, outputs) = (windows.run(), windows.padded_run(), biases.len());
    let weight = |input: usize, output: usize| match input % padded {
        place if place < run => weights[(input / padded * run + place) * outputs + output],
        _ => 0,
    };
    let width = outputs.next_multiple_of(4);
    let filled = |row: &[i16]| row.iter().copied().chain(std::iter::repeat(0)).take(width).collect::<Vec<i16>>();
    Ok(Layer {
        windows,
        weights: match place.depthwise {
            true => Weights::Depthwise { weights: weights.chunks(outputs).flat_map(filled).collect(), width },
            false => Weights::Packed(Packed::new(windows.window * padded, outputs, &weight)),
        },
        // Every convolution of these kinds is pooled but the one that sees every channel alone.
        pools: place.convolution && !place.depthwise,
        outputs,
        biases: biases.chunks(4).map(|four| quad(four, |bias| bias).into()).collect(),
        multipliers: multipliers.chunks(4).map(|four| quad(four, |multiplier| multiplier).into()).collect(),
        bounds,
    })
}

fn numbers(
    index: usize,
    part: &LayerModel,
    inputs: usize,
    (before, after, relu): (Affine, Affine, bool),
) -> Result<Numbers, NotInteger> {
    let matrix = match &part.factors[..] {
        [matrix] => matrix,
        _ => return Err(NotInteger::Factored(index)),
    };
    let codes = codes(index, matrix)?;
    let (rows, columns) = (matrix.rows, matrix.columns);
    let fits = rows == inputs && (1..=MOST_INPUTS).contains(&rows);
    if !fits || columns != part.bias.len() || columns == 0 {
        return Err(NotInteger::Shape(index));
    }
    let weights = centred(index, matrix, codes)?;
    let unit = |column: usize| match (0..rows).all(|row| weights[row * columns + column] == 0) {
        true => f64::from(after.scale) / STEPS_WITHOUT_WEIGHTS,
        false => f64::from(before.scale) * f64::from(codes.scales[group_of(codes.granularity, rows, 0, column)]),
    };
    let units: Vec<f64> = (0..columns).map(unit).collect();
    if !units.iter().all(|unit| *unit > 0.0 && unit.is_finite()) || after.scale <= 0.0 {
        return Err(NotInteger::Shape(index));
    }
    let biases: Vec<f64> =
        part.bias.iter().zip(&units).map(|(&bias, unit)| (f64::from(bias) / unit).round_ties_even()).collect();
    if !biases.iter().all(|bias| bias.abs() <= LARGEST_BIAS) {
        return Err(NotInteger::Bias(index));
    }
    Ok(Numbers {
        weights,
        biases: biases.into_iter().map(|bias| bias as i32).collect(),
        multipliers: units.into_iter().map(|unit| (unit / f64::from(after.scale)) as f32).collect(),
        bounds: bounds(after, relu),
    })
}

/// A matrix's codes, if they can be multiplied as they are.
fn codes(index: usize, matrix: &Matrix) -> Result<&Codes, NotInteger> {
    let Values::Codes(codes) = &matrix.values else { return Err(NotInteger::Weights(index)) };
    let numbers = matrix.rows * matrix.columns;
    let scales = groups(codes.granularity, matrix.rows, matrix.columns);
    match codes {
        _ if codes.bits.width() > 8 => Err(NotInteger::Weights(index)),
        _ if codes.granularity.group().is_some() => Err(NotInteger::Groups(index)),
        _ if codes.codes.len() != numbers || codes.scales.len() != scales => Err(NotInteger::Shape(index)),
        _ if matrix.mask.as_ref().is_some_and(|mask| mask.len() != numbers) => Err(NotInteger::Shape(index)),
        _ => Ok(codes),
    }
}

/// Codes less their zero points, `[rows, columns]`; zero where they are masked out or their scale is zero.
fn centred(index: usize, matrix: &Matrix, codes: &Codes) -> Result<Vec<i16>, NotInteger> {
    let centre = |(place, &code): (usize, &i32)| {
        let group = group_of(codes.granularity, matrix.rows, place / matrix.columns, place % matrix.columns);
        let kept = matrix.mask.as_ref().is_none_or(|mask| mask[place]) && codes.scales[group] != 0.0;
        let zero = codes.zero_points.get(group).copied().unwrap_or(0);
        match code.saturating_sub(zero) {
            _ if !kept => Ok(0),
            centred @ -255..=255 => Ok(centred as i16),
            _ => Err(NotInteger::Weights(index)),
        }
    };
    codes.codes.iter().enumerate().map(centre).collect()
}

fn bounds(coding: Affine, relu: bool) -> (f32, f32) {
    let (least, most) = (Affine::CODES.0 - coding.zero_point, Affine::CODES.1 - coding.zero_point);
    (if relu { least.max(0) } else { least } as f32, most as f32)
}

/// Up to four numbers, and zeros.
fn quad<T: Copy, U: Copy + Default>(numbers: &[T], convert: impl Fn(T) -> U) -> [U; 4] {
    std::array::from_fn(|lane| numbers.get(lane).map_or_else(U::default, |&number| convert(number)))
}

/// The nearest whole numbers within bounds that are whole, ties to even; such a bound and rounding may change places,
/// so this is the same as rounding first.
fn codes_of(x: f32x4, (least, most): (f32, f32)) -> [i16; 4] {
    // Numbers of this size have no digits behind the point: adding it rounds, and leaves the result in the lowest bits.
    const ROUNDS: f32x4 = f32x4::new([(3 << 22) as f32; 4]);
    let rounded = x.fast_max(least.into()).fast_min(most.into()) + ROUNDS;
    (cast::<_, i32x4>(rounded) - cast::<_, i32x4>(ROUNDS)).to_array().map(|code| code as i16)
}

impl Layer {
    /// Codes to codes of one example, zero points taken away.
    ///
    /// # Shapes
    /// `image`: `[side, side, channels]`; the result `[pooled side, pooled side, outputs]`.
    fn forward(&self, image: &[i16], scratch: &mut Scratch) -> Vec<i16> {
        let Windows { side, .. } = self.windows;
        self.sum(image, scratch);
        let width = self.weights.width();
        let pooled = if self.pools { pooled(side) } else { side };
        let outputs = self.outputs;
        let mut codes = vec![0; pooled * pooled * outputs];
        for (place, codes) in codes.chunks_exact_mut(outputs).enumerate() {
            let (y, x) = (place / pooled, place % pooled);
            if side >= 2 * pooled {
                // A larger sum has no smaller code, so the largest code is the code of the largest sum.
                let (above, below) = scratch.sums[2 * y * side * width..].split_at_mut(side * width);
                let at = 2 * x * width;
                let (to, right) = above[at..at + 2 * width].split_at_mut(width);
                let (below, diagonal) = below[at..at + 2 * width].split_at(width);
                for (((to, right), below), diagonal) in to.iter_mut().zip(right).zip(below).zip(diagonal) {
                    *to = (*to).max(*right).max(*below.max(diagonal));
                }
                self.requantize(to, codes);
            } else {
                self.requantize(&scratch.sums[place * width..], codes);
            }
        }
        codes
    }

    /// The sums of every place, `[side, side, width]`.
    fn sum(&self, image: &[i16], scratch: &mut Scratch) {
        let windows = self.windows;
        let (width, run) = (self.weights.width(), windows.padded_run());
        windows.frame(image, &mut scratch.framed);
        scratch.sums.resize(windows.side * windows.side * width, 0);
        for (place, sums) in scratch.sums.chunks_exact_mut(width).enumerate() {
            let (y, x) = (place / windows.side, place % windows.side);
            let packed = match &self.weights {
                Weights::Packed(packed) => packed,
                Weights::Depthwise { weights, .. } => {
                    sums.fill(0);
                    for (at, weights) in weights.chunks_exact(width).enumerate() {
                        let (down, right) = (at / windows.window, at % windows.window);
                        let first = ((y + down) * windows.framed_side() + x + right) * windows.channels;
                        let numbers = &scratch.framed[first..first + windows.channels];
                        for ((sum, &number), &weight) in sums.iter_mut().zip(numbers).zip(weights) {
                            *sum += i32::from(number) * i32::from(weight);
                        }
                    }
                    continue;
                }
            };
            scratch.kept.clear(windows.window * run / 2);
            for down in 0..windows.window {
                let at = ((y + down) * windows.framed_side() + x) * windows.channels;
                scratch.kept.extend(down * run / 2, &scratch.framed[at..at + run]);
            }
            packed.multiply(&scratch.kept, sums);
        }
    }

    /// Sums to codes: ONNX `QLinearMatMul` and `QLinearConv`, rounded before the zero point is added as
    /// `QuantizeLinear` does.
    fn requantize(&self, sums: &[i32], codes: &mut [i16]) {
        let quads = sums.as_chunks::<4>().0.iter().zip(&self.biases).zip(&self.multipliers);
        for (to, ((&sum, &bias), &multiplier)) in codes.chunks_mut(4).zip(quads) {
            let quad = codes_of((i32x4::from(sum) + bias).round_float() * multiplier, self.bounds);
            to.copy_from_slice(&quad[..to.len()]);
        }
    }
}

impl Integer {
    /// The codes of some examples' logits.
    ///
    /// # Shapes
    /// `inputs`: `[examples, features]`; the result `[examples, classes]`.
    pub fn codes(&self, inputs: &[f32]) -> Vec<i8> {
        let mut scratch = Scratch::default();
        let mut codes = Vec::new();
        let (bounds, scale) = (bounds(self.input, false), self.input.scale);
        for example in inputs.chunks_exact(self.features) {
            let quads = example.chunks(4).map(|four| f32x4::from(quad(four, |x| x)) / scale);
            let mut numbers: Vec<i16> = quads.flat_map(|quad| codes_of(quad, bounds)).collect();
            numbers.truncate(self.features);
            for layer in &self.layers {
                numbers = layer.forward(&numbers, &mut scratch);
            }
            codes.extend(numbers.iter().map(|&x| (i32::from(x) + self.output.zero_point) as i8));
        }
        codes
    }

    /// The logits of some examples, as their codes give them.
    ///
    /// # Shapes
    /// `inputs`: `[examples, features]`; the result `[examples, classes]`.
    pub fn logits(&self, inputs: &[f32]) -> Vec<f32> {
        self.codes(inputs).iter().map(|&code| self.output.value(code.into())).collect()
    }
}

#[cfg(test)]
mod tests;

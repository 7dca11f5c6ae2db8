//! A perceptron for the packed dot product of GPUs: WGSL's `dot4I8Packed` multiplies four 8-bit codes by four
//! and adds the products (WebGPU Shading Language, section "Packed integer dot product").
//!
//! Codes stay as they are, since a difference to a zero point would want nine bits: the zero point of what comes in is
//! taken into the bias, `Σ (q − z)·w = Σ q·w − z·Σ w`. Sums are those of [`super::Integer`], to the last bit.

use retort_spec::NetworkKind;

use super::{NotInteger, Numbers, codes_of, numbers, quad};
use crate::network::model::{Coding, LayerModel, Model};

/// A network on some examples, in words of four numbers `T` and sums `S`: layers whose inputs and outputs come in words
/// of four.
#[derive(Debug, Clone, PartialEq)]
pub struct Words<T, S> {
    /// The examples, `[examples, words]`.
    pub inputs: Vec<T>,
    /// The layers.
    pub layers: Vec<WordLayer<T, S>>,
}

/// One layer. An output is `max(low, min(high, sum · multiplier)) + zero`, where the integers round the product.
#[derive(Debug, Clone, PartialEq)]
pub struct WordLayer<T, S> {
    /// Words of an example that comes in, and of one that goes out.
    pub words: (usize, usize),
    /// `[words out, words in, 4 outputs]`: the weights of a word for each of four outputs.
    pub weights: Vec<T>,
    /// `[words out, 4]`: what a sum begins with.
    pub biases: Vec<S>,
    /// `[words out, 4]`.
    pub multipliers: Vec<f32>,
    /// The bounds.
    pub low: f32,
    /// The bounds.
    pub high: f32,
    /// What is added last.
    pub zero: f32,
}

/// The same perceptron in integers; `inputs`: `[examples, features]`.
///
/// # Errors
/// If it is not made of 8-bit integers all through, or is no perceptron.
pub fn integers(model: &Model, inputs: &[f32]) -> Result<Words<u32, i32>, NotInteger> {
    if model.kind != NetworkKind::Mlp {
        return Err(NotInteger::Kind);
    }
    let Coding::Static(codings) = &model.activations else { return Err(NotInteger::Activations) };
    if codings.len() != model.layers.len() + 1 {
        return Err(NotInteger::Activations);
    }
    let mut layers = Vec::with_capacity(model.layers.len());
    for (index, part) in model.layers.iter().enumerate() {
        let (before, after) = (codings[index], codings[index + 1]);
        let relu = index + 1 < model.layers.len();
        let Numbers { weights, mut biases, multipliers, bounds } =
            numbers(index, part, part.inputs(), (before, after, relu))?;
        let columns = biases.len();
        let narrow: Option<Vec<i8>> = weights.iter().map(|&weight| i8::try_from(weight).ok()).collect();
        let narrow = narrow.ok_or(NotInteger::Wide(index))?;
        for row in narrow.chunks_exact(columns) {
            for (bias, &weight) in biases.iter_mut().zip(row) {
                *bias -= before.zero_point * i32::from(weight);
            }
        }
        let fours = fours(&narrow, part.inputs(), columns);
        layers.push(WordLayer {
            words: (part.inputs().div_ceil(4), columns.div_ceil(4)),
            weights: fours.into_iter().map(word).collect(),
            biases: whole(biases),
            multipliers: whole(multipliers),
            low: bounds.0,
            high: bounds.1,
            zero: after.zero_point as f32,
        });
    }
    let coding = codings[0];
    let code = |four: &[f32]| {
        let centred = codes_of(wide::f32x4::from(quad(four, |x| x)) / coding.scale, super::bounds(coding, false));
        word(centred.map(|centred| (i32::from(centred) + coding.zero_point) as i8))
    };
    Ok(Words { inputs: inputs.chunks_exact(model.features).flat_map(|x| x.chunks(4).map(code)).collect(), layers })
}

/// The same perceptron in single precision, words of four numbers.
pub fn floats(model: &Model, inputs: &[f32]) -> Words<[f32; 4], f32> {
    let last = model.layers.len().saturating_sub(1);
    let layer = |(index, part): (usize, &LayerModel)| WordLayer {
        words: (part.inputs().div_ceil(4), part.outputs().div_ceil(4)),
        weights: fours(&part.weight(), part.inputs(), part.outputs()),
        biases: whole(part.bias.clone()),
        multipliers: vec![1.0; part.outputs().next_multiple_of(4)],
        low: if index < last { 0.0 } else { f32::MIN },
        high: f32::MAX,
        zero: 0.0,
    };
    Words {
        inputs: inputs
            .chunks_exact(model.features.max(1))
            .flat_map(|x| x.chunks(4).map(|four| quad(four, |x| x)))
            .collect(),
        layers: model.layers.iter().enumerate().map(layer).collect(),
    }
}

/// The codes of words that came out, `[examples, classes]` of `[examples, words]`.
pub fn codes(words: &[u32], classes: usize) -> Vec<i8> {
    let example = |words: &[u32]| -> Vec<i8> {
        words.iter().flat_map(|word| word.to_le_bytes()).take(classes).map(|code| code as i8).collect()
    };
    words.chunks_exact(classes.div_ceil(4).max(1)).flat_map(example).collect()
}

/// A matrix `[rows, columns]` as `[columns / 4, rows / 4, 4 columns, 4 rows]`, zeros where there is nothing.
fn fours<T: Copy + Default>(matrix: &[T], rows: usize, columns: usize) -> Vec<[T; 4]> {
    let at = |row: usize, column: usize| match row < rows && column < columns {
        true => matrix[row * columns + column],
        false => T::default(),
    };
    let four = |row: usize, column: usize| std::array::from_fn(|i| at(row + i, column));
    (0..columns.next_multiple_of(4))
        .step_by(4)
        .flat_map(|first| (0..rows).step_by(4).flat_map(move |row| (first..first + 4).map(move |column| (row, column))))
        .map(|(row, column)| four(row, column))
        .collect()
}

/// Four codes in a word, the first in its lowest bits.
fn word(codes: [i8; 4]) -> u32 {
    u32::from_le_bytes(codes.map(|code| code as u8))
}

/// Filled with zeros to words of four.
fn whole<T: Clone + Default>(mut numbers: Vec<T>) -> Vec<T> {
    numbers.resize(numbers.len().next_multiple_of(4), T::default());
    numbers
}

#[cfg(test)]
mod tests {
    use super::{super::tests, *};

    /// What the shader computes.
    fn run<T: Copy, S: Copy>(
        words: &Words<T, S>,
        sum: impl Fn(S, T, T) -> S,
        finish: impl Fn([S; 4], &WordLayer<T, S>, usize) -> T,
    ) -> Vec<T> {
        let mut numbers = words.inputs.clone();
        for layer in &words.layers {
            let (inputs, outputs) = layer.words;
            let word = |(x, output): (&[T], usize)| {
                let mut sums: [S; 4] = std::array::from_fn(|i| layer.biases[4 * output + i]);
                for (input, &x) in x.iter().enumerate() {
                    for (i, to) in sums.iter_mut().enumerate() {
                        *to = sum(*to, x, layer.weights[(output * inputs + input) * 4 + i]);
                    }
                }
                finish(sums, layer, 4 * output)
            };
            numbers =
                numbers.chunks(inputs).flat_map(|x| (0..outputs).map(move |output| (x, output))).map(word).collect();
        }
        numbers
    }

    fn dot4(sum: i32, a: u32, b: u32) -> i32 {
        let product = |(a, b): (u8, u8)| i32::from(a as i8) * i32::from(b as i8);
        sum + a.to_le_bytes().into_iter().zip(b.to_le_bytes()).map(product).sum::<i32>()
    }

    fn requantize(sums: [i32; 4], layer: &WordLayer<u32, i32>, at: usize) -> u32 {
        word(std::array::from_fn(|i| {
            let code = (sums[i] as f32 * layer.multipliers[at + i]).round_ties_even();
            (code.clamp(layer.low, layer.high) + layer.zero) as i8
        }))
    }

    fn dot(sum: f32, a: [f32; 4], b: [f32; 4]) -> f32 {
        sum + a.into_iter().zip(b).map(|(a, b)| a * b).sum::<f32>()
    }

    #[test]
    fn words_give_the_same_codes_and_the_same_logits() {
        for network in 0..3 {
            let (_, features, shapes) = tests::NETWORKS[network];
            let inputs = tests::inputs(40, features);
            let classes = shapes[shapes.len() - 1].1;
            for scheme in ["8", "8:tensor", "6", "4", "2", "ternary", "1"] {
                let model = tests::model(network, scheme, &inputs);
                let words = run(&integers(&model, &inputs).unwrap(), dot4, requantize);
                let exact = super::super::prepare(&model).unwrap().codes(&inputs);
                assert_eq!(codes(&words, classes), exact, "{network} {scheme}");

                let float = Model { activations: Coding::Float, ..model };
                let finish =
                    |sums: [f32; 4], layer: &WordLayer<_, _>, _| sums.map(|sum| sum.clamp(layer.low, layer.high));
                let words = run(&floats(&float, &inputs), dot, finish);
                let found =
                    words.chunks(classes.div_ceil(4)).flat_map(|words| words.as_flattened()[..classes].to_vec());
                for (found, expected) in found.zip(float.logits(&inputs)) {
                    assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_such_words_is_said() {
        let inputs = tests::inputs(2, 37);
        let refused = |network: usize, scheme: &str| integers(&tests::model(network, scheme, &inputs), &inputs).err();
        assert_eq!(refused(1, "8"), None);
        assert_eq!(refused(1, "8:affine"), Some(NotInteger::Wide(0)));
        assert_eq!(integers(&tests::model(3, "8", &tests::inputs(2, 144)), &inputs), Err(NotInteger::Kind));
    }
}

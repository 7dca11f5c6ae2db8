//! A network from a safetensors file: ours, or another one that is a chain of layers.

use retort_spec::{
    Bits, NetworkKind,
    geometry::{Misfit, Place},
};

use super::{
    FEATURES, KIND,
    header::{self, Entry, Metadata},
    order::{Order, Ordered, order},
    problem::{ReadError, TensorProblem},
    sequential::{Chained, chain, sorted},
};
use crate::network::{
    layout::outputs_first,
    model::{Coding, LayerModel, Matrix, Model, Values},
    shapes::{Shape, geometry},
};

/// The length of the header's length.
const PREFIX: usize = 8;
/// More tensors than any network here has; so few are sorted by the shortest code.
const MAX_TENSORS: usize = 1024;

/// A network from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The network.
    pub model: Model,
    /// What the file says of it.
    pub metadata: Metadata,
    /// Names of its layers in the order that was taken, where neither shapes nor names settle it; else empty.
    pub open_order: Vec<String>,
    /// Names of tensors that no layer needs.
    pub passed_over: Vec<String>,
}

/// Reads a model from a file of [`write`](super::write), or from one whose layers are a chain: matrices, or
/// convolutions and then one matrix. Layers stand in the one order that their shapes allow; of several orders the names
/// choose (`fc2` before `fc10`, `two` before `three`, `stem` before `head`), and else the file does. A layer without a
/// bias gets one of zeros, unless it is `N.0` and the next one, with a bias, `N.1`: these two are a factored layer.
/// Tensors that are no weight and no bias are passed over if they are counters, single numbers or empty.
///
/// Without metadata the kind of network is a perceptron, or a convolutional one if there are convolutions; these are
/// then taken to keep the image's side, each followed by 2×2 pooling, and the image to be as large as that allows: a
/// side of the classifier's image doubled for each. ReLU stands between layers; no file says so.
///
/// What is allocated grows with the file's real length, never with what its header says.
///
/// # Errors
/// If the file is damaged, a type is unknown, the layers do not fit each other, or a weight is not finite.
pub fn read(file: &[u8]) -> Result<Opened, ReadError> {
    let (entries, metadata, data) = tensors(file)?;
    let (needed, others): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| is_needed(entry));
    let (layers, open_order) = in_order(chain(&needed)?, &entries, &metadata)?;
    let shapes = layers.iter().map(Chained::shape).collect::<Result<Vec<Shape>, _>>()?;
    let (kind, features) = architecture(&layers, &shapes, &metadata)?;
    let geometry = geometry(kind, features, &shapes).map_err(|error| {
        let named = layers.get(error.layer).or(layers.last());
        named.map_or(ReadError::Empty, |layer| TensorProblem::from(error.misfit).of(layer.weights[0]))
    })?;
    let parts = layers.iter().zip(geometry.layers()).map(|(layer, (place, _))| layer.part(&place, data));
    let layers = parts.collect::<Result<Vec<LayerModel>, _>>()?;
    let model = Model { kind, features, layers, activations: Coding::Float };
    Ok(Opened { model, metadata, open_order, passed_over: others.iter().map(|entry| entry.name.clone()).collect() })
}

/// The tensors of a file, what it says of itself, and the bytes of all numbers. Each tensor is as long as its shape
/// says, and together they fill the file.
///
/// # Errors
/// If the file is damaged.
pub fn tensors(file: &[u8]) -> Result<(Vec<Entry>, Metadata, &[u8]), ReadError> {
    let (entries, metadata, data) = parts(file)?;
    lengths(&entries, data.len())?;
    Ok((entries, metadata, data))
}

/// Whether a tensor has a place in a network. Statistics of a normalization change what it computes and cannot be left
/// out; a counter, a single number or nothing at all can.
fn is_needed(entry: &Entry) -> bool {
    let numbers = entry.shape.iter().try_fold(1, |product: usize, length| product.checked_mul(*length));
    let leaf = entry.name.rsplit('.').next().unwrap_or_default();
    match leaf {
        "weight" | "bias" => numbers != Some(0),
        _ => is_float(entry) && numbers.is_none_or(|numbers| numbers > 1),
    }
}

fn is_float(entry: &Entry) -> bool {
    entry.dtype.contains('F')
}

/// The layers in order. Our own files say the kind of network and number their layers.
fn in_order<'a>(
    layers: Vec<Chained<'a>>,
    entries: &[Entry],
    metadata: &Metadata,
) -> Result<(Vec<Chained<'a>>, Vec<String>), ReadError> {
    if metadata.iter().any(|(key, _)| key == KIND) {
        return Ok((layers, Vec::new()));
    }
    let mut ordered = Vec::with_capacity(layers.len());
    for layer in &layers {
        let (inputs, outputs) = layer.shape()?;
        let first = layer.weights[0];
        ordered.push(Ordered {
            name: layer.name,
            place: entries.iter().position(|entry| std::ptr::eq(entry, first)).unwrap_or(0),
            channels: (first.shape.len() == 4).then(|| first.shape[1]),
            inputs,
            outputs,
        });
    }
    let Order { layers: places, is_open } = order(&ordered);
    let names = places.iter().filter(|_| is_open).map(|&at| ordered[at].name.to_owned()).collect();
    let mut layers: Vec<Option<Chained<'a>>> = layers.into_iter().map(Some).collect();
    Ok((places.into_iter().filter_map(|at| layers[at].take()).collect(), names))
}

/// The header, read, and the numbers behind it.
fn parts(file: &[u8]) -> Result<(Vec<Entry>, Metadata, &[u8]), ReadError> {
    let (said, rest) = file.split_first_chunk::<PREFIX>().ok_or(ReadError::Short { said: 0, real: file.len() })?;
    let said = u64::from_le_bytes(*said);
    let header = usize::try_from(said).ok().and_then(|length| rest.split_at_checked(length));
    let (header, data) = header.ok_or(ReadError::Short { said, real: rest.len() })?;
    let (entries, metadata) = header::parse(str::from_utf8(header).map_err(|_| ReadError::NotText)?)?;
    Ok((entries, metadata, data))
}

/// Every tensor is as long as its shape says, and together they fill the file without a gap or an overlap.
fn lengths(entries: &[Entry], all: usize) -> Result<(), ReadError> {
    if entries.len() > MAX_TENSORS {
        return Err(ReadError::TooMany(entries.len()));
    }
    let announced = entries.iter().map(|entry| entry.offsets.1).max().unwrap_or(0);
    if announced > all {
        return Err(ReadError::Cut { bytes: all, announced });
    }
    let sorted = sorted(entries.iter().collect(), |a, b| a.offsets.cmp(&b.offsets));
    let mut expected = 0;
    for (index, entry) in sorted.iter().enumerate() {
        let (start, end) = entry.offsets;
        let last = index + 1 == sorted.len();
        if start != expected || end < start || end > all || (last && end != all) {
            return Err(TensorProblem::Offsets { start, end, expected, last: all }.of(entry));
        }
        let size = match entry.dtype.as_str() {
            "F32" => 4,
            "F16" | "BF16" => 2,
            // Tensors that no layer needs.
            "I16" | "U16" if !is_needed(entry) => 2,
            "I32" | "U32" if !is_needed(entry) => 4,
            "I64" | "U64" | "F64" if !is_needed(entry) => 8,
            "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" if !is_needed(entry) => 1,
            other => return Err(TensorProblem::Dtype(other.to_owned()).of(entry)),
        };
        let bytes = entry.shape.iter().try_fold(size, |bytes: usize, length| bytes.checked_mul(*length));
        if bytes != Some(end - start) {
            return Err(TensorProblem::Length(end - start).of(entry));
        }
        expected = end;
    }
    Ok(())
}

/// Kind and number of features, from the metadata or, without, from the shapes.
fn architecture(
    layers: &[Chained<'_>],
    shapes: &[Shape],
    metadata: &Metadata,
) -> Result<(NetworkKind, usize), ReadError> {
    let said = |wanted| metadata.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
    let wrong = |key, value: &String| ReadError::Metadata { key, value: value.clone() };
    let (Some(first), Some(last)) = (layers.first(), shapes.last()) else { return Err(ReadError::Empty) };
    let kind = match said(KIND) {
        Some(word) => word.parse().map_err(|_| wrong(KIND, word))?,
        None if first.weights[0].shape.len() == 4 => match layers.get(1).map(|layer| &layer.weights[0].shape[..]) {
            // Behind several channels one that sees one alone.
            Some(&[_, 1, _, _]) if shapes[0].1 > 1 => NetworkKind::Separable,
            _ => NetworkKind::Conv,
        },
        None => NetworkKind::Mlp,
    };
    if let Some(number) = said(FEATURES) {
        return Ok((kind, number.parse().map_err(|_| wrong(FEATURES, number))?));
    }
    match kind {
        NetworkKind::Mlp => Ok((kind, shapes[0].0)),
        NetworkKind::Conv => Ok((kind, image(shapes, shapes.len() - 1, last.0))),
        NetworkKind::Separable => Ok((kind, image(shapes, shapes.len() / 2, last.0))),
        // Its classifier sees no image, so nothing tells how large that was.
        NetworkKind::Residual => Err(wrong(FEATURES, &String::new())),
        NetworkKind::Transformer | NetworkKind::Lstm => Err(wrong(KIND, &kind.to_string())),
    }
}

/// Numbers of an image that stages of pooling bring down to what a classifier with so many inputs sees; 0 for none.
fn image(shapes: &[Shape], stages: usize, inputs: usize) -> usize {
    let channels = shapes.iter().rev().nth(1).map_or(1, |(_, outputs)| *outputs);
    let side = (inputs / channels).isqrt();
    let side = (0..stages).try_fold(side, |side: usize, _| side.checked_mul(2)).unwrap_or(0);
    side.checked_mul(side).unwrap_or(0)
}

impl Chained<'_> {
    /// Inputs and outputs; those of its factors and its bias fit.
    fn shape(&self) -> Result<Shape, ReadError> {
        let (inputs, mut outputs) = matrix_shape(self.weights[0])?;
        for weight in &self.weights[1..] {
            let (inner, outer) = matrix_shape(weight)?;
            if inner != outputs {
                return Err(TensorProblem::from(Misfit::Inputs { inputs: inner, expected: outputs }).of(weight));
            }
            outputs = outer;
        }
        if let Some(bias) = self.bias {
            let numbers = bias.shape.iter().product();
            if bias.shape.len() != 1 || numbers != outputs {
                return Err(TensorProblem::Bias { numbers, outputs }.of(bias));
            }
        }
        Ok((inputs, outputs))
    }

    fn part(&self, place: &Place, data: &[u8]) -> Result<LayerModel, ReadError> {
        let mut factors = Vec::new();
        for (index, entry) in self.weights.iter().enumerate() {
            let (rows, columns) = matrix_shape(entry)?;
            let seen = if index == 0 { *place } else { Place { window: 1, channels: rows, ..*place } };
            let window = if seen.convolution { vec![seen.channels, seen.window, seen.window] } else { vec![rows] };
            // A layer that sees every channel alone has no factors.
            if entry.shape[1..] != window[..] || (place.depthwise && self.weights.len() > 1) {
                return Err(TensorProblem::Shape.of(entry));
            }
            let (bits, numbers) = numbers(entry, data)?;
            let mut values = vec![0.0; numbers.len()];
            outputs_first(&seen, columns).iter().zip(numbers).for_each(|(&at, number)| values[at] = number);
            factors.push(Matrix { rows, columns, values: Values::Float { bits, values }, mask: None });
        }
        let bias = match self.bias {
            Some(bias) => numbers(bias, data)?.1,
            None => vec![0.0; factors.last().map_or(0, |matrix| matrix.columns)],
        };
        Ok(LayerModel { bias, factors })
    }
}

/// Inputs and outputs of a weight.
fn matrix_shape(entry: &Entry) -> Result<Shape, ReadError> {
    match entry.shape[..] {
        [outputs, inputs] if outputs * inputs > 0 => Ok((inputs, outputs)),
        [outputs, channels, high, wide] if high == wide && high % 2 == 1 && outputs * channels > 0 => {
            Ok((channels * high * wide, outputs))
        }
        _ => Err(TensorProblem::Shape.of(entry)),
    }
}

/// The numbers of a tensor that [`tensors`] found, and their format.
///
/// # Errors
/// If one of them is not finite.
pub fn numbers(entry: &Entry, data: &[u8]) -> Result<(Bits, Vec<f32>), ReadError> {
    let raw = &data[entry.offsets.0..entry.offsets.1];
    let (bits, numbers): (Bits, Vec<f32>) = match entry.dtype.as_str() {
        "F16" => (Bits::B16, pairs(raw).map(|bits| half::f16::from_bits(bits).to_f32()).collect()),
        "BF16" => (Bits::Bf16, pairs(raw).map(|bits| half::bf16::from_bits(bits).to_f32()).collect()),
        _ => (Bits::B32, raw.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()),
    };
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok((bits, numbers)),
        false => Err(TensorProblem::NotFinite.of(entry)),
    }
}

fn pairs(raw: &[u8]) -> impl Iterator<Item = u16> + '_ {
    raw.as_chunks::<2>().0.iter().map(|&bytes| u16::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests;

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
use crate::{
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
    let (entries, metadata, data) = parts(file)?;
    lengths(&entries, data.len())?;
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
        None if first.weights[0].shape.len() == 4 => NetworkKind::Conv,
        None => NetworkKind::Mlp,
    };
    if let Some(number) = said(FEATURES) {
        return Ok((kind, number.parse().map_err(|_| wrong(FEATURES, number))?));
    }
    match kind {
        NetworkKind::Mlp => Ok((kind, shapes[0].0)),
        NetworkKind::Conv => Ok((kind, image(shapes, last.0))),
        // Its classifier sees no image, so nothing tells how large that was.
        NetworkKind::Residual => Err(wrong(FEATURES, &String::new())),
    }
}

/// Numbers of an image that stages of pooling bring down to what a classifier with so many inputs sees; 0 for none.
fn image(shapes: &[Shape], inputs: usize) -> usize {
    let stages = shapes.len() - 1;
    let channels = if stages == 0 { 1 } else { shapes[stages - 1].1 };
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
            if entry.shape[1..] != window[..] {
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

/// A tensor's numbers and their format.
fn numbers(entry: &Entry, data: &[u8]) -> Result<(Bits, Vec<f32>), ReadError> {
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
mod tests {
    use super::*;
    use crate::{Layer, random::stream, safetensors::write};
    use rand::RngExt;
    use retort_spec::Architecture;

    /// A network of random weights.
    fn model(architecture: &str, features: usize) -> Model {
        let architecture: Architecture = architecture.parse().unwrap();
        let mut generator = stream(1, "read");
        let mut layer = |inputs: usize, outputs: usize| Layer {
            inputs,
            outputs,
            weight: (0..inputs * outputs).map(|_| generator.random_range(-1.0..1.0_f32)).collect(),
            bias: (0..outputs).map(|_| generator.random_range(-1.0..1.0_f32)).collect(),
        };
        let layers: Vec<Layer> =
            architecture.layers(features, 3).iter().map(|shape| layer(shape.inputs, shape.outputs)).collect();
        Model::new(architecture.kind, features, &layers)
    }

    /// A file of tensors, all 32-bit ones that count up from 1.
    fn foreign(tensors: &[(&str, &[usize])]) -> Vec<u8> {
        let (mut entries, mut numbers) = (Vec::new(), Vec::new());
        for (name, shape) in tensors {
            let start = numbers.len();
            (1..=shape.iter().product()).for_each(|number: usize| numbers.extend((number as f32).to_le_bytes()));
            let end = numbers.len();
            entries.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#));
        }
        with_header(&format!("{{{}}}", entries.join(",")), &numbers)
    }

    fn with_header(header: &str, numbers: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), numbers].concat()
    }

    fn refused(file: &[u8]) -> String {
        read(file).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_comes_back() {
        for (architecture, features) in
            [("linear", 2), ("16,8", 64), ("conv:2,3", 64), ("conv:2", 784), ("residual:2,3,3", 49), ("residual:4", 9)]
        {
            let model = model(architecture, features);
            let file = write(&model, &[("permalink", "v=1&\"".to_owned())], false).unwrap();
            let Opened { model: back, metadata, .. } = read(&file).unwrap();
            assert_eq!(back, model, "{architecture}");
            assert_eq!(metadata.last().unwrap(), &("permalink".to_owned(), "v=1&\"".to_owned()));
        }
    }

    #[test]
    fn halves_and_factors_come_back() {
        let mut model = model("conv:4", 64);
        let halved = |values: Vec<f32>| {
            let values = values.into_iter().map(|value| half::f16::from_f32(value).to_f32()).collect();
            Values::Float { bits: Bits::B16, values }
        };
        for part in &mut model.layers {
            let matrix = &part.factors[0];
            let (rows, columns, mut left) = (matrix.rows, matrix.columns, matrix.values());
            left.truncate(rows * 2);
            let factor =
                |rows, columns, values| Matrix { values: halved(values), ..Matrix::float(rows, columns, vec![]) };
            part.factors = vec![factor(rows, 2, left), factor(2, columns, vec![0.3; 2 * columns])];
            part.bias = vec![0.5; columns];
        }
        assert_eq!(read(&write(&model, &[], true).unwrap()).unwrap().model, model);
    }

    #[test]
    fn a_perceptron_of_pytorch_s_by_other_names() {
        for names in [["0", "2", "10"], ["fc1", "fc2", "fc10"], ["net.0", "net.2", "net.4"], ["hidden", "inner", "out"]]
        {
            let name = |layer: usize, leaf: &str| format!("{}.{leaf}", names[layer]);
            let all = [name(2, "bias"), name(2, "weight"), name(0, "weight"), name(0, "bias"), name(1, "weight")];
            let shapes: [&[usize]; 5] = [&[2], &[2, 4], &[3, 2], &[3], &[4, 3]];
            let tensors: Vec<(&str, &[usize])> = all.iter().map(String::as_str).zip(shapes).collect();
            let Opened { model, .. } = read(&foreign(&tensors)).unwrap();
            assert_eq!((model.kind, model.features), (NetworkKind::Mlp, 2));
            assert_eq!(model.shapes(), [(2, 3), (3, 4), (4, 2)]);
            assert_eq!(model.layers[0].weight(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0], "transposed");
            assert_eq!(model.layers[1].bias, [0.0; 4], "none in the file");
        }
        let Opened { model, .. } = read(&foreign(&[("weight", &[2, 3]), ("bias", &[2])])).unwrap();
        assert_eq!(model.shapes(), [(3, 2)]);
    }

    #[test]
    fn a_convolutional_network_of_pytorch_s() {
        let tensors: [(&str, &[usize]); 5] = [
            ("classifier.1.bias", &[10]),
            ("classifier.1.weight", &[10, 8 * 7 * 7]),
            ("features.0.weight", &[4, 1, 5, 5]),
            ("features.3.weight", &[8, 4, 3, 3]),
            ("features.3.bias", &[8]),
        ];
        let Opened { model, .. } = read(&foreign(&tensors)).unwrap();
        assert_eq!((model.kind, model.features), (NetworkKind::Conv, 784));
        assert_eq!(model.shapes(), [(25, 4), (36, 8), (392, 10)]);
        // The second input of the first output: row 0, column 0, channel 1, which is number 49 in PyTorch.
        assert_eq!(model.layers[2].weight()[10], 50.0);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (tensors, message) in [
            (
                &[("layers.1.weight", &[16_usize, 2][..]), ("layers.1.bias", &[10])][..],
                "layers.1.bias: 10 numbers, the weight has 16 outputs",
            ),
            (&[("fc1.weight", &[3, 2]), ("fc2.weight", &[4, 4])], "fc2.weight: 4 inputs, where 3 arrive"),
            (
                &[("bn.weight", &[3]), ("bn.running_mean", &[3])],
                "bn.running_mean: neither a weight nor a bias of a layer",
            ),
            (&[("a.weight", &[3, 2]), ("b.bias", &[3])], "b.bias: there is no weight beside it"),
            (&[("a.weight", &[3, 2]), ("a.weight", &[3, 2])], "a.weight: there are two of this name"),
            (&[("c.weight", &[2, 1, 3, 3]), ("d.weight", &[4, 6])], "d.weight: 6 inputs, where 2 arrive"),
            (&[], "no weights are in it"),
            (&[("a.weight", &[0, 5])], "no weights are in it"),
        ] {
            assert_eq!(refused(&foreign(tensors)), message);
        }
        for shape in [&[3_usize][..], &[2, 1, 3, 5], &[2, 1, 2, 2], &[1, 1, 1]] {
            assert!(refused(&foreign(&[("a.weight", shape)])).starts_with("a.weight: its shape"), "{shape:?}");
        }
    }

    #[test]
    fn layers_stand_in_the_order_of_shapes_then_names_then_the_file() {
        let sizes: [&[usize]; 3] = [&[5, 2], &[3, 5], &[2, 3]];
        for names in [["fc1", "fc2", "fc3"], ["stem", "body", "head"], ["features.0", "features.3", "classifier"]] {
            let name = |layer: usize| format!("{}.weight", names[layer]);
            let all = [2, 1, 0].map(|layer| (name(layer), sizes[layer]));
            let tensors: Vec<(&str, &[usize])> = all.iter().map(|(name, shape)| (name.as_str(), *shape)).collect();
            let opened = read(&foreign(&tensors)).unwrap();
            assert_eq!(opened.model.shapes(), [(2, 5), (5, 3), (3, 2)], "{names:?}");
            assert_eq!(opened.open_order, [""; 0]);
        }
        let open = read(&foreign(&[("b.weight", &[5, 2]), ("d.weight", &[5, 5]), ("c.weight", &[5, 5])])).unwrap();
        assert_eq!(open.open_order, ["b", "d", "c"]);
    }

    #[test]
    fn what_no_layer_needs_is_passed_over_by_name() {
        let header = r#"{"a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
            "norm.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[8,16]},
            "scale":{"dtype":"F32","shape":[],"data_offsets":[16,20]},
            "unused.weight":{"dtype":"F32","shape":[0,2],"data_offsets":[20,20]}}"#;
        let opened = read(&with_header(header, &[0; 20])).unwrap();
        assert_eq!(opened.passed_over, ["norm.num_batches_tracked", "scale", "unused.weight"]);
        assert_eq!(opened.model.shapes(), [(1, 2)]);
        // A number for each channel changes what the network computes.
        let file = foreign(&[("a.weight", &[2, 1]), ("a.scale", &[2])]);
        assert_eq!(refused(&file), "a.scale: neither a weight nor a bias of a layer");
    }

    #[test]
    fn damaged_files_are_refused() {
        let entry = |shape: &str, offsets: &str, dtype: &str| {
            let header = format!(r#"{{"a.weight":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
            read(&with_header(&header, &[0; 8]))
        };
        assert!(entry("[2,1]", "[0,8]", "F32").is_ok());
        assert!(entry("[2,2]", "[0,8]", "BF16").is_ok());
        for (shape, offsets, dtype) in [
            ("[2,1]", "[0,8]", "I32"),
            ("[1,1]", "[0,4]", "F32"),
            ("[1,1]", "[4,8]", "F32"),
            ("[2,2]", "[0,16]", "F32"),
            ("[2,1]", "[8,0]", "F32"),
            ("[3,1]", "[0,8]", "F32"),
            ("[4294967296,4294967296]", "[0,8]", "F32"),
            ("[18446744073709551615,18446744073709551615,0]", "[0,0]", "F32"),
        ] {
            assert!(entry(shape, offsets, dtype).is_err(), "{shape} {offsets} {dtype}");
        }
        let overlap = r#"{"a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
            "a.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        assert!(refused(&with_header(overlap, &[0; 8])).contains("bytes 0 to 8, where 8"));
        for bad in [f32::NAN, f32::INFINITY] {
            let mut file = foreign(&[("a.weight", &[2, 1])]);
            let at = file.len() - 4;
            file[at..].copy_from_slice(&bad.to_le_bytes());
            assert_eq!(refused(&file), "a.weight: a number in it is infinite or not a number");
        }
        assert!(read(b"").is_err() && read(&[0; 8]).is_err() && read(&[0xff; 16]).is_err());
    }

    #[test]
    fn metadata_that_cannot_be_are_refused() {
        let file = |metadata: &str| {
            let header = format!(
                r#"{{"__metadata__":{{{metadata}}},"a.weight":{{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}}}"#
            );
            read(&with_header(&header, &[0; 8]))
        };
        assert!(file(r#""kind":"mlp","features":"1""#).is_ok());
        for bad in [
            r#""kind":"transformer""#,
            r#""features":"-1""#,
            r#""features":"2""#,
            r#""kind":"residual""#,
            r#""kind":"residual","features":"18446744073709551615""#,
            r#""kind":"conv","features":"4""#,
        ] {
            assert!(file(bad).is_err(), "{bad}");
        }
        assert_eq!(file(r#""kind":"residual""#).unwrap_err().to_string(), "metadata: features cannot be \"\"");
    }

    #[test]
    fn no_changed_byte_makes_it_panic() {
        let good = write(&model("conv:1", 4), &[], false).unwrap();
        for at in 0..good.len() {
            for byte in [0, b'"', b'9', b'[', 0x80, 0xff] {
                let mut file = good.clone();
                file[at] = byte;
                let _ = read(&file);
            }
            assert!(read(&good[..at]).is_err());
        }
    }
}

//! safetensors: a length, a JSON header, the numbers (Hugging Face, safetensors format, README "Format").
//!
//! Read and written by hand, since the header is all there is to it and the crate would bring a JSON library into the
//! engine's wasm; the tests compare with that crate.

use retort_spec::geometry::{Place, ShapeError};

use crate::network::{
    layout::{self, outputs_first},
    model::{LayerModel, Matrix, Model},
};

mod header;
mod order;
mod problem;
mod read;
mod sequential;

pub use header::{Entry, HeaderError, Metadata, texts};
pub use problem::{ReadError, TensorProblem};
pub use read::{Opened, numbers, read, tensors};

/// Keys of the metadata that every file has.
const FORMAT: &str = "format";
const KIND: &str = "kind";
const FEATURES: &str = "features";
const ACTIVATION: &str = "activation";

/// The largest number of 16 bits; larger weights become this one.
const HALF_MAX: f32 = 65_504.0;

/// Writes a model as PyTorch would hold it, as 32-bit or 16-bit floating point, with notes among the metadata beside
/// the kind of network and its number of features. Between layers stands a ReLU.
///
/// # Shapes
/// `layers.N.weight`: `[outputs, inputs]`, or `[outputs, channels, window, window]` of a convolution, batch
/// normalization folded in; the inputs of a classifier behind a convolution run by channel, row and column.
/// `layers.N.bias`: `[outputs]`. A factored layer is `layers.N.0.weight`, `[rank, …]`, and then `layers.N.1.weight`,
/// `[outputs, rank]` or `[outputs, rank, 1, 1]`, with `layers.N.1.bias`.
///
/// # Errors
/// If the model's layers do not fit each other.
pub fn write(model: &Model, note: &[(&str, String)], half: bool) -> Result<Vec<u8>, ShapeError> {
    let geometry = layout::of(model)?;
    let features = model.features.to_string();
    let mut file = Writer::new(&metadata(model, &features, note), half);
    for (layer, (part, (place, _))) in model.layers.iter().zip(geometry.layers()).enumerate() {
        file.part(layer, part, &place);
    }
    Ok(file.into_bytes())
}

/// A file under construction.
pub struct Writer {
    /// All of the header but its last brace.
    header: String,
    numbers: Vec<u8>,
    half: bool,
}

impl Writer {
    /// A file without tensors, of 32-bit or 16-bit numbers, whose metadata are these.
    pub fn new(metadata: &[(&str, &str)], half: bool) -> Self {
        let mut header = String::from(r#"{"__metadata__":{"#);
        for (index, (key, text)) in metadata.iter().enumerate() {
            if index > 0 {
                header.push(',');
            }
            quote(&mut header, key);
            header.push(':');
            quote(&mut header, text);
        }
        header.push('}');
        Self { header, numbers: Vec::new(), half }
    }

    fn part(&mut self, layer: usize, part: &LayerModel, place: &Place) {
        let last = part.factors.len() - 1;
        for (index, matrix) in part.factors.iter().enumerate() {
            let seen = if index == 0 { *place } else { Place { window: 1, channels: matrix.rows, ..*place } };
            let name = if last == 0 { format!("layers.{layer}") } else { format!("layers.{layer}.{index}") };
            self.matrix(&name, matrix, &seen);
            if index == last {
                self.tensor(&format!("{name}.bias"), &[part.bias.len()], part.bias.iter().copied());
            }
        }
    }

    fn matrix(&mut self, name: &str, matrix: &Matrix, place: &Place) {
        let values = matrix.values();
        let order = outputs_first(place, matrix.columns);
        let shape = match place.convolution {
            true => vec![matrix.columns, place.channels, place.window, place.window],
            false => vec![matrix.columns, matrix.rows],
        };
        self.tensor(&format!("{name}.weight"), &shape, order.into_iter().map(|at| values[at]));
    }

    /// Adds a tensor; its name has no quotation marks or backslashes.
    pub fn tensor(&mut self, name: &str, shape: &[usize], values: impl Iterator<Item = f32>) {
        let start = self.numbers.len();
        for value in values {
            match self.half {
                true => {
                    let value = half::f16::from_f32(value.clamp(-HALF_MAX, HALF_MAX));
                    self.numbers.extend(value.to_le_bytes());
                }
                false => self.numbers.extend(value.to_le_bytes()),
            }
        }
        let (end, dtype) = (self.numbers.len(), if self.half { "F16" } else { "F32" });
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        let shape = shape.join(",");
        self.header += &format!(r#","{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#);
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut header = self.header;
        header.push('}');
        // The numbers begin at a multiple of eight bytes, filled up with spaces.
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.into_bytes());
        file.extend(self.numbers);
        file
    }
}

/// What a file says of a model. A key stands once: notes do not replace what every file has, nor an earlier note.
fn metadata<'a>(model: &Model, features: &'a str, note: &'a [(&str, String)]) -> Vec<(&'a str, &'a str)> {
    let mut entries = vec![(FORMAT, "pt"), (KIND, model.kind.word()), (FEATURES, features), (ACTIVATION, "relu")];
    for (key, text) in note {
        if entries.iter().all(|(known, _)| known != key) {
            entries.push((key, text));
        }
    }
    entries
}

/// Puts a text into JSON in quotation marks, as RFC 8259, section 7, asks.
pub fn quote(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..' ' => *json += &format!("\\u{:04x}", character as u32),
            _ => json.push(character),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use retort_spec::NetworkKind;
    use safetensors::SafeTensors;

    fn numbers(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
        let (numbers, _) = file.tensor(name).unwrap().data().as_chunks::<4>();
        numbers.iter().map(|&number| f32::from_le_bytes(number)).collect()
    }

    fn layer(inputs: usize, outputs: usize, first: f32) -> Layer {
        let weight = (0..inputs * outputs).map(|index| first + index as f32).collect();
        Layer { inputs, outputs, weight, bias: vec![0.5; outputs] }
    }

    #[test]
    fn the_reference_implementation_reads_it() {
        let layer = Layer { inputs: 3, outputs: 2, weight: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], bias: vec![7.0, -8.5] };
        let model = Model::new(NetworkKind::Mlp, 3, &[layer]);
        let link = "v=1&omit=3,8&name=\"Zo\u{eb}\"\\\n\u{1f600}";
        let file = write(&model, &[("permalink", link.to_owned()), ("format", "other".to_owned())], false).unwrap();
        let read = SafeTensors::deserialize(&file).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&file).unwrap();
        let metadata = metadata.metadata().as_ref().unwrap();
        assert_eq!(metadata["permalink"], link);
        assert_eq!([&metadata["format"], &metadata["kind"], &metadata["features"]], ["pt", "mlp", "3"]);
        assert_eq!(read.tensor("layers.0.weight").unwrap().shape(), [2, 3]);
        assert_eq!(numbers(&read, "layers.0.weight"), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        assert_eq!(numbers(&read, "layers.0.bias"), [7.0, -8.5]);
    }

    #[test]
    fn convolutions_lie_as_in_pytorch() {
        // 4×4 images: a convolution of two channels, pooled to 2×2, and a classifier of one output.
        let model = Model::new(NetworkKind::Conv, 16, &[layer(9, 2, 0.0), layer(8, 1, 0.0)]);
        let file = write(&model, &[], false).unwrap();
        let read = SafeTensors::deserialize(&file).unwrap();
        assert_eq!(read.tensor("layers.0.weight").unwrap().shape(), [2, 1, 3, 3]);
        let even = (0..9).map(|index| 2.0 * index as f32);
        assert_eq!(numbers(&read, "layers.0.weight"), even.clone().chain(even.map(|x| x + 1.0)).collect::<Vec<_>>());
        assert_eq!(numbers(&read, "layers.1.weight"), [0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0]);
    }

    #[test]
    fn halves_are_half_as_long_and_factors_have_names() {
        let mut model = Model::new(NetworkKind::Mlp, 2, &[layer(2, 2, 1.0e6)]);
        model.layers[0].factors.push(Matrix::float(2, 2, vec![1.0, 2.0, 3.0, 4.0]));
        let file = write(&model, &[], true).unwrap();
        let read = SafeTensors::deserialize(&file).unwrap();
        let raw = |name: &str| read.tensor(name).unwrap().data().to_vec();
        assert_eq!(raw("layers.0.0.weight"), half::f16::MAX.to_le_bytes().repeat(4));
        assert_eq!(raw("layers.0.1.weight")[..4], [0x00, 0x3c, 0x00, 0x42], "1 and 3");
        assert_eq!(raw("layers.0.1.bias").len(), 4);
    }
}

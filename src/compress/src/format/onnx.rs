//! ONNX: a network as a graph that other programs run (github.com/onnx/onnx, `docs/IR.md`, `onnx/onnx.proto`).
//!
//! Input `input`, `[N, features]`; output `logits`, `[N, classes]`; N is any number. Images are turned to channel, row
//! and column, which is how ONNX sees them, and so are the weights that multiply them.
//!
//! What is written where [`Style::Qdq`] is asked for:
//!
//! | weights | stored as |
//! | --- | --- |
//! | 8 and 6 bits | INT8 and DequantizeLinear, per tensor or along the outputs |
//! | 4, 3 and 2 bits, ternary, 1 bit | INT4 the same way |
//! | the same in groups of inputs | with `block_size`; a convolution, whose order differs, as FLOAT |
//! | 16 bits, bf16 | FLOAT16 or BFLOAT16 and Cast |
//! | 32 bits, shared values | FLOAT |
//!
//! Numbers between the layers are rounded by QuantizeLinear and DequantizeLinear where their scales are fixed. Their
//! codes, and the 8-bit codes of weights that multiply them, are written as UINT8, 128 larger and their zero points
//! too: ONNX Runtime multiplies two such integers, and with signed ones the sums of pairs saturate at 16 bits on x86
//! without VNNI (measured: one example in eight in another class). Where the scales follow each batch the numbers are
//! left in floating point. A weight that was pruned is a zero like any other.
//!
//! INT2, which ONNX has from opset 25 on, is not used: ONNX Runtime 1.31 reads it, but its optimizer multiplies
//! wrongly where the outputs are not a multiple of four, such as ten classes (measured: errors as large as the
//! logits).

use retort_spec::{
    Geometry,
    geometry::{Operation, Place, ShapeError, pooled},
};

use crate::{
    format::proto::Message,
    network::{
        layout,
        model::{Affine, Coding, LayerModel, Model},
    },
};

pub mod graph;
mod weights;

use graph::{Attribute, Dimension, FLOAT, Graph, UINT8, code_byte};

/// How a network's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// All as 32-bit floating point, whatever the model holds; nothing between the layers is rounded.
    Float,
    /// Integers as integers, with the operators that turn them into numbers.
    Qdq,
}

/// Writes a model as an ONNX file, with notes among its metadata.
///
/// # Errors
/// If the model's layers do not fit each other.
pub fn write(model: &Model, note: &[(&str, String)], style: Style) -> Result<Vec<u8>, ShapeError> {
    let geometry = layout::of(model)?;
    let mut graph = Graph::default();
    graph.unsigned = matches!(model.activations, Coding::Static(_));
    graph.input("input", FLOAT, &[Dimension::Any("N"), Dimension::Of(model.features)]);
    let mut writer = Writer { graph, model, style, next: 0 };
    writer.network(&geometry);
    Ok(writer.graph.into_file(note))
}

struct Writer<'a> {
    graph: Graph,
    model: &'a Model,
    style: Style,
    /// The layer to be written.
    next: usize,
}

impl Writer<'_> {
    fn network(&mut self, geometry: &Geometry) {
        let (mut numbers, mut remembered) = ("input".to_owned(), String::new());
        // The side of the image that is there; none for rows.
        let mut image = None;
        for operation in &geometry.operations {
            numbers = match operation {
                Operation::Layer { place, .. } if place.convolution => {
                    let seen = if image.is_none() { self.image(place.side) } else { numbers };
                    image = Some(place.side_after());
                    self.convolution(&seen, *place)
                }
                Operation::Layer { place, .. } => {
                    let rows = match image.take() {
                        Some(side) => self.rows(&numbers, side),
                        None => numbers,
                    };
                    self.dense(&rows, *place)
                }
                Operation::Around { place, .. } => {
                    remembered = self.convolution(&remembered, *place);
                    numbers
                }
                Operation::Relu => self.graph.node("Relu", &[&numbers], &[]),
                Operation::Pool => {
                    let side = image.unwrap_or(1);
                    image = Some(pooled(side));
                    let two = [("kernel_shape", Attribute::Ints(&[2, 2])), ("strides", Attribute::Ints(&[2, 2]))];
                    if side > 1 { self.graph.node("MaxPool", &[&numbers], &two) } else { numbers }
                }
                Operation::Branch => {
                    remembered.clone_from(&numbers);
                    numbers
                }
                Operation::Add => self.graph.node("Add", &[&numbers, &remembered], &[]),
                Operation::Mean => {
                    image = Some(1);
                    self.graph.node("GlobalAveragePool", &[&numbers], &[])
                }
            };
        }
        let logits = self.rounded(self.model.layers.len(), &numbers);
        let classes = self.model.layers.last().map_or(0, LayerModel::outputs);
        self.graph.output(&logits, "logits", &[Dimension::Any("N"), Dimension::Of(classes)]);
    }

    /// The input as images of one channel.
    fn image(&mut self, side: usize) -> String {
        let side = side as i64;
        let shape = self.graph.integers("image", &[-1, 1, side, side]);
        self.graph.node("Reshape", &["input", &shape], &[])
    }

    /// Images as the rows that the next layer multiplies.
    fn rows(&mut self, images: &str, side: usize) -> String {
        let mut images = images.to_owned();
        if side > 1 && weights::in_blocks(&self.model.layers[self.next], self.style) {
            // Blocks of inputs are those of our order.
            let order = [("perm", Attribute::Ints(&[0, 2, 3, 1]))];
            images = self.graph.node("Transpose", &[&images], &order);
        }
        self.graph.node("Flatten", &[&images], &[])
    }

    /// The next layer, a convolution.
    fn convolution(&mut self, image: &str, place: Place) -> String {
        let (model, layer) = (self.model, self.next);
        let part = &model.layers[layer];
        self.next += 1;
        let mut image = self.rounded(layer, image);
        let last = part.factors.len() - 1;
        for (index, matrix) in part.factors.iter().enumerate() {
            // The second factor sees the first one's outputs at one place.
            let seen = if index == 0 { place } else { Place { window: 1, channels: matrix.rows, stride: 1, ..place } };
            let weight = self.graph.kernel(&name(part, layer, index), matrix, &seen, self.style);
            let bias = (index == last).then(|| self.graph.floats(&format!("layers.{layer}.bias"), &part.bias));
            let (side, stride) = (seen.window as i64, seen.stride as i64);
            let (before, after) = (side / 2, (side - 1) - side / 2);
            // Every channel is a group of its own where each is seen alone.
            let groups = if seen.depthwise && index == 0 { matrix.columns } else { 1 };
            let attributes = [
                ("group", Attribute::Int(groups as i64)),
                ("kernel_shape", Attribute::Ints(&[side, side])),
                ("pads", Attribute::Ints(&[before, before, after, after])),
                ("strides", Attribute::Ints(&[stride, stride])),
            ];
            let inputs: Vec<&str> = [image.as_str(), &weight].into_iter().chain(bias.as_deref()).collect();
            image = self.graph.node("Conv", &inputs, &attributes);
        }
        image
    }

    /// The next layer, a matrix.
    fn dense(&mut self, rows: &str, place: Place) -> String {
        let (model, layer) = (self.model, self.next);
        let part = &model.layers[layer];
        self.next += 1;
        let mut rows = self.rounded(layer, rows);
        for (index, matrix) in part.factors.iter().enumerate() {
            let seen = if index == 0 { place } else { Place::dense(matrix.rows) };
            let weight = self.graph.matrix(&name(part, layer, index), matrix, &seen, self.style);
            rows = self.graph.node("MatMul", &[&rows, &weight], &[]);
        }
        let bias = self.graph.floats(&format!("layers.{layer}.bias"), &part.bias);
        self.graph.node("Add", &[&rows, &bias], &[])
    }

    /// Numbers on their way into a layer, or behind the last one.
    fn rounded(&mut self, layer: usize, numbers: &str) -> String {
        match (self.style, &self.model.activations) {
            (Style::Qdq, Coding::Static(all)) => match all.get(layer) {
                Some(coding) => self.round(layer, *coding, numbers),
                None => numbers.to_owned(),
            },
            _ => numbers.to_owned(),
        }
    }

    fn round(&mut self, layer: usize, coding: Affine, numbers: &str) -> String {
        let scale = self.graph.tensor(&format!("codes.{layer}.scale"), &[], FLOAT, &coding.scale.to_le_bytes());
        let zero = [code_byte(coding.zero_point, UINT8)];
        let zero = self.graph.tensor(&format!("codes.{layer}.zero_point"), &[], UINT8, &zero);
        let codes = self.graph.node("QuantizeLinear", &[numbers, &scale, &zero], &[]);
        self.graph.node("DequantizeLinear", &[&codes, &scale, &zero], &[])
    }
}

/// The name of a layer's weight, or of a factor of it.
fn name(part: &LayerModel, layer: usize, factor: usize) -> String {
    match part.factors.len() {
        1 => format!("layers.{layer}.weight"),
        _ => format!("layers.{layer}.{factor}.weight"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use retort_spec::NetworkKind;

    fn contains(file: &[u8], part: &[u8]) -> bool {
        file.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_file_begins_and_ends_as_the_format_says() {
        let layer = Layer { inputs: 2, outputs: 1, weight: vec![1.0, 2.0], bias: vec![3.0] };
        let model = Model::new(NetworkKind::Mlp, 2, &[layer]);
        let file = write(&model, &[("permalink", "v=1&a=\"".to_owned())], Style::Float).unwrap();
        // ir_version 7, producer_name.
        assert_eq!(file[..10], [&[0x08, 7, 0x12, 6], &b"Retort"[..]].concat());
        // opset_import of "" and 13, then the note.
        let end =
            [&[0x42, 4, 0x0a, 0, 0x10, 13, 0x72, 20, 0x0a, 9][..], b"permalink", &[0x12, 7], b"v=1&a=\""].concat();
        assert!(file.ends_with(&end));
        // The weight: dimensions 2 and 1, FLOAT, its name, its numbers.
        let weight = [&[0x08, 2, 0x08, 1, 0x10, 1, 0x42, 15][..], b"layers.0.weight", &[0x4a, 8], &[0, 0, 0x80, 0x3f]];
        assert!(contains(&file, &weight.concat()));
    }

    #[test]
    fn four_bits_are_packed_low_half_first() {
        use crate::network::model::{Codes, LayerModel, Matrix, Values};
        use retort_spec::{Bits, Granularity};
        let codes = Codes {
            bits: Bits::B4,
            granularity: Granularity::Tensor,
            scales: vec![0.5],
            zero_points: Vec::new(),
            codes: vec![1, -7, 3],
        };
        let matrix = Matrix { mask: None, ..Matrix::float(3, 1, vec![]) };
        let matrix = Matrix { values: Values::Codes(codes), ..matrix };
        let part = LayerModel { bias: vec![0.0], factors: vec![matrix] };
        let mut model = Model::new(NetworkKind::Mlp, 3, &[]);
        model.layers.push(part);
        let file = write(&model, &[], Style::Qdq).unwrap();
        assert!(contains(&file, b"layers.0.weight\x4a\x02\x91\x03"));
        assert!(file.ends_with(&[0x10, 21]), "4-bit types came with opset 21");
        assert!(contains(&write(&model, &[], Style::Float).unwrap(), &0.5_f32.to_le_bytes()));
    }

    #[test]
    fn a_channel_without_weights_has_codes_of_zero_and_a_scale_of_one() {
        use crate::network::model::{Codes, LayerModel, Matrix, Values};
        use retort_spec::{Bits, Granularity};
        for (bits, codes) in [(Bits::Ternary, vec![1, 0, -1, 0]), (Bits::B1, vec![1, 1, -1, -1])] {
            let granularity = Granularity::Channel;
            let codes = Codes { bits, granularity, scales: vec![0.5, 0.0], zero_points: Vec::new(), codes };
            let matrix = Matrix { values: Values::Codes(codes), ..Matrix::float(2, 2, vec![]) };
            let mut model = Model::new(NetworkKind::Mlp, 2, &[]);
            model.layers.push(LayerModel { bias: vec![0.0; 2], factors: vec![matrix] });
            let file = write(&model, &[], Style::Qdq).unwrap();
            // Codes by input and output, 1 and 0, then -1 and 0.
            assert!(contains(&file, b"layers.0.weight\x4a\x02\x01\x0f"), "{bits:?}");
            let scales = [&b"layers.0.weight.scale\x4a\x08"[..], &0.5_f32.to_le_bytes(), &1.0_f32.to_le_bytes()];
            assert!(contains(&file, &scales.concat()), "{bits:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let layer = Layer { inputs: 2, outputs: 1, weight: vec![1.0, 2.0], bias: vec![3.0] };
        assert!(write(&Model::new(NetworkKind::Mlp, 3, &[layer]), &[], Style::Float).is_err());
    }
}

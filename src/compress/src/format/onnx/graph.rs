//! The graph of an ONNX file under construction, and the file around it (`onnx/onnx.proto`; field numbers from there).

use super::Message;

/// `TensorProto.DataType`: 32-bit floating point.
pub const FLOAT: i64 = 1;
/// 8-bit integers without a sign.
pub const UINT8: i64 = 2;
/// 8-bit integers.
pub const INT8: i64 = 3;
/// 64-bit integers.
pub const INT64: i64 = 7;
/// IEEE 754 binary16.
pub const FLOAT16: i64 = 10;
/// The upper half of 32-bit floating point.
pub const BFLOAT16: i64 = 16;
/// 4-bit integers, two to a byte, the first in the low half.
pub const INT4: i64 = 22;

/// `AttributeProto.AttributeType`.
const ATTRIBUTE_INT: i64 = 2;
const ATTRIBUTE_INTS: i64 = 7;

/// Operators without 4-bit types and blocks, and the file format that came with them.
const PLAIN: (i64, i64) = (13, 7);
/// The first with them.
const BLOCKS: (i64, i64) = (21, 10);

/// An operator's attribute.
pub enum Attribute<'a> {
    /// A number.
    Int(i64),
    /// Some numbers.
    Ints(&'a [i64]),
}

/// Nodes and tensors.
#[derive(Default)]
pub struct Graph {
    message: Message,
    nodes: usize,
    /// Whether there are 4-bit types or blocks.
    pub modern: bool,
    /// Whether 8-bit codes are written without a sign.
    pub unsigned: bool,
}

impl Graph {
    /// Adds a node and returns its output's name.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) -> String {
        let output = format!("{operator}.{}", self.nodes);
        self.nodes += 1;
        self.node_into(operator, inputs, &output, attributes);
        output
    }

    fn node_into(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attribute<'_>)]) {
        let mut node = Message::default();
        for input in inputs {
            node.bytes(1, input.as_bytes());
        }
        node.bytes(2, output.as_bytes());
        node.bytes(3, output.as_bytes());
        node.bytes(4, operator.as_bytes());
        for (name, value) in attributes {
            let mut attribute = Message::of_texts(&[name]);
            match value {
                Attribute::Int(value) => {
                    attribute.int(3, *value);
                    attribute.int(20, ATTRIBUTE_INT);
                }
                Attribute::Ints(values) => {
                    values.iter().for_each(|value| attribute.int(8, *value));
                    attribute.int(20, ATTRIBUTE_INTS);
                }
            }
            node.message(5, &attribute);
        }
        self.message.message(1, &node);
    }

    /// Adds a tensor and returns its name; `raw` holds its numbers in little-endian order.
    pub fn tensor(&mut self, name: &str, dimensions: &[usize], data_type: i64, raw: &[u8]) -> String {
        let mut tensor = Message::default();
        dimensions.iter().for_each(|length| tensor.int(1, *length as i64));
        tensor.int(2, data_type);
        tensor.bytes(8, name.as_bytes());
        tensor.bytes(9, raw);
        self.message.message(5, &tensor);
        name.to_owned()
    }

    /// Adds a row of numbers.
    pub fn floats(&mut self, name: &str, values: &[f32]) -> String {
        self.tensor(name, &[values.len()], FLOAT, &bytes(values))
    }

    /// Adds a row of integers.
    pub fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, &[values.len()], INT64, &raw)
    }

    /// Gives the result its name.
    pub fn end_with(&mut self, result: &str) {
        self.node_into("Identity", &[result], "logits", &[]);
    }

    /// The graph with its input and output as a `ModelProto`.
    pub fn into_file(mut self, features: usize, classes: usize, note: &[(&str, String)]) -> Vec<u8> {
        let (opset, format) = if self.modern { BLOCKS } else { PLAIN };
        self.message.bytes(2, b"retort");
        self.message.message(11, &value("input", features));
        self.message.message(12, &value("logits", classes));
        let mut file = Message::default();
        file.int(1, format);
        file.bytes(2, b"Retort");
        file.bytes(3, env!("CARGO_PKG_VERSION").as_bytes());
        file.message(7, &self.message);
        let mut operators = Message::of_texts(&[""]);
        operators.int(2, opset);
        file.message(8, &operators);
        for (key, text) in note {
            file.message(14, &Message::of_texts(&[key, text]));
        }
        file.into_bytes()
    }
}

/// An 8-bit code in its type: codes without a sign are larger by 128, and so are their zero points.
pub fn code_byte(code: i32, data_type: i64) -> u8 {
    if data_type == UINT8 { (code + 128) as u8 } else { code as u8 }
}

/// Numbers in little-endian order.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A `ValueInfoProto`: `[N, width]` of 32-bit floating point.
fn value(name: &str, width: usize) -> Message {
    let (mut examples, mut numbers) = (Message::default(), Message::default());
    examples.bytes(2, b"N");
    numbers.int(1, width as i64);
    let (mut shape, mut tensor, mut of_type) = (Message::default(), Message::default(), Message::default());
    shape.message(1, &examples);
    shape.message(1, &numbers);
    tensor.int(1, FLOAT);
    tensor.message(2, &shape);
    of_type.message(1, &tensor);
    let mut value = Message::of_texts(&[name]);
    value.message(2, &of_type);
    value
}

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
const ATTRIBUTE_FLOAT: i64 = 1;
const ATTRIBUTE_INT: i64 = 2;
const ATTRIBUTE_STRING: i64 = 3;
const ATTRIBUTE_INTS: i64 = 7;

/// The version of the operators, and of the file format that came with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operators(i64, i64);

impl Operators {
    /// Without 4-bit types and blocks.
    pub const PLAIN: Self = Self(13, 7);
    /// The first with LayerNormalization.
    pub const NORMALIZATION: Self = Self(17, 8);
    /// The first with 4-bit types and blocks.
    pub const BLOCKS: Self = Self(21, 10);
}

/// A dimension of what goes in or comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension<'a> {
    /// So many.
    Of(usize),
    /// Any number; dimensions of one name are alike.
    Any(&'a str),
}

/// An operator's attribute.
pub enum Attribute<'a> {
    /// A number with a fraction.
    Float(f32),
    /// A text.
    Text(&'a str),
    /// A number.
    Int(i64),
    /// Some numbers.
    Ints(&'a [i64]),
}

/// Nodes and tensors.
pub struct Graph {
    message: Message,
    nodes: usize,
    /// What its nodes need.
    pub operators: Operators,
    /// Whether 8-bit codes are written without a sign.
    pub unsigned: bool,
}

impl Default for Graph {
    fn default() -> Self {
        Self { message: Message::default(), nodes: 0, operators: Operators::PLAIN, unsigned: false }
    }
}

impl Graph {
    /// Adds a node and returns its output's name.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) -> String {
        let output = format!("{operator}.{}", self.nodes);
        self.nodes += 1;
        self.node_into(operator, inputs, &[&output], attributes);
        output
    }

    /// Adds a node with outputs of these names; inputs and outputs without a name are left out.
    pub fn node_into(
        &mut self,
        operator: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) {
        let mut node = Message::default();
        for input in inputs {
            node.bytes(1, input.as_bytes());
        }
        outputs.iter().for_each(|output| node.bytes(2, output.as_bytes()));
        node.bytes(3, outputs.concat().as_bytes());
        node.bytes(4, operator.as_bytes());
        for (name, value) in attributes {
            let mut attribute = Message::of_texts(&[name]);
            match value {
                Attribute::Float(value) => {
                    attribute.float(2, *value);
                    attribute.int(20, ATTRIBUTE_FLOAT);
                }
                Attribute::Text(text) => {
                    attribute.bytes(4, text.as_bytes());
                    attribute.int(20, ATTRIBUTE_STRING);
                }
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

    /// Says what goes in.
    pub fn input(&mut self, name: &str, data_type: i64, shape: &[Dimension<'_>]) {
        self.message.message(11, &value(name, data_type, shape));
    }

    /// Says that this result comes out, 32-bit numbers under a name.
    pub fn output(&mut self, result: &str, name: &str, shape: &[Dimension<'_>]) {
        self.node_into("Identity", &[result], &[name], &[]);
        self.message.message(12, &value(name, FLOAT, shape));
    }

    /// The graph as a `ModelProto`.
    pub fn into_file(mut self, note: &[(&str, String)]) -> Vec<u8> {
        let Operators(opset, format) = self.operators;
        self.message.bytes(2, b"retort");
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

/// A `ValueInfoProto`: what goes in or comes out.
fn value(name: &str, data_type: i64, dimensions: &[Dimension<'_>]) -> Message {
    let [mut shape, mut tensor, mut of_type] = [(); 3].map(|()| Message::default());
    for dimension in dimensions {
        let mut message = Message::default();
        match dimension {
            Dimension::Of(length) => message.int(1, *length as i64),
            Dimension::Any(name) => message.bytes(2, name.as_bytes()),
        }
        shape.message(1, &message);
    }
    tensor.int(1, data_type);
    tensor.message(2, &shape);
    of_type.message(1, &tensor);
    let mut value = Message::of_texts(&[name]);
    value.message(2, &of_type);
    value
}

//! A matrix as a tensor of an ONNX file, and what turns its codes into numbers.

use retort_spec::{Bits, Granularity, geometry::Place};

use super::{
    Style,
    graph::{Attribute, BFLOAT16, FLOAT, FLOAT16, Graph, INT4, INT8, Operators, UINT8, bytes, code_byte},
};
use crate::network::{
    layout::{inputs_first, outputs_first},
    model::{Codes, LayerModel, Matrix, Values, group_of},
};

/// Whether a layer's matrix is stored in blocks of inputs, which must then stay in our order.
pub fn in_blocks(part: &LayerModel, style: Style) -> bool {
    style == Style::Qdq && part.factors.first().is_some_and(|matrix| block(matrix).is_some())
}

/// The inputs that share a scale where there are several such groups to an output.
fn block(matrix: &Matrix) -> Option<usize> {
    match &matrix.values {
        Values::Codes(codes) => codes.granularity.group().filter(|length| *length < matrix.rows),
        _ => None,
    }
}

/// A tensor's shape, and where each of its numbers stands in our matrix.
struct Form<'a> {
    dimensions: &'a [usize],
    order: Vec<usize>,
    /// The dimension of the outputs.
    axis: i64,
}

impl Graph {
    /// Adds a convolution's weight, `[outputs, channels, window, window]`.
    pub fn kernel(&mut self, name: &str, matrix: &Matrix, place: &Place, style: Style) -> String {
        let dimensions = [matrix.columns, place.channels, place.window, place.window];
        let form = Form { dimensions: &dimensions, order: outputs_first(place, matrix.columns), axis: 0 };
        let style = if block(matrix).is_some() { Style::Float } else { style };
        self.weight(name, matrix, &form, style)
    }

    /// Adds a weight, `[inputs, outputs]`.
    pub fn matrix(&mut self, name: &str, matrix: &Matrix, place: &Place, style: Style) -> String {
        let seen = match block(matrix) {
            Some(_) if style == Style::Qdq => Place::dense(matrix.rows),
            _ => *place,
        };
        let dimensions = [matrix.rows, matrix.columns];
        let form = Form { dimensions: &dimensions, order: inputs_first(&seen, matrix.columns), axis: 1 };
        self.weight(name, matrix, &form, style)
    }

    fn weight(&mut self, name: &str, matrix: &Matrix, form: &Form<'_>, style: Style) -> String {
        match &matrix.values {
            Values::Codes(codes) if style == Style::Qdq => self.codes(name, matrix, codes, form),
            Values::Float { bits: Bits::B16, .. } if style == Style::Qdq => {
                self.halves(name, matrix, form, FLOAT16, |value| half::f16::from_f32(value).to_bits())
            }
            Values::Float { bits: Bits::Bf16, .. } if style == Style::Qdq => {
                self.halves(name, matrix, form, BFLOAT16, |value| half::bf16::from_f32(value).to_bits())
            }
            _ => {
                let values = matrix.values();
                let ordered: Vec<f32> = form.order.iter().map(|&at| values[at]).collect();
                self.tensor(name, form.dimensions, FLOAT, &bytes(&ordered))
            }
        }
    }

    fn halves(&mut self, name: &str, matrix: &Matrix, form: &Form<'_>, of: i64, bits: fn(f32) -> u16) -> String {
        let values = matrix.values();
        let raw: Vec<u8> = form.order.iter().flat_map(|&at| bits(values[at]).to_le_bytes()).collect();
        let short = self.tensor(name, form.dimensions, of, &raw);
        self.node("Cast", &[&short], &[("to", Attribute::Int(FLOAT))])
    }

    fn codes(&mut self, name: &str, matrix: &Matrix, codes: &Codes, form: &Form<'_>) -> String {
        let (rows, columns) = (matrix.rows, matrix.columns);
        let data_type = match self.unsigned {
            _ if codes.bits.width() <= 4 => INT4,
            true => UINT8,
            false => INT8,
        };
        let code = |&at: &usize| {
            let group = group_of(codes.granularity, rows, at / columns, at % columns);
            // A weight that is not there has the code of zero, and so has one whose scale makes it zero.
            let is_there = matrix.mask.as_ref().is_none_or(|mask| mask[at]) && codes.scales[group] != 0.0;
            if is_there { codes.codes[at] } else { zero_point(codes, group) }
        };
        let ordered: Vec<i32> = form.order.iter().map(code).collect();
        let mut inputs = vec![self.tensor(name, form.dimensions, data_type, &packed(&ordered, data_type))];

        let block = block(matrix);
        let blocks = block.map_or(1, |length| rows.div_ceil(length));
        let (dimensions, axis) = match (block, codes.granularity) {
            (Some(_), _) => (vec![blocks, columns], 0),
            (None, Granularity::Tensor) => (Vec::new(), form.axis),
            (None, _) => (vec![columns], form.axis),
        };
        // Groups of a column stand together here, and those of a row there.
        let count = codes.scales.len();
        let order: Vec<usize> = (0..count).map(|at| at % (count / blocks) * blocks + at / (count / blocks)).collect();
        // ONNX asks for scales above zero; where a group has no weights the codes say that they are zero.
        let above_zero = |scale: f32| if scale == 0.0 { 1.0 } else { scale };
        let scales: Vec<f32> = order.iter().map(|&group| above_zero(codes.scales[group])).collect();
        inputs.push(self.tensor(&format!("{name}.scale"), &dimensions, FLOAT, &bytes(&scales)));
        let zeros: Vec<i32> = order.iter().map(|&group| zero_point(codes, group)).collect();
        inputs.push(self.tensor(&format!("{name}.zero_point"), &dimensions, data_type, &packed(&zeros, data_type)));

        if data_type == INT4 || block.is_some() {
            self.operators = Operators::BLOCKS;
        }
        let axis = ("axis", Attribute::Int(axis));
        let attributes = match block {
            Some(length) => vec![axis, ("block_size", Attribute::Int(length as i64))],
            None => vec![axis],
        };
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.node("DequantizeLinear", &inputs, &attributes)
    }
}

fn zero_point(codes: &Codes, group: usize) -> i32 {
    codes.zero_points.get(group).copied().unwrap_or(0)
}

/// Codes as bytes, or as two to a byte, the first in the low half (`onnx.proto`, `TensorProto.raw_data`).
fn packed(codes: &[i32], data_type: i64) -> Vec<u8> {
    match data_type {
        INT4 => codes.chunks(2).map(nibbles).collect(),
        _ => codes.iter().map(|&code| code_byte(code, data_type)).collect(),
    }
}

fn nibbles(pair: &[i32]) -> u8 {
    let high = pair.get(1).copied().unwrap_or(0);
    (pair[0] as u8 & 0xf) | (high as u8) << 4
}

//! A long short-term memory as ONNX's operator LSTM, which masks what stands behind a sequence's end and begins to read
//! backwards where the sequence ends.

use retort_compress::format::onnx::graph::{Attribute, FLOAT, bytes};

use super::writer::Writer;
use crate::nets::{Head, LstmShape};

/// `TensorProto.DataType`: 32-bit integers, which the operator's lengths are.
const INT32: i64 = 6;
/// Where ONNX's gates (input, output, forget, candidate) stand among ours (input, forget, candidate, output).
const GATES: [usize; 4] = [0, 3, 1, 2];

pub fn write(writer: &mut Writer<'_>, sizes: LstmShape, head: Head) {
    let LstmShape { embedding, hidden, bidirectional } = sizes;
    writer.inputs();
    let names = if bidirectional { &["forwards", "backwards"][..] } else { &["forwards"] };
    let directions = names.len();
    let embedded = writer.embedded();
    let embedded = writer.transposed(&embedded, &[1, 0, 2]);
    let lengths = writer.cast("lengths", INT32);
    let [mut of_tokens, mut of_states, mut biases] = [(); 3].map(|()| Vec::new());
    for name in names {
        let weight = writer.numbers(&format!("{name}.weight"));
        let (tokens, states) = weight.split_at((embedding * 4 * hidden).min(weight.len()));
        of_tokens.extend(gates(tokens, hidden));
        of_states.extend(gates(states, hidden));
        biases.extend(gates(writer.numbers(&format!("{name}.bias")), hidden));
        // The operator has a bias of the cells' own beside that of the tokens.
        biases.extend(std::iter::repeat_n(0.0, 4 * hidden));
    }
    let graph = &mut writer.graph;
    let of_tokens = graph.tensor("cells.tokens", &[directions, 4 * hidden, embedding], FLOAT, &bytes(&of_tokens));
    let of_states = graph.tensor("cells.states", &[directions, 4 * hidden, hidden], FLOAT, &bytes(&of_states));
    let biases = graph.tensor("cells.bias", &[directions, 8 * hidden], FLOAT, &bytes(&biases));
    let attributes = [
        ("hidden_size", Attribute::Int(hidden as i64)),
        ("direction", Attribute::Text(if bidirectional { "bidirectional" } else { "forward" })),
    ];
    let inputs = [&embedded, &of_tokens, &of_states, &biases, &lengths].map(String::as_str);
    match head {
        Head::Pooled(outputs) => {
            // The operator's second output: what each direction says at its end, `[directions, N, hidden]`.
            graph.node_into("LSTM", &inputs, &["", "ends"], &attributes);
            let ends = writer.transposed("ends", &[1, 0, 2]);
            let features = writer.reshaped(&ends, &[0, -1]);
            writer.say_of_sequences(&features, outputs);
        }
        Head::EachToken(outputs) => {
            // The first: what each says at each token, `[L, directions, N, hidden]`.
            graph.node_into("LSTM", &inputs, &["said"], &attributes);
            let said = writer.transposed("said", &[2, 0, 1, 3]);
            let features = writer.reshaped(&said, &[0, 0, -1]);
            let places = writer.places();
            writer.say_of_tokens(&features, &places, outputs);
        }
    }
}

/// A matrix `[rows, 4 · hidden]` of ours as ONNX's `[4 · hidden, rows]`.
fn gates(ours: &[f32], hidden: usize) -> Vec<f32> {
    let columns = GATES.iter().flat_map(|gate| gate * hidden..(gate + 1) * hidden);
    columns.flat_map(|column| ours.iter().skip(column).step_by(4 * hidden).copied()).collect()
}

//! A Transformer as operators that every runtime knows.

use retort_compress::format::onnx::graph::{Attribute, FLOAT, bytes};

use super::writer::{Places, Writer};
use crate::nets::{Activation, Head, TransformerShape};

/// A score that a softmax makes zero, and that 16-bit floating point can hold.
const SHUT_OUT: f32 = -30_000.0;
/// What keeps the root of a variance away from zero, as in the kernels.
const EPSILON: f32 = 1e-5;

pub fn write(writer: &mut Writer<'_>, sizes: &TransformerShape, head: Head) {
    writer.inputs();
    let places = writer.places();
    let mask = mask(writer, &places, sizes.causal);
    let shut_out = writer.number("shut out", SHUT_OUT);
    let mut x = embedded(writer, &places, sizes.context);
    for block in 0..sizes.layers {
        let name = |part: &str| format!("block-{block}.{part}");
        let normal = normalized(writer, &name("before-attention"), &x);
        let attended = attention(writer, &name("attention"), &normal, [sizes.width, sizes.heads], [&mask, &shut_out]);
        x = writer.node("Add", &[&x, &attended]);
        let normal = normalized(writer, &name("before-dense"), &x);
        let widened = writer.linear(&name("widen"), &normal);
        let bent = match sizes.activation {
            Activation::Relu => writer.node("Relu", &[&widened]),
            Activation::Gelu => gelu(writer, &widened, block),
        };
        let narrowed = writer.linear(&name("narrow"), &bent);
        x = writer.node("Add", &[&x, &narrowed]);
    }
    let features = normalized(writer, "last", &x);
    match head {
        Head::Pooled(outputs) => {
            let pooled = mean(writer, &features, &places);
            writer.say_of_sequences(&pooled, outputs);
        }
        Head::EachToken(outputs) => writer.say_of_tokens(&features, &places, outputs),
    }
}

/// Tokens and their positions, `[N, L, width]`; places behind the last position share it.
fn embedded(writer: &mut Writer<'_>, places: &Places, context: usize) -> String {
    let positions = writer.weight("positions");
    let last = writer.whole("last position", context as i64 - 1);
    let place = writer.node("Min", &[&places.positions, &last]);
    let tokens = writer.embedded();
    let positions = writer.node("Gather", &[&positions, &place]);
    writer.node("Add", &[&tokens, &positions])
}

/// Which token may look at which, `[N, 1, 1, L]` or, where none sees those behind it, `[N, 1, L, L]`.
fn mask(writer: &mut Writer<'_>, places: &Places, causal: bool) -> String {
    let there = writer.widened(&places.there, &[1, 2]);
    if !causal {
        return there;
    }
    let rows = writer.widened(&places.positions, &[1]);
    let before = writer.node("LessOrEqual", &[&places.positions, &rows]);
    writer.node("And", &[&there, &before])
}

fn normalized(writer: &mut Writer<'_>, name: &str, input: &str) -> String {
    let gain = writer.weight(&format!("{name}.gain"));
    let bias = writer.weight(&format!("{name}.bias"));
    let attributes = [("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(EPSILON))];
    writer.graph.node("LayerNormalization", &[input, &gain, &bias], &attributes)
}

fn attention(
    writer: &mut Writer<'_>,
    name: &str,
    input: &str,
    [width, heads]: [usize; 2],
    [mask, shut_out]: [&str; 2],
) -> String {
    let head = width / heads;
    // Keys are transposed, so that queries multiply them.
    let parts = [("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])];
    let [queries, keys, values] = [0, 1, 2].map(|part| {
        let (word, order) = parts[part];
        let rows = part_of(writer, name, word, input, [width, part]);
        let apart = writer.reshaped(&rows, &[0, 0, heads as i64, head as i64]);
        writer.transposed(&apart, &order)
    });
    let scale = writer.number(&format!("{name}.scale"), 1.0 / (head as f32).sqrt());
    let queries = writer.node("Mul", &[&queries, &scale]);
    let scores = writer.node("MatMul", &[&queries, &keys]);
    let scores = writer.node("Where", &[mask, &scores, shut_out]);
    let map = writer.graph.node("Softmax", &[&scores], &[("axis", Attribute::Int(-1))]);
    let mixed = writer.node("MatMul", &[&map, &values]);
    let mixed = writer.transposed(&mixed, &[0, 2, 1, 3]);
    let together = writer.reshaped(&mixed, &[0, 0, width as i64]);
    writer.linear(&format!("{name}.output"), &together)
}

/// Queries, keys or values: the columns of one part of the projection.
fn part_of(writer: &mut Writer<'_>, name: &str, word: &str, input: &str, [width, part]: [usize; 2]) -> String {
    let columns = |numbers: &[f32]| -> Vec<f32> {
        numbers.chunks_exact(3 * width).flat_map(|row| &row[part * width..][..width]).copied().collect()
    };
    let weight = columns(writer.numbers(&format!("{name}.project.weight")));
    let bias = columns(writer.numbers(&format!("{name}.project.bias")));
    let weight = writer.graph.tensor(&format!("{name}.{word}.weight"), &[width, width], FLOAT, &bytes(&weight));
    let bias = writer.graph.tensor(&format!("{name}.{word}.bias"), &[width], FLOAT, &bytes(&bias));
    let product = writer.node("MatMul", &[input, &weight]);
    writer.node("Add", &[&product, &bias])
}

/// `x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))`, since an operator of its own came late.
fn gelu(writer: &mut Writer<'_>, x: &str, block: usize) -> String {
    let mut constant = |name: &str, value| writer.number(&format!("block-{block}.gelu.{name}"), value);
    let root = constant("root", (2.0_f32 / std::f32::consts::PI).sqrt());
    let cube = constant("cube", 0.044_715);
    let [half, one] = [("half", 0.5), ("one", 1.0)].map(|(name, value)| constant(name, value));
    let square = writer.node("Mul", &[x, x]);
    let cubed = writer.node("Mul", &[&square, x]);
    let small = writer.node("Mul", &[&cubed, &cube]);
    let inner = writer.node("Add", &[x, &small]);
    let inner = writer.node("Mul", &[&inner, &root]);
    let bent = writer.node("Tanh", &[&inner]);
    let raised = writer.node("Add", &[&bent, &one]);
    let halved = writer.node("Mul", &[x, &half]);
    writer.node("Mul", &[&halved, &raised])
}

/// The mean over each sequence's tokens, `[N, width]`.
fn mean(writer: &mut Writer<'_>, features: &str, places: &Places) -> String {
    let there = writer.cast(&places.there, FLOAT);
    let lengths = writer.cast("lengths", FLOAT);
    let lengths = writer.widened(&lengths, &[1]);
    let shares = writer.node("Div", &[&there, &lengths]);
    let shares = writer.widened(&shares, &[1]);
    let pooled = writer.node("MatMul", &[&shares, features]);
    let middle = writer.graph.integers("middle", &[1]);
    writer.node("Squeeze", &[&pooled, &middle])
}

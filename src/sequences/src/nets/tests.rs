//! What holds for networks of every kind.

use super::*;
use crate::{
    random::stream,
    tokens::{Token, TokenBatch},
};

fn transformer(causal: bool, head: Head, activation: Activation) -> Shape {
    let (width, layers, heads, hidden, context, dropout) = (8, 2, 2, 12, 9, 0.0);
    Shape::Transformer(TransformerShape { width, layers, heads, hidden, context, dropout, activation, causal }, 7, head)
}

fn lstm(bidirectional: bool, head: Head) -> Shape {
    Shape::Lstm(LstmShape { embedding: 5, hidden: 6, bidirectional }, 7, head)
}

/// Every kind over tokens.
fn shapes() -> Vec<Shape> {
    let (pooled, each) = (Head::Pooled(3), Head::EachToken(7));
    vec![
        transformer(false, pooled, Activation::Gelu),
        transformer(true, each, Activation::Gelu),
        transformer(false, each, Activation::Relu),
        lstm(false, each),
        lstm(false, pooled),
        lstm(true, pooled),
        lstm(true, each),
    ]
}

fn sequences() -> Vec<Vec<Token>> {
    vec![vec![1, 2, 3], vec![4], vec![5, 6, 0, 1, 2, 3, 4, 5], vec![2, 2]]
}

fn batch(sequences: &[Vec<Token>]) -> TokenBatch {
    TokenBatch::new(sequences.iter().map(Vec::as_slice))
}

/// A network whose weights are all far from zero, so that every gradient counts.
fn network(shape: &Shape) -> Network {
    let mut network = Network::new(shape, &mut stream(5, "weights"));
    let mut other = stream(6, "moved");
    network.weights.values.iter_mut().for_each(|weight| *weight += 0.3 * other.normal());
    network
}

/// The gradient of a network's weights beside differences of `Σ given ⊙ outputs`.
fn check(shape: &Shape, asked: Batch<'_>) {
    let mut network = network(shape);
    let count = network.forward(asked, None).len();
    let given: Vec<f32> = (0..count).map(|at| (at as f32 * 0.9).sin()).collect();
    let mut gradients = vec![0.0; network.weights.count()];
    network.backward(&given, &mut gradients);
    let value = |network: &mut Network| -> f64 {
        let outputs = network.forward(asked, None);
        outputs.iter().zip(&given).map(|(output, given)| f64::from(*output) * f64::from(*given)).sum()
    };
    let names: Vec<(String, usize)> =
        network.weights.entries().map(|(name, _, numbers)| (name.to_owned(), numbers.len())).collect();
    let mut first = 0;
    for (name, length) in names {
        let own = first..first + length;
        let largest = gradients[own.clone()].iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        for at in own.step_by(1 + length / 12) {
            let weight = network.weights.values[at];
            let mut moved = |by: f32| {
                network.weights.values[at] = weight + by;
                let value = value(&mut network);
                network.weights.values[at] = weight;
                value
            };
            let expected = ((moved(0.01) - moved(-0.01)) / 0.02) as f32;
            let limit = 4e-3 * largest.max(0.3);
            assert!((gradients[at] - expected).abs() < limit, "{name}[{at}]: {} {expected}", gradients[at]);
        }
        first += length;
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for shape in shapes().iter().filter(|shape| !format!("{shape:?}").contains("Relu")) {
        check(shape, Batch::Tokens(&batch(&sequences())));
    }
}

#[test]
fn gradients_of_a_perceptron_are_those_of_finite_differences() {
    let numbers: Vec<f32> = (0..15).map(|at| (at as f32 * 1.3).cos()).collect();
    check(&Shape::Perceptron(3, vec![], 2), Batch::Numbers(&numbers));
    // ReLU has no derivative at zero: units that are far from it.
    let shape = Shape::Perceptron(3, vec![6, 5], 2);
    let mut other = network(&shape);
    for name in ["layer-0.bias", "layer-1.bias"] {
        other.weights.get_mut(name).unwrap().iter_mut().enumerate().for_each(|(at, bias)| {
            *bias = if at % 3 == 0 { -30.0 } else { 30.0 };
        });
    }
    let outputs = other.forward(Batch::Numbers(&numbers), None).to_vec();
    let mut gradients = vec![0.0; other.weights.count()];
    other.backward(&vec![1.0; outputs.len()], &mut gradients);
    let at = 0;
    let before: f32 = outputs.iter().sum();
    other.weights.values[at + 1] += 0.5;
    let after: f32 = other.forward(Batch::Numbers(&numbers), None).iter().sum();
    assert!(((after - before) / 0.5 - gradients[at + 1]).abs() < 1e-2 * gradients[at + 1].abs().max(1.0));
}

#[test]
fn what_stands_beside_a_sequence_changes_nothing_bit_for_bit() {
    for shape in shapes() {
        let mut network = network(&shape);
        let all = sequences();
        let together = network.forward(Batch::Tokens(&batch(&all)), None).to_vec();
        let each_token =
            matches!(shape, Shape::Transformer(_, _, Head::EachToken(_)) | Shape::Lstm(_, _, Head::EachToken(_)));
        let mut at = 0;
        for sequence in all {
            let rows = if each_token { sequence.len() } else { 1 };
            let alone = network.forward(Batch::Tokens(&batch(&[sequence])), None).to_vec();
            let count = rows * network.outputs();
            assert_eq!(alone, together[at..at + count], "{shape:?}");
            at += count;
        }
        assert_eq!(at, together.len());
    }
}

#[test]
fn a_later_token_changes_nothing_before_it() {
    for shape in [transformer(true, Head::EachToken(7), Activation::Gelu), lstm(false, Head::EachToken(7))] {
        let mut network = network(&shape);
        let mut sequence: Vec<Token> = vec![5, 6, 0, 1, 2, 3];
        let before = network.forward(Batch::Tokens(&batch(&[sequence.clone()])), None).to_vec();
        sequence[4] = 6;
        let after = network.forward(Batch::Tokens(&batch(&[sequence])), None).to_vec();
        assert_eq!(before[..4 * 7], after[..4 * 7]);
        assert_ne!(before[4 * 7..], after[4 * 7..]);
    }
    for shape in [transformer(false, Head::EachToken(7), Activation::Gelu), lstm(true, Head::EachToken(7))] {
        let mut network = network(&shape);
        let before = network.forward(Batch::Tokens(&batch(&[vec![1, 2, 3]])), None).to_vec();
        let after = network.forward(Batch::Tokens(&batch(&[vec![1, 2, 4]])), None).to_vec();
        assert_ne!(before[..7], after[..7]);
    }
}

#[test]
fn writing_token_by_token_says_what_reading_says() {
    for shape in [transformer(true, Head::EachToken(7), Activation::Gelu), lstm(false, Head::EachToken(7))] {
        let mut network = network(&shape);
        let sequences: [Vec<Token>; 3] = [vec![1, 2, 3], vec![4, 0, 6], vec![5, 5, 1]];
        let read = network.forward(Batch::Tokens(&batch(&sequences)), None).to_vec();
        let mut state = WriterState::default();
        for step in 0..3 {
            let mut kept = vec![0, 1, 2];
            if step == 2 {
                kept = vec![0, 2];
                state.retain(&kept);
            }
            let tokens: Vec<Token> = kept.iter().map(|&index| sequences[index][step]).collect();
            let written = network.advance(&mut state, &tokens);
            for (written, index) in written.chunks_exact(7).zip(kept) {
                for (written, read) in written.iter().zip(&read[(3 * index + step) * 7..]) {
                    assert!((written - read).abs() < 1e-5);
                }
            }
        }
    }
}

#[test]
fn attention_maps_are_shares() {
    let mut network = network(&transformer(true, Head::EachToken(7), Activation::Gelu));
    network.forward(Batch::Tokens(&batch(&sequences())), None);
    let maps = network.attention_maps(2);
    assert_eq!((maps.len(), maps[0].len(), maps[0][0].len()), (2, 2, 64));
    for row in maps.iter().flatten().flat_map(|map| map.chunks_exact(8)) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    assert_eq!((maps[1][1][1], network.attention_maps(4).len()), (0.0, 0));
}

#[test]
fn dropout_draws_from_its_stream_and_learns_what_is_left() {
    let Shape::Transformer(sizes, vocabulary, head) = transformer(false, Head::Pooled(3), Activation::Gelu) else {
        return;
    };
    let mut network = network(&Shape::Transformer(TransformerShape { dropout: 0.5, ..sizes }, vocabulary, head));
    let all = batch(&sequences());
    let mut ask = |seed| {
        let mut stream = stream(seed, "dropout");
        network.forward(Batch::Tokens(&all), Some(&mut stream)).to_vec()
    };
    assert_eq!(ask(1), ask(1));
    assert_ne!(ask(1), ask(2));
}

#[test]
fn another_head_keeps_the_body() {
    let words = network(&transformer(false, Head::EachToken(7), Activation::Gelu));
    let classes = words.with_head(Head::Pooled(3), &mut stream(1, "head"));
    for ((name, _, old), (_, _, new)) in words.weights.entries().zip(classes.weights.entries()) {
        assert_eq!(old == new, !name.starts_with("output.weight") && !name.starts_with("output.bias"), "{name}");
    }
    assert_eq!(classes.outputs(), 3);
}

/// A row of `tests/vectors/sequences.json`.
#[derive(serde::Deserialize)]
struct Row {
    shape: Shape,
    entries: Vec<(String, Vec<usize>)>,
    outputs: Vec<f32>,
    gradient: Vec<f32>,
}

#[test]
fn outputs_and_gradients_are_those_of_jax() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sequences.json");
    let rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(rows.len(), 6);
    for Row { shape, entries, outputs, gradient } in rows {
        let mut network = Network::new(&shape, &mut stream(1, "vectors"));
        let own: Vec<(String, Vec<usize>)> =
            network.weights.entries().map(|(name, shape, _)| (name.to_owned(), shape.to_vec())).collect();
        assert_eq!(own, entries);
        let values = network.weights.values.iter_mut().enumerate();
        values.for_each(|(at, weight)| *weight = (0.4 * (0.37 * at as f64 + 0.1).sin()) as f32);
        let said = network.forward(Batch::Tokens(&batch(&sequences())), None).to_vec();
        assert_eq!(said.len(), outputs.len());
        for (said, expected) in said.iter().zip(&outputs) {
            assert!((said - expected).abs() < 1e-4 * expected.abs().max(1.0), "{shape:?}: {said} {expected}");
        }
        let given: Vec<f32> = (0..said.len()).map(|at| (0.9 * at as f64).sin() as f32).collect();
        let mut found = vec![0.0; gradient.len()];
        network.backward(&given, &mut found);
        let largest = gradient.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        for (at, (found, expected)) in found.iter().zip(&gradient).enumerate() {
            assert!((found - expected).abs() < 1e-4 * largest, "{shape:?} {at}: {found} {expected}");
        }
    }
}

//! What tests of all files share: networks of every kind and what they answer.

use super::*;
use crate::{
    nets::{Activation, Batch, Head, LstmShape, Network, Shape, TransformerShape},
    random::stream,
    tasks::{Input, Output},
    tokens::{Token, TokenBatch},
};

/// A network of every kind, with its name.
pub fn kinds() -> Vec<(&'static str, Shape)> {
    let transformer = |causal, activation, head| {
        let (width, layers, heads, hidden, context, dropout) = (8, 2, 2, 12, 9, 0.1);
        let sizes = TransformerShape { width, layers, heads, hidden, context, dropout, activation, causal };
        Shape::Transformer(sizes, 7, head)
    };
    let lstm = |bidirectional, head| Shape::Lstm(LstmShape { embedding: 5, hidden: 6, bidirectional }, 7, head);
    let (pooled, each) = (Head::Pooled(3), Head::EachToken(7));
    vec![
        ("encoder", transformer(false, Activation::Gelu, pooled)),
        ("language model", transformer(true, Activation::Gelu, each)),
        ("masked words", transformer(false, Activation::Relu, each)),
        ("causal pooled", transformer(true, Activation::Relu, pooled)),
        ("lstm", lstm(false, each)),
        ("lstm pooled", lstm(false, pooled)),
        ("bilstm", lstm(true, pooled)),
        ("bilstm each", lstm(true, each)),
        ("perceptron", Shape::Perceptron(4, vec![6, 5], 2)),
        ("linear", Shape::Perceptron(3, vec![], 2)),
    ]
}

/// A signature of networks of a shape.
pub fn signature_of(shape: &Shape) -> Signature {
    let names = |count| (0..count).map(|index| format!("name {index}")).collect::<Vec<String>>();
    let (input, output) = match shape {
        Shape::Transformer(_, vocabulary, head) | Shape::Lstm(_, vocabulary, head) => {
            let output = match head {
                Head::Pooled(outputs) => Output::Classes(names(*outputs)),
                Head::EachToken(_) => Output::NextToken,
            };
            (Input::Tokens { length: 9, vocabulary: names(*vocabulary) }, output)
        }
        Shape::Perceptron(inputs, _, outputs) => (Input::Numbers(names(*inputs)), Output::Numbers(names(*outputs))),
    };
    Signature { task: "test".into(), input, output, input_scaling: Vec::new(), output_scaling: Vec::new() }
}

/// A network none of whose weights is as it would begin.
pub fn network(shape: &Shape) -> Network {
    let mut stream = stream(5, "export");
    let mut network = Network::new(shape, &mut stream);
    network.weights.values.iter_mut().for_each(|weight| *weight = 0.4 * stream.normal());
    network
}

/// What a network says of some sequences or numbers.
pub fn answers(network: &mut Network) -> Vec<f32> {
    let sequences: [&[Token]; 4] = [&[1, 2, 3], &[4], &[5, 6, 0, 1, 2, 3, 4, 5], &[2, 2]];
    let numbers: Vec<f32> = (0..24).map(|index| (index as f32 * 0.7).sin()).collect();
    match network.shape() {
        Shape::Perceptron(..) => network.forward(Batch::Numbers(&numbers), None).to_vec(),
        _ => network.forward(Batch::Tokens(&TokenBatch::new(sequences)), None).to_vec(),
    }
}

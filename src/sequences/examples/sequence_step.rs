//! Times a training step: `cargo run --release -p retort-sequences --example sequence_step`.

use std::time::Instant;

use retort_kernels::cross_entropy;
use retort_sequences::{
    nets::{Activation, Batch, Head, LstmShape, Network, Shape, TransformerShape},
    optimizer::Optimizer,
    random::stream,
    tokens::{Token, TokenBatch},
};

/// The mean time of a step, in milliseconds, over so many.
fn time(shape: &Shape, vocabulary: usize, lengths: &[usize], each_token: bool, steps: u32) -> f64 {
    let mut stream = stream(1, "step");
    let mut network = Network::new(shape, &mut stream);
    let sequences: Vec<Vec<Token>> =
        lengths.iter().map(|&length| (0..length).map(|_| stream.below(vocabulary) as Token).collect()).collect();
    let batch = TokenBatch::new(sequences.iter().map(Vec::as_slice));
    let outputs = network.outputs();
    let rows = if each_token { batch.tokens().len() } else { batch.sequences() };
    let mut targets = vec![0.0; rows * outputs];
    targets.chunks_exact_mut(outputs).for_each(|row| row[stream.below(outputs)] = 1.0);
    let mut optimizer = Optimizer::new(network.weights.count());
    let mut gradients = vec![0.0; network.weights.count()];
    let mut of_outputs = vec![0.0; targets.len()];
    let mut step = || {
        let said = network.forward(Batch::Tokens(&batch), None);
        cross_entropy(said, &targets, outputs, 1.0 / rows as f32, &mut of_outputs);
        gradients.fill(0.0);
        network.backward(&of_outputs, &mut gradients);
        optimizer.step(1e-3, &mut network.weights.values, &mut gradients);
    };
    step();
    let start = Instant::now();
    (0..steps).for_each(|_| step());
    start.elapsed().as_secs_f64() * 1e3 / f64::from(steps)
}

fn main() {
    let transformer = |width, layers, hidden, context, causal| TransformerShape {
        width,
        layers,
        heads: 4,
        hidden,
        context,
        dropout: 0.0,
        activation: Activation::Gelu,
        causal,
    };
    let lstm = |embedding, hidden, bidirectional| LstmShape { embedding, hidden, bidirectional };
    let sentences: Vec<usize> = (0..64).map(|at| 6 + at * 7 % 15).collect();
    let names: Vec<usize> = (0..64).map(|at| 4 + at * 5 % 10).collect();
    let rows: [(&str, Shape, usize, &[usize], bool); 5] = [
        (
            "language model, width 96, context 64, batch 16",
            Shape::Transformer(transformer(96, 3, 384, 64, true), 128, Head::EachToken(128)),
            128,
            &[64; 16],
            true,
        ),
        (
            "opinions: Transformer, width 32, batch 64",
            Shape::Transformer(transformer(32, 2, 64, 28, false), 50, Head::Pooled(3)),
            50,
            &sentences,
            false,
        ),
        (
            "opinions: BiLSTM 16/16, batch 64",
            Shape::Lstm(lstm(16, 16, true), 50, Head::Pooled(3)),
            50,
            &sentences,
            false,
        ),
        (
            "names: Transformer, width 48, batch 64",
            Shape::Transformer(transformer(48, 2, 96, 16, true), 29, Head::EachToken(29)),
            29,
            &names,
            true,
        ),
        ("names: LSTM 12/16, batch 64", Shape::Lstm(lstm(12, 16, false), 29, Head::EachToken(29)), 29, &names, true),
    ];
    for (name, shape, vocabulary, lengths, each_token) in rows {
        let count = Network::new(&shape, &mut stream(1, "count")).weights.count();
        let steps = if count > 100_000 { 20 } else { 200 };
        let best = (0..3).map(|_| time(&shape, vocabulary, lengths, each_token, steps)).fold(f64::INFINITY, f64::min);
        println!("{name}: {count} parameters, {best:.2} ms a step");
    }
}

//! A network of any kind, with its weights.

use super::{
    lstm::{Lstm, LstmState},
    perceptron::Perceptron,
    shape::{Head, Shape},
    transformer::Transformer,
};
use crate::{
    random::Stream,
    tokens::{Token, TokenBatch},
    weights::Weights,
};

/// What a network is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Batch<'a> {
    /// Sequences of tokens.
    Tokens(&'a TokenBatch),
    /// Rows of numbers, `[rows, features]`.
    Numbers(&'a [f32]),
}

#[derive(Debug)]
enum Body {
    Transformer(Box<Transformer>),
    Lstm(Box<Lstm>),
    Perceptron(Perceptron),
}

/// A network.
#[derive(Debug)]
pub struct Network {
    shape: Shape,
    /// Its weights.
    pub weights: Weights,
    body: Body,
}

impl Network {
    /// A network whose weights are drawn from a stream.
    pub fn new(shape: &Shape, stream: &mut Stream) -> Self {
        let mut weights = Weights::default();
        let body = match shape {
            Shape::Transformer(sizes, vocabulary, head) => {
                Body::Transformer(Box::new(Transformer::new(*sizes, *vocabulary, *head, &mut weights, stream)))
            }
            Shape::Lstm(sizes, vocabulary, head) => {
                Body::Lstm(Box::new(Lstm::new(*sizes, *vocabulary, *head, &mut weights, stream)))
            }
            Shape::Perceptron(inputs, hidden, outputs) => {
                let sizes: Vec<usize> = [*inputs].into_iter().chain(hidden.iter().copied()).chain([*outputs]).collect();
                Body::Perceptron(Perceptron::new(&sizes, &mut weights, stream))
            }
        };
        Self { shape: shape.clone(), weights, body }
    }

    /// Another one of the same shape and weights.
    pub fn copy(&self) -> Self {
        // Its drawn weights are written over.
        let mut copy = Self::new(&self.shape, &mut crate::random::stream(0, "copy"));
        copy.weights.values.clone_from(&self.weights.values);
        copy
    }

    /// Its kind and sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Numbers of a row that comes out.
    pub fn outputs(&self) -> usize {
        match &self.shape {
            Shape::Transformer(_, _, head) | Shape::Lstm(_, _, head) => head.outputs(),
            Shape::Perceptron(_, _, outputs) => *outputs,
        }
    }

    /// What it says of a batch, a row for each sequence, token or row of numbers. A random stream makes it drop
    /// numbers, as in training. It says nothing of what it cannot read.
    pub fn forward(&mut self, batch: Batch<'_>, stream: Option<&mut Stream>) -> &[f32] {
        let weights = &self.weights.values;
        match (&mut self.body, batch) {
            (Body::Transformer(body), Batch::Tokens(batch)) => body.forward(weights, batch, stream),
            (Body::Lstm(body), Batch::Tokens(batch)) => body.forward(weights, batch),
            (Body::Perceptron(body), Batch::Numbers(numbers)) => body.forward(weights, numbers),
            _ => &[],
        }
    }

    /// Adds to `gradients`, as long as its weights, those of all weights, from the gradient of what it said last.
    pub fn backward(&mut self, of_outputs: &[f32], gradients: &mut [f32]) {
        let weights = &self.weights.values;
        match &mut self.body {
            Body::Transformer(body) => body.backward(weights, of_outputs, gradients),
            Body::Lstm(body) => body.backward(weights, of_outputs, gradients),
            Body::Perceptron(body) => body.backward(weights, of_outputs, gradients),
        }
    }

    /// What each token took from each other when it was asked last: for each block and head a square, row by row.
    /// Networks without attention have none.
    pub fn attention_maps(&self, sequence: usize) -> Vec<Vec<Vec<f32>>> {
        match &self.body {
            Body::Transformer(body) => body.attention_maps(sequence),
            _ => Vec::new(),
        }
    }

    /// What it says behind the last token of each sequence, `[sequences, outputs]`, where `state` knows of all tokens
    /// but these. A state that was begun with another network means nothing.
    pub fn advance(&mut self, state: &mut WriterState, tokens: &[Token]) -> Vec<f32> {
        state.written.resize(tokens.len(), Vec::new());
        state.written.iter_mut().zip(tokens).for_each(|(written, &token)| written.push(token));
        if let Body::Lstm(body) = &mut self.body {
            return body.advance(&self.weights.values, &mut state.lstm, tokens).to_vec();
        }
        let batch = TokenBatch::new(state.written.iter().map(Vec::as_slice));
        let outputs = self.outputs();
        let all = self.forward(Batch::Tokens(&batch), None);
        if all.is_empty() {
            return Vec::new();
        }
        batch.ranges().flat_map(|range| all[(range.end - 1) * outputs..][..outputs].iter().copied()).collect()
    }

    /// A network that says another thing of the same: all its weights but the last layer's, which is drawn anew. What
    /// predicts masked words becomes what classifies.
    pub fn with_head(&self, head: Head, stream: &mut Stream) -> Self {
        let shape = match self.shape.clone() {
            Shape::Transformer(sizes, vocabulary, _) => Shape::Transformer(sizes, vocabulary, head),
            Shape::Lstm(sizes, vocabulary, _) => Shape::Lstm(sizes, vocabulary, head),
            other => other,
        };
        let mut network = Self::new(&shape, stream);
        for (name, _, numbers) in self.weights.entries().filter(|(name, ..)| !name.starts_with("output.")) {
            if let Some(to) = network.weights.get_mut(name) {
                to.copy_from_slice(numbers);
            }
        }
        network
    }
}

/// What a network keeps of sequences while it writes them.
#[derive(Debug, Clone, Default)]
pub struct WriterState {
    written: Vec<Vec<Token>>,
    lstm: LstmState,
}

impl WriterState {
    /// Keeps only these of the sequences: the others have ended.
    pub fn retain(&mut self, kept: &[usize]) {
        self.written = kept.iter().map(|&index| self.written[index].clone()).collect();
        self.lstm.retain(kept);
    }
}

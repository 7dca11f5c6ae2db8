//! What a network is like: kinds and sizes.

use serde::{Deserialize, Serialize};

/// What bends the hidden layer of a Transformer's block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// GELU, approximated by a hyperbolic tangent (Hendrycks & Gimpel 2016).
    Gelu,
    /// ReLU.
    Relu,
}

/// What comes out of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Head {
    /// So many numbers a sequence.
    Pooled(usize),
    /// So many numbers a token.
    EachToken(usize),
}

impl Head {
    /// Numbers of a row that comes out.
    pub fn outputs(self) -> usize {
        match self {
            Self::Pooled(outputs) | Self::EachToken(outputs) => outputs,
        }
    }
}

/// The sizes of a Transformer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TransformerShape {
    /// Numbers of a token, a multiple of `heads`.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Units of each block's hidden layer.
    pub hidden: usize,
    /// Tokens of a sequence, at most.
    pub context: usize,
    /// The probability with which a number is dropped in training.
    pub dropout: f32,
    /// What bends the hidden layers.
    pub activation: Activation,
    /// Whether a token sees none behind it.
    pub causal: bool,
}

/// The sizes of a long short-term memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LstmShape {
    /// Numbers of a token.
    pub embedding: usize,
    /// Cells a direction.
    pub hidden: usize,
    /// Whether it also reads from the end.
    pub bidirectional: bool,
}

/// A network's kind and sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// A Transformer over tokens of a vocabulary.
    Transformer(TransformerShape, usize, Head),
    /// A long short-term memory over tokens of a vocabulary.
    Lstm(LstmShape, usize, Head),
    /// Dense layers with ReLU between them: numbers that go in, units of each hidden layer, numbers that come out.
    Perceptron(usize, Vec<usize>, usize),
}

impl Shape {
    /// About how long it takes to ask a network about one token, or one row: in multiply–adds of a Transformer.
    pub fn cost(&self) -> f64 {
        /// Products of a step are small, and gates are exponentials.
        const OF_GATES: f64 = 1.4;
        let each = |head: &Head, width: usize| match head {
            Head::Pooled(_) => 0.0,
            Head::EachToken(outputs) => (outputs * width) as f64,
        };
        match self {
            Self::Transformer(shape, _, head) => {
                let &TransformerShape { width, layers, hidden, context, .. } = shape;
                // Sequences are about half as long as they may be.
                let block = 4 * width * width + 2 * width * hidden + width * context;
                (layers * block) as f64 + each(head, width)
            }
            Self::Lstm(LstmShape { embedding, hidden, bidirectional }, _, head) => {
                let directions = 1 + usize::from(*bidirectional);
                let gates = (4 * hidden * (embedding + hidden) * directions) as f64;
                OF_GATES * gates + each(head, hidden * directions)
            }
            Self::Perceptron(inputs, hidden, outputs) => {
                let sides: Vec<usize> = [*inputs].into_iter().chain(hidden.iter().copied()).chain([*outputs]).collect();
                sides.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>() as f64
            }
        }
    }
}

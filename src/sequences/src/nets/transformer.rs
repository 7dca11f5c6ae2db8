//! A Transformer (Vaswani et al. 2017) with layer normalization in front of each part (Xiong et al. 2020, figure 1b)
//! and learned positions: an encoder whose mean over a sequence's tokens is classified, or a network that predicts at
//! each token, with or without a look at later ones.

use retort_kernels::{add_assign, gelu, multiply, relu_backward, relu_forward, scale};

use super::{
    attention::{Attended, Attention, HeadRoom},
    dropout::DropoutMask,
    embedding::Embedding,
    layer_norm::{LayerNorm, Normalized},
    linear::Linear,
    products::{Products, zeros},
    shape::{Activation, Head, TransformerShape},
};
use crate::{
    random::Stream,
    tokens::{Token, TokenBatch},
    weights::{Start, Weights},
};

/// The standard deviation with which embeddings begin (that of GPT-2, Radford et al. 2019).
const EMBEDDING_DEVIATION: f32 = 0.02;

/// One block: attention, then two linear layers, each beside a connection around it.
#[derive(Debug, Clone, Copy)]
struct Block {
    before_attention: LayerNorm,
    attention: Attention,
    before_dense: LayerNorm,
    widen: Linear,
    narrow: Linear,
}

/// What a block's gradient needs.
#[derive(Debug, Clone, Default)]
struct BlockTrace {
    before_attention: Normalized,
    attended: Attended,
    attended_mask: DropoutMask,
    before_dense: Normalized,
    /// With GELU its derivative, once it was applied.
    widened: Vec<f32>,
    activated: Vec<f32>,
    narrowed: Vec<f32>,
    narrowed_mask: DropoutMask,
}

/// A Transformer and what it computed last.
#[derive(Debug)]
pub struct Transformer {
    shape: TransformerShape,
    head: Head,
    tokens: Embedding,
    positions: Embedding,
    blocks: Vec<Block>,
    last: LayerNorm,
    output: Linear,
    // What was computed.
    batch: TokenBatch,
    mask: DropoutMask,
    stream: Vec<f32>,
    traces: Vec<BlockTrace>,
    normalized: Normalized,
    pooled: Vec<f32>,
    outputs: Vec<f32>,
    // Room.
    products: Products,
    room: HeadRoom,
}

impl Transformer {
    /// Adds its weights.
    pub fn new(
        shape: TransformerShape,
        vocabulary: usize,
        head: Head,
        weights: &mut Weights,
        stream: &mut Stream,
    ) -> Self {
        let TransformerShape { width, heads, hidden, context, .. } = shape;
        let start = Start::Normal(EMBEDDING_DEVIATION);
        let tokens = Embedding::new("tokens", [vocabulary, width], start, weights, stream);
        let positions = Embedding::new("positions", [context, width], start, weights, stream);
        let blocks: Vec<Block> = (0..shape.layers)
            .map(|index| {
                let name = |part: &str| format!("block-{index}.{part}");
                Block {
                    before_attention: LayerNorm::new(&name("before-attention"), width, weights, stream),
                    attention: Attention::new(&name("attention"), [width, heads], shape.causal, weights, stream),
                    before_dense: LayerNorm::new(&name("before-dense"), width, weights, stream),
                    widen: Linear::new(&name("widen"), [width, hidden], weights, stream),
                    narrow: Linear::new(&name("narrow"), [hidden, width], weights, stream),
                }
            })
            .collect();
        let last = LayerNorm::new("last", width, weights, stream);
        let output = Linear::new("output", [width, head.outputs()], weights, stream);
        Self {
            shape,
            head,
            tokens,
            positions,
            traces: vec![BlockTrace::default(); blocks.len()],
            blocks,
            last,
            output,
            batch: TokenBatch::default(),
            mask: DropoutMask::default(),
            stream: Vec::new(),
            normalized: Normalized::default(),
            pooled: Vec::new(),
            outputs: Vec::new(),
            products: Products::default(),
            room: HeadRoom::default(),
        }
    }

    /// What it says of a batch: `[sequences, outputs]` if its head pools, else `[tokens, outputs]`. A random stream
    /// makes it drop numbers, as in training.
    pub fn forward(&mut self, weights: &[f32], batch: &TokenBatch, mut stream: Option<&mut Stream>) -> &[f32] {
        let TransformerShape { width, context, dropout, activation, .. } = self.shape;
        self.batch = batch.clone();
        zeros(&mut self.stream, batch.tokens().len() * width);
        let x = &mut self.stream;
        self.tokens.add(weights, indices(batch.tokens()), x);
        // Behind the last position there is no other: whoever makes batches keeps to the context.
        self.positions.add(weights, batch.positions().map(|position| position.min(context - 1)), x);
        self.mask.draw(x, dropout, stream.as_deref_mut());
        for (block, trace) in self.blocks.iter().zip(&mut self.traces) {
            block.before_attention.forward(weights, x, &mut trace.before_attention);
            let inputs = (batch, &trace.before_attention.outputs[..]);
            block.attention.forward(weights, &mut self.room, inputs, &mut trace.attended);
            trace.attended_mask.draw(&mut trace.attended.outputs, dropout, stream.as_deref_mut());
            add_assign(x, &trace.attended.outputs);
            block.before_dense.forward(weights, x, &mut trace.before_dense);
            let products = &mut self.products;
            block.widen.forward(weights, products, &trace.before_dense.outputs, &mut trace.widened);
            trace.activated.resize(trace.widened.len(), 0.0);
            match activation {
                Activation::Gelu => gelu(&mut trace.widened, &mut trace.activated),
                Activation::Relu => {
                    trace.activated.copy_from_slice(&trace.widened);
                    relu_forward(&mut trace.activated);
                }
            }
            block.narrow.forward(weights, products, &trace.activated, &mut trace.narrowed);
            trace.narrowed_mask.draw(&mut trace.narrowed, dropout, stream.as_deref_mut());
            add_assign(x, &trace.narrowed);
        }
        self.last.forward(weights, x, &mut self.normalized);
        let features = match self.head {
            Head::Pooled(_) => {
                zeros(&mut self.pooled, batch.sequences() * width);
                for (range, pooled) in batch.ranges().zip(self.pooled.chunks_exact_mut(width)) {
                    let count = range.len();
                    range.for_each(|row| add_assign(pooled, &self.normalized.outputs[row * width..][..width]));
                    scale(pooled, 1.0 / count as f32);
                }
                &self.pooled
            }
            Head::EachToken(_) => &self.normalized.outputs,
        };
        self.output.forward(weights, &mut self.products, features, &mut self.outputs);
        &self.outputs
    }

    /// Adds to `gradients` those of all weights, from the gradient of what it said last.
    pub fn backward(&mut self, weights: &[f32], of_outputs: &[f32], gradients: &mut [f32]) {
        let width = self.shape.width;
        let (batch, products, room) = (&self.batch, &mut self.products, &mut self.room);
        let count = batch.tokens().len() * width;
        let mut of_normalized = vec![0.0; count];
        match self.head {
            Head::Pooled(_) => {
                let mut of_pooled = vec![0.0; self.pooled.len()];
                let given = [&self.pooled[..], of_outputs];
                self.output.backward(weights, products, given, gradients, Some(&mut of_pooled));
                for (range, of_pooled) in batch.ranges().zip(of_pooled.chunks_exact_mut(width)) {
                    scale(of_pooled, 1.0 / range.len() as f32);
                    range.for_each(|row| add_assign(&mut of_normalized[row * width..][..width], of_pooled));
                }
            }
            Head::EachToken(_) => {
                let given = [&self.normalized.outputs[..], of_outputs];
                self.output.backward(weights, products, given, gradients, Some(&mut of_normalized));
            }
        }
        // The gradient of what goes around all blocks; each block adds its own.
        let mut gradient = vec![0.0; count];
        self.last.backward(weights, &self.normalized, &of_normalized, gradients, &mut gradient);
        let (mut of_part, mut of_normal, mut of_hidden) = (Vec::new(), of_normalized, Vec::new());
        for (block, trace) in self.blocks.iter().zip(&self.traces).rev() {
            of_part.clone_from(&gradient);
            trace.narrowed_mask.apply(&mut of_part);
            zeros(&mut of_hidden, trace.activated.len());
            block.narrow.backward(weights, products, [&trace.activated, &of_part], gradients, Some(&mut of_hidden));
            match self.shape.activation {
                Activation::Gelu => multiply(&mut of_hidden, &trace.widened),
                Activation::Relu => relu_backward(&mut of_hidden, &trace.activated, 1.0),
            }
            zeros(&mut of_normal, count);
            let given = [&trace.before_dense.outputs[..], &of_hidden];
            block.widen.backward(weights, products, given, gradients, Some(&mut of_normal));
            block.before_dense.backward(weights, &trace.before_dense, &of_normal, gradients, &mut gradient);
            of_part.clone_from(&gradient);
            trace.attended_mask.apply(&mut of_part);
            zeros(&mut of_normal, count);
            let given = (batch, &trace.before_attention.outputs[..], &trace.attended);
            block.attention.backward(weights, room, given, &of_part, gradients, &mut of_normal);
            block.before_attention.backward(weights, &trace.before_attention, &of_normal, gradients, &mut gradient);
        }
        self.mask.apply(&mut gradient);
        self.tokens.backward(indices(batch.tokens()), &gradient, gradients);
        let positions = batch.positions().map(|position| position.min(self.shape.context - 1));
        self.positions.backward(positions, &gradient, gradients);
    }

    /// What each token took from each other when it was asked last: a square for each block and head of this sequence.
    pub fn attention_maps(&self, sequence: usize) -> Vec<Vec<Vec<f32>>> {
        let squares = || self.batch.ranges().map(|range| range.len() * range.len());
        let from: usize = squares().take(sequence).sum();
        let Some(square) = squares().nth(sequence) else { return Vec::new() };
        let heads = self.shape.heads;
        let of = |trace: &BlockTrace| -> Vec<Vec<f32>> {
            (0..heads).map(|head| trace.attended.maps[heads * from + head * square..][..square].to_vec()).collect()
        };
        self.traces.iter().map(of).collect()
    }
}

/// Tokens as indices.
pub fn indices(tokens: &[Token]) -> impl Iterator<Item = usize> + '_ {
    tokens.iter().map(|&token| usize::from(token))
}

//! Multi-head self-attention (Vaswani et al. 2017, section 3.2): each sequence attends to itself.

use std::ops::Range;

use retort_kernels::{AttentionHead, AttentionRoom, attention_backward, attention_forward};

use super::{
    linear::Linear,
    products::{Products, zeros},
};
use crate::{random::Stream, tokens::TokenBatch, weights::Weights};

/// Self-attention.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Queries, keys and values, `[width, 3 · width]`.
    project: Linear,
    output: Linear,
    width: usize,
    heads: usize,
    /// Whether a token sees the tokens behind it.
    causal: bool,
}

/// What its gradient needs.
#[derive(Debug, Clone, Default)]
pub struct Attended {
    /// `[tokens, 3 · width]`.
    projected: Vec<f32>,
    /// For each sequence and head a square: what each token, a row, takes of each other.
    pub maps: Vec<f32>,
    /// `[tokens, width]`.
    mixed: Vec<f32>,
    /// What comes out, `[tokens, width]`.
    pub outputs: Vec<f32>,
}

/// Room for a head and for products.
#[derive(Debug, Default)]
pub struct HeadRoom {
    products: Products,
    head: AttentionRoom,
    of_projected: Vec<f32>,
    of_mixed: Vec<f32>,
}

impl Attention {
    /// Adds its weights under `name.project` and `name.output`; `heads` divides `width`.
    pub fn new(
        name: &str,
        [width, heads]: [usize; 2],
        causal: bool,
        weights: &mut Weights,
        stream: &mut Stream,
    ) -> Self {
        let project = Linear::new(&format!("{name}.project"), [width, 3 * width], weights, stream);
        let output = Linear::new(&format!("{name}.output"), [width, width], weights, stream);
        Self { project, output, width, heads, causal }
    }

    /// Each head of each sequence, the sequence's tokens, and where its map begins.
    fn each(&self, batch: &TokenBatch) -> impl Iterator<Item = (AttentionHead, Range<usize>, usize)> + use<> {
        let (heads, mut at) = (self.heads, 0);
        let own = self.width / heads;
        let head = AttentionHead { width: self.width, column: 0, own, causal: self.causal };
        let ranges: Vec<Range<usize>> = batch.ranges().collect();
        ranges.into_iter().flat_map(move |range| {
            let (first, square) = (at, range.len() * range.len());
            at += heads * square;
            (0..heads).map(move |index| {
                (AttentionHead { column: index * own, ..head }, range.clone(), first + index * square)
            })
        })
    }

    /// What each token takes from the others.
    ///
    /// # Shapes
    /// `inputs`: `[tokens, width]`.
    pub fn forward(
        &self,
        weights: &[f32],
        room: &mut HeadRoom,
        (batch, inputs): (&TokenBatch, &[f32]),
        to: &mut Attended,
    ) {
        self.project.forward(weights, &mut room.products, inputs, &mut to.projected);
        to.maps.resize(batch.ranges().map(|range| self.heads * range.len() * range.len()).sum(), 0.0);
        to.mixed.resize(inputs.len(), 0.0);
        for (head, range, first) in self.each(batch) {
            let map = &mut to.maps[first..first + range.len() * range.len()];
            let mixed = &mut to.mixed[range.start * self.width..range.end * self.width];
            attention_forward(head, rows(&to.projected, &range, 3 * self.width), &mut room.head, map, mixed);
        }
        self.output.forward(weights, &mut room.products, &to.mixed, &mut to.outputs);
    }

    /// Adds the gradients of all weights to `gradients`, and that of the inputs to `of_inputs`.
    ///
    /// # Shapes
    /// `inputs`, `of_outputs`, `of_inputs`: `[tokens, width]`.
    pub fn backward(
        &self,
        weights: &[f32],
        room: &mut HeadRoom,
        (batch, inputs, kept): (&TokenBatch, &[f32], &Attended),
        of_outputs: &[f32],
        gradients: &mut [f32],
        of_inputs: &mut [f32],
    ) {
        let HeadRoom { products, head: head_room, of_projected, of_mixed } = room;
        zeros(of_mixed, inputs.len());
        self.output.backward(weights, products, [&kept.mixed, of_outputs], gradients, Some(of_mixed));
        of_projected.resize(3 * inputs.len(), 0.0);
        for (head, range, first) in self.each(batch) {
            let map = &kept.maps[first..first + range.len() * range.len()];
            let seen = (rows(&kept.projected, &range, 3 * self.width), map);
            let to = &mut of_projected[range.start * 3 * self.width..range.end * 3 * self.width];
            attention_backward(head, seen, head_room, rows(of_mixed, &range, self.width), to);
        }
        self.project.backward(weights, products, [inputs, of_projected], gradients, Some(of_inputs));
    }
}

/// Some rows of so many columns.
fn rows<'a>(numbers: &'a [f32], range: &Range<usize>, columns: usize) -> &'a [f32] {
    &numbers[range.start * columns..range.end * columns]
}

//! Multi-head self-attention (Vaswani et al. 2017, section 3.2): each sequence attends to itself.

use std::ops::Range;

use retort_kernels::{Rhs, softmax_backward, softmax_rows};

use super::{
    linear::Linear,
    products::{Products, with_columns, zeros},
};
use crate::{random::Stream, tokens::TokenBatch, weights::Weights};

/// A score that a softmax makes zero.
const SHUT_OUT: f32 = -1e30;

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

/// Room for one head of one sequence.
#[derive(Debug, Default)]
pub struct HeadRoom {
    products: Products,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    mixed: Vec<f32>,
    of_map: Vec<f32>,
    of_part: Vec<f32>,
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

    fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// Each head of each sequence: its tokens, its first column, and where its map begins.
    fn each(&self, batch: &TokenBatch) -> impl Iterator<Item = (Range<usize>, usize, usize)> + use<> {
        let (heads, width, mut at) = (self.heads, self.head_width(), 0);
        let ranges: Vec<Range<usize>> = batch.ranges().collect();
        ranges.into_iter().flat_map(move |range| {
            let first = at;
            at += heads * range.len() * range.len();
            (0..heads).map(move |head| {
                let square = range.len() * range.len();
                (range.clone(), head * width, first + head * square)
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
        zeros(&mut to.maps, batch.ranges().map(|range| self.heads * range.len() * range.len()).sum());
        to.mixed.resize(inputs.len(), 0.0);
        let width = self.head_width();
        let scale = 1.0 / (width as f32).sqrt();
        for (range, column, first) in self.each(batch) {
            let length = range.len();
            self.gather(&to.projected, &range, column, room);
            let map = &mut to.maps[first..first + length * length];
            room.queries.iter_mut().for_each(|query| *query *= scale);
            let keys = with_columns(&room.keys, width).transposed();
            room.products.add(map, with_columns(&room.queries, width), Rhs::Plain(keys));
            if self.causal {
                for (row, scores) in map.chunks_exact_mut(length).enumerate() {
                    scores[row + 1..].fill(SHUT_OUT);
                }
            }
            softmax_rows(map, length, 1.0);
            zeros(&mut room.mixed, length * width);
            let values = Rhs::Plain(with_columns(&room.values, width));
            room.products.add(&mut room.mixed, with_columns(map, length), values);
            for (row, mixed) in range.zip(room.mixed.chunks_exact(width)) {
                to.mixed[row * self.width + column..][..width].copy_from_slice(mixed);
            }
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
        let mut of_mixed = std::mem::take(&mut room.of_mixed);
        let mut of_projected = std::mem::take(&mut room.of_projected);
        zeros(&mut of_mixed, inputs.len());
        self.output.backward(weights, &mut room.products, [&kept.mixed, of_outputs], gradients, Some(&mut of_mixed));
        of_projected.resize(3 * inputs.len(), 0.0);
        let width = self.head_width();
        let scale = 1.0 / (width as f32).sqrt();
        for (range, column, first) in self.each(batch) {
            let length = range.len();
            self.gather(&kept.projected, &range, column, room);
            let map = with_columns(&kept.maps[first..first + length * length], length);
            room.mixed.clear();
            for row in range.clone() {
                room.mixed.extend_from_slice(&of_mixed[row * self.width + column..][..width]);
            }
            let of_mixed = with_columns(&room.mixed, width);
            zeros(&mut room.of_map, length * length);
            let values = with_columns(&room.values, width).transposed();
            room.products.add(&mut room.of_map, of_mixed, Rhs::Plain(values));
            softmax_backward(&mut room.of_map, &kept.maps[first..first + length * length], length, scale);
            let of_map = with_columns(&room.of_map, length);
            let parts = [
                (of_map, with_columns(&room.keys, width)),
                (of_map.transposed(), with_columns(&room.queries, width)),
                (map.transposed(), of_mixed),
            ];
            for (part, (left, right)) in parts.into_iter().enumerate() {
                zeros(&mut room.of_part, length * width);
                room.products.add(&mut room.of_part, left, Rhs::Plain(right));
                for (row, numbers) in range.clone().zip(room.of_part.chunks_exact(width)) {
                    let at = row * 3 * self.width + part * self.width + column;
                    of_projected[at..at + width].copy_from_slice(numbers);
                }
            }
        }
        self.project.backward(weights, &mut room.products, [inputs, &of_projected], gradients, Some(of_inputs));
        (room.of_mixed, room.of_projected) = (of_mixed, of_projected);
    }

    /// Queries, keys and values of one head of one sequence, each `[length, width of a head]`.
    fn gather(&self, projected: &[f32], range: &Range<usize>, column: usize, room: &mut HeadRoom) {
        let width = self.head_width();
        for (part, to) in [&mut room.queries, &mut room.keys, &mut room.values].into_iter().enumerate() {
            to.clear();
            for row in range.clone() {
                to.extend_from_slice(&projected[row * 3 * self.width + part * self.width + column..][..width]);
            }
        }
    }
}

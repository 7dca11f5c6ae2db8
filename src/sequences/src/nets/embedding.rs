//! An embedding: a row of numbers for each token of a vocabulary, or for each position.

use retort_kernels::add_assign;

use crate::{
    random::Stream,
    weights::{Slot, Start, Weights},
};

/// A table of rows.
#[derive(Debug, Clone, Copy)]
pub struct Embedding {
    /// `[entries, width]`.
    table: Slot,
    width: usize,
}

impl Embedding {
    /// Adds its table under `name`.
    pub fn new(
        name: &str,
        [entries, width]: [usize; 2],
        start: Start,
        weights: &mut Weights,
        stream: &mut Stream,
    ) -> Self {
        Self { table: weights.add(name, &[entries, width], start, stream), width }
    }

    /// Adds the row of each index to the rows of `to`.
    ///
    /// # Shapes
    /// `to`: `[indices, width]`.
    pub fn add(&self, weights: &[f32], indices: impl Iterator<Item = usize>, to: &mut [f32]) {
        let table = self.table.of(weights);
        for (to, index) in to.chunks_exact_mut(self.width).zip(indices) {
            add_assign(to, &table[index * self.width..][..self.width]);
        }
    }

    /// Adds the gradient of each row to that of its entry.
    pub fn backward(&self, indices: impl Iterator<Item = usize>, gradient: &[f32], gradients: &mut [f32]) {
        let table = self.table.of_mut(gradients);
        for (gradient, index) in gradient.chunks_exact(self.width).zip(indices) {
            add_assign(&mut table[index * self.width..][..self.width], gradient);
        }
    }
}

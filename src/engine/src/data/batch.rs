//! The order in which examples are trained on.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::random;

/// An endless stream of batches over some rows: shuffled passes one after another, every batch full, so that every
/// step has the same shape and each row comes up equally often.
#[derive(Debug, Clone)]
pub struct Batches {
    rows: Vec<u32>,
    next: usize,
    generator: ChaCha8Rng,
}

impl Batches {
    /// The stream over `rows` that belongs to this seed and purpose.
    pub fn new(rows: Vec<u32>, seed: u32, purpose: &str) -> Self {
        let next = rows.len();
        Self { rows, next, generator: random::stream(seed, purpose) }
    }

    /// The next `size` rows; none if there are no rows at all.
    pub fn draw(&mut self, size: usize) -> Vec<u32> {
        let mut batch = Vec::with_capacity(size);
        while batch.len() < size && !self.rows.is_empty() {
            if self.next == self.rows.len() {
                self.rows.shuffle(&mut self.generator);
                self.next = 0;
            }
            let take = (size - batch.len()).min(self.rows.len() - self.next);
            batch.extend_from_slice(&self.rows[self.next..self.next + take]);
            self.next += take;
        }
        batch
    }
}

/// Steps of one epoch: as many as one pass over `examples` takes.
pub fn steps_per_epoch(examples: usize, batch: u32) -> u32 {
    (examples as u32).div_ceil(batch).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_visits_every_row_once() {
        let mut batches = Batches::new((0..10).collect(), 1, "test");
        let mut drawn: Vec<u32> = (0..5).flat_map(|_| batches.draw(4)).collect();
        assert_eq!(drawn.len(), 20);
        drawn.sort_unstable();
        assert!(drawn.chunks(2).enumerate().all(|(row, pair)| pair == [row as u32; 2]));
    }

    #[test]
    fn few_rows_fill_large_batches_and_none_give_none() {
        assert_eq!(Batches::new(vec![7], 1, "test").draw(3), [7, 7, 7]);
        assert!(Batches::new(vec![], 1, "test").draw(3).is_empty());
    }
}

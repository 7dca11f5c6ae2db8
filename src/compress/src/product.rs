//! Rows of small integers times a matrix of small integers, into 32 bits.

use crate::lanes::{self, Entry, Pairs};

/// Outputs that are summed at once: four vectors of four stay in registers, whatever the processor.
const TILE: usize = 4;

/// A matrix, laid out so that a pair of inputs meets a run of outputs: for every tile of up to 16 outputs, for every pair
/// of inputs, the pair's weights for each output.
#[derive(Debug, Clone)]
pub struct Packed {
    pairs: usize,
    quads: usize,
    weights: Vec<Pairs>,
}

/// What of a row is not zero: where each pair of numbers stands, and the pair.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    entries: Vec<Entry>,
    count: usize,
}

impl Packed {
    /// Packs a matrix whose rows and columns are made even numbers and multiples of four by zeros.
    ///
    /// # Shapes
    /// `weight(input, output)` for inputs below `rows` and outputs below `columns`.
    pub fn new(rows: usize, columns: usize, weight: &dyn Fn(usize, usize) -> i16) -> Self {
        let (pairs, quads) = (rows.div_ceil(2), columns.div_ceil(4));
        let at = |input: usize, output: usize| if input < rows && output < columns { weight(input, output) } else { 0 };
        let mut weights = Vec::with_capacity(pairs * quads);
        for first in (0..quads).step_by(TILE) {
            for pair in 0..pairs {
                for quad in first..quads.min(first + TILE) {
                    weights.push(lanes::pairs(std::array::from_fn(|i| at(2 * pair + i % 2, 4 * quad + i / 2))));
                }
            }
        }
        Self { pairs, quads, weights }
    }

    /// Outputs, a multiple of four.
    pub fn width(&self) -> usize {
        4 * self.quads
    }

    /// A row's products, `[width]`, are put into `sums`.
    pub fn multiply(&self, row: &Kept, sums: &mut [i32]) {
        let entries = &row.entries[..row.count];
        let mut weights = &self.weights[..];
        for sums in sums[..self.width()].chunks_mut(4 * TILE) {
            let (these, others) = weights.split_at(self.pairs * sums.len() / 4);
            sums.fill(0);
            match sums.len() {
                4 => tile::<4>(entries, these, sums),
                8 => tile::<8>(entries, these, sums),
                12 => tile::<12>(entries, these, sums),
                _ => tile::<16>(entries, these, sums),
            }
            weights = others;
        }
    }
}

fn tile<const WIDTH: usize>(entries: &[Entry], weights: &[Pairs], sums: &mut [i32]) {
    if let Some(sums) = sums.first_chunk_mut::<WIDTH>() {
        lanes::multiply_add(entries, weights, sums);
    }
}

impl Kept {
    /// Begins another row of up to this many pairs.
    pub fn clear(&mut self, pairs: usize) {
        // One more: the place that is written and not kept.
        if self.entries.len() <= pairs {
            self.entries.resize(pairs + 1, (0, [0; 2]));
        }
        self.count = 0;
    }

    /// Adds what follows in the row, the first pair of it being pair `first`.
    ///
    /// # Shapes
    /// `numbers`: an even number of them.
    pub fn extend(&mut self, first: usize, numbers: &[i16]) {
        for (place, &pair) in (first as u32..).zip(numbers.as_chunks::<2>().0) {
            // Written in any case and kept by moving on: a branch here would be mispredicted half the time.
            if let Some(entry) = self.entries.get_mut(self.count) {
                *entry = (place, pair);
            }
            self.count += usize::from(pair != [0; 2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;

    #[test]
    fn products_are_those_of_whole_numbers() {
        let mut generator = stream(1, "product");
        for (rows, columns) in [(1, 1), (2, 4), (9, 8), (72, 16), (7, 13), (31, 10), (40, 35), (5, 24)] {
            let weights: Vec<i16> = (0..rows * columns).map(|_| generator.random_range(-255..=255)).collect();
            let packed = Packed::new(rows, columns, &|input, output| weights[input * columns + output]);
            let keep = |x: i16| if x % 3 == 0 { 0 } else { x };
            let mut row: Vec<i16> = (0..rows).map(|_| keep(generator.random_range(-255..=255))).collect();
            let expected: Vec<i32> = (0..columns)
                .map(|output| (0..rows).map(|i| i32::from(row[i]) * i32::from(weights[i * columns + output])).sum())
                .collect();
            row.resize(rows.next_multiple_of(2), 0);
            let mut kept = Kept::default();
            kept.clear(row.len() / 2);
            let (first, second) = row.split_at(2);
            kept.extend(0, first);
            kept.extend(1, second);
            let mut sums = vec![0; packed.width()];
            packed.multiply(&kept, &mut sums);
            assert_eq!(sums[..columns], expected, "{rows} {columns}");
            assert!(sums[columns..].iter().all(|sum| *sum == 0));
        }
    }
}

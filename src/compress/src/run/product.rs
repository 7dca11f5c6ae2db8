//! Rows of small integers times a matrix of small integers, into 32 bits.
//!
//! Two inputs at a time meet four outputs in one instruction, `i32x4.dot_i16x8_s` of WebAssembly and `pmaddwd` of
//! x86-64. It is asked for by name: of its own accord the compiler finds it for neither but in forms that a changed
//! line undoes.

use wide::{bytemuck::cast, i16x8, i32x4};

/// What is not zero in a row: the place of a pair, and the pair.
type Entry = (u32, [i16; 2]);

/// Outputs that are summed at once: four vectors of four stay in registers, whatever the processor.
const TILE: usize = 4;

/// A matrix, laid out so that a pair of inputs meets a run of outputs: for every tile of up to 16 outputs, for every
/// pair of inputs, the pair's weights for each output.
#[derive(Debug, Clone)]
pub struct Packed {
    pairs: usize,
    quads: usize,
    weights: Vec<i16x8>,
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
                    weights.push(i16x8::from(std::array::from_fn::<i16, 8, _>(|i| {
                        at(2 * pair + i % 2, 4 * quad + i / 2)
                    })));
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
            match sums.len() / 4 {
                1 => tile::<1>(entries, these, sums),
                2 => tile::<2>(entries, these, sums),
                3 => tile::<3>(entries, these, sums),
                _ => tile::<TILE>(entries, these, sums),
            }
            weights = others;
        }
    }
}

fn tile<const QUADS: usize>(entries: &[Entry], weights: &[i16x8], to: &mut [i32]) {
    let weights = weights.as_chunks::<QUADS>().0;
    let mut sums = [i32x4::ZERO; QUADS];
    for &(place, pair) in entries {
        // Never absent; a look-up that can fail is cheaper than one that can panic.
        let Some(weights) = weights.get(place as usize) else { continue };
        let pair: i16x8 = cast(i32x4::splat(cast(pair)));
        for (sum, &weights) in sums.iter_mut().zip(weights) {
            *sum += pair.dot(weights);
        }
    }
    for (to, sum) in to.chunks_exact_mut(4).zip(sums) {
        to.copy_from_slice(&sum.to_array());
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

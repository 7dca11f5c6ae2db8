//! The left factor of a product, as the [`microkernel`](crate::microkernel) reads it: all of it, or without what is
//! zero. Most of an image of a handwritten digit is, and a product with it then takes half as long; what is added up is
//! the same, in the same order.

use std::array;

use wide::{i16x8, i32x8};

use crate::{
    matrix::{Matrix, is_zero},
    shape::{COLUMNS, ROWS},
};

/// Numbers that are looked at together: as many as make whole vectors and whole tiles, and no more than there are bits.
const WORD: usize = 48;

/// Bytes between rows of a right panel.
pub const STEP: usize = COLUMNS * size_of::<f32>();

/// Left panels, one tile after the other, each with room for all inputs.
#[derive(Debug, Clone, Copy)]
pub struct Panels<'a> {
    /// For each input of a tile a number for each row, `[tiles, depth, rows]`.
    pub numbers: &'a [f32],
    /// Where inputs were left out: for each tile how many it has, and for each of them where its row of the right panel
    /// begins, in bytes; `[tiles, 1 + depth]`.
    pub places: Option<&'a [u32]>,
    /// How many tiles.
    pub tiles: usize,
    /// Inputs of a tile, those among them that were left out.
    pub depth: usize,
}

impl<'a> Panels<'a> {
    /// Whether there is as much as there is said to be.
    pub fn fits(&self) -> bool {
        let Self { numbers, places, tiles, depth } = *self;
        numbers.len() >= tiles * depth * ROWS && places.is_none_or(|places| places.len() >= tiles * (depth + 1))
    }

    /// The first tiles, and the others.
    pub fn split(self, tiles: usize) -> (Self, Self) {
        let tiles = tiles.min(self.tiles);
        let (_, numbers) = self.numbers.split_at(tiles * self.depth * ROWS);
        let places = self.places.map(|places| &places[tiles * (self.depth + 1)..]);
        (Self { tiles, ..self }, Self { numbers, places, tiles: self.tiles - tiles, ..self })
    }

    /// How many inputs a tile has, those and what follows, and where their rows of the right panel begin if some were
    /// left out.
    pub fn tile(self, tile: usize) -> (usize, &'a [[f32; ROWS]], Option<&'a [u32]>) {
        let entries = &self.numbers.as_chunks().0[tile * self.depth..];
        let places = self.places.map(|places| &places[tile * (self.depth + 1)..]);
        (places.map_or(self.depth, |places| places[0] as usize), entries, places.map(|places| &places[1..]))
    }
}

/// A left factor as tiles read it: kept from one product to the next, so that nothing is allocated.
#[derive(Debug, Default)]
pub struct PackedLhs {
    numbers: Vec<f32>,
    places: Vec<u32>,
}

impl PackedLhs {
    /// Columns of a matrix from `from` on, `depth` of them, where it is `sparse` without those that are zero in all
    /// rows of a tile.
    pub fn read(&mut self, matrix: Matrix<'_>, (from, depth): (usize, usize), sparse: bool) -> Panels<'_> {
        let tiles = matrix.rows().div_ceil(ROWS);
        matrix.pack::<ROWS>(from, depth, &mut self.numbers);
        if !sparse {
            return Panels { numbers: &self.numbers, places: None, tiles, depth };
        }
        self.make_room(tiles, depth);
        for tile in 0..tiles {
            let (entries, places) = self.tile(tile, depth);
            let mut kept = 0;
            for input in 0..depth {
                let entry = entries[input];
                // Written in any case: what is zero is overwritten by the next one.
                (entries[kept], places[kept + 1]) = (entry, (input * STEP) as u32);
                kept += usize::from(!is_zero(&entry));
            }
            places[0] = kept as u32;
        }
        self.panels(tiles, depth)
    }

    fn make_room(&mut self, tiles: usize, depth: usize) {
        self.numbers.resize(tiles * depth * ROWS, 0.0);
        self.places.resize(tiles * (depth + 1), 0);
    }

    fn tile(&mut self, tile: usize, depth: usize) -> (&mut [[f32; ROWS]], &mut [u32]) {
        let entries = &mut self.numbers.as_chunks_mut::<ROWS>().0[tile * depth..][..depth];
        (entries, &mut self.places[tile * (depth + 1)..][..depth + 1])
    }

    fn panels(&self, tiles: usize, depth: usize) -> Panels<'_> {
        Panels { numbers: &self.numbers, places: Some(&self.places), tiles, depth }
    }
}

/// A batch of inputs as tiles read it, forwards for what a layer says of it and backwards, rows for columns, for the
/// gradient of the layer's weights: read once, and of an image the empty parts only looked at.
#[derive(Debug, Default)]
pub struct Inputs {
    forwards: PackedLhs,
    backwards: PackedLhs,
    /// The batch, its rows filled with zeros to whole words.
    copy: Vec<f32>,
    /// Which numbers of each of its words are not zero.
    present: Vec<u64>,
    rows: usize,
    columns: usize,
}

impl Inputs {
    /// Reads a batch, line by line, each of so many columns.
    #[inline(never)]
    pub fn read(&mut self, columns: usize, lines: &[&[f32]]) {
        let rows = lines.len();
        (self.rows, self.columns) = (rows, columns);
        self.forwards.make_room(rows.div_ceil(ROWS), columns);
        self.backwards.make_room(columns.div_ceil(ROWS), rows);
        if rows == 0 {
            return self.backwards.places.fill(0);
        }
        self.forwards.places.iter_mut().step_by(columns + 1).for_each(|count| *count = 0);
        // Copied row by row, which CPUs foresee; what follows finds all in a near cache.
        let words = columns.div_ceil(WORD);
        self.copy.resize(rows.next_multiple_of(ROWS) * words * WORD, 0.0);
        for (row, copy) in self.copy.chunks_exact_mut((words * WORD).max(1)).enumerate() {
            let (own, end) = copy.split_at_mut(columns);
            match lines.get(row) {
                Some(line) => own.copy_from_slice(line),
                None => own.fill(0.0),
            }
            end.fill(0.0);
        }
        let parts = self.copy.as_chunks::<WORD>().0;
        self.present.resize(parts.len(), 0);
        self.present.iter_mut().zip(parts).for_each(|(bits, part)| *bits = present(part));
        for (word, from) in (0..columns).step_by(WORD).enumerate() {
            for tile in 0..rows.div_ceil(ROWS) {
                let (entries, places) = self.forwards.tile(tile, columns);
                let mut kept = places[0] as usize;
                let first = tile * ROWS * words + word;
                let parts: [&[f32; WORD]; ROWS] = array::from_fn(|lane| &parts[first + lane * words]);
                let mut any = (0..ROWS).fold(0, |any, lane| any | self.present[first + lane * words]);
                while any != 0 {
                    let column = any.trailing_zeros() as usize;
                    any &= any - 1;
                    entries[kept] = parts.map(|part| part[column]);
                    places[kept + 1] = ((from + column) * STEP) as u32;
                    kept += 1;
                }
                places[0] = kept as u32;
            }
            let present = self.present[word..].iter().step_by(words);
            let any = present.clone().fold(0, |any, bits| any | bits);
            for at in (0..WORD.min(columns - from)).step_by(ROWS) {
                let (entries, places) = self.backwards.tile((from + at) / ROWS, rows);
                let mut kept = 0;
                let own = ((1 << ROWS) - 1) << at;
                if any & own != 0 {
                    let parts = parts[word..].iter().step_by(words);
                    for (row, (part, bits)) in parts.zip(present.clone()).enumerate().take(rows) {
                        // Written in any case: what is zero is overwritten by what comes next.
                        entries[kept] = array::from_fn(|lane| part[at + lane]);
                        places[kept + 1] = (row * STEP) as u32;
                        kept += usize::from(bits & own != 0);
                    }
                }
                places[0] = kept as u32;
            }
        }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The batch.
    pub fn forwards(&self) -> Panels<'_> {
        self.forwards.panels(self.rows.div_ceil(ROWS), self.columns)
    }

    /// Its transpose.
    pub fn backwards(&self) -> Panels<'_> {
        self.backwards.panels(self.columns.div_ceil(ROWS), self.rows)
    }
}

/// Which numbers are not zero, a bit each.
#[inline(always)]
fn present(numbers: &[f32; WORD]) -> u64 {
    numbers.as_chunks::<8>().0.iter().enumerate().fold(0, |bits, (index, eight)| {
        // Without their signs; what is not zero is not when it is made to fit half of the bits.
        let halves = i16x8::from_i32x8_saturate(i32x8::new(eight.map(|number| number.to_bits() as i32)) << 1);
        bits | u64::from(!halves.simd_eq(i16x8::ZERO).to_bitmask() as u8) << (index * 8)
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * pace).sin()).collect()
    }

    /// The rows of a matrix.
    pub fn lines(numbers: &[f32], rows: usize, columns: usize) -> Vec<&[f32]> {
        (0..rows).map(|row| &numbers[row * columns..][..columns]).collect()
    }

    /// The matrix that tiles make of panels.
    fn of_tiles(panels: Panels<'_>, [rows, columns]: [usize; 2]) -> Vec<f32> {
        let mut numbers = vec![0.0; rows * columns];
        for (tile, first) in (0..rows).step_by(ROWS).enumerate() {
            let (count, entries, places) = panels.tile(tile);
            for (input, entry) in entries[..count].iter().enumerate() {
                let column = places.map_or(input, |places| places[input] as usize / STEP);
                for (row, number) in (first..rows).zip(entry) {
                    numbers[row * columns + column] = *number;
                }
                assert!(places.is_none() || !is_zero(entry), "nothing is kept for nothing");
            }
        }
        numbers
    }

    #[test]
    fn tiles_hold_the_matrix_without_what_is_zero() {
        let (mut lefts, mut inputs) = (PackedLhs::default(), Inputs::default());
        for (rows, columns) in [(1, 1), (6, 6), (13, 17), (5, 40), (64, 29), (0, 3), (0, 90), (3, 0), (7, 130)] {
            let mut numbers = wave(rows * columns, 0.7);
            // Some parts are empty, as in images.
            numbers.iter_mut().enumerate().for_each(|(at, number)| {
                if at % columns.max(1) / 7 % 2 == at / columns.max(1) / 9 % 2 {
                    *number = if at % 3 == 0 { -0.0 } else { 0.0 };
                }
            });
            let matrix = Matrix::new(&numbers, rows, columns).unwrap();
            let across: Vec<f32> = (0..rows * columns).map(|at| numbers[at % rows * columns + at / rows]).collect();
            let matrices = [(matrix, [rows, columns], &numbers), (matrix.transposed(), [columns, rows], &across)];
            for ((matrix, shape, numbers), sparse) in
                matrices.into_iter().flat_map(|all| [true, false].map(|sparse| (all, sparse)))
            {
                let panels = lefts.read(matrix, (0, shape[1]), sparse);
                assert_eq!(&of_tiles(panels, shape), numbers);
            }
            inputs.read(columns, &lines(&numbers, rows, columns));
            let panels = [inputs.forwards(), inputs.backwards()];
            for (panels, (_, shape, numbers)) in panels.into_iter().zip(matrices) {
                assert!(panels.fits());
                assert_eq!(&of_tiles(panels, shape), numbers);
            }
        }
    }
}

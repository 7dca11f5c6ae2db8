//! Matrices as they stand in memory, and copied into the form in which they are multiplied.

use wide::f32x4;

use crate::{
    shape::{COLUMNS, ROWS},
    simd4::LANES,
};

/// Entries of a left factor, spread over all, that are looked at to see whether many are zero.
const LOOKED_AT: usize = 32;
/// How many of them it takes: an entry that is kept costs a tenth more where zeros are left out.
const MANY: usize = 8;

/// A matrix, or its transpose, as it stands in memory.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// Whether rows stand one after the other; columns do where not.
    by_rows: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix `[rows, columns]`; `None` if there are not as many numbers.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Option<Self> {
        (numbers.len() == rows * columns).then_some(Self { numbers, rows, columns, by_rows: true })
    }

    /// A matrix of so many rows, and as many columns as there are numbers for.
    pub fn with_rows(numbers: &'a [f32], rows: usize) -> Self {
        let columns = numbers.len() / rows.max(1);
        Self { numbers: &numbers[..rows * columns], rows, columns, by_rows: true }
    }

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, by_rows: !self.by_rows, ..self }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether many columns are zero in all rows of a tile, by a look at some of them.
    pub fn has_zeros(self) -> bool {
        let tiles = self.rows.div_ceil(ROWS);
        let zeros = (0..LOOKED_AT).filter(|look| {
            // Any tiles, and columns that are far apart.
            let (first, column) = (look * tiles / LOOKED_AT * ROWS, look * 61 % self.columns.max(1));
            (first..self.rows.min(first + ROWS)).all(|row| {
                let place = if self.by_rows { row * self.columns + column } else { column * self.rows + row };
                self.numbers[place] == 0.0
            })
        });
        self.columns > 0 && self.rows > 0 && zeros.count() >= MANY
    }

    /// Columns from `from` on, `depth` of them, `WIDTH` rows at a time: `[rows / WIDTH, depth, WIDTH]`, zero where
    /// there are no rows.
    #[inline(never)]
    pub fn pack<const WIDTH: usize>(self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.resize(self.rows.div_ceil(WIDTH) * depth * WIDTH, 0.0);
        self.pack_apart::<WIDTH>((from, depth), to, depth * WIDTH);
    }

    /// The same where panels begin so far `apart`.
    fn pack_apart<const WIDTH: usize>(self, (from, depth): (usize, usize), to: &mut [f32], apart: usize) {
        for (panel, first) in to.chunks_mut(apart.max(1)).zip((0..self.rows).step_by(WIDTH)) {
            let panel = panel[..depth * WIDTH].as_chunks_mut().0;
            let width = WIDTH.min(self.rows - first);
            if width < WIDTH {
                panel.fill([0.0; WIDTH]);
            }
            match self.by_rows {
                true => self.transpose(first, from, width, panel),
                false => self.copy(first, from, width, panel),
            }
        }
    }

    /// What stands beside each other in memory and in the panel.
    fn copy<const WIDTH: usize>(self, first: usize, from: usize, width: usize, panel: &mut [[f32; WIDTH]]) {
        let lines = self.numbers[from * self.rows..].chunks_exact(self.rows);
        for (to, line) in panel.iter_mut().zip(lines) {
            match <&[f32; WIDTH]>::try_from(&line[first..first + width]) {
                Ok(line) => *to = *line,
                Err(_) => to.iter_mut().zip(&line[first..first + width]).for_each(|(to, number)| *to = *number),
            }
        }
    }

    /// What stands beside each other in memory and below each other in the panel: squares of vectors are transposed in
    /// registers.
    fn transpose<const WIDTH: usize>(self, first: usize, from: usize, width: usize, panel: &mut [[f32; WIDTH]]) {
        let depth = panel.len();
        let line = |lane: usize| &self.numbers[(first + lane) * self.columns + from..][..depth];
        if width < LANES {
            for lane in 0..width {
                panel.iter_mut().zip(line(lane)).for_each(|(to, &number)| to[lane] = number);
            }
            return;
        }
        // The last four may have been among the four before.
        for lane in [0, width - LANES] {
            let [a, b, c, d] = [0, 1, 2, 3].map(|beside| line(lane + beside).as_chunks::<LANES>());
            let (squares, rest) = panel.as_chunks_mut::<LANES>();
            for ((((square, a), b), c), d) in squares.iter_mut().zip(a.0).zip(b.0).zip(c.0).zip(d.0) {
                let transposed = f32x4::transpose([a, b, c, d].map(|&line| f32x4::new(line)));
                for (to, numbers) in square.iter_mut().zip(transposed) {
                    to[lane..lane + LANES].copy_from_slice(numbers.as_array());
                }
            }
            for ((((to, a), b), c), d) in rest.iter_mut().zip(a.1).zip(b.1).zip(c.1).zip(d.1) {
                to[lane..lane + LANES].copy_from_slice(&[*a, *b, *c, *d]);
            }
        }
    }
}

/// Whether all numbers are zero, of whatever sign.
pub fn is_zero(entry: &[f32; ROWS]) -> bool {
    // Two at a time, which a CPU loads as one.
    let both = |[a, b]: &[f32; 2]| u64::from(a.to_bits()) | u64::from(b.to_bits()) << 32;
    let (pairs, rest) = entry.as_chunks::<2>();
    let bits = pairs
        .iter()
        .map(both)
        .chain(rest.iter().map(|number| number.to_bits().into()))
        .fold(0, |bits, pair| bits | pair);
    bits & 0x7fff_ffff_7fff_ffff == 0
}

/// A right factor in the form in which it is multiplied, `[columns / 8, rows, 8]`: eight columns after the other, the
/// last ones filled with zeros. For what stays the same, as the weights of a teacher do, and for weights that learn:
/// what is done to each number alone can be done to them in this form.
#[derive(Debug)]
pub struct Packed {
    numbers: Vec<f32>,
    rows: usize,
    columns: usize,
}

impl Packed {
    /// Packs a matrix.
    #[inline(never)]
    pub fn new(matrix: Matrix<'_>) -> Self {
        let mut numbers = Vec::new();
        matrix.transposed().pack::<COLUMNS>(0, matrix.rows, &mut numbers);
        Self { numbers, rows: matrix.rows, columns: matrix.columns }
    }

    /// The matrix, `[rows, columns]`.
    #[inline(never)]
    pub fn unpacked(&self) -> Vec<f32> {
        let mut to = vec![0.0; self.rows * self.columns];
        for (row, to) in to.chunks_exact_mut(self.columns.max(1)).enumerate() {
            for (index, to) in to.chunks_mut(COLUMNS).enumerate() {
                to.copy_from_slice(&self.panel(index)[row * COLUMNS..][..to.len()]);
            }
        }
        to
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers as they stand, those among them that only fill.
    pub fn numbers(&mut self) -> &mut [f32] {
        &mut self.numbers
    }

    /// Eight columns.
    pub fn panel(&self, index: usize) -> &[f32] {
        let size = self.rows * COLUMNS;
        &self.numbers[index * size..][..size]
    }

    /// Rows of the transpose from `from` on, a multiple of eight, `depth` of them, eight columns after the other.
    #[inline(never)]
    pub fn transpose_into(&self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.resize(self.rows.div_ceil(COLUMNS) * depth * COLUMNS, 0.0);
        for column in (0..depth).step_by(COLUMNS) {
            let panel = Matrix::with_rows(self.panel((from + column) / COLUMNS), self.rows);
            let own = (0, COLUMNS.min(depth - column));
            panel.pack_apart::<COLUMNS>(own, &mut to[column * COLUMNS..], depth * COLUMNS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::wave;

    #[test]
    fn packed_and_back_it_is_the_same() {
        for (rows, columns) in [(3, 5), (8, 8), (16, 24), (5, 17), (0, 3), (1, 1)] {
            let numbers = wave(rows * columns, 0.7);
            let packed = Packed::new(Matrix::new(&numbers, rows, columns).unwrap());
            assert_eq!(packed.unpacked(), numbers);
            // What fills the last panel is zero.
            let filled = packed.numbers.iter().filter(|&&number| number == 0.0).count();
            assert_eq!(filled, packed.numbers.len() - numbers.iter().filter(|&&number| number != 0.0).count());
        }
    }

    #[test]
    fn zeros_are_noticed_where_they_are_many() {
        let has_zeros = |zeros: usize| {
            let mut numbers = wave(30 * 50, 0.7);
            numbers.chunks_exact_mut(50).for_each(|row| row[..zeros].fill(-0.0));
            let matrix = Matrix::new(&numbers, 30, 50).unwrap();
            let across: Vec<f32> = (0..30 * 50).map(|place| numbers[place % 30 * 50 + place / 30]).collect();
            let across = Matrix::new(&across, 50, 30).unwrap().transposed();
            assert_eq!(matrix.has_zeros(), across.has_zeros());
            matrix.has_zeros()
        };
        assert!(has_zeros(30) && !has_zeros(5) && !has_zeros(0));
        assert!(!Matrix::new(&[], 0, 5).unwrap().has_zeros() && !Matrix::new(&[], 5, 0).unwrap().has_zeros());
    }
}

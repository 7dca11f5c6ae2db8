//! Matrices as they stand in memory, and copied into the form in which they are multiplied.

use wide::f32x4;

use crate::shape::COLUMNS;

/// Entries of a left factor, spread over all, that are looked at to see whether many are zero.
const LOOKED_AT: usize = 32;
/// How many of them it takes: an entry that is kept costs a tenth more where zeros are left out.
const MANY: usize = 8;
/// Numbers of a vector.
pub const LANES: usize = 4;

/// A matrix, or its transpose, as it stands in memory.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// Whether rows stand one after the other; columns do where not.
    by_rows: bool,
    /// Which of what stands one after the other; all where not.
    chosen: Option<&'a [u32]>,
}

impl<'a> Matrix<'a> {
    /// A matrix `[rows, columns]`; `None` if there are not as many numbers.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Option<Self> {
        (numbers.len() == rows * columns).then_some(Self { numbers, rows, columns, by_rows: true, chosen: None })
    }

    /// A matrix of so many rows, and as many columns as there are numbers for.
    pub fn with_rows(numbers: &'a [f32], rows: usize) -> Self {
        let columns = numbers.len() / rows.max(1);
        Self { numbers: &numbers[..rows * columns], rows, columns, by_rows: true, chosen: None }
    }

    /// Some rows of a matrix of so many columns, in this order. Products panic if it has no such row.
    pub fn of_rows(numbers: &'a [f32], columns: usize, rows: &'a [u32]) -> Self {
        Self { numbers, rows: rows.len(), columns, by_rows: true, chosen: Some(rows) }
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

    /// Some numbers of what stands one after the other.
    pub fn line(self, index: usize, from: usize, count: usize) -> &'a [f32] {
        let length = if self.by_rows { self.columns } else { self.rows };
        let index = self.chosen.map_or(index, |chosen| chosen[index] as usize);
        &self.numbers[index * length + from..][..count]
    }

    /// Whether rows stand one after the other.
    pub fn is_by_rows(&self) -> bool {
        self.by_rows
    }

    /// Whether many columns are zero in all of `WIDTH` rows, by a look at some of them.
    pub fn has_zeros<const WIDTH: usize>(self) -> bool {
        let count = self.rows.div_ceil(WIDTH) * self.columns;
        let is_zero = |entry: usize| {
            let (first, column) = (entry / self.columns * WIDTH, entry % self.columns);
            (first..self.rows.min(first + WIDTH)).all(|row| {
                let (line, at) = if self.by_rows { (row, column) } else { (column, row) };
                self.line(line, at, 1) == [0.0]
            })
        };
        (0..count).step_by((count / LOOKED_AT) | 1).take(LOOKED_AT).filter(|&entry| is_zero(entry)).count() >= MANY
    }

    /// Columns from `from` on, `depth` of them, `WIDTH` rows at a time: `[rows / WIDTH, depth, WIDTH]`, zero where there are no
    /// rows.
    pub fn pack<const WIDTH: usize>(self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.resize(self.rows.div_ceil(WIDTH) * depth * WIDTH, 0.0);
        for (panel, first) in to.chunks_exact_mut((depth * WIDTH).max(1)).zip((0..self.rows).step_by(WIDTH)) {
            let (panel, width) = (panel.as_chunks_mut().0, WIDTH.min(self.rows - first));
            if width < WIDTH {
                panel.fill([0.0; WIDTH]);
            }
            match self.by_rows {
                true => self.turn(first, from, width, panel),
                false => self.copy(first, from, width, panel),
            }
        }
    }

    /// What stands beside each other in memory and in the panel.
    fn copy<const WIDTH: usize>(self, first: usize, from: usize, width: usize, panel: &mut [[f32; WIDTH]]) {
        for (index, to) in panel.iter_mut().enumerate() {
            let line = self.line(from + index, first, width);
            match <&[f32; WIDTH]>::try_from(line) {
                Ok(line) => *to = *line,
                Err(_) => to[..width].copy_from_slice(line),
            }
        }
    }

    /// What stands beside each other in memory and below each other in the panel: squares of vectors are turned in registers.
    fn turn<const WIDTH: usize>(self, first: usize, from: usize, width: usize, panel: &mut [[f32; WIDTH]]) {
        let depth = panel.len();
        let line = |lane: usize| self.line(first + lane, from, depth);
        if width < LANES {
            for lane in 0..width {
                for (to, &number) in panel.iter_mut().zip(line(lane)) {
                    to[lane] = number;
                }
            }
            return;
        }
        // The last four may have been among the four before.
        for lane in (0..width).step_by(LANES).map(|lane| lane.min(width - LANES)) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|beside| line(lane + beside).as_chunks::<LANES>());
            let (squares, rest) = panel.as_chunks_mut::<LANES>();
            for ((((square, a), b), c), d) in squares.iter_mut().zip(a.0).zip(b.0).zip(c.0).zip(d.0) {
                for (to, numbers) in square.iter_mut().zip(turned([a, b, c, d])) {
                    to[lane..lane + LANES].copy_from_slice(&numbers);
                }
            }
            for ((((to, a), b), c), d) in rest.iter_mut().zip(a.1).zip(b.1).zip(c.1).zip(d.1) {
                to[lane..lane + LANES].copy_from_slice(&[*a, *b, *c, *d]);
            }
        }
    }
}

/// Whether all numbers are zero, of whatever sign.
pub fn is_zero<const WIDTH: usize>(entry: &[f32; WIDTH]) -> bool {
    // Two at a time, which a processor loads as one.
    let both = |[a, b]: &[f32; 2]| u64::from(a.to_bits()) | u64::from(b.to_bits()) << 32;
    let (pairs, rest) = entry.as_chunks::<2>();
    let bits = pairs
        .iter()
        .map(both)
        .chain(rest.iter().map(|number| number.to_bits().into()))
        .fold(0, |bits, pair| bits | pair);
    bits & 0x7fff_ffff_7fff_ffff == 0
}

fn turned(square: [&[f32; LANES]; LANES]) -> [[f32; LANES]; LANES] {
    f32x4::transpose(square.map(|&line| f32x4::new(line))).map(f32x4::to_array)
}

/// A right factor in the form in which it is multiplied, `[columns / 8, rows, 8]`: eight columns after the other, the last ones
/// filled with zeros. For what stays the same, as the weights of a teacher do, and for weights that learn: what is done to each
/// number alone can be done to them in this form.
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

    /// Of the transpose rows from `from` on, a multiple of eight, `depth` of them, eight columns after the other.
    pub fn turn(&self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.resize(self.rows.div_ceil(COLUMNS) * depth * COLUMNS, 0.0);
        for (to, first) in to.chunks_exact_mut((depth * COLUMNS).max(1)).zip((0..self.rows).step_by(COLUMNS)) {
            let width = COLUMNS.min(self.rows - first);
            for (square, index) in to.as_chunks_mut::<COLUMNS>().0.chunks_mut(COLUMNS).zip(from / COLUMNS..) {
                let lines = &self.panel(index)[first * COLUMNS..][..width * COLUMNS];
                let lines = lines.as_chunks::<COLUMNS>().0;
                match (<&mut [_; COLUMNS]>::try_from(&mut *square), <&[_; COLUMNS]>::try_from(lines)) {
                    (Ok(square), Ok(lines)) => turn_square(lines, square),
                    _ => {
                        for (lane, to) in square.iter_mut().enumerate() {
                            to.fill(0.0);
                            to.iter_mut().zip(lines).for_each(|(to, line)| *to = line[lane]);
                        }
                    }
                }
            }
        }
    }
}

/// Eight rows of eight become columns.
fn turn_square(lines: &[[f32; COLUMNS]; COLUMNS], to: &mut [[f32; COLUMNS]; COLUMNS]) {
    for (across, down) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let lines = [0, 1, 2, 3].map(|lane| &lines[down * LANES + lane].as_chunks().0[across]);
        for (to, numbers) in to[across * LANES..].iter_mut().zip(turned(lines)) {
            to.as_chunks_mut().0[down] = numbers;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::wave;

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
    fn chosen_rows_are_those_of_a_copy() {
        let numbers = wave(12, 0.7);
        let chosen = Matrix::of_rows(&numbers, 3, &[2, 0, 2]);
        let copied = [&numbers[6..9], &numbers[..3], &numbers[6..9]].concat();
        let copied = Matrix::with_rows(&copied, 3);
        let packed = |matrix: Matrix<'_>| Packed::new(matrix).numbers;
        assert_eq!(packed(chosen), packed(copied));
        assert_eq!(packed(chosen.transposed()), packed(copied.transposed()));
        assert!(Matrix::new(&numbers, 2, 3).is_none());
    }

    #[test]
    fn zeros_are_noticed_where_they_are_many() {
        let has_zeros = |zeros: usize| {
            let mut numbers = wave(30 * 50, 0.7);
            numbers.chunks_exact_mut(50).for_each(|row| row[..zeros].fill(-0.0));
            let matrix = Matrix::new(&numbers, 30, 50).unwrap();
            let across: Vec<f32> = (0..30 * 50).map(|place| numbers[place % 30 * 50 + place / 30]).collect();
            let across = Matrix::new(&across, 50, 30).unwrap().transposed();
            assert_eq!(matrix.has_zeros::<6>(), across.has_zeros::<6>());
            matrix.has_zeros::<6>()
        };
        assert!(has_zeros(30) && !has_zeros(5) && !has_zeros(0));
        assert!(!Matrix::new(&[], 0, 5).unwrap().has_zeros::<6>() && !Matrix::new(&[], 5, 0).unwrap().has_zeros::<6>());
    }
}

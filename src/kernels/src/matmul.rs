//! Products of matrices, made for 128-bit vectors without fused multiply–add: the instructions of WebAssembly.
//!
//! A tile of the result stays in registers: eight rows by one vector are eight sums, one factor, one splat and one product,
//! eleven of sixteen registers. Tiles of ten and twelve sums, two to four vectors wide, came out at 25 to 30 billion operations
//! a second in a browser whose peak was 55, this one at 33; relaxed SIMD's fused multiply–add brought nothing that the noise did
//! not hide. Both factors are copied so that a tile reads them one after the other.

use wide::f32x4;

/// Rows and columns of a tile.
const ROWS: usize = 8;
const COLUMNS: usize = 4;
/// Inputs that are summed before the sums are put away: what tiles share then stays in the second cache.
const DEPTH: usize = 256;
/// Inputs in a turn of the loop: browsers look for interrupts in each.
const TURN: usize = 4;

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

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, by_rows: !self.by_rows, ..self }
    }

    /// Rows from `first` on, `depth` columns from `from` on, `WIDTH` rows at a time: `[rows / WIDTH, depth, WIDTH]`, zeros where
    /// there are no rows.
    fn packed<const WIDTH: usize>(self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.clear();
        to.resize(self.rows.div_ceil(WIDTH) * depth * WIDTH, 0.0);
        for (panel, first) in to.chunks_exact_mut(depth * WIDTH).zip((0..self.rows).step_by(WIDTH)) {
            let panel = panel.as_chunks_mut::<WIDTH>().0;
            let width = WIDTH.min(self.rows - first);
            if self.by_rows {
                for lane in 0..width {
                    let at = (first + lane) * self.columns + from;
                    for (to, &number) in panel.iter_mut().zip(&self.numbers[at..at + depth]) {
                        to[lane] = number;
                    }
                }
            } else {
                for (step, to) in panel.iter_mut().enumerate() {
                    let at = (from + step) * self.rows + first;
                    let row = &self.numbers[at..at + width];
                    match <&[f32; WIDTH]>::try_from(row) {
                        Ok(row) => *to = *row,
                        Err(_) => to[..width].copy_from_slice(row),
                    }
                }
            }
        }
    }
}

/// What a product needs besides: kept from one to the next, so that nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    left: Vec<f32>,
    right: Vec<f32>,
}

/// `left · right + bias`, each row's.
///
/// # Shapes
/// `left`: `[m, k]`, `right`: `[k, n]`, `bias`: `[n]` or nothing, `to`: `[m, n]`; says whether they fit.
#[inline(never)]
pub fn matmul(to: &mut [f32], left: Matrix<'_>, right: Matrix<'_>, bias: &[f32], scratch: &mut Scratch) -> bool {
    let (rows, depth, columns) = (left.rows, left.columns, right.columns);
    if right.rows != depth || to.len() != rows * columns || !(bias.is_empty() || bias.len() == columns) {
        return false;
    }
    for row in to.chunks_exact_mut(columns.max(1)) {
        match bias.is_empty() {
            true => row.fill(0.0),
            false => row.copy_from_slice(bias),
        }
    }
    let right = right.transposed();
    for from in (0..depth).step_by(DEPTH) {
        let depth = DEPTH.min(depth - from);
        left.packed::<ROWS>(from, depth, &mut scratch.left);
        right.packed::<COLUMNS>(from, depth, &mut scratch.right);
        for (b, column) in scratch.right.chunks_exact(depth * COLUMNS).zip((0..columns).step_by(COLUMNS)) {
            for (a, row) in scratch.left.chunks_exact(depth * ROWS).zip((0..rows).step_by(ROWS)) {
                let sums = tile(a.as_chunks().0, b.as_chunks().0);
                let width = COLUMNS.min(columns - column);
                for (row, sum) in (row..rows.min(row + ROWS)).zip(sums) {
                    let to = &mut to[row * columns + column..][..width];
                    match <&mut [f32; COLUMNS]>::try_from(&mut *to) {
                        Ok(to) => *to = (f32x4::new(*to) + sum).to_array(),
                        Err(_) => to.iter_mut().zip(sum.to_array()).for_each(|(to, sum)| *to += sum),
                    }
                }
            }
        }
    }
    true
}

/// The sums of one tile.
fn tile(a: &[[f32; ROWS]], b: &[[f32; COLUMNS]]) -> [f32x4; ROWS] {
    let mut sums = [f32x4::ZERO; ROWS];
    let ((turns_a, rest_a), (turns_b, rest_b)) = (a.as_chunks::<TURN>(), b.as_chunks::<TURN>());
    for (a, b) in turns_a.iter().zip(turns_b) {
        for (a, b) in a.iter().zip(b) {
            add(&mut sums, a, b);
        }
    }
    for (a, b) in rest_a.iter().zip(rest_b) {
        add(&mut sums, a, b);
    }
    sums
}

#[inline(always)]
fn add(sums: &mut [f32x4; ROWS], a: &[f32; ROWS], b: &[f32; COLUMNS]) {
    let b = f32x4::new(*b);
    for (sum, &a) in sums.iter_mut().zip(a) {
        *sum += f32x4::splat(a) * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_right_for_every_remainder_and_transpose() {
        let wave = |count: usize, pace: f32| -> Vec<f32> { (0..count).map(|i| (i as f32 * pace).sin()).collect() };
        let mut scratch = Scratch::default();
        for (m, k, n) in
            [(1, 1, 1), (5, 8, 8), (6, 3, 9), (4, 257, 7), (64, 300, 10), (11, 600, 17), (3, 0, 2), (0, 2, 2)]
        {
            let (a, b, bias) = (wave(m * k, 0.7), wave(k * n, 0.3), wave(n, 1.1));
            let transpose = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
            };
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            for bias in [&bias[..], &[]] {
                let (left, right) = (Matrix::new(&a, m, k).unwrap(), Matrix::new(&b, k, n).unwrap());
                let lefts = [left, Matrix::new(&at, k, m).unwrap().transposed()];
                let rights = [right, Matrix::new(&bt, n, k).unwrap().transposed()];
                for (left, right) in lefts.into_iter().flat_map(|left| rights.map(|right| (left, right))) {
                    let mut found = vec![f32::NAN; m * n];
                    assert!(matmul(&mut found, left, right, bias, &mut scratch));
                    for (place, found) in found.iter().enumerate() {
                        let (i, j) = (place / n, place % n);
                        let sum: f64 = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
                        let expected = sum + bias.get(j).map_or(0.0, |&bias| f64::from(bias));
                        assert!((f64::from(*found) - expected).abs() < 1e-4, "{m} {k} {n}: {found} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Matrix::new(&[0.0; 5], 2, 3).is_none());
        let (a, b) = (Matrix::new(&[0.0; 6], 2, 3).unwrap(), Matrix::new(&[0.0; 6], 3, 2).unwrap());
        let scratch = &mut Scratch::default();
        assert!(!matmul(&mut [0.0; 4], a, a, &[], scratch));
        assert!(!matmul(&mut [0.0; 3], a, b, &[], scratch));
        assert!(!matmul(&mut [0.0; 4], a, b, &[1.0], scratch));
        assert!(matmul(&mut [0.0; 4], a, b, &[], scratch));
    }
}

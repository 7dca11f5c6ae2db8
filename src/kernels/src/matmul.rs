//! Products of matrices, by [tiles](crate::tiles): both factors are copied so that a tile reads them one number after the other.

use crate::{
    panels::Gathered,
    tiles::{self, COLUMNS, FUSED_ROWS, PLAIN_ROWS},
};

use wide::f32x4;

/// Inputs, at most, that are summed before the sums are put away: what tiles share then stays in the first cache, and all else
/// in the second.
const DEPTH: usize = 256;
/// Numbers of a vector.
const LANES: usize = 4;

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

    /// Columns from `from` on, `depth` of them, `WIDTH` rows at a time: `[rows / WIDTH, depth, WIDTH]`; what stands where there
    /// are no rows means nothing.
    fn packed<const WIDTH: usize>(self, from: usize, depth: usize, to: &mut Vec<f32>) {
        to.resize(self.rows.div_ceil(WIDTH) * depth * WIDTH, 0.0);
        for (panel, first) in to.chunks_exact_mut(depth * WIDTH).zip((0..self.rows).step_by(WIDTH)) {
            let panel = panel.as_chunks_mut::<WIDTH>().0;
            let width = WIDTH.min(self.rows - first);
            match self.by_rows {
                true => self.turn(first, from, width, panel),
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
                Err(_) => to[..width].copy_from_slice(&line[first..first + width]),
            }
        }
    }

    /// What stands beside each other in memory and below each other in the panel: squares of vectors are turned in registers.
    fn turn<const WIDTH: usize>(self, first: usize, from: usize, width: usize, panel: &mut [[f32; WIDTH]]) {
        let depth = panel.len();
        let line = |lane: usize| &self.numbers[(first + lane) * self.columns + from..][..depth];
        let whole = width - width % LANES;
        for lane in (0..whole).step_by(LANES) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|beside| line(lane + beside).as_chunks::<LANES>());
            let (squares, rest) = panel.as_chunks_mut::<LANES>();
            for ((((square, a), b), c), d) in squares.iter_mut().zip(a.0).zip(b.0).zip(c.0).zip(d.0) {
                let turned = f32x4::transpose([*a, *b, *c, *d].map(f32x4::new));
                for (to, numbers) in square.iter_mut().zip(turned) {
                    to[lane..lane + LANES].copy_from_slice(numbers.as_array());
                }
            }
            for ((((to, a), b), c), d) in rest.iter_mut().zip(a.1).zip(b.1).zip(c.1).zip(d.1) {
                to[lane..lane + LANES].copy_from_slice(&[*a, *b, *c, *d]);
            }
        }
        for lane in whole..width {
            for (to, &number) in panel.iter_mut().zip(line(lane)) {
                to[lane] = number;
            }
        }
    }
}

/// A right factor in the form in which it is multiplied: for one that stays the same, as the weights of a teacher do.
#[derive(Debug)]
pub struct Packed {
    /// For each block of inputs its panels.
    blocks: Vec<Vec<f32>>,
    rows: usize,
    columns: usize,
}

impl Packed {
    /// Packs a matrix.
    #[inline(never)]
    pub fn new(matrix: Matrix<'_>) -> Self {
        let packed = |(from, depth)| {
            let mut panels = Vec::new();
            matrix.transposed().packed::<COLUMNS>(from, depth, &mut panels);
            panels
        };
        Self { blocks: blocks(matrix.rows).map(packed).collect(), rows: matrix.rows, columns: matrix.columns }
    }
}

/// A right factor.
#[derive(Debug, Clone, Copy)]
pub enum Factor<'a> {
    /// As it stands in memory.
    Plain(Matrix<'a>),
    /// Packed beforehand.
    Packed(&'a Packed),
}

impl Factor<'_> {
    /// Rows and columns.
    fn shape(&self) -> [usize; 2] {
        match self {
            Self::Plain(matrix) => [matrix.rows, matrix.columns],
            Self::Packed(packed) => [packed.rows, packed.columns],
        }
    }
}

/// Blocks of about the same depth, where each begins and how deep it is.
fn blocks(depth: usize) -> impl Iterator<Item = (usize, usize)> {
    let block = depth.div_ceil(depth.div_ceil(DEPTH).max(1)).max(1);
    (0..depth).step_by(block).map(move |from| (from, block.min(depth - from)))
}

/// What a product needs besides: kept from one to the next, so that nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    left: Vec<f32>,
    gathered: Gathered,
    right: Vec<f32>,
    edge: Vec<f32>,
}

/// Adds `left · right` to `to`.
///
/// # Shapes
/// `left`: `[m, k]`, `right`: `[k, n]`, `to`: `[m, n]`; says whether they fit.
#[inline(never)]
pub fn matmul(to: &mut [f32], left: Matrix<'_>, right: Factor<'_>, scratch: &mut Scratch) -> bool {
    match tiles::linked_rows() {
        Some(PLAIN_ROWS) => by_tiles::<PLAIN_ROWS>(to, left, right, scratch),
        _ => by_tiles::<FUSED_ROWS>(to, left, right, scratch),
    }
}

fn by_tiles<const ROWS: usize>(to: &mut [f32], left: Matrix<'_>, right: Factor<'_>, scratch: &mut Scratch) -> bool {
    let (rows, depth, [right_rows, columns]) = (left.rows, left.columns, right.shape());
    if right_rows != depth || to.len() != rows * columns {
        return false;
    }
    let Scratch { left: lefts, gathered, right: rights, edge } = scratch;
    edge.resize(ROWS * COLUMNS, 0.0);
    for (index, (from, depth)) in blocks(depth).enumerate() {
        left.packed::<ROWS>(from, depth, lefts);
        let rights = match right {
            Factor::Packed(packed) => &packed.blocks[index],
            Factor::Plain(matrix) => {
                matrix.transposed().packed::<COLUMNS>(from, depth, rights);
                &*rights
            }
        };
        let lefts = gathered.or_all::<ROWS>(lefts, depth);
        let whole = lefts.split::<ROWS>(rows / ROWS);
        for (right, column) in rights.chunks_exact(depth * COLUMNS).zip((0..columns).step_by(COLUMNS)) {
            let width = COLUMNS.min(columns - column);
            let (above, mut below) = if width == COLUMNS { whole } else { lefts.split::<ROWS>(0) };
            if !tiles::add::<ROWS>(above, right, &mut to[column.min(rows * columns)..], columns) {
                return false;
            }
            for row in (0..rows).step_by(ROWS).skip(above.tiles) {
                let (left, others) = below.split::<ROWS>(1);
                below = others;
                edge.fill(0.0);
                if !tiles::add::<ROWS>(left, right, edge, COLUMNS) {
                    return false;
                }
                for (row, sums) in (row..rows).zip(edge.as_chunks::<COLUMNS>().0) {
                    let to = &mut to[row * columns + column..][..width];
                    to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::wave;

    #[test]
    fn products_are_right_for_every_remainder_and_transpose() {
        let mut scratch = Scratch::default();
        let sides = [
            (1, 1, 1),
            (5, 8, 8),
            (6, 3, 9),
            (4, 257, 7),
            (64, 300, 10),
            (11, 600, 17),
            (13, 5, 24),
            (3, 0, 2),
            (0, 2, 2),
        ];
        for ((m, k, n), empty) in sides.into_iter().flat_map(|sides| [(sides, false), (sides, true)]) {
            let (mut a, b, before) = (wave(m * k, 0.7), wave(k * n, 0.3), wave(m * n, 1.1));
            // As of images, three quarters of the inputs are empty.
            if empty {
                a.iter_mut().enumerate().filter(|(place, _)| place % k % 4 > 0).for_each(|(_, number)| *number = 0.0);
            }
            let transpose = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
            };
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let (left, right) = (Matrix::new(&a, m, k).unwrap(), Matrix::new(&b, k, n).unwrap());
            let lefts = [left, Matrix::new(&at, k, m).unwrap().transposed()];
            let rights = [right, Matrix::new(&bt, n, k).unwrap().transposed()];
            for (left, right) in lefts.into_iter().flat_map(|left| rights.map(|right| (left, right))) {
                let packed = Packed::new(right);
                let ways = [by_tiles::<FUSED_ROWS>, by_tiles::<PLAIN_ROWS>];
                for (by_tiles, right) in ways
                    .iter()
                    .flat_map(|way| [Factor::Plain(right), Factor::Packed(&packed)].map(|right| (way, right)))
                {
                    let mut found = before.clone();
                    assert!(by_tiles(&mut found, left, right, &mut scratch));
                    for (place, found) in found.iter().enumerate() {
                        let (i, j) = (place / n, place % n);
                        let sum: f64 = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
                        let expected = sum + f64::from(before[place]);
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
        assert!(!matmul(&mut [0.0; 4], a, Factor::Plain(a), scratch));
        assert!(!matmul(&mut [0.0; 3], a, Factor::Plain(b), scratch));
        assert!(matmul(&mut [0.0; 4], a, Factor::Plain(b), scratch));
        assert!(!matmul(&mut [0.0; 4], a, Factor::Packed(&Packed::new(a)), scratch));
    }
}

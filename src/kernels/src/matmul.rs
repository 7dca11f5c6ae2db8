//! Products of matrices, by the [`microkernel`](crate::microkernel): both factors are copied so that a tile reads them
//! one number after the other.

use crate::{
    matrix::{Matrix, Packed},
    microkernel,
    packing::{Inputs, PackedLhs, Panels},
    shape::{COLUMNS, ROWS},
};

/// Inputs, at most, that are summed before the sums are put away: what tiles share then stays in the first cache, and
/// all else in the second.
const DEPTH: usize = 256;

/// Numbers of a left factor, at least, among which zeros are looked for: the look at fewer costs as much as it saves.
const LOOKED_THROUGH: usize = 2_048;

/// A left factor.
#[derive(Debug, Clone, Copy)]
pub enum Lhs<'a> {
    /// As it stands in memory.
    Plain(Matrix<'a>),
    /// Read beforehand.
    Inputs(&'a Inputs),
    /// Read beforehand, rows for columns.
    Transposed(&'a Inputs),
}

impl<'a> Lhs<'a> {
    /// Rows and columns.
    fn shape(&self) -> [usize; 2] {
        match self {
            Self::Plain(matrix) => [matrix.rows(), matrix.columns()],
            Self::Inputs(inputs) => [inputs.rows(), inputs.columns()],
            Self::Transposed(inputs) => [inputs.columns(), inputs.rows()],
        }
    }

    /// Some columns as tiles read them; of what was read beforehand, all.
    fn read(self, block: (usize, usize), sparse: bool, lefts: &'a mut PackedLhs) -> Panels<'a> {
        match self {
            Self::Plain(matrix) => lefts.read(matrix, block, sparse),
            Self::Inputs(inputs) => inputs.forwards(),
            Self::Transposed(inputs) => inputs.backwards(),
        }
    }

    /// Whether many of its columns are zero in all rows of a tile.
    fn is_sparse(self) -> bool {
        matches!(self, Self::Plain(matrix) if matrix.rows() * matrix.columns() >= LOOKED_THROUGH && matrix.has_zeros())
    }

    /// Blocks of its columns, of about the same depth, where each begins and how deep it is. Each begins where a
    /// vector's do.
    fn blocks(self) -> impl Iterator<Item = (usize, usize)> {
        let depth = self.shape()[1];
        let count = if matches!(self, Self::Plain(_)) { depth.div_ceil(DEPTH) } else { 1 };
        let block = depth.div_ceil(count.max(1)).max(1).next_multiple_of(COLUMNS);
        (0..depth).step_by(block).map(move |from| (from, block.min(depth - from)))
    }
}

/// A right factor.
#[derive(Debug, Clone, Copy)]
pub enum Rhs<'a> {
    /// As it stands in memory.
    Plain(Matrix<'a>),
    /// Packed beforehand.
    Packed(&'a Packed),
    /// Packed beforehand, rows for columns.
    Transposed(&'a Packed),
}

impl Rhs<'_> {
    /// Rows and columns.
    fn shape(&self) -> [usize; 2] {
        match self {
            Self::Plain(matrix) => [matrix.rows(), matrix.columns()],
            Self::Packed(packed) => [packed.rows(), packed.columns()],
            Self::Transposed(packed) => [packed.columns(), packed.rows()],
        }
    }
}

/// What a product needs besides: kept from one to the next, so that nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    left: PackedLhs,
    right: Vec<f32>,
    sums: Vec<f32>,
}

/// Adds `left · right` to `to`.
///
/// # Shapes
/// `left`: `[m, k]`, `right`: `[k, n]`, `to`: `[m, n]`; says whether they fit.
#[inline(never)]
pub fn matmul(to: &mut [f32], left: Lhs<'_>, right: Rhs<'_>, scratch: &mut Scratch) -> bool {
    let ([rows, depth], [right_rows, columns]) = (left.shape(), right.shape());
    if right_rows != depth || to.len() != rows * columns {
        return false;
    }
    if to.is_empty() {
        return true;
    }
    let Scratch { left: lefts, right: rights, sums } = scratch;
    let sparse = left.is_sparse();
    for (from, depth) in left.blocks() {
        let lefts = left.read((from, depth), sparse, lefts);
        match right {
            Rhs::Packed(_) => {}
            Rhs::Plain(matrix) => matrix.transposed().pack::<COLUMNS>(from, depth, rights),
            Rhs::Transposed(packed) => packed.transpose_into(from, depth, rights),
        }
        for (index, column) in (0..columns).step_by(COLUMNS).enumerate() {
            let right = match right {
                Rhs::Packed(packed) => &packed.panel(index)[from * COLUMNS..][..depth * COLUMNS],
                _ => &rights[index * depth * COLUMNS..][..depth * COLUMNS],
            };
            // What ends within a tile is added up apart.
            let width = COLUMNS.min(columns - column);
            let (whole, edge) = lefts.split(if width == COLUMNS { rows / ROWS } else { 0 });
            sums.clear();
            sums.resize(edge.tiles * ROWS * COLUMNS, 0.0);
            let first = whole.tiles * ROWS;
            if !microkernel::add(whole, right, &mut to[column..], columns)
                || !microkernel::add(edge, right, sums, COLUMNS)
            {
                return false;
            }
            for (row, sums) in (first..rows).zip(sums.as_chunks::<COLUMNS>().0) {
                to[row * columns + column..][..width].iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
            }
        }
    }
    true
}

/// `left · right`, eight columns after the other as [`Packed`] has them: `each` is told where among its numbers they
/// stand.
///
/// # Shapes
/// `left`: `[m, k]`, `right`: `[k, n]`, what `each` is given: `[m, 8]`; says whether they fit.
#[inline(never)]
pub fn matmul_panels(
    left: Lhs<'_>,
    right: Matrix<'_>,
    scratch: &mut Scratch,
    each: &mut dyn FnMut(usize, &[f32]),
) -> bool {
    let [rows, depth] = left.shape();
    if right.rows() != depth {
        return false;
    }
    let Scratch { left: lefts, right: rights, sums } = scratch;
    let lefts = left.read((0, depth), left.is_sparse(), lefts);
    right.transposed().pack::<COLUMNS>(0, depth, rights);
    sums.resize(lefts.tiles * ROWS * COLUMNS, 0.0);
    for index in 0..right.columns().div_ceil(COLUMNS) {
        sums.fill(0.0);
        if !microkernel::add(lefts, &rights[index * depth * COLUMNS..][..depth * COLUMNS], sums, COLUMNS) {
            return false;
        }
        each(index * rows * COLUMNS, &sums[..rows * COLUMNS]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::{lines, wave};

    #[test]
    fn products_are_right_for_every_remainder_and_transpose() {
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
        for sides in sides.into_iter().flat_map(|sides| [(sides, false), (sides, true)]) {
            check(sides);
        }
    }

    fn check(((m, k, n), empty): ((usize, usize, usize), bool)) {
        let (mut a, b, before) = (wave(m * k, 0.7), wave(k * n, 0.3), wave(m * n, 1.1));
        // As of images, three quarters of the inputs are empty.
        if empty {
            a.iter_mut().enumerate().filter(|(place, _)| place % k % 4 > 0).for_each(|(_, number)| *number = 0.0);
        }
        let product =
            |i: usize, j: usize| -> f64 { (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum() };
        let check = |found: &[f32], before: &[f32]| {
            for (place, (found, before)) in found.iter().zip(before).enumerate() {
                let expected = product(place / n, place % n) + f64::from(*before);
                assert!((f64::from(*found) - expected).abs() < 1e-4, "{m} {k} {n}: {found} {expected}");
            }
        };
        let transpose = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
        };
        let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
        let lefts = [Matrix::new(&a, m, k).unwrap(), Matrix::new(&at, k, m).unwrap().transposed()];
        let rights = [Matrix::new(&b, k, n).unwrap(), Matrix::new(&bt, n, k).unwrap().transposed()];
        let [mut inputs, mut transposed] = [Inputs::default(), Inputs::default()];
        inputs.read(k, &lines(&a, m, k));
        transposed.read(m, &lines(&at, k, m));
        let lefts = lefts.map(Lhs::Plain).into_iter().chain([Lhs::Inputs(&inputs), Lhs::Transposed(&transposed)]);
        let mut scratch = Scratch::default();
        for (left, right) in lefts.flat_map(|left| rights.map(|right| (left, right))) {
            let (packed, transposed) = (Packed::new(right), Packed::new(right.transposed()));
            for right in [Rhs::Plain(right), Rhs::Packed(&packed), Rhs::Transposed(&transposed)] {
                let mut found = before.clone();
                assert!(matmul(&mut found, left, right, &mut scratch));
                check(&found, &before);
            }
            let mut found = Packed::new(Matrix::new(&before, m, n).unwrap());
            let mut each = |from: usize, panel: &[f32]| {
                found.numbers()[from..from + panel.len()].copy_from_slice(panel);
            };
            assert!(matmul_panels(left, right, &mut scratch, &mut each));
            check(&found.unpacked(), &vec![0.0; m * n]);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (a, b) = (Matrix::new(&[0.0; 6], 2, 3).unwrap(), Matrix::new(&[0.0; 6], 3, 2).unwrap());
        let left = Lhs::Plain(a);
        let scratch = &mut Scratch::default();
        assert!(!matmul(&mut [0.0; 4], left, Rhs::Plain(a), scratch));
        assert!(!matmul(&mut [0.0; 3], left, Rhs::Plain(b), scratch));
        assert!(matmul(&mut [0.0; 4], left, Rhs::Plain(b), scratch));
        assert!(!matmul(&mut [0.0; 4], left, Rhs::Packed(&Packed::new(a)), scratch));
        assert!(!matmul(&mut [0.0; 4], left, Rhs::Transposed(&Packed::new(b)), scratch));
        assert!(!matmul_panels(left, a, scratch, &mut |_, _| {}));
    }
}

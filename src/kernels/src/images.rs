//! Images, and the largest of every four of their places, with its gradient. The channels of a place stand side by
//! side, so that a row of places is one run.
//!
//! Nothing is inlined, and vectors are written out, for the reasons that `rows` gives.

use wide::f32x4;

use crate::simd4::{LANES, four, put, update};

/// Images `[batch, side, side, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Images {
    /// Places in a row, and rows.
    pub side: usize,
    /// Numbers of a place.
    pub channels: usize,
}

/// Runs of numbers, one behind the other.
#[derive(Clone, Copy)]
struct Runs {
    count: usize,
    length: usize,
}

impl Images {
    /// Numbers of a row of places.
    pub(crate) fn row(self) -> usize {
        self.side * self.channels
    }

    /// Numbers of an image.
    pub(crate) fn size(self) -> usize {
        self.side * self.row()
    }

    /// `[batch, side, side, channels]` → `[batch, side / 2, side / 2, channels]`: the largest of every 2 × 2 places. An
    /// odd last row and column are left out.
    #[inline(never)]
    pub fn max_pool(self, images: &[f32]) -> Vec<f32> {
        let half = self.side / 2;
        let (row, after) = (self.row(), half * self.channels);
        let mut to = Vec::with_capacity(images.len() / 4);
        let mut lower = vec![0.0; 2 * after];
        for image in images.chunks_exact(self.size().max(1)) {
            for rows in image.chunks_exact(2 * row) {
                taller(rows, row, &mut lower);
                let from = to.len();
                to.resize(from + after, 0.0);
                let (runs, to) = (Runs { count: half, length: self.channels }, &mut to[from..]);
                runs.fours(|at, pair| {
                    let [left, right] = pair.map(|at| four(&lower, at));
                    put(to, at, left.simd_gt(right).bitselect(left, right));
                });
                runs.ones(|at, pair| {
                    let [left, right] = pair.map(|at| lower[at]);
                    to[at] = if left > right { left } else { right };
                });
            }
        }
        to
    }

    /// The gradient of images from that of the largest of every 2 × 2 places: it goes to that place, and of equal ones
    /// to the right and to the lower one.
    ///
    /// # Shapes
    /// `images` and the result: `[batch, side, side, channels]`; `gradient`: `[batch, side / 2, side / 2, channels]`.
    #[inline(never)]
    pub fn max_pool_backward(self, images: &[f32], gradient: &[f32]) -> Vec<f32> {
        let half = self.side / 2;
        let (row, after) = (self.row(), half * self.channels);
        let mut to = vec![0.0; images.len()];
        let (mut lower, mut of_lower) = (vec![0.0; 2 * after], vec![0.0; 2 * after]);
        let mut gradients = gradient.chunks_exact(after.max(1));
        let size = self.size().max(1);
        for (image, to) in images.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
            for (rows, to) in image.chunks_exact(2 * row).zip(to.chunks_exact_mut(2 * row)) {
                let Some(gradient) = gradients.next() else { return Vec::new() };
                taller(rows, row, &mut lower);
                let runs = Runs { count: half, length: self.channels };
                runs.fours(|at, [of_left, of_right]| {
                    let left_wins = four(&lower, of_left).simd_gt(four(&lower, of_right));
                    let gradient = four(gradient, at);
                    put(&mut of_lower, of_left, left_wins.bitselect(gradient, f32x4::ZERO));
                    put(&mut of_lower, of_right, left_wins.bitselect(f32x4::ZERO, gradient));
                });
                runs.ones(|at, [of_left, of_right]| {
                    let left_wins = lower[of_left] > lower[of_right];
                    (of_lower[of_left], of_lower[of_right]) =
                        if left_wins { (gradient[at], 0.0) } else { (0.0, gradient[at]) };
                });
                let (of_top, of_bottom) = to.split_at_mut(row);
                let (top, bottom) = rows.split_at(row);
                update([of_top, of_bottom], [top, bottom, &of_lower], |_, [top, bottom, gradient]| {
                    let top_wins = top.simd_gt(bottom);
                    [top_wins.bitselect(gradient, f32x4::ZERO), top_wins.bitselect(f32x4::ZERO, gradient)]
                });
            }
        }
        to
    }
}

/// The larger of each number of a row and the one below it.
fn taller(rows: &[f32], row: usize, to: &mut [f32]) {
    let (top, bottom) = rows.split_at(row);
    update([to], [top, bottom], |_, [top, bottom]| [top.simd_gt(bottom).bitselect(top, bottom)]);
}

impl Runs {
    /// Where the first of every four numbers stands that are whole in a run, and where twice as many runs have the two
    /// that become it.
    #[inline(always)]
    fn fours(self, step: impl FnMut(usize, [usize; 2])) {
        self.each((0..self.length / LANES).map(|part| LANES * part), step);
    }

    /// The same of the numbers behind the last four of a run.
    #[inline(always)]
    fn ones(self, step: impl FnMut(usize, [usize; 2])) {
        self.each(self.length / LANES * LANES..self.length, step);
    }

    #[inline(always)]
    fn each(self, parts: impl Iterator<Item = usize>, mut step: impl FnMut(usize, [usize; 2])) {
        for part in parts {
            for run in (0..self.count).map(|run| run * self.length) {
                step(run + part, [2 * run + part, 2 * run + self.length + part]);
            }
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const IMAGE: Images = Images { side: 3, channels: 1 };

    pub fn counted(images: Images, batch: usize) -> Vec<f32> {
        (1..=batch * images.size()).map(|number| number as f32).collect()
    }

    #[test]
    fn pooling_by_hand() {
        assert_eq!(IMAGE.max_pool(&counted(IMAGE, 2)), [5.0, 14.0]);
        let image = [1.0, 9.0, 3.0, 4.0, 3.0, 9.0, 2.0, 8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let two = Images { channels: 2, ..IMAGE };
        assert_eq!(two.max_pool(&image), [3.0, 9.0]);
        let mut want = [0.0; 18];
        (want[2], want[1]) = (5.0, 6.0);
        assert_eq!(two.max_pool_backward(&image, &[5.0, 6.0]), want);
        // Among equal ones it is the lower and the right one.
        let flat = Images { side: 2, channels: 5 };
        let mut want = [0.0; 20];
        want[15..].fill(1.0);
        assert_eq!(flat.max_pool_backward(&[7.0; 20], &[1.0; 5]), want);
    }
}

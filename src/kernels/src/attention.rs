//! Self-attention of one head over one short sequence, and its gradient (Vaswani et al. 2017, equation 1). Products of
//! matrices that small are over before what [`matmul`](crate::matmul) copies has paid, so they are made here of tiles
//! that read the left factor where it stands.

use wide::f32x4;

use crate::{activations::bounded_exp, simd4::LANES};

/// Rows of a tile: as many sums as hide how long one takes.
const TILE: usize = 4;
/// A score that a softmax makes zero.
const SHUT_OUT: f32 = -1e30;

/// Where a head stands.
#[derive(Debug, Clone, Copy)]
pub struct AttentionHead {
    /// Numbers of a token that all heads share.
    pub width: usize,
    /// The head's first number among them.
    pub column: usize,
    /// The head's own numbers.
    pub own: usize,
    /// Whether a token sees the tokens behind it.
    pub causal: bool,
}

impl AttentionHead {
    /// Tokens that the token at this place and those in front of it see, of so many.
    fn seen(self, last: usize, length: usize) -> usize {
        if self.causal { length.min(last + 1) } else { length }
    }

    /// What a score is divided by.
    fn scale(self) -> f32 {
        1.0 / (self.own as f32).sqrt()
    }
}

/// A matrix as tiles read their right factor, four columns after the other: `[columns / 4, rows, 4]`.
#[derive(Debug, Default)]
struct Columns {
    numbers: Vec<[f32; LANES]>,
    rows: usize,
}

impl Columns {
    /// Rows of `[rows, stride]`, `width` numbers of each from `column` on.
    fn read(&mut self, numbers: &[f32], stride: usize, column: usize, width: usize) {
        self.clear(numbers.len() / stride, width);
        for (row, numbers) in numbers.chunks_exact(stride).enumerate() {
            let (whole, rest) = numbers[column..column + width].as_chunks::<LANES>();
            for (at, four) in whole.iter().enumerate() {
                self.numbers[at * self.rows + row] = *four;
            }
            if !rest.is_empty() {
                self.numbers[whole.len() * self.rows + row][..rest.len()].copy_from_slice(rest);
            }
        }
    }

    /// The same, rows for columns.
    fn read_transposed(&mut self, numbers: &[f32], stride: usize, column: usize, width: usize) {
        self.clear(width, numbers.len() / stride);
        for (token, numbers) in numbers.chunks_exact(stride).enumerate() {
            let to = self.numbers[token / LANES * width..][..width].iter_mut();
            to.zip(&numbers[column..column + width]).for_each(|(to, number)| to[token % LANES] = *number);
        }
    }

    fn clear(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.numbers.clear();
        self.numbers.resize(rows * columns.div_ceil(LANES), [0.0; LANES]);
    }

    fn panels(&self) -> usize {
        self.numbers.len().checked_div(self.rows).unwrap_or(0)
    }
}

/// A left factor as it stands in memory.
#[derive(Clone, Copy)]
struct Left<'a> {
    numbers: &'a [f32],
    /// Numbers from one row to the next.
    stride: usize,
    /// Whether rows stand for columns.
    transposed: bool,
}

/// The sums of some rows of a left factor with one or two panels of a right one.
#[inline(always)]
fn tile<const R: usize, const N: usize>(
    left: Left<'_>,
    row: usize,
    depth: usize,
    panels: [&[[f32; LANES]]; N],
) -> [[f32x4; N]; R] {
    let mut sums = [[f32x4::ZERO; N]; R];
    let panels = panels.map(|panel| &panel[..depth]);
    let mut add = |at: usize, lefts: [f32; R]| {
        let rights = panels.map(|panel| f32x4::new(panel[at]));
        for (sums, left) in sums.iter_mut().zip(lefts) {
            for (sum, right) in sums.iter_mut().zip(rights) {
                *sum += f32x4::splat(left) * right;
            }
        }
    };
    if left.transposed {
        for at in 0..depth {
            let lefts = &left.numbers[at * left.stride + row..][..R];
            add(at, std::array::from_fn(|lane| lefts[lane]));
        }
    } else {
        let rows: [&[f32]; R] = std::array::from_fn(|lane| &left.numbers[(row + lane) * left.stride..][..depth]);
        for at in 0..depth {
            add(at, rows.map(|row| row[at]));
        }
    }
    sums
}

/// `left · right` of so many rows: `depth` says how many numbers of the rows up to a last one count, and `put` is
/// given each row, the first column of a panel, and four sums.
#[inline(always)]
fn product(
    left: Left<'_>,
    rows: usize,
    right: &Columns,
    depth: impl Fn(usize) -> usize,
    mut put: impl FnMut(usize, usize, [f32; LANES]),
) {
    let panel = |at: usize| &right.numbers[at * right.rows..][..right.rows];
    let panels = right.panels();
    let mut row = 0;
    while row < rows {
        let (count, depth) = if rows - row >= TILE { (TILE, depth(row + TILE - 1)) } else { (1, depth(row)) };
        let mut at = 0;
        while at < panels {
            let mut all = |sums: &[f32x4], from: usize| {
                for (index, sum) in sums.iter().enumerate() {
                    put(row + index, from * LANES, sum.to_array());
                }
            };
            if at + 1 < panels && count == TILE {
                let sums = tile::<TILE, 2>(left, row, depth, [panel(at), panel(at + 1)]);
                all(&sums.map(|sums| sums[0]), at);
                all(&sums.map(|sums| sums[1]), at + 1);
                at += 2;
            } else if count == TILE {
                all(&tile::<TILE, 1>(left, row, depth, [panel(at)]).map(|[sum]| sum), at);
                at += 1;
            } else if at + 1 < panels {
                let [[a, b]] = tile::<1, 2>(left, row, depth, [panel(at), panel(at + 1)]);
                all(&[a], at);
                all(&[b], at + 1);
                at += 2;
            } else {
                all(&tile::<1, 1>(left, row, depth, [panel(at)]).map(|[sum]| sum), at);
                at += 1;
            }
        }
        row += count;
    }
}

/// Room for one head of one sequence.
#[derive(Debug, Default)]
pub struct AttentionRoom {
    keys: Columns,
    values: Columns,
    queries: Columns,
    given: Columns,
    /// Rows of scores, each filled up to whole vectors.
    scores: Vec<f32>,
}

/// What each token takes from the others, and the mean of their values.
///
/// # Shapes
/// `projected`: `[length, 3 · width]`, queries, keys and values of all heads; `map`: `[length, length]`, each row what
/// a token takes of the others; `mixed`: `[length, width]`, of which the head's columns are written.
#[inline(never)]
pub fn attention_forward(
    head: AttentionHead,
    projected: &[f32],
    room: &mut AttentionRoom,
    map: &mut [f32],
    mixed: &mut [f32],
) {
    let AttentionHead { width, column, own, .. } = head;
    let length = projected.len() / (3 * width);
    let padded = length.next_multiple_of(LANES);
    room.keys.read_transposed(projected, 3 * width, width + column, own);
    room.values.read(projected, 3 * width, 2 * width + column, own);
    room.scores.resize(length * padded, 0.0);
    let scores = &mut room.scores[..length * padded];
    let queries = Left { numbers: &projected[column..], stride: 3 * width, transposed: false };
    product(
        queries,
        length,
        &room.keys,
        |_| own,
        |row, column, sums| {
            scores[row * padded + column..][..LANES].copy_from_slice(&sums);
        },
    );
    let scale = head.scale();
    for (row, scores) in scores.chunks_exact_mut(padded.max(1)).enumerate() {
        scores[head.seen(row, length)..].fill(SHUT_OUT);
        let fours = scores.as_chunks::<LANES>().0.iter().map(|&four| f32x4::new(four));
        let most = fours.fold(f32x4::splat(SHUT_OUT), f32x4::fast_max).to_array().into_iter().fold(SHUT_OUT, f32::max);
        let (most, by) = (f32x4::splat(most), f32x4::splat(scale));
        let mut sum = f32x4::ZERO;
        for four in scores.as_chunks_mut::<LANES>().0 {
            let power = bounded_exp((f32x4::new(*four) - most) * by);
            sum += power;
            *four = power.to_array();
        }
        let share = f32x4::splat(1.0 / sum.reduce_add());
        for four in scores.as_chunks_mut::<LANES>().0 {
            *four = (f32x4::new(*four) * share).to_array();
        }
        map[row * length..][..length].copy_from_slice(&scores[..length]);
    }
    let shares = Left { numbers: map, stride: length, transposed: false };
    product(
        shares,
        length,
        &room.values,
        |last| head.seen(last, length),
        |row, from, sums| {
            put(mixed, row * width + column, own, from, sums);
        },
    );
}

/// Writes the gradients of queries, keys and values into the head's columns of `of_projected`.
///
/// # Shapes
/// `projected`, `map` as [`attention_forward`] read and wrote them; `of_mixed`: `[length, width]`, the gradient of what
/// it mixed; `of_projected`: `[length, 3 · width]`.
#[inline(never)]
pub fn attention_backward(
    head: AttentionHead,
    (projected, map): (&[f32], &[f32]),
    room: &mut AttentionRoom,
    of_mixed: &[f32],
    of_projected: &mut [f32],
) {
    let AttentionHead { width, column, own, .. } = head;
    let stride = 3 * width;
    let length = projected.len() / stride;
    let padded = length.next_multiple_of(LANES);
    room.values.read_transposed(projected, stride, 2 * width + column, own);
    room.keys.read(projected, stride, width + column, own);
    room.queries.read(projected, stride, column, own);
    room.given.read(of_mixed, width, column, own);
    room.scores.resize(length * padded, 0.0);
    let scores = &mut room.scores[..length * padded];
    let given = Left { numbers: &of_mixed[column..], stride: width, transposed: false };
    product(
        given,
        length,
        &room.values,
        |_| own,
        |row, column, sums| {
            scores[row * padded + column..][..LANES].copy_from_slice(&sums);
        },
    );
    let scale = head.scale();
    for (scores, shares) in scores.chunks_exact_mut(padded.max(1)).zip(map.chunks_exact(length.max(1))) {
        let mean: f32 = scores.iter().zip(shares).map(|(score, share)| score * share).sum();
        scores.iter_mut().zip(shares).for_each(|(score, share)| *score = scale * share * (*score - mean));
    }
    let all = |_| length;
    let of_scores = Left { numbers: scores, stride: padded, transposed: false };
    product(
        of_scores,
        length,
        &room.keys,
        |last| head.seen(last, length),
        |row, from, sums| {
            put(of_projected, row * stride + column, own, from, sums);
        },
    );
    product(Left { transposed: true, ..of_scores }, length, &room.queries, all, |row, from, sums| {
        put(of_projected, row * stride + width + column, own, from, sums);
    });
    let shares = Left { numbers: map, stride: length, transposed: true };
    product(shares, length, &room.given, all, |row, from, sums| {
        put(of_projected, row * stride + 2 * width + column, own, from, sums);
    });
}

/// Writes four numbers of a head's row, or as many as it has.
#[inline(always)]
fn put(to: &mut [f32], row: usize, own: usize, from: usize, sums: [f32; LANES]) {
    let count = LANES.min(own - from);
    let to = &mut to[row + from..][..count];
    match <&mut [f32; LANES]>::try_from(&mut *to) {
        Ok(to) => *to = sums,
        Err(_) => to.copy_from_slice(&sums[..count]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::wave;

    /// Lengths and widths of a head around whole tiles and vectors, each with and without a look at later tokens.
    fn cases() -> impl Iterator<Item = (usize, AttentionHead)> {
        let sides = [(1, 1), (2, 4), (4, 5), (5, 8), (9, 12), (13, 8), (16, 3)];
        sides.into_iter().flat_map(|(length, own)| {
            [false, true].map(|causal| (length, AttentionHead { width: 2 * own + 1, column: own, own, causal }))
        })
    }

    /// What is mixed, and the map, by the formula in double precision.
    fn plain(length: usize, head: AttentionHead, projected: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let AttentionHead { width, column, own, causal } = head;
        let at = |token: usize, part: usize, number: usize| {
            f64::from(projected[token * 3 * width + part * width + column + number])
        };
        let (mut mixed, mut map) = (Vec::new(), Vec::new());
        for token in 0..length {
            let seen = if causal { token + 1 } else { length };
            let score = |other| (0..own).map(|number| at(token, 0, number) * at(other, 1, number)).sum::<f64>();
            let powers: Vec<f64> = (0..seen).map(|other| (score(other) / (own as f64).sqrt()).exp()).collect();
            let sum: f64 = powers.iter().sum();
            map.extend((0..length).map(|other| powers.get(other).map_or(0.0, |power| power / sum)));
            mixed.extend((0..own).map(|number| {
                powers.iter().enumerate().map(|(other, power)| power / sum * at(other, 2, number)).sum::<f64>()
            }));
        }
        (mixed, map)
    }

    #[test]
    fn shares_and_means_are_those_of_the_formula() {
        let room = &mut AttentionRoom::default();
        for (length, head) in cases() {
            let projected = wave(length * 3 * head.width, 0.9);
            let (mut map, mut mixed) = (vec![9.0; length * length], vec![7.0; length * head.width]);
            attention_forward(head, &projected, room, &mut map, &mut mixed);
            let (expected, shares) = plain(length, head, &projected);
            for (at, (found, share)) in map.iter().zip(&shares).enumerate() {
                let is_shut_out = head.causal && at % length > at / length;
                assert!(
                    (f64::from(*found) - share).abs() < 1e-6 && (!is_shut_out || *found == 0.0),
                    "{length} {head:?}"
                );
            }
            for (row, expected) in mixed.chunks_exact(head.width).zip(expected.chunks_exact(head.own)) {
                let own = &row[head.column..head.column + head.own];
                assert!(own.iter().zip(expected).all(|(found, expected)| (f64::from(*found) - expected).abs() < 1e-5));
                // Other heads' columns are left alone.
                assert!(row[..head.column].iter().all(|number| *number == 7.0) && row[head.width - 1] == 7.0);
            }
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let room = &mut AttentionRoom::default();
        for (length, head) in cases() {
            let AttentionHead { width, column, own, .. } = head;
            let projected = wave(length * 3 * width, 0.9);
            let of_mixed = wave(length * width, 1.7);
            let (mut map, mut mixed) = (vec![0.0; length * length], vec![0.0; length * width]);
            attention_forward(head, &projected, room, &mut map, &mut mixed);
            let mut found = vec![5.0; projected.len()];
            attention_backward(head, (&projected, &map), room, &of_mixed, &mut found);
            let value = |projected: &[f32]| -> f64 {
                let (mixed, _) = plain(length, head, projected);
                let given = of_mixed.chunks_exact(width).flat_map(|row| &row[column..column + own]);
                mixed.iter().zip(given).map(|(mixed, given)| mixed * f64::from(*given)).sum()
            };
            for at in 0..projected.len() {
                if !(column..column + own).contains(&(at % width)) {
                    assert_eq!(found[at], 5.0, "other heads' columns are left alone");
                    continue;
                }
                let moved = |by: f32| {
                    let mut moved = projected.clone();
                    moved[at] += by;
                    value(&moved)
                };
                let expected = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!(
                    (f64::from(found[at]) - expected).abs() < 1e-3,
                    "{length} {head:?} {at}: {} {expected}",
                    found[at]
                );
            }
        }
    }
}

//! Pairs of 16-bit numbers times runs of such pairs, each pair's two products added: the widest product of integers that
//! WebAssembly and every x86-64 processor have.
//!
//! The compiler finds `pmaddwd` in the plain form below, yet nothing of the kind for WebAssembly, where the plain form takes
//! longer than floating point; there the instruction, `i32x4.dot_i16x8_s`, is asked for by its name.

/// What is not zero in a row: the place of a pair, and the pair.
pub type Entry = (u32, [i16; 2]);

#[cfg(target_arch = "wasm32")]
mod form {
    use core::arch::wasm32::{i16x8, i32x4, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128};

    use super::Entry;

    /// The weights of a pair of inputs for each of four outputs.
    pub type Pairs = v128;

    pub fn pairs([a, b, c, d, e, f, g, h]: [i16; 8]) -> Pairs {
        i16x8(a, b, c, d, e, f, g, h)
    }

    pub fn multiply_add<const WIDTH: usize>(entries: &[Entry], weights: &[Pairs], to: &mut [i32; WIDTH]) {
        let quads = WIDTH / 4;
        // More than are used are never made.
        let mut sums = [i32x4_splat(0); 4];
        for (sum, to) in sums.iter_mut().zip(to.as_chunks::<4>().0) {
            *sum = i32x4(to[0], to[1], to[2], to[3]);
        }
        for &(place, [first, second]) in entries {
            let at = place as usize * quads;
            // Never absent; a look-up that can fail is cheaper than one that can panic.
            let Some(weights) = weights.get(at..at + quads) else { continue };
            let pair = i32x4_splat(i32::from(first as u16) | i32::from(second) << 16);
            for (sum, &weights) in sums.iter_mut().zip(weights) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(pair, weights));
            }
        }
        for (to, &sum) in to.as_chunks_mut::<4>().0.iter_mut().zip(&sums) {
            *to = [
                i32x4_extract_lane::<0>(sum),
                i32x4_extract_lane::<1>(sum),
                i32x4_extract_lane::<2>(sum),
                i32x4_extract_lane::<3>(sum),
            ];
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod form {
    use super::Entry;

    /// The weights of a pair of inputs for each of four outputs.
    pub type Pairs = [i16; 8];

    pub fn pairs(of: [i16; 8]) -> Pairs {
        of
    }

    // By index, in one loop, into sums that were there before: other forms are not recognized.
    #[allow(clippy::needless_range_loop)]
    pub fn multiply_add<const WIDTH: usize>(entries: &[Entry], weights: &[Pairs], to: &mut [i32; WIDTH]) {
        let weights = weights.as_flattened();
        let mut sums = *to;
        for &(place, [first, second]) in entries {
            let at = place as usize * 2 * WIDTH;
            // Never absent; a look-up that can fail is cheaper than one that can panic.
            let Some(weights) = weights.get(at..at + 2 * WIDTH) else { continue };
            let (first, second) = (i32::from(first), i32::from(second));
            for output in 0..WIDTH {
                sums[output] += first * i32::from(weights[2 * output]) + second * i32::from(weights[2 * output + 1]);
            }
        }
        *to = sums;
    }
}

pub use form::{Pairs, pairs};

/// Adds a row's products with a tile of weights to the tile's sums.
///
/// # Shapes
/// `weights`: `[pairs, WIDTH / 4]`; `WIDTH` is 4, 8, 12 or 16.
#[inline(never)]
pub fn multiply_add<const WIDTH: usize>(entries: &[Entry], weights: &[Pairs], to: &mut [i32; WIDTH]) {
    form::multiply_add(entries, weights, to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_times_four_by_hand() {
        let weights = [pairs([9; 8]), pairs([1, 2, -3, 4, 255, -255, 0, 7])];
        let mut sums = [100, 0, 0, 0];
        multiply_add(&[(1, [10, -1])], &weights, &mut sums);
        assert_eq!(sums, [108, -34, 2805, -7]);
        multiply_add(&[(0, [1, 0]), (1, [-255, 255])], &weights, &mut sums);
        assert_eq!(sums, [372, 1760, 2814 - 130_050, 1787]);
    }
}

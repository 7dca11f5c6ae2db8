//! Eight 16-bit numbers side by side: the widest product of integers that WebAssembly and every x86-64 processor have.
//!
//! The compiler finds `pmaddwd` in the plain form below, yet nothing of the kind for WebAssembly, where the plain form takes
//! three times as long as floating point; there the instruction is asked for by its name.

#[cfg(target_arch = "wasm32")]
mod form {
    use core::arch::wasm32::{i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128};

    /// Four pairs of 16-bit numbers.
    pub type Pairs = v128;

    /// Four 32-bit sums.
    pub type Sums = v128;

    pub fn pairs(of: [i16; 8]) -> Pairs {
        let [a, b, c, d, e, f, g, h] = of;
        i16x8(a, b, c, d, e, f, g, h)
    }

    pub fn zeros() -> Sums {
        i32x4_splat(0)
    }

    /// Adds the products of one pair with four, each pair's two together: `i32x4.dot_i16x8_s`.
    #[inline(always)]
    pub fn add(sums: Sums, [first, second]: [i16; 2], weights: Pairs) -> Sums {
        let pair = i32::from(first as u16) | i32::from(second) << 16;
        i32x4_add(sums, i32x4_dot_i16x8(i32x4_splat(pair), weights))
    }

    #[inline(always)]
    pub fn numbers(sums: Sums) -> [i32; 4] {
        [
            i32x4_extract_lane::<0>(sums),
            i32x4_extract_lane::<1>(sums),
            i32x4_extract_lane::<2>(sums),
            i32x4_extract_lane::<3>(sums),
        ]
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod form {
    /// Four pairs of 16-bit numbers.
    pub type Pairs = [i16; 8];

    /// Four 32-bit sums.
    pub type Sums = [i32; 4];

    pub fn pairs(of: [i16; 8]) -> Pairs {
        of
    }

    pub fn zeros() -> Sums {
        [0; 4]
    }

    /// Adds the products of one pair with four, each pair's two together: `pmaddwd`.
    #[inline(always)]
    pub fn add(mut sums: Sums, [first, second]: [i16; 2], weights: Pairs) -> Sums {
        let (first, second) = (i32::from(first), i32::from(second));
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += first * i32::from(weights[2 * lane]) + second * i32::from(weights[2 * lane + 1]);
        }
        sums
    }

    #[inline(always)]
    pub fn numbers(sums: Sums) -> [i32; 4] {
        sums
    }
}

pub use form::{Pairs, Sums, add, numbers, pairs, zeros};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_times_four_by_hand() {
        let weights = pairs([1, 2, -3, 4, 255, -255, 0, 7]);
        let once = add(zeros(), [10, -1], weights);
        assert_eq!(numbers(once), [8, -34, 2805, -7]);
        assert_eq!(numbers(add(once, [-255, 255], weights)), [263, 1751, 2805 - 130_050, 1778]);
    }
}

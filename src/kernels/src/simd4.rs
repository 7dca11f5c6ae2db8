//! Loops over numbers, four at a time.

use wide::f32x4;

/// Numbers of each slice that are gone over together.
pub const BLOCK: usize = 16;

/// Numbers of a vector.
pub const LANES: usize = 4;

/// Four numbers from here on.
#[inline(always)]
pub fn four(numbers: &[f32], at: usize) -> f32x4 {
    numbers[at..].first_chunk().copied().unwrap_or_default().into()
}

/// Writes four numbers from here on.
#[inline(always)]
pub fn put(numbers: &mut [f32], at: usize, four: f32x4) {
    if let Some(to) = numbers[at..].first_chunk_mut() {
        *to = four.to_array();
    }
}

/// Four numbers of each slice at a time, and the last ones one by one; all slices are of one length.
#[inline(always)]
pub fn update<const N: usize, const M: usize>(
    mut changed: [&mut [f32]; N],
    given: [&[f32]; M],
    step: impl Fn([f32x4; N], [f32x4; M]) -> [f32x4; N],
) {
    let lengths = changed.iter().map(|numbers| numbers.len()).chain(given.iter().map(|numbers| numbers.len()));
    let length = lengths.min().unwrap_or(0);
    // By blocks of a known length nothing has to be compared with it.
    let blocks = length / BLOCK;
    for block in 0..blocks {
        let given = given.map(|numbers| numbers.as_chunks::<BLOCK>().0[block].as_chunks::<4>().0);
        let mut changed =
            changed.each_mut().map(|numbers| numbers.as_chunks_mut::<BLOCK>().0[block].as_chunks_mut::<4>().0);
        for at in 0..BLOCK / 4 {
            let next =
                step(std::array::from_fn(|i| changed[i][at].into()), std::array::from_fn(|i| given[i][at].into()));
            for (numbers, next) in changed.iter_mut().zip(next) {
                numbers[at] = next.to_array();
            }
        }
    }
    for at in blocks * BLOCK..length {
        let one = |numbers: &[f32]| f32x4::splat(numbers[at]);
        let next = step(std::array::from_fn(|i| one(changed[i])), given.map(one));
        for (numbers, next) in changed.iter_mut().zip(next) {
            numbers[at] = next.to_array()[0];
        }
    }
}

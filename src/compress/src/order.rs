//! Numbers in rising order, by the one sort that this crate carries.

/// The same numbers, the least first.
pub fn sorted(numbers: &[f32]) -> Vec<f32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}

//! Loops over numbers, four at a time.

use wide::f32x4;

/// Four numbers of each slice at a time, the last ones filled with zeros; all slices are of one length.
pub fn over<const N: usize, const M: usize>(
    mut changed: [&mut [f32]; N],
    given: [&[f32]; M],
    step: impl Fn([f32x4; N], [f32x4; M]) -> [f32x4; N],
) {
    let lengths = changed.iter().map(|numbers| numbers.len()).chain(given.iter().map(|numbers| numbers.len()));
    let length = lengths.min().unwrap_or(0);
    let whole = length - length % 4;
    for at in (0..whole).step_by(4) {
        let four = |numbers: &[f32]| {
            f32x4::from(numbers.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or([0.0; 4]))
        };
        let next = step(std::array::from_fn(|i| four(changed[i])), std::array::from_fn(|i| four(given[i])));
        for (numbers, next) in changed.iter_mut().zip(next) {
            if let Some(four) = numbers.get_mut(at..at + 4) {
                four.copy_from_slice(&next.to_array());
            }
        }
    }
    if whole == length {
        return;
    }
    let padded = |numbers: &[f32]| {
        f32x4::from(std::array::from_fn::<f32, 4, _>(|i| numbers[whole..length].get(i).copied().unwrap_or_default()))
    };
    let next = step(std::array::from_fn(|i| padded(changed[i])), std::array::from_fn(|i| padded(given[i])));
    for (numbers, next) in changed.iter_mut().zip(next) {
        for (number, next) in numbers[whole..length].iter_mut().zip(next.to_array()) {
            *number = next;
        }
    }
}

//! Sorting in one place: every call of the standard library's sort brings three kilobytes of its own into the page.

use std::cmp::Ordering;

/// The places from 0 to `count` in the order that `compare` gives; equal ones stay as they were.
pub fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|&a, &b| compare(a, b));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_stay_as_they_were() {
        let keys = [3, 1, 2, 1, 3];
        assert_eq!(sorted(keys.len(), &|a, b| keys[a].cmp(&keys[b])), [1, 3, 2, 0, 4]);
        assert!(sorted(0, &|_, _| Ordering::Equal).is_empty());
    }
}

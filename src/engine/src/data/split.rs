//! Splits and subsets that are fair to every class.

use std::ops::Range;

use rand::seq::SliceRandom;

use crate::random;

/// The split between training and test is the same for every experiment, so that accuracies compare.
const SPLIT_SEED: u32 = 3;

/// Splits `labels` into places to train on and `test` places to test on, as many of each class as can be.
pub fn balanced(labels: &[u8], test: usize, classes: usize) -> (Vec<u32>, Vec<u32>) {
    let order = by_turns(labels, classes, SPLIT_SEED, "split", |_| true);
    let (test, train) = order.split_at(test.min(order.len()));
    (rising(train, labels.len()), rising(test, labels.len()))
}

/// `count` places of those whose class passes `keep`, balanced by class, in rising order; all of them if there are
/// fewer.
pub fn subset(labels: &[u8], count: usize, classes: usize, seed: u32, keep: impl Fn(u8) -> bool) -> Vec<u32> {
    let mut rows = by_turns(labels, classes, seed, "labelled", keep);
    rows.truncate(count);
    rising(&rows, labels.len())
}

/// Some of all places, taken in the order in which classes take turns: ranges that share nothing give places that
/// share nothing, each balanced by class.
pub fn part(labels: &[u8], range: Range<usize>, classes: usize, seed: u32) -> Vec<u32> {
    let rows = by_turns(labels, classes, seed, "labelled", |_| true);
    rising(&rows[range], labels.len())
}

/// Different rows out of `count`, in rising order.
fn rising(rows: &[u32], count: usize) -> Vec<u32> {
    let mut is_among = vec![false; count];
    rows.iter().for_each(|&row| is_among[row as usize] = true);
    (0_u32..).zip(is_among).filter(|&(_, is_among)| is_among).map(|(row, _)| row).collect()
}

/// All places whose class passes `keep`, shuffled, the classes taking turns.
fn by_turns(labels: &[u8], classes: usize, seed: u32, purpose: &str, keep: impl Fn(u8) -> bool) -> Vec<u32> {
    let mut generator = random::stream(seed, purpose);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for (row, &label) in (0_u32..).zip(labels).filter(|&(_, &label)| keep(label)) {
        members[usize::from(label)].push(row);
    }
    for class in &mut members {
        class.shuffle(&mut generator);
    }
    let longest = members.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|turn| members.iter().filter_map(move |class| class.get(turn).copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_balanced_seeded_and_within_bounds() {
        let labels: Vec<u8> = (0..300).map(|row| if row < 200 { 0 } else { (row % 5) as u8 }).collect();
        let rows = subset(&labels, 50, 5, 3, |_| true);
        for class in 0..5 {
            assert_eq!(rows.iter().filter(|&&row| labels[row as usize] == class).count(), 10);
        }
        assert_eq!(rows, subset(&labels, 50, 5, 3, |_| true));
        assert_ne!(rows, subset(&labels, 50, 5, 4, |_| true));
        assert!(subset(&labels, 50, 5, 3, |class| class != 2).iter().all(|&row| labels[row as usize] != 2));
        assert_eq!(subset(&labels, 10_000, 5, 3, |_| true).len(), 300);
    }

    #[test]
    fn parts_share_nothing_and_the_first_is_the_subset() {
        let labels: Vec<u8> = (0..300).map(|row| (row % 5) as u8).collect();
        let parts = [0..50, 50..100].map(|range| part(&labels, range, 5, 3));
        assert_eq!(parts[0], subset(&labels, 50, 5, 3, |_| true));
        assert!(parts[1].iter().all(|row| !parts[0].contains(row)));
    }

    #[test]
    fn a_split_shares_nothing() {
        let labels: Vec<u8> = (0..100).map(|row| (row % 3) as u8).collect();
        let (train, test) = balanced(&labels, 30, 3);
        assert_eq!((train.len(), test.len()), (70, 30));
        assert!(test.iter().all(|row| !train.contains(row)));
    }
}

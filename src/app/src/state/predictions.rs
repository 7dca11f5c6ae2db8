//! What networks answer, compared: the test examples that two of them, or one before and after packing, see
//! differently.

use retort_spec::probability::argmax;

/// The class that a network gives each example.
///
/// # Shapes
/// `logits`: `[examples, classes]`, row by row; the result `[examples]`.
pub fn answers(logits: &[f32], classes: usize) -> Vec<u8> {
    logits.chunks_exact(classes.max(1)).map(|row| argmax(row).unwrap_or(0) as u8).collect()
}

/// The examples to which two networks give different classes.
pub fn disagreements(one: &[u8], other: &[u8]) -> Vec<usize> {
    let pairs = one.iter().zip(other).enumerate();
    pairs.filter(|(_, (one, other))| one != other).map(|(index, _)| index).collect()
}

/// The examples whose class changed when a network was packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flips {
    /// Right before, wrong after.
    pub lost: Vec<usize>,
    /// Wrong before, right after.
    pub gained: Vec<usize>,
    /// Wrong before and after, each time another class.
    pub other: Vec<usize>,
}

impl Flips {
    /// Compares the classes given before and after with the true ones.
    pub fn of(labels: &[u8], before: &[u8], after: &[u8]) -> Self {
        let mut flips = Self::default();
        for index in disagreements(before, after) {
            match labels.get(index) {
                Some(label) if *label == before[index] => flips.lost.push(index),
                Some(label) if *label == after[index] => flips.gained.push(index),
                Some(_) => flips.other.push(index),
                None => {}
            }
        }
        flips
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lost.len() + self.gained.len() + self.other.len()
    }
}

/// How many of each group to show where there is room for `room` in all: one of each by turns, so that a large group
/// hides no small one.
pub fn round_robin<const N: usize>(sizes: [usize; N], room: usize) -> [usize; N] {
    let mut shares = [0; N];
    let mut left = room;
    while left > 0 && shares != sizes {
        for (share, size) in shares.iter_mut().zip(sizes) {
            if *share < size && left > 0 {
                *share += 1;
                left -= 1;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_answers_its_largest_logit() {
        assert_eq!(answers(&[1.0, 3.0, 2.0, 9.0, 0.0, -1.0], 3), [1, 0]);
        assert!(answers(&[], 3).is_empty());
    }

    #[test]
    fn networks_disagree_where_their_classes_differ() {
        assert_eq!(disagreements(&[0, 1, 2, 2], &[0, 2, 2, 1]), [1, 3]);
        assert!(disagreements(&[4, 4], &[4, 4]).is_empty());
    }

    #[test]
    fn each_flip_is_of_one_kind_and_what_stays_is_none() {
        // Right and right; right then wrong; wrong then right; wrong, then wrong otherwise; wrong and the same wrong.
        let flips = Flips::of(&[0, 1, 2, 3, 4], &[0, 1, 0, 0, 0], &[0, 2, 2, 1, 0]);
        assert_eq!(flips, Flips { lost: vec![1], gained: vec![2], other: vec![3] });
        assert_eq!(flips.count(), 3);
    }

    #[test]
    fn room_is_shared_out_by_turns() {
        assert_eq!(round_robin([60, 2, 1], 24), [21, 2, 1]);
        assert_eq!(round_robin([60, 60, 60], 24), [8, 8, 8]);
        assert_eq!(round_robin([1, 0, 2], 24), [1, 0, 2]);
    }
}

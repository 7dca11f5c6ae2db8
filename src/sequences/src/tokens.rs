//! A batch of sequences of different lengths.
//!
//! Tokens stand one after the other without padding: a padding token would cost as much as a real one, and more than
//! half of a batch of the grammar's sentences would be padding. So nothing has to be masked, and a sequence comes to
//! the same, bit for bit, whatever stands beside it.

/// A token's number in its vocabulary.
pub type Token = u16;

/// Sequences, their tokens one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenBatch {
    tokens: Vec<Token>,
    /// Where each sequence begins, and where the last one ends.
    starts: Vec<usize>,
}

impl TokenBatch {
    /// A batch of these sequences; empty ones have no place in it.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [Token]>) -> Self {
        let mut batch = Self { tokens: Vec::new(), starts: vec![0] };
        for sequence in sequences.into_iter().filter(|sequence| !sequence.is_empty()) {
            batch.tokens.extend(sequence);
            batch.starts.push(batch.tokens.len());
        }
        batch
    }

    /// All tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// How many sequences.
    pub fn sequences(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Where the tokens of each sequence stand.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> + '_ {
        self.starts.windows(2).map(|ends| ends[0]..ends[1])
    }

    /// The place of each token within its sequence.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges().flat_map(|range| 0..range.len())
    }

    /// Tokens of the longest sequence.
    pub fn longest(&self) -> usize {
        self.ranges().map(|range| range.len()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_stand_one_after_the_other() {
        let sequences: [&[Token]; 4] = [&[1, 2], &[], &[3], &[4, 5, 6]];
        let batch = TokenBatch::new(sequences);
        assert_eq!(batch.tokens(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(batch.ranges().collect::<Vec<_>>(), [0..2, 2..3, 3..6]);
        assert_eq!(batch.positions().collect::<Vec<_>>(), [0, 1, 0, 0, 1, 2]);
        assert_eq!((batch.sequences(), batch.longest()), (3, 3));
        assert_eq!((TokenBatch::default().sequences(), TokenBatch::default().longest()), (0, 0));
    }
}

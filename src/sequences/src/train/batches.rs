//! Which examples a step sees.

use crate::{
    random::{Stream, stream},
    tasks::{Answers, Examples, Inputs},
    tokens::{Token, TokenBatch},
};

/// Indices of examples, in a new random order whenever all were seen.
pub struct Batches {
    stream: Stream,
    order: Vec<usize>,
    at: usize,
}

impl Batches {
    /// Batches of these examples, ordered by the stream of a seed and a purpose.
    pub fn new(examples: Vec<usize>, seed: u32, purpose: &str) -> Self {
        let at = examples.len();
        Self { stream: stream(seed, purpose), order: examples, at }
    }

    /// The next so many; a batch may go over the end of an order into the next one.
    pub fn next(&mut self, count: usize) -> Vec<usize> {
        let mut batch = Vec::with_capacity(count);
        while batch.len() < count && !self.order.is_empty() {
            if self.at >= self.order.len() {
                self.stream.shuffle(&mut self.order);
                self.at = 0;
            }
            let end = self.order.len().min(self.at + count - batch.len());
            batch.extend_from_slice(&self.order[self.at..end]);
            self.at = end;
        }
        batch
    }
}

/// The first so many of a random order that depends on the seed alone: whoever has more labels also has these.
pub fn chosen(all: usize, count: Option<usize>, seed: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..all).collect();
    stream(seed, "labels").shuffle(&mut order);
    order.truncate(count.unwrap_or(all));
    order
}

/// A batch to be asked about.
pub enum Asked {
    /// Sequences.
    Tokens(TokenBatch),
    /// Rows of numbers.
    Numbers(Vec<f32>),
}

impl Asked {
    /// As a network reads it.
    pub fn batch(&self) -> crate::nets::Batch<'_> {
        match self {
            Self::Tokens(batch) => crate::nets::Batch::Tokens(batch),
            Self::Numbers(numbers) => crate::nets::Batch::Numbers(numbers),
        }
    }
}

/// What some examples ask; in a language model all tokens but the last one.
pub fn asked(examples: &Examples, indices: &[usize]) -> Asked {
    match &examples.inputs {
        Inputs::Numbers(numbers, width) => Asked::Numbers(rows(numbers, *width, indices)),
        Inputs::Tokens(sequences) => {
            let chosen = indices.iter().map(|&index| sequences[index].as_slice());
            match examples.answers {
                Answers::Next => asked_texts(chosen),
                _ => Asked::Tokens(TokenBatch::new(chosen)),
            }
        }
    }
}

/// What texts ask: each token but the last one, what comes next.
pub fn asked_texts<'a>(texts: impl IntoIterator<Item = &'a [Token]>) -> Asked {
    Asked::Tokens(TokenBatch::new(texts.into_iter().map(|text| &text[..text.len().saturating_sub(1)])))
}

/// What comes next in texts.
pub fn next_tokens<'a>(texts: impl IntoIterator<Item = &'a [Token]>) -> Vec<u16> {
    texts.into_iter().flat_map(|text| text.iter().skip(1).copied()).collect()
}

/// Some rows.
pub fn rows(numbers: &[f32], width: usize, indices: &[usize]) -> Vec<f32> {
    indices.iter().flat_map(|&index| numbers[index * width..][..width].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_examples_are_seen_before_one_is_seen_again() {
        let mut batches = Batches::new((10..17).collect(), 1, "test");
        let mut seen: Vec<usize> = (0..7).flat_map(|_| batches.next(3)).collect();
        for round in seen.chunks_mut(7) {
            round.sort_unstable();
            assert_eq!(round, (10..17).collect::<Vec<usize>>());
        }
        assert_eq!(Batches::new(Vec::new(), 1, "test").next(3), Vec::<usize>::new());
    }

    #[test]
    fn more_labels_are_the_fewer_and_others() {
        assert_eq!(chosen(50, Some(10), 3), chosen(50, Some(20), 3)[..10]);
        assert_ne!(chosen(50, Some(10), 3), chosen(50, Some(10), 4));
        assert_eq!(chosen(50, None, 3).len(), 50);
    }
}

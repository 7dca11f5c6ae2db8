//! The weights of a network: one list of numbers, so that an optimizer takes one step, with the name and the shape of
//! each matrix in it.

use std::ops::Range;

use crate::random::Stream;

/// Where a matrix or a vector stands in [`Weights`] and in their gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    start: usize,
    length: usize,
}

impl Slot {
    /// Its numbers among all.
    pub fn of(self, all: &[f32]) -> &[f32] {
        &all[self.range()]
    }

    /// Its numbers among all, to be changed.
    pub fn of_mut(self, all: &mut [f32]) -> &mut [f32] {
        &mut all[self.range()]
    }

    /// Its place.
    pub fn range(self) -> Range<usize> {
        self.start..self.start + self.length
    }

    /// So many of its numbers from `from` on.
    pub fn part(self, from: usize, length: usize) -> Self {
        Self { start: self.start + from, length: length.min(self.length.saturating_sub(from)) }
    }
}

/// What a matrix or a vector is called, its shape (row by row), and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    slot: Slot,
}

/// All weights of a network.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// The numbers of all matrices and vectors, one after the other.
    pub values: Vec<f32>,
    entries: Vec<Entry>,
}

/// How weights begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// All are this number.
    Constant(f32),
    /// Uniform within plus or minus this bound.
    Uniform(f32),
    /// Normal with this standard deviation.
    Normal(f32),
}

impl Start {
    /// Uniform with the variance of Glorot & Bengio (2010, equation 16).
    pub fn glorot(inputs: usize, outputs: usize) -> Self {
        Self::Uniform((6.0 / (inputs + outputs).max(1) as f32).sqrt())
    }
}

impl Weights {
    /// Adds a matrix or a vector; where it stands.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], start: Start, stream: &mut Stream) -> Slot {
        let slot = Slot { start: self.values.len(), length: shape.iter().product() };
        self.values.extend((0..slot.length).map(|_| match start {
            Start::Constant(number) => number,
            Start::Uniform(bound) => bound * (2.0 * stream.uniform() - 1.0),
            Start::Normal(deviation) => deviation * stream.normal(),
        }));
        self.entries.push(Entry { name: name.into(), shape: shape.to_vec(), slot });
        slot
    }

    /// Name, shape and numbers of each matrix and vector, in the order in which they were added.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        self.entries.iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice(), entry.slot.of(&self.values)))
    }

    /// Shape and numbers of that name; none where nothing has it.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.entries().find(|(other, ..)| *other == name).map(|(_, shape, numbers)| (shape, numbers))
    }

    /// The numbers of that name, to be changed; none where nothing has that name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let slot = self.entries.iter().find(|entry| entry.name == name)?.slot;
        Some(slot.of_mut(&mut self.values))
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    #[test]
    fn matrices_stand_one_after_the_other_under_their_names() {
        let mut weights = Weights::default();
        let mut stream = stream(1, "weights");
        weights.add("a", &[2, 3], Start::glorot(2, 3), &mut stream);
        let bias = weights.add("b", &[3], Start::Constant(1.0), &mut stream);
        let entries: Vec<(&str, Vec<usize>, usize)> =
            weights.entries().map(|(name, shape, numbers)| (name, shape.to_vec(), numbers.len())).collect();
        assert_eq!(entries, [("a", vec![2, 3], 6), ("b", vec![3], 3)]);
        assert_eq!(bias.of(&weights.values), [1.0; 3]);
        assert_eq!(bias.part(1, 5).of(&weights.values), [1.0; 2]);
        assert!(weights.values[..6].iter().all(|number| number.abs() <= 1.2_f32.sqrt()));
        assert_eq!((weights.count(), weights.get_mut("c").is_none()), (9, true));
    }
}

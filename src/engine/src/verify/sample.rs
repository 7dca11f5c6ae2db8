//! A made-up forward pass, which rows and tests compute losses of.

use burn::tensor::{Device, Tensor, TensorData};

use super::row::NetworkOutputs;
use crate::nets::{Map, PreActivation, Trace};

/// The tensor that a gradient is taken with respect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorName {
    /// The logits.
    Logits,
    /// The embedding.
    Embedding,
    /// The first map.
    Maps,
}

/// A made-up forward pass, on the host; what is empty is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// How many examples.
    pub batch: usize,
    /// `[batch, classes]`.
    pub logits: Vec<f32>,
    /// `[batch, features]`.
    pub embedding: Vec<f32>,
    /// `[batch, channels, places]` each.
    pub maps: Vec<Vec<f32>>,
    /// Channels of each map.
    pub channels: Vec<usize>,
    /// `[examples, features]`: embeddings that were seen before; empty if none were.
    pub memory: Vec<f32>,
}

impl Sample {
    pub(super) fn of(side: &NetworkOutputs) -> Option<Self> {
        let batch = side.logits.len().max(side.embedding.len()).max(side.maps.len());
        let stages: Vec<&Vec<Vec<Vec<f32>>>> =
            [&side.maps, &side.next_maps].into_iter().filter(|maps| !maps.is_empty()).collect();
        let sample = Self {
            batch,
            logits: side.logits.concat(),
            embedding: side.embedding.concat(),
            maps: stages.iter().map(|maps| maps.iter().flatten().flatten().copied().collect()).collect(),
            channels: stages.iter().map(|maps| maps[0].len()).collect(),
            memory: side.memory.concat(),
        };
        let whole = |rows: &[Vec<f32>]| rows.iter().all(|row| row.len() == rows[0].len());
        let even = |maps: &[Vec<Vec<f32>>]| {
            maps.len() == batch && maps.iter().all(|map| map.len() == maps[0].len()) && whole(&maps.concat())
        };
        let fits = whole(&side.logits) && whole(&side.embedding) && stages.iter().all(|maps| even(maps));
        (fits && batch > 0).then_some(sample)
    }

    /// The numbers of one of the outputs; none if it is not there.
    pub fn numbers(&self, of: TensorName) -> &[f32] {
        match of {
            TensorName::Logits => &self.logits,
            TensorName::Embedding => &self.embedding,
            TensorName::Maps => self.maps.first().map_or(&[], Vec::as_slice),
        }
    }

    /// The same to be changed.
    ///
    /// # Panics
    /// If there are no maps and they are asked for.
    #[cfg(test)]
    pub fn numbers_mut(&mut self, of: TensorName) -> &mut [f32] {
        match of {
            TensorName::Logits => &mut self.logits,
            TensorName::Embedding => &mut self.embedding,
            TensorName::Maps => &mut self.maps[0],
        }
    }

    /// The forward pass on a device; and the tensor to differentiate by, in its own shape.
    pub(crate) fn trace(&self, of: TensorName, device: &Device) -> (Trace, Tensor<2>) {
        let rows = |numbers: &[f32]| -> Tensor<2> {
            // An output that is absent is a column of zeros.
            let columns = (numbers.len() / self.batch.max(1)).max(1);
            let numbers = if numbers.is_empty() { vec![0.0; self.batch] } else { numbers.to_vec() };
            Tensor::from_data(TensorData::new(numbers, [self.batch, columns]), device)
        };
        let tracked = rows(self.numbers(of)).require_grad();
        let take = |this: TensorName, numbers: &[f32]| if this == of { tracked.clone() } else { rows(numbers) };
        let logits = take(TensorName::Logits, &self.logits);
        let embedding = take(TensorName::Embedding, &self.embedding);
        let mut maps = Vec::new();
        for (index, numbers) in self.maps.iter().enumerate() {
            let values = if index == 0 { take(TensorName::Maps, numbers) } else { rows(numbers) };
            let channels = self.channels[index];
            let places = numbers.len() / (self.batch * channels).max(1);
            let values: Tensor<3> = values.reshape([self.batch, channels, places]).swap_dims(1, 2);
            maps.push(Map { pre_activation: PreActivation::known(values.clone()), values, side: places.isqrt() });
        }
        (Trace { logits, embedding, maps, statistics: Vec::new() }, tracked)
    }
}

//! A data set on a device: uploaded once, batches selected there.

#[cfg(not(feature = "graph"))]
mod slices;
#[cfg(feature = "graph")]
mod tensors;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

#[cfg(feature = "graph")]
pub use tensors::{RowIndices, select, upload};

use crate::{data::Dataset, device::Device};

/// A data set on a device.
pub struct DeviceDataset {
    /// The data set on the host, for pictures and jitter.
    pub dataset: Dataset,
    /// Where it is.
    pub device: Device,
    /// `[training examples, features]`.
    #[cfg(feature = "graph")]
    pub train: burn::tensor::Tensor<2>,
    #[cfg(feature = "graph")]
    train_targets: burn::tensor::Tensor<2>,
    #[cfg(feature = "graph")]
    test: burn::tensor::Tensor<2>,
}

/// What a network does with a few inputs.
pub struct Activations {
    /// What each stage hands on.
    pub stages: Vec<Stage>,
    /// `[rows, features]`: what the classifier reads.
    pub embedding: Vec<f32>,
}

/// A stage's output: `channels` numbers at each of `side · side` places.
pub struct Stage {
    /// `[rows, places, channels]`, after the activation function.
    pub values: Vec<f32>,
    /// How many channels.
    pub channels: usize,
    /// Rows, and columns.
    pub side: usize,
}

impl DeviceDataset {
    /// Copies of images after what stands in `to`, each moved at random by whole pixels; what moves in from outside is
    /// background.
    pub fn jitter_into(&self, rows: &[u32], jitter: i32, generator: &mut ChaCha8Rng, to: &mut Vec<f32>) {
        let [height, width] = self.dataset.shape.map(|side| side as i32);
        let (features, before) = (self.dataset.features(), to.len());
        to.resize(before + rows.len() * features, 0.0);
        for (image, &row) in to[before..].chunks_exact_mut(features).zip(rows) {
            let source = self.dataset.train.input(row, features);
            let (down, right) = (generator.random_range(-jitter..=jitter), generator.random_range(-jitter..=jitter));
            // What stays in each row.
            let right = right.clamp(-width, width);
            let stays = width - right.abs();
            for y in 0.max(down)..height.min(height + down) {
                let (to, from) = (y * width + right.max(0), (y - down) * width + (-right).max(0));
                let [to, from] = [to, from].map(|first| first as usize..(first + stays) as usize);
                image[to].copy_from_slice(&source[from]);
            }
        }
    }

    /// Whether batches are jittered by this much.
    pub fn uses_jitter(&self, jitter: u32) -> bool {
        jitter > 0 && self.dataset.is_image()
    }

    /// Some training examples as they stand in the CPU's memory, or copies of them if there are any.
    pub fn row_slices<'a>(&'a self, rows: &[u32], copies: &'a [f32]) -> Vec<&'a [f32]> {
        let features = self.dataset.features();
        match copies.is_empty() {
            true => rows.iter().map(|&row| self.dataset.train.input(row, features)).collect(),
            false => copies.chunks_exact(features).collect(),
        }
    }

    /// The one-hot labels of some training examples, `[rows, classes]`, in the CPU's memory.
    pub fn copy_targets(&self, rows: &[u32], to: &mut Vec<f32>) {
        one_hot_rows(&self.dataset.train.labels, self.dataset.classes, rows, to);
    }
}

/// The one-hot labels of some rows, `[rows, classes]`.
pub fn one_hot_rows(labels: &[u8], classes: usize, rows: &[u32], to: &mut Vec<f32>) {
    to.clear();
    to.resize(rows.len() * classes, 0.0);
    for (target, &row) in to.chunks_exact_mut(classes).zip(rows) {
        target[usize::from(labels[row as usize])] = 1.0;
    }
}

/// Some rows of numbers, after what stands there.
pub fn copy_rows(numbers: &[f32], columns: usize, rows: &[u32], to: &mut Vec<f32>) {
    rows.iter().for_each(|&row| to.extend_from_slice(&numbers[row as usize * columns..][..columns]));
}

//! Labelled batches: learners of one stream see the same ones.

#[cfg(feature = "graph")]
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
#[cfg(feature = "graph")]
use retort_spec::Shown;
use retort_spec::{Experiment, Supervision};

use super::examples::rows_of;
#[cfg(feature = "graph")]
use super::matching::{means, of_pictures};
#[cfg(feature = "graph")]
use crate::train::device_dataset::{RowIndices, select, upload};
use crate::{
    data::batch::Batches,
    random,
    train::device_dataset::{DeviceDataset, one_hot_rows},
};

/// A labelled batch.
#[cfg(feature = "graph")]
#[derive(Clone)]
pub struct LabelledBatch {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// `[batch, classes]`, one-hot, as constants among tracked tensors.
    pub targets: Tensor<2>,
    /// Rows of the training set.
    pub rows: Vec<u32>,
    /// The same on the device.
    pub indices: RowIndices,
}

/// A stream of labelled batches.
pub struct LabelledSource {
    /// The examples, as rows of the training set.
    pub rows: Vec<u32>,
    /// The classes that stand for the labels, one for each training example; `None` where the labels themselves are
    /// seen.
    pub told: Option<Vec<u8>>,
    /// What is shown in place of training examples, `[rows, features]`.
    #[cfg(feature = "graph")]
    pub shown: Option<Tensor<2>>,
    batches: Batches,
    /// Moves images where they are jittered.
    pub generator: ChaCha8Rng,
}

impl LabelledSource {
    /// The batches of a learner in a run.
    pub fn new(data: &DeviceDataset, experiment: &Experiment, supervision: &Supervision, seed: u32) -> Self {
        let rows = rows_of(data, experiment, supervision, seed);
        let name = &supervision.batches;
        let purpose = match (supervision.as_teacher, name.as_str()) {
            (false, "student") => "labelled batches".to_owned(),
            _ => format!("{name} batches"),
        };
        let source = Self {
            batches: Batches::new(rows.clone(), seed, &purpose),
            rows,
            told: None,
            #[cfg(feature = "graph")]
            shown: None,
            generator: random::stream(seed, &format!("{name} jitter")),
        };
        #[cfg(feature = "graph")]
        if supervision.shown == Shown::Means {
            return source.showing(data, means(data, experiment.pictures as usize), (seed, &purpose[..]));
        }
        source
    }

    /// The same showing these pictures, `[pictures, features]`, as many of each class.
    #[cfg(feature = "graph")]
    pub fn showing(mut self, data: &DeviceDataset, pictures: Vec<f32>, (seed, purpose): (u32, &str)) -> Self {
        let count = pictures.len() / data.dataset.features().max(1);
        self.rows = (0..count as u32).collect();
        self.batches = Batches::new(self.rows.clone(), seed, purpose);
        self.told = Some(of_pictures(count, data.dataset.classes));
        self.shown = Some(upload(pictures, data.dataset.features(), &data.device));
        self
    }

    /// The rows of the next batch; none without labels.
    pub fn draw(&mut self, experiment: &Experiment) -> Vec<u32> {
        self.batches.draw(experiment.batch as usize)
    }

    /// The next batch; `None` without labels.
    #[cfg(feature = "graph")]
    pub fn batch(&mut self, data: &DeviceDataset, experiment: &Experiment) -> Option<LabelledBatch> {
        let rows = self.draw(experiment);
        (!rows.is_empty()).then(|| {
            let indices = data.row_indices(&rows);
            let inputs = match &self.shown {
                Some(pictures) => select(pictures, &indices),
                None => data.inputs((&rows, &indices), experiment.jitter, &mut self.generator),
            };
            let targets = match &self.told {
                None => data.targets(&indices),
                Some(_) => {
                    let mut targets = Vec::new();
                    self.copy_targets(data, &rows, &mut targets);
                    upload(targets, data.dataset.classes, &data.device)
                }
            };
            LabelledBatch { inputs, targets: targets.autodiff(), rows, indices }
        })
    }

    /// The one-hot labels of some examples, `[rows, classes]`, in the CPU's memory.
    pub fn copy_targets(&self, data: &DeviceDataset, rows: &[u32], to: &mut Vec<f32>) {
        one_hot_rows(self.told.as_deref().unwrap_or(&data.dataset.train.labels), data.dataset.classes, rows, to);
    }
}

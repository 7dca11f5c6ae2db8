//! What an engine reports: itself, the data, how far it is, curves, measured networks.

use serde::{Deserialize, Serialize};

use crate::{floats::Floats, network_id::NetworkId, values::DataSet};

/// The engine behind a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// Whether it computes on a GPU.
    pub gpu: bool,
    /// The adapter's name, for a GPU.
    pub adapter: Option<String>,
    /// The GPU's check against the CPU, where there is one.
    pub self_test: Option<SelfTest>,
}

/// The same short training on two devices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The largest difference of any weight after training, relative to the largest weight.
    pub error: f64,
    /// The largest difference that passes.
    pub tolerance: f64,
}

impl SelfTest {
    /// Whether the devices agree. A comparison with NaN does not.
    pub fn passes(&self) -> bool {
        self.error <= self.tolerance
    }
}

/// How far the training is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The run, from 0.
    pub run: u32,
    /// How many runs there will be.
    pub runs: u32,
    /// Which phase of the plan; `None` while a compressed network is trained on.
    pub phase: Option<u32>,
    /// Steps done in this phase.
    pub step: u32,
    /// Steps of this phase in all.
    pub steps: u32,
    /// Epochs done in this phase.
    pub epoch: u32,
    /// Epochs of this phase in all.
    pub epochs: u32,
    /// Examples trained a second, measured since the last report; 0 while nothing was trained.
    pub examples_per_second: f64,
    /// The share of the whole training that is done, 0 to 1, each step counted by what it costs; `None` where all cost
    /// about the same.
    pub share_done: Option<f64>,
}

/// The data set of an experiment, with enough of it to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// Which one.
    pub data: DataSet,
    /// The networks that are trained on it, in the plan's order.
    pub networks: Vec<NetworkId>,
    /// How many classes.
    pub classes: u32,
    /// What they are called, where the page has no names for them.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// Rows and columns of an image; `[1, 2]` for points in the plane.
    pub shape: [u32; 2],
    /// Training examples.
    pub train: u32,
    /// Test examples.
    pub test: u32,
    /// Training examples whose labels the student may see, in the first run.
    pub labelled: u32,
    /// Training examples whose labels each of `networks` sees in the first run, in their order; empty where the engine
    /// does not say.
    #[serde(default)]
    pub sees: Vec<u32>,
    /// Training examples the student is distilled on.
    pub transfer: u32,
    /// Training examples that the visitor made; the last ones of the training set.
    pub own: u32,
    /// Some training examples of each class, labelled ones first.
    pub gallery: Vec<Example>,
    /// The pixels of all test examples, row by row, each 0 to 255; coordinates for points are in `test_points`.
    #[serde(with = "crate::floats::bytes")]
    pub test_pixels: Vec<u8>,
    /// The coordinates of the test examples, for points; what is true of them, for a table's numbers.
    pub test_points: Floats,
    /// The test examples as they are written, where they are texts.
    #[serde(default)]
    pub test_texts: Vec<String>,
    /// The labels of the test examples.
    #[serde(with = "crate::floats::bytes")]
    pub test_labels: Vec<u8>,
}

/// One example to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its place in the training set.
    pub index: u32,
    /// Its true class.
    pub label: u8,
    /// Whether the student may see the label.
    pub labelled: bool,
    /// Its pixels, each 0 to 255; empty for points.
    #[serde(with = "crate::floats::bytes")]
    pub pixels: Vec<u8>,
    /// Its coordinates, for points; empty for images.
    pub point: Floats,
}

/// What an input does inside a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationReport {
    /// Which network.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
    /// Its stages, from the input on.
    pub stages: Vec<StageMap>,
    /// The weights of its first layer, filter by filter, each a square of pixels; nothing for points.
    pub filters: Floats,
    /// Some test examples, class after class.
    pub compared: Vec<u32>,
    /// The cosines between their embeddings, `[compared, compared]`.
    pub similarities: Floats,
}

/// What a stage makes of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageMap {
    /// Channels that are given.
    pub channels: u32,
    /// Channels that there are.
    pub of: u32,
    /// Rows, and columns.
    pub side: u32,
    /// `[channels, side²]`.
    pub values: Floats,
    /// The attention map, `[side²]`: the sum of squares over all channels, of unit length.
    pub attention: Floats,
}

/// A point of a learning curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The run, from 0.
    pub run: u32,
    /// Whose curve.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done.
    pub step: u32,
    /// Mean training loss since the last point; `None` at the first.
    pub train_loss: Option<f64>,
    /// Share that is right of the labelled training examples it may see, 0 to 1, measured on a sample; `None` without
    /// labels.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy over the test set, in nats.
    pub test_loss: f64,
    /// Share of the test set that is right, 0 to 1.
    pub test_accuracy: f64,
}

/// The terms of a taught network's loss, each times its weight, at a point of its learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The run, from 0.
    pub run: u32,
    /// Whose loss.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done.
    pub step: u32,
    /// Mean of each since the last point, by name: `cross-entropy`, `soft-targets`, an objective's word, or that word,
    /// a colon and one of its parts.
    pub values: Vec<(String, f64)>,
}

/// A trained network's measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The run, from 0.
    pub run: u32,
    /// Which network.
    #[serde(rename = "network")]
    pub network_id: NetworkId,
    /// Share of the test set that is right, 0 to 1.
    pub accuracy: f64,
    /// The same for each class; NaN for a class without test examples.
    pub per_class_accuracy: Vec<f64>,
    /// Share of the test set on which it says what its teachers say; `None` for one without teachers
    /// whose plan has none, and for the first teacher.
    pub agreement: Option<f64>,
    /// Expected calibration error, 15 equal bins of confidence (Guo et al. 2017, eq. 5), 0 to 1.
    pub calibration_error: f64,
    /// Weights and biases.
    pub parameters: u32,
    /// What was learned beside them and is not in the file: regressors, translators, variances.
    pub extra_parameters: u32,
    /// Length of the packed file of 32-bit weights.
    pub bytes: u32,
    /// Logits of all test examples, row by row.
    pub logits: Floats,
    /// Seconds it took to train it, as measured here.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_test_without_a_number_fails() {
        assert!(!SelfTest { error: f64::NAN, tolerance: 1.0 }.passes());
    }
}

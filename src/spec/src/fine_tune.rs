//! A compressed network that the engine trains on.

use serde::{Deserialize, Serialize};

use crate::{
    compression_result::PipelineEnd, floats::Floats, network_id::NetworkId, pipeline::CompressionStep,
    values::NetworkKind,
};

/// A compressed network for the engine to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneRequest {
    /// Comes back with the answer.
    pub id: u32,
    /// The run whose teachers, labels and order of batches it is trained with.
    pub run: u32,
    /// Which network it was: it learns on from what taught it.
    pub network_id: NetworkId,
    /// The kind of network.
    pub kind: NetworkKind,
    /// What to do: one of the steps that train.
    pub step: CompressionStep,
    /// The network, layer by layer.
    pub layers: Vec<TunedLayer>,
}

/// A layer that is trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TunedLayer {
    /// `[outputs]`.
    pub bias: Floats,
    /// One matrix, or two whose product it is.
    pub factors: Vec<TunedMatrix>,
}

/// A matrix that is trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TunedMatrix {
    /// Inputs.
    pub rows: u32,
    /// Outputs.
    pub columns: u32,
    /// `[rows, columns]`, row by row; empty where they are shared.
    pub values: Floats,
    /// 1 for a weight that is there, 0 for one that was removed; empty where nothing was.
    #[serde(with = "crate::floats::bytes")]
    pub mask: Vec<u8>,
    /// The values that are shared; empty where they are not.
    pub codebook: Floats,
    /// Each weight's place in the codebook.
    #[serde(with = "crate::floats::bytes")]
    pub indices: Vec<u8>,
    /// The scale of each group, where it was learned.
    pub scales: Floats,
}

/// A compressed network that was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneResult {
    /// The question's.
    pub id: u32,
    /// The network; or why there is none.
    pub layers: Result<Vec<TunedLayer>, PipelineEnd>,
    /// Least and largest value of what goes into each layer and of the logits, as followed in training: two numbers
    /// each; empty where the numbers between the layers stayed as they are.
    pub ranges: Floats,
    /// Seconds it took.
    pub seconds: f64,
}

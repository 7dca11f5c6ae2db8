//! What the knobs of an experiment say of networks and steps.

use retort_spec::{Architecture, Experiment, NetworkKind, Output};

use crate::{
    nets::{Activation, Head, LstmShape, Shape, TransformerShape},
    tasks::{Input, Task},
};

/// Steps of an epoch: as many as one pass over all training examples takes, however few have labels.
pub fn steps_of_epoch(experiment: &Experiment, task: &Task) -> usize {
    task.train.len().div_ceil(experiment.batch.max(1) as usize)
}

/// A network of the experiment; numbers are dropped in teachers only.
pub fn shape(experiment: &Experiment, task: &Task, architecture: &Architecture, is_teacher: bool) -> Shape {
    let width = |at: usize| architecture.widths.get(at).copied().unwrap_or(1) as usize;
    let (length, features) = match &task.input {
        Input::Tokens { length, .. } => (*length, 0),
        Input::Numbers(names) => (0, names.len()),
    };
    let says_tokens = experiment.output() == Output::NextToken;
    let head = if says_tokens { Head::EachToken(task.outputs()) } else { Head::Pooled(task.outputs()) };
    match architecture.kind {
        NetworkKind::Transformer => {
            let sizes = TransformerShape {
                width: width(0),
                layers: width(1),
                heads: Architecture::HEADS as usize,
                hidden: 2 * width(0),
                context: length,
                dropout: if is_teacher { experiment.dropout as f32 } else { 0.0 },
                activation: Activation::Gelu,
                causal: says_tokens,
            };
            Shape::Transformer(sizes, task.vocabulary(), head)
        }
        NetworkKind::Lstm => {
            let sizes = LstmShape { embedding: width(0), hidden: width(1), bidirectional: !says_tokens };
            Shape::Lstm(sizes, task.vocabulary(), head)
        }
        _ => {
            let hidden = architecture.widths.iter().map(|&width| width as usize).collect();
            Shape::Perceptron(features, hidden, task.outputs())
        }
    }
}

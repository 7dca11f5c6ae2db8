//! A teacher from a file: a network that was saved here, packed or as safetensors.

use retort_spec::{Architecture, Experiment, FileProblem, Foreign, NetworkKind};

use super::lessons::Subject;
use crate::{
    export::{Signature, from_safetensors, unpack},
    nets::{Network, Shape, TransformerShape},
    tasks::{Input, Output},
    train::shape,
};

/// How packed files begin.
const PACKED: &[u8] = b"RTRT";

/// A teacher from a file.
pub struct TeacherFile {
    /// The network.
    pub network: Network,
    /// Another one for each file.
    pub number: u32,
}

/// Reads a network that can teach this subject, and says of which architecture it is.
///
/// # Errors
/// What is wrong with the file, or why its network does not fit.
pub fn read(file: &[u8], experiment: &Experiment, subject: &Subject) -> Result<(Network, Architecture), FileProblem> {
    let read = match Foreign::of(file) {
        _ if file.starts_with(PACKED) => unpack(file),
        Some(foreign) if foreign != Foreign::Safetensors => return Err(FileProblem::Foreign(foreign)),
        _ => from_safetensors(file),
    };
    let (network, signature) = read.map_err(|error| FileProblem::Other(error.to_string()))?;
    if let Some(reason) = misfit(&signature, &subject.signature) {
        return Err(FileProblem::Other(reason));
    }
    let architecture = architecture(experiment, subject, network.shape());
    let reason = || FileProblem::Other("its sizes are none that a teacher can have here".to_owned());
    architecture.map(|architecture| (network, architecture)).ok_or_else(reason)
}

/// The architecture of a shape, where a teacher of this experiment can have it.
fn architecture(experiment: &Experiment, subject: &Subject, found: &Shape) -> Option<Architecture> {
    let (kind, widths) = match found {
        Shape::Transformer(sizes, ..) => (NetworkKind::Transformer, vec![sizes.width, sizes.layers]),
        Shape::Lstm(sizes, ..) => (NetworkKind::Lstm, vec![sizes.embedding, sizes.hidden]),
        Shape::Perceptron(_, hidden, _) => (NetworkKind::Mlp, hidden.clone()),
    };
    let architecture = Architecture::new(kind, widths.into_iter().map(|width| width as u32).collect::<Vec<u32>>());
    // Only what can be written in a link.
    let architecture: Architecture = architecture.to_string().parse().ok()?;
    // What it drops while it learns means nothing to a network that has learned.
    let without_dropout = |shape: &Shape| match shape {
        Shape::Transformer(sizes, vocabulary, head) => {
            Shape::Transformer(TransformerShape { dropout: 0.0, ..*sizes }, *vocabulary, *head)
        }
        other => other.clone(),
    };
    let wanted = shape(experiment, &subject.task, &architecture, true);
    (without_dropout(&wanted) == without_dropout(found)).then_some(architecture)
}

/// Why a network of one signature says nothing of another's task.
fn misfit(found: &Signature, wanted: &Signature) -> Option<String> {
    if found.task != wanted.task {
        return Some(format!("it was trained for {}, and these data are {}", found.task, wanted.task));
    }
    let names = |signature: &Signature| match &signature.output {
        Output::Classes(names) | Output::Numbers(names) => names.clone(),
        Output::NextToken => Vec::new(),
    };
    let read = |signature: &Signature| match &signature.input {
        Input::Tokens { vocabulary: names, .. } | Input::Numbers(names) => names.clone(),
    };
    let is_tokens = |signature: &Signature| matches!(signature.input, Input::Tokens { .. });
    let what = if is_tokens(wanted) { "vocabulary" } else { "inputs" };
    let differs = |what: &str, found: Vec<String>, wanted: Vec<String>| {
        let at = found.iter().zip(&wanted).position(|(a, b)| a != b);
        match at {
            Some(at) => Some(format!("its {what} differ: number {} is {:?}, here {:?}", at + 1, found[at], wanted[at])),
            None if found.len() != wanted.len() => {
                Some(format!("its {what} differ: it has {}, and here are {}", found.len(), wanted.len()))
            }
            None => None,
        }
    };
    let other = || "it reads or says something of another kind".to_owned();
    differs(what, read(found), read(wanted))
        .or_else(|| differs("outputs", names(found), names(wanted)))
        .or_else(|| (found.input != wanted.input || found.output != wanted.output).then(other))
        .or_else(|| {
            let is_same =
                (&found.input_scaling, &found.output_scaling) == (&wanted.input_scaling, &wanted.output_scaling);
            (!is_same).then(|| "its numbers were scaled otherwise: it learned from other rows".to_owned())
        })
}

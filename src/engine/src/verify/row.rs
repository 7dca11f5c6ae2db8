//! The rows of a vector file, as they are read.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// One row of a vector file.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Row {
    /// A loss and its gradient.
    Loss(Box<LossRow>),
    /// Numbers and what ONNX `QuantizeLinear` and `DequantizeLinear` make of them.
    Quantization(QuantizationRow),
    /// Votes, and the class that wins them.
    Votes(VoteRow),
    /// Votes, and what their answers give away.
    Epsilon(EpsilonRow),
    /// Something that the engine does not have, with a name.
    Named(NamedRow),
    /// Anything else.
    Unknown(IgnoredAny),
}

/// A row of another kind: what it calls itself.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedRow {
    id: Option<String>,
    objective: Option<String>,
    name: Option<String>,
    scheme: Option<String>,
    dtype: Option<String>,
}

impl NamedRow {
    /// The first of the names that it has.
    pub fn name(&self) -> Option<&str> {
        [&self.id, &self.objective, &self.name, &self.scheme, &self.dtype]
            .into_iter()
            .flatten()
            .next()
            .map(String::as_str)
    }
}

/// A network's outputs in a vector file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkOutputs {
    /// `[batch][classes]`.
    #[serde(default)]
    pub logits: Vec<Vec<f32>>,
    /// `[batch][features]`.
    #[serde(default)]
    pub embedding: Vec<Vec<f32>>,
    /// `[batch][channels][places]`.
    #[serde(default)]
    pub maps: Vec<Vec<Vec<f32>>>,
    /// Those of the next stage.
    #[serde(default)]
    pub next_maps: Vec<Vec<Vec<f32>>>,
    /// `[examples][features]`: what an objective that remembers embeddings has seen, the batch's own examples first.
    #[serde(default)]
    pub memory: Vec<Vec<f32>>,
    /// `[branches][batch][classes]`: the logits of a network with several last layers.
    #[serde(default)]
    pub branches: Vec<Vec<Vec<f32>>>,
    /// `[batch][branches]`: how that network weights them, before a softmax.
    #[serde(default)]
    pub gate: Vec<Vec<f32>>,
    /// `[exits][batch][classes]`: the logits of a network's exits but the last.
    #[serde(default)]
    pub exits: Vec<Vec<Vec<f32>>>,
    /// `[batch][classes]`: those of the last one.
    #[serde(default, rename = "final")]
    pub last: Vec<Vec<f32>>,
    /// `[exits][batch][features]`: what the exits read.
    #[serde(default)]
    pub features: Vec<Vec<Vec<f32>>>,
    /// `[batch][features]`: what the last one reads.
    #[serde(default)]
    pub final_features: Vec<Vec<f32>>,
    /// `[features]`: the mean of each in real examples.
    #[serde(default)]
    pub mean: Vec<f32>,
    /// `[features]`: the variance.
    #[serde(default)]
    pub variance: Vec<f32>,
    /// `[batch]` or `[batch][columns]`: what a discriminator says of the outputs.
    #[serde(default)]
    pub scores: Scores,
}

/// A discriminator's scores.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scores {
    /// One of each example.
    One(Vec<f32>),
    /// Several of each.
    Several(Vec<Vec<f32>>),
}

impl Default for Scores {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

impl Scores {
    /// `[batch][columns]`.
    pub fn rows(&self) -> Vec<Vec<f32>> {
        match self {
            Self::One(scores) => scores.iter().map(|score| vec![*score]).collect(),
            Self::Several(scores) => scores.clone(),
        }
    }
}

/// A discriminator with one hidden layer and ReLU.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discriminator {
    /// `[inputs][units]`.
    pub w1: Vec<Vec<f32>>,
    /// `[units]`.
    pub b1: Vec<f32>,
    /// `[units][1]`.
    pub w2: Vec<Vec<f32>>,
    /// `[1]`.
    pub b2: Vec<f32>,
}

/// A loss and its gradient.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossRow {
    /// Its own name.
    pub id: Option<String>,
    /// What is computed.
    pub objective: String,
    /// Which of several forms of it.
    pub variant: Option<String>,
    /// The numbers that shape it.
    #[serde(default)]
    pub params: Parameters,
    /// The network that the gradient belongs to; nothing where it belongs to the teacher alone.
    #[serde(default)]
    pub student: NetworkOutputs,
    /// Its teacher; nothing where it has none.
    #[serde(default)]
    pub teacher: NetworkOutputs,
    /// Several teachers.
    #[serde(default)]
    pub teachers: Vec<NetworkOutputs>,
    /// The networks that learn with it.
    #[serde(default)]
    pub peers: Vec<NetworkOutputs>,
    /// `[batch]`.
    #[serde(default)]
    pub labels: Vec<u8>,
    /// The loss.
    pub loss: f64,
    /// Its derivatives with respect to the student's outputs that are here.
    #[serde(default)]
    pub grad: NetworkOutputs,
    /// The same of the teacher's.
    #[serde(default)]
    pub grad_teacher: NetworkOutputs,
    /// What tells both apart.
    #[serde(default)]
    pub discriminator: Discriminator,
    /// The loss's derivatives with respect to that.
    #[serde(default)]
    pub grad_discriminator: Discriminator,
}

impl LossRow {
    /// Whether a row has derivatives with respect to its teacher.
    pub fn moves_teacher(&self) -> bool {
        self.grad_teacher != NetworkOutputs::default()
    }

    /// The row's own name, or what is computed.
    pub fn name(&self) -> String {
        let temperature = self.params.number("temperature");
        match (&self.id, temperature) {
            (Some(id), _) => id.clone(),
            (None, Some(temperature)) => format!("{} T={temperature}", self.objective),
            (None, None) => self.objective.clone(),
        }
    }
}

/// Votes with noise, and the class that wins them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteRow {
    /// Its own name.
    pub id: String,
    /// What is computed.
    pub objective: String,
    /// Which noise it is; it is drawn already.
    pub params: IgnoredAny,
    /// The class that each voter finds likeliest.
    pub votes: Vec<usize>,
    /// What is added to the count of each class.
    pub noise: Vec<f64>,
    /// The result.
    pub expect: VoteResult,
}

/// The result of a vote.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteResult {
    /// `[classes]`.
    pub counts: Vec<u32>,
    /// The same with noise.
    pub noisy: Vec<f64>,
    /// The class that wins.
    pub label: usize,
    /// The one that would have won without noise.
    pub plurality: usize,
}

/// Votes, and what their answers give away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpsilonRow {
    /// Its own name.
    pub id: String,
    /// What is computed.
    pub objective: String,
    /// The noise, as in `params`.
    #[serde(rename = "variant")]
    pub law: String,
    /// The noise, δ, and how often the votes are counted.
    pub params: PrivacyParameters,
    /// `[examples][classes]`: the votes.
    pub counts: Vec<Vec<u32>>,
    /// The results.
    pub expect: PrivacyResult,
}

/// What shapes the account of what votes give away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyParameters {
    /// `laplace` or `gauss`.
    pub noise: String,
    /// The reciprocal of the scale of Laplace noise.
    pub gamma: Option<f64>,
    /// The deviation of normal noise.
    pub sigma: Option<f64>,
    /// δ.
    pub delta: f64,
    /// Moments 1 to this are looked at, for Laplace noise.
    pub moments: Option<u32>,
    /// These orders are, for normal noise.
    #[serde(default)]
    pub orders: Vec<f64>,
    /// How often each of the votes is counted.
    pub repeat: f64,
}

/// What votes give away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyResult {
    /// `[examples]`: a bound of the probability that another class wins.
    #[serde(default)]
    pub q: Vec<f64>,
    /// Its logarithm.
    #[serde(default)]
    pub log_q: Vec<f64>,
    /// The sums of the moments' logarithms.
    #[serde(default)]
    pub log_moments: Vec<f64>,
    /// The sums of the divergences.
    #[serde(default)]
    pub rdp: Vec<f64>,
    /// What these votes give away.
    pub epsilon: f64,
    /// The moment or order at which that was found.
    pub order: f64,
    /// What any votes give away at most.
    pub epsilon_data_independent: f64,
}

/// The parameters of a row by name.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Parameters(BTreeMap<String, Parameter>);

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Parameter {
    Number(f64),
    Flag(bool),
    Subsets(Vec<Vec<u8>>),
}

impl Parameters {
    /// Whether there are no parameters but these: numbers, flags and lists of classes by name.
    pub fn are_among(&self, numbers: &[&str], flags: &[&str], subsets: &[&str]) -> bool {
        self.0.iter().all(|(name, parameter)| {
            let names = match parameter {
                Parameter::Number(_) => numbers,
                Parameter::Flag(_) => flags,
                Parameter::Subsets(_) => subsets,
            };
            names.contains(&name.as_str())
        })
    }

    /// A number; `None` where it is not given.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Parameter::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether something is so; `None` where it is not given.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Parameter::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// Lists of classes; none where they are not given.
    pub fn subsets(&self, name: &str) -> &[Vec<u8>] {
        match self.0.get(name) {
            Some(Parameter::Subsets(subsets)) => subsets,
            _ => &[],
        }
    }
}

/// Numbers and their integers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantizationRow {
    /// The integers' type.
    pub dtype: String,
    /// What each scale belongs to: a row (0) or a column (1); the whole matrix where it is not given.
    pub axis: Option<usize>,
    /// The scales.
    pub scale: Vec<f32>,
    /// As many zero points.
    pub zero_point: Vec<i32>,
    /// A matrix.
    pub x: Vec<Vec<f32>>,
    /// Its integers.
    pub q: Vec<Vec<i32>>,
    /// What the integers stand for.
    pub dequantized: Vec<Vec<f32>>,
}

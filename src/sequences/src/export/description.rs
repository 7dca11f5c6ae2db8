//! A network's shape and signature as texts by keys, as the metadata of safetensors and ONNX files hold them.
//!
//! | key | value |
//! | --- | --- |
//! | `version` | `retort-sequences-1` |
//! | `kind` | `transformer`, `lstm` or `perceptron` |
//! | `width`, `layers`, `heads`, `hidden`, `context`, `dropout` | a Transformer's sizes |
//! | `activation` | `gelu` (approximated by a hyperbolic tangent) or `relu`, of a Transformer |
//! | `causal` | `true` where a token sees none behind it, or `false`; of a Transformer |
//! | `embedding`, `hidden`, `bidirectional` | an LSTM's sizes; `true` or `false` |
//! | `hidden` | a JSON list of the sizes of a perceptron's hidden layers |
//! | `head` | `pooled` or `each-token`; not of a perceptron |
//! | `outputs` | numbers of a row that comes out |
//! | `task` | what the task is called in links |
//! | `vocabulary`, `length` | a JSON list of tokens; tokens of a sequence, at most |
//! | `inputs` | a JSON list of the names of the numbers that go in, where no tokens do |
//! | `classes`, `numbers` | a JSON list of what comes out; with neither it is the next token |
//! | `input-means`, `input-deviations` | JSON lists: a number goes in less its mean, divided by its deviation |
//! | `output-means`, `output-deviations` | JSON lists: a number that comes out times its deviation, plus its mean |

use std::{fmt::Display, str::FromStr};

use retort_compress::format::safetensors::{quote, texts};

use super::{problem::ImportError, signature::Signature};
use crate::{
    nets::{Activation, Head, LstmShape, Shape, TransformerShape},
    tasks::{Input, Output, Scaling},
};

/// What the key `version` says.
const VERSION: &str = "retort-sequences-1";
const SCALINGS: [[&str; 2]; 2] = [["input-means", "input-deviations"], ["output-means", "output-deviations"]];

/// Texts by their keys.
pub type Pairs = Vec<(&'static str, String)>;

/// What is to be said of a network.
pub fn write(shape: &Shape, signature: &Signature) -> Pairs {
    let mut pairs: Pairs = Vec::new();
    let mut put = |key, value: &dyn Display| pairs.push((key, value.to_string()));
    put("version", &VERSION);
    match shape {
        Shape::Transformer(sizes, _, head) => {
            let TransformerShape { width, layers, heads, hidden, context, dropout, activation, causal } = *sizes;
            put("kind", &"transformer");
            for (key, size) in
                [("width", width), ("layers", layers), ("heads", heads), ("hidden", hidden), ("context", context)]
            {
                put(key, &size);
            }
            put("dropout", &dropout);
            put("activation", &if activation == Activation::Gelu { "gelu" } else { "relu" });
            put("causal", &causal);
            put_head(&mut put, *head);
        }
        Shape::Lstm(LstmShape { embedding, hidden, bidirectional }, _, head) => {
            put("kind", &"lstm");
            put("embedding", embedding);
            put("hidden", hidden);
            put("bidirectional", bidirectional);
            put_head(&mut put, *head);
        }
        Shape::Perceptron(_, hidden, outputs) => {
            put("kind", &"perceptron");
            put("hidden", &list(hidden));
            put("outputs", outputs);
        }
    }
    put("task", &signature.task);
    match &signature.input {
        Input::Tokens { length, vocabulary } => {
            put("vocabulary", &quoted(vocabulary));
            put("length", length);
        }
        Input::Numbers(names) => put("inputs", &quoted(names)),
    }
    match &signature.output {
        Output::Classes(names) => put("classes", &quoted(names)),
        Output::Numbers(names) => put("numbers", &quoted(names)),
        Output::NextToken => {}
    }
    for ([means, deviations], scaling) in
        SCALINGS.into_iter().zip([&signature.input_scaling, &signature.output_scaling])
    {
        if !scaling.is_empty() {
            put(means, &list(&scaling.iter().map(|scaling| scaling.mean).collect::<Vec<f32>>()));
            put(deviations, &list(&scaling.iter().map(|scaling| scaling.deviation).collect::<Vec<f32>>()));
        }
    }
    pairs
}

fn put_head(put: &mut impl FnMut(&'static str, &dyn Display), head: Head) {
    put("head", &if matches!(head, Head::Pooled(_)) { "pooled" } else { "each-token" });
    put("outputs", &head.outputs());
}

/// A JSON list of numbers.
fn list<T: Display>(numbers: &[T]) -> String {
    format!("[{}]", numbers.iter().map(T::to_string).collect::<Vec<String>>().join(","))
}

/// A JSON list of texts.
fn quoted(texts: &[String]) -> String {
    let mut json = String::from("[");
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        quote(&mut json, text);
    }
    json.push(']');
    json
}

/// What is said of a network.
///
/// # Errors
/// What is missing, and what cannot be. Whether shape and signature fit each other is not looked at.
pub fn read(metadata: &[(String, String)]) -> Result<(Shape, Signature), ImportError> {
    let notes = Notes(metadata);
    let version = notes.find("version").unwrap_or_default();
    if version != VERSION {
        return Err(ImportError::Version { found: version.to_owned(), expected: VERSION });
    }
    let input = match notes.find("vocabulary") {
        Some(_) => Input::Tokens { length: notes.parsed("length")?, vocabulary: notes.texts("vocabulary")? },
        None => Input::Numbers(notes.texts("inputs")?),
    };
    let output = match (notes.find("classes"), notes.find("numbers")) {
        (Some(_), _) => Output::Classes(notes.texts("classes")?),
        (None, Some(_)) => Output::Numbers(notes.texts("numbers")?),
        (None, None) => Output::NextToken,
    };
    let entries = match &input {
        Input::Tokens { vocabulary: names, .. } | Input::Numbers(names) => names.len(),
    };
    let [input_scaling, output_scaling] = SCALINGS.map(|keys| notes.scaling(keys));
    let shape = notes.shape(entries)?;
    let (input_scaling, output_scaling) = (input_scaling?, output_scaling?);
    Ok((shape, Signature { task: notes.text("task")?.to_owned(), input, output, input_scaling, output_scaling }))
}

/// A file's metadata.
struct Notes<'a>(&'a [(String, String)]);

impl<'a> Notes<'a> {
    fn find(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    fn text(&self, key: &'static str) -> Result<&'a str, ImportError> {
        self.find(key).ok_or(ImportError::Missing(key))
    }

    fn parsed<T: FromStr>(&self, key: &'static str) -> Result<T, ImportError> {
        let value = self.text(key)?;
        value.parse().map_err(|_| ImportError::Value { key, value: value.to_owned() })
    }

    fn texts(&self, key: &'static str) -> Result<Vec<String>, ImportError> {
        let value = self.text(key)?;
        texts(value).map_err(|_| ImportError::Value { key, value: value.to_owned() })
    }

    fn numbers<T: FromStr>(&self, key: &'static str) -> Result<Vec<T>, ImportError> {
        let value = self.text(key)?;
        let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let parts = inner.map(|inner| inner.split(',').map(str::trim).filter(|part| !part.is_empty()));
        let numbers = parts.and_then(|parts| parts.map(|part| part.parse().ok()).collect());
        numbers.ok_or_else(|| ImportError::Value { key, value: value.to_owned() })
    }

    fn scaling(&self, [means, deviations]: [&'static str; 2]) -> Result<Vec<Scaling>, ImportError> {
        if self.find(means).is_none() {
            return Ok(Vec::new());
        }
        let (mean, deviation): (Vec<f32>, Vec<f32>) = (self.numbers(means)?, self.numbers(deviations)?);
        if mean.len() != deviation.len() {
            return Err(ImportError::Value { key: deviations, value: self.text(deviations)?.to_owned() });
        }
        Ok(mean.into_iter().zip(deviation).map(|(mean, deviation)| Scaling { mean, deviation }).collect())
    }

    /// One of two words.
    fn either<T>(&self, key: &'static str, words: [(&str, T); 2]) -> Result<T, ImportError> {
        let value = self.text(key)?;
        let found = words.into_iter().find(|(word, _)| *word == value);
        found.map(|(_, meant)| meant).ok_or_else(|| ImportError::Value { key, value: value.to_owned() })
    }

    /// The shape of a network that reads so many tokens or numbers.
    fn shape(&self, entries: usize) -> Result<Shape, ImportError> {
        let kind = self.text("kind")?;
        let outputs = self.parsed("outputs")?;
        if kind == "perceptron" {
            return Ok(Shape::Perceptron(entries, self.numbers("hidden")?, outputs));
        }
        let head =
            self.either("head", [("pooled", Head::Pooled(outputs)), ("each-token", Head::EachToken(outputs))])?;
        match kind {
            "transformer" => {
                let sizes = TransformerShape {
                    width: self.parsed("width")?,
                    layers: self.parsed("layers")?,
                    heads: self.parsed("heads")?,
                    hidden: self.parsed("hidden")?,
                    context: self.parsed("context")?,
                    dropout: self.parsed("dropout")?,
                    activation: self.either("activation", [("gelu", Activation::Gelu), ("relu", Activation::Relu)])?,
                    causal: self.parsed("causal")?,
                };
                Ok(Shape::Transformer(sizes, entries, head))
            }
            "lstm" => {
                let (embedding, hidden) = (self.parsed("embedding")?, self.parsed("hidden")?);
                let sizes = LstmShape { embedding, hidden, bidirectional: self.parsed("bidirectional")? };
                Ok(Shape::Lstm(sizes, entries, head))
            }
            other => Err(ImportError::Value { key: "kind", value: other.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{kinds, signature_of};

    fn owned(pairs: Pairs) -> Vec<(String, String)> {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    #[test]
    fn what_is_said_is_read_back() {
        for (name, shape) in kinds() {
            let mut signature = signature_of(&shape);
            if let Input::Numbers(names) = &mut signature.input {
                names[0] = "a \"quoted\", name\n=ß".into();
                signature.input_scaling = vec![Scaling { mean: 0.1, deviation: 1e-30 }; names.len()];
                signature.output_scaling = vec![Scaling { mean: -1.5, deviation: 16_777_217.0 }; 2];
            }
            let pairs = write(&shape, &signature);
            assert_eq!(read(&owned(pairs.clone())).unwrap(), (shape, signature), "{name}");
            // Without one of them it is another network or none, and never a panic.
            for left_out in 0..pairs.len() {
                let mut fewer = owned(pairs.clone());
                let (key, _) = fewer.remove(left_out);
                let optional = ["classes", "numbers", "input-means", "output-means"].contains(&key.as_str());
                assert_eq!(read(&fewer).is_ok(), optional, "{name} {key}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        let (_, shape) = kinds().swap_remove(0);
        let pairs = owned(write(&shape, &signature_of(&shape)));
        let with = |key: &str, value: &str| {
            let mut pairs = pairs.clone();
            pairs.iter_mut().filter(|(other, _)| other == key).for_each(|pair| pair.1 = value.to_owned());
            read(&pairs).unwrap_err().to_string()
        };
        assert_eq!(with("width", "-1"), "metadata: width cannot be \"-1\"");
        assert_eq!(with("vocabulary", "[\"a\""), "metadata: vocabulary cannot be \"[\"a\"\"");
        assert_eq!(with("kind", "resnet"), "metadata: kind cannot be \"resnet\"");
        assert_eq!(with("activation", "tanh"), "metadata: activation cannot be \"tanh\"");
        assert_eq!(with("version", "2"), "metadata: version \"2\", where \"retort-sequences-1\" can be read");
        assert_eq!(
            read(&[]).unwrap_err().to_string(),
            "metadata: version \"\", where \"retort-sequences-1\" can be read"
        );
    }
}

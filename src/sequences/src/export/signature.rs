//! What a network reads and says, beside its weights and its sizes.

use serde::{Deserialize, Serialize};

use super::problem::Misfit;
use crate::{
    nets::{Head, LstmShape, Network, Shape, TransformerShape},
    random::stream,
    tasks::{Input, Output, Scaling, Table, Task},
    weights::Weights,
};

/// Larger sizes than any network here has, so that products of two fit in 64 bits.
const MOST: usize = 1 << 24;
/// More blocks or layers than any network here has: each takes memory beside its weights.
const MOST_LAYERS: usize = 64;

/// What a network reads and says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// What its task is called in links.
    pub task: String,
    /// What it reads.
    pub input: Input,
    /// What it says.
    pub output: Output,
    /// How each number that it reads was scaled; none where they are read as they are.
    pub input_scaling: Vec<Scaling>,
    /// How each number that it says was scaled; none where they are said as they are.
    pub output_scaling: Vec<Scaling>,
}

impl Signature {
    /// The signature of networks for a task.
    pub fn of(task: &Task) -> Self {
        let (input, output) = (task.input.clone(), task.output.clone());
        let (input_scaling, output_scaling) = (Vec::new(), Vec::new());
        Self { task: task.word.to_owned(), input, output, input_scaling, output_scaling }
    }

    /// The signature of networks for a table.
    pub fn of_table(table: &Table) -> Self {
        let output_scaling = table.facts.scaling.into_iter().collect();
        Self { input_scaling: table.facts.input_scaling(), output_scaling, ..Self::of(&table.task) }
    }

    /// Tokens or numbers that go in, and whether they are tokens.
    fn inputs(&self) -> (usize, bool) {
        match &self.input {
            Input::Tokens { vocabulary, .. } => (vocabulary.len(), true),
            Input::Numbers(names) => (names.len(), false),
        }
    }

    /// Numbers of a row that comes out.
    pub fn outputs(&self) -> usize {
        match &self.output {
            Output::Classes(names) | Output::Numbers(names) => names.len(),
            Output::NextToken => self.inputs().0,
        }
    }
}

/// How many weights a network of this shape has, if there can be such a network and the signature is that of one.
///
/// # Errors
/// What does not fit.
pub fn check(shape: &Shape, signature: &Signature) -> Result<u64, Misfit> {
    let (sizes, layers) = sizes(shape);
    if layers > MOST_LAYERS {
        return Err(Misfit::Layers { found: layers, most: MOST_LAYERS });
    }
    if let Some((name, size)) = sizes.into_iter().find(|(_, size)| !(1..=MOST).contains(size)) {
        return Err(Misfit::Size { name, size });
    }
    if let Shape::Transformer(TransformerShape { width, heads, dropout, .. }, ..) = shape {
        if width % heads != 0 {
            return Err(Misfit::Heads { width: *width, heads: *heads });
        }
        if !(0.0..1.0).contains(dropout) {
            return Err(Misfit::Dropout(*dropout));
        }
    }
    let (inputs, are_tokens) = match shape {
        Shape::Transformer(_, vocabulary, _) | Shape::Lstm(_, vocabulary, _) => (*vocabulary, true),
        Shape::Perceptron(inputs, ..) => (*inputs, false),
    };
    let (described, tokens_described) = signature.inputs();
    if are_tokens != tokens_described {
        return Err(Misfit::Input);
    }
    if inputs != described || are_tokens && inputs > usize::from(u16::MAX) + 1 {
        return Err(Misfit::Inputs { found: inputs, described });
    }
    let (found, described) = (outputs(shape), signature.outputs());
    if found != described {
        return Err(Misfit::Outputs { found, described });
    }
    for (scaling, numbers) in [(&signature.input_scaling, inputs), (&signature.output_scaling, found)] {
        let is_scaling = |Scaling { mean, deviation }: &Scaling| mean.is_finite() && deviation.is_finite();
        if !scaling.is_empty() && scaling.len() != numbers || !scaling.iter().all(is_scaling) {
            return Err(Misfit::Scaling { found: scaling.len(), numbers });
        }
    }
    Ok(parameters(shape))
}

fn outputs(shape: &Shape) -> usize {
    match shape {
        Shape::Transformer(_, _, head) | Shape::Lstm(_, _, head) => head.outputs(),
        Shape::Perceptron(_, _, outputs) => *outputs,
    }
}

/// All sizes by their names, and how many blocks or layers there are.
fn sizes(shape: &Shape) -> (Vec<(&'static str, usize)>, usize) {
    let head = |head: &Head| ("outputs", head.outputs());
    match shape {
        Shape::Transformer(sizes, vocabulary, last) => {
            let TransformerShape { width, layers, heads, hidden, context, .. } = *sizes;
            let mut named = vec![("width", width), ("layers", layers), ("heads", heads), ("hidden", hidden)];
            named.extend([("context", context), ("vocabulary", *vocabulary), head(last)]);
            (named, layers)
        }
        Shape::Lstm(LstmShape { embedding, hidden, .. }, vocabulary, last) => {
            (vec![("embedding", *embedding), ("hidden", *hidden), ("vocabulary", *vocabulary), head(last)], 1)
        }
        Shape::Perceptron(inputs, hidden, outputs) => {
            let mut named = vec![("inputs", *inputs), ("outputs", *outputs)];
            named.extend(hidden.iter().map(|&size| ("hidden", size)));
            (named, hidden.len())
        }
    }
}

/// Weights of a network whose sizes were checked.
fn parameters(shape: &Shape) -> u64 {
    let linear = |inputs: usize, outputs: usize| (inputs as u64 + 1) * outputs as u64;
    match shape {
        Shape::Transformer(sizes, vocabulary, head) => {
            let TransformerShape { width, layers, hidden, context, .. } = *sizes;
            let norm = 2 * width as u64;
            let attention = linear(width, 3 * width) + linear(width, width);
            let block = 2 * norm + attention + linear(width, hidden) + linear(hidden, width);
            let embedded = (*vocabulary as u64 + context as u64) * width as u64;
            embedded + layers as u64 * block + norm + linear(width, head.outputs())
        }
        Shape::Lstm(LstmShape { embedding, hidden, bidirectional }, vocabulary, head) => {
            let directions = 1 + usize::from(*bidirectional);
            let cells = directions as u64 * linear(embedding + hidden, 4 * hidden);
            *vocabulary as u64 * *embedding as u64 + cells + linear(directions * hidden, head.outputs())
        }
        Shape::Perceptron(inputs, hidden, outputs) => {
            let ends: Vec<usize> = [*inputs].into_iter().chain(hidden.iter().copied()).chain([*outputs]).collect();
            ends.windows(2).map(|ends| linear(ends[0], ends[1])).sum()
        }
    }
}

/// The name of a matrix or a vector with a number in it that nothing can be computed with.
pub fn not_finite(weights: &Weights) -> Option<&str> {
    weights.entries().find(|(_, _, numbers)| !numbers.iter().all(|number| number.is_finite())).map(|(name, ..)| name)
}

/// A network of a shape that was checked, whose weights are still to be read.
pub fn blank(shape: &Shape) -> Network {
    Network::new(shape, &mut stream(0, "read"))
}

#[cfg(test)]
mod tests {
    use retort_spec::TargetKind;

    use super::*;
    use crate::{
        export::tests::{kinds, signature_of},
        tasks::{csv, places},
    };

    #[test]
    fn weights_are_counted_without_making_them() {
        for (name, shape) in kinds() {
            let count = Network::new(&shape, &mut stream(1, "test")).weights.count() as u64;
            assert_eq!(check(&shape, &signature_of(&shape)), Ok(count), "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let (_, shape) = kinds().swap_remove(0);
        let signature = signature_of(&shape);
        let Shape::Transformer(sizes, vocabulary, head) = shape else { panic!() };
        let found = |sizes, signature: &Signature| check(&Shape::Transformer(sizes, vocabulary, head), signature);
        let wide = TransformerShape { width: usize::MAX, ..sizes };
        assert_eq!(found(wide, &signature), Err(Misfit::Size { name: "width", size: usize::MAX }));
        let heads = TransformerShape { heads: 3, ..sizes };
        assert_eq!(found(heads, &signature), Err(Misfit::Heads { width: 8, heads: 3 }));
        let dropout = TransformerShape { dropout: 1.0, ..sizes };
        assert_eq!(found(dropout, &signature), Err(Misfit::Dropout(1.0)));
        let none = TransformerShape { heads: 0, ..sizes };
        assert_eq!(found(none, &signature), Err(Misfit::Size { name: "heads", size: 0 }));
        let deep = TransformerShape { layers: 65, ..sizes };
        assert_eq!(found(deep, &signature), Err(Misfit::Layers { found: 65, most: 64 }));
        let other = Signature::of(&places());
        assert_eq!(found(sizes, &other), Err(Misfit::Inputs { found: 7, described: 26 }));
        let output = Output::Classes(vec!["one".into()]);
        let few = Signature { output, ..signature.clone() };
        assert_eq!(found(sizes, &few), Err(Misfit::Outputs { found: 3, described: 1 }));
        let numbers = Signature { input: Input::Numbers(vec!["x".into(); 7]), ..signature.clone() };
        assert_eq!(found(sizes, &numbers), Err(Misfit::Input));
        let output_scaling = vec![Scaling { mean: 0.0, deviation: 1.0 }; 2];
        let scaled = Signature { output_scaling, ..signature };
        assert_eq!(found(sizes, &scaled), Err(Misfit::Scaling { found: 2, numbers: 3 }));
    }

    #[test]
    fn a_table_says_how_it_was_scaled() {
        let rows: String = (0..10).map(|row| format!("{row},{},{}\n", ["a", "b"][row % 2], 2 * row)).collect();
        let columns = csv::read(format!("x,w,y\n{rows}").as_bytes()).unwrap();
        let table = Table::new(&columns, 2, TargetKind::Number).unwrap();
        let signature = Signature::of_table(&table);
        assert_eq!((signature.input_scaling.len(), signature.output_scaling.len()), (3, 1));
        assert_eq!(signature.input, Input::Numbers(["x", "w=a", "w=b"].map(str::to_owned).to_vec()));
        let shape = Shape::Perceptron(3, vec![4], 1);
        assert_eq!(check(&shape, &signature), Ok(21));
    }
}

//! The parts that graphs of all kinds are made of.

use retort_compress::format::onnx::graph::{Attribute, Dimension, FLOAT, Graph, INT64, Operators, bytes};

use crate::weights::Weights;

/// What any number of sequences, and of tokens, is called.
const BATCH: Dimension<'_> = Dimension::Any("N");
const LENGTH: Dimension<'_> = Dimension::Any("L");

/// A graph under construction, and the weights that go into it.
pub struct Writer<'a> {
    pub graph: Graph,
    weights: &'a Weights,
}

/// Where the tokens of a batch stand.
pub struct Places {
    /// 0, 1, … up to the longest sequence, `[L]`.
    pub positions: String,
    /// Whether a token stands at a place of a sequence, `[N, L]`.
    pub there: String,
}

impl<'a> Writer<'a> {
    pub fn new(weights: &'a Weights) -> Self {
        let mut graph = Graph::default();
        graph.operators = Operators::NORMALIZATION;
        Self { graph, weights }
    }

    /// The numbers of a matrix or a vector.
    pub fn numbers(&self, name: &str) -> &'a [f32] {
        self.weights.get(name).map_or(&[], |(_, numbers)| numbers)
    }

    /// Adds a matrix or a vector of the network under its own name.
    pub fn weight(&mut self, name: &str) -> String {
        self.weight_as(name, name)
    }

    /// Adds a matrix or a vector of the network under another name.
    fn weight_as(&mut self, name: &str, other: &str) -> String {
        match self.weights.get(name) {
            Some((shape, numbers)) => self.graph.tensor(other, shape, FLOAT, &bytes(numbers)),
            // Names are those that the network gave.
            None => other.to_owned(),
        }
    }

    /// The row of each token in the network's table, `[N, L, width]`.
    pub fn embedded(&mut self) -> String {
        let table = self.weight_as("tokens", "tokens.table");
        self.node("Gather", &[&table, "tokens"])
    }

    /// Adds a number.
    pub fn number(&mut self, name: &str, value: f32) -> String {
        self.graph.tensor(name, &[], FLOAT, &value.to_le_bytes())
    }

    /// Adds a whole number.
    pub fn whole(&mut self, name: &str, value: i64) -> String {
        self.graph.tensor(name, &[], INT64, &value.to_le_bytes())
    }

    /// Adds a node without attributes.
    pub fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.graph.node(operator, inputs, &[])
    }

    /// `x · W + b` of a layer of the network.
    pub fn linear(&mut self, name: &str, input: &str) -> String {
        let weight = self.weight(&format!("{name}.weight"));
        let bias = self.weight(&format!("{name}.bias"));
        let product = self.node("MatMul", &[input, &weight]);
        self.node("Add", &[&product, &bias])
    }

    /// Numbers with other dimensions: 0 keeps one, −1 is what is left.
    pub fn reshaped(&mut self, input: &str, dimensions: &[i64]) -> String {
        let name = format!("dimensions {dimensions:?}.{input}");
        let shape = self.graph.integers(&name, dimensions);
        self.node("Reshape", &[input, &shape])
    }

    /// Numbers with dimensions of 1 at these places.
    pub fn widened(&mut self, input: &str, places: &[i64]) -> String {
        let name = format!("places {places:?}.{input}");
        let axes = self.graph.integers(&name, places);
        self.node("Unsqueeze", &[input, &axes])
    }

    /// Numbers with their dimensions in another order.
    pub fn transposed(&mut self, input: &str, order: &[i64]) -> String {
        self.graph.node("Transpose", &[input], &[("perm", Attribute::Ints(order))])
    }

    pub fn cast(&mut self, input: &str, data_type: i64) -> String {
        self.graph.node("Cast", &[input], &[("to", Attribute::Int(data_type))])
    }

    /// Adds the inputs `tokens` and `lengths`.
    pub fn inputs(&mut self) {
        self.graph.input("tokens", INT64, &[BATCH, LENGTH]);
        self.graph.input("lengths", INT64, &[BATCH]);
    }

    /// Where the tokens stand that came in.
    pub fn places(&mut self) -> Places {
        let [zero, one] = [0, 1].map(|number| self.whole(&format!("whole {number}"), number));
        let shape = self.node("Shape", &["tokens"]);
        let longest = self.node("Gather", &[&shape, &one]);
        let positions = self.node("Range", &[&zero, &longest, &one]);
        let lengths = self.widened("lengths", &[1]);
        let there = self.node("Less", &[&positions, &lengths]);
        Places { positions, there }
    }

    /// The last layer of a network that says something of a sequence, from `[N, width]`.
    pub fn say_of_sequences(&mut self, features: &str, outputs: usize) {
        let logits = self.linear("output", features);
        self.graph.output(&logits, "logits", &[BATCH, Dimension::Of(outputs)]);
    }

    /// The last layer of a network that says something of each token, from `[N, L, width]`.
    pub fn say_of_tokens(&mut self, features: &str, places: &Places, outputs: usize) {
        let logits = self.linear("output", features);
        let there = self.cast(&places.there, FLOAT);
        let there = self.widened(&there, &[2]);
        let logits = self.node("Mul", &[&logits, &there]);
        self.graph.output(&logits, "logits", &[BATCH, LENGTH, Dimension::Of(outputs)]);
    }

    /// A perceptron of so many hidden layers.
    pub fn perceptron(&mut self, inputs: usize, hidden: usize, outputs: usize) {
        self.graph.input("input", FLOAT, &[BATCH, Dimension::Of(inputs)]);
        let mut numbers = String::from("input");
        for layer in 0..=hidden {
            numbers = self.linear(&format!("layer-{layer}"), &numbers);
            if layer < hidden {
                numbers = self.node("Relu", &[&numbers]);
            }
        }
        self.graph.output(&numbers, "logits", &[BATCH, Dimension::Of(outputs)]);
    }

    pub fn into_file(self, note: &[(&str, String)]) -> Vec<u8> {
        self.graph.into_file(note)
    }
}

//! For the harness of `cargo xtask bench`, in JavaScript: the messages of an engine as JSON, and a language model that
//! learns a step at a time. No part of the page.

use retort_kernels::cross_entropy;
use retort_sequences::{
    nets::{Activation, Batch, Head, Network, Shape, TransformerShape},
    optimizer::Optimizer,
    random::stream,
    tokens::TokenBatch,
};
use retort_spec::{Command, Event, codec};
use wasm_bindgen::prelude::wasm_bindgen;

fn main() {}

/// A command as an engine takes it.
///
/// # Errors
/// If the text is no command.
#[wasm_bindgen]
pub fn command(json: &str) -> Result<Vec<u8>, String> {
    let command: Command = serde_json::from_str(json).map_err(|error| error.to_string())?;
    codec::encode(&command).map_err(|error| error.to_string())
}

/// What an engine reports, a list of events; of answers and measurements without the logits.
///
/// # Errors
/// If the bytes are no report.
#[wasm_bindgen]
pub fn events(report: &[u8]) -> Result<String, String> {
    let mut events: Vec<Event> = codec::decode(report).map_err(|error| error.to_string())?;
    for event in &mut events {
        match event {
            Event::Answers { answers, .. } => answers.clear(),
            Event::Measured(measured) => measured.logits.0.clear(),
            _ => {}
        }
    }
    serde_json::to_string(&events).map_err(|error| error.to_string())
}

/// A causal Transformer that learns from the tokens that come next.
#[wasm_bindgen]
pub struct LanguageModel {
    network: Network,
    optimizer: Optimizer,
    batch: TokenBatch,
    /// The tokens that come next: a row of probabilities each.
    targets: Vec<f32>,
    of_outputs: Vec<f32>,
    gradients: Vec<f32>,
    vocabulary: usize,
}

#[wasm_bindgen]
impl LanguageModel {
    /// `shape` is width, blocks, heads, hidden width, context and vocabulary; `read` and `next` are the tokens of
    /// sequences as long as the context, one after the other.
    ///
    /// # Errors
    /// If they are no such numbers.
    #[wasm_bindgen(constructor)]
    pub fn new(shape: &[u32], read: &[u32], next: &[u32]) -> Result<Self, String> {
        // Only lints compile it beside the GPU engine, which has none.
        #[cfg(not(feature = "gpu"))]
        retort_worker::microkernel::link();
        let shape: Vec<usize> = shape.iter().map(|&number| number as usize).collect();
        let &[width, layers, heads, hidden, context, vocabulary] = &shape[..] else { return Err("six numbers".into()) };
        let (dropout, activation, causal) = (0.0, Activation::Gelu, true);
        let transformer = TransformerShape { width, layers, heads, hidden, context, dropout, activation, causal };
        let shape = Shape::Transformer(transformer, vocabulary, Head::EachToken(vocabulary));
        let network = Network::new(&shape, &mut stream(1, "bench"));
        let tokens: Vec<_> =
            read.iter().map(|&token| token.try_into()).collect::<Result<_, _>>().map_err(|_| "a token")?;
        let batch = TokenBatch::new(tokens.chunks(context));
        let mut targets = vec![0.0; read.len() * vocabulary];
        for (row, &token) in targets.chunks_exact_mut(vocabulary).zip(next) {
            *row.get_mut(token as usize).ok_or("a token")? = 1.0;
        }
        let count = network.weights.count();
        let (of_outputs, gradients) = (vec![0.0; targets.len()], vec![0.0; count]);
        Ok(Self { network, optimizer: Optimizer::new(count), batch, targets, of_outputs, gradients, vocabulary })
    }

    /// How many weights it has.
    pub fn parameters(&self) -> usize {
        self.network.weights.count()
    }

    /// So many steps; gives the last one's loss, the mean over tokens, in nats.
    pub fn steps(&mut self, count: u32, rate: f64) -> f32 {
        let mut loss = f32::NAN;
        let scale = self.vocabulary as f32 / self.targets.len() as f32;
        for _ in 0..count {
            let said = self.network.forward(Batch::Tokens(&self.batch), None);
            loss = cross_entropy(said, &self.targets, self.vocabulary, scale, &mut self.of_outputs);
            self.gradients.fill(0.0);
            self.network.backward(&self.of_outputs, &mut self.gradients);
            self.optimizer.step(rate, &mut self.network.weights.values, &mut self.gradients);
        }
        loss
    }
}

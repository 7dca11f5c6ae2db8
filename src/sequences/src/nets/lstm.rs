//! A long short-term memory (Hochreiter & Schmidhuber 1997) that reads forwards, or forwards and backwards (Graves &
//! Schmidhuber 2005), and says something of a sequence or of each token.
//!
//! At one step all sequences that are long enough advance together; the longest come first, so that they are the first
//! rows. One product a step is left: what a token adds to the gates is a product over all tokens at once.

use retort_kernels::{Matrix, Packed, Rhs, add_assign, broadcast_rows, column_sums, lstm_backward, lstm_forward};

use super::{
    embedding::Embedding,
    linear::Linear,
    products::{Products, with_columns, zeros},
    shape::{Head, LstmShape},
    transformer::indices,
};
use crate::{
    random::Stream,
    tokens::{Token, TokenBatch},
    weights::{Slot, Start, Weights},
};

/// Where the tokens of a batch stand, step by step.
#[derive(Debug, Clone, Default)]
struct Steps {
    /// Where each step's rows begin, and where the last one's end.
    starts: Vec<usize>,
    /// The token at each row.
    rows: Vec<usize>,
    /// Each sequence's last row.
    last: Vec<usize>,
}

impl Steps {
    fn new(batch: &TokenBatch, backwards: bool) -> Self {
        let ranges: Vec<_> = batch.ranges().collect();
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|&sequence| std::cmp::Reverse(ranges[sequence].len()));
        let mut steps = Self { starts: vec![0], rows: Vec::new(), last: vec![0; ranges.len()] };
        for step in 0..batch.longest() {
            for &sequence in order.iter().take_while(|&&sequence| ranges[sequence].len() > step) {
                let range = &ranges[sequence];
                steps.last[sequence] = steps.rows.len();
                steps.rows.push(if backwards { range.end - 1 - step } else { range.start + step });
            }
            steps.starts.push(steps.rows.len());
        }
        steps
    }

    /// The rows of each step.
    fn ranges(&self) -> impl DoubleEndedIterator<Item = std::ops::Range<usize>> + '_ {
        self.starts.windows(2).map(|ends| ends[0]..ends[1])
    }
}

/// One direction.
#[derive(Debug)]
struct Direction {
    /// `[embedding + hidden, 4 · hidden]`, gates in the order input, forget, candidate, output.
    weight: Slot,
    /// `[4 · hidden]`.
    bias: Slot,
    shape: LstmShape,
    backwards: bool,
    // What was computed.
    steps: Steps,
    embedded: Vec<f32>,
    gates: Vec<f32>,
    cells: Vec<f32>,
    squashed: Vec<f32>,
    hidden: Vec<f32>,
    products: Products,
}

impl Direction {
    fn new(name: &str, shape: LstmShape, backwards: bool, weights: &mut Weights, stream: &mut Stream) -> Self {
        let LstmShape { embedding, hidden, .. } = shape;
        let start = Start::Uniform(1.0 / (hidden as f32).sqrt());
        let weight = weights.add(format!("{name}.weight"), &[embedding + hidden, 4 * hidden], start, stream);
        let bias = weights.add(format!("{name}.bias"), &[4 * hidden], Start::Constant(0.0), stream);
        // A cell that begins by remembering learns over long times (Jozefowicz et al. 2015).
        bias.part(hidden, hidden).of_mut(&mut weights.values).fill(1.0);
        let [embedded, gates, cells, squashed, states] = [(); 5].map(|()| Vec::new());
        let products = Products::default();
        let steps = Steps::default();
        Self { weight, bias, shape, backwards, steps, embedded, gates, cells, squashed, hidden: states, products }
    }

    /// The rows of the weight that tokens and those that cells are multiplied with.
    fn parts(&self) -> [Slot; 2] {
        let LstmShape { embedding, hidden, .. } = self.shape;
        let row = 4 * hidden;
        [self.weight.part(0, embedding * row), self.weight.part(embedding * row, hidden * row)]
    }

    fn recurrent<'a>(&self, weights: &'a [f32]) -> Matrix<'a> {
        with_columns(self.parts()[1].of(weights), 4 * self.shape.hidden)
    }

    /// Reads a batch whose tokens are embedded as `[tokens, embedding]`.
    fn forward(&mut self, weights: &[f32], batch: &TokenBatch, embedded: &[f32]) {
        let LstmShape { embedding, hidden, .. } = self.shape;
        let [of_tokens, _] = self.parts();
        self.steps = Steps::new(batch, self.backwards);
        let rows = self.steps.rows.len();
        self.embedded.clear();
        for &row in &self.steps.rows {
            self.embedded.extend_from_slice(&embedded[row * embedding..][..embedding]);
        }
        broadcast_rows(self.bias.of(weights), rows, &mut self.gates);
        let weight = with_columns(of_tokens.of(weights), 4 * hidden);
        self.products.add(&mut self.gates, with_columns(&self.embedded, embedding), Rhs::Plain(weight));
        for state in [&mut self.cells, &mut self.squashed, &mut self.hidden] {
            state.resize(rows * hidden, 0.0);
        }
        let recurrent = Packed::new(self.recurrent(weights));
        let zeros = vec![0.0; batch.sequences() * hidden];
        let mut before = 0;
        for range in self.steps.ranges() {
            let (from, count) = (range.start * hidden, range.len() * hidden);
            let (cells, own_cells) = self.cells.split_at_mut(from);
            let (said, own_hidden) = self.hidden.split_at_mut(from);
            let gates = &mut self.gates[4 * from..4 * (from + count)];
            let past = if range.start == 0 { &zeros[..count] } else { &cells[before..before + count] };
            if range.start > 0 {
                let said = with_columns(&said[before..before + count], hidden);
                self.products.add(gates, said, Rhs::Packed(&recurrent));
            }
            let squashed = &mut self.squashed[from..from + count];
            lstm_forward(gates, past, [&mut own_cells[..count], squashed, &mut own_hidden[..count]], hidden);
            before = from;
        }
    }

    /// Adds gradients from that of what the cells said, `[rows, hidden]` in the order of steps; the gradient of the
    /// embedded tokens is added to `of_embedded`.
    fn backward(&mut self, weights: &[f32], of_hidden: &mut [f32], gradients: &mut [f32], of_embedded: &mut [f32]) {
        let LstmShape { embedding, hidden, .. } = self.shape;
        let [of_tokens, of_states] = self.parts();
        let transposed = Packed::new(self.recurrent(weights).transposed());
        let most = self.steps.starts.get(1).copied().unwrap_or(0);
        let zeros = vec![0.0; most * hidden];
        let mut of_cells = vec![0.0; most * hidden];
        let ranges: Vec<_> = self.steps.ranges().collect();
        for (step, range) in ranges.iter().enumerate().rev() {
            let (from, count) = (range.start * hidden, range.len() * hidden);
            let before = step.checked_sub(1).map(|step| ranges[step].start * hidden);
            let past = before.map_or(&zeros[..count], |before| &self.cells[before..before + count]);
            let gates = &mut self.gates[4 * from..4 * (from + count)];
            let seen = [&self.squashed[from..from + count], past, &of_hidden[from..from + count]];
            lstm_backward(gates, seen, &mut of_cells[..count], hidden);
            if let Some(before) = before {
                let to = &mut of_hidden[before..before + count];
                self.products.add(to, with_columns(gates, 4 * hidden), Rhs::Packed(&transposed));
            }
        }
        // The gates' sums have their gradients now, and a weight's is one product over all steps.
        let of_gates = with_columns(&self.gates, 4 * hidden);
        let mut sums = vec![0.0; 4 * hidden];
        column_sums(&self.gates, &mut sums);
        add_assign(self.bias.of_mut(gradients), &sums);
        let inputs = with_columns(&self.embedded, embedding).transposed();
        self.products.add(of_tokens.of_mut(gradients), inputs, Rhs::Plain(of_gates));
        let mut past = Vec::with_capacity(self.hidden.len());
        for step in 1..ranges.len() {
            past.extend_from_slice(&self.hidden[ranges[step - 1].start * hidden..][..ranges[step].len() * hidden]);
        }
        let later = with_columns(&self.gates[4 * most * hidden..], 4 * hidden);
        self.products.add(of_states.of_mut(gradients), with_columns(&past, hidden).transposed(), Rhs::Plain(later));
        let mut of_rows = vec![0.0; self.embedded.len()];
        let weight = with_columns(of_tokens.of(weights), 4 * hidden).transposed();
        self.products.add(&mut of_rows, of_gates, Rhs::Plain(weight));
        for (&row, of_row) in self.steps.rows.iter().zip(of_rows.chunks_exact(embedding)) {
            add_assign(&mut of_embedded[row * embedding..][..embedding], of_row);
        }
    }
}

/// The cells of sequences that are written token by token.
#[derive(Debug, Clone, Default)]
pub struct LstmState {
    /// Cells of a sequence, once it was begun.
    width: Option<usize>,
    cells: Vec<f32>,
    hidden: Vec<f32>,
}

impl LstmState {
    /// Keeps only these of the sequences.
    pub fn retain(&mut self, kept: &[usize]) {
        for state in [&mut self.cells, &mut self.hidden] {
            // What is empty knows of no sequence yet.
            let count = kept.last().map_or(1, |last| last + 1);
            let width = self.width.filter(|width| state.len() >= width * count).unwrap_or(0);
            *state = kept.iter().flat_map(|&index| state[index * width..][..width].iter().copied()).collect();
        }
    }
}

/// A long short-term memory and what it computed last.
#[derive(Debug)]
pub struct Lstm {
    shape: LstmShape,
    head: Head,
    tokens: Embedding,
    directions: Vec<Direction>,
    output: Linear,
    // What was computed.
    batch: TokenBatch,
    embedded: Vec<f32>,
    features: Vec<f32>,
    outputs: Vec<f32>,
    products: Products,
}

impl Lstm {
    /// Adds its weights.
    pub fn new(shape: LstmShape, vocabulary: usize, head: Head, weights: &mut Weights, stream: &mut Stream) -> Self {
        let start = Start::Normal(1.0 / (shape.embedding as f32).sqrt());
        let tokens = Embedding::new("tokens", [vocabulary, shape.embedding], start, weights, stream);
        let mut directions = vec![Direction::new("forwards", shape, false, weights, stream)];
        if shape.bidirectional {
            directions.push(Direction::new("backwards", shape, true, weights, stream));
        }
        let output = Linear::new("output", [shape.hidden * directions.len(), head.outputs()], weights, stream);
        let [embedded, features, outputs] = [(); 3].map(|()| Vec::new());
        let (batch, products) = (TokenBatch::default(), Products::default());
        Self { shape, head, tokens, directions, output, batch, embedded, features, outputs, products }
    }

    /// What it says of a batch: `[sequences, outputs]` from where each direction ends if its head pools, else
    /// `[tokens, outputs]`.
    pub fn forward(&mut self, weights: &[f32], batch: &TokenBatch) -> &[f32] {
        let LstmShape { embedding, hidden, .. } = self.shape;
        self.batch = batch.clone();
        zeros(&mut self.embedded, batch.tokens().len() * embedding);
        self.tokens.add(weights, indices(batch.tokens()), &mut self.embedded);
        let width = hidden * self.directions.len();
        let rows = if matches!(self.head, Head::Pooled(_)) { batch.sequences() } else { batch.tokens().len() };
        self.features.resize(rows * width, 0.0);
        for (index, direction) in self.directions.iter_mut().enumerate() {
            direction.forward(weights, batch, &self.embedded);
            for (to, from) in places(direction, self.head) {
                let said = &direction.hidden[from * hidden..][..hidden];
                self.features[to * width + index * hidden..][..hidden].copy_from_slice(said);
            }
        }
        self.output.forward(weights, &mut self.products, &self.features, &mut self.outputs);
        &self.outputs
    }

    /// Adds to `gradients` those of all weights, from the gradient of what it said last; of this it can be asked once.
    pub fn backward(&mut self, weights: &[f32], of_outputs: &[f32], gradients: &mut [f32]) {
        let hidden = self.shape.hidden;
        let width = hidden * self.directions.len();
        let mut of_features = vec![0.0; self.features.len()];
        let given = [&self.features[..], of_outputs];
        self.output.backward(weights, &mut self.products, given, gradients, Some(&mut of_features));
        let mut of_embedded = vec![0.0; self.embedded.len()];
        for (index, direction) in self.directions.iter_mut().enumerate() {
            let mut of_hidden = vec![0.0; direction.hidden.len()];
            for (from, to) in places(direction, self.head) {
                let of_said = &of_features[from * width + index * hidden..][..hidden];
                of_hidden[to * hidden..][..hidden].copy_from_slice(of_said);
            }
            direction.backward(weights, &mut of_hidden, gradients, &mut of_embedded);
        }
        self.tokens.backward(indices(self.batch.tokens()), &of_embedded, gradients);
    }

    /// What a network that reads forwards says behind one more token of each sequence, `[sequences, outputs]`. A fresh
    /// state stands in front of the first token.
    pub fn advance(&mut self, weights: &[f32], state: &mut LstmState, tokens: &[Token]) -> &[f32] {
        let LstmShape { embedding, hidden, .. } = self.shape;
        let Some(direction) = self.directions.first_mut() else { return &[] };
        let count = tokens.len() * hidden;
        state.width = Some(hidden);
        state.cells.resize(count, 0.0);
        state.hidden.resize(count, 0.0);
        zeros(&mut self.embedded, tokens.len() * embedding);
        self.tokens.add(weights, indices(tokens), &mut self.embedded);
        let mut gates = Vec::new();
        broadcast_rows(direction.bias.of(weights), tokens.len(), &mut gates);
        let parts = direction.parts().map(|part| with_columns(part.of(weights), 4 * hidden));
        let inputs = [with_columns(&self.embedded, embedding), with_columns(&state.hidden, hidden)];
        for (input, part) in inputs.into_iter().zip(parts) {
            direction.products.add(&mut gates, input, Rhs::Plain(part));
        }
        let [mut cells, mut squashed] = [vec![0.0; count], vec![0.0; count]];
        lstm_forward(&mut gates, &state.cells, [&mut cells, &mut squashed, &mut state.hidden], hidden);
        state.cells = cells;
        self.output.forward(weights, &mut self.products, &state.hidden, &mut self.outputs);
        &self.outputs
    }
}

/// The rows of the features and of a direction's steps that belong together.
fn places(direction: &Direction, head: Head) -> Vec<(usize, usize)> {
    let (to, from): (&[usize], bool) = match head {
        Head::Pooled(_) => (&direction.steps.last, false),
        Head::EachToken(_) => (&direction.steps.rows, true),
    };
    to.iter().enumerate().map(|(index, &other)| if from { (other, index) } else { (index, other) }).collect()
}

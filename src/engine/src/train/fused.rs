//! A perceptron that learns in the CPU's memory, on the fused path: no tensors, no graph of what was computed from
//! what. A step of a small network then takes what its arithmetic takes, where burn's bookkeeping would take several
//! times that; the numbers are the same (tests). Everything else learns by burn: [`Learner`](super::learner::Learner).

use std::mem;

use retort_compress::Layer;
use retort_kernels::{
    Inputs, Lhs, Matrix, Packed, Rhs, Scratch, add_assign, broadcast_rows, clear, column_sums, cross_entropy, matmul,
    matmul_panels, relu_backward, relu_forward, soft_targets,
};
use retort_spec::{Experiment, OptimizerKind};

use super::step_rule::OptimizerConfig;
use crate::nets::Dropout;

/// An objective's word and the name of its part, which is empty for the whole.
pub type TermName = (&'static str, &'static str);

/// Outside of browsers burn's products know wider vectors: products of more multiplications than this are theirs.
const MAX_NATIVE_MULTIPLICATIONS: usize = 1 << 20;

/// Whether networks of these layers learn on the fused path, at this size of a batch.
pub fn fits_fused_path(layers: &[Layer], batch: usize) -> bool {
    let is_only_path = cfg!(target_family = "wasm") || cfg!(not(feature = "graph"));
    is_only_path || layers.iter().all(|layer| batch * layer.weight.len() <= MAX_NATIVE_MULTIPLICATIONS)
}

/// A layer, its weights as products read them.
struct Dense {
    /// `[inputs, outputs]`.
    weight: Packed,
    /// `[outputs]`.
    bias: Vec<f32>,
}

/// Dense layers with ReLU between them, and room for what they say.
pub struct Perceptron {
    layers: Vec<Dense>,
    /// What came out of each layer last, `[rows, outputs]`.
    outputs: Vec<Vec<f32>>,
    scratch: Scratch,
}

impl Perceptron {
    /// The perceptron of these layers.
    pub fn new(layers: &[Layer]) -> Self {
        let dense = |layer: &Layer| {
            let weight = Matrix::new(&layer.weight, layer.inputs, layer.outputs).map(Packed::new)?;
            Some(Dense { weight, bias: layer.bias.clone() })
        };
        let outputs = vec![Vec::new(); layers.len()];
        Self { layers: layers.iter().filter_map(dense).collect(), outputs, scratch: Scratch::default() }
    }

    /// Its layers as they are.
    pub fn layers(&self) -> Vec<Layer> {
        let layer = |Dense { weight, bias }: &Dense| Layer {
            inputs: weight.rows(),
            outputs: weight.columns(),
            weight: weight.unpacked(),
            bias: bias.clone(),
        };
        self.layers.iter().map(layer).collect()
    }

    /// What it says of inputs.
    ///
    /// # Shapes
    /// `inputs`: `[rows, features]`; the logits `[rows, classes]`.
    pub fn forward(&mut self, inputs: &Inputs, mut dropout: Option<&mut Dropout>) -> &[f32] {
        let hidden = self.layers.len().saturating_sub(1);
        for (index, Dense { weight, bias }) in self.layers.iter().enumerate() {
            let (before, outputs) = self.outputs.split_at_mut(index);
            let output = &mut outputs[0];
            broadcast_rows(bias, inputs.rows(), output);
            let input = match before.last() {
                None => Lhs::Inputs(inputs),
                Some(input) => Lhs::Plain(Matrix::with_rows(input, inputs.rows())),
            };
            fits(matmul(output, input, Rhs::Packed(weight), &mut self.scratch));
            if index < hidden {
                relu_forward(output);
                if let Some(dropout) = &mut dropout {
                    dropout.thin(output);
                }
            }
        }
        self.outputs.last().map_or(&[], Vec::as_slice)
    }
}

/// Says that matrices fit each other.
fn fits(fit: bool) {
    assert!(fit, "batch and layers have other shapes");
}

/// What a network is to say of a batch.
#[derive(Clone, Copy)]
pub enum FusedTarget<'a> {
    /// Targets `[batch, classes]`, by cross-entropy.
    Labels(&'a [f32]),
    /// A teacher's logits `[batch, classes]`, by soft targets at a temperature.
    Teacher(&'a [f32], f64),
}

impl FusedTarget<'_> {
    fn numbers(&self) -> &[f32] {
        match self {
            Self::Labels(numbers) | Self::Teacher(numbers, _) => numbers,
        }
    }
}

/// A term of the loss: its target, its factor, and its name if it has a curve of its own.
pub struct FusedLossTerm<'a> {
    /// What the network is to say.
    pub target: FusedTarget<'a>,
    /// The first of its rows in the batch; it takes as many as the target has.
    pub from: usize,
    /// What its sum over the batch is multiplied with.
    pub factor: f64,
    /// Its name.
    pub name: Option<TermName>,
}

/// The sum of a term over some steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Summed {
    /// Its name.
    pub name: TermName,
    /// Its sum.
    pub sum: f64,
    /// How many steps were added up.
    pub count: u32,
}

/// A perceptron that learns.
pub struct FusedMlp {
    perceptron: Perceptron,
    /// Whether the last layer alone learns.
    pub frozen: bool,
    optimizer: OptimizerConfig,
    /// Steps down a gradient.
    time: usize,
    /// The optimizer's moments of each layer's weights and of its bias.
    moments: Vec<[Moments; 2]>,
    /// The gradient of what came out of a layer, and what is computed from it next.
    output_gradient: Vec<f32>,
    next: Vec<f32>,
    /// The sum of the loss over steps.
    pub loss: f64,
    /// How many there were.
    pub losses: u32,
    /// The same of each term.
    pub terms: Vec<Summed>,
}

/// The velocity, or the first moment; and the second one, of Adam.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn new(count: usize, optimizer: OptimizerKind) -> Self {
        let second = if optimizer == OptimizerKind::Sgd { 0 } else { count };
        Self { first: vec![0.0; count], second: vec![0.0; second] }
    }
}

impl FusedMlp {
    /// A learner that starts from these weights.
    pub fn new(layers: &[Layer], experiment: &Experiment) -> Self {
        let mut perceptron = Perceptron::new(layers);
        let moments = |count| Moments::new(count, experiment.optimizer);
        Self {
            moments: perceptron
                .layers
                .iter_mut()
                .map(|Dense { weight, bias }| [weight.numbers().len(), bias.len()].map(moments))
                .collect(),
            perceptron,
            frozen: false,
            optimizer: OptimizerConfig::new(experiment.optimizer, experiment.weight_decay),
            time: 0,
            output_gradient: Vec::new(),
            next: Vec::new(),
            loss: 0.0,
            losses: 0,
            terms: Vec::new(),
        }
    }

    /// Its layers as they are.
    pub fn layers(&self) -> Vec<Layer> {
        self.perceptron.layers()
    }

    /// One step down the gradient of a batch's loss, which is the sum of its terms; none without any.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`.
    pub fn step(&mut self, rate: f64, inputs: &Inputs, terms: &[FusedLossTerm<'_>], dropout: Option<&mut Dropout>) {
        if terms.is_empty() {
            return;
        }
        let kept = dropout.as_ref().map_or(1.0, |dropout| dropout.scale());
        self.forward(inputs, dropout);
        self.descend(rate, inputs, terms, kept);
    }

    /// What it says of a batch: logits `[batch, classes]`.
    pub fn forward(&mut self, inputs: &Inputs, dropout: Option<&mut Dropout>) -> &[f32] {
        self.perceptron.forward(inputs, dropout)
    }

    /// One step down the gradient of the loss of the batch that it was asked about last; `kept` is what dropout
    /// multiplied with.
    pub fn descend(&mut self, rate: f64, inputs: &Inputs, terms: &[FusedLossTerm<'_>], kept: f32) {
        let Some(classes) = self.perceptron.layers.last().map(|layer| layer.bias.len()) else { return };
        if terms.is_empty() {
            return;
        }
        let logits = self.perceptron.outputs.last().map_or(&[][..], Vec::as_slice);
        self.output_gradient.resize(logits.len(), 0.0);
        clear(&mut self.output_gradient);
        for term in terms {
            let targets = term.target.numbers();
            let (from, count) = (term.from * classes, targets.len());
            let logits = &logits[from..from + count];
            self.next.resize(count, 0.0);
            let value = f64::from(match term.target {
                FusedTarget::Labels(_) => cross_entropy(logits, targets, classes, term.factor as f32, &mut self.next),
                FusedTarget::Teacher(_, temperature) => {
                    let how = (temperature as f32, term.factor as f32);
                    soft_targets(logits, targets, classes, how, &mut self.next)
                }
            });
            add_assign(&mut self.output_gradient[from..from + count], &self.next);
            self.loss += value;
            if let Some(name) = term.name {
                match self.terms.iter_mut().find(|sum| sum.name == name) {
                    Some(sum) => (sum.sum, sum.count) = (sum.sum + value, sum.count + 1),
                    None => self.terms.push(Summed { name, sum: value, count: 1 }),
                }
            }
        }
        self.losses += 1;
        self.time += 1;
        self.backward(rate, inputs, kept);
    }

    /// From the gradient of the logits to those of all weights, layer by layer, and a step down each: as soon as a few
    /// columns of a gradient are known, they are of use, and never again.
    fn backward(&mut self, rate: f64, inputs: &Inputs, kept: f32) {
        let (Perceptron { layers, outputs, scratch }, rows) = (&mut self.perceptron, inputs.rows());
        let update = |weights: &mut [f32], gradient: &[f32], moments: &mut Moments, from: usize| {
            let first = &mut moments.first[from..from + weights.len()];
            let second = moments.second.get_mut(from..from + weights.len()).unwrap_or_default();
            self.optimizer.update((rate, self.time), weights, gradient, [first, second]);
        };
        let learning = if self.frozen { 1 } else { layers.len() };
        for (index, (layer, moments)) in layers.iter_mut().zip(&mut self.moments).enumerate().rev().take(learning) {
            let output_gradient = Matrix::with_rows(&self.output_gradient, rows);
            let input = outputs[..index].last();
            if let Some(input) = input {
                self.next.resize(input.len(), 0.0);
                clear(&mut self.next);
                fits(matmul(&mut self.next, Lhs::Plain(output_gradient), Rhs::Transposed(&layer.weight), scratch));
                // What was dropped or not above zero has no gradient.
                relu_backward(&mut self.next, input, kept);
            }
            let (Dense { weight, bias }, [of_weight, of_bias]) = (layer, moments);
            let transposed = match input {
                None => Lhs::Transposed(inputs),
                Some(input) => Lhs::Plain(Matrix::with_rows(input, rows).transposed()),
            };
            let mut step = |from: usize, gradient: &[f32]| {
                update(&mut weight.numbers()[from..from + gradient.len()], gradient, of_weight, from);
            };
            fits(matmul_panels(transposed, output_gradient, scratch, &mut step));
            let mut gradient = vec![0.0; bias.len()];
            column_sums(&self.output_gradient, &mut gradient);
            update(bias, &gradient, of_bias, 0);
            mem::swap(&mut self.output_gradient, &mut self.next);
        }
    }

    /// Starts new means.
    pub fn reset_loss(&mut self) {
        (self.loss, self.losses) = (0.0, 0);
        self.terms.clear();
    }
}

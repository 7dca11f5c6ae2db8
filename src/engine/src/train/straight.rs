//! A perceptron that learns in the processor's memory, straight on: no tensors, no graph of what was computed from what. A step
//! of a small network then takes what its arithmetic takes, where burn's bookkeeping would take several times that; the
//! numbers are the same (tests). Everything else learns by burn: [`Learner`](super::learner::Learner).

use std::mem;

use retort_compress::Layer;
use retort_kernels::{
    Factor, Matrix, Packed, Scratch, add_up, clear, column_sums, cross_entropy, matmul, rectify, rectify_slope, repeat,
    soft_targets,
};
use retort_spec::Experiment;

use super::{learner::TermName, optimizer::Rule};
use crate::nets::Dropout;

/// Outside of browsers burn's products know wider vectors: products of more multiplications than this are theirs.
const MOST_NATIVE: usize = 1 << 20;

/// Whether networks of these layers learn straight on, at this size of a batch.
pub fn suits(layers: &[Layer], batch: usize) -> bool {
    cfg!(target_family = "wasm") || layers.iter().all(|layer| batch * layer.weight.len() <= MOST_NATIVE)
}

/// Dense layers with ReLU between them, and room for what they say.
pub struct Perceptron {
    layers: Vec<Layer>,
    /// Their weights as products read them, if they stay the same.
    packed: Vec<Packed>,
    /// What came out of each layer last, `[rows, outputs]`.
    outputs: Vec<Vec<f32>>,
    scratch: Scratch,
}

impl Perceptron {
    /// The perceptron of these layers.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { outputs: vec![Vec::new(); layers.len()], layers, packed: Vec::new(), scratch: Scratch::default() }
    }

    /// The perceptron of layers that learn no more.
    pub fn finished(layers: Vec<Layer>) -> Self {
        let packed = layers.iter().filter_map(weights).map(Packed::new).collect();
        Self { packed, ..Self::new(layers) }
    }

    /// Its layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What it says of inputs.
    ///
    /// # Shapes
    /// `inputs`: `[rows, features]`; the logits `[rows, classes]`.
    pub fn forward(&mut self, inputs: &[f32], mut dropout: Option<&mut Dropout>) -> &[f32] {
        let rows = inputs.len() / self.layers.first().map_or(1, |layer| layer.inputs.max(1));
        let hidden = self.layers.len().saturating_sub(1);
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, outputs) = self.outputs.split_at_mut(index);
            let output = &mut outputs[0];
            repeat(&layer.bias, rows, output);
            let input = before.last().map_or(inputs, Vec::as_slice);
            let weight = self.packed.get(index).map(Factor::Packed).or_else(|| weights(layer).map(Factor::Plain));
            add(output, Matrix::new(input, rows, layer.inputs), weight, &mut self.scratch);
            if index < hidden {
                rectify(output);
                if let Some(dropout) = &mut dropout {
                    dropout.thin(output);
                }
            }
        }
        self.outputs.last().map_or(&[], Vec::as_slice)
    }
}

/// A layer's weights, `[inputs, outputs]`.
fn weights(layer: &Layer) -> Option<Matrix<'_>> {
    Matrix::new(&layer.weight, layer.inputs, layer.outputs)
}

/// Adds a product of matrices.
fn add(to: &mut [f32], left: Option<Matrix<'_>>, right: Option<Factor<'_>>, scratch: &mut Scratch) {
    let fits = left.zip(right).is_some_and(|(left, right)| matmul(to, left, right, scratch));
    assert!(fits, "batch and layers have other shapes");
}

/// What a network is to say of a batch.
#[derive(Clone, Copy)]
pub enum Aim<'a> {
    /// Targets `[batch, classes]`, by cross-entropy.
    Labels(&'a [f32]),
    /// A teacher's logits `[batch, classes]`, by soft targets at a temperature.
    Teacher(&'a [f32], f64),
}

/// A term of the loss: what it aims at, its factor, and its name if it has a curve of its own.
pub struct Term<'a> {
    /// What the network is to say.
    pub aim: Aim<'a>,
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
    /// Of so many steps.
    pub count: u32,
}

/// A perceptron that learns.
pub struct Straight {
    perceptron: Perceptron,
    rule: Rule,
    /// Steps down a gradient.
    time: usize,
    gradients: Vec<Layer>,
    /// The velocity, or the first moment; and the second one.
    memory: [Vec<Layer>; 2],
    /// The slope of what came out of a layer, and what is computed from it next.
    slope: Vec<f32>,
    next: Vec<f32>,
    /// Whether anything was learned since the last step.
    learned: bool,
    /// The sum of the loss over steps that learned.
    pub loss: f64,
    /// How many did.
    pub losses: u32,
    /// The same of each term.
    pub terms: Vec<Summed>,
}

impl Straight {
    /// A learner that starts from these weights.
    pub fn new(layers: &[Layer], experiment: &Experiment) -> Self {
        let zeros = || -> Vec<Layer> {
            let zeroed = |layer: &Layer| Layer {
                weight: vec![0.0; layer.weight.len()],
                bias: vec![0.0; layer.bias.len()],
                ..*layer
            };
            layers.iter().map(zeroed).collect()
        };
        Self {
            perceptron: Perceptron::new(layers.to_vec()),
            rule: Rule::new(experiment.optimizer, experiment.weight_decay),
            time: 0,
            gradients: zeros(),
            memory: [zeros(), zeros()],
            slope: Vec::new(),
            next: Vec::new(),
            learned: false,
            loss: 0.0,
            losses: 0,
            terms: Vec::new(),
        }
    }

    /// Its layers as they are.
    pub fn layers(&self) -> &[Layer] {
        self.perceptron.layers()
    }

    /// Adds the gradient of a batch's loss, which is the sum of its terms.
    ///
    /// # Shapes
    /// `inputs`: `[batch, features]`.
    pub fn learn(&mut self, inputs: &[f32], terms: &[Term<'_>], dropout: Option<&mut Dropout>) {
        let Some(classes) = self.layers().last().map(|layer| layer.outputs).filter(|_| !terms.is_empty()) else {
            return;
        };
        let kept = dropout.as_ref().map_or(1.0, |dropout| dropout.scale());
        let logits = self.perceptron.forward(inputs, dropout);
        self.slope.resize(logits.len(), 0.0);
        clear(&mut self.slope);
        self.next.resize(logits.len(), 0.0);
        for term in terms {
            let slope = &mut self.next[..logits.len()];
            let value = f64::from(match term.aim {
                Aim::Labels(targets) => cross_entropy(logits, targets, classes, term.factor as f32, slope),
                Aim::Teacher(said, temperature) => {
                    soft_targets(logits, said, classes, (temperature as f32, term.factor as f32), slope)
                }
            });
            add_up(&mut self.slope, slope);
            self.loss += value;
            if let Some(name) = term.name {
                match self.terms.iter_mut().find(|sum| sum.name == name) {
                    Some(sum) => (sum.sum, sum.count) = (sum.sum + value, sum.count + 1),
                    None => self.terms.push(Summed { name, sum: value, count: 1 }),
                }
            }
        }
        self.learned = true;
        self.go_back(inputs, kept);
    }

    /// From the slope of the logits to those of all weights, layer by layer.
    fn go_back(&mut self, inputs: &[f32], kept: f32) {
        let Perceptron { layers, outputs, scratch, .. } = &mut self.perceptron;
        for (index, (layer, gradient)) in layers.iter().zip(&mut self.gradients).enumerate().rev() {
            let rows = self.slope.len() / layer.outputs.max(1);
            let input = match index {
                0 => inputs,
                _ => &outputs[index - 1],
            };
            let slope = Matrix::new(&self.slope, rows, layer.outputs);
            let turned = Matrix::new(input, rows, layer.inputs).map(Matrix::transposed);
            add(&mut gradient.weight, turned, slope.map(Factor::Plain), scratch);
            self.next.clear();
            self.next.resize(layer.outputs, 0.0);
            column_sums(&self.slope, &mut self.next);
            add_up(&mut gradient.bias, &self.next);
            if index == 0 {
                break;
            }
            self.next.resize(input.len(), 0.0);
            clear(&mut self.next);
            let turned = weights(layer).map(Matrix::transposed).map(Factor::Plain);
            add(&mut self.next, slope, turned, scratch);
            // What was dropped or not above zero has no slope.
            rectify_slope(&mut self.next, input, kept);
            mem::swap(&mut self.slope, &mut self.next);
        }
    }

    /// One step down the gradient, if there is any.
    pub fn descend(&mut self, rate: f64) {
        if !mem::take(&mut self.learned) {
            return;
        }
        self.time += 1;
        self.losses += 1;
        let [first, second] = &mut self.memory;
        let layers = self.perceptron.layers.iter_mut().zip(&mut self.gradients).zip(first.iter_mut().zip(second));
        for ((layer, gradient), (first, second)) in layers {
            let rule = |weights: &mut [f32], gradient: &mut [f32], first: &mut [f32], second: &mut [f32]| {
                self.rule.descend((rate, self.time), weights, gradient, [first, second]);
                clear(gradient);
            };
            rule(&mut layer.weight, &mut gradient.weight, &mut first.weight, &mut second.weight);
            rule(&mut layer.bias, &mut gradient.bias, &mut first.bias, &mut second.bias);
        }
    }

    /// Starts new means.
    pub fn forget_loss(&mut self) {
        (self.loss, self.losses) = (0.0, 0);
        self.terms.clear();
    }
}

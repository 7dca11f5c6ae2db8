//! What a network lets others see of a forward pass.

use std::rc::Rc;

use burn::tensor::Tensor;

/// The outputs of one forward pass that objectives may look at.
#[derive(Clone)]
pub struct Trace {
    /// `[batch, classes]`: the scores before the softmax.
    pub logits: Tensor<2>,
    /// `[batch, features]`: what the classifier reads.
    pub embedding: Tensor<2>,
    /// What each stage hands on, from the input on: a hidden layer, a pooled convolution, the blocks of one width.
    pub maps: Vec<Map>,
    /// What batch normalization measured of this batch, layer by layer; nothing in a test.
    pub statistics: Vec<Statistics>,
}

impl Trace {
    /// Logits and nothing else.
    pub fn of_logits(logits: Tensor<2>) -> Self {
        Self { embedding: logits.clone(), logits, maps: Vec::new(), statistics: Vec::new() }
    }

    /// The same without what it was computed from.
    pub fn inner(self) -> Self {
        let map = |Map { values, pre_activation, side }: Map| Map {
            values: values.inner(),
            pre_activation: PreActivation::computed(move || pre_activation.get().inner()),
            side,
        };
        Self {
            logits: self.logits.inner(),
            embedding: self.embedding.inner(),
            maps: self.maps.into_iter().map(map).collect(),
            statistics: self.statistics,
        }
    }

    /// The same with so many outputs alone.
    pub fn first(self, outputs: usize) -> Self {
        let [_, all] = self.logits.dims();
        if all == outputs { self } else { Self { logits: self.logits.narrow(1, 0, outputs), ..self } }
    }

    /// The same as constants among tracked tensors.
    pub fn autodiff(self) -> Self {
        let map = |Map { values, pre_activation, side }: Map| Map {
            values: values.autodiff(),
            pre_activation: PreActivation::computed(move || pre_activation.get().autodiff()),
            side,
        };
        Self {
            logits: self.logits.autodiff(),
            embedding: self.embedding.autodiff(),
            maps: self.maps.into_iter().map(map).collect(),
            statistics: self.statistics,
        }
    }
}

/// A stage's output: `channels` numbers at each of `side · side` places. A hidden layer of a perceptron has one place.
#[derive(Clone)]
pub struct Map {
    /// `[batch, places, channels]`, after the activation function.
    pub values: Tensor<3>,
    /// The same before the activation function.
    pub pre_activation: PreActivation,
    /// Rows, and columns.
    pub side: usize,
}

impl Map {
    /// `[channels, side]`.
    pub fn shape(&self) -> [usize; 2] {
        let [_, _, channels] = self.values.dims();
        [channels, self.side]
    }
}

/// What an activation function was given. Few ask for it, and where a layer does both in one step it is computed when
/// they do.
#[derive(Clone)]
pub struct PreActivation(Rc<dyn Fn() -> Tensor<3>>);

impl PreActivation {
    /// To be computed when it is asked for.
    pub fn computed(compute: impl Fn() -> Tensor<3> + 'static) -> Self {
        Self(Rc::new(compute))
    }

    /// What is known already.
    pub fn known(values: Tensor<3>) -> Self {
        Self::computed(move || values.clone())
    }

    /// `[batch, places, channels]`.
    pub fn get(&self) -> Tensor<3> {
        (self.0)()
    }
}

/// Mean and variance of each channel of a batch, `[channels]` each, without gradients.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// The mean.
    pub mean: Tensor<1>,
    /// The variance, by the number of values less one.
    pub variance: Tensor<1>,
}

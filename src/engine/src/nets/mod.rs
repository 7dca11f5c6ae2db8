//! Networks: one a file, and a line in [`Network`] and its `match`es, which the compiler asks for. Without a graph
//! perceptrons are the only ones.

#[cfg(feature = "graph")]
mod activation_fake_quant;
#[cfg(feature = "graph")]
mod conv;
#[cfg(feature = "graph")]
pub mod dense;
mod dropout;
#[cfg(feature = "graph")]
mod mlp;
#[cfg(feature = "graph")]
mod network;
#[cfg(feature = "graph")]
mod norm;
#[cfg(feature = "graph")]
mod pass;
#[cfg(not(feature = "graph"))]
mod perceptron;
#[cfg(feature = "graph")]
mod residual;
#[cfg(feature = "graph")]
mod separable;
#[cfg(feature = "graph")]
mod trace;
#[cfg(feature = "graph")]
mod windows;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_compress::Layer;
use retort_spec::{Architecture, LayerShape};

#[cfg(feature = "graph")]
pub use self::{
    activation_fake_quant::{ActivationFakeQuant, quantize_linear},
    conv::Conv,
    mlp::Mlp,
    network::Network,
    norm::normalized,
    pass::Pass,
    residual::Residual,
    separable::Separable,
    trace::{Map, PreActivation, Statistics, Trace},
    windows::windows,
};
pub use dropout::Dropout;
#[cfg(not(feature = "graph"))]
pub use perceptron::{Network, StageOutputs};

use crate::random;

impl Network {
    /// Draws the initial weights on the host, so that every device starts from the same ones.
    pub fn draw(architecture: &Architecture, inputs: usize, classes: usize, seed: u32, purpose: &str) -> Vec<Layer> {
        let mut generator = random::stream(seed, purpose);
        architecture.layers(inputs, classes).into_iter().map(|shape| draw(shape, &mut generator)).collect()
    }
}

/// Weights between a network's and others of the same shapes: `share · near + (1 − share) · others` (Stanton et al.
/// 2021, section 6). A share of 1 gives the network's very weights.
pub fn mixed(near: &[Layer], others: Vec<Layer>, share: f32) -> Vec<Layer> {
    let mut mixed = others;
    for (layer, near) in mixed.iter_mut().zip(near) {
        let values = layer.weight.iter_mut().chain(&mut layer.bias);
        for (value, near) in values.zip(near.weight.iter().chain(&near.bias)) {
            *value = share * near + (1.0 - share) * *value;
        }
    }
    mixed
}

/// He-uniform weights, `U(-√(6/inputs), √(6/inputs))`, which keep the variance through ReLU layers (He et al. 2015,
/// section 2.2), and zero biases.
fn draw(shape: LayerShape, generator: &mut ChaCha8Rng) -> Layer {
    let LayerShape { inputs, outputs, .. } = shape;
    let bound = (6.0 / inputs as f32).sqrt();
    let weight = (0..inputs * outputs).map(|_| generator.random_range(-bound..bound)).collect();
    Layer { inputs, outputs, weight, bias: vec![0.0; outputs] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_mixed_one_by_one() {
        let layer = |weight: [f32; 2], bias| Layer { inputs: 2, outputs: 1, weight: weight.into(), bias: vec![bias] };
        let (near, others) = ([layer([4.0, -2.0], 1.0)], vec![layer([0.0, 6.0], 0.0)]);
        let at = |share| mixed(&near, others.clone(), share).remove(0);
        let quarter = at(0.25);
        assert_eq!((quarter.weight, quarter.bias), (vec![1.0, 4.0], vec![0.25]));
        assert_eq!((at(1.0).weight, at(1.0).bias), (vec![4.0, -2.0], vec![1.0]));
        assert_eq!(at(0.0).weight, [0.0, 6.0]);
    }

    #[test]
    fn weights_are_drawn_within_their_bound_and_fill_it() {
        let shape = LayerShape { inputs: 100, outputs: 50, places: 1 };
        let layer = draw(shape, &mut random::stream(1, "test"));
        let bound = (6.0_f32 / 100.0).sqrt();
        let largest = layer.weight.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        assert!(largest <= bound && largest > 0.98 * bound);
    }
}

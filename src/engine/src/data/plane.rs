//! Points in the plane: the data sets on which a decision can be seen as geometry.

use std::f32::consts::{PI, TAU};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::Experiment;

use super::{Dataset, Examples};
use crate::random;

/// Places a point of class `class` of `classes`: `along` runs from 0 to 1 along the class's shape.
pub type Shape = fn(class: usize, classes: usize, along: f32) -> [f32; 2];

/// Intertwined arms, one a class, each turning one and a half times around the origin.
pub fn spiral(class: usize, classes: usize, along: f32) -> [f32; 2] {
    /// At the origin all classes would meet.
    const INNER: f32 = 0.15;
    let radius = INNER + (1.0 - INNER) * along;
    let angle = TAU * (class as f32 / classes as f32 + 1.5 * along);
    [radius * angle.cos(), radius * angle.sin()]
}

/// Two interleaved half circles.
pub fn moon(class: usize, _classes: usize, along: f32) -> [f32; 2] {
    let (sin, cos) = (PI * along).sin_cos();
    match class {
        0 => [0.65 * cos - 0.3, 0.65 * sin - 0.15],
        _ => [0.3 - 0.65 * cos, 0.15 - 0.65 * sin],
    }
}

/// Concentric rings, the first class innermost.
pub fn ring(class: usize, classes: usize, along: f32) -> [f32; 2] {
    let radius = (class as f32 + 0.5) / classes as f32;
    let (sin, cos) = (TAU * along).sin_cos();
    [radius * cos, radius * sin]
}

/// Blobs whose centres stand on a circle; only the noise spreads them.
pub fn blob(class: usize, classes: usize, _along: f32) -> [f32; 2] {
    let (sin, cos) = (TAU * (class as f32 + 0.5) / classes as f32).sin_cos();
    [0.6 * cos, 0.6 * sin]
}

/// Draws training and test points of a shape with the experiment's number of classes, noise and seed.
pub fn make(shape: Shape, experiment: &Experiment, test: usize) -> Dataset {
    /// Blobs have no shape but their noise, so that none of them may be a mere point.
    const LEAST_NOISE: f32 = 0.02;
    let classes = experiment.class_count();
    let noise = (experiment.noise as f32).max(LEAST_NOISE);
    let mut generator = random::stream(experiment.seed, "plane");
    let mut draw = |count: usize| {
        let mut examples = Examples::default();
        for index in 0..count {
            let class = index % classes;
            let [x, y] = shape(class, classes, generator.random());
            let [dx, dy] = gaussian_pair(&mut generator);
            examples.inputs.extend([(x + noise * dx).clamp(-3.5, 3.5), (y + noise * dy).clamp(-3.5, 3.5)]);
            examples.labels.push(class as u8);
        }
        examples
    };
    let (train, test) = (draw(experiment.examples as usize), draw(test));
    Dataset { own: 0, classes, shape: [1, 2], train, test }
}

/// Two independent standard normal numbers (Box & Muller 1958).
pub fn gaussian_pair(generator: &mut ChaCha8Rng) -> [f32; 2] {
    let uniform: f32 = 1.0 - generator.random::<f32>();
    let radius = (-2.0 * uniform.ln()).sqrt();
    let (sin, cos) = (TAU * generator.random::<f32>()).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_keep_their_distance() {
        for class in 0..3 {
            for along in [0.0, 0.3, 0.9] {
                let [x, y] = ring(class, 3, along);
                assert!((x.hypot(y) - [1.0 / 6.0, 0.5, 5.0 / 6.0][class]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut generator = random::stream(1, "test");
        let numbers: Vec<f32> = (0..20_000).flat_map(|_| gaussian_pair(&mut generator)).collect();
        let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / numbers.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}

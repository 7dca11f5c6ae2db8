//! Steps down a gradient: Adam, with a limit for the gradient's norm and a learning rate that rises and falls.

use retort_kernels::{Adam, scale, sum_of_squares};

/// The largest norm of a gradient (Pascanu et al. 2013, algorithm 1).
const LARGEST_NORM: f64 = 1.0;
/// The share of the largest learning rate that is left at the end.
const LAST_SHARE: f64 = 0.05;
/// Steps until the learning rate is largest, and the share of all steps that they are at most.
const WARM_UP: usize = 50;
const WARM_UP_SHARE: usize = 10;

/// The learning rate of a step, counted from 0: linear up to `peak`, then a half cosine down to a twentieth of it
/// (Loshchilov & Hutter 2017, equation 5).
pub fn learning_rate(peak: f64, step: usize, steps: usize) -> f64 {
    let warm_up = WARM_UP.min(steps / WARM_UP_SHARE);
    if step < warm_up {
        return peak * (step + 1) as f64 / warm_up as f64;
    }
    let share = (step - warm_up) as f64 / (steps - warm_up).max(1) as f64;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos());
    peak * (LAST_SHARE + (1.0 - LAST_SHARE) * cosine)
}

/// Adam's moments of all weights.
#[derive(Debug, Clone)]
pub struct Optimizer {
    first: Vec<f32>,
    second: Vec<f32>,
    time: i32,
}

impl Optimizer {
    /// An optimizer of so many weights, before its first step.
    pub fn new(count: usize) -> Self {
        Self { first: vec![0.0; count], second: vec![0.0; count], time: 0 }
    }

    /// One step down a gradient, which is made shorter where its norm is above 1. Returns its norm.
    pub fn step(&mut self, rate: f64, weights: &mut [f32], gradient: &mut [f32]) -> f64 {
        let norm = sum_of_squares(gradient).sqrt();
        if norm > LARGEST_NORM {
            scale(gradient, (LARGEST_NORM / norm) as f32);
        }
        self.time += 1;
        let adam = Adam::new(rate, (0.9, 0.999), 1e-8, self.time);
        adam.step(weights, gradient, &mut self.first, &mut self.second);
        norm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let rate = |step| learning_rate(1.0, step, 1_000);
        assert!((rate(0) - 0.02).abs() < 1e-12 && (rate(49) - 1.0).abs() < 1e-12 && (rate(50) - 1.0).abs() < 1e-12);
        // Half of the way down it is the mean of 1 and 0.05.
        assert!((rate(525) - 0.525).abs() < 1e-12 && (rate(1_000) - 0.05).abs() < 1e-12);
        assert!((learning_rate(1.0, 0, 5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_long_gradient_is_made_shorter() {
        let (mut weights, mut gradient) = ([0.0, 0.0], [3.0, 4.0]);
        let norm = Optimizer::new(2).step(0.1, &mut weights, &mut gradient);
        assert!((norm - 5.0).abs() < 1e-6);
        assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] - 0.8).abs() < 1e-6);
        // The first step of Adam is as long as the rate, whatever the gradient.
        assert!((weights[0] + 0.1).abs() < 1e-5 && (weights[1] + 0.1).abs() < 1e-5);
    }
}

//! Steps down a gradient, in one pass over weights, gradient and moments: what burn's optimizers do in ten, each of
//! which reads and writes as much memory and allocates it. The order of operations is burn's.

use wide::f32x4;

use crate::simd4::{BLOCK, update};

/// What is left of a moment below this is nothing: divided by `epsilon` and multiplied by a rate it changes no weight.
/// Where a unit has died, nine tenths of a moment are kept in every step, until it is subnormal, which slows CPUs
/// down, and there it stays, since nine tenths of the smallest number are rounded up to it.
const NOTHING: f32 = 1e-30;

/// A moment, or zero where it is next to nothing. What is no number stays none.
fn settled(moment: f32x4) -> f32x4 {
    moment.abs().simd_lt(f32x4::splat(NOTHING)).bitselect(f32x4::ZERO, moment)
}

/// Whether all numbers are zero, of whatever sign.
fn is_zero(numbers: &[f32; BLOCK]) -> bool {
    let fours = numbers.as_chunks::<4>().0.iter();
    fours.fold(f32x4::ZERO, |bits, &four| bits | f32x4::new(four)).simd_eq(f32x4::ZERO).all()
}

/// One step of Adam or AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// The learning rate.
    pub rate: f32,
    /// How much of the first and of the second moment is kept.
    pub betas: (f32, f32),
    /// What is added to the root of the second moment, `epsilon · √(1 − beta₂ᵗ)`.
    pub epsilon: f32,
    /// What undoes that both moments begin at zero, `√(1 − beta₂ᵗ) / (1 − beta₁ᵗ)`.
    pub correction: f32,
    /// For Adam: how much of the weights is added to the gradient.
    pub penalty: f32,
    /// For AdamW: what of the weights is left before the step.
    pub kept: f32,
}

impl Adam {
    /// Step `time`, from 1, by the constants of the paper (Kingma & Ba 2015, section 2 and algorithm 1); no weight
    /// decay.
    pub fn new(rate: f64, betas: (f32, f32), epsilon: f32, time: i32) -> Self {
        let root = (1.0 - betas.1.powi(time)).sqrt();
        let correction = root / (1.0 - betas.0.powi(time));
        Self { rate: rate as f32, betas, epsilon: epsilon * root, correction, penalty: 0.0, kept: 1.0 }
    }

    /// Changes the weights and both moments; all slices are of one length.
    #[inline(never)]
    pub fn step(&self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let [rate, epsilon, correction, penalty, kept] =
            [self.rate, self.epsilon, self.correction, self.penalty, self.kept].map(f32x4::splat);
        let (beta1, beta2) = (f32x4::splat(self.betas.0), f32x4::splat(self.betas.1));
        let (rest1, rest2) = (f32x4::splat(1.0 - self.betas.0), f32x4::splat(1.0 - self.betas.1));
        // Without decay weights stay as they are where gradient and first moment are zero: those of a pixel in an
        // image's border stand side by side.
        let rests = self.penalty == 0.0 && self.kept == 1.0;
        let change = |[weights, first, second]: [f32x4; 3], [gradient]: [f32x4; 1]| {
            let gradient = if self.penalty > 0.0 { weights * penalty + gradient } else { gradient };
            let first = settled(first * beta1 + gradient * rest1);
            let second = second * beta2 + gradient * gradient * rest2;
            let step = first * correction / (second.sqrt() + epsilon);
            [weights * kept - step * rate, first, second]
        };
        let [(weights, of_weights), (firsts, of_firsts), (seconds, of_seconds)] =
            [weights, first, second].map(<[f32]>::as_chunks_mut::<BLOCK>);
        let (gradients, of_gradients) = gradient.as_chunks::<BLOCK>();
        for (((weights, first), second), gradient) in weights.iter_mut().zip(firsts).zip(seconds).zip(gradients) {
            if rests && is_zero(gradient) && is_zero(first) {
                if !is_zero(second) {
                    update([second], [], |[second], []| [second * beta2]);
                }
                continue;
            }
            update([weights, first, second], [gradient], change);
        }
        update([of_weights, of_firsts, of_seconds], [of_gradients], change);
    }
}

/// One step of stochastic gradient descent with momentum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// The learning rate.
    pub rate: f32,
    /// How much of the velocity is kept.
    pub momentum: f32,
    /// How much of the weights is added to the gradient.
    pub penalty: f32,
}

impl Sgd {
    /// Changes the weights and the velocity; all slices are of one length.
    #[inline(never)]
    pub fn step(&self, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        let [rate, momentum, penalty] = [self.rate, self.momentum, self.penalty].map(f32x4::splat);
        update([weights, velocity], [gradient], |[weights, velocity], [gradient]| {
            let gradient = if self.penalty > 0.0 { weights * penalty + gradient } else { gradient };
            let velocity = settled(velocity * momentum + gradient);
            [weights - velocity * rate, velocity]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::wave;

    #[test]
    fn a_step_of_adam_by_hand_at_every_length() {
        for count in 0..10 {
            let (mut weights, gradient) = (wave(count, 1.3), wave(count, 0.7));
            let (mut first, mut second) = (vec![0.5; count], vec![0.25; count]);
            let before = weights.clone();
            let adam = Adam { penalty: 0.1, kept: 0.9, ..Adam::new(0.01, (0.9, 0.999), 1e-8, 2) };
            adam.step(&mut weights, &gradient, &mut first, &mut second);
            for i in 0..count {
                let g = f64::from(gradient[i]) + 0.1 * f64::from(before[i]);
                let (m, v) = (0.9 * 0.5 + 0.1 * g, 0.999 * 0.25 + 0.001 * g * g);
                let step = (m / (1.0 - 0.81)) / ((v / (1.0 - 0.998001)).sqrt() + 1e-8);
                let expected = 0.9 * f64::from(before[i]) - 0.01 * step;
                assert!((f64::from(weights[i]) - expected).abs() < 1e-5, "{i} of {count}");
                assert!((f64::from(first[i]) - m).abs() < 1e-6 && (f64::from(second[i]) - v).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn weights_rest_where_nothing_moves_them() {
        let adam = Adam::new(0.01, (0.9, 0.999), 1e-8, 5);
        let count = 3 * BLOCK + 5;
        // The second block and the end rest, but for what the end's second moment forgets.
        let rests = |place: usize| place / BLOCK % 2 == 1;
        let moving = |number: f32| -> Vec<f32> { (0..count).map(|i| if rests(i) { -0.0 } else { number }).collect() };
        let (mut weights, gradient) = (wave(count, 1.3), moving(0.5));
        let (mut first, mut second) = (moving(0.25), vec![0.125; count]);
        second[BLOCK..2 * BLOCK].fill(0.0);
        let before = weights.clone();
        adam.step(&mut weights, &gradient, &mut first, &mut second);
        for i in 0..count {
            assert_eq!(weights[i] == before[i], rests(i), "{i}");
        }
        assert_eq!((second[BLOCK], second[3 * BLOCK]), (0.0, 0.125 * 0.999));
        // One number that is none moves its block.
        let mut gradient = vec![0.0; count];
        gradient[3 * BLOCK] = f32::NAN;
        adam.step(&mut weights, &gradient, &mut first, &mut second);
        assert!(weights[3 * BLOCK].is_nan());
        // And with decay all do.
        let before = weights.clone();
        Adam { kept: 0.9, ..adam }.step(&mut weights, &vec![0.0; count], &mut first, &mut second);
        assert!(weights[BLOCK] != before[BLOCK]);
    }

    #[test]
    fn what_is_next_to_nothing_ends() {
        let (mut weights, mut first, mut second) = (vec![0.5; 5], vec![-1e-3; 5], vec![1e-12; 5]);
        for time in 1..1000 {
            Adam::new(1e-3, (0.9, 0.999), 1e-8, time).step(&mut weights, &[0.0; 5], &mut first, &mut second);
        }
        assert_eq!(first, [0.0; 5]);
        let mut velocity = vec![1e-30; 5];
        Sgd { rate: 0.5, momentum: 0.9, penalty: 0.0 }.step(&mut weights, &[0.0; 5], &mut velocity);
        assert_eq!(velocity, [0.0; 5]);
        // What is small and no less counts.
        let mut velocity = vec![1e-29; 5];
        Sgd { rate: 0.5, momentum: 0.9, penalty: 0.0 }.step(&mut weights, &[0.0; 5], &mut velocity);
        assert_eq!(velocity, [9e-30; 5]);
        let mut velocity = vec![f32::NAN; 5];
        Sgd { rate: 0.5, momentum: 0.9, penalty: 0.0 }.step(&mut weights, &[0.0; 5], &mut velocity);
        assert!(weights.iter().chain(&velocity).all(|number| number.is_nan()), "it has to be told");
    }

    #[test]
    fn momentum_by_hand() {
        let (mut weights, mut velocity) = (vec![1.0, 2.0, 3.0, 4.0, 5.0], vec![1.0; 5]);
        let sgd = Sgd { rate: 0.5, momentum: 0.5, penalty: 1.0 };
        sgd.step(&mut weights, &[1.0; 5], &mut velocity);
        // 0.5 + (1 + w), and half of it down.
        assert_eq!(velocity, [2.5, 3.5, 4.5, 5.5, 6.5]);
        assert_eq!(weights, [-0.25, 0.25, 0.75, 1.25, 1.75]);
    }
}

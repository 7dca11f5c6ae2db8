//! Regression of one variable: a curve, of which only noisy points are seen.

use super::task::{Answers, Examples, Input, Inputs, Output, Task};
use crate::random::{Stream, stream};

/// The points lie between minus this and this.
pub const REACH: f32 = 2.0;
const TRAIN: usize = 2_000;
const TEST: usize = 500;
/// The points are the same in every experiment.
const SEED: u32 = 1;

/// The curve itself.
pub fn truth(x: f32) -> f32 {
    (3.0 * x).sin() + 0.4 * x
}

/// The task, with normal noise of this standard deviation in the points to learn from; the test asks for the curve
/// itself.
pub fn curve(noise: f32) -> Task {
    let examples = |purpose, count, noise: f32| {
        let mut stream = stream(SEED, purpose);
        let point = |stream: &mut Stream| REACH * (2.0 * stream.uniform() - 1.0);
        let inputs: Vec<f32> = (0..count).map(|_| point(&mut stream)).collect();
        let answers = inputs.iter().map(|&x| truth(x) + noise * stream.normal()).collect();
        Examples { inputs: Inputs::Numbers(inputs, 1), answers: Answers::Numbers(answers, 1) }
    };
    Task {
        word: "curve",
        input: Input::Numbers(vec!["x".into()]),
        output: Output::Numbers(vec!["y".into()]),
        train: examples("curve train", TRAIN, noise),
        test: examples("curve test", TEST, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_around_the_curve() {
        let task = curve(0.5);
        let (Inputs::Numbers(inputs, 1), Answers::Numbers(answers, 1)) = (&task.train.inputs, &task.train.answers)
        else {
            return;
        };
        let errors: Vec<f32> = inputs.iter().zip(answers).map(|(&x, y)| y - truth(x)).collect();
        let variance = errors.iter().map(|error| error * error).sum::<f32>() / TRAIN as f32;
        assert!((variance - 0.25).abs() < 0.03);
        assert!(inputs.iter().all(|x| x.abs() <= REACH));
    }
}

//! Losses of a generator that draws pictures for a teacher, since nobody has its data: what the teacher says and sees
//! of a picture, and how far a student is from it.

use burn::tensor::{
    Tensor,
    activation::{log_softmax, relu},
};

use super::{Settings, constant, cross_entropy, soft_targets};
use crate::nets::Trace;

/// How much each of the three losses of Chen et al. 2019 counts (eq. 7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The weight of [`one_hot`].
    pub one_hot: f64,
    /// The weight of [`balance`].
    pub balance: f64,
    /// The weight of [`activation`].
    pub activation: f64,
}

/// Those of the authors' code on MNIST.
pub const USUAL: Weights = Weights { one_hot: 1.0, balance: 5.0, activation: 0.1 };

/// The sum of the three that have a weight (Chen et al. 2019, eq. 7).
///
/// # Shapes
/// `teacher`: logits `[batch, classes]` and what the classifier reads, `[batch, features]`, both tracked; the loss
/// `[1]`.
pub fn unmistakable(teacher: &Trace, weights: Weights) -> Option<Tensor<1>> {
    type Term = fn(&Trace) -> Tensor<1>;
    let terms: [(f64, Term); 3] =
        [(weights.one_hot, one_hot), (weights.balance, balance), (weights.activation, activation)];
    let used = terms.into_iter().filter(|(weight, _)| *weight != 0.0);
    used.map(|(weight, term)| term(teacher) * weight).reduce(|sum, term| sum + term)
}

/// The cross-entropy with the class that the teacher finds likeliest: it is to be sure (eq. 4).
fn one_hot(teacher: &Trace) -> Tensor<1> {
    // A softmax so cold that it is one where a logit is the largest.
    let likeliest = log_softmax(constant(&teacher.logits) * 1e6, 1).exp();
    cross_entropy(teacher, likeliest, 1.0)
}

/// `Σ_c p̄_c log₁₀ p̄_c` with `p̄` the mean answer of the batch: all classes are to come as often (eq. 6). The paper's
/// logarithm is natural, that of the authors' code is not.
fn balance(teacher: &Trace) -> Tensor<1> {
    /// A class that never comes has no logarithm.
    const NEVER: f64 = 1e-20;
    let mean = log_softmax(teacher.logits.clone(), 1).exp().mean_dim(0);
    (mean.clone() * (mean + NEVER).log()).sum() / std::f64::consts::LN_10
}

/// The mean of the features' sizes, negative: what is a picture of something moves the teacher (eq. 5).
fn activation(teacher: &Trace) -> Tensor<1> {
    -(relu(teacher.embedding.clone()) + relu(-teacher.embedding.clone())).mean()
}

/// `−(1/N) Σ_n KL(softmax(v_n/T) ‖ softmax(z_n/T))`: pictures on which the student does not yet say what the teacher
/// says (Micaelli & Storkey 2019, eq. 2), without T².
///
/// # Shapes
/// Logits `[batch, classes]`; the loss `[1]`, in nats.
pub fn disagreement(student: &Trace, teacher: &Trace, temperature: f64) -> Tensor<1> {
    let settings = Settings { temperature, scale_by_t2: false, ..Settings::default() };
    -soft_targets(student, teacher, &settings, 1.0)
}

/// `‖σ² − σ̂²‖ + ‖μ − μ̂‖`: how far mean and variance of a layer are from those that batch normalization remembers of
/// the real examples (Yin et al. 2020, eq. 4).
///
/// # Shapes
/// `features`: `[batch, channels]`; `mean` and `variance`: `[1, channels]`; the loss `[1]`.
pub fn statistics(features: &Tensor<2>, mean: Tensor<2>, variance: Tensor<2>) -> Tensor<1> {
    let own_mean = features.clone().mean_dim(0);
    let own_variance = (features.clone() - own_mean.clone()).square().mean_dim(0);
    let length = |difference: Tensor<2>| difference.square().sum().sqrt();
    length(own_variance - variance) + length(own_mean - mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::read;
    use burn::tensor::{Device, TensorData};
    use pollster::block_on;

    fn tensor<const N: usize>(rows: [[f32; N]; 2]) -> Tensor<2> {
        Tensor::from_data(rows, &Device::flex().autodiff())
    }

    /// Two answers of ¾ and ¼, and what is seen of them.
    fn teacher() -> Trace {
        let three = 3.0_f32.ln();
        Trace { embedding: tensor([[1.0, -2.0], [0.0, 3.0]]), ..Trace::of_logits(tensor([[three, 0.0], [0.0, three]])) }
    }

    fn near(loss: Tensor<1>, want: f32) {
        let loss = loss.into_scalar::<f32>();
        assert!((loss - want).abs() < 1e-5, "{loss} instead of {want}");
    }

    #[test]
    fn two_pictures_by_hand() {
        let only =
            |one_hot, balance, activation| unmistakable(&teacher(), Weights { one_hot, balance, activation }).unwrap();
        near(only(1.0, 0.0, 0.0), -(0.75_f32.ln()));
        near(only(0.0, 1.0, 0.0), 0.5_f32.log10());
        near(only(0.0, 0.0, 1.0), -1.5);
        near(unmistakable(&teacher(), USUAL).unwrap(), -(0.75_f32.ln()) + 5.0 * 0.5_f32.log10() - 0.15);
        let (none, sure) = (Weights { one_hot: 0.0, balance: 0.0, activation: 0.0 }, tensor([[900.0, 0.0]; 2]));
        assert!(unmistakable(&teacher(), none).is_none());
        // One class alone: nothing is balanced, and nothing is no number.
        near(balance(&Trace::of_logits(sure)), 0.0);
        let student = Trace::of_logits(tensor([[0.0, 0.0]; 2]));
        near(disagreement(&student, &teacher(), 1.0), -(0.75 * 1.5_f32.ln() + 0.25 * 0.5_f32.ln()));
        // Means of 2 and 2, variances of 4 and 0.
        let row = |numbers: [f32; 2]| Tensor::<2>::from_data([numbers], &Device::flex().autodiff());
        near(statistics(&tensor([[0.0, 2.0], [4.0, 2.0]]), row([2.0, 5.0]), row([0.0, 0.0])), 7.0);
    }

    #[test]
    fn gradients_are_finite_differences() {
        /// A step whose square is lost and whose effect is not.
        const STEP: f32 = 1e-2;
        let numbers = [0.5_f32, -0.25, 1.0, 0.75, 0.25, -1.0];
        let with = |place: usize, by: f32| {
            let mut moved = numbers;
            moved[place] += by;
            let data = TensorData::new(moved.to_vec(), [2, 3]);
            Tensor::<2>::from_data(data, &Device::flex().autodiff()).require_grad()
        };
        let other = Trace::of_logits(tensor([[0.0, 0.5, -0.5], [1.0, 0.0, 0.25]]));
        let row = || Tensor::<2>::from_data([[0.2, 0.1, 0.4]], &Device::flex().autodiff());
        let losses: [&dyn Fn(&Trace) -> Tensor<1>; 5] = [
            &|trace| unmistakable(trace, USUAL).unwrap(),
            &|trace| balance(trace),
            &|trace| disagreement(trace, &other, 1.5),
            &|trace| disagreement(&other, trace, 1.5),
            &|trace| statistics(&trace.embedding, row(), row()),
        ];
        for (which, loss) in losses.into_iter().enumerate() {
            let at = |place, by| loss(&Trace::of_logits(with(place, by))).into_scalar::<f32>();
            let here = with(0, 0.0);
            let gradients = loss(&Trace::of_logits(here.clone())).backward();
            let gradient = block_on(read(here.grad(&gradients).unwrap())).unwrap();
            for (place, gradient) in gradient.into_iter().enumerate() {
                let slope = (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP);
                assert!((slope - gradient).abs() < 2e-3 * (1.0 + gradient.abs()), "{which}: {slope} {gradient}");
            }
        }
    }
}

//! What is read off a network's logits on the test set.

use crate::probability::{argmax, softmax};

/// A network's logits of the test set with the labels.
pub struct Answers<'a> {
    /// `[examples, classes]`, row by row.
    pub logits: &'a [f32],
    /// `[examples]`.
    pub labels: &'a [u8],
    /// How many classes.
    pub classes: usize,
}

impl Answers<'_> {
    /// What the network says of each example; logits that are no numbers say class 0.
    pub fn predictions(&self) -> Vec<u8> {
        self.logits.chunks_exact(self.classes).map(|row| argmax(row).unwrap_or(0) as u8).collect()
    }

    /// Which examples are right.
    pub fn correct(&self) -> Vec<bool> {
        self.predictions().iter().zip(self.labels).map(|(said, label)| said == label).collect()
    }

    /// Share that is right, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        share(self.correct().into_iter())
    }

    /// The same for each class; NaN for a class without examples.
    pub fn per_class_accuracy(&self) -> Vec<f64> {
        let correct = self.correct();
        let of_class = |class| correct.iter().zip(self.labels).filter(move |&(_, &label)| usize::from(label) == class);
        (0..self.classes).map(|class| share(of_class(class).map(|(&right, _)| right))).collect()
    }

    /// Share on which two networks say the same, 0 to 1.
    pub fn agreement(&self, other: &[f32]) -> f64 {
        let other = Answers { logits: other, labels: self.labels, classes: self.classes };
        share(self.predictions().iter().zip(other.predictions()).map(|(a, b)| *a == b))
    }

    /// Mean cross-entropy with the labels, in nats.
    pub fn loss(&self) -> f64 {
        let of_row = |(row, &label): (&[f32], &u8)| {
            let most = row.iter().fold(f64::NEG_INFINITY, |most, &z| most.max(f64::from(z)));
            let log_sum = row.iter().map(|&z| (f64::from(z) - most).exp()).sum::<f64>().ln() + most;
            log_sum - f64::from(row[usize::from(label)])
        };
        let rows = self.logits.chunks_exact(self.classes).zip(self.labels);
        rows.map(of_row).sum::<f64>() / self.labels.len() as f64
    }

    /// Expected calibration error, 0 to 1: `Σ_b (n_b/n) |accuracy_b − confidence_b|` over 15 equal bins of confidence
    /// (Guo et al. 2017, eq. 5).
    pub fn calibration_error(&self) -> f64 {
        const BINS: usize = 15;
        let mut gaps = [0.0_f64; BINS];
        for (row, right) in self.logits.chunks_exact(self.classes).zip(self.correct()) {
            let confidence = softmax(row, 1.0).into_iter().fold(0.0, f64::max);
            let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
            gaps[bin] += f64::from(u8::from(right)) - confidence;
        }
        gaps.iter().map(|gap| gap.abs()).sum::<f64>() / self.labels.len() as f64
    }
}

/// Share of `true`; NaN of nothing.
fn share(of: impl Iterator<Item = bool>) -> f64 {
    let (count, right) = of.fold((0_u32, 0_u32), |(count, right), is| (count + 1, right + u32::from(is)));
    f64::from(right) / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(labels: &[u8]) -> Answers<'_> {
        Answers { logits: &[2.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.0, 4.0], labels, classes: 2 }
    }

    #[test]
    fn shares_by_hand() {
        let some = answers(&[0, 1, 1, 1]);
        assert_eq!(some.predictions(), [0, 1, 0, 1]);
        assert_eq!(some.accuracy(), 0.75);
        assert_eq!(some.per_class_accuracy(), [1.0, 2.0 / 3.0]);
        assert!(answers(&[0, 0, 0, 0]).per_class_accuracy()[1].is_nan());
        assert_eq!(some.agreement(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 0.5);
    }

    #[test]
    fn loss_by_hand() {
        // Four logistic losses: ln(1+e^-2), ln(1+e^-1), ln(1+e^3), ln(1+e^-4).
        let want = [-2.0_f64, -1.0, 3.0, -4.0].iter().map(|x| x.exp().ln_1p()).sum::<f64>() / 4.0;
        assert!((answers(&[0, 1, 1, 1]).loss() - want).abs() < 1e-7);
    }

    #[test]
    fn calibration_error_by_hand() {
        // Confidences .8808, .7311, .9526, .9820 lie in bins 13, 10, 14, 14; the third is wrong.
        let confidence = |x: f64| 1.0 / (1.0 + (-x).exp());
        let want =
            ((1.0 - confidence(2.0)) + (1.0 - confidence(1.0)) + (1.0 - confidence(3.0) - confidence(4.0)).abs()) / 4.0;
        assert!((answers(&[0, 1, 1, 1]).calibration_error() - want).abs() < 1e-7);
    }
}

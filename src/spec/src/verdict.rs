//! What distillation did, over all runs.

use serde::{Deserialize, Serialize};

use crate::network_id::NetworkId;

/// Mean and spread over runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation; 0 for a single run.
    pub deviation: f64,
    /// Each run's value.
    pub values: Vec<f64>,
}

impl Spread {
    /// Mean and sample standard deviation of `values`.
    pub fn of(values: Vec<f64>) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, deviation, values }
    }
}

/// What distillation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The distilled student is right more often than the same network alone.
    Helps,
    /// The test tells no difference.
    NoDifference,
    /// The distilled student is right less often.
    Hurts,
}

/// What distillation did, over all runs, by a paired test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// Two-sided p value of the paired test over the test examples.
    pub p_value: f64,
    /// Whether a knob was turned while the networks trained, so that no single experiment gives this result again.
    #[serde(rename = "touched")]
    pub edited_while_training: bool,
    /// Test examples in the comparison.
    pub examples: u32,
    /// The network without the treatment.
    pub control: NetworkId,
    /// The network with it.
    pub product: NetworkId,
    /// The accuracies of every network, 0 to 1, in the plan's order.
    pub accuracies: Vec<(NetworkId, Spread)>,
}

impl Verdict {
    /// A network's accuracies; `None` for one that is not in the plan.
    pub fn spread(&self, network_id: NetworkId) -> Option<&Spread> {
        self.accuracies.iter().find(|(id, _)| *id == network_id).map(|(_, spread)| spread)
    }

    /// A network's mean accuracy, 0 to 1; NaN for one that is not in the plan.
    pub fn mean(&self, network_id: NetworkId) -> f64 {
        self.spread(network_id).map_or(f64::NAN, |spread| spread.mean)
    }

    /// In how many runs the product differs from the control in the direction in which their means do.
    pub fn runs_like_the_mean(&self) -> usize {
        let way = self.mean(self.product) - self.mean(self.control);
        let values = |id| self.spread(id).map_or(&[][..], |spread| &spread.values);
        let pairs = values(self.product).iter().zip(values(self.control));
        pairs.filter(|(product, control)| (*product - *control) * way > 0.0).count()
    }

    /// How many runs were compared.
    pub fn runs(&self) -> usize {
        self.accuracies.first().map_or(0, |(_, spread)| spread.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_failed_is_counted() {
        let (product, control) = (NetworkId::STUDENT, NetworkId::BASELINE);
        let of = |values: [f64; 3]| Spread::of(values.to_vec());
        let mut verdict = Verdict {
            outcome: Outcome::Helps,
            p_value: 0.0,
            edited_while_training: false,
            examples: 100,
            control,
            product,
            accuracies: vec![(product, of([0.9, 0.9, 0.1])), (control, of([0.5, 0.6, 0.5]))],
        };
        assert_eq!(verdict.runs_like_the_mean(), 2);
        verdict.accuracies[0].1 = of([0.9, 0.9, 0.9]);
        assert_eq!(verdict.runs_like_the_mean(), 3);
    }

    #[test]
    fn spread_by_hand() {
        let spread = Spread::of(vec![1.0, 2.0, 6.0]);
        assert_eq!(spread.mean, 3.0);
        assert!((spread.deviation - 7.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(vec![4.0]).deviation, 0.0);
    }
}

//! How much noisy votes give away: the ε of (ε, δ)-differential privacy with respect to one voter's examples.

use retort_spec::NoiseLaw;

use super::{complementary_error::ln_erfc, votes::Noise};

/// What noisy votes give away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epsilon {
    /// Holds whatever the votes were: the guarantee.
    pub guaranteed: f64,
    /// What an analysis of these votes finds. It is at most `guaranteed`. It is computed from private examples, so
    /// that publishing it gives something away, too (Papernot et al. 2018, section 3.3).
    pub found: f64,
    /// The moment λ, or the order, at which `found` is least.
    pub order: f64,
}

/// Adds up what each answer gives away.
///
/// For Laplace noise these are the moments α(λ) of the privacy loss (Papernot et al. 2017, theorems 2 and 3, lemma 4;
/// λ = `orders`); for normal noise the Rényi divergences of order λ (Papernot et al. 2018, proposition 8, theorem 6).
#[derive(Debug, Clone)]
pub struct Accountant {
    noise: Noise,
    orders: Vec<f64>,
    /// The sums over all answers so far, at each order: whatever the votes were, and with these votes.
    sums: Vec<[f64; 2]>,
}

impl Accountant {
    /// Nothing was answered yet; the orders are those of our own tables.
    pub fn new(noise: Noise) -> Self {
        let orders = match noise.law {
            // At large scales the last moment is the best one.
            NoiseLaw::Laplace => (1..=64).map(f64::from).collect(),
            NoiseLaw::Gauss => (0..=36).map(|step| 1.0 + 0.05 * 1.25_f64.powi(step)).collect(),
        };
        Self::with_orders(noise, orders)
    }

    /// The same with these orders: whole numbers for Laplace noise, larger than 1 for normal noise.
    pub fn with_orders(noise: Noise, orders: Vec<f64>) -> Self {
        let sums = vec![[0.0; 2]; orders.len()];
        Self { noise, orders, sums }
    }

    /// An answer was given `times` times to votes of these counts.
    pub fn add(&mut self, counts: &[u32], times: f64) {
        let ln_q = ln_flip(counts, self.noise);
        for (&order, [any, these]) in self.orders.iter().zip(&mut self.sums) {
            let [bound, bound_of_these] = match self.noise.law {
                NoiseLaw::Laplace => laplace_moment(ln_q.exp(), 1.0 / self.noise.scale, order),
                NoiseLaw::Gauss => gauss_divergence(ln_q, self.noise.scale, order),
            };
            *any += times * bound;
            *these += times * bound_of_these;
        }
    }

    /// `Σ α(λ)`, or the sums of the divergences, of these votes.
    #[cfg(feature = "graph")]
    pub fn sums(&self) -> impl Iterator<Item = f64> + '_ {
        self.sums.iter().map(|[_, these]| *these)
    }

    /// The least ε that these sums allow at a δ.
    pub fn epsilon(&self, delta: f64) -> Epsilon {
        let least = |which: usize| {
            let each = self.orders.iter().zip(&self.sums).map(|(&order, sums)| match self.noise.law {
                NoiseLaw::Laplace => ((sums[which] - delta.ln()) / order, order),
                NoiseLaw::Gauss => (sums[which] - delta.ln() / (order - 1.0), order),
            });
            each.fold((f64::INFINITY, 0.0), |least, one| if one.0 < least.0 { one } else { least })
        };
        let ((guaranteed, _), (found, order)) = (least(0), least(1));
        Epsilon { guaranteed, found, order }
    }
}

/// `ln q`: at most how likely another class than the one with the most votes wins (Papernot et al. 2017, lemma 4; 2018,
/// proposition 7).
pub fn ln_flip(counts: &[u32], noise: Noise) -> f64 {
    let Some(most) = counts.iter().max() else { return f64::NEG_INFINITY };
    let place = counts.iter().position(|count| count == most);
    let others = counts.iter().enumerate().filter(|(class, _)| Some(*class) != place);
    let ln_each = others.map(|(_, count)| {
        let gap = f64::from(most - count) / noise.scale;
        match noise.law {
            NoiseLaw::Laplace => ((2.0 + gap) / 4.0).ln() - gap,
            NoiseLaw::Gauss => ln_erfc(gap / 2.0) - 2.0_f64.ln(),
        }
    });
    let ln_each: Vec<f64> = ln_each.collect();
    let largest = ln_each.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = ln_each.iter().map(|one| (one - largest).exp()).sum();
    (largest + sum.ln()).min((1.0 - 1.0 / counts.len() as f64).ln())
}

/// The moment α(λ) of an answer with Laplace noise of scale 1/γ: whatever the votes were, and where another class wins
/// with probability `q`.
fn laplace_moment(q: f64, gamma: f64, order: f64) -> [f64; 2] {
    let any = (2.0 * gamma * gamma * order * (order + 1.0)).min(2.0 * gamma * order);
    let growth = (2.0 * gamma).exp();
    // The theorem holds only there; the code of 2017 tests q < ½.
    if q >= 1.0 / (growth + 1.0) {
        return [any, any];
    }
    let ln_ratio = (1.0 - q).ln() - (1.0 - growth * q).ln();
    let these = ((1.0 - q) * (order * ln_ratio).exp() + q * (2.0 * gamma * order).exp()).ln();
    [any, any.min(these)]
}

/// The Rényi divergence of an answer with normal noise of deviation σ: whatever the votes were, and where another class
/// wins with probability q.
fn gauss_divergence(ln_q: f64, sigma: f64, order: f64) -> [f64; 2] {
    let variance = sigma * sigma;
    let any = order / variance;
    let high = (-variance * ln_q).sqrt();
    let [first, second] = [high + 1.0, high];
    let [of_first, of_second] = [first / variance, second / variance];
    // The theorem's conditions: the orders, that A exists, and that the bound grows with q.
    let steepest =
        (second - 1.0) * of_second - second * ((1.0 / (first - 1.0)).ln_1p() + (1.0 / (second - 1.0)).ln_1p());
    if !(order < first && second > 1.0 && ln_q <= steepest && -ln_q > of_second) {
        return [any, any];
    }
    let ln_rest = ln_one_less(ln_q);
    let ln_a = (order - 1.0) * (ln_rest - ln_one_less((ln_q + of_second) * (1.0 - 1.0 / second)));
    let ln_b = (order - 1.0) * (of_first - ln_q / (first - 1.0));
    let (one, other) = (ln_rest + ln_a, ln_q + ln_b);
    let sum = one.max(other) + (-(one - other).abs()).exp().ln_1p();
    [any, any.min(sum / (order - 1.0))]
}

/// `ln(1 − exp(x))` of `x < 0`.
fn ln_one_less(x: f64) -> f64 {
    (-x.exp_m1()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPLACE: Noise = Noise { law: NoiseLaw::Laplace, scale: 20.0 };
    const GAUSS: Noise = Noise { law: NoiseLaw::Gauss, scale: 8.0 };

    #[test]
    fn a_guarantee_by_hand() {
        // One answer at σ = 8 has divergence λ/64 at order λ; 64 answers at λ = 3 and δ = e⁻⁴ give 3 + 4/2.
        let mut accountant = Accountant::with_orders(GAUSS, vec![3.0]);
        accountant.add(&[1, 1], 64.0);
        assert!((accountant.epsilon((-4.0_f64).exp()).guaranteed - 5.0).abs() < 1e-12);
        // γ = 1/20: 2γ²λ(λ+1) = 0.03 for λ = 2, below 2γλ = 0.2; 100 answers and δ = e⁻¹ give (3 + 1)/2.
        let mut accountant = Accountant::with_orders(LAPLACE, vec![2.0]);
        accountant.add(&[1, 1], 100.0);
        assert!((accountant.epsilon((-1.0_f64).exp()).guaranteed - 2.0).abs() < 1e-12);
    }

    #[test]
    fn votes_of_one_mind_give_less_away_and_divided_ones_what_is_guaranteed() {
        for noise in [LAPLACE, GAUSS] {
            let of = |counts: &[u32]| {
                let mut accountant = Accountant::new(noise);
                accountant.add(counts, 50.0);
                accountant.epsilon(1e-4)
            };
            let (agreed, divided) = (of(&[100, 0, 0]), of(&[34, 33, 33]));
            assert!(agreed.found < 0.7 * agreed.guaranteed, "{agreed:?}");
            assert_eq!(divided.found, divided.guaranteed);
            assert_eq!(agreed.guaranteed, divided.guaranteed, "the guarantee does not look at the votes");
        }
    }

    /// With few voters the condition q < ½ of the code of 2017 understates ε.
    #[test]
    fn the_bound_is_used_only_where_its_theorem_holds() {
        let q = 0.3;
        assert!(q > 1.0 / (2.0_f64.exp() + 1.0) && q < 0.5);
        let [any, these] = laplace_moment(q, 1.0, 3.0);
        assert_eq!(any, these);
    }

    #[test]
    fn one_query_more_and_less_noise_give_more_away() {
        let of = |scale: f64, answers: f64| {
            let mut accountant = Accountant::new(Noise { scale, ..GAUSS });
            accountant.add(&[60, 30, 10], answers);
            accountant.epsilon(1e-4)
        };
        let few = of(8.0, 10.0);
        assert!(of(8.0, 11.0).guaranteed > few.guaranteed && of(8.0, 11.0).found > few.found);
        assert!(of(4.0, 10.0).guaranteed > few.guaranteed);
    }
}

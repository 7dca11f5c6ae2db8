//! Votes on the classes of examples, and noise added to their counts.

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::NoiseLaw;

/// How many voters find each class likeliest, one list of counts for each example that they were asked about.
pub type VoteCounts = Vec<Vec<u32>>;

/// Noise that is added to each count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// How it is distributed.
    pub law: NoiseLaw,
    /// The standard deviation of normal noise; the mean distance from 0, 1/γ, of Laplace noise.
    pub scale: f64,
}

impl Noise {
    /// One draw.
    pub fn draw(self, generator: &mut ChaCha8Rng) -> f64 {
        // In (0, 1], so that its logarithm is a number.
        let mut uniform = || 1.0 - generator.random::<f64>();
        let (one, other) = (uniform(), uniform());
        self.scale
            * match self.law {
                // Box & Muller 1958.
                NoiseLaw::Gauss => (-2.0 * one.ln()).sqrt() * (TAU * other).cos(),
                NoiseLaw::Laplace => one.ln() * if other > 0.5 { 1.0 } else { -1.0 },
            }
    }
}

/// The counts of votes: each of `votes` is the class that one voter finds likeliest.
pub fn counts(votes: impl IntoIterator<Item = usize>, classes: usize) -> Vec<u32> {
    let mut counts = vec![0; classes];
    votes.into_iter().filter(|vote| *vote < classes).for_each(|vote| counts[vote] += 1);
    counts
}

/// The class with the largest `n_j + noise` (Papernot et al. 2017, eq. 1); the first of several.
///
/// `noise` gives the noise of each class in turn.
pub fn winner(counts: &[u32], mut noise: impl FnMut() -> f64) -> usize {
    let noisy = counts.iter().map(|&count| f64::from(count) + noise()).enumerate();
    noisy.fold((0, f64::NEG_INFINITY), |best, (class, sum)| if sum > best.1 { (class, sum) } else { best }).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn five_votes_by_hand() {
        let counts = counts([2, 0, 2, 1, 2], 4);
        assert_eq!(counts, [1, 1, 3, 0]);
        assert_eq!(winner(&counts, || 0.0), 2);
        // 1 + 2.5 beats 3 + 0.25.
        let mut noise = [0.0, 2.5, 0.25, -1.0].into_iter();
        assert_eq!(winner(&counts, || noise.next().unwrap()), 1);
        assert_eq!(winner(&[2, 2], || 0.0), 0, "of equals the first");
    }

    /// A voter has one vote: leaving one out changes one count by one, on which all bounds rest.
    #[test]
    fn a_voter_moves_one_count_by_one() {
        let votes = [0, 3, 3, 1, 2, 3];
        let all = counts(votes, 4);
        for gone in 0..votes.len() {
            let others = votes.iter().enumerate().filter(|(voter, _)| *voter != gone).map(|(_, vote)| *vote);
            let moved: u32 = counts(others, 4).iter().zip(&all).map(|(some, all)| all.abs_diff(*some)).sum();
            assert_eq!(moved, 1);
        }
    }

    #[test]
    fn draws_have_the_moments_of_their_law() {
        const DRAWS: usize = 20_000;
        // E x² of N(0, σ²) is σ², of Laplace(b) 2 b²; E |x| is σ √(2/π) and b.
        for (law, square, distance) in [(NoiseLaw::Gauss, 9.0, 3.0 * 0.797_884_56), (NoiseLaw::Laplace, 18.0, 3.0)] {
            let mut generator = random::stream(5, "noise");
            let draws: Vec<f64> = (0..DRAWS).map(|_| Noise { law, scale: 3.0 }.draw(&mut generator)).collect();
            let mean = |of: &dyn Fn(f64) -> f64| draws.iter().map(|draw| of(*draw)).sum::<f64>() / DRAWS as f64;
            assert!(mean(&|x| x).abs() < 0.1, "{law}");
            assert!((mean(&|x| x * x) / square - 1.0).abs() < 0.05, "{law}");
            assert!((mean(&f64::abs) / distance - 1.0).abs() < 0.03, "{law}");
        }
    }
}

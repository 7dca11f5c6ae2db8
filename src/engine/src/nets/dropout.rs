//! Dropout.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::random;

/// Inverted dropout (Srivastava et al. 2014, section 10) whose masks are drawn on the host.
#[derive(Debug, Clone)]
pub struct Dropout {
    rate: f32,
    generator: ChaCha8Rng,
}

impl Dropout {
    /// Dropout at `rate`; `None` at rate 0, where it would do nothing.
    pub fn new(rate: f64, seed: u32, purpose: &str) -> Option<Self> {
        (rate > 0.0).then(|| Self { rate: rate as f32, generator: random::stream(seed, purpose) })
    }

    /// What the entries that stay are multiplied with.
    pub fn scale(&self) -> f32 {
        1.0 / (1.0 - self.rate)
    }

    /// The same as a layer's dropout, over numbers in memory.
    pub fn thin(&mut self, numbers: &mut [f32]) {
        let kept = self.scale();
        for number in numbers {
            *number *= if self.generator.random::<f32>() < self.rate { 0.0 } else { kept };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_keeps_the_mean_and_zeroes_its_share() {
        let mut dropout = Dropout::new(0.25, 1, "dropout").unwrap();
        let mut kept = vec![1.0; 10_000];
        dropout.thin(&mut kept);
        let zeros = kept.iter().filter(|&&x| x == 0.0).count();
        assert!((2300..2700).contains(&zeros), "{zeros}");
        assert!((kept.iter().sum::<f32>() / 1e4 - 1.0).abs() < 0.04);
        assert!(Dropout::new(0.0, 1, "dropout").is_none());
    }
}

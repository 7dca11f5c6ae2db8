//! Dropout, and whether a forward pass is one of training.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ActivationFakeQuant;
use crate::random;

/// What a forward pass is for. A network that teaches or is tested drops nothing and normalizes by what it has seen
/// before, whatever was done last; nothing has to be put back afterwards.
pub enum Pass<'a> {
    /// The network is asked.
    Test,
    /// The network learns from the answer.
    Train(Option<&'a mut Dropout>),
    /// It learns with the numbers between its layers rounded to codes.
    FakeQuantized(&'a ActivationFakeQuant),
}

impl Pass<'_> {
    /// Whether the network learns.
    pub fn is_training(&self) -> bool {
        !matches!(self, Self::Test)
    }

    /// What goes into a layer, as it arrives there.
    pub fn enter(&self, rows: Tensor<2>) -> Tensor<2> {
        match self {
            Self::FakeQuantized(activation_quant) => activation_quant.round(rows),
            _ => rows,
        }
    }

    /// Drops some of these, in training.
    pub fn drop(&mut self, activations: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Train(Some(dropout)) => dropout.apply(activations),
            _ => activations,
        }
    }
}

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

    /// Zeroes each entry with probability `rate` and scales the others so that the mean stays.
    fn apply(&mut self, activations: Tensor<2>) -> Tensor<2> {
        let [rows, columns] = activations.dims();
        let mut mask = vec![1.0; rows * columns];
        self.thin(&mut mask);
        let device = activations.device();
        activations * Tensor::from_data(TensorData::new(mask, [rows, columns]), &device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use burn::tensor::Device;
    use pollster::block_on;

    #[test]
    fn dropout_keeps_the_mean_and_zeroes_its_share() {
        let mut dropout = Dropout::new(0.25, 1, "dropout").unwrap();
        let kept = block_on(device::read(dropout.apply(Tensor::ones([100, 100], &Device::flex())))).unwrap();
        let zeros = kept.iter().filter(|&&x| x == 0.0).count();
        assert!((2300..2700).contains(&zeros), "{zeros}");
        assert!((kept.iter().sum::<f32>() / 1e4 - 1.0).abs() < 0.04);
        assert!(Dropout::new(0.0, 1, "dropout").is_none());
    }
}

//! Dropout (Srivastava et al. 2014, section 4): in training each number is zero with a probability, and the others are
//! divided by what is kept.

use crate::random::Stream;

/// What was dropped of a list of numbers: a factor for each, or nothing where nothing was.
#[derive(Debug, Clone, Default)]
pub struct DropoutMask {
    factors: Vec<f32>,
}

impl DropoutMask {
    /// Draws a mask for these numbers and applies it; without a stream, which is outside of training, all is kept.
    pub fn draw(&mut self, numbers: &mut [f32], probability: f32, stream: Option<&mut Stream>) {
        self.factors.clear();
        let Some(stream) = stream.filter(|_| probability > 0.0) else { return };
        let kept = 1.0 / (1.0 - probability);
        let limit = (probability * 65_536.0) as u64;
        while self.factors.len() < numbers.len() {
            // Four masks of one draw.
            let bits = stream.bits();
            let factor = |part: u32| if (bits >> (16 * part)) & 0xffff < limit { 0.0 } else { kept };
            self.factors.extend([0, 1, 2, 3].map(factor));
        }
        self.factors.truncate(numbers.len());
        self.apply(numbers);
    }

    /// Multiplies numbers, or their gradient, by the mask.
    pub fn apply(&self, numbers: &mut [f32]) {
        numbers.iter_mut().zip(&self.factors).for_each(|(number, factor)| *number *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    #[test]
    fn a_share_is_dropped_and_the_mean_stays() {
        let mut mask = DropoutMask::default();
        let mut numbers = vec![1.0; 40_001];
        mask.draw(&mut numbers, 0.25, Some(&mut stream(1, "dropout")));
        let zeros = numbers.iter().filter(|&&number| number == 0.0).count();
        assert!((9_700..10_300).contains(&zeros));
        assert!((numbers.iter().sum::<f32>() / 40_001.0 - 1.0).abs() < 0.02);
        let before = vec![1.0; 5];
        let mut after = before.clone();
        mask.draw(&mut after, 0.25, None);
        mask.apply(&mut after);
        assert_eq!(after, before);
    }
}

//! What a discriminator says of the test set while a network learns.

/// Bars of the distribution of a discriminator's answers.
const BINS: usize = 20;

/// What a discriminator said of the test set while a network learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiscriminatorCurve {
    /// An epoch, and the percentage of both networks' outputs of which it was right, one after the other.
    pub points: Vec<f32>,
    /// Its scores of the student's outputs and of the teacher's when the last point was measured.
    pub scores: [Vec<f32>; 2],
}

/// Shares of the student's outputs and of the teacher's of which a discriminator is right: a score above zero says that
/// an output is the teacher's. A score of zero is half right.
pub fn right([of_student, of_teacher]: &[Vec<f32>; 2]) -> [f64; 2] {
    let share = |scores: &[f32], sign: f32| {
        let right = |score: &f32| {
            0.5 + 0.5 * f64::from(u8::from(*score * sign > 0.0)) - 0.5 * f64::from(u8::from(*score * sign < 0.0))
        };
        scores.iter().map(right).sum::<f64>() / scores.len().max(1) as f64
    };
    [share(of_student, -1.0), share(of_teacher, 1.0)]
}

/// How a discriminator's probabilities are distributed: pairs of percent, a probability and the share of outputs that
/// get about that.
pub fn distribution(scores: &[f32]) -> Vec<f32> {
    let mut counts = [0.0_f32; BINS];
    for score in scores {
        let probability = 1.0 / (1.0 + (-score).exp());
        counts[((probability * BINS as f32) as usize).min(BINS - 1)] += 1.0;
    }
    let pair = |(bin, count): (usize, f32)| {
        [100.0 * (bin as f32 + 0.5) / BINS as f32, 100.0 * count / scores.len().max(1) as f32]
    };
    counts.into_iter().enumerate().flat_map(|(bin, count)| pair((bin, count))).collect()
}

impl DiscriminatorCurve {
    /// Takes what it said at an epoch.
    pub fn add(&mut self, epoch: u32, scores: [Vec<f32>; 2]) {
        let [of_student, of_teacher] = right(&scores);
        self.points.extend([epoch as f32, (50.0 * (of_student + of_teacher)) as f32]);
        self.scores = scores;
    }

    /// How many numbers it is.
    pub fn size(&self) -> usize {
        self.points.len() + 2 * self.scores[0].len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_answers_by_hand() {
        // It is sure of one of the student's, taken in by another, and undecided twice; the teacher's it all knows.
        let scores = [vec![-3.0, 2.0, 0.0, 0.0], vec![0.1, 9.0, 9.0, 9.0]];
        assert_eq!(right(&scores), [0.5, 1.0]);
        let mut curve = DiscriminatorCurve::default();
        curve.add(7, scores);
        assert_eq!(curve.points, [7.0, 75.0]);
        let shares: Vec<f32> = distribution(&[0.0, 0.0, 9.0, -200.0]).into_iter().skip(1).step_by(2).collect();
        assert_eq!((shares[0], shares[10], shares[19]), (25.0, 50.0, 25.0));
        assert_eq!(shares.iter().sum::<f32>(), 100.0);
    }
}

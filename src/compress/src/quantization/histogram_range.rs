//! Numbers counted in bins around zero, and the ranges that can be read off them.

/// Enough that one bin is narrower than the step of 8-bit codes even if a few outliers stretch the range.
pub const BINS: usize = 2048;

/// Narrower ranges are not tried: below, chance decides (64 in ONNX Runtime).
const LEAST_THRESHOLD: usize = 64;

/// At most so many thresholds are tried, as fine as the shares of a range of least squared error.
const THRESHOLDS: usize = 128;

/// What ONNX Runtime adds to an empty bin, in counts, so that the divergence stays finite.
const SMOOTHING: f64 = 1e-4;

/// Counts over the range from `-reach` to `reach`. Zeros stand apart: they have a code of their own in any range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    reach: f32,
    counts: Vec<f64>,
    zeros: f64,
}

impl Bins {
    /// An even number of empty bins.
    pub fn new(bins: usize) -> Self {
        Self { reach: 0.0, counts: vec![0.0; bins], zeros: 0.0 }
    }

    /// Counts more numbers. The first ones set the reach; where later ones go beyond it, it doubles and bins merge by
    /// twos.
    pub fn add(&mut self, numbers: &[f32]) {
        let largest = numbers.iter().filter(|x| x.is_finite()).fold(0.0_f32, |most, x| most.max(x.abs()));
        if self.reach == 0.0 {
            self.reach = largest;
        }
        while self.reach < largest {
            self.double();
        }
        let (bins, width) = (self.counts.len(), self.width());
        for &x in numbers.iter().filter(|x| x.is_finite()) {
            if x == 0.0 || width == 0.0 {
                self.zeros += 1.0;
            } else {
                let place = ((x + self.reach) / width) as usize;
                self.counts[place.min(bins - 1)] += 1.0;
            }
        }
    }

    fn width(&self) -> f32 {
        2.0 * self.reach / self.counts.len() as f32
    }

    fn double(&mut self) {
        let quarter = self.counts.len() / 4;
        let mut merged = vec![0.0; self.counts.len()];
        for (place, count) in self.counts.iter().enumerate() {
            merged[quarter + place / 2] += count;
        }
        self.counts = merged;
        self.reach *= 2.0;
    }

    /// The middle of each bin that holds something, and how much.
    pub fn filled(&self) -> impl Iterator<Item = (f32, f64)> + '_ {
        let middle = |place: usize| (place as f32 + 0.5) * self.width() - self.reach;
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        filled.map(move |(place, &count)| (middle(place), count))
    }

    /// The range that leaves out this share of all numbers on each side, to the width of a bin.
    pub fn tails_cut(&self, share: f64) -> (f32, f32) {
        let cut = share * (self.zeros + self.counts.iter().sum::<f64>());
        // Where the numbers on one side of zero are fewer than are cut, the range ends at zero.
        let half = self.counts.len() / 2;
        let end = |counts: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            let outside = counts.take(half).take_while(|count| {
                sum += **count;
                sum <= cut
            });
            (half - outside.count()) as f32 * self.width()
        };
        (-end(&mut self.counts.iter()), end(&mut self.counts.iter().rev()))
    }

    /// The magnitude beyond which numbers are best clipped when the range within has so many levels: the one whose
    /// clipped histogram P and merged histogram Q have the least Kullback–Leibler divergence (Migacz 2017, "8-bit
    /// inference with TensorRT"; smoothed as in ONNX Runtime, `get_entropy_threshold`).
    ///
    /// Bins are shared out among the levels evenly, where ONNX Runtime gives the last level what remains.
    pub fn entropy_threshold(&self, levels: usize) -> f32 {
        let half = self.counts.len() / 2;
        // A level holds a bin at least.
        let first = LEAST_THRESHOLD.max(levels.div_ceil(2)).min(half);
        let mut best = (half, f64::INFINITY);
        for threshold in (first..=half).step_by((half / THRESHOLDS).max(1)) {
            let divergence = self.divergence(threshold, levels);
            if divergence < best.1 {
                best = (threshold, divergence);
            }
        }
        best.0 as f32 * self.width()
    }

    /// `Σ p·ln(p / q)` of the histogram clipped at so many bins on either side of zero.
    ///
    /// Smoothing gives the empty bins of each histogram what it takes from its filled ones, so that their sums stay;
    /// where both are empty they are alike and add nothing.
    fn divergence(&self, threshold: usize, levels: usize) -> f64 {
        let half = self.counts.len() / 2;
        let (start, end, bins) = (half - threshold, half + threshold, 2 * threshold);
        let within = &self.counts[start..end];
        let outside = [self.counts[..start].iter().sum::<f64>(), self.counts[end..].iter().sum::<f64>()];
        let clipped = |place: usize| match place {
            0 => within[place] + outside[0],
            _ if place + 1 == bins => within[place] + outside[1],
            _ => within[place],
        };
        // P and Q in the bins that P fills; Q spreads what lies within evenly over the filled bins of a level.
        let (mut filled, mut filled_of_q): (Vec<(f64, f64)>, usize) = (Vec::new(), 0);
        for level in 0..levels {
            let (from, to) = (level * bins / levels, (level + 1) * bins / levels);
            let before = filled.len();
            filled.extend((from..to).map(|place| (clipped(place), 0.0)).filter(|(p, _)| *p > 0.0));
            let level = &mut filled[before..];
            let share = within[from..to].iter().sum::<f64>() / level.len().max(1) as f64;
            filled_of_q += if share > 0.0 { level.len() } else { 0 };
            level.iter_mut().for_each(|(_, q)| *q = share);
        }
        if filled_of_q == 0 {
            return f64::INFINITY;
        }
        let taken = |filled: usize| SMOOTHING * (bins - filled) as f64 / filled as f64;
        let (from_p, from_q) = (taken(filled.len()), taken(filled_of_q));
        let (mut sum, mut all_p, mut all_q) = (0.0, 0.0, 0.0);
        for (p, q) in filled {
            let (smooth_p, smooth_q) = (p - from_p, if q > 0.0 { q - from_q } else { SMOOTHING });
            // Too little to take from.
            if !(smooth_p > 0.0 && smooth_q > 0.0) {
                return f64::INFINITY;
            }
            sum += smooth_p * (smooth_p / smooth_q).ln();
            (all_p, all_q) = (all_p + p, all_q + q);
        }
        sum / all_p + (all_q / all_p).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of a Laplace distribution in a shuffled order.
    fn laplace() -> Vec<f32> {
        let place = |i: usize| ((i * 7919 % 5000) as f64 + 0.5) / 5000.0 - 0.5;
        let number = |u: f64| -u.signum() * (1.0 - 2.0 * u.abs() * 0.9999).ln();
        (0..5000).map(|i| number(place(i)) as f32).collect()
    }

    #[test]
    fn least_divergence_as_scipy_finds_it() {
        // 20 lines of numpy with scipy.stats.entropy over the same 2048 bins and thresholds.
        let mut bins = Bins::new(BINS);
        bins.add(&laplace());
        for (levels, threshold) in [(3, 4.626_258), (15, 6.083_846), (16, 5.703_605_7), (255, 8.111_794)] {
            let got = bins.entropy_threshold(levels);
            assert!((got - threshold).abs() < 1e-5, "{levels}: {got}");
        }
        // None of numbers that are all alike is clipped.
        let mut alike = Bins::new(BINS);
        alike.add(&[2.0; 5]);
        assert_eq!(alike.entropy_threshold(15), 2.0);
    }

    #[test]
    fn bins_merge_when_the_reach_grows() {
        let mut bins = Bins::new(8);
        bins.add(&[1.0, -1.0, 0.1, 0.0, f32::NAN]);
        bins.add(&[-3.0, 0.3]);
        assert_eq!(bins.reach, 4.0);
        assert_eq!(bins.filled().collect::<Vec<_>>(), [(-2.5, 1.0), (-0.5, 1.0), (0.5, 3.0)]);
        assert_eq!(bins.zeros, 1.0);
    }

    #[test]
    fn tails_are_cut_by_count() {
        let mut bins = Bins::new(1000);
        bins.add(&(-500..500).map(|i| i as f32 + 0.5).collect::<Vec<_>>());
        let (low, high) = bins.tails_cut(0.1);
        assert!((low + 400.0).abs() < 1.01 && (high - 400.0).abs() < 1.01, "{low} {high}");
        let mut positive = Bins::new(1000);
        positive.add(&[1.0; 100]);
        assert_eq!(positive.tails_cut(0.1), (0.0, 1.0));
        assert_eq!(Bins::new(8).tails_cut(0.1), (0.0, 0.0));
    }
}

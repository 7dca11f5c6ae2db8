//! Softmax at a temperature and what is read off a distribution, on plain slices: the page draws with it, the engine
//! measures with it.

/// The softmax of `logits` at `temperature`: `p_i = exp(z_i / T) / Σ_j exp(z_j / T)` (Hinton et al. 2015, eq. 1).
///
/// # Shapes
/// `logits`: `[classes]`; the result likewise, summing to one. The largest logit is subtracted first, so no finite
/// logits overflow.
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let largest = logits.iter().fold(f64::NEG_INFINITY, |most, &z| most.max(f64::from(z)));
    let exponentials: Vec<f64> = logits.iter().map(|&z| ((f64::from(z) - largest) / temperature).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}

/// Shannon entropy of a distribution, in bits.
pub fn entropy_bits(distribution: &[f64]) -> f64 {
    -distribution.iter().filter(|&&p| p > 0.0).map(|p| p * p.log2()).sum::<f64>()
}

/// The index of the largest value; the first of equals. `None` for an empty slice.
pub fn argmax(values: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (index, &value) in values.iter().enumerate() {
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((index, value));
        }
    }
    best.map(|(index, _)| index)
}

/// The mean distribution of each class at `temperature`: row `c` is what the network says, on average, of an example
/// whose label is `c`. This is the class-similarity matrix that the soft targets imply.
///
/// # Shapes
/// `logits`: `[examples, classes]`, row by row; `labels`: `[examples]`; the result `[classes][classes]`, a class
/// without examples being a row of zeros.
pub fn mean_distribution_per_class(logits: &[f32], labels: &[u8], classes: usize, temperature: f64) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; classes]; classes];
    let mut counts = vec![0_u32; classes];
    for (row, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
        let label = usize::from(label);
        counts[label] += 1;
        for (sum, p) in sums[label].iter_mut().zip(softmax(row, temperature)) {
            *sum += p;
        }
    }
    for (row, count) in sums.iter_mut().zip(counts) {
        row.iter_mut().for_each(|sum| *sum /= f64::from(count.max(1)));
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: &[f64], want: &[f64]) {
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() < 1e-7, "{got:?} is not {want:?}");
        }
    }

    #[test]
    fn softmax_at_published_temperatures() {
        // Published example of softmax with a temperature on [2, 7, 10].
        let z = [2.0, 7.0, 10.0];
        close(&softmax(&z, 1.0), &[3.1945e-4, 0.047_410_73, 0.952_269_83]);
        close(&softmax(&z, 2.0), &[0.014_753_47, 0.179_734_11, 0.805_512_41]);
        close(&softmax(&z, 4.0), &[0.084_179_34, 0.293_814_77, 0.622_005_88]);
    }

    #[test]
    fn entropy_rises_with_temperature_and_the_winner_stays() {
        let z = [1.5, -2.0, 0.25, 3.0];
        let mut last = 0.0;
        for t in [0.2, 0.5, 1.0, 2.0, 8.0, 100.0] {
            let p = softmax(&z, t);
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(p.iter().all(|&q| q <= p[3]));
            assert!(entropy_bits(&p) > last);
            last = entropy_bits(&p);
        }
        assert!(last < 2.0, "four classes hold at most two bits");
    }

    #[test]
    fn hostile_logits_stay_finite() {
        assert!(softmax(&[1e30, -1e30, 0.0], 0.2).iter().all(|p| p.is_finite()));
        assert_eq!(argmax(&[]), None);
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), Some(1));
    }

    #[test]
    fn class_means_average_by_label() {
        let means = mean_distribution_per_class(&[0.0, 0.0, 9.0, 0.0, 0.0, 0.0], &[0, 0, 1], 2, 1.0);
        let p = softmax(&[9.0, 0.0], 1.0);
        close(&means[0], &[(0.5 + p[0]) / 2.0, (0.5 + p[1]) / 2.0]);
        close(&means[1], &[0.5, 0.5]);
    }
}

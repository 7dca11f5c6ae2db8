//! Weight sharing: k-means lets the weights of a matrix share a few values (Han et al. 2016, section 3).

use crate::{
    network::model::{Matrix, Model, Values},
    quantization::range::sorted,
};

/// Rounds of k-means after which it need not have settled.
const ROUNDS: usize = 100;

/// Lets the weights of each matrix share at most 2^bits values; `bits` is at most 8.
pub fn share(model: &Model, bits: u32) -> Model {
    let mut model = model.clone();
    for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
        *matrix = share_matrix(matrix, bits);
    }
    model
}

/// Lets the weights of a matrix share at most 2^bits values. Weights that are masked out take no part.
pub fn share_matrix(matrix: &Matrix, bits: u32) -> Matrix {
    let weights = matrix.values();
    let kept = match &matrix.mask {
        None => weights.clone(),
        Some(mask) => weights.iter().zip(mask).filter(|(_, kept)| **kept).map(|(w, _)| *w).collect(),
    };
    let codebook = k_means(&kept, 1 << bits.min(8));
    let borders = borders(&codebook);
    let index = |w: &f32| borders.partition_point(|border| border < w) as u8;
    let indices = weights.iter().map(index).collect();
    Matrix { values: Values::Shared { codebook, indices }, ..matrix.clone() }
}

/// The centres of at most `count` clusters of numbers, in rising order; they begin evenly spread between the extremes,
/// which keeps some for the few large weights (section 3.2). Clusters that end without a member are dropped.
pub fn k_means(numbers: &[f32], count: usize) -> Vec<f32> {
    let sorted = sorted(numbers);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return vec![0.0] };
    if low == high {
        return vec![low];
    }
    let step = (high - low) / count.saturating_sub(1).max(1) as f32;
    let mut centres: Vec<f32> = (0..count).map(|place| low + place as f32 * step).collect();
    let mut ends = Vec::new();
    for _ in 0..ROUNDS {
        // In one dimension a cluster is a stretch of the sorted numbers.
        let stretch = |border: &f32| sorted.partition_point(|x| x <= border);
        let now: Vec<usize> = borders(&centres).iter().map(stretch).chain([sorted.len()]).collect();
        if now == ends {
            break;
        }
        ends = now;
        let mut start = 0;
        for (centre, &end) in centres.iter_mut().zip(&ends) {
            if end > start {
                let sum: f64 = sorted[start..end].iter().map(|x| f64::from(*x)).sum();
                *centre = (sum / (end - start) as f64) as f32;
            }
            start = end;
        }
    }
    let mut start = 0;
    let mut member = ends.iter().map(|&end| end > std::mem::replace(&mut start, end));
    centres.retain(|_| member.next().unwrap_or(false));
    centres
}

/// Halfway between neighbours.
fn borders(centres: &[f32]) -> Vec<f32> {
    centres.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) / 2.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;

    #[test]
    fn clusters_by_hand() {
        // Centres begin at -1, 0, 1 and 2; nothing is near 1.
        assert_eq!(k_means(&[-1.0, -0.8, 0.1, -0.1, 2.0, 1.8], 4), [-0.9, 0.0, 1.9]);
        assert_eq!(k_means(&[0.5; 7], 4), [0.5]);
        assert_eq!(k_means(&[], 4), [0.0]);
        assert_eq!(k_means(&[3.0, 1.0], 1), [2.0]);
    }

    #[test]
    fn the_paper_s_figure() {
        // Han et al. 2016, figure 3: sixteen weights; its indices, from which its centres 2.00, 1.50, 0.00 and -1.00
        // are rounded.
        let weights =
            vec![2.09, -0.98, 1.48, 0.09, 0.05, -0.14, -1.08, 2.12, -0.91, 1.92, 0.0, -1.03, 1.87, 0.0, 1.53, 1.49];
        let got = share_matrix(&Matrix::float(4, 4, weights), 2);
        let Values::Shared { codebook, indices } = &got.values else { panic!() };
        assert_eq!(*indices, [3, 0, 2, 1, 1, 1, 0, 3, 0, 3, 1, 0, 3, 1, 2, 2]);
        for (centre, aim) in codebook.iter().zip([-1.0, 0.0, 1.5, 2.0]) {
            assert!((centre - aim).abs() < 0.01, "{codebook:?}");
        }
    }

    #[test]
    fn each_weight_takes_the_nearest_value_and_more_bits_err_less() {
        let mut generator = stream(1, "weights");
        let weights: Vec<f32> = (0..600).map(|_| generator.random_range(-1.0..1.0_f32).powi(3)).collect();
        let mut matrix = Matrix::float(60, 10, weights);
        matrix.mask = Some((0..600).map(|index| index % 7 != 0).collect());
        let before = matrix.values();
        let mut last = f32::INFINITY;
        for bits in 1..=8 {
            let got = share_matrix(&matrix, bits);
            let Values::Shared { codebook, .. } = &got.values else { panic!() };
            assert!(codebook.len() <= 1 << bits && codebook.is_sorted());
            let mut error = 0.0;
            for (index, (w, shared)) in before.iter().zip(got.values()).enumerate() {
                if index % 7 == 0 {
                    assert_eq!(shared, 0.0);
                } else {
                    let nearest = codebook.iter().fold(f32::INFINITY, |least, c| least.min((c - w).abs()));
                    assert!((shared - w).abs() <= nearest + 1e-6);
                    error += (shared - w).powi(2);
                }
            }
            assert!(error < last, "{bits}: {error}");
            last = error;
        }
    }
}

//! Pruning by magnitude: of single weights, and of whole units.

use crate::{
    network::model::{Matrix, Model, Values},
    quantization::{layer_pairs, range::sorted},
};

/// The share of weights that is gone when so much of a gradual pruning is over, `progress` from 0 to 1:
/// `s_f + (s_i − s_f) · (1 − progress)³` (Zhu & Gupta 2017, equation 1).
pub fn cubic(initial: f64, last: f64, progress: f64) -> f64 {
    last + (initial - last) * (1.0 - progress.clamp(0.0, 1.0)).powi(3)
}

/// How many remain of so many: never none.
fn remaining(count: usize, sparsity: f64) -> usize {
    ((count as f64 * (1.0 - sparsity)).round() as usize).clamp(1, count.max(1))
}

/// Masks out this share of each matrix's weights, the smallest ones (Han et al. 2015, section 3.1). What was gone
/// before stays gone and counts; of equal weights those that come first stay.
pub fn weights(model: &Model, sparsity: f64) -> Model {
    let mut model = model.clone();
    for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
        matrix.mask = Some(mask(matrix, sparsity));
    }
    model
}

/// The mask of a matrix that lacks this share of its weights.
pub fn mask(matrix: &Matrix, sparsity: f64) -> Vec<bool> {
    // What is no number counts as the largest, so that there are as many as there should be.
    let magnitude = |w: &f32| if w.is_nan() { f32::INFINITY } else { w.abs() };
    let magnitudes: Vec<f32> = matrix.values().iter().map(magnitude).collect();
    let there = |place: usize| matrix.mask.as_ref().is_none_or(|mask| mask[place]);
    let present: Vec<f32> =
        (0..magnitudes.len()).filter(|&place| there(place)).map(|place| magnitudes[place]).collect();
    let keep = remaining(magnitudes.len(), sparsity).min(present.len());
    let smallest = sorted(&present).get(present.len() - keep).copied().unwrap_or(f32::INFINITY);
    let above = present.iter().filter(|w| **w > smallest).count();
    let mut ties = keep - above.min(keep);
    let mut keeps = |(place, &w): (usize, &f32)| {
        let tie = there(place) && w == smallest && ties > 0;
        ties -= usize::from(tie);
        tie || there(place) && w > smallest
    };
    magnitudes.iter().enumerate().map(&mut keeps).collect()
}

/// Removes this share of each layer's hidden units or channels, those whose incoming weights have the smallest L1 norm
/// (Li et al. 2017, section 3.1), layer by layer, each without the inputs that are gone already. The matrices become
/// smaller.
///
/// Only the channels within a block of a residual network can go, since all others are added to others, and only those
/// of a separable one that no layer sees alone. Layers of two factors stay as they are.
pub fn units(model: &Model, sparsity: f64) -> Model {
    let mut model = model.clone();
    for (source, sink) in layer_pairs::removable(model.kind, &model.shapes()) {
        let ([from], [_]) = (&model.layers[source].factors[..], &model.layers[sink].factors[..]) else { continue };
        let units = from.columns;
        let mut norms = vec![0.0_f32; units];
        for (place, w) in from.values().iter().enumerate() {
            norms[place % units] += w.abs();
        }
        let kept = mask(&Matrix::float(1, units, norms), sparsity);
        let part = &mut model.layers[source];
        part.factors[0] = shrunk(&part.factors[0], &|_, column| kept[column]);
        part.bias = part.bias.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(bias, _)| *bias).collect();
        let into = &mut model.layers[sink].factors[0];
        *into = shrunk(into, &|row, _| kept[row % units]);
    }
    model
}

/// What remains of a matrix whose rows or columns are taken out.
fn shrunk(matrix: &Matrix, stays: &dyn Fn(usize, usize) -> bool) -> Matrix {
    let rows = (0..matrix.rows).filter(|&row| (0..matrix.columns).any(|column| stays(row, column))).count();
    let columns = (0..matrix.columns).filter(|&column| (0..matrix.rows).any(|row| stays(row, column))).count();
    let places: Vec<usize> = (0..matrix.rows * matrix.columns)
        .filter(|place| stays(place / matrix.columns, place % matrix.columns))
        .collect();
    let values = matrix.values();
    let values = places.iter().map(|&place| values[place]).collect();
    let mask = matrix.mask.as_ref().map(|mask| places.iter().map(|&place| mask[place]).collect());
    let bits = match &matrix.values {
        Values::Float { bits, .. } => *bits,
        _ => retort_spec::Bits::B32,
    };
    Matrix { rows, columns, values: Values::Float { bits, values }, mask }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantization::layer_pairs::tests::{examples, networks};

    #[test]
    fn the_schedule_s_ends_and_middle() {
        assert_eq!((cubic(0.0, 0.8, 0.0), cubic(0.0, 0.8, 1.0), cubic(0.5, 0.9, 2.0)), (0.0, 0.8, 0.9));
        assert!((cubic(0.0, 0.8, 0.5) - 0.7).abs() < 1e-12, "an eighth is left to do");
    }

    #[test]
    fn the_smallest_go_first_and_stay_gone() {
        let mut matrix = Matrix::float(2, 3, vec![0.5, -3.0, 0.1, 2.0, -0.5, 0.5]);
        assert_eq!(mask(&matrix, 0.5), [true, true, false, true, false, false], "of three halves the first stays");
        assert_eq!(mask(&matrix, 0.999), [false, true, false, false, false, false]);
        assert_eq!(mask(&matrix, 0.0), [true; 6]);
        matrix.mask = Some(vec![true, false, true, true, true, true]);
        assert_eq!(mask(&matrix, 0.5), [true, false, false, true, true, false]);
        assert_eq!(mask(&matrix, 0.0), [true, false, true, true, true, true]);
    }

    #[test]
    fn as_many_stay_where_some_are_no_numbers() {
        let nan = f32::NAN;
        assert_eq!(mask(&Matrix::float(1, 4, vec![nan, 1.0, nan, 2.0]), 0.25), [true, false, true, true]);
        assert_eq!(mask(&Matrix::float(1, 4, vec![nan; 4]), 0.5), [true, true, false, false]);
    }

    #[test]
    fn weights_go_from_every_matrix() {
        for (kind, features, layers) in networks() {
            let pruned = weights(&weights(&Model::new(kind, features, &layers), 0.5), 0.9);
            for (part, layer) in pruned.layers.iter().zip(&layers) {
                let count = layer.weight.len();
                assert_eq!(part.factors[0].kept(), (count as f64 * 0.1).round() as usize);
            }
        }
    }

    #[test]
    fn what_nobody_reads_can_go() {
        for (kind, features, mut layers) in networks() {
            let shapes = Model::new(kind, features, &layers).shapes();
            // Every second unit has the smallest weights and no reader.
            for (source, sink) in layer_pairs::removable(kind, &shapes) {
                let units = layers[source].outputs;
                for (place, w) in layers[source].weight.iter_mut().enumerate() {
                    *w *= if place % units % 2 == 1 { 1e-3 } else { 1.0 };
                }
                let outputs = layers[sink].outputs;
                for (place, w) in layers[sink].weight.iter_mut().enumerate() {
                    *w *= if place / outputs % units % 2 == 1 { 0.0 } else { 1.0 };
                }
            }
            let model = Model::new(kind, features, &layers);
            let smaller = units(&model, 0.4);
            let inputs = examples(10, features);
            assert_eq!(model.logits(&inputs), smaller.logits(&inputs), "{kind}");
            for (source, sink) in layer_pairs::removable(kind, &shapes) {
                let left = remaining(shapes[source].1, 0.4);
                assert!(left < shapes[source].1);
                assert_eq!(smaller.layers[source].bias.len(), left);
                assert_eq!(smaller.shapes()[source].1, left);
                assert_eq!(smaller.shapes()[sink].0, shapes[sink].0 / shapes[source].1 * left);
            }
        }
    }

    #[test]
    fn one_unit_stays() {
        for (kind, features, layers) in networks() {
            let smaller = units(&weights(&Model::new(kind, features, &layers), 0.5), 0.999);
            for (source, _) in layer_pairs::removable(kind, &smaller.shapes()) {
                assert_eq!(smaller.shapes()[source].1, 1);
            }
            assert_eq!(smaller.logits(&examples(3, features)).len(), 12);
        }
    }
}

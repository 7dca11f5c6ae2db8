//! Low rank: a matrix as the product of two thinner ones, from its truncated singular value decomposition.

use retort_spec::Rank;

use crate::{
    network::{
        model::{Matrix, Model},
        shapes::is_depthwise,
    },
    reduction::linear::{dot, gram, rotate},
    run::net,
};

/// Sweeps of rotations after which columns need not be orthogonal; about ten are enough.
const SWEEPS: usize = 40;

/// Cosines of columns that count as orthogonal.
const ORTHOGONAL: f64 = 1e-12;

/// Singular values, the largest first, and the right singular vectors of a matrix `[rows, columns]` with at most as
/// many columns as rows.
struct Decomposition {
    values: Vec<f64>,
    /// One vector of `columns` numbers for each value.
    vectors: Vec<Vec<f64>>,
}

/// Replaces matrices by two factors of a rank where that makes them smaller, `rank · (inputs + outputs)` numbers
/// instead of `inputs · outputs`. All others, layers that are factors already, and those that see every channel alone,
/// whose columns never meet, are left whole.
pub fn factor(model: &Model, rank: Rank) -> Model {
    let mut model = model.clone();
    let count = model.layers.len();
    for (layer, part) in model.layers.iter_mut().enumerate() {
        if !is_depthwise(model.kind, count, layer)
            && let [whole] = &part.factors[..]
            && let Some(factors) = factors(whole, rank)
        {
            part.factors = factors.into();
        }
    }
    model
}

/// The factors `U·√S`, `[rows, rank]`, and `√S·Vᵀ`, `[rank, columns]`, of the nearest matrix of a rank (Eckart & Young
/// 1936); `None` where they would be no smaller.
pub fn factors(matrix: &Matrix, rank: Rank) -> Option<[Matrix; 2]> {
    let (rows, columns) = (matrix.rows, matrix.columns);
    let values = matrix.values();
    let is_wide = columns > rows;
    // The vectors are found on the smaller side.
    let tall = if is_wide { transposed(&values, columns) } else { values };
    let width = rows.min(columns);
    let decomposition = decompose(&tall, width);
    let rank = rank_of(&decomposition.values, rank);
    if rank * (rows + columns) >= rows * columns {
        return None;
    }
    // A·V = U·S, so that √S divides it and multiplies Vᵀ.
    let (mut across, mut along) = (vec![0.0; width * rank], vec![0.0; rank * width]);
    for (place, (value, vector)) in decomposition.values.iter().zip(&decomposition.vectors).take(rank).enumerate() {
        let root = value.sqrt();
        let inverse = if root > 0.0 { root.recip() } else { 0.0 };
        for (row, x) in vector.iter().enumerate() {
            across[row * rank + place] = (x * inverse) as f32;
            along[place * width + row] = (x * root) as f32;
        }
    }
    let thin = net::affine(&tall, &across, &vec![0.0; rank]);
    let (left, right) = if is_wide { (transposed(&along, width), transposed(&thin, rank)) } else { (thin, along) };
    Some([Matrix::float(rows, rank, left), Matrix::float(rank, columns, right)])
}

/// How many singular values a rank asks for: one at least.
fn rank_of(values: &[f64], rank: Rank) -> usize {
    let count = match rank {
        Rank::Count(count) => count as usize,
        Rank::Energy(share) => {
            let whole: f64 = values.iter().map(|value| value * value).sum();
            let mut sum = 0.0;
            let below = values.iter().take_while(|value| {
                sum += *value * *value;
                sum < share * whole
            });
            below.count() + 1
        }
    };
    count.clamp(1, values.len().max(1))
}

/// One-sided Jacobi rotations (Hestenes 1958) of the Gram matrix, which is as small as the smaller side: once its
/// columns are orthogonal they are its eigenvectors, as long as its eigenvalues, which are the squares of the singular
/// values.
///
/// In double precision the squares cost nothing that single precision could hold: values down to a millionth of the
/// largest are right to five digits.
fn decompose(matrix: &[f32], width: usize) -> Decomposition {
    let mut gram = gram(matrix, width);
    let lengths = |columns: &[f64]| -> Vec<f64> {
        columns.chunks_exact(width.max(1)).map(|column| dot(column, column)).collect()
    };
    let mut squares = lengths(&gram);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for right in 1..width {
            let (before, after) = gram.split_at_mut(right * width);
            let after = &mut after[..width];
            for (left, before) in before.chunks_exact_mut(width).enumerate() {
                let product = dot(before, after);
                if product.abs() <= ORTHOGONAL * (squares[left] * squares[right]).sqrt() || product == 0.0 {
                    continue;
                }
                rotated = true;
                let ratio = (squares[right] - squares[left]) / (2.0 * product);
                let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
                rotate(before, after, tangent);
                squares[left] -= tangent * product;
                squares[right] += tangent * product;
            }
        }
        if !rotated {
            break;
        }
        // What is updated in place drifts.
        squares = lengths(&gram);
    }
    // The largest one over and over, which is less code than a sort and no time beside the rotations.
    let (mut order, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..width).collect());
    while let Some(next) = (0..left.len()).max_by(|&a, &b| squares[left[a]].total_cmp(&squares[left[b]])) {
        order.push(left.swap_remove(next));
    }
    let vector = |&place: &usize| {
        let length = squares[place].sqrt();
        gram[place * width..][..width].iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect()
    };
    Decomposition {
        values: order.iter().map(|&place| squares[place].sqrt().sqrt()).collect(),
        vectors: order.iter().map(vector).collect(),
    }
}

fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    (0..values.len()).map(|place| values[place % rows * columns + place / rows]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layer, random::stream};
    use rand::RngExt;
    use retort_spec::NetworkKind;

    /// Seven rows and five columns of numbers without order.
    fn seven_by_five() -> Vec<f32> {
        let number = |i: usize| (i * 37 % 23) as f32 / 11.5 - 1.0 + (i * i % 7) as f32 / 7.0;
        (0..35).map(number).collect()
    }

    fn product(factors: &[Matrix; 2]) -> Vec<f32> {
        net::affine(&factors[0].values(), &factors[1].values(), &vec![0.0; factors[1].columns])
    }

    #[test]
    fn values_as_numpy_finds_them() {
        let got = decompose(&seven_by_five(), 5);
        let numpy = [2.903_366_72, 2.072_623_45, 0.775_248_62, 0.669_613_36, 0.264_616_5];
        for (value, aim) in got.values.iter().zip(numpy) {
            assert!((value - aim).abs() < 1e-6, "{:?}", got.values);
        }
        for (place, a) in got.vectors.iter().enumerate() {
            assert!((dot(a, a) - 1.0).abs() < 1e-9);
            assert!(got.vectors[..place].iter().all(|b| dot(a, b).abs() < 1e-9));
        }
        // Shares 0.609, 0.919 and 0.963 of the energy.
        let count = |energy| rank_of(&got.values, Rank::Energy(energy));
        assert_eq!((count(0.6), count(0.9), count(0.95), count(1.0)), (1, 2, 3, 5));
        assert_eq!(rank_of(&got.values, Rank::Count(9)), 5);
    }

    #[test]
    fn the_nearest_product_either_way_round() {
        let matrix = Matrix::float(7, 5, seven_by_five());
        let wide = Matrix::float(5, 7, transposed(&matrix.values(), 5));
        for (rank, error, entry) in [(1, 2.327_054, 0.647_701), (2, 1.058_023_8, 0.939_178)] {
            for (matrix, place) in [(&matrix, 2 * 5 + 3), (&wide, 3 * 7 + 2)] {
                let got = product(&factors(matrix, Rank::Count(rank)).unwrap());
                assert!((got[place] - entry).abs() < 1e-5, "{}", got[place]);
                let off: f32 = got.iter().zip(matrix.values()).map(|(a, b)| (a - b).powi(2)).sum();
                assert!((off.sqrt() - error).abs() < 1e-5, "{}", off.sqrt());
            }
        }
        assert_eq!(factors(&matrix, Rank::Count(3)), None, "36 numbers instead of 35");
    }

    #[test]
    fn a_matrix_of_low_rank_is_found_whole() {
        let mut generator = stream(4, "weights");
        let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| generator.random_range(-1.0..1.0)).collect() };
        let (left, right) = (draw(50 * 3), draw(3 * 20));
        let whole = net::affine(&left, &right, &[0.0; 20]);
        let got = factors(&Matrix::float(50, 20, whole.clone()), Rank::Energy(0.999_999_999)).unwrap();
        assert_eq!(got[0].columns, 3);
        assert!(product(&got).iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-4));
        let nothing = factors(&Matrix::float(9, 9, vec![0.0; 81]), Rank::Count(2)).unwrap();
        assert!(product(&nothing).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn layers_that_would_grow_are_left_whole() {
        let layer = |inputs, outputs| Layer {
            inputs,
            outputs,
            weight: (0..inputs * outputs).map(|i| (i % 13) as f32).collect(),
            bias: vec![0.0; outputs],
        };
        let model = Model::new(NetworkKind::Mlp, 40, &[layer(40, 20), layer(20, 5)]);
        let got = factor(&model, Rank::Count(4));
        assert_eq!(got.layers.iter().map(|part| part.factors.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(got.shapes(), model.shapes());
    }
}

//! GPTQ: inputs are quantized one after the other, and what each does wrong is made up for by those after it (Frantar
//! et al. 2023).

use crate::{
    network::model::{Matrix, group_of, groups},
    quantization::weights::{Grid, gather},
    reduction::linear::{add_scaled, gram, inverse_factor},
};
use retort_spec::{Granularity, QuantScheme};

/// What is added to the Hessian's diagonal, as a share of its mean, as the authors choose it.
const DAMPING: f64 = 0.01;

/// Writes a matrix in an integer format so that its products with these rows stay as they are, rather than its weights.
///
/// With `H = 2·XᵀX / n` and `U` the upper Cholesky factor of its inverse, input `i` of every output is rounded, and
/// `(w − q) / U_ii · U_ij` is taken from each input `j` behind it (their algorithm 1). Groups of inputs get their
/// scales when their first input is reached, from the weights as they are then. Weights that are masked out are zero,
/// which the others make up for as well; inputs that are zero in every row change nothing.
///
/// # Shapes
/// `rows`: `[n, matrix.rows]`.
pub fn quantize(matrix: &Matrix, scheme: &QuantScheme, rows: &[f32]) -> Matrix {
    let (inputs, outputs) = (matrix.rows, matrix.columns);
    let factor = inverse_factor(&hessian(rows, inputs), inputs);
    let first = matrix.values();
    let mut weights: Vec<f64> = first.iter().map(|w| f64::from(*w)).collect();
    let length = scheme.granularity.group();
    let mut grid = match length {
        Some(_) => Grid::new(scheme, groups(scheme.granularity, inputs, outputs)),
        None => Grid::of(&first, matrix, scheme),
    };
    let mut codes = Vec::with_capacity(weights.len());
    for input in 0..inputs {
        if length.is_some_and(|length| input % length == 0) {
            enter(&mut grid, &weights, matrix, scheme, input);
        }
        let (row, later) = weights[input * outputs..].split_at_mut(outputs);
        let diagonal = factor[input * inputs + input];
        for (output, w) in row.iter_mut().enumerate() {
            let group = group_of(scheme.granularity, inputs, input, output);
            let code = grid.code(group, *w as f32, &mut f32::round_ties_even);
            codes.push(code);
            let is_there = matrix.mask.as_ref().is_none_or(|mask| mask[input * outputs + output]);
            let value = if is_there { grid.value(group, code) } else { 0.0 };
            *w = (*w - f64::from(value)) / diagonal;
        }
        let factors = &factor[input * inputs + input + 1..];
        for (later, &factor) in later.chunks_exact_mut(outputs.max(1)).zip(factors) {
            if factor != 0.0 {
                add_scaled(later, -factor, row);
            }
        }
    }
    Matrix { values: grid.with(codes), ..matrix.clone() }
}

/// `2·XᵀX / n`, damped; one for inputs that are zero in every row, which have nothing to do with the others.
fn hessian(rows: &[f32], inputs: usize) -> Vec<f64> {
    let count = (rows.len() / inputs.max(1)).max(1);
    let mut hessian = gram(rows, inputs);
    hessian.iter_mut().for_each(|entry| *entry *= 2.0 / count as f64);
    let live = (0..inputs).filter(|input| hessian[input * inputs + input] > 0.0).count();
    let trace: f64 = (0..inputs).map(|input| hessian[input * inputs + input]).sum();
    let damping = DAMPING * trace / live.max(1) as f64;
    for diagonal in hessian.iter_mut().step_by(inputs + 1) {
        *diagonal = if *diagonal > 0.0 { *diagonal + damping } else { 1.0 };
    }
    hessian
}

/// Chooses scales for the groups that begin at an input, one for each output.
fn enter(grid: &mut Grid, weights: &[f64], matrix: &Matrix, scheme: &QuantScheme, input: usize) {
    let (outputs, length) = (matrix.columns, scheme.granularity.group().unwrap_or(matrix.rows));
    let places = input * outputs..((input + length) * outputs).min(weights.len());
    let stretch = Matrix {
        mask: matrix.mask.as_ref().map(|mask| mask[places.clone()].to_vec()),
        ..Matrix::float(places.len() / outputs.max(1), outputs, weights[places].iter().map(|w| *w as f32).collect())
    };
    let columns = gather(&stretch.values(), &stretch, &QuantScheme { granularity: Granularity::Channel, ..*scheme });
    for (output, numbers) in columns.iter().enumerate() {
        grid.choose(group_of(scheme.granularity, matrix.rows, input, output), numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        network::model::{Codes, Values},
        quantization::weights,
        random::stream,
        run::net,
    };
    use rand::RngExt;

    fn codes(matrix: &Matrix, scheme: &str, rows: &[f32]) -> Codes {
        match quantize(matrix, &scheme.parse().unwrap(), rows).values {
            Values::Codes(codes) => codes,
            _ => panic!("{scheme}"),
        }
    }

    /// Twelve rows of five inputs, the fourth of which is always zero.
    fn rows() -> Vec<f32> {
        let entry = |i: usize| if i % 5 == 3 { 0.0 } else { (i * 29 % 31) as f32 / 15.0 - 1.0 };
        (0..60).map(entry).collect()
    }

    fn five_by_two() -> Matrix {
        Matrix::float(5, 2, vec![-0.5, 0.2, -0.2, 0.5, 0.1, -0.3, 0.4, 0.0, -0.4, 0.3])
    }

    #[test]
    fn codes_as_numpy_finds_them() {
        // Twenty lines of numpy with its own inverse and Cholesky factor. Nearest rounding has -2 in place of the last
        // -3.
        let got = codes(&five_by_two(), "3:channel:min-max", &rows());
        assert_eq!(got.codes, [-3, 1, -1, 3, 1, -2, 2, 0, -3, 2]);
        let mut pruned = five_by_two();
        pruned.mask = Some((0..10).map(|place| place != 2 && place != 5).collect());
        let got = quantize(&pruned, &"3:channel:min-max".parse().unwrap(), &rows()).values();
        for (w, code) in got.iter().zip([-3, 1, 0, 3, 1, 0, 2, 0, -3, 2]) {
            assert!((w - code as f32 / 6.0).abs() < 1e-6, "{got:?}");
        }
    }

    #[test]
    fn a_group_s_scale_is_that_of_its_weights_when_it_is_reached() {
        let rows: Vec<f32> = (0..800).map(|i| ((i * 37 % 41) as f32 / 20.0 - 1.0).max(0.0)).collect();
        let matrix = Matrix::float(20, 1, (0..20).map(|i| (i * 13 % 29) as f32 / 14.3 - 1.0).collect());
        let got = codes(&matrix, "4:group-16:min-max", &rows);
        assert_eq!(got.codes, [-7, -1, 6, -2, 4, -4, 3, -5, 1, -7, 0, 6, -1, 4, -3, 4, -6, 2, -7, 1]);
        assert!((got.scales[1] - 0.118_704_5).abs() < 1e-6, "not 0.122877: {:?}", got.scales);
    }

    #[test]
    fn without_rows_it_is_nearest_rounding() {
        for scheme in ["4", "3:affine", "1", "ternary", "2:group-16:mse", "4:tensor:entropy"] {
            let scheme = scheme.parse().unwrap();
            let plain = weights::quantize(&five_by_two(), &scheme, &mut stream(1, "rounding"));
            assert_eq!(quantize(&five_by_two(), &scheme, &[]), plain, "{scheme}");
        }
    }

    #[test]
    fn outputs_err_less_in_every_format() {
        let mut generator = stream(6, "problem");
        let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| generator.random_range(-1.0..1.0)).collect() };
        // Inputs that go together, as pixels do.
        let (hidden, mix) = (draw(200 * 6), draw(6 * 40));
        let rows: Vec<f32> = net::affine(&hidden, &mix, &[0.0; 40]).iter().map(|x| x.max(0.0)).collect();
        let matrix = Matrix::float(40, 8, draw(320));
        let error = |got: &Matrix| {
            let off: Vec<f32> = got.values().iter().zip(matrix.values()).map(|(a, b)| a - b).collect();
            net::affine(&rows, &off, &[0.0; 8]).iter().map(|y| y * y).sum::<f32>()
        };
        for text in ["1", "ternary", "2", "3", "4:affine", "4:tensor", "3:group-16", "8"] {
            let scheme = text.parse().unwrap();
            let plain = error(&weights::quantize(&matrix, &scheme, &mut stream(1, "rounding")));
            let mended = error(&quantize(&matrix, &scheme, &rows));
            assert!(mended < 0.7 * plain, "{text}: {mended} {plain}");
        }
    }
}

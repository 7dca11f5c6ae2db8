//! AdaRound: each weight is rounded up or down as a layer's outputs ask, not as it is nearer (Nagel et al. 2020,
//! section 3.3).

use std::f32::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::QuantScheme;

use crate::{
    network::model::{Matrix, group_of},
    quantization::weights::Grid,
    run::net,
};

/// Steps for each layer: a fifth of what the authors take, for networks a hundredth as large.
pub const ITERATIONS: usize = 2000;

/// Rows of a step.
const BATCH: usize = 32;

/// The stretch of the rectified sigmoid, `ζ` and `γ`, past whose ends its gradient is gone.
const STRETCH: (f32, f32) = (1.1, -0.1);

/// `λ` of a weight, as a multiple of the squared error of nearest rounding for each weight of its output.
///
/// The authors take 0.01 throughout. The layers of small networks err between a millionth and some hundreds; where the
/// error is large, 0.01 leaves most weights undecided between their values. Ten to a thousand do equally well.
const REGULARIZATION: f64 = 30.0;

/// The regularizer's exponent `β`, first and last: first only the ends are pulled at, last all of the range.
const EXPONENTS: (f32, f32) = (20.0, 2.0);

/// The share of steps before the regularizer sets in.
const WARM_START: f32 = 0.2;

/// Adam's step, and its decays and epsilon as usual (Kingma & Ba 2015).
const LEARNING_RATE: f32 = 0.01;
const DECAYS: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;

/// A weight that can be rounded either way.
struct Choice {
    /// Its place in the matrix.
    place: usize,
    scale: f32,
    /// The lower one of its two values.
    low: f32,
    /// `α`.
    alpha: f32,
    /// `h(α)`, which is 0 or 1 once it is decided.
    h: f32,
    /// The derivative of `h` by `α`.
    derivative: f32,
    /// `λ`.
    pull: f32,
    momentum: f32,
    variance: f32,
}

/// `h = clip(σ(α)·(ζ − γ) + γ, 0, 1)`, and its derivative by `α` where it is not clipped.
fn rectified_sigmoid(alpha: f32) -> (f32, f32) {
    let (zeta, gamma) = STRETCH;
    let sigmoid = 1.0 / (1.0 + (-alpha).exp());
    let stretched = sigmoid * (zeta - gamma) + gamma;
    (stretched.clamp(0.0, 1.0), sigmoid * (1.0 - sigmoid) * (zeta - gamma))
}

/// Writes a matrix in an integer format with a zero point so that its products with `rows` come as near to `targets` as
/// rounding up or down allows; scales are those of nearest rounding. Where nearest rounding does as well for an output
/// on all rows, its codes stay.
///
/// # Shapes
/// `rows`: `[n, matrix.rows]`; `targets`: `[n, matrix.columns]`, what the layer should give without its bias.
pub fn quantize(
    matrix: &Matrix,
    scheme: &QuantScheme,
    rows: &[f32],
    targets: &[f32],
    iterations: usize,
    generator: &mut ChaCha8Rng,
    progress: &mut dyn FnMut(f64),
) -> Matrix {
    let (inputs, outputs) = (matrix.rows, matrix.columns);
    let weights = matrix.values();
    let grid = Grid::of(&weights, matrix, scheme);
    let group = |place: usize| group_of(scheme.granularity, inputs, place / outputs, place % outputs);
    let code = |(place, &w): (usize, &f32)| grid.code(group(place), w, &mut f32::round_ties_even);
    let nearest: Vec<i32> = weights.iter().enumerate().map(code).collect();
    let near = Matrix { values: grid.clone().with(nearest.clone()), ..matrix.clone() };

    let before = errors(&near, rows, targets);
    let mut choices = choices(&weights, matrix, &grid, &group, rows);
    let mut counts = vec![0.0; outputs];
    choices.iter().for_each(|choice| counts[choice.place % outputs] += (rows.len() / inputs) as f64);
    for choice in &mut choices {
        let output = choice.place % outputs;
        choice.pull = (REGULARIZATION * before[output] / counts[output]) as f32;
    }
    let mut soft = near.values();
    learn(&mut choices, &mut soft, (rows, inputs), (targets, outputs), iterations, generator, progress);

    let mut codes = nearest.clone();
    for choice in &choices {
        let group = group(choice.place);
        let up = i32::from(choice.h >= 0.5);
        codes[choice.place] = (choice.low / choice.scale).round() as i32 + up + grid.zero_points[group];
    }
    let mut learned = Matrix { values: grid.clone().with(codes.clone()), ..matrix.clone() };
    let after = errors(&learned, rows, targets);
    for (place, code) in codes.iter_mut().enumerate() {
        if after[place % outputs] >= before[place % outputs] {
            *code = nearest[place];
        }
    }
    learned.values = grid.with(codes);
    learned
}

/// The weights that have a choice: not those that are masked out, beyond the least or largest code, or of an input that
/// is zero in every row.
fn choices(weights: &[f32], matrix: &Matrix, grid: &Grid, group: &dyn Fn(usize) -> usize, rows: &[f32]) -> Vec<Choice> {
    let (zeta, gamma) = STRETCH;
    let mut live = vec![false; matrix.rows];
    for row in rows.chunks_exact(matrix.rows.max(1)) {
        live.iter_mut().zip(row).for_each(|(live, x)| *live |= *x != 0.0);
    }
    let choice = |(place, &w): (usize, &f32)| {
        let (scale, zero) = (grid.scales[group(place)], grid.zero_points[group(place)]);
        let down = (w / scale).floor();
        let code = (down as i32).saturating_add(zero);
        let is_free = live[place / matrix.columns]
            && matrix.mask.as_ref().is_none_or(|mask| mask[place])
            && (grid.codes.min..grid.codes.max).contains(&code);
        // So that h is at first what the weight is past the lower value.
        let alpha = -((zeta - gamma) / (w / scale - down - gamma) - 1.0).ln();
        let (h, derivative) = rectified_sigmoid(alpha);
        is_free.then_some(Choice {
            place,
            scale,
            low: down * scale,
            alpha,
            h,
            derivative,
            pull: 0.0,
            momentum: 0.0,
            variance: 0.0,
        })
    };
    weights.iter().enumerate().filter_map(choice).collect()
}

/// Adam on `α`: squared error of the outputs, summed over them and averaged over rows, and the regularizer
/// `λ·Σ(1 − |2h − 1|^β)`.
fn learn(
    choices: &mut [Choice],
    soft: &mut [f32],
    (rows, inputs): (&[f32], usize),
    (targets, outputs): (&[f32], usize),
    iterations: usize,
    generator: &mut ChaCha8Rng,
    progress: &mut dyn FnMut(f64),
) {
    let count = rows.len() / inputs.max(1);
    if count == 0 {
        return;
    }
    let zeros = vec![0.0; outputs];
    let mut gradients = vec![0.0; soft.len()];
    let (mut first, mut second) = (1.0, 1.0);
    for iteration in 0..iterations {
        for choice in choices.iter() {
            soft[choice.place] = choice.low + choice.scale * choice.h;
        }
        gradients.fill(0.0);
        for _ in 0..BATCH {
            let row = generator.random_range(0..count);
            let (row, target) = (&rows[row * inputs..][..inputs], &targets[row * outputs..][..outputs]);
            let mut off = net::affine(row, soft, &zeros);
            off.iter_mut().zip(target).for_each(|(y, target)| *y = (*y - target) * 2.0 / BATCH as f32);
            for (&x, gradients) in row.iter().zip(gradients.chunks_exact_mut(outputs)) {
                if x != 0.0 {
                    gradients.iter_mut().zip(&off).for_each(|(gradient, off)| *gradient += x * off);
                }
            }
        }
        let over = (iteration as f32 / iterations as f32 - WARM_START) / (1.0 - WARM_START);
        let exponent = EXPONENTS.1 + (EXPONENTS.0 - EXPONENTS.1) * 0.5 * (1.0 + (over * PI).cos());
        (first, second) = (first * DECAYS.0, second * DECAYS.1);
        // Past the ends of the rectified sigmoid there is no gradient, and so no way back.
        for choice in choices.iter_mut().filter(|choice| choice.h > 0.0 && choice.h < 1.0) {
            let mut gradient = gradients[choice.place] * choice.scale;
            if over > 0.0 {
                let away = 2.0 * choice.h - 1.0;
                let pull = 2.0 * exponent * away.abs().powf(exponent - 1.0);
                gradient -= choice.pull * pull.copysign(away);
            }
            gradient *= choice.derivative;
            choice.momentum += (1.0 - DECAYS.0) * (gradient - choice.momentum);
            choice.variance += (1.0 - DECAYS.1) * (gradient * gradient - choice.variance);
            let step = choice.momentum / (1.0 - first) / ((choice.variance / (1.0 - second)).sqrt() + EPSILON);
            choice.alpha -= LEARNING_RATE * step;
            (choice.h, choice.derivative) = rectified_sigmoid(choice.alpha);
        }
        progress((iteration + 1) as f64 / iterations as f64);
    }
}

/// The squared error of each output, over all rows.
fn errors(matrix: &Matrix, rows: &[f32], targets: &[f32]) -> Vec<f64> {
    let outputs = matrix.columns;
    let mut errors = vec![0.0; outputs];
    let got = net::affine(rows, &matrix.values(), &vec![0.0; outputs]);
    for (place, (got, target)) in got.iter().zip(targets).enumerate() {
        errors[place % outputs] += f64::from(got - target).powi(2);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{quantization::weights, random::stream};

    fn draw(count: usize, purpose: &str) -> Vec<f32> {
        let mut generator = stream(6, purpose);
        (0..count).map(|_| generator.random_range(-1.0..1.0)).collect()
    }

    /// Inputs that go together, as pixels do.
    fn rows(count: usize, inputs: usize) -> Vec<f32> {
        let mixed = net::affine(&draw(count * 4, "hidden"), &draw(4 * inputs, "mix"), &vec![0.0; inputs]);
        mixed.iter().map(|x| x.max(0.0)).collect()
    }

    fn total(matrix: &Matrix, rows: &[f32], targets: &[f32]) -> f64 {
        errors(matrix, rows, targets).iter().sum()
    }

    #[test]
    fn the_sigmoid_s_derivative_is_its_finite_difference() {
        for alpha in [-2.0, -0.3, 0.0, 1.5] {
            let difference = (rectified_sigmoid(alpha + 1e-2).0 - rectified_sigmoid(alpha - 1e-2).0) / 2e-2;
            assert!((difference - rectified_sigmoid(alpha).1).abs() < 1e-4);
        }
        assert_eq!((rectified_sigmoid(-9.0).0, rectified_sigmoid(0.0).0, rectified_sigmoid(9.0).0), (0.0, 0.5, 1.0));
    }

    #[test]
    fn it_comes_close_to_the_best_of_all_roundings() {
        let rows = rows(100, 10);
        let matrix = Matrix::float(10, 1, draw(10, "weights"));
        let targets = net::affine(&rows, &matrix.values(), &[0.0]);
        let scheme = "3:min-max".parse().unwrap();
        let near = weights::quantize(&matrix, &scheme, &mut stream(1, "rounding"));
        let learned = quantize(&matrix, &scheme, &rows, &targets, ITERATIONS, &mut stream(1, "rounding"), &mut |_| {});

        let grid = Grid::of(&matrix.values(), &matrix, &scheme);
        let best = (0..1 << 10).map(|choice: i32| {
            let code = |(place, w): (usize, f32)| {
                ((w / grid.scales[0]).floor() as i32 + (choice >> place & 1)).clamp(grid.codes.min, grid.codes.max)
            };
            let codes = matrix.values().into_iter().enumerate().map(code).collect();
            total(&Matrix { values: grid.clone().with(codes), ..matrix.clone() }, &rows, &targets)
        });
        let best = best.fold(f64::INFINITY, f64::min);
        let [near, learned] = [near, learned].map(|matrix| total(&matrix, &rows, &targets));
        assert!(learned < 2.0 * best && learned < 0.5 * near, "best {best} learned {learned} nearest {near}");
    }

    #[test]
    fn outputs_err_less_and_what_is_masked_out_stays_zero() {
        let rows = rows(200, 30);
        let mut matrix = Matrix::float(30, 6, draw(180, "weights"));
        matrix.mask = Some((0..180).map(|place| place % 5 != 0).collect());
        let targets = net::affine(&rows, &matrix.values(), &[0.0; 6]);
        for text in ["2", "3:affine", "3:tensor", "4:group-16"] {
            let scheme = text.parse().unwrap();
            let near = weights::quantize(&matrix, &scheme, &mut stream(1, "rounding"));
            let mut last = 0.0;
            let learned = quantize(&matrix, &scheme, &rows, &targets, 300, &mut stream(1, "rounding"), &mut |done| {
                assert!(done > last);
                last = done;
            });
            assert_eq!(last, 1.0);
            let [near, better] = [&near, &learned].map(|matrix| errors(matrix, &rows, &targets));
            assert!(near.iter().zip(&better).all(|(near, better)| better <= near), "{text}");
            assert!(better.iter().sum::<f64>() < 0.6 * near.iter().sum::<f64>(), "{text}: {near:?} {better:?}");
            assert!(learned.values().iter().step_by(5).all(|w| *w == 0.0));
        }
    }

    #[test]
    fn without_rows_or_steps_it_is_nearest_rounding() {
        let matrix = Matrix::float(4, 2, draw(8, "weights"));
        let scheme = "4:affine".parse().unwrap();
        let near = weights::quantize(&matrix, &scheme, &mut stream(1, "rounding"));
        assert_eq!(quantize(&matrix, &scheme, &[], &[], 10, &mut stream(1, "rounding"), &mut |_| {}), near);
    }
}

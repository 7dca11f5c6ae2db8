//! What goes over rows: biases and their gradients, ReLU and its, and losses of logits with their gradients.
//!
//! None is inlined: the rest of the engine is built to be small, and so would be what stands in it. Vectors are written
//! out, since the linker, which optimises all at once and for size, makes none of loops.

use wide::f32x4;

use crate::{
    activations::exp,
    simd4::{BLOCK, update},
};

/// Each of some rows becomes this one.
///
/// # Shapes
/// `row`: `[columns]`; `to`: `[rows, columns]`.
#[inline(never)]
pub fn broadcast_rows(row: &[f32], rows: usize, to: &mut Vec<f32>) {
    to.resize(rows * row.len(), 0.0);
    to.chunks_exact_mut(row.len().max(1)).for_each(|to| to.copy_from_slice(row));
}

/// What is not above zero becomes zero: ReLU.
#[inline(never)]
pub fn relu_forward(numbers: &mut [f32]) {
    update([numbers], [], |[number], []| [positive(number, number)]);
}

/// The gradient before ReLU, times a factor, from the gradient after it and from what came out of it.
#[inline(never)]
pub fn relu_backward(gradient: &mut [f32], outputs: &[f32], factor: f32) {
    let factor = f32x4::splat(factor);
    update([gradient], [outputs], |[gradient], [output]| [positive(output, gradient * factor)]);
}

/// A number where another is above zero; elsewhere zero.
fn positive(other: f32x4, number: f32x4) -> f32x4 {
    other.simd_gt(f32x4::ZERO).bitselect(number, f32x4::ZERO)
}

/// Adds numbers to others.
#[inline(never)]
pub fn add_assign(to: &mut [f32], numbers: &[f32]) {
    update([to], [numbers], |[sum], [number]| [sum + number]);
}

/// Multiplies numbers by a factor.
#[inline(never)]
pub fn scale(numbers: &mut [f32], factor: f32) {
    let factor = f32x4::splat(factor);
    update([numbers], [], |[number], []| [number * factor]);
}

/// The sum of all squares: of a gradient, the square of its norm.
#[inline(never)]
pub fn sum_of_squares(numbers: &[f32]) -> f64 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let square = |sum: f32x4, four: &[f32; 4]| sum + f32x4::new(*four) * f32x4::new(*four);
    // Single precision is enough for so many numbers, and not for all.
    let parts = fours.chunks(256).map(|part| f64::from(part.iter().fold(f32x4::ZERO, square).reduce_add()));
    parts.sum::<f64>() + rest.iter().map(|&number| f64::from(number).powi(2)).sum::<f64>()
}

/// All numbers become zero.
#[inline(never)]
pub fn clear(numbers: &mut [f32]) {
    numbers.fill(0.0);
}

/// Adds up each column.
///
/// # Shapes
/// `numbers`: `[rows, columns]`; `to`: `[columns]`, overwritten.
#[inline(never)]
pub fn column_sums(numbers: &[f32], to: &mut [f32]) {
    to.fill(0.0);
    let columns = to.len().max(1);
    // A thousand places of images with few channels are rows too short for vectors: many rows are one.
    if columns < BLOCK && numbers.len() / columns > 1_000 {
        let mut sums = vec![0.0; 8 * columns];
        let lines = numbers.chunks_exact(8 * columns);
        let rest = lines.remainder();
        lines.for_each(|line| update([&mut sums], [line], |[sum], [number]| [sum + number]));
        sums.extend_from_slice(rest);
        return column_sums(&sums, to);
    }
    for row in numbers.chunks_exact(to.len().max(1)) {
        update([&mut *to], [row], |[sum], [number]| [sum + number]);
    }
}

/// `factor · Σ KL(softmax(teacher / T) ‖ softmax(student / T))` over all rows (Hinton et al. 2015, section 2), and its
/// gradient by the student's logits, `factor · (q − p) / T`.
///
/// # Shapes
/// Logits and gradient: `[rows, classes]`.
#[inline(never)]
pub fn soft_targets(
    student: &[f32],
    teacher: &[f32],
    classes: usize,
    (temperature, factor): (f32, f32),
    gradient: &mut [f32],
) -> f32 {
    let (mut loss, classes) = (0.0, classes.max(1));
    let mut shares = vec![0.0; teacher.len()];
    exponentials(student, classes, temperature, gradient);
    exponentials(teacher, classes, temperature, &mut shares);
    let rows = student.chunks_exact(classes).zip(teacher.chunks_exact(classes));
    let shares = gradient.chunks_exact_mut(classes).zip(shares.chunks_exact_mut(classes));
    for ((student, teacher), (gradient, shares)) in rows.zip(shares) {
        let (answer, wanted) = (Softmax::of(student, temperature, gradient), Softmax::of(teacher, temperature, shares));
        for (((gradient, share), &student), &teacher) in gradient.iter_mut().zip(shares).zip(student).zip(teacher) {
            loss += f64::from(*share) * (wanted.ln(teacher) - answer.ln(student));
            *gradient = (*gradient - *share) * (factor / temperature);
        }
    }
    (loss * f64::from(factor)) as f32
}

/// `−factor · Σ targets · ln softmax(logits)` over all rows, and its gradient by the logits, where each row of targets
/// adds up to one.
///
/// # Shapes
/// Logits, targets and gradient: `[rows, classes]`.
#[inline(never)]
pub fn cross_entropy(logits: &[f32], targets: &[f32], classes: usize, factor: f32, gradient: &mut [f32]) -> f32 {
    let (mut loss, classes) = (0.0, classes.max(1));
    exponentials(logits, classes, 1.0, gradient);
    let rows = logits.chunks_exact(classes).zip(targets.chunks_exact(classes));
    for ((logits, targets), gradient) in rows.zip(gradient.chunks_exact_mut(classes)) {
        let answer = Softmax::of(logits, 1.0, gradient);
        for ((gradient, &logit), &target) in gradient.iter_mut().zip(logits).zip(targets) {
            loss -= f64::from(target) * answer.ln(logit);
            *gradient = (*gradient - target) * factor;
        }
    }
    (loss * f64::from(factor)) as f32
}

/// `exp(logit / T)` of all rows, as a share of the largest of the row.
fn exponentials(logits: &[f32], classes: usize, temperature: f32, to: &mut [f32]) {
    for (logits, to) in logits.chunks_exact(classes).zip(to.chunks_exact_mut(classes)) {
        let most = largest(logits);
        to.iter_mut().zip(logits).for_each(|(to, logit)| *to = (logit - most) / temperature);
    }
    update([to], [], |[power], []| [exp(power)]);
}

fn largest(logits: &[f32]) -> f32 {
    logits.iter().fold(f32::NEG_INFINITY, |most, &logit| if logit > most { logit } else { most })
}

/// The softmax of a row's logits at a temperature, and its logarithm in double precision: a loss is the difference of
/// such numbers.
struct Softmax {
    most: f32,
    temperature: f64,
    sum: f64,
}

impl Softmax {
    /// Makes shares of the row's [`exponentials`].
    fn of(logits: &[f32], temperature: f32, shares: &mut [f32]) -> Self {
        let sum: f64 = shares.iter().map(|&share| f64::from(share)).sum();
        shares.iter_mut().for_each(|share| *share = (f64::from(*share) / sum) as f32);
        Self { most: largest(logits), temperature: f64::from(temperature), sum: f64::from((sum as f32).ln()) }
    }

    fn ln(&self, logit: f32) -> f64 {
        f64::from(logit - self.most) / self.temperature - self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDENT: [f32; 6] = [0.1, -0.2, 0.3, 4.0, 0.0, -90.0];
    const TEACHER: [f32; 6] = [1.0, 0.0, -1.0, 0.5, 0.25, 0.0];

    /// A loss's gradient beside the difference of its values.
    fn check(loss: impl Fn(&[f32], &mut [f32]) -> f32) {
        let mut gradient = [0.0; 6];
        let value = loss(&STUDENT, &mut gradient);
        assert!(value.is_finite());
        for i in 0..6 {
            let moved = |by: f32| {
                let mut student = STUDENT;
                student[i] += by;
                loss(&student, &mut [0.0; 6])
            };
            let difference = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!((gradient[i] - difference).abs() < 2e-3, "{i}: {} {difference}", gradient[i]);
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for temperature in [1.0, 4.0] {
            check(|student, gradient| soft_targets(student, &TEACHER, 3, (temperature, 0.5), gradient));
        }
        check(|student, gradient| cross_entropy(student, &[0.0, 1.0, 0.0, 0.5, 0.25, 0.25], 3, 0.5, gradient));
    }

    #[test]
    fn values_by_hand() {
        let mut gradient = [0.0; 2];
        // softmax(ln 3, 0) = (3/4, 1/4) beside (1/2, 1/2): 3/4 ln 3/2 + 1/4 ln 1/2.
        let loss = soft_targets(&[0.0, 0.0], &[3.0_f32.ln(), 0.0], 2, (1.0, 1.0), &mut gradient);
        assert!((loss - (0.75 * 1.5_f32.ln() + 0.25 * 0.5_f32.ln())).abs() < 1e-6);
        assert!((gradient[0] + 0.25).abs() < 1e-6 && (gradient[1] - 0.25).abs() < 1e-6);
        let loss = cross_entropy(&[0.0, 0.0], &[1.0, 0.0], 2, 2.0, &mut gradient);
        assert!((loss - 2.0 * 2.0_f32.ln()).abs() < 1e-6 && gradient == [-1.0, 1.0]);
    }

    #[test]
    fn squares_and_multiples_by_hand() {
        let mut numbers: Vec<f32> = (1..=10).map(|number| number as f32).collect();
        assert_eq!(sum_of_squares(&numbers), 385.0);
        scale(&mut numbers, 0.5);
        assert_eq!(numbers[9], 5.0);
    }

    #[test]
    fn columns_add_up() {
        let mut sums = [7.0; 2];
        column_sums(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut sums);
        assert_eq!(sums, [9.0, 12.0]);
        // Many short rows are added at a time, and those that are left.
        let many: Vec<f32> = (0..3 * 1_003).map(|at| (at % 3) as f32).collect();
        let mut sums = [7.0; 3];
        column_sums(&many, &mut sums);
        assert_eq!(sums, [0.0, 1_003.0, 2_006.0]);
    }
}

//! Losses of numbers.

use serde::{Deserialize, Serialize};

/// How a student of a regression learns beside a teacher.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Bounded {
    /// The squared error with the true numbers, only where the student is not better than the teacher by the margin
    /// (Chen et al. 2017, equation 5).
    Bound,
    /// A smooth absolute error with the true numbers, and the bounded one times ν (Chen et al. 2017, equation 6).
    Total {
        /// The weight ν of the bounded part.
        nu: f64,
    },
}

/// The mean squared error, and its gradient.
///
/// # Shapes
/// All of one length; the mean is over all numbers.
pub fn mean_squared_error(student: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    let each = 1.0 / student.len().max(1) as f64;
    let mut sum = 0.0;
    for ((gradient, student), target) in gradient.iter_mut().zip(student).zip(target) {
        let difference = f64::from(student - target);
        sum += difference * difference;
        *gradient = (2.0 * difference * each) as f32;
    }
    sum * each
}

/// The mean over rows of the teacher-bounded loss (Chen et al. 2017, section 3.3), and its gradient.
///
/// # Shapes
/// `student`, `teacher`, `target`, `gradient`: `[rows, outputs]`.
pub fn bounded_regression(
    [student, teacher, target]: [&[f32]; 3],
    outputs: usize,
    margin: f64,
    kind: Bounded,
    gradient: &mut [f32],
) -> f64 {
    let outputs = outputs.max(1);
    let each = outputs as f64 / student.len().max(1) as f64;
    let squares = |of: &[f32], target: &[f32]| -> f64 {
        of.iter().zip(target).map(|(of, target)| f64::from(of - target).powi(2)).sum()
    };
    let mut sum = 0.0;
    let rows = student.chunks_exact(outputs).zip(teacher.chunks_exact(outputs)).zip(target.chunks_exact(outputs));
    for (((student, teacher), target), gradient) in rows.zip(gradient.chunks_exact_mut(outputs)) {
        let own = squares(student, target);
        let is_worse = own + margin > squares(teacher, target);
        let (weight, smooth) = match kind {
            Bounded::Bound => (1.0, false),
            Bounded::Total { nu } => (nu, true),
        };
        let weight = if is_worse { weight } else { 0.0 };
        sum += weight * own;
        for ((gradient, student), target) in gradient.iter_mut().zip(student).zip(target) {
            let difference = f64::from(student - target);
            let mut slope = 2.0 * weight * difference;
            if smooth {
                let large = difference.abs() >= 1.0;
                sum += if large { difference.abs() - 0.5 } else { 0.5 * difference * difference };
                slope += difference.clamp(-1.0, 1.0);
            }
            *gradient = (slope * each) as f32;
        }
    }
    sum * each
}

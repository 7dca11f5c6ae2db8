//! The reverse KL estimated from the student's own tokens alone: a policy gradient whose reward at each token is the
//! logarithm of the teacher's probability over the student's (Gu et al. 2024, equation 3, for one step).

use super::distribution::Distributions;

/// The mean over counted tokens of `−r ln q(token)` with the reward `r = ln p(token) − ln q(token)`, through which no
/// gradient flows; and the gradient by the student's logits. Returned is the mean of `−r`, which estimates KL(q ‖ p).
///
/// # Shapes
/// Logits and gradient: `[rows, outputs]`; `tokens`: `[rows]`, what the student drew; `counted`: `[rows]`, all if none.
pub fn sampled_token(
    [student, teacher]: [&[f32]; 2],
    tokens: &[u16],
    outputs: usize,
    counted: Option<&[bool]>,
    gradient: &mut [f32],
) -> f64 {
    gradient.fill(0.0);
    let [mut of_student, mut of_teacher] = [Distributions::default(), Distributions::default()];
    of_student.compute(student, outputs, 1.0);
    of_teacher.compute(teacher, outputs, 1.0);
    let rows = || (0..tokens.len()).filter(|&row| counted.is_none_or(|counted| counted[row]));
    let count = rows().count().max(1) as f64;
    let mut sum = 0.0;
    for row in rows() {
        let token = usize::from(tokens[row]);
        let q = of_student.row(row, student, outputs, 1.0);
        let reward = of_teacher.row(row, teacher, outputs, 1.0).ln(token) - q.ln(token);
        sum -= reward;
        let factor = (reward / count) as f32;
        let gradient = &mut gradient[row * outputs..(row + 1) * outputs];
        gradient.iter_mut().zip(q.shares).for_each(|(gradient, share)| *gradient = share * factor);
        gradient[token] -= factor;
    }
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_gradient_is_that_of_the_reverse_divergence() {
        let (p, q) = ([0.7_f32, 0.2, 0.1], [0.4_f32, 0.4, 0.2]);
        let [teacher, student] = [p, q].map(|shares| shares.map(f32::ln));
        let (mut value, mut mean) = (0.0, [0.0; 3]);
        for token in 0..3_u16 {
            let mut gradient = [0.0; 3];
            let sampled = sampled_token([&student, &teacher], &[token], 3, None, &mut gradient);
            let share = q[usize::from(token)];
            value += f64::from(share) * sampled;
            mean.iter_mut().zip(gradient).for_each(|(mean, gradient)| *mean += share * gradient);
        }
        assert!((value - 0.192_042).abs() < 1e-6);
        for (found, expected) in mean.iter().zip([-0.300_663_1, 0.200_442_1, 0.100_221]) {
            assert!((found - expected).abs() < 1e-6);
        }
    }
}

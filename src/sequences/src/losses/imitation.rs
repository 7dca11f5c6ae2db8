//! What a student pays where it says something else than its teacher: the mean over counted tokens.

use serde::{Deserialize, Serialize};

use super::{
    direction::Direction,
    distribution::{Distribution, Distributions},
};

/// How a student's logits are compared with a teacher's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Comparison {
    /// The mean squared difference of logits (Ba & Caruana 2014; Tang et al. 2019, section 3.2).
    LogitMse,
    /// A divergence of the softened distributions.
    Divergence {
        /// The temperature T of both softmaxes.
        temperature: f32,
        /// Whether the loss is multiplied by T² (Hinton et al. 2015, section 2).
        scaled: bool,
        /// In which direction.
        direction: Direction,
        /// How many of the teacher's likeliest outcomes it shows; what is left is one outcome, the tail. All if none.
        top: Option<usize>,
    },
}

/// Room for distributions, kept from step to step.
#[derive(Debug, Clone, Default)]
pub struct ImitationRoom {
    student: Distributions,
    teacher: Distributions,
    order: Vec<usize>,
}

/// The mean over counted rows, and its gradient by the student's logits. Nothing counted has loss 0.
///
/// # Shapes
/// Logits and gradient: `[rows, outputs]`; `counted`: `[rows]`, all if none.
pub fn imitation(
    [student, teacher]: [&[f32]; 2],
    outputs: usize,
    counted: Option<&[bool]>,
    comparison: Comparison,
    room: &mut ImitationRoom,
    gradient: &mut [f32],
) -> f64 {
    gradient.fill(0.0);
    let rows = student.len() / outputs.max(1);
    let is_counted = |row: &usize| counted.is_none_or(|counted| counted[*row]);
    let count = (0..rows).filter(is_counted).count();
    let (temperature, scaled, direction, top) = match comparison {
        Comparison::LogitMse => {
            let each = 1.0 / (count.max(1) * outputs) as f64;
            let mut sum = 0.0;
            for at in (0..rows).filter(is_counted).flat_map(|row| row * outputs..(row + 1) * outputs) {
                let difference = f64::from(student[at] - teacher[at]);
                sum += difference * difference;
                gradient[at] = (2.0 * difference * each) as f32;
            }
            return sum * each;
        }
        Comparison::Divergence { temperature, scaled, direction, top } => (temperature, scaled, direction, top),
    };
    room.student.compute(student, outputs, temperature);
    room.teacher.compute(teacher, outputs, temperature);
    let factor = if scaled { f64::from(temperature).powi(2) } else { 1.0 } / count.max(1) as f64;
    let by_logit = factor / f64::from(temperature);
    let mut sum = 0.0;
    for row in (0..rows).filter(is_counted) {
        let q = room.student.row(row, student, outputs, temperature);
        let p = room.teacher.row(row, teacher, outputs, temperature);
        let gradient = &mut gradient[row * outputs..(row + 1) * outputs];
        sum += match top.filter(|&top| top < outputs) {
            None => whole([&p, &q], direction, by_logit, gradient),
            Some(top) => bucketed([&p, &q], direction, top, &mut room.order, by_logit, gradient),
        };
    }
    sum * factor
}

/// Over all outcomes.
fn whole([p, q]: [&Distribution<'_>; 2], direction: Direction, factor: f64, gradient: &mut [f32]) -> f64 {
    if direction.beta() == 0.0 {
        // The usual case without a slope of each outcome.
        let mut sum = 0.0;
        for (index, (gradient, (&p_share, &q_share))) in
            gradient.iter_mut().zip(p.shares.iter().zip(q.shares)).enumerate()
        {
            sum += f64::from(p_share) * (p.ln(index) - q.ln(index));
            *gradient = (f64::from(q_share - p_share) * factor) as f32;
        }
        return sum;
    }
    let (mut sum, mut mean) = (0.0, 0.0);
    for (index, gradient) in gradient.iter_mut().enumerate() {
        let part = direction.part(p.ln(index), q.ln(index));
        sum += part.value;
        mean += f64::from(q.shares[index]) * part.slope;
        *gradient = part.slope as f32;
    }
    for (gradient, &share) in gradient.iter_mut().zip(q.shares) {
        *gradient = (f64::from(share) * (f64::from(*gradient) - mean) * factor) as f32;
    }
    sum
}

/// Over the teacher's likeliest outcomes, and one that stands for all others.
fn bucketed(
    [p, q]: [&Distribution<'_>; 2],
    direction: Direction,
    top: usize,
    order: &mut Vec<usize>,
    factor: f64,
    gradient: &mut [f32],
) -> f64 {
    order.clear();
    order.extend(0..p.shares.len());
    // Equal shares stand in the vocabulary's order, so that the same are chosen everywhere.
    order.sort_by(|&a, &b| p.shares[b].total_cmp(&p.shares[a]).then(a.cmp(&b)));
    let (shown, tail) = order.split_at(top);
    let rest = |of: &Distribution<'_>| tail.iter().map(|&index| of.ln(index).exp()).sum::<f64>();
    let tail_q = rest(q);
    let tail_part = direction.part(rest(p).ln(), tail_q.ln());
    let mut sum = tail_part.value;
    let mut mean = tail_q * tail_part.slope;
    for &index in shown {
        let part = direction.part(p.ln(index), q.ln(index));
        sum += part.value;
        mean += q.ln(index).exp() * part.slope;
        gradient[index] = part.slope as f32;
    }
    tail.iter().for_each(|&index| gradient[index] = tail_part.slope as f32);
    for (gradient, &share) in gradient.iter_mut().zip(q.shares) {
        *gradient = (f64::from(share) * (f64::from(*gradient) - mean) * factor) as f32;
    }
    sum
}

/// The mean total variation `½ Σ |p − q|` over all rows at temperature 1; what is missing to 1 is the share of a
/// student's drafts that its teacher accepts in speculative decoding (Leviathan et al. 2023, corollary 3.6).
pub fn total_variation([student, teacher]: [&[f32]; 2], outputs: usize, room: &mut ImitationRoom) -> f64 {
    room.student.compute(student, outputs, 1.0);
    room.teacher.compute(teacher, outputs, 1.0);
    let rows = student.len() / outputs.max(1);
    let of_row = |row: usize| {
        let shares = [&room.student, &room.teacher].map(|all| all.row(row, student, outputs, 1.0).shares);
        0.5 * shares[0].iter().zip(shares[1]).map(|(q, p)| f64::from((q - p).abs())).sum::<f64>()
    };
    (0..rows).map(of_row).sum::<f64>() / rows.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::{
        super::direction::{FORWARD, REVERSE},
        *,
    };

    const P: [f32; 3] = [0.7, 0.2, 0.1];
    const Q: [f32; 3] = [0.4, 0.4, 0.2];

    fn of(direction: Direction, top: Option<usize>) -> (f64, [f32; 3]) {
        let [teacher, student] = [P, Q].map(|shares| shares.map(f32::ln));
        let mut gradient = [0.0; 3];
        let comparison = Comparison::Divergence { temperature: 1.0, scaled: true, direction, top };
        let room = &mut ImitationRoom::default();
        (imitation([&student, &teacher], 3, None, comparison, room, &mut gradient), gradient)
    }

    #[test]
    fn values_computed_elsewhere() {
        let (forward, gradient) = of(FORWARD, None);
        assert!((forward - 0.183_786_9).abs() < 1e-6);
        for (found, expected) in gradient.iter().zip([-0.3, 0.2, 0.1]) {
            assert!((found - expected).abs() < 1e-6);
        }
        let (reverse, gradient) = of(REVERSE, None);
        assert!((reverse - 0.192_042).abs() < 1e-6);
        for (found, expected) in gradient.iter().zip([-0.300_663_1, 0.200_442_1, 0.100_221]) {
            assert!((found - expected).abs() < 1e-6);
        }
        // Where the student is half as likely, twice over, in the tail, it costs nothing to take them together.
        for top in [1, 2] {
            assert!((of(FORWARD, Some(top)).0 - 0.183_786_9).abs() < 1e-6);
        }
        let logits = [P, Q].map(|shares| shares.map(f32::ln));
        let room = &mut ImitationRoom::default();
        assert!((total_variation([&logits[1], &logits[0]], 3, room) - 0.3).abs() < 1e-6);
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let student = [0.3, -0.7, 1.1, 0.2, 0.9, 2.0, -1.0, 0.4];
        let teacher = [1.3, -0.2, 0.1, -0.4, 0.5, 0.7, 0.6, -2.0];
        let counted = [true, true];
        let tops = [None, Some(1), Some(2), Some(9)];
        for beta in [0.0, 0.2, 0.5, 0.9, 1.0] {
            for (top, temperature) in tops.into_iter().flat_map(|top| [(top, 1.0), (top, 2.5)]) {
                let direction = Direction::new(beta);
                let how = Comparison::Divergence { temperature, scaled: true, direction, top };
                let room = &mut ImitationRoom::default();
                let mut gradient = [0.0; 8];
                imitation([&student, &teacher], 4, Some(&counted), how, room, &mut gradient);
                for at in 0..8 {
                    let mut moved = |by: f32| {
                        let mut student = student;
                        student[at] += by;
                        imitation([&student, &teacher], 4, None, how, room, &mut [0.0; 8])
                    };
                    let expected = ((moved(0.01) - moved(-0.01)) / 0.02) as f32;
                    assert!((gradient[at] - expected).abs() < 1e-3, "{beta} {top:?}: {} {expected}", gradient[at]);
                }
            }
        }
    }

    #[test]
    fn what_is_not_counted_changes_nothing() {
        let how = Comparison::Divergence { temperature: 1.0, scaled: true, direction: FORWARD, top: None };
        for how in [how, Comparison::LogitMse] {
            let room = &mut ImitationRoom::default();
            let mut gradient = [0.0; 4];
            let given = [&[1.0, 0.0, 9.0, -9.0][..], &[0.0, 0.0, -9.0, 9.0]];
            let loss = imitation(given, 2, Some(&[true, false]), how, room, &mut gradient);
            let alone = imitation([&[1.0, 0.0], &[0.0, 0.0]], 2, None, how, room, &mut [0.0; 2]);
            assert_eq!((loss, &gradient[2..]), (alone, &[0.0, 0.0][..]));
            assert_eq!(imitation(given, 2, Some(&[false, false]), how, room, &mut gradient), 0.0);
        }
    }
}

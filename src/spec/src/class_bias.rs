//! The bias of the classes left out: a student that never saw a class knows more of it than its own, too low bias for
//! that class lets it say (Hinton et al. 2015, section 3).

use serde::{Deserialize, Serialize};

use crate::{
    probability::{argmax, softmax},
    values::Classes,
};

/// Biases among which the one of a class's share is looked for, and how often their distance is halved.
const BIASES: (f64, f64) = (-30.0, 30.0);
const HALVINGS: u32 = 40;

/// Adds `bias` to the logits of the omitted classes.
///
/// # Shapes
/// `logits`: `[examples, classes]`, row by row; the result likewise.
pub fn biased(logits: &[f32], classes: usize, omit: &Classes, bias: f64) -> Vec<f32> {
    let mut moved = logits.to_vec();
    for row in moved.chunks_exact_mut(classes.max(1)) {
        for class in omit.iter() {
            if let Some(logit) = row.get_mut(usize::from(class)) {
                *logit += bias as f32;
            }
        }
    }
    moved
}

/// Shares of examples that are right, 0 to 1; NaN where there are no such examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The share of all examples.
    pub overall: f64,
    /// The share of the examples of the omitted classes.
    pub omitted: f64,
}

impl Accuracy {
    /// Counts what is right.
    ///
    /// # Shapes
    /// `logits`: `[examples, classes]`, row by row; `labels`: `[examples]`.
    pub fn of(logits: &[f32], labels: &[u8], classes: usize, omit: &Classes) -> Self {
        let answers: Vec<u8> = logits.chunks_exact(classes.max(1)).map(|row| argmax(row).unwrap_or(0) as u8).collect();
        let share = |counts: &dyn Fn(u8) -> bool| {
            let chosen: Vec<bool> = answers
                .iter()
                .zip(labels)
                .filter(|(_, label)| counts(**label))
                .map(|(answer, label)| answer == label)
                .collect();
            chosen.iter().filter(|right| **right).count() as f64 / chosen.len() as f64
        };
        Self { overall: share(&|_| true), omitted: share(&|label| omit.contains(label)) }
    }
}

/// What a student says once its omitted classes have the bias that needs no label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The bias, as [`prior_bias`] finds it.
    pub bias: f64,
    /// What is right without it.
    pub before: Accuracy,
    /// What is right with it.
    pub after: Accuracy,
}

impl Corrected {
    /// Finds the bias and counts what is right with it.
    ///
    /// # Shapes
    /// `logits`: `[examples, classes]`, row by row; `labels`: `[examples]`.
    pub fn of(logits: &[f32], labels: &[u8], classes: usize, omit: &Classes) -> Self {
        let bias = prior_bias(logits, classes, omit);
        let of = |logits: &[f32]| Accuracy::of(logits, labels, classes, omit);
        Self { bias, before: of(logits), after: of(&biased(logits, classes, omit, bias)) }
    }
}

/// The bias of the omitted classes at which their mean probability is their share of all classes, as it is in balanced
/// data. It needs no label: Hinton et al. 2015, section 3, chose theirs by the test set.
///
/// # Shapes
/// `logits`: `[examples, classes]`, row by row.
pub fn prior_bias(logits: &[f32], classes: usize, omit: &Classes) -> f64 {
    let omitted: Vec<usize> = omit.iter().map(usize::from).filter(|class| *class < classes).collect();
    let rows = logits.chunks_exact(classes.max(1)).map(|row| {
        let probabilities = softmax(row, 1.0);
        omitted.iter().map(|class| probabilities[*class]).sum::<f64>()
    });
    let shares: Vec<f64> = rows.collect();
    if shares.is_empty() || omitted.is_empty() || omitted.len() == classes {
        return 0.0;
    }
    let wanted = omitted.len() as f64 / classes as f64;
    // A bias multiplies the odds of the omitted classes together, so their share rises with it.
    let mean = |bias: f64| {
        let moved = shares.iter().map(|share| share * bias.exp() / (share * bias.exp() + 1.0 - share));
        moved.sum::<f64>() / shares.len() as f64
    };
    let (mut least, mut most) = BIASES;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (least + most);
        if mean(middle) < wanted { least = middle } else { most = middle }
    }
    0.5 * (least + most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels 0, 2, 2; the last class is just below the winner where it should win.
    const LOGITS: [f32; 9] = [5.0, 0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 4.0, 1.0];
    const LABELS: [u8; 3] = [0, 2, 2];

    #[test]
    fn only_the_omitted_classes_move() {
        let moved = biased(&LOGITS, 3, &Classes::new([2]), 1.5);
        assert_eq!(moved, [5.0, 0.0, 2.5, 2.0, 0.0, 2.5, 0.0, 4.0, 2.5]);
        assert_eq!(biased(&LOGITS, 3, &Classes::new([0, 1, 2]), 0.0), LOGITS);
        assert_eq!(biased(&LOGITS, 3, &Classes::new([7]), 9.0), LOGITS, "no such class");
    }

    #[test]
    fn a_bias_brings_the_omitted_class_back_and_too_much_drowns_the_others() {
        let omit = Classes::new([2]);
        let at = |bias: f64| Accuracy::of(&biased(&LOGITS, 3, &omit, bias), &LABELS, 3, &omit);
        assert_eq!(at(0.0), Accuracy { overall: 1.0 / 3.0, omitted: 0.0 });
        assert_eq!(at(1.5), Accuracy { overall: 2.0 / 3.0, omitted: 0.5 });
        assert_eq!(at(3.5), Accuracy { overall: 1.0, omitted: 1.0 });
        assert_eq!(at(10.0), Accuracy { overall: 2.0 / 3.0, omitted: 1.0 });
    }

    #[test]
    fn what_has_no_examples_has_no_accuracy() {
        let accuracy = Accuracy::of(&LOGITS, &LABELS, 3, &Classes::new([1]));
        assert!(accuracy.omitted.is_nan() && accuracy.overall > 0.0);
    }

    #[test]
    fn the_bias_of_a_share_by_hand() {
        // Odds of e⁻² become even, which is the share of one class of two.
        assert!((prior_bias(&[0.0, -2.0], 2, &Classes::new([1])) - 2.0).abs() < 1e-6);
        // Two of three classes with odds of 1 to 1 together are to have 2 to 1.
        let logits = [0.0, -std::f32::consts::LN_2, -std::f32::consts::LN_2];
        assert!((prior_bias(&logits, 3, &Classes::new([1, 2])) - 2.0_f64.ln()).abs() < 1e-6);
        for omit in [Classes::new([]), Classes::new([0, 1, 2]), Classes::new([9])] {
            assert_eq!(prior_bias(&logits, 3, &omit), 0.0, "{omit}");
        }
    }

    #[test]
    fn a_class_that_was_never_said_is_said_as_often_as_it_occurs() {
        let omit = Classes::new([2]);
        let Corrected { bias, before, after } = Corrected::of(&LOGITS, &LABELS, 3, &omit);
        let moved = biased(&LOGITS, 3, &omit, bias);
        let mean = moved.chunks_exact(3).map(|row| softmax(row, 1.0)[2]).sum::<f64>() / 3.0;
        assert!((mean - 1.0 / 3.0).abs() < 1e-6, "{mean}");
        assert_eq!(before.omitted, 0.0);
        assert!(after.omitted > 0.0 && after.overall > before.overall, "{after:?}");
    }
}

//! The bias of the classes left out: a student that never saw a class knows more of it than its own, too low bias for
//! that class lets it say (Hinton et al. 2015, section 3).

use retort_spec::Classes;

use crate::state::predictions::answers;

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
#[derive(Debug, Clone, Copy, PartialEq)]
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
        let answers = answers(logits, classes);
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
}

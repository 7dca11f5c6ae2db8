//! Objectives: a loss between what the student says and what it should say. One a file, and a line in [`OBJECTIVES`].

mod cross_entropy;
mod soft_targets;

use burn::tensor::Tensor;

pub use cross_entropy::cross_entropy;
pub use soft_targets::soft_targets;

use crate::nets::Trace;

/// What an objective may look at.
pub struct Views<'a> {
    /// The student's forward pass, tracked for gradients.
    pub student: &'a Trace,
    /// The teacher's forward pass on the same examples, untracked.
    pub teacher: Option<&'a Trace>,
    /// `[batch, classes]`: one-hot labels.
    pub targets: Option<Tensor<2>>,
}

/// Numbers that shape an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The temperature of soft targets.
    pub temperature: f64,
    /// Whether a loss at temperature T is multiplied by T².
    pub scale_by_t2: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { temperature: 1.0, scale_by_t2: true }
    }
}

/// A named objective.
pub struct Objective {
    /// Its id in vector files, menus and permalinks.
    pub id: &'static str,
    /// Its loss, `[1]`; `None` where what it looks at is not there.
    pub loss: fn(&Views<'_>, &Settings) -> Option<Tensor<1>>,
}

/// Every objective.
pub const OBJECTIVES: &[Objective] = &[
    Objective { id: "cross-entropy", loss: |views, _| Some(cross_entropy(views.student, views.targets.clone()?)) },
    Objective { id: "soft-targets", loss: |views, settings| Some(soft_targets(views.student, views.teacher?, settings)) },
];

/// The objective of this id.
pub fn objective(id: &str) -> Option<&'static Objective> {
    OBJECTIVES.iter().find(|objective| objective.id == id)
}

#[cfg(test)]
pub(crate) mod check {
    //! Finite differences for any objective.

    use super::*;
    use burn::tensor::{Device, TensorData};
    use pollster::block_on;
    use rand::RngExt;

    /// Random logits of a few shapes, a batch of one among them: the objective's gradient against central differences.
    pub fn gradient(id: &str, settings: &Settings) {
        let mut generator = crate::random::stream(5, "finite differences");
        for [rows, classes] in [[1, 2], [3, 4], [5, 10]] {
            let mut draw = || (0..rows * classes).map(|_| generator.random_range(-2.0..2.0_f32)).collect::<Vec<f32>>();
            let (student, teacher) = (draw(), draw());
            let analytic = crate::verify::loss_and_gradient(id, settings, [rows, classes], &student, Some(&teacher), &labels(rows, classes), &Device::flex());
            let (_, gradient) = block_on(analytic).unwrap().unwrap();
            for index in 0..student.len() {
                /// Small enough for the curvature, large enough for single precision.
                const STEP: f32 = 1e-2;
                let at = |shift: f32| {
                    let mut moved = student.clone();
                    moved[index] += shift;
                    let result = crate::verify::loss_and_gradient(id, settings, [rows, classes], &moved, Some(&teacher), &labels(rows, classes), &Device::flex());
                    block_on(result).unwrap().unwrap().0
                };
                let numeric = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
                let largest = gradient.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
                let error = (numeric - f64::from(gradient[index])).abs();
                assert!(error < 5e-3 * f64::from(largest) + 2e-4, "{id} [{rows},{classes}] {index}: {numeric} is not {}", gradient[index]);
            }
        }
    }

    fn labels(rows: usize, classes: usize) -> Vec<u8> {
        (0..rows).map(|row| ((row * 7 + 1) % classes) as u8).collect()
    }

    /// A trace of constant logits.
    pub fn trace(logits: &[f32], classes: usize) -> Trace {
        let shape = [logits.len() / classes, classes];
        Trace { logits: Tensor::from_data(TensorData::new(logits.to_vec(), shape), &Device::flex()) }
    }
}

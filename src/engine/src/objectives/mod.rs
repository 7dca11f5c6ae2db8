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
    Objective {
        id: "soft-targets",
        loss: |views, settings| Some(soft_targets(views.student, views.teacher?, settings)),
    },
];

/// The objective of this id.
pub fn objective(id: &str) -> Option<&'static Objective> {
    OBJECTIVES.iter().find(|objective| objective.id == id)
}

#[cfg(test)]
pub(crate) mod check {
    //! Finite differences for any objective.

    use burn::tensor::{Device, TensorData};
    use pollster::block_on;
    use rand::RngExt;

    use super::*;
    use crate::{random, verify};

    /// An objective's loss and gradient on the CPU, with made-up labels.
    pub fn evaluate(
        id: &str,
        settings: &Settings,
        classes: usize,
        student: &[f32],
        teacher: &[f32],
    ) -> (f64, Vec<f32>) {
        let shape = [student.len() / classes, classes];
        let labels: Vec<u8> = (0..shape[0]).map(|row| ((row * 7 + 1) % classes) as u8).collect();
        let device = Device::flex();
        let result = verify::loss_and_gradient(id, settings, shape, student, Some(teacher), &labels, &device);
        block_on(result).unwrap().unwrap()
    }

    /// Random logits of a few shapes, a batch of one among them: the objective's gradient against central differences.
    pub fn gradient(id: &str, settings: &Settings) {
        /// Small enough for the curvature, large enough for single precision.
        const STEP: f32 = 1e-2;
        let mut generator = random::stream(5, "finite differences");
        for [rows, classes] in [[1, 2], [3, 4], [5, 10]] {
            let mut draw = || (0..rows * classes).map(|_| generator.random_range(-2.0..2.0_f32)).collect::<Vec<f32>>();
            let (student, teacher) = (draw(), draw());
            let (_, gradient) = evaluate(id, settings, classes, &student, &teacher);
            let largest = gradient.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
            for (index, &analytic) in gradient.iter().enumerate() {
                let at = |shift: f32| {
                    let mut moved = student.clone();
                    moved[index] += shift;
                    evaluate(id, settings, classes, &moved, &teacher).0
                };
                let numeric = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
                let error = (numeric - f64::from(analytic)).abs();
                let allowed = 5e-3 * f64::from(largest) + 2e-4;
                assert!(error < allowed, "{id} [{rows},{classes}] {index}: {numeric} is not {analytic}");
            }
        }
    }

    /// A trace of constant logits.
    pub fn trace(logits: &[f32], classes: usize) -> Trace {
        let shape = [logits.len() / classes, classes];
        Trace { logits: Tensor::from_data(TensorData::new(logits.to_vec(), shape), &Device::flex()) }
    }
}

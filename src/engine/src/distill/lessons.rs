//! Losses of networks whose classes arrive in two steps.

use burn::tensor::Tensor;
use retort_spec::{Channel, Heads, LabelAccess, Supervision};

use super::examples::old_classes;
use crate::{
    nets::Trace,
    objectives::{
        Settings, cross_entropy,
        lifelong::{each_class, old_answers, old_answers_by_class, second_task, within_task},
    },
    train::device_dataset::DeviceDataset,
};

/// How a network learns classes that arrive in two steps.
#[derive(Clone)]
pub struct Tasks {
    heads: Heads,
    /// How many classes came first.
    old: usize,
    /// Whether its old self says what they are.
    is_taught: bool,
    /// `[1, classes]`: 1 for the classes that came second.
    second: Tensor<2>,
}

impl Tasks {
    /// `None` for a network whose classes are all there at once.
    pub fn of(data: &DeviceDataset, supervision: &Supervision) -> Option<Self> {
        let LabelAccess::Task { heads, .. } = supervision.labels else { return None };
        let classes = data.dataset.classes;
        let old = old_classes(classes);
        let second = second_task(old, classes, &data.device).autodiff();
        Some(Self { heads, old, is_taught: supervision.channel == Channel::Old, second })
    }

    /// What the labels ask, `weight` times.
    pub fn by_labels(&self, trace: &Trace, targets: Tensor<2>, weight: f64) -> Tensor<1> {
        let [_, classes] = targets.dims();
        match self.heads {
            Heads::Apart => within_task(trace, targets, &self.second, weight),
            Heads::One => cross_entropy(trace, targets, weight),
            Heads::Sigmoid => {
                // The old network speaks for the old classes, where it is asked.
                let from = if self.is_taught { self.old } else { 0 };
                let rest = |all: Tensor<2>| all.narrow(1, from, classes - from);
                each_class(rest(trace.logits.clone()), rest(targets)) * weight
            }
        }
    }

    /// What the old network asks, `weight` times.
    pub fn by_old_answers(&self, student: &Trace, before: &Trace, settings: &Settings, weight: f64) -> Tensor<1> {
        match self.heads {
            Heads::Apart | Heads::One => old_answers(student, before, self.old, settings, weight),
            Heads::Sigmoid => old_answers_by_class(student, before, self.old) * weight,
        }
    }
}

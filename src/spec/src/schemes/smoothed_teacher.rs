//! A teacher that learned from smoothed labels, beside one that learned from hard ones: the better teacher teaches
//! worse, since smoothing erases what it knows of the classes' likeness.

use super::{
    Builder, SchemeEntry,
    builder::{only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
    values::{Architecture, Classes, Labels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.teacher_smoothing = 0.1;
        if experiment.class_count() > 4 {
            experiment.omitted_classes = Classes::new([3]);
            experiment.student = Architecture::mlp([64]);
            experiment.labels = Labels::All;
            experiment.temperature = 20.0;
            experiment.soft_weight = 1.0;
        }
    },
    knobs: super::TEACHER_KNOBS,
    members: (1, 1),
};

/// Equal budget: the control is the student's equal in all but its teacher, which has the same start, batches and steps
/// as the other.
fn plan(experiment: &Experiment) -> Plan {
    let other = NetworkId::new(Role::Teacher, 1);
    let lesson = teaching(other, LabelAccess::Some(experiment.teacher_labels));
    let lesson = Supervision { batches: NetworkId::TEACHER.to_string(), ..lesson };
    Builder::new()
        .teacher(experiment)
        .drawn(other, &experiment.teacher, "teacher")
        .phase(experiment.teacher_epochs, vec![lesson])
        .students(experiment, Contrast::HardLabels, [only(other), only(NetworkId::TEACHER)])
        .build()
}

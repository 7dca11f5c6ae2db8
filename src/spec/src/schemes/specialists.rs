//! A generalist that knows all classes, and specialists that each tell a few classes apart and call all others one: the
//! student learns the distribution that is nearest to all of them (Hinton et al. 2015, section 5.4).

use super::{
    Builder, SchemeEntry,
    builder::{equally, first, only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan},
    values::Labels,
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.members = 5.min(experiment.class_count() as u32);
        if experiment.class_count() > 4 {
            experiment.teacher_labels = Labels::Count(400);
        }
        experiment.labels = Labels::Count(0);
        experiment.soft_weight = 1.0;
        experiment.temperature = 1.0;
    },
    knobs: &["student", "members", "teacher", "teacher-epochs", "teacher-labels", "dropout"],
    members: (1, 9),
};

/// Equal budget: the control is taught by the generalist alone, from the same start, for as many steps.
fn plan(experiment: &Experiment) -> Plan {
    let teachers = first(Role::Teacher, experiment.members + 1);
    let labels = experiment.teacher_labels;
    let labels = |index: usize| match index {
        0 => LabelAccess::Some(labels),
        _ => LabelAccess::Special { labels, index: index as u8 - 1, of: experiment.members as u8 },
    };
    let lessons = teachers.iter().enumerate().map(|(index, &id)| teaching(id, labels(index))).collect();
    let mut builder = Builder::new();
    for &teacher in &teachers {
        builder = builder.drawn(teacher, &experiment.teacher, &teacher.to_string());
    }
    builder
        .phase(experiment.teacher_epochs, lessons)
        .students(experiment, Contrast::OneTeacher, [only(NetworkId::TEACHER), equally(teachers)])
        .build()
}

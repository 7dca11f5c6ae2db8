//! Several teachers, whose mean answer the student learns: each may know what the others do not.

use super::{
    Builder, SchemeEntry,
    builder::{equally, first, member_labels, only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
    values::{Labels, MemberLabels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.members = 5;
        experiment.member_labels = if experiment.class_count() > 4 { MemberLabels::Blind } else { MemberLabels::Apart };
        experiment.teacher_labels = if experiment.class_count() > 4 { Labels::Count(400) } else { experiment.labels };
        experiment.labels = Labels::Count(0);
        experiment.soft_weight = 1.0;
    },
    knobs: &[
        "student",
        "members",
        "member-labels",
        "mix",
        "teacher",
        "teacher-epochs",
        "teacher-labels",
        "teacher-smoothing",
        "dropout",
    ],
    members: (2, 10),
};

/// Equal budget: the control is taught by the first teacher alone, from the same start, for as many steps.
fn plan(experiment: &Experiment) -> Plan {
    let teachers = first(Role::Teacher, experiment.members);
    let labels = experiment.teacher_labels;
    let labels = |index: usize| member_labels(experiment, labels, index, LabelAccess::Some(labels));
    let lessons = teachers
        .iter()
        .enumerate()
        .map(|(index, &id)| Supervision { smoothing: experiment.teacher_smoothing, ..teaching(id, labels(index)) });
    let mut builder = Builder::new();
    for &teacher in &teachers {
        builder = builder.drawn(teacher, &experiment.teacher, &teacher.to_string());
    }
    builder
        .phase(experiment.teacher_epochs, lessons.collect())
        .ensemble(&experiment.teacher, teachers.clone())
        .students(experiment, Contrast::OneTeacher, [only(NetworkId::TEACHER), equally(teachers)])
        .build()
}

//! A data set distilled into a handful of pictures: by them a network's weights move as by real examples.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Channel, Contrast, LabelAccess, Plan, Shown, Supervision},
    values::Labels,
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.teacher_epochs = experiment.student_epochs;
        // The pictures are learned from all examples.
        experiment.labels = Labels::All;
    },
    knobs: &["student", "pictures", "teacher-epochs"],
    members: (1, 1),
};

/// Equal budget: all students start from the same weights and learn as many pictures for as many steps. The control's
/// are real examples, chosen at random; another student's are the means of classes. What it costs to distil the
/// pictures comes besides.
fn plan(experiment: &Experiment) -> Plan {
    const MEANS: NetworkId = NetworkId::new(Role::Student, 1);
    let matched = NetworkId::TEACHER;
    let count = Labels::Count(experiment.pictures * experiment.class_count() as u32);
    let lesson = |id| learning(id, LabelAccess::Some(count));
    let learned = Supervision {
        teachers: only(matched),
        channel: Channel::Pictures,
        shown: Shown::Distilled,
        ..lesson(NetworkId::STUDENT)
    };
    let means = Supervision { shown: Shown::Means, ..lesson(MEANS) };
    let matching =
        Supervision { shown: Shown::Matching, as_teacher: false, ..teaching(matched, LabelAccess::Some(Labels::All)) };
    [NetworkId::BASELINE, MEANS, NetworkId::STUDENT]
        .into_iter()
        .fold(Builder::new().drawn(matched, &experiment.student, "matched"), |plan, id| {
            plan.drawn(id, &experiment.student, STUDENT)
        })
        .phase(experiment.teacher_epochs, vec![matching])
        .phase(experiment.student_epochs, vec![lesson(NetworkId::BASELINE), means, learned])
        .contrast(Contrast::RealExamples)
        .build()
}

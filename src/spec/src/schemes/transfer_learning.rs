//! A network that learned another data set hands its weights on: to be trained on with few labels, or kept but for the
//! last layer. Or it only answers, as a teacher does.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Origin, Plan, Supervision},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |_| (),
    knobs: &["student", "teacher-epochs", "teacher-labels", "dropout"],
    members: (1, 1),
};

/// Equal budget: the control starts from random weights and sees the same labels and batches for as many steps. Extra
/// cost: the training on the other data set.
fn plan(experiment: &Experiment) -> Plan {
    let source = NetworkId::TEACHER;
    let [tuned, frozen, taught] = [0, 1, 2].map(|index| NetworkId::new(Role::Student, index));
    let lesson = |id| learning(id, LabelAccess::Revealed);
    let lessons = vec![
        lesson(NetworkId::BASELINE),
        lesson(tuned),
        Supervision { frozen: true, ..lesson(frozen) },
        Supervision { teachers: only(source), ..lesson(taught) },
    ];
    Builder::new()
        .drawn(source, &experiment.student, "source")
        .phase(experiment.teacher_epochs, vec![teaching(source, LabelAccess::Elsewhere(experiment.teacher_labels))])
        .drawn(NetworkId::BASELINE, &experiment.student, STUDENT)
        .network(tuned, &experiment.student, Origin::Copy(source))
        .network(frozen, &experiment.student, Origin::Copy(source))
        .drawn(taught, &experiment.student, STUDENT)
        .phase(experiment.student_epochs, lessons)
        .contrast(Contrast::FreshStart)
        .build()
}

//! Classes arrive in two steps: a network that knows the first half learns the second, and its old self teaches it what
//! it knew (learning without forgetting).

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::NetworkId,
    plan::{Channel, Contrast, LabelAccess, Origin, Plan, Supervision},
    values::{Architecture, Labels, OnOff, Transfer},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.student = Architecture::mlp([64]);
        experiment.teacher_epochs = experiment.student_epochs / 2;
        experiment.student_epochs /= 2;
        experiment.labels = Labels::All;
        // λ = 1 and no T², as in the authors' code.
        experiment.soft_weight = 0.5;
        experiment.scale_by_t2 = OnOff::Off;
        // The old network is asked about the new examples alone.
        experiment.transfer = Transfer::Labelled;
    },
    knobs: &["student", "heads", "kept", "teacher-epochs"],
    members: (1, 1),
};

/// Equal budget: the control starts from the same old network and sees the same batches for as many steps; its old self
/// does not teach it.
fn plan(experiment: &Experiment) -> Plan {
    let &Experiment { labels, heads, kept, .. } = experiment;
    let task = |index: u8, kept: u32| LabelAccess::Task { labels, index, kept, heads };
    let old = NetworkId::TEACHER;
    let before = Supervision { batches: old.to_string(), ..learning(old, task(0, 0)) };
    let control = learning(NetworkId::BASELINE, task(1, kept));
    let student =
        Supervision { teachers: only(old), channel: Channel::Old, ..learning(NetworkId::STUDENT, control.labels) };
    Builder::new()
        .drawn(old, &experiment.student, STUDENT)
        .phase(experiment.teacher_epochs, vec![before])
        .network(NetworkId::BASELINE, &experiment.student, Origin::Copy(old))
        .network(NetworkId::STUDENT, &experiment.student, Origin::Copy(old))
        .phase(experiment.student_epochs, vec![control, student])
        .contrast(Contrast::FineTuned)
        .build()
}

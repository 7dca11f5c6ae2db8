//! A student that learns only outputs that mean nothing, on noise, and yet learns the classes, if it starts from its
//! teacher's first weights.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::NetworkId,
    plan::{Channel, Contrast, LabelAccess, Plan, Supervision},
    values::{Labels, Transfer},
};

/// Outputs that mean nothing.
const EXTRA: u32 = 10;

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.transfer = Transfer::Noise;
        experiment.labels = Labels::Count(0);
        experiment.soft_weight = 1.0;
        experiment.dropout = 0.0;
        experiment.learning_rate = 0.001;
        experiment.student_epochs = 50;
    },
    knobs: &["same-start", "teacher", "teacher-epochs", "teacher-labels", "dropout"],
    members: (1, 1),
};

/// Equal budget: the control is taught the same by the same teacher for as many steps, and starts from other weights.
fn plan(experiment: &Experiment) -> Plan {
    let (same, contrast) = match experiment.same_start.is_on() {
        true => ("teacher", Contrast::OtherStart),
        // Then both are strangers, and nothing should differ but chance.
        false => ("stranger", Contrast::OtherStart),
    };
    let lesson = |id| Supervision {
        teachers: only(NetworkId::TEACHER),
        channel: Channel::Extra,
        ..learning(id, LabelAccess::Revealed)
    };
    let mut plan = Builder::new()
        .teacher(experiment)
        .drawn(NetworkId::BASELINE, &experiment.teacher, STUDENT)
        .drawn(NetworkId::STUDENT, &experiment.teacher, same)
        .phase(experiment.student_epochs, vec![lesson(NetworkId::BASELINE), lesson(NetworkId::STUDENT)])
        .contrast(contrast)
        .build();
    plan.networks.iter_mut().for_each(|network| network.extra_outputs = EXTRA);
    plan
}

//! A network with exits behind its stages, whose last one teaches the others: a network is its own teacher.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning},
};
use crate::{
    experiment::Experiment,
    network_id::NetworkId,
    plan::{Contrast, Exits, LabelAccess, Plan, Supervision},
    values::{Architecture, Labels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        // Exits of one stage are none.
        experiment.student = Architecture::mlp([24, 24, 24]);
        experiment.labels = Labels::Count(200);
        experiment.temperature = 3.0;
        experiment.soft_weight = 0.1;
    },
    knobs: &["student"],
    members: (1, 1),
};

/// Equal budget: the control has the same exits, starts from the same weights, and sees the same batches for as many
/// steps; all its exits learn from labels alone (deep supervision).
fn plan(experiment: &Experiment) -> Plan {
    let networks = [(NetworkId::BASELINE, Exits::Labels), (NetworkId::STUDENT, Exits::Last)];
    let lessons = networks.map(|(id, exits)| Supervision { exits, ..learning(id, LabelAccess::Revealed) });
    Builder::new()
        .drawn(NetworkId::BASELINE, &experiment.student, STUDENT)
        .drawn(NetworkId::STUDENT, &experiment.student, STUDENT)
        .phase(experiment.student_epochs, lessons.into())
        .contrast(Contrast::DeepSupervision)
        .build()
}

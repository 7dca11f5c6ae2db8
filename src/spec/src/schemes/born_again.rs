//! Generations of the same network, each taught by the one before it.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.members = 3;
        experiment.temperature = 1.0;
    },
    knobs: &["student", "members"],
    members: (1, 5),
};

/// Equal budget: the control is a network of the last generation's start that learns from labels alone, for as many
/// steps. The generations before are what the scheme costs beside it.
fn plan(experiment: &Experiment) -> Plan {
    let last = experiment.members;
    let generation = |index: u32| match index {
        0 => NetworkId::TEACHER,
        _ if index == last => NetworkId::STUDENT,
        _ => NetworkId::new(Role::Assistant, index as u8 - 1),
    };
    let mut builder = Builder::new();
    for index in 0..last {
        let id = generation(index);
        let teachers = if index == 0 { Vec::new() } else { only(generation(index - 1)) };
        let lesson = Supervision { teachers, ..learning(id, LabelAccess::Revealed) };
        builder = builder
            .drawn(id, &experiment.student, &format!("{STUDENT} of generation {index}"))
            .phase(experiment.student_epochs, vec![lesson]);
    }
    builder
        .students(experiment, Contrast::Alone, [Vec::new(), only(generation(last - 1))])
        .ensemble(&experiment.student, (0..=last).map(generation).collect())
        .build()
}

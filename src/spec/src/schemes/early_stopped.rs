//! A teacher that was trained for a short time, beside one that was trained for long: the surer teacher teaches less
//! where the student sees few inputs.

use super::{
    Builder, SchemeEntry,
    builder::{only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
    values::Transfer,
};

/// How much longer the other teacher is trained than the data set's usual one.
const LONGER: u32 = 4;

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.teacher_epochs = 3;
        experiment.dropout = 0.0;
        experiment.transfer = Transfer::Labelled;
    },
    knobs: super::TEACHER_KNOBS,
    members: (1, 1),
};

/// Equal budget: the control is the student's equal in all but its teacher, which was trained for longer.
fn plan(experiment: &Experiment) -> Plan {
    let other = NetworkId::new(Role::Teacher, 1);
    let lesson = teaching(other, LabelAccess::Some(experiment.teacher_labels));
    // The same start and the same batches, for longer.
    let lesson =
        Supervision { smoothing: experiment.teacher_smoothing, batches: NetworkId::TEACHER.to_string(), ..lesson };
    let usual = Experiment::for_data(experiment.data).teacher_epochs;
    let epochs = LONGER * usual.max(experiment.teacher_epochs.div_ceil(LONGER));
    Builder::new()
        .teacher(experiment)
        .drawn(other, &experiment.teacher, "teacher")
        .phase(epochs, vec![lesson])
        .students(experiment, Contrast::LongTrained, [only(other), only(NetworkId::TEACHER)])
        .build()
}

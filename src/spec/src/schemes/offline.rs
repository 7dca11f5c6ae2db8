//! A finished teacher, and a student that learns from its soft targets beside a control that does not.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, only},
};
use crate::{
    experiment::Experiment,
    network_id::NetworkId,
    plan::{Contrast, Origin, Plan},
};

pub const SCHEME: SchemeEntry = SchemeEntry { plan, defaults: |_| (), knobs: KNOBS, members: (1, 1) };

const KNOBS: &[&str] =
    &["student", "near", "teacher", "teacher-epochs", "teacher-labels", "teacher-smoothing", "dropout"];

/// Equal budget: the control starts from the student's weights and sees the same labelled batches for as many steps.
/// Where both begin near the teacher, the control does too.
pub fn plan(experiment: &Experiment) -> Plan {
    let teachers = [Vec::new(), only(NetworkId::TEACHER)];
    let mut plan = Builder::new().teacher(experiment).students(experiment, Contrast::Alone, teachers).build();
    if experiment.near > 0.0 && experiment.applies("near") {
        let (network, share) = (NetworkId::TEACHER, experiment.near);
        for planned in plan.networks.iter_mut().filter(|planned| planned.id != network) {
            planned.origin = Origin::Near { network, share, stream: STUDENT.to_owned() };
        }
    }
    plan
}

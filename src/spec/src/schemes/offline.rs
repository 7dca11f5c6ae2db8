//! A finished teacher, and a student that learns from its soft targets beside a control that does not.

use super::{Builder, SchemeEntry, TEACHER_KNOBS, builder::only};
use crate::{
    experiment::Experiment,
    network_id::NetworkId,
    plan::{Contrast, Plan},
};

pub const SCHEME: SchemeEntry = SchemeEntry { plan, defaults: |_| (), knobs: TEACHER_KNOBS, members: (1, 1) };

/// Equal budget: the control starts from the student's weights and sees the same labelled batches for as many steps.
pub fn plan(experiment: &Experiment) -> Plan {
    let teachers = [Vec::new(), only(NetworkId::TEACHER)];
    Builder::new().teacher(experiment).students(experiment, Contrast::Alone, teachers).build()
}

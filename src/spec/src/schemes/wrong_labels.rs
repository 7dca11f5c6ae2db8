//! A share of the labels is wrong, for teacher and students alike: soft targets as the cure.

use super::{SchemeEntry, TEACHER_KNOBS, offline::plan};
use crate::values::{Architecture, Labels};

/// Equal budget as in `offline`: the control learns the wrong labels alone.
pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.wrong = 0.4;
        experiment.labels = Labels::All;
        experiment.student = Architecture::mlp([64]);
        experiment.teacher_epochs = 3;
        experiment.soft_weight = 0.5;
    },
    knobs: TEACHER_KNOBS,
    members: (1, 1),
};

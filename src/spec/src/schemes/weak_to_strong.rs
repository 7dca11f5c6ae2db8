//! A small teacher of few labels, and a large student that sees only what the teacher says.

use std::mem;

use super::{SchemeEntry, TEACHER_KNOBS, offline::plan};

/// Equal budget as in `offline`: the control is as large as the student and learns from the teacher's own labels.
pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        mem::swap(&mut experiment.teacher, &mut experiment.student);
        experiment.teacher_labels = experiment.labels;
        experiment.dropout = 0.0;
        experiment.soft_weight = 1.0;
        experiment.temperature = 1.0;
    },
    knobs: TEACHER_KNOBS,
    members: (1, 1),
};

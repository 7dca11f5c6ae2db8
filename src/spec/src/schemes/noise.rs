//! A student that sees no example of the data set, only what the teacher says of noise.

use super::{SchemeEntry, TEACHER_KNOBS, offline::plan};
use crate::values::{Labels, Transfer};

/// Equal budget as in `offline`, with few labels: those are all that the control sees.
pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.transfer = Transfer::Sparse;
        experiment.soft_weight = 1.0;
        experiment.labels = Labels::Count(20);
    },
    knobs: TEACHER_KNOBS,
    members: (1, 1),
};

//! A finished teacher, and a student whose answers a discriminator should not tell from the teacher's.

use super::{SchemeEntry, TEACHER_KNOBS, offline::plan};
use crate::objectives::Objective;

/// Equal budget as in `offline`: the control sees the same labelled batches for as many steps, and no discriminator.
pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.soft_weight = 0.0;
        experiment.weights.set(Objective::Adversarial, Objective::Adversarial.info().weight);
    },
    knobs: TEACHER_KNOBS,
    members: (1, 1),
};

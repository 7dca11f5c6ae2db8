//! Peers with labels of their own that learn each other's answers on all inputs.

use super::{SchemeEntry, mutual};
use crate::values::MemberLabels;

/// Equal budget as in `mutual`: the control sees the first peer's labels alone.
pub const SCHEME: SchemeEntry = SchemeEntry {
    plan: mutual::plan,
    defaults: |experiment| {
        let labels = experiment.labels;
        (mutual::SCHEME.defaults)(experiment);
        experiment.labels = labels;
        experiment.members = 5;
        experiment.member_labels = MemberLabels::Apart;
    },
    knobs: mutual::SCHEME.knobs,
    members: mutual::SCHEME.members,
};

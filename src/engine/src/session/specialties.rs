//! Specialists of a plan.

use retort_spec::{LabelAccess, NetworkId};

use super::job::Job;
use crate::distill::examples::specialty;

impl Job {
    /// The plan's specialists, each with the classes that it tells apart.
    pub fn specialties(&self) -> Vec<(NetworkId, Vec<u8>)> {
        let learners = self.plan.phases.iter().flat_map(|phase| &phase.learners);
        let classes = self.data.dataset.classes;
        let special = learners.filter_map(|supervision| match supervision.labels {
            LabelAccess::Special { index, of, .. } => Some((supervision.learner, specialty(index, of, classes))),
            _ => None,
        });
        special.collect()
    }
}

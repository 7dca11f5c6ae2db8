//! Peers that learn the same labels and each other's answers.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, equally, first, learning, member_labels},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
    values::{Labels, MemberLabels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.members = 2;
        experiment.labels = Labels::Count(200);
        experiment.temperature = 1.0;
        experiment.soft_weight = 0.5;
    },
    knobs: &["student", "members", "member-labels", "mix", "stale"],
    members: (2, 8),
};

/// The mean over peers (Zhang et al. 2018, eq. 8): each imitates the mean of the others.
///
/// Equal budget: the control starts from the first peer's weights and sees its labelled batches for as many steps. The
/// other peers are what the scheme costs beside it.
pub fn plan(experiment: &Experiment) -> Plan {
    let peers = first(Role::Student, experiment.members);
    let name = |index: usize| if index == 0 { STUDENT.to_owned() } else { peers[index].to_string() };
    let labels = |index: usize| member_labels(experiment, experiment.labels, index, LabelAccess::Revealed);
    let lesson = |index: usize, id: NetworkId| Supervision {
        // Peers that see the same labels see them in the same batches.
        batches: if experiment.member_labels == MemberLabels::Shared { STUDENT.to_owned() } else { name(index) },
        ..learning(id, labels(index))
    };
    let control = lesson(0, NetworkId::BASELINE);
    let learners = peers.iter().enumerate().map(|(index, &peer)| Supervision {
        teachers: equally(peers.iter().copied().filter(|other| *other != peer)),
        stale: experiment.stale.is_on(),
        ..lesson(index, peer)
    });
    let learners: Vec<Supervision> = [control].into_iter().chain(learners).collect();
    let mut builder = Builder::new().drawn(NetworkId::BASELINE, &experiment.student, STUDENT);
    for (index, &peer) in peers.iter().enumerate() {
        builder = builder.drawn(peer, &experiment.student, &name(index));
    }
    builder
        .ensemble(&experiment.student, peers)
        .phase(experiment.student_epochs, learners)
        .contrast(Contrast::Alone)
        .build()
}

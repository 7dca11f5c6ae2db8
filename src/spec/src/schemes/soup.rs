//! The average of several networks' weights: it works where they come from one start, and destroys them where they do
//! not.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, member_labels},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Origin, Plan, Supervision},
    values::{Architecture, MemberLabels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.members = 5;
        experiment.member_labels = MemberLabels::Apart;
        experiment.student = Architecture::mlp([64]);
    },
    knobs: &["student", "members", "same-start", "member-labels"],
    members: (2, 8),
};

/// Equal budget: the control is the first of the networks that are averaged. The others, and the common start, are what
/// the scheme costs beside it.
fn plan(experiment: &Experiment) -> Plan {
    let start = NetworkId::first(Role::Assistant);
    let same = experiment.same_start.is_on();
    let ingredients: Vec<NetworkId> =
        (0..experiment.members).map(|index| NetworkId::new(Role::Baseline, index as u8)).collect();
    let name = |id: NetworkId| if id == NetworkId::BASELINE { STUDENT.to_owned() } else { id.to_string() };
    // The common start sees labels of its own, too, so that no ingredient has less than another.
    let parts = Experiment { members: experiment.members + u32::from(same), ..experiment.clone() };
    let labels = |index: usize| member_labels(&parts, experiment.labels, index, LabelAccess::Revealed);
    let mut builder = Builder::new();
    if same {
        let lesson = Supervision { batches: start.to_string(), ..learning(start, labels(ingredients.len())) };
        builder = builder
            .drawn(start, &experiment.student, &start.to_string())
            .phase(experiment.student_epochs, vec![lesson]);
    }
    for &id in &ingredients {
        let origin = if same { Origin::Copy(start) } else { Origin::Drawn(name(id)) };
        builder = builder.network(id, &experiment.student, origin);
    }
    let lesson = |(index, &id): (usize, &NetworkId)| Supervision { batches: name(id), ..learning(id, labels(index)) };
    let lessons = ingredients.iter().enumerate().map(lesson).collect();
    builder
        .network(NetworkId::STUDENT, &experiment.student, Origin::Average(ingredients.clone()))
        .ensemble(&experiment.student, ingredients)
        .phase(experiment.student_epochs, lessons)
        .contrast(Contrast::Single)
        .build()
}

//! Many teachers of disjoint private examples vote on the labels of a student's inputs, and noise hides what any one
//! example did to the counts (Papernot et al. 2017, section 2; 2018, section 4.1).

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, first, learning, only, teaching},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Channel, Contrast, LabelAccess, Origin, Plan, Supervision},
    values::{Architecture, Labels},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        let is_image = experiment.class_count() > 4;
        (experiment.members, experiment.queries) = if is_image { (100, 200) } else { (20, 40) };
        experiment.vote_noise = if is_image { 8.0 } else { 2.0 };
        experiment.teacher = Architecture::mlp([32]);
        // Each voter sees as many batches as a network of all examples would, of a few examples.
        experiment.teacher_epochs /= 5;
        experiment.dropout = 0.0;
        experiment.labels = Labels::Count(0);
    },
    knobs: &["student", "members", "queries", "vote-noise", "noise-law", "teacher", "teacher-epochs", "dropout"],
    members: (2, 250),
};

/// The students, each with how often the noise of its votes was doubled; the product's first.
const DOUBLED: [i8; 4] = [0, -1, 1, 2];

/// Equal budget: all students start from the same weights and see the same examples for as many steps. The control's
/// labels are the votes without noise, and so without privacy.
fn plan(experiment: &Experiment) -> Plan {
    let voters = first(Role::Voter, experiment.members);
    let (queries, of) = (experiment.queries, experiment.members as u8);
    let lesson = |&id: &NetworkId| teaching(id, LabelAccess::Private { queries, index: id.index, of });
    let students = (0..).map(|index| NetworkId::new(Role::Student, index)).zip(DOUBLED.map(Some));
    let students = || [(NetworkId::BASELINE, None)].into_iter().chain(students.clone());
    let lessons = students().map(|(id, noise)| Supervision {
        teachers: only(NetworkId::TEACHER),
        channel: Channel::Votes(noise),
        ..learning(id, LabelAccess::Queries(queries))
    });
    let lessons = lessons.collect();
    let mut builder = Builder::new();
    for &voter in &voters {
        builder = builder.drawn(voter, &experiment.teacher, &voter.to_string());
    }
    builder = builder.phase(experiment.teacher_epochs, voters.iter().map(lesson).collect()).network(
        NetworkId::TEACHER,
        &experiment.teacher,
        Origin::Votes(voters),
    );
    students()
        .fold(builder, |plan, (id, _)| plan.drawn(id, &experiment.student, STUDENT))
        .phase(experiment.student_epochs, lessons)
        .contrast(Contrast::Noiseless)
        .build()
}

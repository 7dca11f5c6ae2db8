//! A language model's teacher, and students that differ in whose texts they learn from and in the direction of the
//! divergence.

use super::{
    Builder, SchemeEntry, TEACHER_KNOBS,
    builder::{STUDENT, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{LabelAccess, Manner, Plan, Supervision},
};

pub const SCHEME: SchemeEntry = SchemeEntry { plan, defaults: |_| (), knobs: TEACHER_KNOBS, members: (1, 1) };

/// The students' lessons, the product's first.
const MANNERS: [Manner; 5] =
    [Manner::Forward, Manner::Reverse, Manner::OwnForward, Manner::OwnReverse, Manner::TeacherTexts];

/// Equal budget: all students start from the same weights, which have seen the control's labels for `warm-up` epochs,
/// and take as many steps of as many texts. Who learns from its own texts also has to write them.
pub fn plan(experiment: &Experiment) -> Plan {
    let students = (0..).map(|index| NetworkId::new(Role::Student, index)).zip(MANNERS);
    let control = learning(NetworkId::BASELINE, LabelAccess::Revealed);
    let lessons = students.clone().map(|(id, manner)| Supervision {
        teachers: only(NetworkId::TEACHER),
        manner,
        ..learning(id, LabelAccess::Revealed)
    });
    let lessons = [control].into_iter().chain(lessons).collect();
    let networks = [NetworkId::BASELINE].into_iter().chain(students.map(|(id, _)| id));
    networks
        .fold(Builder::new().teacher(experiment), |plan, id| plan.drawn(id, &experiment.student, STUDENT))
        .phase(experiment.student_epochs, lessons)
        .build()
}

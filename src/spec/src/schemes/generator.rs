//! A student that sees no example and no label: a generator that learns beside it draws pictures, and the teacher says
//! what they are.

use super::{
    Builder, SchemeEntry,
    builder::{STUDENT, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Shown, Supervision},
    values::{DataSet, Labels, Transfer},
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| {
        experiment.labels = Labels::Count(0);
        experiment.soft_weight = 1.0;
        experiment.transfer = Transfer::Sparse;
        // A step of convolutions takes long on large images, and twice as many teach little more.
        if experiment.data == DataSet::Strokes {
            experiment.student_epochs = 8;
        }
    },
    knobs: &[
        "student",
        "generator",
        "generator-kind",
        "teacher",
        "teacher-epochs",
        "teacher-labels",
        "teacher-smoothing",
        "dropout",
    ],
    members: (1, 1),
};

/// Equal budget: all three students start from the same weights and take as many steps on as large batches. The control
/// is shown sparse noise, and another student uniform noise: both cost nothing to make. What the generator costs, and
/// what it asks of the teacher, it costs besides.
fn plan(experiment: &Experiment) -> Plan {
    const UNIFORM: NetworkId = NetworkId::new(Role::Student, 1);
    let students =
        [(NetworkId::BASELINE, Shown::Sparse), (UNIFORM, Shown::Noise), (NetworkId::STUDENT, Shown::Generated)];
    let none = LabelAccess::Some(Labels::Count(0));
    let drawn = |plan: Builder, (id, _)| plan.drawn(id, &experiment.student, STUDENT);
    let builder = students.into_iter().fold(Builder::new().teacher(experiment), drawn);
    // Each has a transfer set of its own.
    let taught = |plan: Builder, (id, shown)| {
        let lesson = Supervision { teachers: only(NetworkId::TEACHER), shown, ..learning(id, none) };
        plan.phase(experiment.student_epochs, vec![lesson])
    };
    students.into_iter().fold(builder, taught).contrast(Contrast::SparseNoise).build()
}

//! A chain of assistants between a large teacher and a small student: each learns from the one before it, or, densely
//! guided (Son et al. 2021, section 3), from all before it.

use super::{
    Builder, SchemeEntry,
    builder::{equally, first, learning, only},
};
use crate::{
    experiment::Experiment,
    network_id::{NetworkId, Role},
    plan::{Contrast, LabelAccess, Plan, Supervision},
    values::Architecture,
};

pub const SCHEME: SchemeEntry = SchemeEntry {
    plan,
    defaults: |experiment| experiment.members = 1,
    knobs: &[
        "student",
        "members",
        "dense",
        "teacher",
        "teacher-epochs",
        "teacher-labels",
        "teacher-smoothing",
        "dropout",
    ],
    members: (1, 4),
};

/// Equal budget: the control is taught by the teacher directly, from the same start, for as many steps. The assistants'
/// own training is what the scheme costs beside it.
fn plan(experiment: &Experiment) -> Plan {
    let assistants = first(Role::Assistant, experiment.members);
    let mut builder = Builder::new().teacher(experiment);
    let mut before = vec![NetworkId::TEACHER];
    let taught = |before: &[NetworkId]| match (experiment.dense.is_on(), before.last()) {
        (false, Some(&last)) => only(last),
        _ => equally(before.iter().copied()),
    };
    for (index, &assistant) in assistants.iter().enumerate() {
        let architecture = between(&experiment.teacher, &experiment.student, index as u32 + 1, experiment.members + 1);
        let lesson = Supervision { teachers: taught(&before), ..learning(assistant, LabelAccess::Revealed) };
        builder = builder
            .drawn(assistant, &architecture, &assistant.to_string())
            .phase(experiment.student_epochs, vec![lesson]);
        before.push(assistant);
    }
    builder.students(experiment, Contrast::Direct, [only(NetworkId::TEACHER), taught(&before)]).build()
}

/// The network `place` of `of` steps from `large` to `small`: as many layers as the large one, each width the geometric
/// mean.
fn between(large: &Architecture, small: &Architecture, place: u32, of: u32) -> Architecture {
    let width = |index: usize, from: u32| {
        let to = small.widths.get(index).or(small.widths.last()).copied().unwrap_or(1);
        // The widest one whose power is not above that of the geometric mean: no logarithms in the page.
        let (from, to) = (f64::from(from), f64::from(to));
        let wanted = power(from, of - place) * power(to, place);
        let fits = |width: u32| power(f64::from(width), of) <= wanted * (1.0 + 1e-9);
        (1..=Architecture::MAX_WIDTH).take_while(|width| fits(*width)).last().unwrap_or(1)
    };
    let widths: Vec<u32> = large.widths.iter().enumerate().map(|(index, &from)| width(index, from)).collect();
    Architecture::new(large.kind, widths)
}

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assistants_lie_between() {
        let (large, small) = (Architecture::mlp([128, 128]), Architecture::mlp([16]));
        assert_eq!(between(&large, &small, 1, 2), Architecture::mlp([45, 45]));
        assert_eq!(between(&large, &small, 1, 3), Architecture::mlp([64, 64]));
        assert_eq!(between(&large, &small, 2, 3), Architecture::mlp([32, 32]));
    }
}

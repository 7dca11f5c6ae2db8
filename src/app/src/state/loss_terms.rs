//! What the student is asked: the sum that it minimises, as the knobs have it. Pure.

use retort_spec::{Experiment, Objective, ObjectiveTiming};

/// Cross-entropy with the labels, by the name that the engine gives its curve.
pub const LABELS: &str = "cross-entropy";
/// The teacher's soft targets, likewise.
pub const SOFT_TARGETS: &str = "soft-targets";

/// A weight and the name of what it weighs.
pub type Term = (f64, &'static str);

/// The sums that are minimised one after the other: one, or two where an objective has a first stage to itself.
pub fn sums(experiment: &Experiment) -> Vec<Vec<Term>> {
    let is_first = |objective: &Objective| objective.info().timing == ObjectiveTiming::FirstStage;
    let early = |objective: &Objective| objective.info().timing != ObjectiveTiming::Always;
    let used = |keep: &dyn Fn(&Objective) -> bool| -> Vec<Term> {
        let kept = experiment.weights.used().filter(|(objective, _)| keep(objective));
        kept.map(|(objective, weight)| (weight, objective.word())).collect()
    };
    let mut main = vec![(labels_weight(experiment), LABELS), (experiment.soft_weight, SOFT_TARGETS)];
    main.retain(|(weight, _)| *weight > 0.0);
    main.extend(used(&|objective| !is_first(objective)));
    match used(&is_first).is_empty() {
        true => vec![main],
        false => vec![used(&early), main],
    }
}

/// Whether there is a first stage.
pub fn has_first_stage(experiment: &Experiment) -> bool {
    experiment.weights.used().any(|(objective, _)| objective.info().timing != ObjectiveTiming::Always)
}

/// What the soft weight leaves for the labels, without the dust of a subtraction in binary.
pub fn labels_weight(experiment: &Experiment) -> f64 {
    const DUST: f64 = 1e9;
    ((1.0 - experiment.soft_weight) * DUST).round() / DUST
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Weights;

    fn asked(soft: f64, objectives: &[Objective]) -> Vec<Vec<Term>> {
        let weights = objectives.iter().fold(Weights::default(), |weights, of| weights.with(*of));
        sums(&Experiment { soft_weight: soft, weights, ..Experiment::default() })
    }

    #[test]
    fn the_loss_is_labels_and_soft_targets_and_what_else_is_chosen() {
        assert_eq!(asked(0.9, &[]), [[(0.1, LABELS), (0.9, SOFT_TARGETS)]]);
        assert_eq!(asked(1.0, &[Objective::Pkt]), [[(1.0, SOFT_TARGETS), (30_000.0, "pkt")]]);
        assert_eq!(asked(0.0, &[]), [[(1.0, LABELS)]], "what weighs nothing is no term");
    }

    #[test]
    fn a_method_of_two_stages_has_the_first_to_itself() {
        let both = asked(0.0, &[Objective::Hint, Objective::Attention]);
        assert_eq!(both, [vec![(100.0, "hint")], vec![(1.0, LABELS), (1000.0, "attention")]]);
    }

    #[test]
    fn factors_are_prepared_in_the_first_stage_and_asked_for_after_it() {
        assert_eq!(asked(0.0, &[Objective::Factor]), [[(1.0, LABELS), (500.0, "factor")]]);
        let both = asked(0.0, &[Objective::Factor, Objective::Fsp]);
        assert_eq!(both, [[(500.0, "factor"), (50.0, "fsp")], [(1.0, LABELS), (500.0, "factor")]]);
    }
}

//! Whether an objective can be used on the networks that the knobs describe, and on which ones it could. Pure.
//!
//! The engine decides by what the networks hand on (`engine/objectives`); this says the same before anything is trained.

use retort_spec::{Architecture, Experiment, Knowledge, NetworkKind, Objective, Refusal};

use crate::lessons::setting::turned;

/// Networks of images to offer, in this order. The second pair has stages of equal widths, the teacher's deeper.
const PAIRS: [&str; 2] = ["teacher=conv:8,16&student=conv:4,8", "teacher=residual:8,8,16,16&student=residual:8,16"];

/// How many channels each stage of a network hands on.
fn stages(network: &Architecture) -> Vec<u32> {
    let mut stages = network.widths.clone();
    // The blocks of one width are one stage.
    if network.kind == NetworkKind::Residual {
        stages.dedup();
    }
    stages
}

/// Why an objective cannot be used in this experiment; `None` where it can.
pub fn refusal(objective: Objective, experiment: &Experiment) -> Option<Refusal> {
    use Objective::{Attention, Dist, Fsp, NeuronSelectivity, RkdAngle};
    let (student, teacher) = (stages(&experiment.student), stages(&experiment.teacher));
    let has_places = [&experiment.student, &experiment.teacher].iter().all(|of| of.kind != NetworkKind::Mlp);
    let knowledge = objective.about().knowledge;
    let looks_inside = knowledge == Knowledge::Features;
    let needed = match knowledge {
        // Three examples make an angle, two make a pair.
        Knowledge::Relations => {
            if objective == RkdAngle {
                3
            } else {
                2
            }
        }
        _ if objective == Dist => 2,
        _ => 1,
    };
    match objective {
        _ if experiment.batch < needed => Some(Refusal::Batch { needed, given: experiment.batch }),
        _ if looks_inside && (student.is_empty() || teacher.is_empty()) => Some(Refusal::NoStages),
        Attention | NeuronSelectivity if !has_places => Some(Refusal::NoPlaces),
        Fsp if student.len() < 2 || teacher.len() < 2 => Some(Refusal::OneStage),
        Fsp => {
            let ends = [(student.first(), teacher.first()), (student.last(), teacher.last())];
            let unequal = ends.into_iter().find(|(student, teacher)| student != teacher)?;
            Some(Refusal::Channels { student: *unequal.0?, teacher: *unequal.1? })
        }
        _ => None,
    }
}

/// The experiment with networks on which the objective can be used, and with the objective at its usual weight if it had
/// none; `None` where it can be used already, or no such networks are to be had.
pub fn mended(objective: Objective, experiment: &Experiment) -> Option<Experiment> {
    refusal(objective, experiment)?;
    let usual = Experiment::for_data(experiment.data);
    let usual = format!("teacher={}&student={}", usual.teacher, usual.student);
    let tried = [&*usual, PAIRS[0], PAIRS[1]].into_iter().map(|set| turned(experiment, set));
    let mut mended = tried.into_iter().find(|after| refusal(objective, after).is_none())?;
    if mended.weights.get(objective) == 0.0 {
        mended.weights.set(objective, objective.about().weight);
    }
    Some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::DataSet;

    fn with(teacher: &str, student: &str) -> Experiment {
        turned(&Experiment::default(), &format!("teacher={teacher}&student={student}"))
    }

    #[test]
    fn maps_of_places_need_convolutions_in_both_networks() {
        let attention = |teacher, student| refusal(Objective::Attention, &with(teacher, student));
        assert_eq!(attention("128,128", "16"), Some(Refusal::NoPlaces));
        assert_eq!(attention("conv:8,16", "16"), Some(Refusal::NoPlaces));
        assert_eq!(attention("conv:8,16", "residual:4,8"), None);
        assert_eq!(refusal(Objective::Hint, &with("128,128", "16")), None, "a hidden layer is enough for a hint");
        assert_eq!(refusal(Objective::Hint, &with("128,128", "linear")), Some(Refusal::NoStages));
        assert_eq!(refusal(Objective::LogitMse, &with("linear", "linear")), None, "the last layer is always there");
    }

    #[test]
    fn examples_are_compared_in_pairs_and_angles_in_threes() {
        let of = |objective, batch| refusal(objective, &Experiment { batch, ..Experiment::default() });
        assert_eq!(of(Objective::RkdAngle, 2), Some(Refusal::Batch { needed: 3, given: 2 }));
        assert_eq!(of(Objective::RkdDistance, 2), None);
        assert_eq!(of(Objective::Hint, 1), None);
    }

    #[test]
    fn what_is_offered_makes_the_objective_possible_in_one_step() {
        let before = Experiment::default();
        for &objective in Objective::ALL {
            match (refusal(objective, &before), mended(objective, &before)) {
                (None, mended) => assert_eq!(mended, None, "{objective}"),
                (Some(_), mended) => {
                    let mended = mended.unwrap();
                    assert_eq!(refusal(objective, &mended), None);
                    assert_eq!(mended.weights.get(objective), objective.about().weight);
                    assert!(mended.student.parameter_count(64, 10) < mended.teacher.parameter_count(64, 10));
                }
            }
        }
        let attention = mended(Objective::Attention, &before).unwrap();
        assert_eq!(
            (attention.teacher.to_string(), attention.student.to_string()),
            ("conv:8,16".into(), "conv:4,8".into())
        );
    }

    #[test]
    fn points_in_the_plane_have_no_places() {
        let moons = Experiment::for_data(DataSet::Moons);
        assert_eq!(refusal(Objective::Attention, &moons), Some(Refusal::NoPlaces));
        assert_eq!(mended(Objective::Attention, &moons), None);
    }
}

//! Whether an objective can be used on the networks that the knobs describe, and on which ones it could. Pure.
//!
//! The engine decides by what the networks hand on (`engine/objectives`); this says the same before anything is
//! trained.

use retort_spec::{
    Architecture, Experiment, HintLayer, Incompatibility, Judged, Knowledge, Objective, geometry::Extent,
};

use crate::state::setting::turned;

/// Networks of images to offer, in this order. The second pair has stages of equal widths, the teacher's deeper.
const PAIRS: [&str; 2] = ["teacher=conv:8,16&student=conv:4,8", "teacher=residual:8,8,16,16&student=residual:8,16"];

/// The places of the stages that are compared, student's and teacher's: those of the same relative depth.
pub fn pairs(count: usize, deep: usize, guided: HintLayer) -> Vec<(usize, usize)> {
    let chosen = match guided {
        HintLayer::First => 0..1,
        HintLayer::Middle => (count - 1) / 2..(count - 1) / 2 + 1,
        HintLayer::Last => count - 1..count,
        HintLayer::Usual => 0..count,
    };
    let opposite =
        |stage: usize| if count == 1 { deep - 1 } else { (stage * (deep - 1) + (count - 1) / 2) / (count - 1) };
    chosen.map(|stage| (stage, opposite(stage))).collect()
}

/// Why an objective cannot be used in this experiment; `None` where it can.
pub fn refusal(objective: Objective, experiment: &Experiment) -> Option<Incompatibility> {
    use Objective::{Correlation, Pkt, RkdAngle, RkdDistance, Similarity};
    let needed = match objective {
        // Three examples make an angle, and two distances that can differ from their mean.
        RkdAngle | RkdDistance => 3,
        Similarity | Correlation | Pkt => 2,
        _ => 1,
    };
    if experiment.batch < needed {
        return Some(Incompatibility::Batch { needed, given: experiment.batch });
    }
    let plan = experiment.plan();
    let architecture = |id| plan.network(id).map(|network| &network.architecture);
    let lessons = plan.phases.iter().flat_map(|phase| &phase.learners);
    let mut pairs = lessons.filter_map(|lesson| {
        let (teacher, _) = lesson.teachers.first()?;
        Some((architecture(lesson.learner)?, architecture(*teacher)?))
    });
    pairs.find_map(|(learner, teacher)| refusal_between(objective, experiment, learner, teacher))
}

/// The same of one network that learns and one that teaches it.
fn refusal_between(
    objective: Objective,
    experiment: &Experiment,
    learner: &Architecture,
    teacher: &Architecture,
) -> Option<Incompatibility> {
    use Objective::{Attention, Fsp, NeuronSelectivity};
    let knowledge = objective.info().knowledge;
    // Without a hidden layer the embedding is the input, in which there is nothing to teach.
    if knowledge == Knowledge::Relations && learner.widths.is_empty() {
        return Some(Incompatibility::NoStages);
    }
    let sees_features = objective == Objective::Adversarial && experiment.judged == Judged::Features;
    if knowledge != Knowledge::Features && !sees_features {
        return None;
    }
    let inputs = experiment.input_count();
    let [student, teacher] =
        [learner, teacher].map(|network| network.geometry(inputs, experiment.class_count()).stages);
    if student.is_empty() || teacher.is_empty() {
        return Some(Incompatibility::NoStages);
    }
    let compared = |guided| {
        let pairs = pairs(student.len(), teacher.len(), guided).into_iter();
        pairs.map(|(mine, other)| (student[mine], teacher[other], other)).collect::<Vec<_>>()
    };
    match objective {
        Attention | NeuronSelectivity => {
            let has_places = |(mine, other, _): (Extent, Extent, usize)| mine.side.min(other.side) > 1;
            (!compared(experiment.guided).into_iter().any(has_places)).then_some(Incompatibility::NoPlaces)
        }
        Fsp if student.len() < 2 || teacher.len() < 2 => Some(Incompatibility::OneStage),
        Fsp => {
            let compared = compared(HintLayer::Usual);
            let flows = compared.windows(2).filter(|flow| flow[0].2 != flow[1].2).flatten();
            let unequal = flows.into_iter().find(|(mine, other, _)| mine.channels != other.channels)?;
            let [student, teacher] = [unequal.0, unequal.1].map(|stage| stage.channels as u32);
            Some(Incompatibility::Channels { student, teacher })
        }
        _ => None,
    }
}

/// The experiment with networks on which the objective can be used, and with the objective at its usual weight if it
/// had none; `None` where it can be used already, or no such networks are to be had.
pub fn mended(objective: Objective, experiment: &Experiment) -> Option<Experiment> {
    refusal(objective, experiment)?;
    let usual = Experiment::usual(experiment.data, experiment.scheme);
    let usual = format!("teacher={}&student={}", usual.teacher, usual.student);
    let tried = [&*usual, PAIRS[0], PAIRS[1]].into_iter().map(|set| turned(experiment, set));
    let mut mended = tried.into_iter().find(|after| refusal(objective, after).is_none())?;
    if mended.weights.get(objective) == 0.0 {
        mended.weights.set(objective, objective.info().weight);
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
        assert_eq!(attention("128,128", "16"), Some(Incompatibility::NoPlaces));
        assert_eq!(attention("conv:8,16", "16"), Some(Incompatibility::NoPlaces));
        assert_eq!(attention("conv:8,16", "residual:4,8"), None);
        assert_eq!(refusal(Objective::Hint, &with("128,128", "16")), None, "a hidden layer is enough for a hint");
        assert_eq!(refusal(Objective::Hint, &with("128,128", "linear")), Some(Incompatibility::NoStages));
        assert_eq!(refusal(Objective::LogitMse, &with("linear", "linear")), None, "the last layer is always there");
    }

    #[test]
    fn a_stage_of_one_place_has_none_to_compare() {
        // 8×8 images become 4×4, 2×2 and 1×1.
        let mut deep = with("conv:8,8,8", "conv:4,4,4");
        assert_eq!(refusal(Objective::NeuronSelectivity, &deep), None, "two of the three stages have places");
        deep.guided = HintLayer::Last;
        assert_eq!(refusal(Objective::NeuronSelectivity, &deep), Some(Incompatibility::NoPlaces));
    }

    #[test]
    fn flows_need_two_stages_of_equal_channels() {
        let fsp = |teacher, student| refusal(Objective::Fsp, &with(teacher, student));
        assert_eq!(fsp("128,128", "16"), Some(Incompatibility::OneStage));
        assert_eq!(fsp("conv:8,16", "conv:8,8"), Some(Incompatibility::Channels { student: 8, teacher: 16 }));
        assert_eq!(fsp("residual:8,8,16,16", "residual:8,16"), None);
        // The student's two stages stand beside the first and the last of three.
        assert_eq!(fsp("8,12,16", "8,16"), None);
    }

    #[test]
    fn examples_are_compared_in_pairs_and_angles_in_threes() {
        let of = |objective, batch| refusal(objective, &Experiment { batch, ..Experiment::default() });
        assert_eq!(of(Objective::RkdAngle, 2), Some(Incompatibility::Batch { needed: 3, given: 2 }));
        assert_eq!(of(Objective::Pkt, 1), Some(Incompatibility::Batch { needed: 2, given: 1 }));
        assert_eq!(of(Objective::RkdDistance, 3), None);
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
                    assert_eq!(mended.weights.get(objective), objective.info().weight);
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
    fn peers_are_compared_with_each_other_and_where_nobody_teaches_nothing_is_refused() {
        let of = |scheme: &str| refusal(Objective::Fsp, &turned(&Experiment::default(), scheme));
        assert_eq!(of("scheme=mutual&student=8,8"), None);
        assert_eq!(
            of("scheme=assistant&teacher=8,8&student=4,4"),
            Some(Incompatibility::Channels { student: 5, teacher: 8 }),
            "the assistant lies between"
        );
        assert_eq!(of("scheme=soup"), None);
    }

    #[test]
    fn points_in_the_plane_have_no_places() {
        let moons = Experiment::for_data(DataSet::Moons);
        assert_eq!(refusal(Objective::Attention, &moons), Some(Incompatibility::NoPlaces));
        assert_eq!(mended(Objective::Attention, &moons), None);
    }
}

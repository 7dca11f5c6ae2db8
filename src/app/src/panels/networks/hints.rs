//! What is peculiar about the student that the knobs describe, said where it is seen.

use retort_spec::{Architecture, Contrast, Experiment, Labels, Objective, Plan, Supervision, Transfer};
use yew::prelude::*;

use crate::{context::AppContext, i18n::format::number};

/// Something peculiar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// It sees no label.
    TeacherAlone,
    /// It is as large as its teacher, or larger.
    NotSmaller { student: usize, teacher: usize },
    /// It sees labels of only some classes.
    FewLabels { labelled: usize, of: usize },
    /// Its decoupled soft targets add nothing: both weights are 0, or two classes have no others.
    EmptyDecoupled,
    /// It never sees most of the classes.
    FewClasses { left: usize, of: usize },
}

fn hints(experiment: &Experiment, plan: &Plan) -> Vec<Hint> {
    let mut hints = Vec::new();
    let asks_teacher = experiment.soft_weight > 0.0 || experiment.weights.used().next().is_some();
    let is_taught = |(_, lesson): (usize, &Supervision)| !lesson.teachers.is_empty() && lesson.channel.is_of_classes();
    let distilled = asks_teacher
        && experiment.transfer != Transfer::Labelled
        && plan.supervision(plan.product).is_some_and(is_taught);
    let control_is_alone = plan.contrast == Contrast::Alone;
    // Without distillation there would be nothing at all to learn from, which the engine says itself.
    if experiment.labels == Labels::Count(0) && distilled && control_is_alone {
        hints.push(Hint::TeacherAlone);
    }
    let of = experiment.class_count();
    let count = |network: &Architecture| network.parameter_count(experiment.input_count(), of);
    let (student, teacher) = (count(&experiment.student), count(&experiment.teacher));
    // Where a network's equals teach it there is nothing to compare, and of some schemes a large student is the point.
    let compares =
        ["teacher", "student"].iter().all(|key| experiment.applies(key)) && !experiment.data.is_of_sequences();
    let usual = Experiment::usual(experiment.data, experiment.scheme);
    let is_smaller = count(&usual.student) < count(&usual.teacher);
    if student >= teacher && compares && is_smaller {
        hints.push(Hint::NotSmaller { student, teacher });
    }
    let labels = match experiment.labels {
        Labels::Count(count) => count as usize,
        Labels::All => of,
    };
    if (1..of).contains(&labels) && control_is_alone {
        // The first classes get them, whatever the seed.
        hints.push(Hint::FewLabels { labelled: labels, of });
    }
    let others = if of > 2 { experiment.decoupled_others } else { 0.0 };
    if experiment.weights.get(Objective::Decoupled) > 0.0 && experiment.decoupled_target == 0.0 && others == 0.0 {
        hints.push(Hint::EmptyDecoupled);
    }
    let left = of - experiment.omitted_classes.len().min(of);
    if 2 * left <= of && of > 0 {
        hints.push(Hint::FewClasses { left, of });
    }
    hints
}

/// The hints below the student's numbers.
pub fn student_hints(page: &AppContext) -> Html {
    let texts = &page.texts;
    let count = |value: usize| number(texts, value as f64, 0).into();
    let words = |hint: Hint| match hint {
        Hint::TeacherAlone => texts.get("hint-teacher-alone"),
        Hint::NotSmaller { student, teacher } => {
            texts.with("hint-not-smaller", &[("student", count(student)), ("teacher", count(teacher))])
        }
        Hint::FewLabels { labelled, of } => {
            texts.with("hint-few-labels", &[("labelled", count(labelled)), ("all", count(of))])
        }
        Hint::EmptyDecoupled => texts.get("hint-empty-decoupled"),
        Hint::FewClasses { left, of } => texts.with("hint-few-classes", &[("left", count(left)), ("all", count(of))]),
    };
    html! { <>{ for hints(&page.state.experiment, &page.state.plan).into_iter().map(|hint| html! { <p class="advice">{ words(hint) }</p> }) }</> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Classes, DataSet, Scheme, Weights};

    fn hints(experiment: &Experiment) -> Vec<Hint> {
        super::hints(experiment, &experiment.plan())
    }

    #[test]
    fn an_ordinary_student_needs_no_hint() {
        for &data in DataSet::ALL {
            for &scheme in Scheme::ALL {
                assert_eq!(hints(&Experiment::usual(data, scheme)), [], "{scheme} on {data}");
            }
        }
    }

    #[test]
    fn a_student_without_labels_learns_from_the_teacher_alone_if_from_anyone() {
        let none = Experiment { labels: Labels::Count(0), ..Experiment::default() };
        assert_eq!(hints(&none), [Hint::TeacherAlone]);
        assert_eq!(hints(&Experiment { soft_weight: 0.0, ..none.clone() }), []);
        let asked = Experiment { soft_weight: 0.0, weights: Weights::default().with(Objective::Pkt), ..none.clone() };
        assert_eq!(hints(&asked), [Hint::TeacherAlone]);
        assert_eq!(hints(&Experiment { transfer: Transfer::Labelled, ..none }), []);
    }

    #[test]
    fn a_student_as_large_as_its_teacher_is_told_of() {
        let same = Experiment { student: Architecture::mlp([128, 128]), ..Experiment::default() };
        // By hand: 64·128 + 128 + 128·128 + 128 + 128·10 + 10.
        assert_eq!(hints(&same), [Hint::NotSmaller { student: 26_122, teacher: 26_122 }]);
    }

    #[test]
    fn classes_without_a_label_are_told_of() {
        let labels = |count| hints(&Experiment { labels: Labels::Count(count), ..Experiment::default() });
        assert_eq!(labels(9), [Hint::FewLabels { labelled: 9, of: 10 }]);
        assert_eq!(labels(10), []);
    }

    #[test]
    fn decoupled_soft_targets_that_add_nothing_are_told_of() {
        let weights = Weights::default().with(Objective::Decoupled);
        let moons = Experiment { weights, decoupled_target: 0.0, ..Experiment::for_data(DataSet::Moons) };
        assert_eq!(hints(&moons), [Hint::EmptyDecoupled], "two classes have no others");
        assert_eq!(hints(&Experiment { decoupled_target: 1.0, ..moons }), []);
    }

    #[test]
    fn half_of_the_classes_left_out_is_told_of() {
        let without = |count: u8| Experiment { omitted_classes: Classes::new(0..count), ..Experiment::default() };
        assert_eq!(hints(&without(4)), []);
        assert_eq!(hints(&without(5)), [Hint::FewClasses { left: 5, of: 10 }]);
    }
}

//! What an experiment's plan asks of a study: its phases.

use std::rc::Rc;

use retort_spec::{
    DataSet, EngineError, Experiment, LabelAccess, Labels, Manner, Objective, Output, Plan, Supervision, Transfer,
};

use super::table::TableFile;
use crate::{
    export::Signature,
    losses::{Bounded, Comparison, Direction, FORWARD, REVERSE},
    nets::{Head, Shape},
    tasks::{self, Answers, Inputs, Language, Table, TableError, TableFacts, Task},
    train::{Imitation, Lesson, Origin, Phase, Signal, Source, chosen, shape, steps_of_epoch},
};

/// Texts that a teacher writes for those who learn them by heart.
const TEACHER_TEXTS: usize = 4_000;
/// The share of words that are hidden where a teacher first learns to guess them.
const HIDDEN: f32 = 0.2;
/// The part of the squared error that counts beside the bound (Chen et al. 2017, equation 5).
const BOUNDED: Bounded = Bounded::Total { nu: 0.5 };
/// The network that all students of a language model continue.
const START: &str = "start";

/// What is learned: a task, and what else is known of it.
pub struct Subject {
    /// The task.
    pub task: Rc<Task>,
    /// What files say of it.
    pub signature: Signature,
    /// How it was made of a table, where it was.
    pub facts: Option<TableFacts>,
    /// The visitor's table, where it is that.
    pub file: Option<Rc<TableFile>>,
}

impl Subject {
    fn of_table(table: Table, file: Option<Rc<TableFile>>) -> Self {
        let signature = Signature::of_table(&table);
        Self { task: Rc::new(table.task), signature, facts: Some(table.facts), file }
    }
}

/// What an experiment learns.
///
/// # Errors
/// That another engine trains it, or what is wrong with the visitor's table.
pub fn subject(experiment: &Experiment, table: Option<&Rc<TableFile>>) -> Result<Subject, EngineError> {
    let noise = experiment.noise as f32;
    let data = experiment.data;
    let task = match data {
        DataSet::Opinions => tasks::opinions(Language::English),
        DataSet::OpinionsChinese => tasks::opinions(Language::Chinese),
        DataSet::Places => tasks::places(),
        DataSet::Names => tasks::names(),
        DataSet::Brackets => tasks::brackets(),
        DataSet::Curve => tasks::curve(noise),
        DataSet::Friedman => {
            let reason = |error: TableError| EngineError::Engine { reason: error.to_string() };
            return Ok(Subject::of_table(tasks::friedman(noise).map_err(reason)?, None));
        }
        DataSet::Table => {
            let file = table.ok_or(EngineError::FilesNeeded { data })?;
            return Ok(Subject::of_table(file.table(experiment)?, Some(file.clone())));
        }
        _ => return Err(EngineError::OtherEngine { data }),
    };
    let signature = Signature::of(&task);
    Ok(Subject { task: Rc::new(task), signature, facts: None, file: None })
}

/// The task of a run of this seed: the labelled points that the visitor moved lie elsewhere in each run, so that all
/// runs learn from them. The test stays as it is.
pub fn task_of_run(experiment: &Experiment, task: &Rc<Task>, seed: u32) -> Rc<Task> {
    if experiment.moved_points.is_empty() {
        return task.clone();
    }
    let mut own = Task::clone(task);
    let order = chosen(own.train.len(), None, seed);
    if let (Inputs::Numbers(inputs, 1), Answers::Numbers(answers, 1)) = (&mut own.train.inputs, &mut own.train.answers)
    {
        for point in experiment.moved_points.iter() {
            // Points that there are not were moved by a link.
            let Some(&at) = order.get(usize::from(point.number) - 1) else { continue };
            [inputs[at], answers[at]] = point.place.map(|hundredths| f32::from(hundredths) / 100.0);
        }
    }
    Rc::new(own)
}

/// A phase of the study, and the phase of the plan that it belongs to.
pub type Placed = (Phase, u32);

/// The phases of a study that carry out a plan, one network after the other. A teacher that is given guesses no words.
pub fn phases(experiment: &Experiment, plan: &Plan, task: &Task, is_given: bool) -> Vec<Placed> {
    let epoch = steps_of_epoch(experiment, task);
    let mut placed = Vec::new();
    let mut add = |phase, at| placed.push((phase, at));
    for (at, planned) in (0..).zip(&plan.phases) {
        let steps = planned.epochs as usize * epoch;
        let Some(student) = planned.learners.first().and_then(|one| plan.network(one.learner)) else { continue };
        let starts_together = experiment.warm_up > 0 && planned.learners.iter().any(|one| !one.as_teacher);
        if starts_together {
            let lesson = Lesson::Labels(count(experiment.labels));
            let shape = shape(experiment, task, &student.architecture, false);
            let rate = experiment.learning_rate;
            let steps = experiment.warm_up as usize * epoch;
            add(phase(START, Origin::Drawn(shape, START.into()), lesson, (steps, rate), (experiment, START)), at);
        }
        for learner in &planned.learners {
            let Some(network) = plan.network(learner.learner) else { continue };
            let (name, is_teacher) = (learner.learner.to_string(), learner.as_teacher);
            let rate = if is_teacher { experiment.teacher_rate } else { experiment.learning_rate };
            let drawn = shape(experiment, task, &network.architecture, is_teacher);
            let stream = match &network.origin {
                retort_spec::Origin::Drawn(stream) => stream.clone(),
                _ => name.clone(),
            };
            let mut origin = Origin::Drawn(drawn.clone(), stream);
            if starts_together && !is_teacher {
                origin = Origin::Copied(START.into());
            }
            if let (true, Shape::Transformer(sizes, vocabulary, head)) =
                (is_teacher && pretrains(experiment) && !is_given, drawn)
            {
                let before = format!("{name}, guessing words");
                let words = Shape::Transformer(sizes, vocabulary, Head::EachToken(vocabulary));
                let from = Origin::Drawn(words, before.clone());
                add(phase(&before, from, Lesson::Masked(HIDDEN), (steps, rate), (experiment, &before)), at);
                origin = Origin::Rebuilt(before, head);
            }
            let lesson = lesson(experiment, task, learner);
            add(phase(&name, origin, lesson, (steps, rate), (experiment, &learner.batches)), at);
        }
    }
    placed
}

fn phase(
    network: &str,
    origin: Origin,
    lesson: Lesson,
    (steps, rate): (usize, f64),
    (experiment, order): (&Experiment, &str),
) -> Phase {
    let batch = experiment.batch.max(1) as usize;
    Phase { network: network.to_owned(), origin, lesson, steps, batch, rate, order: order.to_owned() }
}

/// Whether teachers guess hidden words first.
fn pretrains(experiment: &Experiment) -> bool {
    experiment.pretraining.is_on() && experiment.applies("pretraining")
}

fn count(labels: Labels) -> Option<usize> {
    match labels {
        Labels::All => None,
        Labels::Count(count) => Some(count as usize),
    }
}

/// What a network learns from.
fn lesson(experiment: &Experiment, task: &Task, supervision: &Supervision) -> Lesson {
    let labels = match supervision.labels {
        LabelAccess::Some(labels) => count(labels),
        _ => count(experiment.labels),
    };
    let Some((teacher, _)) = supervision.teachers.first() else { return Lesson::Labels(labels) };
    let (teacher, output) = (teacher.to_string(), experiment.output());
    if experiment.bounded.is_on() && output == Output::Number {
        return Lesson::Bounded { teacher, labels, margin: 0.0, kind: BOUNDED };
    }
    let inputs = if experiment.transfer == Transfer::Labelled { labels } else { None };
    let compared = |comparisons| Signal::Compared(comparisons);
    let usual = Imitation {
        teacher,
        source: Source::Examples(inputs),
        own_share: 0.0,
        signal: compared(Vec::new()),
        label_weight: 0.0,
        labels,
    };
    let cell = |direction, own_share| {
        let signal = compared(vec![(1.0, divergence(experiment, task, direction, 1.0))]);
        Imitation { own_share, signal, ..usual.clone() }
    };
    Lesson::Imitation(match supervision.manner {
        Manner::Forward => cell(FORWARD, 0.0),
        Manner::Reverse => cell(REVERSE, 0.0),
        Manner::OwnForward => cell(FORWARD, 1.0),
        Manner::OwnReverse => cell(REVERSE, 1.0),
        Manner::TeacherTexts => {
            Imitation { source: Source::TeacherTexts(TEACHER_TEXTS), signal: Signal::Text, ..usual }
        }
        Manner::Usual => {
            let own_share = if output == Output::NextToken { experiment.own_texts as f32 } else { 0.0 };
            let sees_labels = labels != Some(0);
            let label_weight = if sees_labels { 1.0 - experiment.soft_weight as f32 } else { 0.0 };
            Imitation { own_share, signal: compared(comparisons(experiment, task)), label_weight, ..usual }
        }
    })
}

/// The comparisons with a teacher that the knobs ask for, with their weights.
fn comparisons(experiment: &Experiment, task: &Task) -> Vec<(f32, Comparison)> {
    let soft = experiment.soft_weight as f32;
    if experiment.output() == Output::Number {
        return vec![(soft, Comparison::LogitMse)];
    }
    let temperature = experiment.temperature as f32;
    let weighted = |objective| experiment.weights.get(objective) as f32;
    let of = |direction| divergence(experiment, task, direction, temperature);
    // The middle of the family is divided by β(1 − β); the objective's weight is that of the paper's.
    let middle = Direction::new(0.5);
    let all = [
        (soft, of(FORWARD)),
        (weighted(Objective::ReverseKl), of(REVERSE)),
        (weighted(Objective::JensenShannon) / 4.0, of(middle)),
        (weighted(Objective::LogitMse), Comparison::LogitMse),
    ];
    all.into_iter().filter(|(weight, _)| *weight > 0.0).collect()
}

fn divergence(experiment: &Experiment, task: &Task, direction: Direction, temperature: f32) -> Comparison {
    let shown = experiment.shown as usize;
    let top = (1..task.outputs()).contains(&shown).then_some(shown);
    Comparison::Divergence { temperature, scaled: experiment.scale_by_t2.is_on(), direction, top }
}

#[cfg(test)]
mod tests {
    use retort_spec::{NetworkId, Role, Scheme};

    use super::*;
    use crate::train::Study;

    fn task(experiment: &Experiment) -> Rc<Task> {
        subject(experiment, None).unwrap().task
    }

    fn planned(experiment: &Experiment) -> Vec<Placed> {
        phases(experiment, &experiment.plan(), &task(experiment), false)
    }

    #[test]
    fn every_data_set_has_a_study() {
        for data in DataSet::ALL.iter().copied().filter(|data| data.is_of_sequences() && !data.needs_files()) {
            let experiment = Experiment::for_data(data);
            let phases = planned(&experiment).into_iter().map(|(phase, _)| phase).collect();
            assert!(Study::new(task(&experiment), phases, 1).is_ok(), "{data}");
            let outputs = task(&experiment).outputs();
            assert!(experiment.class_count() == 0 || experiment.class_count() == outputs, "{data}");
        }
        let refused = |data| subject(&Experiment::for_data(data), None).map(|_| ());
        assert_eq!(refused(DataSet::Digits8), Err(EngineError::OtherEngine { data: DataSet::Digits8 }));
        assert_eq!(refused(DataSet::Table), Err(EngineError::FilesNeeded { data: DataSet::Table }));
    }

    #[test]
    fn students_of_a_language_model_begin_alike_and_learn_five_ways() {
        let phases = planned(&Experiment::for_data(DataSet::Names));
        let names: Vec<&str> = phases.iter().map(|(phase, _)| phase.network.as_str()).collect();
        assert_eq!(names[..4], ["teacher", "start", "baseline", "student"]);
        let students = || phases[3..].iter().map(|(phase, _)| phase);
        assert!(students().all(|phase| phase.origin == Origin::Copied("start".into())));
        let lessons: Vec<&Lesson> = students().map(|phase| &phase.lesson).collect();
        assert_eq!(lessons.len(), 5);
        assert!((1..5).all(|at| lessons[at] != lessons[0]));
        // The same network is trained the same way, whatever stands beside it.
        let offline = planned(&Experiment::usual(DataSet::Names, Scheme::Offline));
        let last = NetworkId::first(Role::Student).to_string();
        assert_eq!(offline.iter().map(|(phase, _)| &phase.network).next_back(), Some(&last));
        assert_eq!(offline.last().map(|(phase, _)| phase), Some(&phases[3].0));
    }

    #[test]
    fn what_the_knobs_ask_for_is_weighed() {
        let usual = Experiment::for_data(DataSet::Places);
        let of = |experiment: &Experiment| match planned(experiment).pop().unwrap().0.lesson {
            Lesson::Imitation(imitation) => imitation,
            _ => panic!("no teacher"),
        };
        assert_eq!(of(&usual).label_weight, 0.0);
        let both = Experiment {
            soft_weight: 0.25,
            weights: retort_spec::Weights::default().with(Objective::LogitMse),
            shown: 3,
            ..usual
        };
        let imitation = of(&both);
        assert_eq!(imitation.label_weight, 0.75);
        let Signal::Compared(comparisons) = imitation.signal else { panic!("no comparison") };
        assert_eq!(comparisons.iter().map(|(weight, _)| *weight).collect::<Vec<f32>>(), [0.25, 1.0]);
        assert!(matches!(comparisons[0].1, Comparison::Divergence { top: Some(3), .. }));
        let bounded = Experiment { bounded: retort_spec::OnOff::On, ..Experiment::for_data(DataSet::Curve) };
        assert!(matches!(planned(&bounded).pop().unwrap().0.lesson, Lesson::Bounded { .. }));
    }

    #[test]
    fn what_the_tables_measure_is_what_the_page_trains() {
        use crate::train::presets;
        let essence = |phase: &Phase| {
            let mut lesson = phase.lesson.clone();
            if let Lesson::Imitation(imitation) = &mut lesson
                && imitation.label_weight == 0.0
            {
                // Labels that count nothing are nobody's.
                imitation.labels = None;
            }
            (lesson, phase.steps, phase.batch, phase.rate.to_bits())
        };
        let check = |data: DataSet, measured: &dyn Fn(&Task) -> Vec<Phase>, places: &[usize]| {
            let experiment = Experiment::for_data(data);
            let (trained, measured) = (planned(&experiment), measured(&task(&experiment)));
            for (index, &place) in places.iter().enumerate() {
                assert_eq!(essence(&trained[index].0), essence(&measured[place]), "{data} {place}");
            }
        };
        check(DataSet::Opinions, &|task| presets::opinions(task, DataSet::Opinions), &[0, 1, 2]);
        check(DataSet::Places, &presets::places, &[0, 2, 4]);
        // Teacher, start, labels, forward and reverse KL, both on own texts, the teacher's texts.
        check(DataSet::Names, &presets::names, &[0, 1, 2, 6, 7, 8, 9, 4]);
        check(DataSet::Brackets, &presets::brackets, &[0, 1, 2, 5, 6]);
        check(DataSet::Curve, &|task| presets::regression(task, DataSet::Curve, false), &[0, 1, 2]);
        check(DataSet::Friedman, &|task| presets::regression(task, DataSet::Friedman, false), &[0, 1, 2]);
    }

    #[test]
    fn moved_points_are_the_same_labelled_points_of_every_run() {
        let still = Experiment::for_data(DataSet::Curve);
        let moved = still.adapted("moved=2:-150:230,20:5:-7");
        let task = task(&still);
        assert!(Rc::ptr_eq(&task_of_run(&still, &task, 1), &task));
        for seed in [1, 2] {
            let own = task_of_run(&moved, &task, seed);
            let pairs = |task: &Task| match (&task.train.inputs, &task.train.answers) {
                (Inputs::Numbers(inputs, 1), Answers::Numbers(answers, 1)) => {
                    inputs.iter().zip(answers).map(|(&x, &y)| [x, y]).collect::<Vec<_>>()
                }
                _ => Vec::new(),
            };
            let labelled = chosen(task.train.len(), Some(20), seed);
            let (before, after) = (pairs(&task), pairs(&own));
            assert_eq!([after[labelled[1]], after[labelled[19]]], [[-1.5, 2.3], [0.05, -0.07]]);
            let others = (0..before.len()).filter(|at| ![labelled[1], labelled[19]].contains(at));
            assert!(others.into_iter().all(|at| before[at] == after[at]) && own.test == task.test);
        }
    }

    #[test]
    fn pretraining_is_a_phase_of_its_own() {
        let experiment = Experiment { pretraining: retort_spec::OnOff::On, ..Experiment::for_data(DataSet::Opinions) };
        let phases = planned(&experiment);
        assert!(matches!(phases[0].0.lesson, Lesson::Masked(_)));
        assert!(matches!(phases[1].0.origin, Origin::Rebuilt(..)));
        assert!(
            planned(&Experiment { pretraining: retort_spec::OnOff::On, ..Experiment::for_data(DataSet::Places) })
                .iter()
                .all(|(phase, _)| !matches!(phase.lesson, Lesson::Masked(_)))
        );
    }
}

//! Plans that show what a task is about: sizes, steps and rates that were measured (`retort table tasks`).

use super::plan::{Imitation, Lesson, Origin, Phase, Signal, Source};
use crate::{
    losses::{Bounded, Comparison, Direction, FORWARD, REVERSE},
    nets::{Activation, Head, LstmShape, Shape, TransformerShape},
    tasks::{Input, Task},
};

/// Labels of the student and its control, unless the experiment says otherwise.
pub const OPINION_LABELS: usize = 1_000;
/// The same for places.
pub const PLACE_LABELS: usize = 300;
/// Names that a student of the language model has.
pub const FEW_NAMES: usize = 300;
/// Texts that a teacher writes for sequence-level distillation.
const TEACHER_TEXTS: usize = 4_000;

/// Soft targets at a temperature, multiplied by T².
pub fn soft_targets(temperature: f32) -> Comparison {
    Comparison::Divergence { temperature, scaled: true, direction: FORWARD, top: None }
}

/// A divergence at temperature 1.
pub fn divergence(direction: Direction) -> Comparison {
    Comparison::Divergence { temperature: 1.0, scaled: true, direction, top: None }
}

/// Tokens of a sequence, at most.
fn length(task: &Task) -> usize {
    match &task.input {
        Input::Tokens { length, .. } => *length,
        Input::Numbers(_) => 0,
    }
}

/// A Transformer of four heads and two layers.
fn transformer(task: &Task, width: usize, dropout: f32, head: Head) -> Shape {
    let sizes = TransformerShape {
        width,
        layers: 2,
        heads: 4,
        hidden: 2 * width,
        context: length(task),
        dropout,
        activation: Activation::Gelu,
        causal: matches!(head, Head::EachToken(_)),
    };
    Shape::Transformer(sizes, task.vocabulary(), head)
}

fn lstm(task: &Task, embedding: usize, hidden: usize, head: Head) -> Shape {
    let sizes = LstmShape { embedding, hidden, bidirectional: matches!(head, Head::Pooled(_)) };
    Shape::Lstm(sizes, task.vocabulary(), head)
}

/// A phase whose network begins with drawn weights.
fn fresh(network: &str, shape: &Shape, purpose: &str, lesson: Lesson, (steps, rate): (usize, f64)) -> Phase {
    let origin = Origin::Drawn(shape.clone(), purpose.to_owned());
    Phase { network: network.to_owned(), origin, lesson, steps, batch: 64, rate, order: purpose.to_owned() }
}

/// A teacher's answers for examples without labels.
fn taught(comparison: Comparison, inputs: Option<usize>) -> Lesson {
    Lesson::Imitation(Imitation {
        teacher: "teacher".into(),
        source: Source::Examples(inputs),
        own_share: 0.0,
        signal: Signal::Compared(vec![(1.0, comparison)]),
        label_weight: 0.0,
        labels: None,
    })
}

/// The Transformer that teaches `opinions`.
pub fn opinions_teacher(task: &Task) -> Phase {
    let shape = transformer(task, 32, 0.0, Head::Pooled(task.outputs()));
    fresh("teacher", &shape, "teacher", Lesson::Labels(None), (2_400, 1e-3))
}

/// A student of `opinions` that learns a lesson; all begin alike and take as many steps.
pub fn opinions_student(task: &Task, network: &str, lesson: Lesson) -> Phase {
    let shape = lstm(task, 16, 16, Head::Pooled(task.outputs()));
    fresh(network, &shape, "student", lesson, (2_400, 5e-3))
}

/// Teacher, control and student of `opinions`: the Transformer teaches a BiLSTM by its logits (Tang et al. 2019).
pub fn opinions(task: &Task, labels: usize) -> Vec<Phase> {
    vec![
        opinions_teacher(task),
        opinions_student(task, "control", Lesson::Labels(Some(labels))),
        opinions_student(task, "student", by_logits(None)),
    ]
}

/// A teacher's logits for so many sentences without labels; all if none.
pub fn by_logits(inputs: Option<usize>) -> Lesson {
    taught(Comparison::LogitMse, inputs)
}

/// A teacher's soft targets for all sentences.
pub fn by_soft_targets(temperature: f32) -> Lesson {
    taught(soft_targets(temperature), None)
}

/// The Transformer of `opinions` with few labels, from scratch and behind a pretraining by hidden words.
pub fn opinions_pretraining(task: &Task, labels: usize) -> Vec<Phase> {
    let words = match transformer(task, 32, 0.0, Head::EachToken(task.vocabulary())) {
        Shape::Transformer(sizes, vocabulary, head) => {
            Shape::Transformer(TransformerShape { causal: false, ..sizes }, vocabulary, head)
        }
        other => other,
    };
    let classes = Head::Pooled(task.outputs());
    let lesson = Lesson::Labels(Some(labels));
    let scratch = transformer(task, 32, 0.0, classes);
    let tuned = Phase {
        origin: Origin::Rebuilt("pretrained".into(), classes),
        network: "tuned".into(),
        ..fresh("tuned", &scratch, "tuned", lesson.clone(), (500, 1e-3))
    };
    vec![
        fresh("pretrained", &words, "pretrained", Lesson::Masked(0.2), (2_400, 3e-3)),
        fresh("scratch", &scratch, "tuned", lesson, (500, 1e-3)),
        tuned,
    ]
}

/// Two teachers, a control and students of both of `places`.
pub fn places(task: &Task, labels: usize) -> Vec<Phase> {
    let pooled = Head::Pooled(task.outputs());
    let large = lstm(task, 24, 48, pooled);
    let small = lstm(task, 12, 12, pooled);
    let attention = transformer(task, 32, 0.1, pooled);
    let steps = (1_200, 5e-3);
    let by = |teacher: &str| match taught(soft_targets(2.0), None) {
        Lesson::Imitation(lesson) => Lesson::Imitation(Imitation { teacher: teacher.into(), ..lesson }),
        other => other,
    };
    vec![
        fresh("teacher", &large, "teacher", Lesson::Labels(None), (900, 5e-3)),
        fresh("transformer", &attention, "transformer", Lesson::Labels(None), (900, 3e-3)),
        fresh("control", &small, "student", Lesson::Labels(Some(labels)), steps),
        fresh("all labels", &small, "student", Lesson::Labels(None), steps),
        fresh("student", &small, "student", by("teacher"), steps),
        fresh("student of the transformer", &small, "student", by("transformer"), steps),
    ]
}

/// A language model's teacher, the students' common start, and the lessons that follow it.
fn language_model(teacher: Phase, start: Phase, students: Vec<(&str, Lesson)>) -> Vec<Phase> {
    let student = |(network, lesson): (&str, Lesson)| Phase {
        network: network.to_owned(),
        origin: Origin::Copied("start".into()),
        lesson,
        steps: 700,
        batch: 64,
        rate: 5e-3,
        order: "student".into(),
    };
    [teacher, start].into_iter().chain(students.into_iter().map(student)).collect()
}

/// Whose prefixes, and which direction: the student's share of the batches, and β.
pub fn written(own_share: f32, direction: Direction, inputs: Option<usize>) -> Lesson {
    match taught(divergence(direction), inputs) {
        Lesson::Imitation(lesson) => Lesson::Imitation(Imitation { own_share, ..lesson }),
        other => other,
    }
}

/// Texts of the teacher, learned by heart (Kim & Rush 2016).
pub fn teacher_texts() -> Lesson {
    match taught(divergence(FORWARD), None) {
        Lesson::Imitation(lesson) => {
            let source = Source::TeacherTexts(TEACHER_TEXTS);
            Lesson::Imitation(Imitation { source, signal: Signal::Text, ..lesson })
        }
        other => other,
    }
}

/// The language model of names: labels, sequence-level distillation, and the four cells of two switches.
pub fn names(task: &Task) -> Vec<Phase> {
    let head = Head::EachToken(task.outputs());
    let (large, small) = (transformer(task, 48, 0.1, head), lstm(task, 12, 16, head));
    language_model(
        fresh("teacher", &large, "teacher", Lesson::Labels(None), (1_000, 3e-3)),
        fresh("start", &small, "start", Lesson::Labels(Some(FEW_NAMES)), (250, 5e-3)),
        vec![
            ("labels, 300 names", Lesson::Labels(Some(FEW_NAMES))),
            ("labels, all names", Lesson::Labels(None)),
            ("texts of the teacher", teacher_texts()),
            ("forward KL, 300 names", written(0.0, FORWARD, Some(FEW_NAMES))),
            ("forward KL, all names", written(0.0, FORWARD, None)),
            ("reverse KL, all names", written(0.0, REVERSE, None)),
            ("own texts, forward KL", written(1.0, FORWARD, None)),
            ("own texts, reverse KL", written(1.0, REVERSE, None)),
        ],
    )
}

/// The language model of brackets.
pub fn brackets(task: &Task) -> Vec<Phase> {
    let head = Head::EachToken(task.outputs());
    let (large, small) = (transformer(task, 32, 0.0, head), lstm(task, 6, 12, head));
    language_model(
        fresh("teacher", &large, "teacher", Lesson::Labels(None), (900, 3e-3)),
        fresh("start", &small, "start", Lesson::Labels(Some(500)), (300, 5e-3)),
        vec![
            ("labels, 500 texts", Lesson::Labels(Some(500))),
            ("labels, all texts", Lesson::Labels(None)),
            ("texts of the teacher", teacher_texts()),
            ("forward KL on data", written(0.0, FORWARD, None)),
            ("reverse KL on data", written(0.0, REVERSE, None)),
            ("half own texts, forward KL", written(0.5, FORWARD, None)),
            ("half own texts, reverse KL", written(0.5, REVERSE, None)),
            ("own texts, reverse KL", written(1.0, REVERSE, None)),
        ],
    )
}

/// Regression: a teacher with so many labels, then a control with few, a student of the teacher's answers for all
/// inputs, and a student that the teacher bounds.
pub fn regression(task: &Task, teacher_labels: Option<usize>, labels: Option<usize>, student: &[usize]) -> Vec<Phase> {
    let Input::Numbers(names) = &task.input else { return Vec::new() };
    let shape = |hidden: &[usize]| Shape::Perceptron(names.len(), hidden.to_vec(), task.outputs());
    let (large, small) = (shape(&[64, 64]), shape(student));
    let bounded = Lesson::Bounded { teacher: "teacher".into(), labels, margin: 0.0, kind: Bounded::Total { nu: 0.5 } };
    let steps = (2_000, 5e-3);
    vec![
        fresh("teacher", &large, "teacher", Lesson::Labels(teacher_labels), (2_000, 3e-3)),
        fresh("control", &small, "student", Lesson::Labels(labels), steps),
        fresh("student", &small, "student", taught(Comparison::LogitMse, None), steps),
        fresh("bounded", &small, "student", bounded, steps),
    ]
}

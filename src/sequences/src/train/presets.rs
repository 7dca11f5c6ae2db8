//! What a task is about, measured (`retort table tasks`): the page's default experiment, and other lessons beside it.
//! Sizes, steps and rates are those of [`Experiment::for_data`].

use retort_spec::{Architecture, DataSet, Experiment, Labels, NetworkKind};

use super::{
    knobs::{shape, steps_of_epoch},
    plan::{Imitation, Lesson, Origin, Phase, Signal, Source},
};
use crate::{
    losses::{Bounded, Comparison, Direction, FORWARD, REVERSE},
    nets::{Head, Shape},
    tasks::Task,
};

/// Texts that a teacher writes for sequence-level distillation.
const TEACHER_TEXTS: usize = 4_000;

/// The default experiment of a task, and its phases.
struct Usual<'a> {
    experiment: Experiment,
    task: &'a Task,
}

impl<'a> Usual<'a> {
    fn of(data: DataSet, task: &'a Task) -> Self {
        Self { experiment: Experiment::for_data(data), task }
    }

    /// How many labels a student and its control see.
    fn labels(&self) -> Option<usize> {
        match self.experiment.labels {
            Labels::All => None,
            Labels::Count(count) => Some(count as usize),
        }
    }

    fn shape(&self, architecture: &Architecture, is_teacher: bool) -> Shape {
        shape(&self.experiment, self.task, architecture, is_teacher)
    }

    /// A phase of so many epochs.
    fn phase(&self, network: &str, origin: Origin, lesson: Lesson, (epochs, rate): (u32, f64)) -> Phase {
        let batch = self.experiment.batch as usize;
        let steps = epochs as usize * steps_of_epoch(&self.experiment, self.task);
        let order = if let Origin::Drawn(_, purpose) = &origin { purpose.clone() } else { "student".into() };
        Phase { network: network.to_owned(), origin, lesson, steps, batch, rate, order }
    }

    /// A teacher, with other labels or of another architecture than usual.
    fn teacher_like(&self, network: &str, architecture: &Architecture, labels: Option<usize>) -> Phase {
        let origin = Origin::Drawn(self.shape(architecture, true), network.to_owned());
        let steps = (self.experiment.teacher_epochs, self.experiment.teacher_rate);
        self.phase(network, origin, Lesson::Labels(labels), steps)
    }

    fn teacher(&self) -> Phase {
        self.teacher_like("teacher", &self.experiment.teacher, None)
    }

    /// A student; all begin alike and take as many steps.
    fn student(&self, network: &str, lesson: Lesson) -> Phase {
        let origin = match self.experiment.warm_up {
            0 => Origin::Drawn(self.shape(&self.experiment.student, false), "student".into()),
            _ => Origin::Copied("start".into()),
        };
        self.phase(network, origin, lesson, (self.experiment.student_epochs, self.experiment.learning_rate))
    }

    /// What all students of a language model begin with.
    fn start(&self) -> Phase {
        let origin = Origin::Drawn(self.shape(&self.experiment.student, false), "start".into());
        let steps = (self.experiment.warm_up, self.experiment.learning_rate);
        self.phase("start", origin, Lesson::Labels(self.labels()), steps)
    }

    /// The teacher's soft targets for all inputs, at the temperature that is usual.
    fn soft_targets(&self) -> Lesson {
        taught(soft_targets(self.experiment.temperature as f32), None)
    }
}

/// Soft targets at a temperature, multiplied by T².
pub fn soft_targets(temperature: f32) -> Comparison {
    Comparison::Divergence { temperature, scaled: true, direction: FORWARD, top: None }
}

/// A divergence at temperature 1.
pub fn divergence(direction: Direction) -> Comparison {
    Comparison::Divergence { temperature: 1.0, scaled: true, direction, top: None }
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

/// `opinions`: a Transformer teaches a BiLSTM by its soft targets, or by its logits (Tang et al. 2019). In English
/// other lessons stand beside.
pub fn opinions(task: &Task, data: DataSet) -> Vec<Phase> {
    let usual = Usual::of(data, task);
    let labels = usual.labels();
    let by_logits = |inputs| taught(Comparison::LogitMse, inputs);
    let mut phases = vec![
        usual.teacher(),
        usual.student("control", Lesson::Labels(labels)),
        usual.student("student", usual.soft_targets()),
        usual.student("student by logits", by_logits(None)),
    ];
    if data == DataSet::Opinions {
        let twice = labels.map(|count| 2 * count);
        phases.extend([
            usual.student("control, twice as many labels", Lesson::Labels(twice)),
            usual.student("control, all labels", Lesson::Labels(None)),
            usual.student("student by logits, 5,000 sentences", by_logits(Some(5_000))),
        ]);
    }
    phases
}

/// The Transformer of `opinions` with few labels, from scratch and behind a pretraining by hidden words.
pub fn opinions_pretraining(task: &Task) -> Vec<Phase> {
    let usual = Usual::of(DataSet::Opinions, task);
    let labels = usual.labels();
    let architecture = &usual.experiment.teacher;
    let scratch = usual.teacher_like("scratch", architecture, labels);
    let pretrained = match usual.shape(architecture, true) {
        Shape::Transformer(sizes, vocabulary, _) => Phase {
            origin: Origin::Drawn(
                Shape::Transformer(sizes, vocabulary, Head::EachToken(vocabulary)),
                "pretrained".into(),
            ),
            lesson: Lesson::Masked(0.2),
            ..usual.teacher_like("pretrained", architecture, None)
        },
        _ => return Vec::new(),
    };
    let tuned = Phase {
        network: "tuned".into(),
        origin: Origin::Rebuilt("pretrained".into(), Head::Pooled(task.outputs())),
        ..scratch.clone()
    };
    vec![pretrained, scratch, tuned]
}

/// Two teachers, a control and students of both of `places`.
pub fn places(task: &Task) -> Vec<Phase> {
    let usual = Usual::of(DataSet::Places, task);
    let other = Experiment { dropout: 0.1, ..usual.experiment.clone() };
    let transformer = Usual { experiment: Experiment { teacher_rate: 0.003, ..other }, task };
    let by_other = match usual.soft_targets() {
        Lesson::Imitation(lesson) => Lesson::Imitation(Imitation { teacher: "transformer".into(), ..lesson }),
        other => other,
    };
    vec![
        usual.teacher(),
        transformer.teacher_like("transformer", &Architecture::new(NetworkKind::Transformer, [32, 2]), None),
        usual.student("control", Lesson::Labels(usual.labels())),
        usual.student("all labels", Lesson::Labels(None)),
        usual.student("student", usual.soft_targets()),
        usual.student("student of the transformer", by_other),
    ]
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
    let usual = Usual::of(DataSet::Names, task);
    let few = usual.labels();
    let lessons = [
        ("labels, 300 names", Lesson::Labels(few)),
        ("labels, all names", Lesson::Labels(None)),
        ("texts of the teacher", teacher_texts()),
        ("forward KL, 300 names", written(0.0, FORWARD, few)),
        ("forward KL, all names", written(0.0, FORWARD, None)),
        ("reverse KL, all names", written(0.0, REVERSE, None)),
        ("own texts, forward KL", written(1.0, FORWARD, None)),
        ("own texts, reverse KL", written(1.0, REVERSE, None)),
    ];
    let students = lessons.map(|(network, lesson)| usual.student(network, lesson));
    [usual.teacher(), usual.start()].into_iter().chain(students).collect()
}

/// The language model of brackets.
pub fn brackets(task: &Task) -> Vec<Phase> {
    let usual = Usual::of(DataSet::Brackets, task);
    let lessons = [
        ("labels, 500 texts", Lesson::Labels(usual.labels())),
        ("labels, all texts", Lesson::Labels(None)),
        ("texts of the teacher", teacher_texts()),
        ("forward KL on data", written(0.0, FORWARD, None)),
        ("reverse KL on data", written(0.0, REVERSE, None)),
        ("half own texts, forward KL", written(0.5, FORWARD, None)),
        ("half own texts, reverse KL", written(0.5, REVERSE, None)),
        ("own texts, reverse KL", written(1.0, REVERSE, None)),
    ];
    let students = lessons.map(|(network, lesson)| usual.student(network, lesson));
    [usual.teacher(), usual.start()].into_iter().chain(students).collect()
}

/// Regression: a teacher with all labels, then a control with few, or with all of them, a student of the teacher's
/// answers for all inputs, and a student that the teacher bounds.
pub fn regression(task: &Task, data: DataSet, all_labels: bool) -> Vec<Phase> {
    let usual = Usual::of(data, task);
    let labels = usual.labels().filter(|_| !all_labels);
    let bounded = Lesson::Bounded { teacher: "teacher".into(), labels, margin: 0.0, kind: Bounded::Total { nu: 0.5 } };
    vec![
        usual.teacher(),
        usual.student("control", Lesson::Labels(labels)),
        usual.student("student", taught(Comparison::LogitMse, None)),
        usual.student("bounded", bounded),
    ]
}

/// The noise that a data set has unless the experiment says otherwise.
pub fn noise(data: DataSet) -> f32 {
    Experiment::for_data(data).noise as f32
}

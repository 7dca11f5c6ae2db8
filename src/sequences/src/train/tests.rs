//! Studies of small tasks.

use std::time::Duration;

use retort_spec::DataSet;

use super::{
    presets::{self, divergence},
    *,
};
use crate::{
    losses::{Comparison, Direction, FORWARD, REVERSE},
    nets::{Activation, Head, LstmShape, Shape, TransformerShape},
    tasks::{Task, brackets, curve},
};

/// Carries a plan out; all events.
fn run(task: Task, phases: Vec<Phase>) -> (Study, Vec<StudyEvent>) {
    let mut study = Study::new(task, phases, 1).unwrap();
    let mut events = Vec::new();
    while study.is_running() {
        events.extend(study.advance(Duration::ZERO));
    }
    (study, events)
}

fn metric(events: &[StudyEvent], name: &str, kind: MetricKind) -> f64 {
    let of = |event: &StudyEvent| match event {
        StudyEvent::Finished { network, tested, .. } if network == name => {
            tested.metrics.iter().find(|metric| metric.kind == kind).map(|metric| metric.value)
        }
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

/// Fewer steps of the same plan.
fn short(phases: Vec<Phase>, steps: usize) -> Vec<Phase> {
    phases.into_iter().map(|phase| Phase { steps, ..phase }).collect()
}

#[test]
fn a_curve_is_learned_and_taught() {
    let task = curve(0.3);
    let (study, events) = run(task.clone(), short(presets::regression(&task, DataSet::Curve, false), 400));
    assert_eq!((study.steps(), study.share_done()), ((1_600, 1_600), 1.0));
    assert_eq!(events.last(), Some(&StudyEvent::Done));
    let explained = |name| metric(&events, name, MetricKind::Explained);
    assert!(explained("teacher") > 0.85, "{}", explained("teacher"));
    assert!(explained("student") > explained("control"), "{} {}", explained("student"), explained("control"));
}

#[test]
fn two_runs_are_the_same() {
    let task = curve(0.3);
    let phases = || short(presets::regression(&task, DataSet::Curve, false), 30);
    let [(_, first), (_, second)] = [run(task.clone(), phases()), run(task.clone(), phases())];
    assert_eq!(first, second);
}

#[test]
fn every_lesson_of_a_language_model_lowers_the_loss() {
    let task = brackets();
    let head = Head::EachToken(task.outputs());
    let sizes = TransformerShape {
        width: 16,
        layers: 1,
        heads: 2,
        hidden: 24,
        context: 24,
        dropout: 0.1,
        activation: Activation::Relu,
        causal: true,
    };
    let large = Shape::Transformer(sizes, task.vocabulary(), head);
    let small = Shape::Lstm(LstmShape { embedding: 4, hidden: 8, bidirectional: false }, task.vocabulary(), head);
    let phase = |network: &str, origin, lesson, steps| Phase {
        network: network.into(),
        origin,
        lesson,
        steps,
        batch: 16,
        rate: 1e-2,
        order: "student".into(),
    };
    let drawn = |shape: &Shape, purpose: &str| Origin::Drawn(shape.clone(), purpose.into());
    let imitation = |own_share, source, signal| {
        Lesson::Imitation(Imitation {
            teacher: "teacher".into(),
            source,
            own_share,
            signal,
            label_weight: 0.0,
            labels: None,
        })
    };
    let all = Source::Examples(None);
    let top = Comparison::Divergence { temperature: 1.0, scaled: true, direction: FORWARD, top: Some(3) };
    let lessons = [
        ("labels", Lesson::Labels(Some(100))),
        ("forward", imitation(0.0, all, Signal::Compared(vec![(1.0, divergence(FORWARD))]))),
        ("middle", imitation(0.0, all, Signal::Compared(vec![(1.0, divergence(Direction::new(0.5)))]))),
        ("top", imitation(0.0, all, Signal::Compared(vec![(1.0, top)]))),
        ("own", imitation(0.5, all, Signal::Compared(vec![(1.0, divergence(REVERSE))]))),
        ("sampled", imitation(1.0, all, Signal::SampledToken)),
        ("texts", imitation(0.0, Source::TeacherTexts(40), Signal::Text)),
    ];
    let mut phases = vec![
        phase("teacher", drawn(&large, "teacher"), Lesson::Labels(None), 150),
        phase("start", drawn(&small, "student"), Lesson::Labels(Some(100)), 40),
    ];
    phases.extend(lessons.map(|(name, lesson)| phase(name, Origin::Copied("start".into()), lesson, 60)));
    let (mut study, events) = run(task, phases);
    let loss = |name| metric(&events, name, MetricKind::HeldOutLoss);
    assert!(loss("teacher") < 1.3, "{}", loss("teacher"));
    for name in ["labels", "forward", "middle", "top", "own", "sampled", "texts"] {
        // What learns from its own texts comes nearer to its teacher, and may leave the data behind.
        let kind = if matches!(name, "own" | "sampled") { MetricKind::TeacherLoss } else { MetricKind::HeldOutLoss };
        let [after, before] = [name, "start"].map(|name| metric(&events, name, kind));
        assert!(after < before, "{name}: {after} {before}");
        let acceptance = metric(&events, name, MetricKind::Acceptance);
        assert!(acceptance > 0.5 && acceptance <= 1.0, "{name}: {acceptance}");
    }
    assert!(study.network("forward").is_some() && study.network("nobody").is_none());
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let task = curve(0.3);
    let mut phases = presets::regression(&task, DataSet::Curve, true);
    assert!(matches!(Study::new(task.clone(), phases[1..].to_vec(), 1), Err(PlanError::Missing { phase: 2, .. })));
    let error = Study::new(task.clone(), short(phases.clone(), 0), 1).err();
    assert_eq!(error, Some(PlanError::Nothing { network: "teacher".into() }));
    phases[0].origin = Origin::Drawn(Shape::Perceptron(1, vec![4], 2), "teacher".into());
    assert!(matches!(Study::new(task.clone(), phases, 1), Err(PlanError::Task { found: 2, expected: 1, .. })));
    let mut phases = presets::regression(&task, DataSet::Curve, true);
    phases[2].lesson = presets::written(1.0, FORWARD, None);
    assert!(matches!(Study::new(task, phases, 1), Err(PlanError::NoTexts { .. })));
}

#[test]
fn a_long_step_counts_for_more() {
    let task = curve(0.3);
    // A multiply–add each: the teacher's 64 + 64 · 64 + 64, the others' 16 + 16.
    let phases = short(presets::regression(&task, DataSet::Curve, true), 10);
    let mut study = Study::new(task.clone(), phases, 1).unwrap();
    assert_eq!(study.share_done(), 0.0);
    while study.phase() == 0 {
        study.advance(Duration::ZERO);
    }
    // The student asks its teacher about new examples.
    let (teacher, small) = (3.0 * 4_224.0, 3.0 * 32.0);
    let share = teacher / (teacher + 3.0 * small + 4_224.0);
    assert!((study.share_done() - share).abs() < 1e-9, "{} {share}", study.share_done());
}

#[test]
fn a_study_that_is_cancelled_keeps_what_it_trained() {
    let task = curve(0.3);
    let mut study = Study::new(task.clone(), short(presets::regression(&task, DataSet::Curve, true), 5), 1).unwrap();
    while study.steps().0 < 7 {
        study.advance(Duration::ZERO);
    }
    study.cancel();
    assert!(!study.is_running() && study.network("teacher").is_some() && study.network("control").is_none());
}

use retort_spec::{
    Architecture, Block, DataSet, EngineError, Exhibit, ExhibitPlace, Labels, NetworkId, NetworkKind, Scheme, Verdict,
};

use super::*;

const SLICE: Duration = Duration::ZERO;

/// One epoch of small networks.
fn short(data: DataSet) -> Experiment {
    let usual = Experiment::for_data(data);
    let small = |architecture: &Architecture| match architecture.kind {
        NetworkKind::Transformer => Architecture::new(NetworkKind::Transformer, [4, 1]),
        NetworkKind::Lstm => Architecture::new(NetworkKind::Lstm, [4, 4]),
        kind => Architecture::new(kind, [4]),
    };
    let [teacher, student] = [&usual.teacher, &usual.student].map(small);
    Experiment { teacher, student, teacher_epochs: 1, student_epochs: 1, batch: 1000, warm_up: 0, runs: 1, ..usual }
}

fn finish(session: &mut Session) -> Vec<Event> {
    let mut events = Vec::new();
    while session.is_running() {
        events.extend(session.advance(SLICE));
    }
    events
}

fn run(session: &mut Session, experiment: &Experiment) -> Vec<Event> {
    let mut events = session.handle(Command::Run(experiment.clone()));
    events.extend(finish(session));
    events
}

fn verdict(events: &[Event]) -> Option<&Verdict> {
    events.iter().find_map(|event| if let Event::Verdict(verdict) = event { Some(verdict) } else { None })
}

fn hero(events: &[Event]) -> Option<&Exhibit> {
    let exhibits = events.iter().rev().filter_map(|event| match event {
        Event::Exhibit(exhibit) => Some(exhibit),
        _ => None,
    });
    exhibits.into_iter().find(|exhibit| exhibit.place == ExhibitPlace::Hero)
}

/// Networks that took steps, rather than being found again.
fn trained(events: &[Event]) -> u32 {
    events
        .iter()
        .filter(|event| matches!(event, Event::Progress(progress) if progress.examples_per_second > 0.0))
        .count() as u32
}

#[test]
fn every_data_set_is_trained_to_its_verdict() {
    // The other grammar differs by its words.
    let sequences = |data: &DataSet| data.is_of_sequences() && *data != DataSet::OpinionsChinese;
    for data in DataSet::ALL.iter().copied().filter(sequences) {
        let experiment = short(data);
        let events = run(&mut Session::default(), &experiment);
        assert!(
            matches!(&events[0], Event::Data(summary) if summary.networks.len() == experiment.plan().networks.len())
        );
        let verdict = verdict(&events).unwrap();
        assert_eq!(verdict.accuracies.len(), experiment.plan().networks.len(), "{data}");
        assert!(verdict.accuracies.iter().all(|(_, spread)| spread.mean.is_finite()), "{data}");
        assert_eq!(events.last(), Some(&Event::State(RunState::Finished)), "{data}");
        // Every curve begins before the first step and ends with the last.
        for id in experiment.plan().ids() {
            let steps: Vec<u32> = events
                .iter()
                .filter_map(|event| match event {
                    Event::Point(point) if point.network_id == id => Some(point.step),
                    _ => None,
                })
                .collect();
            assert!(steps[0] == 0 && steps.is_sorted() && steps.len() > 1, "{data} {id} {steps:?}");
        }
        assert!(hero(&events).is_some_and(|exhibit| !exhibit.blocks.is_empty()), "{data}");
    }
}

#[test]
fn what_was_trained_is_found_again() {
    let mut session = Session::default();
    let experiment = short(DataSet::Places);
    let first = run(&mut session, &experiment);
    // Another temperature teaches another student, by the same teacher.
    let warmer = Experiment { temperature: 8.0, ..experiment.clone() };
    let second = run(&mut session, &warmer);
    assert!(trained(&second) > 0 && trained(&second) < trained(&first) || trained(&first) <= 2);
    let mean = |events: &[Event], id| verdict(events).unwrap().mean(id);
    assert_eq!(mean(&first, NetworkId::TEACHER), mean(&second, NetworkId::TEACHER));
    let third = run(&mut session, &experiment);
    assert_eq!(trained(&third), 0);
    assert_eq!(verdict(&third), verdict(&first));
    // From the first step on nothing is known.
    session.handle(Command::Reset);
    assert!(trained(&finish(&mut session)) > 0);
}

#[test]
fn knobs_that_mean_nothing_retrain_nothing() {
    let mut session = Session::default();
    let experiment = short(DataSet::Names);
    run(&mut session, &experiment);
    let other = Experiment { members: 3, soft_weight: 0.3, ..experiment };
    let events = session.handle(Command::Run(other));
    assert!(!events.iter().any(|event| matches!(event, Event::Data(_))));
    assert_eq!(session.handle(Command::Ping).len(), 1);
}

#[test]
fn it_waits_and_goes_on_by_steps_and_epochs() {
    let mut session = Session::default();
    let experiment = Experiment { batch: 4000, ..short(DataSet::Brackets) };
    session.handle(Command::Run(experiment));
    session.handle(Command::Pause);
    assert!(!session.is_running() && session.advance(SLICE).is_empty());
    session.handle(Command::StepBatch);
    let step = |events: &[Event]| {
        events.iter().rev().find_map(|event| match event {
            Event::Progress(progress) => Some((progress.step, progress.epoch)),
            _ => None,
        })
    };
    assert_eq!(step(&finish(&mut session)), Some((1, 0)));
    session.handle(Command::StepEpoch);
    assert_eq!(step(&finish(&mut session)), Some((2, 1)));
    assert_eq!(session.handle(Command::Resume), [Event::State(RunState::Running)]);
    session.handle(Command::Run(Experiment { batch: 10, ..short(DataSet::Curve) }));
    session.handle(Command::SetSpeedLimit(Some(1)));
    for _ in 0..3 {
        session.advance(Duration::ZERO);
    }
    assert!(session.rest() > Duration::ZERO);
    session.handle(Command::Stop);
    assert_eq!(session.handle(Command::Resume), [Event::State(RunState::Idle)]);
}

#[test]
fn what_cannot_be_trained_is_said() {
    let mut session = Session::default();
    let events = session.handle(Command::Run(Experiment::default()));
    assert_eq!(events[0], Event::Error(EngineError::OtherEngine { data: DataSet::Digits8 }));
    let nothing = Experiment { labels: Labels::Count(0), soft_weight: 0.0, ..short(DataSet::Places) };
    assert_eq!(session.handle(Command::Run(nothing))[0], Event::Error(EngineError::NothingToLearn));
    // A loss that is no number ends the training.
    let wild = Experiment { noise: f64::MAX, ..short(DataSet::Curve) };
    let events = run(&mut session, &wild);
    assert!(events.iter().any(|event| matches!(event, Event::Error(EngineError::Diverged { .. }))));
    assert_eq!((verdict(&events), events.last()), (None, Some(&Event::State(RunState::Idle))));
}

#[test]
fn a_text_of_the_visitor_is_answered() {
    let mut session = Session::default();
    run(&mut session, &short(DataSet::Opinions));
    let ask = |session: &mut Session, id, text: &str| session.handle(Command::Ask { id, text: text.into() });
    let events = ask(&mut session, 0, "the plot was good plot xyzzy ?");
    let blocks = &hero(&events).unwrap().blocks;
    assert!(matches!(&blocks[1], Block::Note(phrase) if phrase.key == "ask-unknown"));
    let Block::Bars { rows, .. } = &blocks[2] else { panic!("no bars") };
    assert!(rows.len() == 3 && rows.iter().all(|(_, logits)| logits.0.len() == 3));
    // The teacher is a Transformer, and looks at words.
    let inside = |events: &[Event]| {
        events.iter().find_map(|event| match event {
            Event::Exhibit(exhibit) if exhibit.place == ExhibitPlace::Inside => Some(exhibit.clone()),
            _ => None,
        })
    };
    let Block::Texts { lines, .. } = &inside(&events).unwrap().blocks[0] else { panic!("no words") };
    assert_eq!(lines[0].iter().map(|piece| piece.shade).fold(0.0, f64::max), 1.0);
    let other = inside(&ask(&mut session, 1, "0,1")).unwrap();
    assert!(matches!(&other.blocks[0], Block::Texts { chosen: Some([0, 1]), .. }));
    for nonsense in ["", "0", "9,9", "a,b", "-1,0"] {
        assert!(inside(&ask(&mut session, 1, nonsense)).is_some());
    }
    let empty = ask(&mut session, 0, "");
    assert!(matches!(&hero(&empty).unwrap().blocks[1], Block::Note(phrase) if phrase.key == "ask-nothing"));
}

#[test]
fn the_product_is_weighed_in_every_format_and_comes_as_a_file() {
    let mut session = Session::default();
    let events = run(&mut session, &short(DataSet::Curve));
    let sizes = events.iter().rev().find_map(|event| match event {
        Event::Exhibit(exhibit) if exhibit.place == ExhibitPlace::Sizes => Some(exhibit.clone()),
        _ => None,
    });
    let blocks = sizes.unwrap().blocks;
    let [Block::Table { rows, .. }, Block::Files { files, .. }] = &blocks[..] else { panic!("{blocks:?}") };
    assert_eq!(rows.len(), retort_spec::Bits::ALL.len());
    for (word, _, size) in files {
        let events = session.handle(Command::Ask { id: 2, text: word.clone() });
        assert!(matches!(&events[..], [Event::File { file, .. }] if file.len() as f64 == *size), "{word}");
    }
    assert!(session.handle(Command::Ask { id: 2, text: "other".into() }).is_empty());
}

#[test]
fn letters_of_a_text_are_asked_about() {
    let mut session = Session::default();
    let experiment = short(DataSet::Names);
    assert_eq!(experiment.scheme, Scheme::Methods);
    run(&mut session, &experiment);
    let events = session.handle(Command::Ask { id: 11, text: "0,0".into() });
    let blocks = &hero(&events).unwrap().blocks;
    let bars = blocks.iter().find_map(|block| match block {
        Block::Bars { rows, names, .. } => Some((rows, names)),
        _ => None,
    });
    let (rows, names) = bars.unwrap();
    assert!(rows.len() == 7 && rows.iter().all(|(_, logits)| logits.0.len() == names.len()));
    assert!(matches!(&blocks[0], Block::Table { rows, .. } if rows.len() == 7));
    let lines = blocks.iter().filter_map(|block| match block {
        Block::Texts { lines, .. } => Some(lines.len()),
        _ => None,
    });
    assert_eq!(lines.collect::<Vec<usize>>(), [7; 7]);
}

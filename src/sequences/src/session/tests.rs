use retort_spec::{
    Architecture, Block, DataSet, EngineError, Exhibit, ExhibitPlace, Labels, NetworkId, NetworkKind, RunState, Scheme,
    TargetKind, Verdict,
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
    let sequences = |data: &DataSet| data.is_of_sequences() && *data != DataSet::OpinionsChinese && !data.needs_files();
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
    let Block::Note(known) = &blocks[2] else { panic!("no words") };
    assert_eq!(known.key, "ask-known", "whoever writes an unknown word is told the known ones");
    let Block::Bars { rows, .. } = &blocks[3] else { panic!("no bars") };
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
    // What they write stands above the numbers.
    let tables = blocks
        .iter()
        .rev()
        .map_while(|block| if let Block::Table { rows, .. } = block { Some(rows.len()) } else { None });
    assert_eq!(tables.collect::<Vec<usize>>(), [3, 7]);
    let lines = blocks.iter().filter_map(|block| match block {
        Block::Texts { lines, .. } => Some(lines.len()),
        _ => None,
    });
    assert_eq!(lines.collect::<Vec<usize>>(), [7; 7]);
}

/// A table of 40 rows in which the size says the price, and the colour which kind it is.
fn table() -> String {
    let row = |row: usize| format!("{row},{},{},{}\n", ["red", "blue"][row % 2], ["A", "B"][row % 2], 3 * row);
    format!("size,colour,kind,price\n{}", (0..40).map(row).collect::<String>())
}

fn give(session: &mut Session, name: &str, text: &str) -> Vec<Event> {
    let file = FileData { name: name.into(), bytes: text.as_bytes().to_vec() };
    session.handle(Command::Files { data: DataSet::Table, files: vec![file] })
}

fn of_data(events: &[Event]) -> Option<&Exhibit> {
    events.iter().rev().find_map(|event| match event {
        Event::Exhibit(exhibit) if exhibit.place == ExhibitPlace::Data => Some(exhibit),
        _ => None,
    })
}

fn problem(events: &[Event]) -> Option<(String, String)> {
    events.iter().find_map(|event| match event {
        Event::Error(EngineError::BadFile { name, reason }) => Some((name.clone(), reason.word().0.to_owned())),
        _ => None,
    })
}

#[test]
fn a_table_of_the_visitor_s_is_learned_by_number_and_by_class() {
    let mut session = Session::default();
    let experiment = short(DataSet::Table);
    let needed = EngineError::FilesNeeded { data: DataSet::Table };
    assert_eq!(session.handle(Command::Run(experiment.clone()))[0], Event::Error(needed));
    let read = give(&mut session, "prices.csv", &table());
    assert_eq!(read[0], Event::FilesRead { data: DataSet::Table, train: 32, test: 8, passed_over: Vec::new() });
    let events = run(&mut session, &experiment);
    assert!(verdict(&events).is_some_and(|verdict| verdict.examples == 8));
    let exhibit = of_data(&events).unwrap();
    let Block::Choose { knob, options, chosen: 3 } = &exhibit.blocks[0] else { panic!("{exhibit:?}") };
    assert_eq!((knob.as_str(), options[2].0.as_str()), ("target-column", "kind"));
    // What the menu says is what is trained next.
    let by_class = experiment.adapted(&options[2].1);
    assert_eq!((by_class.target_column, by_class.target_kind), (3, TargetKind::Class));
    let events = run(&mut session, &by_class);
    let Event::Data(summary) = &events[0] else { panic!("no data") };
    assert_eq!((summary.classes, &summary.class_names[..]), (2, &["A".to_owned(), "B".into()][..]));
    assert!(matches!(hero(&events).unwrap().blocks[..], [Block::Field { .. }, Block::Bars { .. }]));
    // A row of one's own; what is no number and no known word is said.
    let events = session.handle(Command::Ask { id: 0, text: "many, green, 3".into() });
    assert!(matches!(&hero(&events).unwrap().blocks[1], Block::Note(phrase) if phrase.key == "ask-row-unknown"));
    // What was trained before is found again.
    assert_eq!(trained(&run(&mut session, &experiment)), 0);
}

#[test]
fn a_bad_table_loses_nothing() {
    let mut session = Session::default();
    let experiment = short(DataSet::Table);
    give(&mut session, "prices.csv", &table());
    run(&mut session, &experiment);
    let events = give(&mut session, "broken.csv", "a,b\n1,2\n3\n");
    assert_eq!(problem(&events), Some(("broken.csv".into(), "table-ragged".into())));
    assert_eq!(events.last(), Some(&Event::State(RunState::Finished)));
    assert_eq!(trained(&run(&mut session, &Experiment { temperature: 3.0, ..experiment.clone() })), 0);
    // What the experiment asks for and the table does not have is said once the table is known.
    for (target_column, target_kind, word) in
        [(5, TargetKind::Number, "table-no-column"), (2, TargetKind::Number, "table-not-numbers")]
    {
        let other = Experiment { target_column, target_kind, ..experiment.clone() };
        let events = session.handle(Command::Run(other));
        assert_eq!(problem(&events), Some(("prices.csv".into(), word.into())));
    }
    // And nothing of it is trained again.
    assert_eq!(trained(&run(&mut session, &experiment)), 0);
    // Another table of the same shape is another task.
    give(&mut session, "prices.csv", &table().replace(",0\n", ",1\n"));
    assert!(trained(&run(&mut session, &experiment)) > 0);
}

#[test]
fn the_first_experiment_is_adapted_to_a_table() {
    let mut session = Session::default();
    give(&mut session, "prices.csv", &table());
    let planned = Experiment { target_column: 2, ..Experiment::for_data(DataSet::Table) };
    let events = session.handle(Command::Run(planned.clone()));
    let knobs = "target-kind=class&teacher-epochs=200&student-epochs=200";
    assert_eq!(events[0], Event::Adapted(knobs.into()));
    // The page asks for what it was told; the same begins but once.
    let again = session.handle(Command::Run(planned.adapted(knobs)));
    assert!(!again.iter().any(|event| matches!(event, Event::Data(_) | Event::Adapted(_))));
    // From then on nothing changes behind the visitor's back.
    assert!(problem(&session.handle(Command::Run(planned))).is_some());
}

#[test]
fn a_network_from_a_file_teaches_and_one_that_does_not_fit_is_refused() {
    let mut session = Session::default();
    let experiment = short(DataSet::Places);
    let first = run(&mut session, &experiment);
    let file = |session: &mut Session, word: &str| match &session.handle(Command::Ask { id: 2, text: word.into() })[..]
    {
        [Event::File { file, .. }] => file.clone(),
        other => panic!("{other:?}"),
    };
    let mean = |events: &[Event], id| verdict(events).unwrap().mean(id);
    let saved = file(&mut session, "safetensors");
    let packed = {
        session.handle(Command::Run(Experiment { bits: retort_spec::Bits::B32, ..experiment.clone() }));
        file(&mut session, "packed")
    };
    // The student of one session teaches in another, whose teacher would be larger.
    let larger = Experiment { teacher: Architecture::new(NetworkKind::Lstm, [5, 6]), ..experiment.clone() };
    for file in [saved.clone(), packed] {
        let mut other = Session::default();
        other.handle(Command::Run(larger.clone()));
        let mut events = other.handle(Command::UseTeacherFile { file });
        assert_eq!(events[0], Event::Adapted("teacher=lstm:4,4".into()));
        events.extend(finish(&mut other));
        assert_eq!(mean(&events, NetworkId::TEACHER), mean(&first, NetworkId::STUDENT));
        // What the page was told begins nothing anew; another teacher is trained again.
        let adapted = larger.adapted("teacher=lstm:4,4");
        assert_eq!(trained(&run(&mut other, &adapted)), 0);
        let again = run(&mut other, &larger);
        assert_eq!(mean(&again, NetworkId::TEACHER), mean(&run(&mut Session::default(), &larger), NetworkId::TEACHER));
    }
    let refused = |data, file: &[u8]| {
        let mut other = Session::default();
        other.handle(Command::Run(short(data)));
        let events = other.handle(Command::UseTeacherFile { file: file.to_vec() });
        match &events[..] {
            [Event::Error(EngineError::BadFile { name, reason }), Event::State(RunState::Running)] => {
                assert_eq!(name, "teacher");
                reason.to_string()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(DataSet::Names, &saved), "it was trained for places, and these data are names");
    assert!(!refused(DataSet::Places, &saved[..saved.len() - 9]).is_empty(), "cut");
    assert!(refused(DataSet::Places, b"<html>").contains("web page"));
    assert!(refused(DataSet::Places, b"RTRT\x01").len() > 10);
}

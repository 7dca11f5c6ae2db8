//! What holds for any commands in any order, hostile ones among them.

use pollster::block_on;
use proptest::{collection::vec, prelude::*, test_runner::Config};
use retort_spec::{FileData, FineTuneRequest, Measured, NetworkId, NetworkKind, RunResult, RunState, decode};

use super::*;

/// Long enough that nothing is cut into bursts.
const BUDGET: Duration = Duration::from_secs(3600);

/// The smallest experiment, and what is turned in it.
fn experiment(turned: &str) -> Experiment {
    let small =
        "data=moons&examples=60&teacher=3&student=2&teacher-epochs=2&student-epochs=2&batch=16&runs=1&labels=12";
    let decoded = decode(&format!("{turned}&{small}"), &[]);
    decoded.experiment
}

/// Knobs of every phase, live ones, and experiments that cannot be trained.
const TURNED: [&str; 20] = [
    "",
    "temperature=9",
    "soft=0.2",
    "seed=2",
    "runs=2",
    "student=linear",
    "teacher=2,2",
    "noise=0.3",
    "bits=4",
    "similarity=1&batch=1",
    "labels=0&transfer=labelled",
    "student=linear&hint=1",
    "optimizer=sgd&learning-rate=10&weight-decay=1",
    "data=mnist",
    "scheme=mutual",
    "scheme=soup",
    "scheme=assistant",
    "scheme=subliminal&student=3",
    "scheme=several-teachers&members=2",
    "scheme=born-again&members=2&wrong=0.2",
];

fn experiments() -> impl Strategy<Value = Experiment> {
    (0..TURNED.len()).prop_map(|index| experiment(TURNED[index]))
}

/// A data set of the visitor's own as its four files, too small to be useful.
fn files() -> Vec<FileData> {
    let file = |name: &str, header: &[u8], body: &[u8]| FileData { name: name.into(), bytes: [header, body].concat() };
    let images =
        |count: u8| ([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28], vec![7; usize::from(count) * 784]);
    let (head, body) = images(4);
    let labels = |count: u8| [0, 0, 8, 1, 0, 0, 0, count];
    vec![
        file("train-images-idx3-ubyte", &head, &body),
        file("train-labels-idx1-ubyte", &labels(4), &[0, 1, 2, 3]),
        file("t10k-images-idx3-ubyte", &head, &body),
        file("t10k-labels-idx1-ubyte", &labels(4), &[0, 1, 2, 3]),
    ]
}

/// Commands that ask or wait, after which training goes on as if nothing had been.
fn neutral() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Pause),
        Just(Command::Resume),
        Just(Command::StepBatch),
        Just(Command::StepEpoch),
        Just(Command::Ping),
        Just(Command::RequestEvaluationData),
        Just(Command::CancelFineTune),
        vec(-2.0..2.0_f32, 0..5).prop_map(|inputs| Command::Classify { id: 1, inputs: inputs.into() }),
        vec(-2.0..2.0_f32, 0..4).prop_map(|input| Command::InspectActivations(input.into())),
        experiments().prop_map(|experiment| Command::EstimateTime(Box::new(experiment))),
    ]
}

/// All commands, with contents that do not fit as well.
fn any_command() -> impl Strategy<Value = Command> {
    let own = (0..12_u8, vec(-1.0..1.0_f32, 0..4)).prop_map(|(label, input)| UserExample {
        data: DataSet::Moons,
        label,
        input: input.into(),
    });
    prop_oneof![
        4 => neutral(),
        4 => experiments().prop_map(Command::Run),
        1 => Just(Command::Reset),
        1 => Just(Command::Stop),
        1 => Just(Command::Files { data: DataSet::Mnist, files: files() }),
        1 => vec(0..255_u8, 0..20).prop_map(|bytes| Command::Files {
            data: DataSet::Mnist,
            files: vec![FileData { name: "train-images-idx3-ubyte".into(), bytes }],
        }),
        1 => vec(own, 0..3).prop_map(Command::SetUserExamples),
        1 => vec(0..255_u8, 0..30).prop_map(|file| Command::UseTeacherFile { file }),
        1 => (0..3_u32, 0..3_u32, 0..3_u32).prop_map(|(index, count, generation)| Command::AssignRuns(RunAssignment { index, count, generation })),
        1 => (0..3_u32, 0..3_u32, vec(0..3_u8, 0..4)).prop_map(|(generation, run, right)| Command::Result(RunResult {
            generation,
            run,
            edited_while_training: false,
            accuracies: vec![(NetworkId::BASELINE, f64::NAN), (NetworkId::STUDENT, 0.5)],
            control_right: right.clone(),
            product_right: right,
        })),
        1 => (0..3_u32).prop_map(|run| Command::FineTune(FineTuneRequest {
            network_id: NetworkId::STUDENT,
            id: 2,
            run,
            kind: NetworkKind::Mlp,
            step: "finetune:1".parse().unwrap(),
            layers: Vec::new(),
        })),
    ]
}

/// Whether training goes on after a command.
fn state(events: &[Event]) -> Option<RunState> {
    events.iter().rev().find_map(|event| match event {
        Event::State(state) => Some(*state),
        _ => None,
    })
}

/// Everything but what a clock decides or a question is answered with.
fn results(events: &[Event]) -> Vec<Event> {
    let timeless = |event: &Event| match event {
        Event::Measured(measured) => Some(Event::Measured(Measured { seconds: 0.0, ..measured.clone() })),
        Event::Point(_) | Event::Verdict(_) | Event::Network(_) | Event::Error(_) => Some(event.clone()),
        _ => None,
    };
    events.iter().filter_map(timeless).collect()
}

fn finish(session: &mut Session, command: Command) -> Vec<Event> {
    let mut events = block_on(session.handle(command));
    while session.is_running() {
        events.extend(block_on(session.advance(BUDGET)));
    }
    events
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn pauses_and_questions_change_nothing(commands in vec((neutral(), any::<bool>()), 0..20)) {
        let straight = results(&finish(&mut Session::new(Compute::cpu()), Command::Run(experiment(""))));
        let mut session = Session::new(Compute::cpu());
        let mut events = block_on(session.handle(Command::Run(experiment(""))));
        for (command, advances) in commands {
            events.extend(block_on(session.handle(command)));
            if advances {
                events.extend(block_on(session.advance(Duration::ZERO)));
            }
        }
        events.extend(finish(&mut session, Command::Resume));
        prop_assert_eq!(results(&events), straight);
    }

    #[test]
    fn any_commands_leave_a_session_that_works(commands in vec((any_command(), 0..3_u8), 0..24)) {
        let mut session = Session::new(Compute::cpu());
        let mut told = RunState::Idle;
        for (command, advances) in commands {
            let text = format!("{command:.200?}");
            let asks = command.is_question();
            let events = block_on(session.handle(command));
            told = state(&events).unwrap_or(told);
            prop_assert_eq!(&Event::State(told), &session.state(), "after {}", text);
            prop_assert!(asks || state(&events).is_some(), "{} is not answered", text);
            for _ in 0..advances {
                if session.is_running() {
                    let events = block_on(session.advance(Duration::ZERO));
                    told = state(&events).unwrap_or(told);
                    prop_assert_eq!(&Event::State(told), &session.state(), "training after {}", text);
                }
            }
        }
        // Whatever went before: an experiment of its own ends as it does in a fresh session.
        for command in [Command::Stop, Command::SetUserExamples(Vec::new()), Command::AssignRuns(RunAssignment::ALL)] {
            block_on(session.handle(command));
        }
        let after = results(&finish(&mut session, Command::Run(experiment("seed=5"))));
        let fresh = results(&finish(&mut Session::new(Compute::cpu()), Command::Run(experiment("seed=5"))));
        prop_assert_eq!(after, fresh);
    }
}

//! A session of the engine without a graph: what it trains, and what it leaves to the other engine.

use pollster::block_on;
use retort_compress::format::pack::pack_float;
use retort_spec::{FineTuneRequest, NetworkId, NetworkKind, PipelineEnd, RunState, RunTime, Scheme, decode};

use super::*;
use crate::nets::Network;

const SMALL: &str =
    "data=moons&examples=60&teacher=5&student=3&teacher-epochs=1&student-epochs=1&batch=20&runs=1&labels=12";

fn experiment(more: &str) -> Experiment {
    let decoded = decode(&format!("{more}&{SMALL}"), &[]);
    decoded.experiment
}

fn session() -> Session {
    Session::new(Compute::cpu())
}

fn finish(session: &mut Session, command: Command) -> Vec<Event> {
    let mut events = block_on(session.handle(command));
    while session.is_running() {
        events.extend(block_on(session.advance(Duration::from_secs(60))));
    }
    events
}

fn has_verdict(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Verdict(_)))
}

fn other_engine(data: DataSet) -> Event {
    Event::Error(EngineError::OtherEngine { data })
}

#[test]
fn every_scheme_is_trained_or_left_to_the_other_engine() {
    let mut trained = Vec::new();
    for &scheme in Scheme::ALL.iter().filter(|scheme| scheme.fits(DataSet::Moons)) {
        let mut experiment = experiment(&format!("scheme={scheme}"));
        experiment.examples = 80;
        let events = finish(&mut session(), Command::Run(experiment.clone()));
        assert_eq!(has_verdict(&events), !experiment.needs_graph(), "{scheme}");
        assert_eq!(events.contains(&other_engine(experiment.data)), experiment.needs_graph(), "{scheme}");
        trained.extend((!experiment.needs_graph()).then_some(scheme));
    }
    assert!(
        trained.contains(&Scheme::Offline) && trained.contains(&Scheme::Mutual) && trained.len() > 6,
        "{trained:?}"
    );
}

#[test]
fn what_is_refused_is_not_trained_and_what_comes_next_is() {
    let mut session = session();
    for refused in ["data=digits8&student=conv:4", "data=digits8&teacher=residual:2", "hint=1", "decoupled=0.5"] {
        let experiment = experiment(refused);
        assert_eq!(block_on(session.handle(Command::Run(experiment.clone())))[0], other_engine(experiment.data));
        assert_eq!(session.state(), Event::State(RunState::Idle));
        let time = block_on(session.handle(Command::EstimateTime(Box::new(experiment))));
        assert_eq!(time, [Event::TimeEstimate(RunTime::Untrainable)]);
        assert!(has_verdict(&finish(&mut session, Command::Run(self::experiment("")))), "{refused}");
    }
}

#[test]
fn a_teacher_that_is_no_perceptron_and_a_compressed_network_are_left_to_the_other_engine() {
    let mut session = session();
    let experiment = experiment("data=digits8");
    finish(&mut session, Command::Run(experiment.clone()));
    for (architecture, is_taken) in [("9", true), ("conv:4", false)] {
        let architecture = architecture.parse().unwrap();
        let layers = Network::draw(&architecture, 64, 10, 1, "test");
        let file = pack_float(architecture.kind, 64, &layers);
        let events = finish(&mut session, Command::UseTeacherFile { file });
        assert_eq!((has_verdict(&events), events.contains(&other_engine(experiment.data))), (is_taken, !is_taken));
    }
    let request = FineTuneRequest {
        network_id: NetworkId::STUDENT,
        id: 2,
        run: 0,
        kind: NetworkKind::Mlp,
        step: "finetune:1".parse().unwrap(),
        layers: Vec::new(),
    };
    let events = finish(&mut session, Command::FineTune(request));
    let failed = |event: &Event| match event {
        Event::FineTuned(tuned) => matches!(tuned.layers, Err(PipelineEnd::Failed { .. })),
        _ => false,
    };
    assert!(events.iter().any(failed), "{events:?}");
}

#[test]
fn a_look_inside_and_a_question_are_answered() {
    let mut session = session();
    finish(&mut session, Command::Run(experiment("data=digits8&teacher=5,4")));
    let inputs: Vec<f32> = (0..64).map(|pixel| pixel as f32 / 64.0).collect();
    let events = block_on(session.handle(Command::InspectActivations(inputs.clone().into())));
    let Event::Activations(insides) = &events[0] else { panic!("{events:?}") };
    let teacher = insides.iter().find(|one| one.network_id == NetworkId::TEACHER).unwrap();
    assert_eq!(
        teacher.stages.iter().map(|stage| (stage.channels, stage.values.len())).collect::<Vec<_>>(),
        [(5, 5), (4, 4)]
    );
    assert_eq!((teacher.filters.len(), teacher.similarities.len()), (5 * 64, 30 * 30));
    let answers = block_on(session.handle(Command::Classify { id: 3, inputs: inputs.into() }));
    let Event::Answers { id: 3, answers } = &answers[0] else { panic!("{answers:?}") };
    assert!(answers.len() == 3 && answers.iter().all(|answer| answer.logits.len() == 10));
}

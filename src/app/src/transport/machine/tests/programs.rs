//! Which program trains: the small one where it is enough, and nothing is lost where another one takes over.

use retort_spec::{PipelineEnd, Scheme};

use super::*;

/// Knobs that only the engine with a graph knows.
const BY_GRAPH: [&str; 4] =
    ["similarity=1", "scheme=specialists&members=2", "scheme=exits", "data=digits8&student=conv:2"];

impl World {
    /// Another experiment: the page first, then the workers.
    fn turn_to(&mut self, experiment: Experiment) {
        let mut state = State::clone(&self.state);
        state.experiment = experiment.clone();
        self.state = Rc::new(state);
        self.step(Input::Run(experiment));
    }
}

fn own(data: DataSet) -> UserExample {
    UserExample { data, label: 1, input: vec![0.3, -0.2].into() }
}

#[test]
fn the_small_engine_trains_what_it_can_and_the_other_one_the_rest() {
    for more in BY_GRAPH {
        assert!(experiment(more).needs_graph(), "{more}");
        let mut world = World::new(&link(""), 4);
        assert_eq!((world.finish(), world.count("Cpu)")), (alone(experiment("")), 0));
        world.turn_to(experiment(more));
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(world.finish(), alone(experiment(more)), "{more}");
        assert_eq!((world.engines(Program::Perceptrons).len(), world.engines(Program::Cpu).len()), (0, 3));
        assert!(world.state.notices.is_empty(), "{:?}", world.state.notices);
        // Who is there already trains perceptrons, too.
        world.turn_to(experiment("temperature=9"));
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(world.finish(), alone(experiment("temperature=9")));
        assert_eq!((world.engines(Program::Perceptrons).len(), world.engines(Program::Cpu).len()), (0, 3));
        // One that dies is replaced by the one that is enough.
        world.kill(world.engines(Program::Cpu)[0]);
        world.until("it trains again", |world| world.state.verdict.is_none());
        assert_eq!(world.finish(), alone(experiment("temperature=9")));
        assert_eq!((world.engines(Program::Perceptrons).len(), world.engines(Program::Cpu).len()), (3, 0));
    }
}

#[test]
fn a_link_that_needs_the_graph_never_starts_the_small_engine() {
    let mut world = World::new(&link("similarity=1"), 2);
    assert_eq!(world.finish(), alone(experiment("similarity=1")));
    assert_eq!((world.count("Perceptrons)"), world.count("Cpu)")), (0, 1));
    // The GPU's engine trains everything; after it the small one is enough.
    let gpu = Experiment { device: DeviceChoice::Gpu, ..experiment("similarity=1") };
    world.turn_to(gpu);
    world.step(Input::Probed(Adapter::Usable));
    world.until("it trains again", |world| world.state.verdict.is_none());
    world.finish();
    world.turn_to(experiment("temperature=3"));
    world.until("it trains again", |world| world.state.verdict.is_none());
    assert_eq!(world.finish(), alone(experiment("temperature=3")));
    assert_eq!((world.count("Gpu)"), world.count("Perceptrons)")), (1, 1));
}

#[test]
fn examples_pauses_and_what_is_watched_outlive_the_small_engine() {
    for turns in [0, 1, 3, 10, 40] {
        let mut world = World::new(&link(""), 3);
        world.step(Input::SetUserExamples(vec![own(DataSet::Moons)]));
        world.step(Input::SetSpeedLimit(Some(1_000_000)));
        world.step(Input::InspectActivations(vec![0.1, 0.2].into()));
        world.turns(turns);
        world.step(Input::Send(Command::Pause));
        world.log.clear();
        world.turn_to(experiment("similarity=1"));
        while world.turn() {}
        assert!(world.state.verdict.is_none(), "it went on by itself");
        for told in ["SetSpeedLimit(Some(1000000))", "InspectActivations", "SetUserExamples", "Pause"] {
            assert!(world.count(told) > 0, "{told} is lost: {:#?}", world.log);
        }
        world.step(Input::Send(Command::Resume));
        let own = Command::SetUserExamples(vec![own(DataSet::Moons)]);
        assert_eq!(world.finish(), verdict(vec![own, Command::Run(experiment("similarity=1"))]), "after {turns} turns");
    }
}

#[test]
fn files_and_teachers_outlive_the_small_engine() {
    let link = link("").replace("data=moons", "data=mnist");
    let one = decode(&link, &[]).experiment;
    let mut world = World::new(&link, 3);
    world.step(Input::Files(DataSet::Mnist, files()));
    world.finish();
    let other = decode(&format!("similarity=1&{link}"), &[]).experiment;
    world.turn_to(other.clone());
    world.until("it trains again", |world| world.state.verdict.is_none());
    let given = Command::Files { data: DataSet::Mnist, files: files() };
    assert_eq!(world.finish(), verdict(vec![given, Command::Run(other)]));
    assert!(!one.needs_graph() && world.kept == [DataSet::Mnist]);
    // A teacher that is no perceptron.
    let taught = experiment("data=digits8&teacher=conv:2&runs=2");
    let file = file(&taught);
    for moment in [0, 4, 30] {
        let mut world = World::new(&super::link("data=digits8&runs=2"), 3);
        world.turns(moment);
        world.step(Input::UseTeacherFile(taught.clone(), file.clone()));
        world.until("it trains anew", |world| world.state.verdict.is_none());
        let expected = verdict(vec![Command::Run(taught.clone()), Command::UseTeacherFile { file: file.clone() }]);
        assert_eq!(world.finish(), expected, "after {moment} turns");
        assert_eq!(world.measured(NetworkId::TEACHER, 0).seconds, 0.0);
    }
}

/// The bytes and accuracies of a pipeline's stages, once it has ended.
fn stages(world: &mut World, pipeline: &str) -> Vec<(u32, f64)> {
    world.step(Input::Compress(pipeline.parse().unwrap()));
    world.rest();
    let flow = world.state.bench.flow.clone().unwrap();
    assert_eq!(flow.ended, Some(None), "{pipeline}: {:#?}", world.log);
    flow.stages.iter().map(|stage| (stage.bytes, stage.accuracy)).collect()
}

/// A page whose engine trains everything, though a smaller one would be enough.
fn compressing_by_graph(more: &str) -> World {
    let mut world = compressing(&link("similarity=1"));
    world.turn_to(experiment(more));
    world.until("it trains again", |world| world.state.verdict.is_none());
    world.finish();
    world.rest();
    world
}

#[test]
fn a_compressed_network_learns_on_beside_the_small_engine_as_it_would_in_the_other() {
    let pipelines = ["finetune:2,quantize:4", "prune:0.5,finetune:2", "qat:4:2"];
    for more in ["", "scheme=mutual&members=2", "scheme=born-again&members=2", "scheme=several-teachers&members=2"] {
        let mut whole = compressing_by_graph(more);
        let engines = whole.count("Cpu)");
        let mut world = compressing(&link(more));
        let verdict = world.state.verdict.clone();
        for pipeline in pipelines {
            assert_eq!(stages(&mut world, pipeline), stages(&mut whole, pipeline), "{more} {pipeline}");
        }
        assert_eq!(world.count("Cpu)"), 1, "one engine serves all requests");
        assert!(world.state.notices.is_empty() && world.state.verdict == verdict, "{:?}", world.state.notices);
        assert_eq!(world.engines(Program::Perceptrons).len(), 2, "the page's own engines stay");
        assert_eq!(whole.count("Cpu)"), engines, "the other page needs none beside its own");
        // What it trained is of no use for another experiment.
        world.turn_knob("labels", "20");
        assert!(world.engines(Program::Cpu).is_empty());
        world.rest();
        assert!(world.state.verdict.is_some());
        assert!(!stages(&mut world, pipelines[0]).is_empty());
    }
}

#[test]
fn a_request_can_be_given_up_and_its_engine_can_die_at_any_moment() {
    for turns in 0..40 {
        let mut world = compressing(&link("runs=1"));
        world.step(Input::Compress("finetune:3".parse().unwrap()));
        world.turns(turns);
        world.step(Input::CancelPipeline);
        world.rest();
        let ended = world.state.bench.flow.clone().unwrap().ended.clone();
        assert!(matches!(ended, Some(None | Some(PipelineEnd::Abandoned))), "after {turns} turns: {ended:?}");
        assert_eq!(stages(&mut world, "finetune:1").len(), 2, "after {turns} turns");
        // A file or a drawing that is given meanwhile changes what is trained.
        world.step(Input::Compress("finetune:3".parse().unwrap()));
        world.turns(turns);
        if let Some(&tuner) = world.engines(Program::Cpu).first() {
            world.kill(tuner);
        }
        world.rest();
        let ended = world.state.bench.flow.clone().unwrap().ended.clone();
        assert!(matches!(ended, Some(None | Some(PipelineEnd::Abandoned))), "after {turns} turns: {ended:?}");
        assert_eq!(stages(&mut world, "finetune:1").len(), 2, "after {turns} turns");
        assert_eq!(world.state.run_state, RunState::Finished);
    }
}

#[test]
fn every_scheme_of_perceptrons_begins_with_the_small_engine() {
    let small = |scheme: &&Scheme| !Experiment::usual(DataSet::Digits8, **scheme).needs_graph();
    let small: Vec<String> = Scheme::ALL.iter().filter(small).map(|scheme| scheme.to_string()).collect();
    for scheme in ["offline", "mutual", "born-again", "assistant", "soup", "private", "several-teachers"] {
        assert!(small.iter().any(|word| word == scheme), "{scheme}: {small:?}");
    }
    for scheme in ["specialists", "subliminal", "lifelong", "exits"] {
        assert!(!small.iter().any(|word| word == scheme), "{scheme}: {small:?}");
    }
}

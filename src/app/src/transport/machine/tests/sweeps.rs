//! Sweeps beside the experiment that is shown.

use std::collections::BTreeSet;

use retort_spec::{Spread, Sweep, sweep::Results};

use super::*;
use crate::state::{SweepState, SweepStatus};

/// A page that shows a finished experiment and begins a sweep that is made from another one.
fn sweeping(more: &str, sweep: &str, cores: u32) -> World {
    let mut world =
        World::new("data=moons&examples=40&teacher=2&student=2&teacher-epochs=1&student-epochs=1&runs=1", 2);
    world.machine.cores = cores;
    world.finish();
    world.log.clear();
    begin(&mut world, more, sweep);
    world
}

fn begin(world: &mut World, more: &str, sweep: &str) {
    let sweep: Sweep = sweep.parse().unwrap();
    world.step(Input::StartSweep(Box::new((experiment(more), sweep, None))));
}

fn swept(world: &World) -> &SweepState {
    world.state.sweep.as_ref().unwrap()
}

fn end(world: &mut World) -> SweepState {
    world.until("the sweep is done", |world| !swept(world).status.is_open());
    while world.turn() {}
    assert_eq!(swept(world).status, SweepStatus::Done);
    assert_eq!(swept(world).done, swept(world).trainings);
    swept(world).clone()
}

fn results(sweep: &SweepState, place: usize) -> &Results {
    sweep.outcomes[place].as_ref().unwrap().as_ref().unwrap()
}

/// Each cell says what its experiment says alone.
fn is_right(sweep: &SweepState) {
    for place in 0..sweep.outcomes.len() {
        let cell = sweep.experiment(place).unwrap().clone();
        let results = results(sweep, place);
        assert!(sweep.is_whole(place));
        assert_eq!(results.verdict, alone(cell.clone()), "cell {place}");
        let told = told(vec![Command::Run(cell)]);
        for event in told {
            let Event::Measured(expected) = event else { continue };
            let is_it = |other: &&Measured| (other.run, other.network_id) == (expected.run, expected.network_id);
            let found = results.measured.iter().find(is_it).unwrap();
            assert_eq!((found.agreement, found.bytes), (expected.agreement, expected.bytes), "cell {place}");
        }
    }
}

/// How often a network was trained in all cells: no two trainings take the same time to the last bit, and one that
/// came from another worker took none.
fn trainings(sweep: &SweepState, id: NetworkId) -> usize {
    let all = (0..sweep.outcomes.len()).flat_map(|place| results(sweep, place).measured.iter());
    let seconds = all.filter(|one| one.network_id == id && one.seconds > 0.0).map(|one| one.seconds.to_bits());
    seconds.collect::<BTreeSet<u64>>().len()
}

#[test]
fn cells_are_what_they_are_alone_and_teachers_are_trained_once() {
    let two = "temperature:1,4,9;student:2,3";
    let cases = [(3, 1, two), (3, 2, two), (1, 2, two), (1, 3, two), (3, 2, "temperature:1,2,3,4,5,6")];
    for (runs, cores, knobs) in cases {
        let mut world = sweeping(&format!("runs={runs}"), knobs, cores);
        let sweep = end(&mut world);
        assert_eq!(sweep.trainings, 6 * runs);
        is_right(&sweep);
        assert_eq!(trainings(&sweep, NetworkId::TEACHER) as u32, runs, "{runs} runs, {cores} cores");
        assert_eq!(trainings(&sweep, NetworkId::STUDENT) as u32, 6 * runs);
        let workers = world.count("Start(");
        assert!(workers as u32 <= cores && (workers > 1) == (cores > 1), "{workers} workers");
        assert_eq!(world.count("Forward(") > 0, cores > 1, "a worker without runs of its own is sent a teacher");
        assert_eq!(world.engines(Program::Perceptrons).len(), 1, "the page's own engine is left");
    }
}

#[test]
fn knobs_of_teachers_and_of_nothing_are_swept() {
    for sweep in ["teacher:4,6;temperature:2,5", "soft:0,0.5,1", "seed:1,2", "runs:1,2", "bits:2,8"] {
        let mut world = sweeping("runs=2", sweep, 2);
        is_right(&end(&mut world));
    }
}

#[test]
fn the_experiment_that_is_shown_goes_first() {
    let mut world = World::new(&link(""), 2);
    world.turns(20);
    begin(&mut world, "runs=2", "temperature:1,4");
    assert_eq!(swept(&world).status, SweepStatus::Waiting);
    world.until("the verdict", |world| world.state.verdict.is_some());
    assert_eq!(swept(&world).done, 0);
    world.until("a run is done", |world| swept(world).done > 0);
    // A knob is turned: nothing of the sweep is trained until that has been.
    world.step(Input::Run(experiment("temperature=7")));
    world.until("it trains", |world| world.state.verdict.is_none());
    world.until("the sweep waits", |world| swept(world).status == SweepStatus::Waiting);
    world.turns(4);
    let done = swept(&world).done;
    world.until("the verdict", |world| world.state.verdict.is_some());
    assert_eq!(swept(&world).done, done);
    is_right(&end(&mut world));
    assert_eq!(world.state.verdict.as_deref(), Some(&alone(experiment("temperature=7"))));
}

#[test]
fn a_sweep_is_paused_and_ended_by_the_visitor() {
    let mut world = sweeping("runs=2", "temperature:1,4,9", 2);
    world.until("something is done", |world| swept(world).done > 0);
    world.step(Input::PauseSweep(true));
    while world.turn() {}
    assert_eq!((swept(&world).status, swept(&world).done < 6), (SweepStatus::Paused, true));
    world.step(Input::PauseSweep(false));
    world.until("more is done", |world| swept(world).done > 2);
    world.step(Input::CancelSweep);
    assert_eq!((swept(&world).status, world.engines(Program::Perceptrons).len()), (SweepStatus::Cancelled, 1));
    let done = swept(&world).done;
    while world.turn() {}
    assert_eq!(swept(&world).done, done);
    assert!(swept(&world).outcomes.iter().any(Option::is_some), "what is done stays");
    begin(&mut world, "runs=1", "temperature:1,4");
    is_right(&end(&mut world));
}

#[test]
fn a_worker_that_dies_loses_nothing() {
    for moment in [3, 10, 20, 40] {
        let mut world = sweeping("runs=3", "temperature:1,4;student:2,3", 3);
        world.turns(moment);
        let worker = world.engines(Program::Perceptrons)[1];
        world.kill(worker);
        is_right(&end(&mut world));
    }
    // One that ends whatever trains it is given up.
    let mut world = sweeping("runs=1", "temperature:1,4", 1);
    for _ in 0..2 {
        world.until("it is begun", |world| world.count("Send(") > 0);
        world.log.clear();
        let worker = world.engines(Program::Perceptrons)[1];
        world.kill(worker);
    }
    let sweep = end(&mut world);
    assert!(matches!(&sweep.outcomes[0], Some(Err(EngineError::Engine { .. }))));
    assert!(matches!(&sweep.outcomes[1], Some(Ok(_))));
}

#[test]
fn what_cannot_be_trained_says_why_and_leaves_the_rest() {
    let mut world = sweeping("runs=2", "similarity:0,1;batch:1,20", 2);
    let sweep = end(&mut world);
    let refused: Vec<bool> = sweep.outcomes.iter().map(|outcome| matches!(outcome, Some(Err(_)))).collect();
    assert_eq!(refused, [false, false, true, false]);
    assert!(matches!(&sweep.outcomes[2], Some(Err(EngineError::Refused { .. }))));
    // A cell that is impossible from the start is no training.
    let mut world = sweeping("runs=1", "student:3|conv:4", 1);
    let sweep = end(&mut world);
    assert_eq!((sweep.trainings, sweep.outcomes[1].is_none(), sweep.experiment(1).is_none()), (1, true, true));
}

#[test]
fn the_gain_of_a_cell_is_that_of_its_verdict() {
    let mut world = sweeping("runs=3", "temperature:1,4", 2);
    let sweep = end(&mut world);
    let results = results(&sweep, 1);
    let [product, control] =
        [NetworkId::STUDENT, NetworkId::BASELINE].map(|id| results.verdict.spread(id).unwrap().values.clone());
    let gains = product.iter().zip(&control).map(|(product, control)| product - control).collect();
    assert_eq!(retort_spec::sweep::Metric::Gain.value(results), Some(Spread::of(gains)));
}

#[test]
fn one_cell_that_needs_the_graph_brings_its_engine_for_all() {
    let mut world = sweeping("runs=2", "similarity:0,1", 3);
    world.until("something is done", |world| swept(world).done > 0);
    assert_eq!(world.engines(Program::Perceptrons).len(), 1, "the page's own engine stays what it is");
    assert!(!world.engines(Program::Cpu).is_empty());
    let sweep = end(&mut world);
    is_right(&sweep);
    assert_eq!(trainings(&sweep, NetworkId::TEACHER), 2, "cells share their teachers");
}

mod searches {
    use retort_spec::{Search, search::SearchPlan};

    use super::*;

    fn searching(more: &str, over: &str, plan: &str, cores: u32) -> World {
        let mut world = sweeping("runs=1", "temperature:1", cores);
        end(&mut world);
        world.log.clear();
        let plan: SearchPlan = plan.parse().unwrap();
        world.step(Input::StartSweep(Box::new((experiment(more), over.parse().unwrap(), Some(plan)))));
        world
    }

    fn search(world: &World) -> &Search {
        swept(world).search.as_ref().unwrap()
    }

    /// The accuracies of an experiment's product over its runs, where one session trains it.
    fn accuracies(mut session: Session, experiment: &Experiment) -> Spread {
        let mut events = block_on(session.handle(Command::Run(experiment.clone())));
        while session.is_running() {
            events.extend(block_on(session.advance(Duration::from_secs(60))));
        }
        let of = |event| if let Event::Verdict(verdict) = event { Some(verdict) } else { None };
        let verdict = events.into_iter().find_map(of).unwrap();
        verdict.spread(verdict.product).unwrap().clone()
    }

    #[test]
    fn a_search_on_any_number_of_cores_is_the_search_of_one_session() {
        let over = "temperature:1,4,9;student:2,3";
        for (cores, plan) in [(1, "halving:3"), (2, "halving:3"), (3, "random:3")] {
            let mut world = searching("runs=2", over, plan, cores);
            end(&mut world);
            let found = search(&world);
            assert!(found.trials().len() > 4, "{}", found.trials().len());
            for trial in found.trials() {
                let session = match trial.rung {
                    Some(_) => Session::validating(Compute::cpu()),
                    None => Session::new(Compute::cpu()),
                };
                assert_eq!(trial.spread(), Some(&accuracies(session, &trial.experiment)), "{:?}", trial.rung);
            }
            assert_eq!(world.engines(Program::Perceptrons).len(), 1);
        }
    }

    #[test]
    fn no_worker_of_a_search_has_the_test_set_before_the_choice_is_made() {
        for (cores, plan) in [(2, "halving:3"), (2, "random:2"), (3, "halving:600s")] {
            let mut world = searching("runs=2", "temperature:1,4;student:2,3", plan, cores);
            // A worker that ends is replaced by one that holds out examples, too.
            world.until("a trial is done", |world| swept(world).done > 0);
            let worker = world.engines(Program::Perceptrons)[1];
            world.kill(worker);
            world.until("the choice is made", |world| search(world).is_testing());
            let is_first = |id: WorkerId| {
                let send = format!("Send({id}, ");
                let first = world.log.iter().find(|line| line.starts_with(&send));
                first.is_none_or(|line| line.starts_with(&format!("{send}Validate")))
            };
            let started: Vec<WorkerId> = world.log.iter().filter_map(|line| started(line)).collect();
            let (testing, validating): (Vec<WorkerId>, Vec<WorkerId>) =
                started.iter().partition(|id| world.engines(Program::Perceptrons).contains(id));
            assert!(validating.len() > 1 && validating.iter().all(|id| is_first(*id)), "{:#?}", world.log);
            // Those that measure on the test set are others.
            end(&mut world);
            assert!(!testing.is_empty() && search(&world).overestimate().is_some());
        }
    }

    /// The worker that a line of the log starts.
    fn started(line: &str) -> Option<WorkerId> {
        line.strip_prefix("Start(")?.split(',').next()?.parse().ok()
    }

    #[test]
    fn a_search_waits_for_the_experiment_and_ends_with_the_visitor() {
        let mut world = searching("runs=1", "temperature:1,4,9", "random:3", 1);
        world.until("a trial is done", |world| swept(world).done > 0);
        world.step(Input::PauseSweep(true));
        while world.turn() {}
        // Time that it waited is not spent.
        world.now += 1000.0;
        assert_eq!(swept(&world).status, SweepStatus::Paused);
        world.step(Input::PauseSweep(false));
        world.until("more is done", |world| swept(world).done > 1);
        world.step(Input::CancelSweep);
        assert_eq!((swept(&world).status, search(&world).overestimate()), (SweepStatus::Cancelled, None));
        let mut world = searching("runs=1", "temperature:1,4,9", "random:500s", 1);
        world.step(Input::PauseSweep(true));
        world.now += 1000.0;
        world.step(Input::PauseSweep(false));
        end(&mut world);
        assert_eq!(search(&world).trials().len(), 5, "there was time for all candidates");
    }

    #[test]
    fn what_cannot_be_trained_falls_out_of_a_search() {
        let mut world = searching("runs=2&similarity=1", "batch:1,20", "random:2", 2);
        end(&mut world);
        let refused = |trial: &&retort_spec::search::Trial| matches!(trial.outcome, Some(Err(_)));
        assert_eq!(search(&world).trials().iter().filter(refused).count(), 1);
        assert_eq!(search(&world).best().unwrap().experiment.batch, 20);
    }
}

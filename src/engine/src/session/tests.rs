use pollster::block_on;
use retort_compress::{
    Layer,
    network::model::{LayerModel, Matrix, Model},
};
use retort_spec::{
    Answer, Architecture, Bits, Block, Cell, Channel, Exhibit, ExhibitPlace, FineTuneRequest, FineTuneResult, Heads,
    Incompatibility, Labels, Measured, NetworkFile, NetworkId, NetworkKind, Objective, OnOff, OptimizerKind,
    PipelineEnd, REGION_REACH, REGION_SIDE, Reversal, Role, RowName, RunState, RunTime, Scheme, Shown, Terms, Transfer,
    TunedLayer, TunedMatrix, Weights,
    probability::{argmax, softmax},
};

use super::{job::Work, *};

/// Long enough that no test is cut into bursts.
const BUDGET: Duration = Duration::from_secs(3600);

mod without_data;

fn session() -> Session {
    Session::new(Compute::cpu())
}

fn small() -> Experiment {
    Experiment {
        teacher: Architecture::mlp([24]),
        student: Architecture::mlp([8]),
        teacher_epochs: 2,
        student_epochs: 2,
        runs: 1,
        ..Experiment::default()
    }
}

fn finish(session: &mut Session, command: Command) -> Vec<Event> {
    let mut events = block_on(session.handle(command));
    while session.is_running() {
        events.extend(block_on(session.advance(BUDGET)));
    }
    events
}

/// Everything but what a clock or a device's speed decides.
fn results(events: &[Event]) -> Vec<Event> {
    let timeless = |event: &Event| match event {
        Event::Progress(_) | Event::State(_) => None,
        Event::Measured(measured) => Some(Event::Measured(Measured { seconds: 0.0, ..measured.clone() })),
        other => Some(other.clone()),
    };
    events.iter().filter_map(timeless).collect()
}

fn measured(events: &[Event], network_id: NetworkId) -> Measured {
    let of = |event: &Event| match event {
        Event::Measured(measured) if measured.network_id == network_id => Some(measured.clone()),
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_curve_and_another_seed_another() {
    let first = results(&finish(&mut session(), Command::Run(small())));
    assert_eq!(first, results(&finish(&mut session(), Command::Run(small()))));
    let other = results(&finish(&mut session(), Command::Run(Experiment { seed: 2, ..small() })));
    assert_ne!(first, other);
}

#[test]
fn sessions_that_share_networks_train_different_ones() {
    let networks = NetworkCache::default();
    let [mut first, mut second, mut third] =
        [1.0, 2.0, 4.0].map(|_| Session::sharing(Compute::cpu(), networks.clone()));
    let experiment = Experiment { runs: 2, ..small() };
    // Run and phase of the first step.
    let begun = |session: &mut Session, temperature| {
        block_on(session.handle(Command::Run(Experiment { temperature, ..experiment.clone() })));
        let events = block_on(session.advance(Duration::ZERO));
        events.iter().find_map(|event| match event {
            Event::Progress(progress) => Some((progress.run, progress.phase)),
            _ => None,
        })
    };
    assert_eq!(begun(&mut first, 1.0), Some((0, Some(0))), "a teacher");
    assert_eq!(begun(&mut second, 2.0), Some((1, Some(0))), "the other run's teacher");
    assert_eq!(begun(&mut third, 4.0), Some((0, Some(1))), "what needs no teacher");
    // Whoever ends leaves what it has begun to the others.
    drop((second, third));
    let mut events = Vec::new();
    while first.is_running() {
        events.extend(block_on(first.advance(BUDGET)));
    }
    let alone = finish(&mut session(), Command::Run(Experiment { temperature: 1.0, ..experiment.clone() }));
    let measured = |events: &[Event]| {
        let is_it = |event: &Event| matches!(event, Event::Measured(_) | Event::Verdict(_));
        results(events).into_iter().filter(is_it).collect::<Vec<Event>>()
    };
    assert_eq!(measured(&events), measured(&alone));
    // Another one finds all but the students.
    let mut last = Session::sharing(Compute::cpu(), networks);
    let events = finish(&mut last, Command::Run(Experiment { temperature: 3.0, ..experiment }));
    let trained = events.iter().filter(|event| matches!(event, Event::Network(_))).count();
    assert_eq!((trained, last.networks.count()), (4, 8), "three of the first run, the product of the second");
}

#[test]
fn without_soft_targets_the_student_is_the_baseline() {
    for transfer in [Transfer::All, Transfer::Labelled, Transfer::Noise] {
        let events = finish(&mut session(), Command::Run(Experiment { soft_weight: 0.0, transfer, ..small() }));
        assert_eq!(measured(&events, NetworkId::STUDENT).logits, measured(&events, NetworkId::BASELINE).logits);
    }
}

#[test]
fn pausing_and_stepping_change_nothing() {
    let straight = results(&finish(&mut session(), Command::Run(small())));
    let mut halting = session();
    let mut events = block_on(halting.handle(Command::Run(small())));
    for command in [Command::StepBatch, Command::StepBatch, Command::StepEpoch] {
        block_on(halting.handle(command));
        events.extend(block_on(halting.advance(BUDGET)));
        assert!(!halting.is_running());
        assert_eq!(events.last(), Some(&Event::State(RunState::Paused)));
    }
    let steps = events.iter().rev().find_map(|event| match event {
        Event::Progress(progress) => Some((progress.step, progress.epoch)),
        _ => None,
    });
    assert_eq!(steps, Some((41, 1)), "1,297 digits in batches of 32");
    events.extend(finish(&mut halting, Command::Resume));
    assert_eq!(results(&events), straight);
    assert_eq!(results(&finish(&mut halting, Command::Reset)), straight);
}

#[test]
fn a_student_s_knob_keeps_the_teacher_and_a_teacher_s_does_not() {
    let mut session = session();
    finish(&mut session, Command::Run(small()));
    let more = Experiment { labels: Labels::Count(100), ..small() };
    assert_eq!(trained(&mut session, Command::Run(more.clone())), ["baseline", "student"]);
    finish(&mut session, Command::Run(small()));
    let again = finish(&mut session, Command::Run(more.clone()));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(more));
    assert_eq!(measured(&again, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
    let other = Command::Run(Experiment { dropout: 0.5, ..small() });
    assert_eq!(trained(&mut session, other), ["student", "teacher"], "nothing is dropped in a baseline");
}

/// The networks that a session trains from this command on.
fn trained(session: &mut Session, command: Command) -> Vec<String> {
    let (mut events, mut names): (_, Vec<String>) = (block_on(session.handle(command)), Vec::new());
    while session.is_running() {
        events.extend(block_on(session.advance(Duration::ZERO)));
        for event in events.drain(..) {
            let (Event::Progress(progress), Some(job)) = (event, session.job.as_ref()) else { continue };
            let Work::Phase(phase) = &job.work else { continue };
            assert_eq!(progress.phase, Some(job.phase));
            assert!(phase.trainees().iter().all(|one| job.plan.learners(job.phase).any(|id| id == one.id())));
            names.extend(phase.trainees().iter().map(|trainee| trainee.id().to_string()));
        }
    }
    names.dedup();
    names.sort();
    names.dedup();
    names
}

#[test]
fn what_was_trained_once_is_found_again() {
    let mut session = session();
    let long = Experiment { dropout: 0.0, ..small() };
    let run = |experiment: &Experiment| Command::Run(experiment.clone());
    assert_eq!(trained(&mut session, run(&long)), ["baseline", "student", "teacher"]);
    let first = finish(&mut Session::new(Compute::cpu()), run(&long));
    // Only the student depends on T.
    let hot = Experiment { temperature: 9.0, ..long.clone() };
    assert_eq!(trained(&mut session, run(&hot)), ["student"]);
    let fresh = finish(&mut Session::new(Compute::cpu()), run(&hot));
    // Undo, redo: nothing is trained, and all is told again.
    for (experiment, expected) in [(&long, &first), (&hot, &fresh), (&long, &first)] {
        let again = finish(&mut session, run(experiment));
        assert!(!again.iter().any(|event| matches!(event, Event::Progress(_))));
        for id in experiment.plan().ids() {
            assert_eq!(measured(&again, id).logits, measured(expected, id).logits, "{id}");
        }
        assert!(again.iter().any(|event| matches!(event, Event::Verdict(_))));
    }
    // Another scheme of the same teacher, and one that knows it by another name.
    let assisted = Experiment { scheme: Scheme::Assistant, ..long.clone() };
    assert_eq!(trained(&mut session, run(&assisted)), ["assistant", "student"], "the control is the offline student");
    let smoothed = Experiment { scheme: Scheme::SmoothedTeacher, teacher_smoothing: 0.1, ..long.clone() };
    assert_eq!(trained(&mut session, run(&smoothed)), ["student", "teacher"]);
    // Anew from the first step means anew.
    assert_eq!(trained(&mut session, Command::Reset).len(), 4);
}

#[test]
fn a_student_begins_as_near_its_teacher_as_it_is_told() {
    let alike = |near| Experiment { teacher: small().student, near, ..small() };
    let begun = |session: &Session, id| {
        let job = session.job.as_ref().unwrap();
        let teacher = block_on(job.frozen(|id| id == NetworkId::TEACHER).pop().unwrap().1.to_layers()).unwrap();
        let Ok(layers) = block_on(job.first_layers(id)) else { panic!("no first weights") };
        (layers, teacher)
    };
    let mut session = session();
    assert_eq!(trained(&mut session, Command::Run(alike(0.0))), ["baseline", "student", "teacher"]);
    let (far, teacher) = begun(&session, NetworkId::STUDENT);
    // The teacher stays, and both begin elsewhere.
    assert_eq!(trained(&mut session, Command::Run(alike(0.25))), ["baseline", "student"]);
    for id in [NetworkId::BASELINE, NetworkId::STUDENT] {
        let (layers, same) = begun(&session, id);
        assert_eq!(same[0].weight, teacher[0].weight);
        for place in [0, 77, 500] {
            let expected = 0.25 * teacher[0].weight[place] + 0.75 * far[0].weight[place];
            assert!((layers[0].weight[place] - expected).abs() < 1e-6, "{id}");
        }
    }
    trained(&mut session, Command::Run(alike(1.0)));
    let (layers, teacher) = begun(&session, NetworkId::STUDENT);
    let numbers =
        |layers: &[Layer]| layers.iter().flat_map(|one| one.weight.iter().chain(&one.bias).copied()).collect();
    let [layers, teacher]: [Vec<f32>; 2] = [numbers(&layers), numbers(&teacher)];
    assert_eq!(layers, teacher);
    // Where shapes differ it means nothing.
    let other = finish(&mut session, Command::Run(Experiment { near: 0.5, ..small() }));
    let usual = finish(&mut Session::new(Compute::cpu()), Command::Run(small()));
    assert_eq!(measured(&other, NetworkId::STUDENT).logits, measured(&usual, NetworkId::STUDENT).logits);
}

#[test]
fn every_scheme_trains_to_its_verdict() {
    for &scheme in Scheme::ALL {
        for data in [DataSet::Digits8, DataSet::Moons] {
            let usual = Experiment::usual(data, scheme);
            let experiment = Experiment {
                teacher: Architecture::mlp([12]),
                student: Architecture::mlp([8]),
                teacher_epochs: 1,
                student_epochs: 1,
                examples: 200,
                runs: 1,
                ..usual
            };
            let mut session = session();
            let events = finish(&mut session, Command::Run(experiment.clone()));
            let verdict = events.iter().find_map(|event| match event {
                Event::Verdict(verdict) => Some(verdict),
                _ => None,
            });
            let verdict = verdict.unwrap_or_else(|| panic!("{scheme} on {data}: {:?}", events.last()));
            let plan = experiment.plan();
            let named: Vec<NetworkId> = verdict.accuracies.iter().map(|(id, _)| *id).collect();
            assert_eq!(named, plan.ids().collect::<Vec<NetworkId>>(), "{scheme} on {data}");
            for id in plan.weighted() {
                let (_, model) = packed(&events, id);
                let learned = learn_on(&mut session, id, "finetune:1", &model).layers;
                // What learned outputs that mean nothing, or votes, is not told the classes.
                let is_refused = plan.lesson(id).is_some_and(|lesson| {
                    let is_drawn = matches!(lesson.shown, Shown::Generated | Shown::Matching | Shown::Means);
                    lesson.channel != Channel::Classes || is_drawn
                });
                assert_eq!(learned.is_err(), is_refused, "{scheme} on {data}, {id}: {learned:?}");
            }
            for (id, _) in &verdict.accuracies {
                assert!(measured(&events, *id).logits.iter().all(|logit| logit.is_finite()), "{scheme}: {id}");
            }
        }
    }
}

/// The tables of the last exhibit, each row's numbers as shares.
fn last_shares(events: &[Event]) -> Vec<(RowName, Vec<f64>)> {
    let exhibit = events.iter().rev().find_map(|event| match event {
        Event::Exhibit(exhibit) => Some(exhibit),
        _ => None,
    });
    let mut rows = Vec::new();
    for block in &exhibit.unwrap().blocks {
        let Block::Table { rows: all, .. } = block else { continue };
        let share = |cell: &Cell| if let Cell::Share(share) = cell { Some(*share) } else { None };
        rows.extend(all.iter().map(|(name, cells)| (name.clone(), cells.iter().filter_map(share).collect())));
    }
    rows
}

#[test]
fn peers_show_how_often_they_agree_and_other_schemes_show_nothing() {
    let mutual = Experiment { scheme: Scheme::Mutual, members: 3, ..small() };
    let events = finish(&mut session(), Command::Run(mutual));
    let said = |id| {
        let logits = measured(&events, id).logits;
        logits.chunks(10).filter_map(argmax).collect::<Vec<usize>>()
    };
    let peers: Vec<_> = (0..3).map(|index| said(NetworkId::new(Role::Student, index))).collect();
    let share = |one: &[usize], other: &[usize]| {
        one.iter().zip(other).filter(|(one, other)| one == other).count() as f64 / one.len() as f64
    };
    let agreement = |one: &[usize]| (share(one, &peers[1]) + share(one, &peers[2])) / 2.0;
    let shares = last_shares(&events);
    assert_eq!(shares.len(), 4, "the network that learns alone, and three peers");
    let first = shares.iter().find(|(name, _)| *name == RowName::Network(NetworkId::STUDENT)).unwrap();
    assert!((first.1[1] - agreement(&peers[0])).abs() < 1e-12);
    assert_eq!(first.1[0], measured(&events, NetworkId::STUDENT).accuracy);
    let offline = finish(&mut session(), Command::Run(small()));
    assert!(!offline.iter().any(|event| matches!(event, Event::Exhibit(_))));
}

#[test]
fn a_discriminator_is_shown_with_what_it_tells_apart() {
    // Without a student that minds, it finds what tells both apart.
    let mut weights = Weights::default();
    weights.set(Objective::Adversarial, 1.0);
    let adversarial = Experiment {
        scheme: Scheme::Adversarial,
        student_epochs: 8,
        teacher_epochs: 6,
        labels: Labels::Count(20),
        soft_weight: 0.0,
        weights,
        reversal: Reversal::None,
        ..small()
    };
    let mut session = session();
    let events = finish(&mut session, Command::Run(adversarial.clone()));
    let [(name, shares)] = &last_shares(&events)[..] else { panic!("one student is judged") };
    assert_eq!(*name, RowName::Network(NetworkId::STUDENT));
    assert!((shares[0] - (shares[1] + shares[2]) / 2.0).abs() < 1e-12);
    assert!(shares[0] > 0.95, "{shares:?}");
    // Where it is fooled it knows less, and the student, which sees twenty labels, knows more.
    let fooled = Experiment { reversal: Reversal::Fool, ..adversarial.clone() };
    let other = finish(&mut session, Command::Run(fooled));
    assert!(last_shares(&other)[0].1[0] < shares[0] - 0.1, "{:?}", last_shares(&other));
    let accuracy = |events: &[Event]| measured(events, NetworkId::STUDENT).accuracy;
    assert!(accuracy(&other) > accuracy(&events), "{} {}", accuracy(&other), accuracy(&events));
    // What is found again shows the same.
    let again = finish(&mut session, Command::Run(adversarial));
    assert_eq!(last_shares(&again)[0].1, *shares);
}

#[test]
fn what_is_frozen_keeps_the_sources_weights_bit_by_bit() {
    let experiment = Experiment {
        scheme: Scheme::TransferLearning,
        examples: 200,
        teacher_epochs: 24,
        student_epochs: 2,
        student: Architecture::mlp([12, 8]),
        labels: Labels::Count(50),
        ..small()
    };
    let graph = Experiment { student: Architecture::new(NetworkKind::Residual, [4, 4]), ..experiment.clone() };
    for experiment in [experiment, graph] {
        let kind = experiment.student.kind;
        let mut session = session();
        let events = finish(&mut session, Command::Run(experiment));
        let layers = |id: NetworkId| {
            let file = events.iter().find_map(|event| match event {
                Event::Network(file) if file.network_id == id => Some(file.file.clone()),
                _ => None,
            });
            let (model, _) = retort_compress::format::pack::unpack(&file.unwrap()).unwrap();
            model.layers
        };
        let [tuned, frozen, taught] = [0, 1, 2].map(|index| NetworkId::new(Role::Student, index));
        let source = layers(NetworkId::TEACHER);
        let hidden = source.len() - 1;
        assert_eq!(layers(frozen)[..hidden], source[..hidden], "{kind}");
        assert_ne!(layers(frozen)[hidden], source[hidden], "{kind}: the last layer learns");
        for other in [tuned, taught, NetworkId::BASELINE] {
            assert_ne!(layers(other)[0], source[0], "{kind} {other}");
        }
        // What is shown says the same: the source, the control, and three students.
        let shares = last_shares(&events);
        let of = |id| shares.iter().find(|(name, _)| *name == RowName::Network(id)).unwrap().1.clone();
        assert_eq!(shares.len(), 5);
        assert_eq!((of(frozen)[1], of(NetworkId::BASELINE).len(), of(taught).len()), (0.0, 1, 1), "{kind}");
        assert!(of(tuned)[1] > 0.0 && of(frozen)[2] > 0.0, "{kind}");
        let [here, home] = of(NetworkId::TEACHER)[..] else { panic!("the source is measured twice") };
        assert_eq!(here, measured(&events, NetworkId::TEACHER).accuracy);
        assert!(home > 0.3 && home > here, "{kind}: it knows its own data better, {home} and {here}");
    }
}

#[test]
fn exits_are_shown_with_what_they_cost_and_the_last_one_is_the_network() {
    let exits = Experiment {
        scheme: Scheme::Exits,
        student: Architecture::mlp([8, 8]),
        student_epochs: 6,
        labels: Labels::All,
        soft_weight: 0.1,
        runs: 2,
        ..small()
    };
    let mut session = session();
    let events = finish(&mut session, Command::Run(exits.clone()));
    let shares = last_shares(&events);
    assert_eq!(shares.len(), 3, "what it costs, and two networks");
    for (name, of_exits) in &shares[1..] {
        let RowName::Network(id) = name else { panic!("{name:?}") };
        assert_eq!((of_exits.len(), of_exits[1]), (2, measured(&events, *id).accuracy));
        assert_eq!(measured(&events, *id).extra_parameters, 8 * 10 + 10);
        assert!(of_exits[0] > 0.2, "an exit learns: {of_exits:?}");
    }
    assert_ne!(shares[1].1, shares[2].1, "the last exit teaches one of them");
    // Asked about one example after another, the exits of the first run say what they said of all of them together.
    let dataset = load(&exits, &[]).unwrap();
    let (count, mut right) = (dataset.test.labels.len(), [[0.0; 2]; 2]);
    for (example, label) in dataset.test.labels.iter().enumerate() {
        let inputs = dataset.test.input(example as u32, 64).to_vec().into();
        let asked = block_on(session.handle(Command::Classify { id: 7, inputs }));
        let Some(Event::Exhibit(Exhibit { place: ExhibitPlace::Example, blocks })) = asked.last() else {
            panic!("{asked:?}")
        };
        let Block::Table { rows, .. } = &blocks[0] else { panic!("{blocks:?}") };
        for ((_, cells), right) in rows[1..].iter().zip(&mut right) {
            for (cell, right) in cells.iter().zip(right) {
                let Cell::Answer(class, sure) = cell else { panic!("{cell:?}") };
                assert!((0.1..=1.0).contains(sure), "the likeliest of ten: {sure}");
                *right += f64::from(u8::from(class == label)) / count as f64;
            }
        }
    }
    for (right, (_, shares)) in right.iter().zip(&shares[1..]) {
        assert!(right.iter().zip(shares).all(|(one, all)| (one - all).abs() < 1e-9), "{right:?} {shares:?}");
    }
    let two = Command::Classify { id: 7, inputs: vec![0.5; 128].into() };
    assert!(matches!(block_on(session.handle(two))[..], [Event::Answers { .. }]), "two examples are not one");
    // Deep supervision does not depend on the weight of what is taught, and a network that is found again has its
    // exits.
    let other = Experiment { soft_weight: 0.5, ..exits.clone() };
    assert_eq!(trained(&mut session, Command::Run(other)), ["student"]);
    assert_eq!(last_shares(&finish(&mut session, Command::Run(exits))), shares);
    let alone = Experiment { scheme: Scheme::Exits, student: Architecture::mlp([8]), ..small() };
    assert_eq!(
        last_shares(&finish(&mut session, Command::Run(alone))),
        [],
        "one stage has one exit, and a note says so"
    );
}

#[test]
fn an_average_is_the_mean_of_its_members() {
    let experiment = Experiment { runs: 1, members: 3, ..Experiment::usual(DataSet::Digits8, Scheme::Soup) };
    let events = finish(&mut session(), Command::Run(Experiment { student_epochs: 2, ..experiment }));
    let first = |network_id: NetworkId| {
        let of = |event: &Event| match event {
            Event::Network(file) if file.network_id == network_id => Some(unpack_float(&file.file).unwrap().2),
            _ => None,
        };
        events.iter().find_map(of).unwrap()[0].bias[0]
    };
    let members: Vec<f32> = (0..3).map(|index| first(NetworkId::new(Role::Baseline, index))).collect();
    assert!((first(NetworkId::STUDENT) - members.iter().sum::<f32>() / 3.0).abs() < 1e-6);
    assert_ne!(members[0], members[1]);
}

#[test]
fn a_live_knob_does_not_restart_and_is_told_of() {
    let mut session = session();
    block_on(session.handle(Command::Run(small())));
    let turn = |session: &mut Session, temperature: f64| {
        let events = block_on(session.handle(Command::Run(Experiment { temperature, ..small() })));
        assert!(!events.iter().any(|event| matches!(event, Event::Data(_))));
    };
    let is_edited = |events: &[Event]| {
        let edited = events.iter().find_map(|event| match event {
            Event::Verdict(verdict) => Some(verdict.edited_while_training),
            _ => None,
        });
        edited.unwrap()
    };
    // No teacher depends on T.
    block_on(session.handle(Command::StepEpoch));
    block_on(session.advance(BUDGET));
    turn(&mut session, 9.0);
    let events = finish(&mut session, Command::Resume);
    assert!(!is_edited(&events));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(Experiment { temperature: 9.0, ..small() }));
    assert_eq!(measured(&events, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
    // Its student does.
    block_on(session.handle(Command::Run(Experiment { temperature: 3.0, ..small() })));
    block_on(session.handle(Command::StepEpoch));
    block_on(session.advance(BUDGET));
    turn(&mut session, 4.0);
    assert!(is_edited(&finish(&mut session, Command::Resume)));
    // Turned after the end, it trains the student anew, and the result is the experiment's own again.
    let back = finish(&mut session, Command::Run(Experiment { temperature: 3.0, ..small() }));
    assert!(!is_edited(&back));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(Experiment { temperature: 3.0, ..small() }));
    assert_eq!(measured(&back, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
}

#[test]
fn a_student_of_a_teacher_that_no_experiment_gives_is_not_found_again() {
    let mut session = session();
    block_on(session.handle(Command::Run(small())));
    block_on(session.handle(Command::StepEpoch));
    block_on(session.advance(BUDGET));
    let faster = Experiment { learning_rate: 0.02, ..small() };
    block_on(session.handle(Command::Run(faster.clone())));
    finish(&mut session, Command::Resume);
    // The student learned from a teacher of two rates; the baseline is as any other of this rate.
    let hot = Experiment { temperature: 9.0, ..faster.clone() };
    assert_eq!(trained(&mut session, Command::Run(hot)), ["student", "teacher"]);
    assert_eq!(trained(&mut session, Command::Run(faster.clone())), ["student"]);
}

#[test]
fn networks_of_other_examples_are_not_found() {
    let mut session = session();
    let moons = Experiment { data: DataSet::Moons, examples: 100, runs: 2, ..small() };
    let seed = |seed: u32, runs: u32| Experiment { seed, runs, ..moons.clone() };
    finish(&mut session, Command::Run(seed(1, 2)));
    finish(&mut session, Command::Run(small()));
    finish(&mut session, Command::Run(Experiment { seed: 2, ..small() }));
    let events = finish(&mut session, Command::Run(seed(2, 1)));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(seed(2, 1)));
    assert_eq!(measured(&events, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
    // The same examples again are the same networks.
    finish(&mut session, Command::Run(small()));
    assert_eq!(trained(&mut session, Command::Run(seed(2, 1))), Vec::<String>::new());
}

#[test]
fn more_runs_go_on_and_fewer_are_judged_at_once() {
    let mut session = session();
    finish(&mut session, Command::Run(small()));
    let events = finish(&mut session, Command::Run(Experiment { runs: 2, ..small() }));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(Experiment { runs: 2, ..small() }));
    assert_eq!(results(&events).last(), results(&fresh).last());
    let events = block_on(session.handle(Command::Run(small())));
    assert!(matches!(&events[0], Event::Verdict(verdict) if verdict.runs() == 1));
}

#[test]
fn a_loss_that_is_no_number_is_told_and_loses_nothing() {
    let mut session = session();
    let wild = Experiment { learning_rate: 10.0, optimizer: OptimizerKind::Sgd, weight_decay: 1.0, ..small() };
    let events = finish(&mut session, Command::Run(wild));
    let told =
        events.iter().any(|event| matches!(event, Event::Error(EngineError::Diverged { learning_rate: 10.0, .. })));
    assert!(told, "{:?}", events.last());
    assert!(finish(&mut session, Command::Run(small())).iter().any(|event| matches!(event, Event::Verdict(_))));
}

#[test]
fn a_student_that_diverges_does_not_cost_its_teacher() {
    let mut session = session();
    let usual = Experiment { optimizer: OptimizerKind::Sgd, ..small() };
    let teacher = measured(&finish(&mut session, Command::Run(usual.clone())), NetworkId::TEACHER);
    let mut wild = usual.clone();
    wild.weights.set(Objective::LogitMse, 100_000.0);
    let events = finish(&mut session, Command::Run(wild));
    assert!(events.iter().any(|event| matches!(event, Event::Error(EngineError::Diverged { .. }))), "{events:?}");
    let events = finish(&mut session, Command::Run(Experiment { temperature: 7.0, ..usual }));
    // No two trainings take the same time to the last bit.
    assert_eq!(measured(&events, NetworkId::TEACHER), teacher);
}

#[test]
fn a_validating_session_measures_on_training_examples() {
    let summary = |session: &mut Session| {
        let events = finish(session, Command::Run(small()));
        events
            .into_iter()
            .find_map(|event| if let Event::Data(summary) = event { Some(summary) } else { None })
            .unwrap()
    };
    let images = |summary: &retort_spec::DataSummary| {
        summary.test_pixels.chunks_exact(64).map(<[u8]>::to_vec).collect::<std::collections::BTreeSet<Vec<u8>>>()
    };
    let mut told = session();
    let usual = summary(&mut told);
    // One that was trained before forgets it; and there is no way back.
    block_on(told.handle(Command::Validate));
    let commands = [Command::Ping, Command::Stop, Command::Reset, Command::AssignRuns(RunAssignment::ALL)];
    let mut summaries = vec![summary(&mut Session::validating(Compute::cpu())), summary(&mut told)];
    for command in commands {
        block_on(told.handle(command));
        block_on(told.handle(Command::Stop));
        summaries.push(summary(&mut told));
    }
    for validating in summaries {
        assert_eq!(validating.train + validating.test, usual.train);
        assert!(images(&validating).is_disjoint(&images(&usual)), "no test example is among them");
    }
}

#[test]
fn nothing_to_learn_from_is_said() {
    let nothing = Experiment { labels: Labels::Count(0), transfer: Transfer::Labelled, ..small() };
    let events = block_on(session().handle(Command::Run(nothing)));
    assert!(events.contains(&Event::Error(EngineError::NothingToLearn)));
    // No labels, but a teacher: the student learns from it alone.
    let taught = Experiment { labels: Labels::Count(0), student_epochs: 10, teacher_epochs: 5, ..small() };
    let events = finish(&mut session(), Command::Run(taught));
    assert!(measured(&events, NetworkId::STUDENT).accuracy > measured(&events, NetworkId::BASELINE).accuracy + 0.3);
}

/// A finished network of the first run, as its file holds it.
fn packed(events: &[Event], id: NetworkId) -> (Vec<u8>, Model) {
    let of = |event: &Event| match event {
        Event::Network(NetworkFile { run: 0, network_id, file }) if *network_id == id => Some(file.clone()),
        _ => None,
    };
    let file = events.iter().find_map(of).unwrap();
    let (kind, features, layers) = unpack_float(&file).unwrap();
    (file, Model::new(kind, features, &layers))
}

#[test]
fn a_network_s_file_holds_what_was_measured() {
    for text in ["8", "conv:4,8", "residual:4,8", "separable:4,8"] {
        let network: Architecture = text.parse().unwrap();
        let experiment = Experiment {
            teacher: network.clone(),
            student: network.clone(),
            labels: Labels::All,
            teacher_epochs: 4,
            student_epochs: 4,
            ..small()
        };
        let events = finish(&mut session(), Command::Run(experiment.clone()));
        let student = measured(&events, NetworkId::STUDENT);
        assert!(student.accuracy > 0.3, "{text}: {}", student.accuracy);
        assert_eq!(student.parameters as usize, network.parameter_count(64, 10));
        let (file, model) = packed(&events, NetworkId::STUDENT);
        assert_eq!(student.bytes as usize, file.len());
        let test = load(&experiment, &[]).unwrap().test;
        for (host, device) in model.logits(&test.inputs).iter().zip(student.logits.iter()) {
            assert!((host - device).abs() < 1e-3, "{text}: {host} {device}");
        }
    }
}

/// A model as the engine is asked to train it.
fn asked(model: &Model) -> Vec<TunedLayer> {
    let matrix = |matrix: &Matrix| TunedMatrix {
        rows: matrix.rows as u32,
        columns: matrix.columns as u32,
        values: matrix.values().into(),
        ..TunedMatrix::default()
    };
    let layer = |part: &LayerModel| TunedLayer {
        bias: part.bias.clone().into(),
        factors: part.factors.iter().map(matrix).collect(),
    };
    model.layers.iter().map(layer).collect()
}

fn tuned(session: &mut Session, step: &str, layers: Vec<TunedLayer>, kind: NetworkKind) -> FineTuneResult {
    let step = step.parse().unwrap();
    let request = FineTuneRequest { id: 3, run: 0, network_id: NetworkId::STUDENT, kind, step, layers };
    answer(session, request)
}

/// The same of whatever network of the plan.
fn learn_on(session: &mut Session, network_id: NetworkId, step: &str, model: &Model) -> FineTuneResult {
    let (step, layers) = (step.parse().unwrap(), asked(model));
    answer(session, FineTuneRequest { id: 3, run: 0, network_id, kind: model.kind, step, layers })
}

fn answer(session: &mut Session, request: FineTuneRequest) -> FineTuneResult {
    let events = finish(session, Command::FineTune(request));
    let of = |event: &Event| match event {
        Event::FineTuned(tuned) => Some(tuned.clone()),
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

#[test]
fn compressed_networks_learn_on_as_they_are() {
    for text in ["8", "conv:4,8", "residual:4,8"] {
        let network: Architecture = text.parse().unwrap();
        let experiment = Experiment { student: network.clone(), labels: Labels::All, ..small() };
        let mut session = session();
        let (_, model) = packed(&finish(&mut session, Command::Run(experiment)), NetworkId::STUDENT);
        let layers = asked(&model);
        let mut run = |step: &str, layers: &Vec<TunedLayer>| {
            let tuned = tuned(&mut session, step, layers.clone(), network.kind);
            assert_eq!(tuned.id, 3);
            (tuned.layers.unwrap(), tuned.ranges)
        };
        let first = |layers: &[TunedLayer]| layers[0].factors[0].clone();
        assert_ne!(first(&run("finetune:1", &layers).0).values, first(&layers).values, "{text}");
        // What was removed stays removed, and a schedule ends where it should.
        let (pruned, _) = run("gradual:0.75:2", &layers);
        let kept = |matrix: &TunedMatrix| matrix.mask.iter().filter(|one| **one == 1).count();
        let size = first(&pruned).values.len();
        assert_eq!(kept(&first(&pruned)), (size as f64 * 0.25).round() as usize, "{text}");
        assert_eq!(first(&run("finetune:1:labels", &pruned).0).mask, first(&pruned).mask);
        // Shared weights move together.
        let mut shared = layers.clone();
        for matrix in shared.iter_mut().flat_map(|layer| &mut layer.factors) {
            matrix.indices = (0..matrix.values.len()).map(|place| (place % 3) as u8).collect();
            matrix.codebook = vec![-0.1, 0.0, 0.1].into();
        }
        let (moved, _) = run("finetune:1", &shared);
        assert_eq!((first(&moved).codebook.len(), first(&moved).values.len()), (3, 0));
        assert_ne!(first(&moved).codebook, first(&shared).codebook);
        // Codes: scales that are learned come back, and so do the ranges of the numbers between the layers.
        let (codes, ranges) = run("qat:3:1:lsq:static-average", &layers);
        assert_eq!(first(&codes).scales.len(), first(&layers).columns as usize);
        assert_eq!(ranges.len(), 2 * (layers.len() + 1), "{text}");
        for how in ["qat:1:1", "qat:ternary:1:fresh", "qat:2:1:joint", "qat:4:1:affine:group-16:dynamic"] {
            assert_ne!(first(&run(how, &layers).0).values, first(&layers).values, "{text} {how}");
        }
    }
}

#[test]
fn two_factors_are_trained_in_the_place_of_one_matrix() {
    let mut session = session();
    let (_, model) =
        packed(&finish(&mut session, Command::Run(Experiment { labels: Labels::All, ..small() })), NetworkId::STUDENT);
    let mut layers = asked(&model);
    let left = TunedMatrix { rows: 64, columns: 2, values: vec![0.1; 128].into(), ..TunedMatrix::default() };
    let right = TunedMatrix { rows: 2, columns: 8, values: vec![0.1; 16].into(), ..TunedMatrix::default() };
    layers[0].factors = vec![left, right];
    let after = tuned(&mut session, "finetune:1", layers, NetworkKind::Mlp).layers.unwrap();
    assert_eq!(after[0].factors.iter().map(|factor| factor.values.len()).collect::<Vec<_>>(), [128, 16]);
    assert!(after[0].factors[1].values.iter().any(|value| (value - 0.1).abs() > 0.01));
}

#[test]
fn training_a_compressed_network_can_be_given_up_and_another_experiment_gives_it_up() {
    let mut session = session();
    let (_, model) = packed(&finish(&mut session, Command::Run(small())), NetworkId::STUDENT);
    let (step, layers) = ("finetune:200".parse().unwrap(), asked(&model));
    let (id, network_id, kind) = (9, NetworkId::STUDENT, NetworkKind::Mlp);
    let request = FineTuneRequest { id, run: 0, network_id, kind, step, layers };
    let given_up = |events: &[Event]| {
        events.iter().any(|event| {
            matches!(event, Event::FineTuned(FineTuneResult { id: 9, layers: Err(PipelineEnd::Abandoned), .. }))
        })
    };
    block_on(session.handle(Command::FineTune(request.clone())));
    assert!(session.is_running());
    // Only what is looked at changes: it goes on.
    assert!(!given_up(&block_on(session.handle(Command::Run(Experiment { bits: Bits::B1, ..small() })))));
    assert!(given_up(&block_on(session.handle(Command::CancelFineTune))));
    assert!(!session.is_running());
    block_on(session.handle(Command::FineTune(request.clone())));
    let another = Experiment { temperature: 9.0, bits: Bits::B1, ..small() };
    let events = block_on(session.handle(Command::Run(another)));
    assert!(given_up(&events));
    assert!(session.is_running(), "the students are trained anew");
    // A newer question takes the place of an older one.
    finish(&mut session, Command::Resume);
    block_on(session.handle(Command::FineTune(request.clone())));
    let newer = FineTuneRequest { id: 10, step: "finetune:1".parse().unwrap(), ..request.clone() };
    assert!(given_up(&block_on(session.handle(Command::FineTune(newer)))));
    let events = finish(&mut session, Command::Resume);
    assert!(events.iter().any(|event| matches!(event, Event::FineTuned(FineTuneResult { id: 10, layers: Ok(_), .. }))));
    // Nothing to begin with: no student of that run.
    let none = block_on(session.handle(Command::FineTune(FineTuneRequest { run: 7, ..request.clone() })));
    assert!(matches!(&none[0], Event::FineTuned(FineTuneResult { layers: Err(PipelineEnd::NoStudent), .. })));
    block_on(session.handle(Command::Stop));
    let none = block_on(session.handle(Command::FineTune(request)));
    assert!(matches!(&none[0], Event::FineTuned(FineTuneResult { id: 9, layers: Err(PipelineEnd::NoStudent), .. })));
}

#[test]
fn compressed_networks_learn_from_whatever_the_student_learned_from() {
    let (none, few) = (Labels::Count(0), Labels::Count(40));
    for (labels, transfer) in
        [(none, Transfer::All), (none, Transfer::Noise), (few, Transfer::Labelled), (few, Transfer::Noise)]
    {
        let experiment = Experiment { labels, transfer, jitter: 1, soft_weight: 0.7, ..small() };
        let mut session = session();
        let (_, model) = packed(&finish(&mut session, Command::Run(experiment)), NetworkId::STUDENT);
        let layers = asked(&model);
        for how in ["finetune:1", "finetune:1:labels", "gradual:0.5:1:labels", "qat:4:1:static-average:joint"] {
            let once = tuned(&mut session, how, layers.clone(), NetworkKind::Mlp);
            let again = tuned(&mut session, how, layers.clone(), NetworkKind::Mlp);
            assert_eq!((&once.layers, &once.ranges), (&again.layers, &again.ranges), "by the same seed: {how}");
            assert_ne!(
                once.layers.unwrap()[1].factors[0].values,
                layers[1].factors[0].values,
                "{labels} {transfer} {how}"
            );
        }
    }
}

#[test]
fn gradual_pruning_ends_where_it_should_however_few_steps_it_has() {
    let mut session = session();
    // One step an epoch.
    let experiment = Experiment { labels: Labels::All, batch: 2048, ..small() };
    let (_, model) = packed(&finish(&mut session, Command::Run(experiment)), NetworkId::STUDENT);
    for epochs in [1, 2, 5, 43] {
        let mut layers = asked(&model);
        // Some weights of the first layer are gone already, and never come back.
        let size = layers[0].factors[0].values.len();
        layers[0].factors[0].mask = (0..size).map(|place| u8::from(place % 3 > 0)).collect();
        let after = tuned(&mut session, &format!("gradual:0.9:{epochs}"), layers, NetworkKind::Mlp).layers.unwrap();
        for matrix in after.iter().flat_map(|layer| &layer.factors) {
            let kept = matrix.mask.iter().filter(|one| **one == 1).count();
            assert_eq!(kept, (matrix.values.len() as f64 * 0.1).round() as usize, "{epochs}");
        }
        assert!(after[0].factors[0].mask.iter().step_by(3).all(|one| *one == 0));
    }
}

#[test]
fn a_network_that_is_brought_along_teaches() {
    let mut first = session();
    let (file, _) =
        packed(&finish(&mut first, Command::Run(Experiment { student_epochs: 10, ..small() })), NetworkId::STUDENT);
    let mut second = session();
    block_on(second.handle(Command::Run(Experiment { runs: 2, ..small() })));
    let mut events = block_on(second.handle(Command::UseTeacherFile { file: file.clone() }));
    events.extend(finish(&mut second, Command::Resume));
    let teacher = measured(&events, NetworkId::TEACHER);
    assert_eq!((teacher.parameters, teacher.seconds), (8 * 65 + 10 * 9, 0.0));
    assert!(events.iter().any(|event| matches!(event, Event::Verdict(verdict) if verdict.runs() == 2)));
    let bad = block_on(second.handle(Command::UseTeacherFile { file: file[..file.len() - 1].to_vec() }));
    assert!(
        matches!(&bad[..], [Event::Error(EngineError::BadFile { .. }), Event::State(RunState::Finished)]),
        "{bad:?}"
    );
}

#[test]
fn jitter_dropout_and_unscaled_losses_train_too() {
    let experiment = Experiment {
        jitter: 1,
        dropout: 0.2,
        scale_by_t2: OnOff::Off,
        labels: Labels::All,
        teacher_epochs: 10,
        student_epochs: 10,
        ..small()
    };
    let events = finish(&mut session(), Command::Run(experiment));
    assert!(measured(&events, NetworkId::TEACHER).accuracy > 0.5);
    assert!(measured(&events, NetworkId::STUDENT).accuracy > 0.3);
}

#[test]
fn every_data_set_without_files_trains() {
    for &data in DataSet::ALL.iter().filter(|data| !data.needs_files() && !data.is_of_sequences()) {
        let experiment = Experiment { data, examples: 300, classes: 3, ..small() };
        let events = finish(&mut session(), Command::Run(experiment));
        assert!(events.iter().any(|event| matches!(event, Event::Verdict(_))), "{data}: {:?}", events.last());
    }
}

#[test]
fn a_teacher_trained_at_another_rate_is_not_kept() {
    let mut session = session();
    block_on(session.handle(Command::Run(small())));
    block_on(session.handle(Command::StepEpoch));
    block_on(session.advance(BUDGET));
    let faster = Experiment { learning_rate: 0.02, ..small() };
    block_on(session.handle(Command::Run(faster.clone())));
    finish(&mut session, Command::Resume);
    let after = Experiment { labels: Labels::Count(100), ..faster };
    let mixed = finish(&mut session, Command::Run(after.clone()));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(after));
    assert_eq!(measured(&mixed, NetworkId::TEACHER).logits, measured(&fresh, NetworkId::TEACHER).logits);
    assert_eq!(measured(&mixed, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
}

#[test]
fn a_student_s_knob_leaves_a_learning_teacher_alone() {
    let mut session = session();
    block_on(session.handle(Command::Run(small())));
    block_on(session.handle(Command::StepEpoch));
    block_on(session.advance(BUDGET));
    let changed = Experiment { labels: Labels::Count(100), ..small() };
    block_on(session.handle(Command::Run(changed.clone())));
    let events = finish(&mut session, Command::Resume);
    assert!(!events.iter().any(
        |event| matches!(event, Event::Point(point) if point.network_id == NetworkId::TEACHER && point.step == 0)
    ));
    let fresh = finish(&mut Session::new(Compute::cpu()), Command::Run(changed));
    assert_eq!(measured(&events, NetworkId::STUDENT).logits, measured(&fresh, NetworkId::STUDENT).logits);
}

fn answers(events: &[Event]) -> Vec<Answer> {
    let of = |event: &Event| match event {
        Event::Answers { id: 7, answers } => Some(answers.clone()),
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

fn regions(events: &[Event]) -> Vec<Answer> {
    let of = |event: &Event| match event {
        Event::Regions(answers) => Some(answers.clone()),
        _ => None,
    };
    events.iter().rev().find_map(of).unwrap()
}

/// The networks that are asked are the ones that were measured.
#[test]
fn a_test_example_asked_about_is_answered_as_it_was_measured() {
    let mut session = session();
    let experiment = Experiment { runs: 2, ..small() };
    let events = finish(&mut session, Command::Run(experiment.clone()));
    let dataset = load(&experiment, &[]).unwrap();
    let inputs = dataset.test.input(0, 64).to_vec();
    let answered = answers(&block_on(session.handle(Command::Classify { id: 7, inputs: inputs.clone().into() })));
    let who: Vec<_> = answered.iter().map(|answer| (answer.network_id, answer.packed)).collect();
    assert_eq!(who, [(NetworkId::TEACHER, false), (NetworkId::BASELINE, false), (NetworkId::STUDENT, false)]);
    for answer in &answered[..3] {
        let logits = &measured(&events, answer.network_id).logits;
        for (got, want) in answer.logits.iter().zip(logits.iter()) {
            assert!((got - want).abs() < 1e-4, "{:?}: {got} is not {want}", answer.network_id);
        }
    }
    assert!(answers(&block_on(session.handle(Command::Classify { id: 7, inputs: vec![0.5].into() }))).is_empty());
}

#[test]
fn the_plane_is_shown_while_networks_learn_and_agrees_with_the_test_points() {
    let experiment = Experiment { examples: 200, teacher_epochs: 30, runs: 1, ..Experiment::for_data(DataSet::Moons) };
    let mut session = session();
    let mut events = block_on(session.handle(Command::Run(experiment.clone())));
    events.extend(block_on(session.advance(Duration::from_millis(1))));
    assert_eq!(regions(&events).len(), 1, "only the teacher has begun");
    while session.is_running() {
        events.extend(block_on(session.advance(BUDGET)));
    }
    let shown = regions(&events);
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[0].logits.len(), REGION_SIDE * REGION_SIDE * 2);
    // The teacher's region of each test point's cell is nearly always the teacher's answer.
    let dataset = load(&experiment, &[]).unwrap();
    let teacher = measured(&events, NetworkId::TEACHER);
    let cell = |x: f32| ((x / REGION_REACH + 1.0) / 2.0 * REGION_SIDE as f32) as usize;
    let (mut same, mut all) = (0, 0);
    for (point, logits) in dataset.test.inputs.chunks(2).zip(teacher.logits.chunks(2)) {
        if point.iter().all(|x| x.abs() < 1.45) {
            let at = cell(-point[1]) * REGION_SIDE + cell(point[0]);
            same += usize::from(argmax(&shown[0].logits[2 * at..2 * at + 2]) == argmax(logits));
            all += 1;
        }
    }
    assert!(all > 400 && same * 100 >= all * 95, "{same} of {all}");
}

#[test]
fn own_examples_restart_the_training_and_their_labels_are_seen() {
    let mut session = session();
    finish(&mut session, Command::Run(small()));
    let mut own = |data, label| {
        let example = UserExample { data, label, input: vec![0.5; 64].into() };
        block_on(session.handle(Command::SetUserExamples(vec![example])))
    };
    let summary = |events: &[Event]| {
        let of = |event: &Event| match event {
            Event::Data(summary) => Some((summary.own, summary.labelled, summary.train)),
            _ => None,
        };
        events.iter().find_map(of)
    };
    assert_eq!(summary(&own(DataSet::Moons, 1)), None, "another data set's");
    assert_eq!(summary(&own(DataSet::Digits8, 7)), Some((1, 51, 1298)));
    assert_eq!(summary(&own(DataSet::Digits8, 7)), None, "the same again");
}

#[test]
fn a_pace_slows_down_and_changes_nothing_else() {
    let straight = results(&finish(&mut session(), Command::Run(small())));
    let mut slow = session();
    block_on(slow.handle(Command::SetSpeedLimit(Some(100))));
    let mut events = block_on(slow.handle(Command::Run(small())));
    events.extend(block_on(slow.advance(BUDGET)));
    let steps = events.iter().find_map(|event| match event {
        Event::Progress(progress) => Some(progress.step),
        _ => None,
    });
    assert_eq!(steps, Some(10), "a tenth of a second's steps at a time");
    assert!(slow.rest() <= Duration::from_millis(100));
    events.extend(finish(&mut slow, Command::SetSpeedLimit(None)));
    assert_eq!(results(&events), straight);
}

/// A pair of small networks of one kind on small images.
fn pair(kind: NetworkKind) -> Experiment {
    let widths = |mlp: [u32; 2], conv: [u32; 2]| match kind {
        NetworkKind::Mlp => Architecture::mlp(mlp),
        kind => Architecture::new(kind, conv),
    };
    Experiment {
        teacher: widths([24, 24], [4, 6]),
        student: widths([24, 24], [4, 6]),
        labels: Labels::All,
        batch: 64,
        // A teacher that has learned something, or its logits are too small to be worth matching beside the labels.
        teacher_epochs: 5,
        student_epochs: 3,
        ..small()
    }
}

/// The mean of a term at the first and at the last point that has it, its parts added up.
fn term(events: &[Event], objective: Objective) -> Option<[f64; 2]> {
    let sum = |terms: &Terms| {
        let of = |(name, value): &(String, f64)| {
            let word = name.split_once(':').map_or(name.as_str(), |(word, _)| word);
            (word == objective.word()).then_some(*value)
        };
        terms.values.iter().filter_map(of).reduce(|a, b| a + b)
    };
    let points = events.iter().filter_map(|event| match event {
        Event::Terms(terms) => sum(terms),
        _ => None,
    });
    let points: Vec<f64> = points.collect();
    Some([*points.first()?, *points.last()?])
}

#[test]
fn every_objective_lowers_its_own_loss_and_changes_the_student() {
    for kind in [NetworkKind::Mlp, NetworkKind::Conv, NetworkKind::Residual] {
        let mut session = session();
        let alone = Experiment { soft_weight: 0.0, ..pair(kind) };
        let plain = measured(&finish(&mut session, Command::Run(alone.clone())), NetworkId::STUDENT).logits;
        for &objective in Objective::ALL {
            // A first stage that lasts makes its loss comparable from end to end.
            let experiment =
                Experiment { weights: Weights::default().with(objective), first_stage: 0.5, ..alone.clone() };
            let events = finish(&mut session, Command::Run(experiment));
            let refused = events.iter().find_map(|event| match event {
                Event::Error(trouble) => Some(trouble.clone()),
                _ => None,
            });
            if let Some(trouble) = refused {
                let maps = [Objective::Attention, Objective::NeuronSelectivity];
                assert!(kind == NetworkKind::Mlp && maps.contains(&objective), "{kind} {trouble}");
                continue;
            }
            let [first, last] = term(&events, objective).unwrap_or_else(|| panic!("{kind} {objective} has no curve"));
            // The factor is another after its paraphraser was prepared. Two adversaries have a loss each, and what one
            // wins the other loses: neither need fall.
            let need_not_fall = [Objective::Factor, Objective::Adversarial].contains(&objective);
            assert!(last < first || need_not_fall, "{kind} {objective}: {first} to {last}");
            assert_ne!(measured(&events, NetworkId::STUDENT).logits, plain, "{kind} {objective} changes nothing");
        }
    }
}

#[test]
fn what_cannot_teach_is_told() {
    let trouble = |objective: Objective, experiment: Experiment| {
        let weights = Weights::default().with(objective);
        let events = finish(&mut session(), Command::Run(Experiment { weights, soft_weight: 0.0, ..experiment }));
        events.into_iter().find_map(|event| match event {
            Event::Error(trouble) => Some(trouble),
            _ => None,
        })
    };
    let unlabelled = Experiment { labels: Labels::Count(0), ..small() };
    // One asks for labels, the other is silent after its first stage.
    for objective in [Objective::LabelSmoothing, Objective::Hint] {
        assert_eq!(trouble(objective, unlabelled.clone()), Some(EngineError::NothingToLearn), "{objective}");
    }
    assert_eq!(trouble(Objective::Pkt, unlabelled.clone()), None);
    let linear = Experiment { student: Architecture::mlp([]), ..unlabelled };
    let refused = EngineError::Refused { objective: Objective::Pkt, refusal: Incompatibility::NoStages };
    assert_eq!(trouble(Objective::Pkt, linear), Some(refused), "its embedding is the input");
}

#[test]
fn an_example_of_ones_own_reaches_a_job_that_was_refused() {
    let mut session = session();
    finish(&mut session, Command::Run(small()));
    let weights = Weights::default().with(Objective::Attention);
    finish(&mut session, Command::Run(Experiment { weights, ..small() }));
    let own = UserExample { data: small().data, label: 3, input: vec![0.5; 64].into() };
    block_on(session.handle(Command::SetUserExamples(vec![own])));
    let events = finish(&mut session, Command::Run(small()));
    let labelled = events.iter().find_map(|event| match event {
        Event::Data(summary) => Some(summary.labelled),
        _ => None,
    });
    assert_eq!(labelled, Some(51));
}

#[test]
fn a_first_stage_leaves_no_weight_behind() {
    // Adam's steps do not depend on a loss's scale, so the weight of a loss that stood alone decides nothing.
    let student = |weight: f64| {
        let mut weights = Weights::default();
        weights.set(Objective::Hint, weight);
        let experiment = Experiment { weights, first_stage: 0.5, ..pair(NetworkKind::Mlp) };
        measured(&finish(&mut session(), Command::Run(experiment)), NetworkId::STUDENT).accuracy
    };
    let (light, heavy) = (student(1.0), student(1e4));
    assert!((light - heavy).abs() < 0.02, "{light} {heavy}");
}

#[test]
fn a_refused_objective_is_told_and_the_teacher_is_kept() {
    let mut session = session();
    finish(&mut session, Command::Run(small()));
    let weights = Weights::default().with(Objective::Attention);
    let events = finish(&mut session, Command::Run(Experiment { weights, ..small() }));
    let refused = EngineError::Refused { objective: Objective::Attention, refusal: Incompatibility::NoPlaces };
    assert!(events.contains(&Event::Error(refused)), "{events:?}");
    let weights = Weights::default().with(Objective::Pkt);
    assert_eq!(trained(&mut session, Command::Run(Experiment { weights, ..small() })), ["student"]);
}

#[test]
fn a_look_inside_shows_every_stage_of_both() {
    let mut session = session();
    let experiment = Experiment { weights: Weights::default().with(Objective::Hint), ..pair(NetworkKind::Conv) };
    finish(&mut session, Command::Run(experiment));
    let events = block_on(session.handle(Command::InspectActivations(vec![0.5; 64].into())));
    let [Event::Activations(insides)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(insides.len(), 2);
    for inside in insides {
        let stages: Vec<_> =
            inside.stages.iter().map(|stage| (stage.channels, stage.side, stage.values.len())).collect();
        assert_eq!(stages, [(4, 4, 64), (6, 2, 24)]);
        assert_eq!((inside.filters.len(), inside.similarities.len()), (4 * 9, 900));
    }
    assert_eq!(block_on(session.handle(Command::InspectActivations(vec![0.5; 7].into()))), []);
}

/// The sessions of a pool, which hear a command and its shares and then train in turns, handing results to the first.
fn together(pool: &mut [Session], command: Command, generation: u32) -> Vec<Event> {
    let count = pool.len() as u32;
    let mut events = Vec::new();
    let mut results = Vec::new();
    let mut hear = |index: usize, told: Vec<Event>| {
        let (result, told): (Vec<_>, Vec<_>) = told.into_iter().partition(|event| matches!(event, Event::Result(_)));
        assert!(index > 0 || result.is_empty(), "the first keeps its own");
        results.extend(result);
        events.extend(told.into_iter().map(|event| (index, event)));
    };
    for (index, session) in pool.iter_mut().enumerate() {
        hear(index, block_on(session.handle(command.clone())));
        let share = RunAssignment { index: index as u32, count, generation };
        hear(index, block_on(session.handle(Command::AssignRuns(share))));
    }
    while pool.iter().any(Session::is_running) {
        for (index, session) in pool.iter_mut().enumerate().filter(|(_, session)| session.is_running()) {
            hear(index, block_on(session.advance(Duration::ZERO)));
        }
    }
    for result in results {
        let Event::Result(result) = result else { continue };
        let told = block_on(pool[0].handle(Command::Result(result.clone())));
        events.extend(told.into_iter().map(|event| (0, event)));
        assert_eq!(block_on(pool[0].handle(Command::Result(result))), [], "what is told twice counts once");
    }
    // As the page hears them: of others only what is about their runs.
    let about_runs = |event: &Event| matches!(event, Event::Point(_) | Event::Measured(_));
    events.into_iter().filter(|(index, event)| *index == 0 || about_runs(event)).map(|(_, event)| event).collect()
}

#[test]
fn a_pool_gives_what_one_worker_gives() {
    let experiment = Experiment { runs: 5, ..small() };
    let by_run = |events: &[Event]| {
        let mut of_runs: Vec<Event> =
            results(events).into_iter().filter(|event| matches!(event, Event::Point(_) | Event::Measured(_))).collect();
        of_runs.sort_by_key(|event| match event {
            Event::Point(point) => point.run,
            Event::Measured(measured) => measured.run,
            _ => 0,
        });
        of_runs
    };
    let verdict = |events: &[Event]| {
        let verdicts: Vec<_> = events.iter().filter(|event| matches!(event, Event::Verdict(_))).cloned().collect();
        assert_eq!(verdicts.len(), 1);
        verdicts
    };
    let alone = finish(&mut session(), Command::Run(experiment.clone()));
    let mut pool = [session(), session(), session()];
    let events = together(&mut pool, Command::Run(experiment.clone()), 1);
    let before = events.clone();
    assert_eq!(verdict(&events), verdict(&alone));
    assert_eq!(by_run(&events), by_run(&alone), "a run's events come in order, whoever trains it");
    assert!(events.contains(&Event::State(RunState::Gathering)), "the first waits for the others");
    assert_eq!(events.last(), Some(&Event::State(RunState::Finished)));

    // Another temperature trains students anew, and teachers stay where they are.
    let cooler = Experiment { temperature: 1.0, ..experiment.clone() };
    let events = together(&mut pool, Command::Run(cooler.clone()), 2);
    assert_eq!(verdict(&events), verdict(&finish(&mut session(), Command::Run(cooler.clone()))));
    let seconds = |events: &[Event]| -> Vec<f64> {
        let of_teacher = |event: &Event| match event {
            Event::Measured(measured) if measured.network_id == NetworkId::TEACHER => Some(measured.seconds),
            _ => None,
        };
        let mut seconds: Vec<f64> = events.iter().filter_map(of_teacher).collect();
        seconds.sort_by(f64::total_cmp);
        seconds
    };
    assert_eq!(seconds(&events), seconds(&before), "told again, not trained again");

    // Fewer and more runs, with what is done.
    let fewer = Experiment { runs: 2, ..cooler.clone() };
    let events = together(&mut pool, Command::Run(fewer), 3);
    assert!(matches!(&verdict(&events)[0], Event::Verdict(verdict) if verdict.runs() == 2));
    let events = together(&mut pool, Command::Run(cooler.clone()), 4);
    assert_eq!(verdict(&events), verdict(&finish(&mut session(), Command::Run(cooler))));
}

#[test]
fn a_result_of_what_was_trained_before_is_left_aside_and_runs_of_a_lost_worker_are_trained_here() {
    let experiment = Experiment { runs: 2, ..small() };
    let mut pool = [session(), session()];
    let mut result = None;
    for (index, session) in (0..).zip(&mut pool) {
        block_on(session.handle(Command::Run(experiment.clone())));
        let mut events = finish(session, Command::AssignRuns(RunAssignment { index, count: 2, generation: 1 }));
        result = result.or(events.iter_mut().find_map(|event| match event {
            Event::Result(result) => Some(result.clone()),
            _ => None,
        }));
        assert!(!session.is_running());
    }
    let [first, second] = &mut pool;
    let late = result.unwrap();
    let other = Experiment { labels: Labels::Count(100), ..experiment };
    finish(first, Command::Run(other.clone()));
    finish(first, Command::AssignRuns(RunAssignment { index: 0, count: 2, generation: 2 }));
    assert_eq!(block_on(first.handle(Command::Result(late))), []);
    let events = finish(first, Command::AssignRuns(RunAssignment { index: 0, count: 1, generation: 3 }));
    let alone = finish(&mut session(), Command::Run(other));
    let verdict = |events: &[Event]| events.iter().find(|event| matches!(event, Event::Verdict(_))).cloned();
    assert!(verdict(&alone).is_some());
    assert_eq!(verdict(&events), verdict(&alone));

    // Who is to train nothing gives up what is under way.
    block_on(second.handle(Command::Reset));
    assert!(second.is_running());
    block_on(second.handle(Command::AssignRuns(RunAssignment { index: RunAssignment::IDLE, count: 1, generation: 4 })));
    assert!(!second.is_running());
}

#[test]
fn what_cannot_be_trained_is_not_taken_for_a_failed_device() {
    let mut session = session();
    let mut time = |experiment: Experiment| {
        let events = block_on(session.handle(Command::EstimateTime(Box::new(experiment))));
        match &events[..] {
            [Event::TimeEstimate(time)] => time.clone(),
            events => panic!("{events:?}"),
        }
    };
    assert!(matches!(time(small()), RunTime::Seconds(seconds) if seconds > 0.0));
    let one_step = Experiment { labels: Labels::Count(1), teacher_epochs: 1, batch: 1024, ..small() };
    assert!(matches!(time(one_step), RunTime::Seconds(seconds) if seconds > 0.0));
    assert_eq!(time(Experiment { data: DataSet::Mnist, ..small() }), RunTime::Untrainable, "its files are not there");
    let weights = Weights::default().with(Objective::Similarity);
    assert_eq!(time(Experiment { weights, batch: 1, ..small() }), RunTime::Untrainable);
}

#[test]
fn private_votes_show_what_they_cost_and_voters_stay_unseen() {
    let private = Experiment {
        members: 5,
        queries: 60,
        student_epochs: 2,
        runs: 1,
        ..Experiment::usual(DataSet::Digits8, Scheme::Private)
    };
    let events = finish(&mut session(), Command::Run(private.clone()));
    let is_voter = |event: &Event| match event {
        Event::Measured(measured) => measured.network_id.role == Role::Voter,
        Event::Point(point) => point.network_id.role == Role::Voter,
        Event::Network(file) => file.network_id.role == Role::Voter,
        _ => false,
    };
    assert!(!events.iter().any(is_voter));
    // Each share is that of one of five voters, and the answers are the votes'.
    let votes = measured(&events, NetworkId::TEACHER);
    for row in votes.logits.chunks(10) {
        let votes: Vec<f32> = row.iter().map(|logit| logit.exp() * 5.0).collect();
        assert!((votes.iter().map(|votes| votes.round()).sum::<f32>() - 5.0).abs() < 0.5, "{votes:?}");
    }
    let shares = last_shares(&events);
    let of = |id| &shares.iter().find(|(name, _)| *name == RowName::Network(id)).unwrap().1;
    let accuracy = |id| measured(&events, id).accuracy;
    for id in [NetworkId::BASELINE, NetworkId::STUDENT, NetworkId::new(Role::Student, 3)] {
        assert_eq!(of(id)[1], accuracy(id), "{id}");
    }
    // Noise of scale 32 on five votes leaves little of them.
    assert!(of(NetworkId::BASELINE)[0] > 0.6 && of(NetworkId::new(Role::Student, 3))[0] < 0.4, "{shares:?}");
    // Once trained, voters are found again, and with them the votes.
    let mut session = session();
    let first = finish(&mut session, Command::Run(private.clone()));
    let louder = Experiment { vote_noise: 16.0, ..private };
    let second = finish(&mut session, Command::Run(louder));
    let same = |events: &[Event], id| measured(events, id).logits;
    assert_eq!(same(&first, NetworkId::BASELINE), same(&second, NetworkId::BASELINE));
    // The noise of one is the doubled noise of the other.
    assert_eq!(same(&first, NetworkId::new(Role::Student, 2)), same(&second, NetworkId::STUDENT));
}

#[test]
fn classes_that_came_first_are_forgotten_unless_the_old_network_teaches_them() {
    let apart = Experiment { runs: 1, ..Experiment::usual(DataSet::Digits8, Scheme::Lifelong) };
    let apart = Experiment { teacher_epochs: 6, student_epochs: 8, ..apart };
    let events = finish(&mut session(), Command::Run(apart.clone()));
    let old = |events: &[Event], id| measured(events, id).per_class_accuracy[..5].iter().sum::<f64>() / 5.0;
    // Told the task, the old network knows its half.
    assert!(old(&events, NetworkId::TEACHER) > 0.95);
    // What it says of the old classes the student keeps, and the control does not.
    let answers = |id| {
        let logits = measured(&events, id).logits;
        logits.chunks(10).map(|row| softmax(&row[..5], 2.0)).collect::<Vec<Vec<f64>>>()
    };
    let before = answers(NetworkId::TEACHER);
    let moved = |id| {
        let pairs = before.iter().flatten().zip(answers(id).into_iter().flatten().collect::<Vec<f64>>());
        pairs.map(|(p, q)| p * (p / q).ln()).sum::<f64>() / before.len() as f64
    };
    let [control, student] = [NetworkId::BASELINE, NetworkId::STUDENT].map(moved);
    assert!(student < 0.5 * control, "{student} against {control}");
    // Where all classes compete the new ones win, and kept examples help.
    let one = Experiment { heads: Heads::One, ..apart };
    let bare = finish(&mut session(), Command::Run(one.clone()));
    let kept = finish(&mut session(), Command::Run(Experiment { kept: 50, ..one }));
    assert!(old(&bare, NetworkId::STUDENT) < 0.3);
    assert!(old(&kept, NetworkId::STUDENT) > old(&bare, NetworkId::STUDENT) + 0.2);
    // The page is told of each network how many labels it sees: its half of the classes, and what was kept.
    let told = |events: &[Event]| {
        let data =
            events.iter().find_map(|event| if let Event::Data(data) = event { Some(data.clone()) } else { None });
        data.map(|data| (data.sees, data.train)).unwrap()
    };
    let ([before, after, again], train) = (<[u32; 3]>::try_from(told(&bare).0).unwrap(), told(&bare).1);
    assert_eq!((before + after, after), (train, again));
    assert_eq!(told(&kept).0, [before, after + 50, after + 50]);
}

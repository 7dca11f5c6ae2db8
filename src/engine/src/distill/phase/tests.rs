use super::*;
use crate::data;
use burn::tensor::Device;
use pollster::block_on;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof, proptest},
    test_runner::Config,
};
use retort_spec::{LabelAccess, Labels, Origin, Supervision, decode};

use crate::distill::examples::rows_of;

type Bench = (DeviceDataset, Experiment);

fn bench_of(link: &str) -> Bench {
    let decoded = decode(link, &[]);
    assert!(decoded.problems.is_empty(), "{link}");
    let experiment = decoded.experiment;
    (DeviceDataset::new(data::load(&experiment, &[]).unwrap(), &Device::flex()), experiment)
}

fn same(one: &Learner, other: &Learner, link: &str) {
    assert!(one.is_fused() && !other.is_fused());
    let weights = |learner: &Learner| block_on(learner.network().to_layers()).unwrap();
    for (one, other) in weights(one).iter().zip(weights(other)) {
        let numbers = |layer: &Layer| [layer.weight.clone(), layer.bias.clone()].concat();
        for (a, b) in numbers(one).into_iter().zip(numbers(&other)) {
            assert!((a - b).abs() < 2e-4 * (1.0 + b.abs()), "{link}: {a} {b}");
        }
    }
    let losses = [one, other].map(|learner| block_on(learner.mean_loss()).unwrap());
    match losses {
        [Some(one), Some(other)] => assert!((one - other).abs() < 1e-4 * (1.0 + other), "{link}: {one} {other}"),
        losses => assert_eq!(losses, [None, None], "{link}"),
    }
    let [one, other] = [one, other].map(|learner| block_on(learner.mean_terms()).unwrap());
    assert_eq!(one.len(), other.len(), "{link}");
    for ((name, term), (_, other)) in one.iter().zip(&other) {
        assert!((term - other).abs() < 1e-4 * (1.0 + other), "{link}: {name:?} {term} {other}");
    }
}

#[test]
fn straight_on_it_is_the_same() {
    for link in [
        "v=1",
        "v=1&labels=all&dropout=0.3&teacher=20,12&student=9,7",
        "v=1&labels=all&soft=1&temperature=5&optimizer=sgd&weight-decay=0.01",
        "v=1&labels=30&soft=0&optimizer=adamw&weight-decay=0.1",
        "v=1&labels=0&soft=1&omit=3&t2=off",
        "v=1&jitter=1&labels=40&teacher=12",
        "v=1&jitter=2&labels=all",
        "v=1&transfer=noise&student=linear",
        "v=1&transfer=labelled&jitter=1",
        "v=1&data=moons&labels=5",
    ] {
        straight_on_and_by_graph(link, 15);
    }
}

fn widths() -> impl Strategy<Value = String> {
    vec(1..40_u32, 0..3).prop_map(|widths| match widths.is_empty() {
        true => "linear".into(),
        false => widths.iter().map(u32::to_string).collect::<Vec<String>>().join(","),
    })
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn straight_on_it_is_the_same_at_any_width(
        (teacher, student) in (widths(), widths()),
        batch in prop_oneof![1 => Just(1), 3 => 2..70_u32],
        (dropout, temperature, soft) in (0..9_u32, 1..20_u32, 0..11_u32),
        optimizer in prop_oneof![Just("sgd"), Just("adam"), Just("adamw")],
        (decay, seed) in (prop_oneof![Just("0"), Just("0.01")], 0..100_u32),
    ) {
        let link = format!(
            "data=blobs&examples=200&teacher={teacher}&student={student}&batch={batch}&dropout=0.{dropout}\
             &temperature={temperature}&soft={}&optimizer={optimizer}&weight-decay={decay}&seed={seed}",
            f64::from(soft) / 10.0,
        );
        straight_on_and_by_graph(&link, 4);
    }
}

/// A phase of an experiment's plan whose networks learn by burn's graph, or without it where they can.
fn phase(bench: &Bench, phase: usize, frozen: Vec<(NetworkId, Network)>, by_graph: bool) -> PhaseRun {
    let (data, experiment) = bench;
    let (plan, dataset) = (experiment.plan(), &data.dataset);
    let planned = &plan.phases[phase];
    let starts: Vec<Start<'_>> = planned
        .learners
        .iter()
        .map(|supervision| {
            let planned = plan.network(supervision.learner).unwrap();
            let Origin::Drawn(stream) = &planned.origin else { panic!("it starts from another network") };
            let layers = Network::draw(&planned.architecture, dataset.features(), dataset.classes, 5, stream);
            Start { planned, supervision, layers }
        })
        .collect();
    let mut run = PhaseRun::new(data, experiment, &starts, frozen, planned.epochs, 5).unwrap();
    if by_graph {
        run.fused = false;
        for (trainee, start) in run.trainees.iter_mut().zip(&starts) {
            let steps = trainee.learner.steps();
            let architecture = &start.planned.architecture;
            trainee.learner = Learner::new(architecture, &start.layers, experiment, steps, &data.device);
        }
    }
    run
}

/// Every network of a plan after some steps without tensors, and after as many by burn's graph.
fn straight_on_and_by_graph(link: &str, steps: u32) {
    let bench = bench_of(link);
    let mut frozen: Vec<(NetworkId, Network)> = Vec::new();
    for place in 0..bench.1.plan().phases.len() {
        let [straight, graph] = [false, true].map(|by_graph| {
            let mut run = phase(&bench, place, frozen.clone(), by_graph);
            (0..steps).for_each(|_| run.step(&bench.0, &bench.1));
            run
        });
        for (one, other) in straight.trainees().iter().zip(graph.trainees()) {
            same(&one.learner, &other.learner, &format!("{link}: {}", one.id()));
        }
        frozen.extend(graph.trainees().iter().map(|trainee| (trainee.id(), trainee.learner.network())));
    }
}

#[test]
fn every_scheme_is_the_same_straight_on() {
    for link in [
        "scheme=assistant&members=2&dense=on",
        "scheme=mutual&members=3",
        "scheme=mutual&stale=on&labels=all",
        "scheme=codistillation&members=3&jitter=1",
        "scheme=several-teachers&members=3&labels=40&soft=0.5&temperature=4",
        "scheme=several-teachers&member-labels=apart&teacher-labels=30&mix=logits",
        "scheme=smoothed-teacher",
        "scheme=early-stopped&jitter=1",
        "scheme=wrong-labels",
        "scheme=noise&transfer=shuffled",
        "scheme=noise&transfer=other&labels=all",
    ] {
        straight_on_and_by_graph(link, 6);
    }
}

#[test]
fn what_needs_a_graph_has_one() {
    for link in ["v=1&student=conv:4", "v=1&dist=1", "v=1&jitter=1&teacher=conv:4"] {
        let bench = bench_of(link);
        let teachers = phase(&bench, 0, Vec::new(), false);
        let frozen = vec![(NetworkId::TEACHER, teachers.network(NetworkId::TEACHER).unwrap())];
        let students = phase(&bench, 1, frozen, false);
        assert!(students.trainees().iter().all(|trainee| !trainee.learner.is_fused()), "{link}");
    }
}

#[test]
fn parts_of_labels_are_apart_and_blind_ones_lack_two_classes() {
    let (data, experiment) = bench_of("v=1");
    let rows = |access| {
        rows_of(
            &data,
            &experiment,
            &Supervision { labels: access, ..experiment.plan().phases[0].learners[0].clone() },
            5,
        )
    };
    let part = |index| rows(LabelAccess::Apart { labels: 50, index, of: 5 });
    assert!(part(0).iter().all(|row| !part(1).contains(row)) && part(4).len() == 50);
    assert_eq!(part(0), rows(LabelAccess::Some(Labels::Count(50))));
    assert_eq!(part(0), rows(LabelAccess::Revealed));
    // Too many are shared out evenly.
    let most = |index| rows(LabelAccess::Apart { labels: u32::MAX, index, of: 5 }).len();
    assert_eq!((most(0), most(4)), (1297 / 5, 1297 / 5));
    let blind = rows(LabelAccess::Blind { labels: Labels::Count(400), index: 1 });
    assert_eq!(blind.len(), 320);
    assert!(blind.iter().all(|&row| ![2, 3].contains(&data.dataset.train.labels[row as usize])));
}

#[test]
fn peers_that_listen_to_the_last_epoch_hear_the_same_for_an_epoch() {
    let bench = bench_of("scheme=mutual&stale=on&student=8");
    let mut run = phase(&bench, 0, Vec::new(), false);
    let said = |run: &PhaseRun| block_on(run.copies[1].network.to_layers()).unwrap()[0].weight.clone();
    run.step(&bench.0, &bench.1);
    let first = said(&run);
    (1..41).for_each(|_| run.step(&bench.0, &bench.1));
    assert_eq!(said(&run), first, "an epoch has 41 steps");
    run.step(&bench.0, &bench.1);
    assert_ne!(said(&run), first);
}

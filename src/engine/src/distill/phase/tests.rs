use super::*;
use crate::data;
use burn::tensor::Device;
use pollster::block_on;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof, proptest},
    test_runner::Config,
};
use retort_spec::decode;

fn bench_of(link: &str) -> (DeviceDataset, Experiment) {
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

/// Teacher, baseline and student after some steps without tensors, and after as many by burn's graph.
fn straight_on_and_by_graph(link: &str, steps: u32) {
    let (data, experiment) = bench_of(link);
    let (features, classes) = (data.dataset.features(), data.dataset.classes);
    let by_graph = |learner: &Learner, architecture: &Architecture, name| {
        let layers = Network::draw(architecture, features, classes, 5, name);
        Learner::new(architecture, &layers, &experiment, learner.steps(), &data.device)
    };
    let mut teachers = [0, 1].map(|_| Teacher::new(&data, &experiment, 5));
    teachers[1].learner = by_graph(&teachers[1].learner, &experiment.teacher, "teacher");
    let [straight, graph] = teachers.map(|teacher| (0..steps).fold(teacher, |t, _| t.step(&data, &experiment)));
    same(&straight.learner, &graph.learner, link);
    let taught = || graph.learner.network();
    let mut students = [0, 1].map(|_| Students::new(&data, &experiment, taught(), 5).unwrap());
    students[1].baseline = by_graph(&students[1].baseline, &experiment.student, "student");
    students[1].student = by_graph(&students[1].student, &experiment.student, "student");
    let [straight, graph] = students.map(|pair| (0..steps).fold(pair, |s, _| s.step(&data, &experiment)));
    same(&straight.baseline, &graph.baseline, link);
    same(&straight.student, &graph.student, link);
}

#[test]
fn what_needs_a_graph_has_one() {
    for link in ["v=1&student=conv:4", "v=1&dist=1", "v=1&jitter=1&teacher=conv:4"] {
        let (data, experiment) = bench_of(link);
        let teacher = Teacher::new(&data, &experiment, 1).learner.network();
        let students = Students::new(&data, &experiment, teacher, 1).unwrap();
        assert!(!students.student.is_fused() && !students.baseline.is_fused(), "{link}");
    }
}

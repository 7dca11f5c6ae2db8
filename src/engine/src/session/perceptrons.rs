//! What the engines with and without a graph must agree on: this file is compiled into the tests of both.

use pollster::block_on;
use retort_spec::decode;

use super::*;

/// Perceptrons of several sizes that learn in ways that need no graph; with the loss of the product on the test set.
const LINKS: [(&str, f64); 5] = [
    ("data=moons&examples=120&teacher=12,8&student=3&batch=20&labels=20", 1.045_360),
    ("data=spirals&examples=200&teacher=20&student=9,7&transfer=noise&optimizer=sgd&soft=0.7", 0.715_095),
    ("data=blobs&examples=90&teacher=7&student=linear&dropout=0.3&scheme=mutual&members=2&temperature=3", 1.454_581),
    ("teacher=16&student=8&jitter=1&labels=200", 2.053_859),
    ("data=moons&examples=120&teacher=7&student=7&near=0.4&batch=20&labels=20", 0.703_504),
];

/// The product's loss on the test set.
fn trained(link: &str) -> f64 {
    let decoded = decode(&format!("teacher-epochs=3&student-epochs=3&{link}&runs=1"), &[]);
    assert!(decoded.problems.is_empty(), "{link}");
    let product = decoded.experiment.plan().product;
    let mut session = Session::new(Compute::cpu());
    let mut events = block_on(session.handle(Command::Run(decoded.experiment)));
    while session.is_running() {
        events.extend(block_on(session.advance(Duration::from_secs(60))));
    }
    assert!(events.iter().any(|event| matches!(event, Event::Verdict(_))), "{link}");
    let of = |event: &Event| match event {
        Event::Point(point) if point.network_id == product => Some(point.test_loss),
        _ => None,
    };
    events.iter().rev().find_map(of).unwrap()
}

#[test]
fn both_engines_train_to_the_same() {
    for (link, expected) in LINKS {
        let found = trained(link);
        // Processors whose products round otherwise differ by about 1e-6.
        assert!((found - expected).abs() < 1e-4, "{link}: {found} instead of {expected}");
    }
}

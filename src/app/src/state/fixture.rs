//! A small page for the tests of lessons: two classes, four test examples, everything measured.

use std::rc::Rc;

use retort_spec::{
    ByteBreakdown, CompressionResult, DataSet, DataSummary, Event, Floats, Measured, NetworkId, Outcome, Pipeline,
    RunState, Spread, Verdict, WorkbenchEvent,
};
use yew::Reducible as _;

use crate::state::{Action, State};

/// The state after an action.
pub fn act(state: State, action: Action) -> State {
    (*Rc::new(state).reduce(action)).clone()
}

/// The state after a training to its end.
pub fn finish(state: State) -> State {
    act(state, Action::Events { events: training(), recorded: false })
}

/// A page on which everything has been measured: teacher 100 %, baseline 50 %, student 75 %.
pub fn measured_state() -> State {
    finish(State::open("#data=moons&bits=8"))
}

/// A file of nothing in particular.
pub fn compressed() -> CompressionResult {
    CompressionResult {
        network_id: NetworkId::STUDENT,
        pipeline: Pipeline::default(),
        bytes: 40,
        breakdown: ByteBreakdown::default(),
        accuracy: 0.5,
        answers: vec![0, 0, 0, 0],
        layers: vec![],
        layouts: vec![],
        sparsity: 0.0,
        seconds: 0.0,
    }
}

fn training() -> Vec<Event> {
    let data = DataSummary {
        data: DataSet::Moons,
        networks: vec![NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT],
        classes: 2,
        shape: [1, 2],
        train: 8,
        test: 4,
        labelled: 4,
        sees: Vec::new(),
        transfer: 8,
        own: 0,
        gallery: vec![],
        test_pixels: vec![],
        test_points: Floats::default(),
        class_names: Vec::new(),
        test_texts: Vec::new(),
        test_labels: vec![0, 0, 1, 1],
    };
    let measured = |network_id, classes: [f64; 2], agreement, logits: [f32; 8]| {
        Event::Measured(Measured {
            run: 0,
            network_id,
            accuracy: (classes[0] + classes[1]) / 2.0,
            per_class_accuracy: classes.to_vec(),
            agreement,
            calibration_error: 0.1,
            parameters: 10,
            extra_parameters: 0,
            bytes: if network_id == NetworkId::TEACHER { 400 } else { 100 },
            logits: logits.to_vec().into(),
            seconds: 1.0,
        })
    };
    let file =
        |made: &str, bytes| CompressionResult { pipeline: made.parse().unwrap_or_default(), bytes, ..compressed() };
    let rows = vec![file("quantize:8", 40), file("quantize:2", 20)];
    let spread = |share| Spread::of(vec![share]);
    let verdict = Verdict {
        outcome: Outcome::NoDifference,
        p_value: 0.25,
        edited_while_training: false,
        examples: 4,
        control: NetworkId::BASELINE,
        product: NetworkId::STUDENT,
        accuracies: vec![
            (NetworkId::TEACHER, spread(1.0)),
            (NetworkId::BASELINE, spread(0.5)),
            (NetworkId::STUDENT, spread(0.75)),
        ],
    };
    vec![
        Event::Data(data),
        Event::State(RunState::Running),
        measured(NetworkId::TEACHER, [1.0, 1.0], None, [3.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 1.0]),
        measured(NetworkId::BASELINE, [1.0, 0.0], Some(0.5), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        measured(NetworkId::STUDENT, [1.0, 0.5], Some(0.75), [3.0, 0.0, 3.0, 0.0, 1.0, 0.0, 0.0, 1.0]),
        Event::Workbench(WorkbenchEvent::Compressed { run: 0, rows }),
        Event::Verdict(verdict),
        Event::State(RunState::Finished),
    ]
}

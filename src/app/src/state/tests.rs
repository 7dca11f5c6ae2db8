use super::*;
use retort_spec::{DataSet, Floats, ProblemKind};
use yew::Reducible;

fn act(state: State, action: Action) -> State {
    (*Rc::new(state).reduce(action)).clone()
}

fn events(events: Vec<Event>) -> Action {
    Action::Events { events, recorded: false }
}

fn summary(data: DataSet) -> DataSummary {
    DataSummary {
        data,
        classes: 2,
        shape: [1, 2],
        train: 4,
        test: 1,
        labelled: 2,
        transfer: 4,
        own: 0,
        gallery: vec![],
        test_pixels: vec![],
        test_points: Floats::default(),
        test_labels: vec![1],
    }
}

fn point(network_id: NetworkId, step: u32) -> Event {
    Event::Point(CurvePoint {
        run: 0,
        network_id,
        epoch: step,
        step,
        train_loss: None,
        train_accuracy: None,
        test_loss: 1.0,
        test_accuracy: 0.5,
    })
}

#[test]
fn bad_links_become_notices_and_good_values_stay() {
    let state = State::open("#temperature=x&seed=5&lang=en");
    assert_eq!(state.experiment.seed, 5);
    assert!(matches!(&state.notices[..], [Notice::Link(problem)] if problem.key == "temperature"));
}

#[test]
fn a_bad_knob_changes_nothing_and_its_notice_goes_when_it_is_mended() {
    let state = act(State::open(""), Action::Turn { key: "batch", value: "0".into() });
    assert_eq!(state.experiment, Experiment::default());
    assert_eq!(state.notices.len(), 1);
    let state = act(state, Action::Turn { key: "batch", value: "16".into() });
    assert_eq!(state.experiment.batch, 16);
    assert!(state.notices.is_empty());
}

#[test]
fn a_new_training_keeps_the_teacher_s_curve_and_greys_the_old_one() {
    let mut state =
        act(State::open(""), events(vec![Event::Data(summary(DataSet::Moons)), point(NetworkId::TEACHER, 0)]));
    state = act(
        state,
        events(vec![point(NetworkId::TEACHER, 1), point(NetworkId::STUDENT, 0), point(NetworkId::STUDENT, 1)]),
    );
    state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
    assert_eq!((state.curves.len(), state.past.len()), (2, 1));
    state = act(state, events(vec![point(NetworkId::TEACHER, 0)]));
    assert_eq!(state.curves.len(), 1, "a first point replaces the kept curve");
    state = act(state, events(vec![Event::Data(summary(DataSet::Rings))]));
    assert_eq!((state.curves.len(), state.past.len()), (0, 0), "other data, other curves");
}

#[test]
fn what_was_recorded_goes_when_the_engine_begins() {
    let recorded = Action::Events {
        events: vec![Event::Data(summary(DataSet::Moons)), point(NetworkId::STUDENT, 0)],
        recorded: true,
    };
    let state = act(State::open(""), recorded);
    assert!(state.recorded);
    let state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
    assert!(!state.recorded && state.curves.is_empty() && state.past.is_empty());
}

#[test]
fn going_back_restores_the_experiment_and_a_known_address_changes_nothing() {
    let state = act(State::open("#seed=3"), Action::Turn { key: "seed", value: "4".into() });
    let state = act(state, Action::Navigate("#v=1&seed=3".into()));
    assert_eq!(state.experiment.seed, 3);
    let same = Rc::new(state);
    assert!(Rc::ptr_eq(&same, &same.clone().reduce(Action::Navigate("seed=3".into()))));
    let bad = act((*same).clone(), Action::Navigate("seed=3&temperature=500&colour=red".into()));
    assert_eq!((bad.experiment.seed, bad.notices.len()), (3, 2), "a bad value is told as by a fresh load");
    assert!(act(bad, Action::Navigate("seed=3".into())).notices.is_empty());
}

#[test]
fn terms_of_the_first_run_are_kept_until_a_training_begins() {
    let terms = |run| Event::Terms(Terms { run, epoch: 1, step: 1, values: vec![("cross-entropy".into(), 0.5)] });
    let state = act(State::open(""), events(vec![Event::Data(summary(DataSet::Moons)), terms(0), terms(1)]));
    assert_eq!(state.terms.iter().map(|terms| terms.run).collect::<Vec<_>>(), [0]);
    let state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
    assert!(state.terms.is_empty());
}

#[test]
fn a_convolution_in_the_plane_is_put_back_and_told_of() {
    let state = act(State::open("#data=moons"), Action::Turn { key: "student", value: "conv:4,8".into() });
    assert_eq!(state.experiment, Experiment::for_data(DataSet::Moons));
    let [Notice::Link(problem)] = &state.notices[..] else { panic!("{:?}", state.notices) };
    assert_eq!((&*problem.key, &*problem.value, problem.used.as_deref()), ("student", "conv:4,8", Some("6")));
    assert_eq!(problem.kind, ProblemKind::NoImages);
}

#[test]
fn an_update_is_announced_once() {
    let state = act(State::open(""), Action::Notify(Notice::Update));
    let state = act(state, Action::Notify(Notice::Update));
    assert_eq!(state.notices, [Notice::Update]);
}

#[test]
fn kept_runs_have_marks_of_their_own_that_stay() {
    let mut state = act(State::open(""), Action::Keep("nothing".into()));
    assert!(state.kept.is_empty(), "without curves there is nothing to keep");
    state = act(state, events(vec![Event::Data(summary(DataSet::Moons)), point(NetworkId::STUDENT, 0)]));
    for name in ["a", "b", "c"] {
        state = act(state, Action::Keep(name.into()));
    }
    state = act(state, Action::Forget(1));
    state = act(state, Action::Keep("d".into()));
    let marks = |state: &State| state.kept.iter().map(|kept| (kept.name.clone(), kept.mark)).collect::<Vec<_>>();
    assert_eq!(marks(&state), [("a".into(), 0), ("c".into(), 2), ("d".into(), 1)]);
    for _ in 0..MOST_KEPT {
        state = act(state, Action::Keep("more".into()));
    }
    assert_eq!(state.kept.len(), MOST_KEPT);
}

#[test]
fn the_inside_of_networks_goes_with_them() {
    let inside = |network_id| ActivationReport {
        network_id,
        stages: vec![],
        filters: Floats::default(),
        compared: vec![],
        similarities: Floats::default(),
    };
    let shown = vec![Event::Data(summary(DataSet::Moons)), Event::Activations(vec![inside(NetworkId::TEACHER)])];
    let state = act(State::open(""), events(shown));
    let again = act(state.clone(), events(vec![Event::Data(summary(DataSet::Moons))]));
    assert_eq!(again.inside.len(), 1, "another training of the same data");
    let other = act(state.clone(), events(vec![Event::Data(summary(DataSet::Rings))]));
    assert!(other.inside.is_empty(), "other data");
    let stopped = act(state, events(vec![Event::State(RunState::Idle)]));
    assert!(stopped.inside.is_empty(), "networks that were given up");
}

#[test]
fn a_knob_that_is_turned_on_and_on_is_one_step() {
    let turn = |state: State, key: &'static str, value: &str| act(state, Action::Turn { key, value: value.into() });
    let mut state = turn(State::open(""), "temperature", "3");
    assert!(!state.joined);
    for value in ["4", "5", "6"] {
        state = turn(state, "temperature", value);
        assert!(state.joined);
    }
    state = turn(state, "labels", "20");
    assert!(!state.joined, "another knob");
    state = act(turn(state, "labels", "30"), Action::Settle);
    state = turn(state, "labels", "40");
    let undone = |state: State| act(state, Action::Undo);
    let shown = |state: &State| (state.experiment.temperature, state.experiment.labels.to_string());
    state = undone(state);
    assert_eq!(shown(&state), (6.0, "30".into()), "it rested in between");
    state = undone(state);
    assert_eq!(shown(&state), (6.0, "50".into()));
    state = undone(state);
    assert_eq!(shown(&state), (2.0, "50".into()));
    assert!(state.undo.is_empty());
    state = turn(act(state, Action::Redo), "temperature", "7");
    assert_eq!(state.undo.len(), 2, "what is done again is a step of its own");
}

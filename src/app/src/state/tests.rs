use super::*;
use retort_spec::{DataSet, Floats, Measured, ProblemKind, Role, Scheme, knob};
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
        networks: vec![NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT],
        classes: 2,
        shape: [1, 2],
        train: 4,
        test: 1,
        labelled: 2,
        sees: Vec::new(),
        transfer: 4,
        own: 0,
        gallery: vec![],
        test_pixels: vec![],
        test_points: Floats::default(),
        class_names: Vec::new(),
        test_texts: Vec::new(),
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
fn a_new_training_greys_the_old_curves() {
    let mut state =
        act(State::open(""), events(vec![Event::Data(summary(DataSet::Moons)), point(NetworkId::TEACHER, 0)]));
    state = act(
        state,
        events(vec![point(NetworkId::TEACHER, 1), point(NetworkId::STUDENT, 0), point(NetworkId::STUDENT, 1)]),
    );
    state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
    assert_eq!((state.curves.len(), state.past.len()), (0, 1), "what is trained already is told anew");
    let told = |step| point(NetworkId::TEACHER, step);
    state = act(state, events(vec![told(0), told(1), told(0)]));
    assert_eq!(state.curves.len(), 1, "a first point says that the network begins anew");
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
    let terms = |run, network_id| {
        let values = vec![("cross-entropy".into(), 0.5)];
        Event::Terms(Terms { run, network_id, epoch: 1, step: 1, values })
    };
    let of_others = [terms(1, NetworkId::STUDENT), terms(0, NetworkId::new(Role::Student, 1))];
    let told = [Event::Data(summary(DataSet::Moons)), terms(0, NetworkId::STUDENT)].into_iter().chain(of_others);
    let state = act(State::open(""), events(told.collect()));
    assert_eq!(state.terms.len(), 1, "those of the first run's product");
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
    state = turn(act(state, Action::Navigate("#temperature=9".into())), "temperature", "3");
    assert_eq!(undone(state).experiment.temperature, 9.0, "so is the turn after another address");
}

fn measured(network_id: NetworkId) -> Event {
    Event::Measured(Measured {
        run: 0,
        network_id,
        accuracy: 0.5,
        per_class_accuracy: vec![],
        agreement: None,
        calibration_error: 0.0,
        parameters: 1,
        extra_parameters: 0,
        bytes: 4,
        logits: vec![0.0, 1.0].into(),
        seconds: 1.0,
    })
}

#[test]
fn a_scheme_is_chosen_in_one_step_and_its_plan_comes_with_its_training() {
    let scheme = |state: State, word: &str| act(state, Action::Turn { key: "scheme", value: word.into() });
    let empty = scheme(State::open("#data=moons"), "mutual");
    assert_eq!(*empty.plan, empty.experiment.plan(), "nothing belongs to another plan yet");
    let shown = vec![Event::Data(summary(DataSet::Moons)), measured(NetworkId::TEACHER)];
    let state = scheme(act(State::open("#data=moons&seed=3"), events(shown)), "mutual");
    assert_eq!((state.experiment.scheme, state.experiment.seed, state.undo.len()), (Scheme::Mutual, 3, 1));
    assert!(state.network(NetworkId::TEACHER).is_some() && state.teacher().is_some(), "till the engine begins");
    // The engine may still begin what was asked for before.
    let late = act(state.clone(), events(vec![Event::Data(summary(DataSet::Moons)), measured(NetworkId::BASELINE)]));
    assert!(late.teacher().is_some() && late.network(NetworkId::BASELINE).is_none() && late.is_behind);
    let begun = DataSummary { networks: state.experiment.plan().ids().collect(), ..summary(DataSet::Moons) };
    let state = act(late, events(vec![Event::Data(begun)]));
    assert!(state.measured.is_empty() && state.teacher().is_none() && !state.is_behind);
    let back = act(state, Action::Undo);
    assert_eq!(back.experiment, State::open("#data=moons&seed=3").experiment);
}

#[test]
fn no_scheme_and_no_data_make_the_page_stumble() {
    for &scheme in Scheme::ALL {
        for &data in DataSet::ALL {
            let mut state = State::open(&format!("#data={data}&scheme={scheme}"));
            let ids: Vec<NetworkId> = state.networks().collect();
            assert!(ids.contains(&state.reference()) && ids.contains(&state.plan.product), "{scheme}");
            let mut told = vec![Event::Data(DataSummary { networks: ids.clone(), ..summary(data) })];
            told.extend(ids.iter().map(|id| measured(*id)));
            state = act(state, events(told));
            let subject = selection::Subject::of(&state).unwrap();
            assert!(subject.logits.len() == ids.len() && subject.reference().is_some(), "{scheme}");
            assert!(ids.iter().all(|id| state.before(*id).is_none() && !state.is_training(*id)));
        }
    }
}

#[test]
fn what_was_said_of_images_is_gone_where_sequences_are_asked_for() {
    let state = fixture::measured_state();
    assert!(state.data.is_some() && !state.measured.is_empty());
    let state = act(state, Action::Turn { key: "data", value: "curve".into() });
    assert!(state.data.is_none() && state.measured.is_empty() && state.curves.is_empty());
}

#[test]
fn a_scheme_says_which_settings_it_changed_until_the_next_change() {
    let turn = |state: State, key: &'static str, value: &str| act(state, Action::Turn { key, value: value.into() });
    let state = turn(State::open(""), "scheme", "mutual");
    assert_eq!(*state.brought, ("scheme", vec!["labels", "temperature", "soft"]));
    assert_eq!(knob("labels").unwrap().get(&state.experiment), "200");
    let state = turn(state, "temperature", "3");
    assert!(state.brought.1.is_empty());
    // What the visitor chose stays, and is not told.
    let state = turn(turn(State::open(""), "labels", "100"), "scheme", "mutual");
    assert_eq!(*state.brought, ("scheme", vec!["temperature", "soft"]));
    assert!(act(state, Action::Undo).brought.1.is_empty());
}

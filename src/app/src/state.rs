//! The app's state and the one reducer that changes it. Pure: nothing here touches the browser.

use std::{collections::HashMap, rc::Rc};

use retort_spec::{
    Actor, Compressed, CurvePoint, DataSet, DataSummary, EngineInfo, Event, Experiment, Measured, Problem, ProblemKind,
    RunState, Stage, Tally, Trouble, Verdict, decode, encode, knob,
};
use yew::Reducible;

use crate::device::DeviceReason;

/// Past runs kept as faint lines.
const PAST_CURVES: usize = 5;

/// Where the engine is.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// Its wasm is on the way: bytes received, and bytes in all where the server says.
    Loading { received: f64, total: Option<f64> },
    /// It is there and starts.
    Starting,
    /// It works.
    Ready(EngineInfo),
    /// It cannot be had.
    Failed(String),
}

/// Files of a data set on their way.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetching {
    /// Nothing is fetched.
    Idle,
    /// Share of the bytes that has come, 0 to 1.
    Progress(f64),
}

/// Something the visitor is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A value of the link could not be used.
    Link(Problem),
    /// The engine met trouble.
    Trouble(Trouble),
    /// A worker died and another was started on the CPU.
    Restarted { reason: String },
    /// Data could not be fetched.
    Fetch { reason: String },
    /// The files of a data set were read.
    FilesRead { train: u32, test: u32 },
    /// A newer version of the page waits to be used.
    Update,
}

/// All that the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub experiment: Experiment,
    pub engine: Engine,
    pub device: Option<DeviceReason>,
    pub run_state: RunState,
    /// What is shown was computed beforehand, not here.
    pub recorded: bool,
    pub data: Option<Rc<DataSummary>>,
    pub tally: Option<Tally>,
    pub curves: Vec<CurvePoint>,
    pub past: Vec<Rc<Vec<CurvePoint>>>,
    pub measured: HashMap<(u32, Actor), Rc<Measured>>,
    pub compressed: Vec<Compressed>,
    /// What stands of the students is the last training's.
    pub stale: bool,
    pub verdict: Option<Rc<Verdict>>,
    pub notices: Vec<Notice>,
    pub fetching: Fetching,
    /// The test example whose soft targets are shown; the most telling one until the visitor chooses.
    pub example: Option<usize>,
    /// The temperature the slider shows while it is dragged; the experiment's otherwise.
    pub preview: Option<f64>,
}

/// What happens to the page.
#[derive(Debug, Clone)]
pub enum Action {
    /// A knob was turned.
    Turn { key: &'static str, value: String },
    /// The temperature slider moves; nothing is trained yet.
    Preview(f64),
    /// The address changed: back, forward, or by hand.
    Navigate(String),
    /// Another example's soft targets are asked for.
    Inspect(usize),
    /// The device was chosen.
    Device(DeviceReason),
    /// The engine's wasm arrives.
    Engine(Engine),
    /// The engine reports.
    Events { events: Vec<Event>, recorded: bool },
    /// Data arrive.
    Fetching(Fetching),
    /// The visitor is told something.
    Notify(Notice),
    /// A notice was read.
    Dismiss(usize),
}

/// The page's own keys of a permalink, which are no knobs.
pub const PAGE_KEYS: &[&str] = &["lang", "theme"];

impl State {
    /// The state of a page opened at this address.
    pub fn open(query: &str) -> Self {
        let decoded = decode(query, PAGE_KEYS);
        Self {
            experiment: decoded.experiment,
            engine: Engine::Loading { received: 0.0, total: None },
            device: None,
            run_state: RunState::Idle,
            recorded: false,
            data: None,
            tally: None,
            curves: Vec::new(),
            past: Vec::new(),
            measured: HashMap::new(),
            compressed: Vec::new(),
            stale: false,
            verdict: None,
            notices: decoded.problems.into_iter().map(Notice::Link).collect(),
            fetching: Fetching::Idle,
            example: None,
            preview: None,
        }
    }

    /// The temperature that is shown.
    pub fn temperature(&self) -> f64 {
        self.preview.unwrap_or(self.experiment.temperature)
    }

    /// A network of the first run.
    pub fn network(&self, actor: Actor) -> Option<&Rc<Measured>> {
        self.measured.get(&(0, actor))
    }

    /// The measured row of the chosen width and granularity.
    pub fn chosen(&self) -> Option<&Compressed> {
        let Experiment { bits, granularity, .. } = &self.experiment;
        let fits = |row: &&Compressed| row.bits == *bits && (row.granularity == *granularity || !bits.is_integer());
        self.compressed.iter().find(fits)
    }

    /// Whether `actor` trains at this moment.
    pub fn is_training(&self, actor: Actor) -> bool {
        let stage = if actor == Actor::Teacher { Stage::Teacher } else { Stage::Students };
        self.run_state == RunState::Running && self.tally.is_some_and(|tally| tally.stage == stage)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Ready(info) => self.engine = Engine::Ready(info),
            Event::Pong => {}
            Event::Data(summary) => self.begin(summary),
            Event::Progress(tally) => self.tally = Some(tally),
            Event::Point(point) => {
                // A first point says that this network begins anew.
                if point.step == 0 {
                    self.curves.retain(|other| (other.run, other.actor) != (point.run, point.actor));
                }
                self.curves.push(point);
            }
            Event::Measured(measured) => {
                self.measured.insert((measured.run, measured.actor), Rc::new(measured));
            }
            Event::Compressed { run: 0, rows } => {
                self.compressed = rows;
                self.stale = false;
            }
            Event::Compressed { .. } => {}
            Event::Verdict(verdict) => self.verdict = Some(Rc::new(verdict)),
            Event::State(run_state) => self.run_state = run_state,
            Event::FilesRead { train, test, .. } => self.notices.push(Notice::FilesRead { train, test }),
            Event::Trouble(trouble) => {
                // What stands there was another experiment's.
                if matches!(trouble, Trouble::Diverged { .. } | Trouble::NothingToLearn) {
                    self.measured.clear();
                    self.compressed.clear();
                }
                let notice = Notice::Trouble(trouble);
                if !self.notices.contains(&notice) {
                    self.notices.push(notice);
                }
            }
        }
    }

    /// A training begins: what the last one showed becomes a faint line, and what does not fit the new data goes.
    fn begin(&mut self, summary: DataSummary) {
        let recorded = std::mem::take(&mut self.recorded);
        let same_data = !recorded
            && self.data.as_ref().is_some_and(|data| {
                data.data == summary.data
                    && data.test_labels == summary.test_labels
                    && data.test_points == summary.test_points
            });
        let old = std::mem::take(&mut self.curves);
        match same_data {
            true => {
                // The teacher may be kept; if it is not, its first point says so.
                self.curves = old.iter().filter(|point| point.actor == Actor::Teacher).copied().collect();
                if old.iter().any(|point| point.actor == Actor::Student) {
                    let first_run = old.into_iter().filter(|point| point.run == 0).collect();
                    self.past.push(Rc::new(first_run));
                    let extra = self.past.len().saturating_sub(PAST_CURVES);
                    self.past.drain(..extra);
                }
                self.measured.retain(|(run, actor), _| *run == 0 || *actor == Actor::Teacher);
            }
            false => {
                self.past.clear();
                self.measured.clear();
                self.compressed.clear();
                self.example = None;
            }
        }
        self.stale = !self.compressed.is_empty();
        self.verdict = None;
        self.tally = None;
        self.data = Some(Rc::new(summary));
        self.notices.retain(|notice| !matches!(notice, Notice::Trouble(_)));
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = (*self).clone();
        match action {
            Action::Turn { key: "data", value } => {
                if let Ok(data) = value.parse::<DataSet>() {
                    state.experiment = state.experiment.with_data(data);
                }
            }
            Action::Turn { key, value } => {
                state.preview = None;
                if let Some(knob) = knob(key) {
                    match knob.set(&mut state.experiment, &value) {
                        Ok(()) => {
                            state
                                .notices
                                .retain(|notice| !matches!(notice, Notice::Link(problem) if problem.key == key));
                            let asked = state.experiment.omit.to_string();
                            for key in state.experiment.repair() {
                                let kind = ProblemKind::NotOmittable;
                                let problem =
                                    Problem { key: key.into(), value: asked.clone(), kind, used: Some("none".into()) };
                                state.notices.push(Notice::Link(problem));
                            }
                        }
                        Err(kind) => {
                            let used = Some(knob.get(&state.experiment));
                            state
                                .notices
                                .retain(|notice| !matches!(notice, Notice::Link(problem) if problem.key == key));
                            state.notices.push(Notice::Link(Problem { key: key.into(), value, kind, used }));
                        }
                    }
                }
            }
            Action::Preview(temperature) => state.preview = Some(temperature),
            Action::Navigate(query) => {
                let decoded = decode(&query, PAGE_KEYS);
                if encode(&decoded.experiment) == encode(&state.experiment) {
                    return self;
                }
                state.experiment = decoded.experiment;
                state.notices.extend(decoded.problems.into_iter().map(Notice::Link));
            }
            Action::Inspect(example) => state.example = Some(example),
            Action::Device(reason) => state.device = Some(reason),
            Action::Engine(engine) => state.engine = engine,
            Action::Events { events, recorded } => {
                for event in events {
                    state.take(event);
                }
                state.recorded |= recorded;
            }
            Action::Fetching(fetching) => state.fetching = fetching,
            // A version newer still needs no second notice.
            Action::Notify(Notice::Update) if state.notices.contains(&Notice::Update) => return self,
            Action::Notify(notice) => state.notices.push(notice),
            Action::Dismiss(index) => {
                if index < state.notices.len() {
                    state.notices.remove(index);
                }
            }
        }
        Rc::new(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Floats;

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
            gallery: vec![],
            test_pixels: vec![],
            test_points: Floats::default(),
            test_labels: vec![1],
        }
    }

    fn point(actor: Actor, step: u32) -> Event {
        Event::Point(CurvePoint {
            run: 0,
            actor,
            epoch: step,
            step,
            train_loss: None,
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
            act(State::open(""), events(vec![Event::Data(summary(DataSet::Moons)), point(Actor::Teacher, 0)]));
        state = act(state, events(vec![point(Actor::Teacher, 1), point(Actor::Student, 0), point(Actor::Student, 1)]));
        state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
        assert_eq!((state.curves.len(), state.past.len()), (2, 1));
        state = act(state, events(vec![point(Actor::Teacher, 0)]));
        assert_eq!(state.curves.len(), 1, "a first point replaces the kept curve");
        state = act(state, events(vec![Event::Data(summary(DataSet::Rings))]));
        assert_eq!((state.curves.len(), state.past.len()), (0, 0), "other data, other curves");
    }

    #[test]
    fn what_was_recorded_goes_when_the_engine_begins() {
        let recorded = Action::Events {
            events: vec![Event::Data(summary(DataSet::Moons)), point(Actor::Student, 0)],
            recorded: true,
        };
        let state = act(State::open(""), recorded);
        assert!(state.recorded);
        let state = act(state, events(vec![Event::Data(summary(DataSet::Moons))]));
        assert!(!state.recorded && state.curves.is_empty() && state.past.is_empty());
    }

    #[test]
    fn an_update_is_announced_once() {
        let state = act(State::open(""), Action::Notify(Notice::Update));
        let state = act(state, Action::Notify(Notice::Update));
        assert_eq!(state.notices, [Notice::Update]);
    }

    #[test]
    fn going_back_restores_the_experiment_and_a_known_address_changes_nothing() {
        let state = act(State::open("#seed=3"), Action::Turn { key: "seed", value: "4".into() });
        let state = act(state, Action::Navigate("#v=1&seed=3".into()));
        assert_eq!(state.experiment.seed, 3);
        let same = Rc::new(state);
        assert!(Rc::ptr_eq(&same, &same.clone().reduce(Action::Navigate("seed=3".into()))));
    }
}

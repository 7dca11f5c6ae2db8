//! The workbench's worker as the driver sees it: started once networks learn, fed with what the engine gives, asked, and
//! replaced when it dies.

use retort_spec::{Actor, Experiment, KNOBS, Order, Phase, Scheme, encode};

use crate::engine::{Engine, EngineModule, Parcel};

/// The worker with what it was told, so that another one can be told the same.
#[derive(Default)]
pub struct Bench {
    pub engine: Option<Engine>,
    pub module: Option<EngineModule>,
    /// Whether it is fetched, started or there.
    pub asked: bool,
    /// Rises with every start.
    pub generation: u32,
    ready: bool,
    examples: Option<Parcel>,
    /// Which examples those are.
    key: String,
    networks: Vec<((u32, String), Parcel)>,
    looked: Option<(Scheme, u32)>,
    /// The number of the last pipeline.
    pub flow: u32,
}

/// What decides which examples there are.
fn key(experiment: &Experiment) -> String {
    let knobs = KNOBS.iter().filter(|knob| knob.phase == Phase::Data);
    knobs.map(|knob| knob.get(experiment)).collect::<Vec<String>>().join("&")
}

impl Bench {
    /// Tells the worker, if it is there.
    pub fn send(&self, order: Order) {
        if let (true, Some(engine)) = (self.ready, &self.engine) {
            engine.send(&order);
        }
    }

    /// The worker is there: it is told all that its predecessor knew.
    pub fn greet(&mut self, experiment: &Experiment) {
        self.ready = true;
        for parcel in self.examples.iter().chain(self.networks.iter().map(|(_, parcel)| parcel)) {
            self.hand_on(parcel);
        }
        self.looked = None;
        self.look(experiment);
    }

    /// The worker is not there any more.
    pub fn lose(&mut self) {
        self.engine = None;
        self.ready = false;
    }

    /// Students are trained anew. Says whether other examples are to be asked for.
    pub fn begin(&mut self, experiment: &Experiment) -> bool {
        self.networks.clear();
        self.looked = None;
        self.send(Order::Forget);
        let key = key(experiment);
        let differs = self.key != key || self.examples.is_none();
        self.key = key;
        differs
    }

    /// Other files: the examples are others, though the knobs are the same.
    pub fn forget_examples(&mut self) {
        self.examples = None;
    }

    /// The engine has something for the worker. Examples and networks are kept for another one.
    pub fn take(&mut self, parcel: Parcel, experiment: &Experiment) {
        self.hand_on(&parcel);
        if let Some(whose) = parcel.network() {
            let is_shown = whose.0 == 0 && whose.1 == Actor::Student.word();
            self.networks.retain(|(other, _)| *other != whose);
            self.networks.push((whose, parcel));
            if is_shown {
                self.looked = None;
                self.look(experiment);
            }
        } else if parcel.contents("Examples").is_some() {
            self.examples = Some(parcel);
        }
    }

    fn hand_on(&self, parcel: &Parcel) {
        if let (true, Some(engine)) = (self.ready, &self.engine) {
            engine.hand_on(parcel);
        }
    }

    /// The scheme that the experiment asks for is looked at, unless it was just now.
    pub fn look(&mut self, experiment: &Experiment) {
        let wanted = (experiment.scheme().effective(), experiment.seed);
        let there = self.networks.iter().any(|((run, actor), _)| *run == 0 && actor == Actor::Student.word());
        if there && self.ready && self.looked != Some(wanted) {
            self.looked = Some(wanted);
            let (scheme, seed) = wanted;
            self.send(Order::Look { scheme, seed, link: encode(experiment) });
        }
    }
}

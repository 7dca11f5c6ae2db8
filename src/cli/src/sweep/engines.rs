//! The engines that train the cells of a sweep. What cells share is trained once, whoever trains them.

use std::time::{Duration, Instant};

use clap::ArgMatches;
use retort_engine::NetworkCache;
use retort_spec::{
    Command, CompressionResult, DataSet, DeviceChoice, EngineError, Event, Experiment, Measured, NetworkId, Progress,
    Verdict, WorkbenchEvent, class_bias::Corrected, encode, sweep::Results,
};

use crate::{
    Failure, data_folder,
    local_driver::{LocalDriver, LocalEngine},
};

/// How long an engine trains before progress is shown.
const TICK: Duration = Duration::from_millis(100);

/// An engine with what is known of its experiment.
struct Engine {
    /// Whether it trains sequences, and on which device it was asked to.
    of: (bool, DeviceChoice),
    driver: LocalDriver,
    /// The network that its workbench holds.
    pack: NetworkId,
    /// What it reported since the last change of what is trained.
    measured: Vec<Measured>,
    verdict: Option<Verdict>,
    /// Labels and number of classes of the test examples, where they have classes.
    test: (Vec<u8>, usize),
}

/// What networks are measured on.
pub enum Measuring {
    /// The test set. The engines of other threads may have these networks, too.
    TestSet(NetworkCache),
    /// Training examples that are held out; only images and points have them.
    HeldOut,
}

/// The engines that a sweep needs: one for images and points, one for sequences and numbers.
pub struct Engines<'a> {
    matches: &'a ArgMatches,
    measuring: Measuring,
    /// An experiment for each data set that is read from files.
    from_files: Vec<Experiment>,
    engines: Vec<Engine>,
}

impl<'a> Engines<'a> {
    /// No engine yet; each is started with the first experiment that needs it.
    pub fn new<'b>(
        matches: &'a ArgMatches,
        experiments: impl Iterator<Item = &'b Experiment>,
        measuring: Measuring,
    ) -> Self {
        let mut from_files: Vec<Experiment> = Vec::new();
        for experiment in experiments.filter(|experiment| experiment.data.needs_files()) {
            let is_same = |data: DataSet| data == experiment.data;
            if !from_files.iter().any(|other| is_same(other.data)) {
                from_files.push(experiment.clone());
            }
        }
        Self { matches, measuring, from_files, engines: Vec::new() }
    }

    /// Trains an experiment to its end; what came of it, or why it cannot be trained.
    ///
    /// # Errors
    /// If there is no such device, or no files to read the data from.
    pub fn train(
        &mut self,
        experiment: &Experiment,
        show: impl FnMut(&Progress),
    ) -> Result<Result<Results, String>, Failure> {
        let of = (experiment.data.is_of_sequences(), experiment.device);
        // An engine sends the files of the network to be packed while it trains or finds it, and only then.
        self.engines.retain(|engine| engine.of != of || engine.pack == experiment.pack);
        let place = match self.engines.iter().position(|engine| engine.of == of) {
            Some(place) => place,
            None => {
                let mut driver = LocalDriver::new(match &self.measuring {
                    Measuring::TestSet(networks) => LocalEngine::sharing(experiment, networks)?,
                    Measuring::HeldOut => LocalEngine::validating(experiment)?,
                });
                for experiment in self.from_files.iter().filter(|one| one.data.is_of_sequences() == of.0) {
                    data_folder::give(self.matches, &mut driver, experiment)?;
                }
                self.engines.push(Engine {
                    of,
                    driver,
                    pack: experiment.pack,
                    measured: Vec::new(),
                    verdict: None,
                    test: Default::default(),
                });
                self.engines.len() - 1
            }
        };
        self.engines[place].train(experiment, show)
    }
}

impl Engine {
    fn train(
        &mut self,
        experiment: &Experiment,
        mut show: impl FnMut(&Progress),
    ) -> Result<Result<Results, String>, Failure> {
        let start = Instant::now();
        let mut trouble = None;
        let mut events = self.driver.handle(Command::Run(experiment.clone()));
        loop {
            for event in events {
                match event {
                    Event::Error(error) => trouble = trouble.or(Some(error)),
                    // From here on all is about this experiment. Knobs that retrain nothing report nothing anew.
                    Event::Data(data) => {
                        (self.measured, self.verdict) = (Vec::new(), None);
                        self.test = (data.test_labels, data.classes as usize);
                    }
                    Event::Measured(measured) => self.measured.push(measured),
                    Event::Verdict(verdict) => self.verdict = Some(verdict),
                    Event::Progress(progress) => show(&progress),
                    _ => {}
                }
            }
            if !self.driver.is_running() {
                break;
            }
            events = self.driver.advance(TICK);
        }
        self.measured.retain(|measured| measured.run < experiment.runs);
        // Runs that wait for another engine are trained last.
        self.measured.sort_by_key(|measured| measured.run);
        let reason = match (trouble, &self.verdict) {
            (None, Some(verdict)) => {
                let (verdict, measured) = (verdict.clone(), self.measured.clone());
                return Ok(match self.packed(experiment) {
                    Ok(packed) => {
                        let corrected = self.corrected(experiment, verdict.product);
                        let seconds = start.elapsed().as_secs_f64();
                        Ok(Results { verdict, measured, packed, corrected, seconds })
                    }
                    Err(reason) => Err(reason),
                });
            }
            // Nothing else can be trained either.
            (Some(error @ EngineError::Device { .. }), _) => return Err(Failure::EngineError(error)),
            (Some(error), _) => error.to_string(),
            (None, None) => format!("{} came to no verdict", encode(experiment)),
        };
        (self.measured, self.verdict) = (Vec::new(), None);
        Ok(Err(reason))
    }

    /// Each run's product with the bias that needs no label, where classes were left out.
    fn corrected(&self, experiment: &Experiment, product: NetworkId) -> Vec<Corrected> {
        let (labels, classes) = &self.test;
        let omitted = &experiment.omitted_classes;
        let products = self.measured.iter().filter(|one| one.network_id == product && !omitted.is_empty());
        products.map(|one| Corrected::of(&one.logits, labels, *classes, omitted)).collect()
    }

    /// Each run's network as the knobs choose: at the end of their pipeline, or in their format.
    fn packed(&mut self, experiment: &Experiment) -> Result<Vec<CompressionResult>, String> {
        let mut packed = Vec::new();
        // Networks of sequences have no layers for the workbench.
        let runs = if experiment.data.is_of_sequences() { 0 } else { experiment.runs };
        for run in 0..runs {
            if experiment.compress.0.is_empty() {
                let file = self.driver.quantize(experiment, run).map_err(|failure| failure.to_string())?;
                packed.extend(file);
                continue;
            }
            let mut last = None;
            for report in self.driver.compress(experiment, run, &experiment.compress) {
                match report {
                    WorkbenchEvent::Stage { done, .. } => last = Some(*done),
                    WorkbenchEvent::Ended { reason: Some(reason), .. } => {
                        return Err(Failure::PipelineEnd(format!("{reason:?}")).to_string());
                    }
                    _ => {}
                }
            }
            packed.extend(last);
        }
        Ok(packed)
    }
}

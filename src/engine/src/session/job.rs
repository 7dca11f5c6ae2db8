//! One experiment under way: run after run, the phases of its plan one after another, then the verdict.

use std::{mem, sync::Arc, time::Duration};

#[cfg(feature = "graph")]
use burn::module::Module;
use retort_compress::{Layer, format::checksum::crc32};
use retort_spec::{
    CurvePoint, EngineError, Event, Experiment, Heads, LabelAccess, NetworkId, NetworkKind, Plan, Progress,
    RunAssignment, RunResult, Scheme, Terms,
};
use web_time::Instant;

use super::{
    Halt,
    cache::{Claim, KeyScope, Left, NetworkCache, NetworkKey, TrainedNetwork, behind, key},
    measure::{measure, test_answers},
    summary::summarize,
    votes::VoteReport,
};
#[cfg(feature = "graph")]
use crate::objectives::SideMatrices;
use crate::{
    data::{Dataset, batch::steps_per_epoch},
    device::Device,
    distill::{
        examples::{rows_of, transfer_rows_of},
        phase::{PhaseRun, can_learn},
        tuning::Tuning,
    },
    nets::Network,
    train::{device_dataset::DeviceDataset, learner::Learner},
};

/// More points than this make a curve no clearer.
const CURVE_POINTS: u32 = 100;

pub(super) enum Work {
    Phase(Box<PhaseRun>),
    Tuning(Box<Tuning>),
    Finished,
}

/// The curve of a network that learns.
pub(super) struct Curve {
    pub(super) network_id: NetworkId,
    pub(super) key: Option<NetworkKey>,
    pub(super) points: Vec<CurvePoint>,
    pub(super) terms: Vec<Terms>,
    /// What the network said of the test set when the last point was measured.
    pub(super) logits: Vec<f32>,
    /// What a scheme's mechanism has left of the network so far.
    pub(super) left: Left,
    /// The labelled training examples on which it is measured while it trains.
    pub(super) sample: Vec<u32>,
}

/// Whether a phase of a plan is trained on another data set.
pub(super) fn learns_other_data(plan: &Plan, phase: u32) -> bool {
    let learners = plan.phases.get(phase as usize).map_or(&[][..], |phase| &phase.learners);
    learners.iter().any(|one| matches!(one.labels, LabelAccess::Elsewhere(_)))
}

/// How a phase has begun.
pub(super) enum Begun {
    /// Networks learn.
    Learning,
    /// All of its networks were known.
    Known,
    /// One of these is being trained by another session.
    Elsewhere(Vec<NetworkKey>),
}

/// An experiment under way.
pub struct Job {
    pub experiment: Experiment,
    pub(super) plan: Plan,
    pub(super) data: DeviceDataset,
    /// Another data set, where a network learns one, and the seed that it was drawn with.
    pub(super) elsewhere: Option<(u32, DeviceDataset)>,
    /// The checksum of the data set.
    pub(super) checksum: u32,
    pub(super) run: u32,
    /// Which phase of the plan.
    pub(super) phase: u32,
    pub(super) work: Work,
    /// Those of the networks that learn.
    pub(super) curves: Vec<Curve>,
    /// The first point of the phase's curves is still to be measured.
    pub(super) fresh: bool,
    pub(super) seconds: f64,
    /// A live knob was turned while networks trained.
    pub(super) edited_while_training: bool,
    /// The same of the phase that is under way.
    pub(super) phase_edited: bool,
    /// The networks of the run under way, as far as they are trained.
    pub(super) trained: Vec<(NetworkId, Arc<TrainedNetwork>)>,
    /// What the voters of the run under way said, once they are trained.
    pub(super) votes: Option<VoteReport>,
    /// The finished networks of the first run.
    pub(super) first_run: Vec<(NetworkId, Network)>,
    /// Their exits.
    #[cfg(feature = "graph")]
    pub(super) first_exits: Vec<(NetworkId, SideMatrices)>,
    /// Whom the product of each finished run imitated, and whom the network to be compressed did.
    pub(super) teachers: Vec<(u32, Vec<(NetworkId, Network)>)>,
    /// Those that are trained, of whatever run.
    pub(super) cache: NetworkCache,
    /// The networks of the phase under way, which nobody else is to train.
    pub(super) claim: Option<Claim>,
    /// The phase whose turn it is, where one of its networks or of a later phase's is trained before that turn.
    pub(super) ahead_of: Option<u32>,
    /// A teacher that was brought along, trained elsewhere, and the checksum of its layers.
    pub(super) imported: Option<(u32, Arc<TrainedNetwork>)>,
    /// One for each run that is done.
    pub(super) results: Vec<RunResult>,
    /// The same of other workers.
    pub(super) gathered: Vec<RunResult>,
    /// Which runs are trained here.
    pub(super) share: RunAssignment,
}

impl Job {
    /// Puts the data on the device and begins; `cache` holds what was trained on the same examples.
    pub async fn new(
        dataset: Dataset,
        experiment: Experiment,
        share: RunAssignment,
        cache: NetworkCache,
        device: &Device,
    ) -> Result<(Self, Vec<Event>), Halt> {
        let mut job = Self {
            plan: experiment.plan(),
            checksum: dataset.checksum(),
            data: DeviceDataset::new(dataset, device),
            elsewhere: None,
            experiment,
            run: 0,
            phase: 0,
            work: Work::Finished,
            curves: Vec::new(),
            fresh: true,
            seconds: 0.0,
            edited_while_training: false,
            phase_edited: false,
            trained: Vec::new(),
            votes: None,
            first_run: Vec::new(),
            #[cfg(feature = "graph")]
            first_exits: Vec::new(),
            teachers: Vec::new(),
            cache,
            claim: None,
            ahead_of: None,
            imported: None,
            results: Vec::new(),
            gathered: Vec::new(),
            share,
        };
        let events = job.restart().await?;
        Ok((job, events))
    }

    /// Takes a network as the teacher of every run and trains whoever learns from it anew.
    pub async fn adopt(&mut self, kind: NetworkKind, layers: &[Layer]) -> Result<Vec<Event>, Halt> {
        let network = Network::from_layers(kind, layers, &self.data.device);
        let logits = test_answers(&self.data, &network, self.is_task_told()).await?;
        let of = (0, NetworkId::TEACHER);
        let (measured, file) = measure(&self.data, of, (kind, layers), logits, (0, 0.0));
        let checksum = crc32(&file.file);
        let (points, terms) = (Vec::new(), Vec::new());
        let (network, file) = (Some(network), Some(file));
        let key = Some(NetworkKey::Imported(checksum));
        let left = Left::default();
        let adopted = TrainedNetwork { key, network, measured, points, terms, file, left };
        self.imported = Some((checksum, Arc::new(adopted)));
        self.restart().await
    }

    /// A knob that decides the teacher was turned: one that was brought along is no longer asked for.
    pub fn forget_imported(&mut self) {
        self.imported = None;
    }

    /// Begins the experiment as it now is. What is trained already is found again, and a phase under way that the
    /// experiment still asks for goes on.
    pub async fn restart(&mut self) -> Result<Vec<Event>, Halt> {
        self.plan = self.experiment.plan();
        self.results.clear();
        self.gathered.clear();
        self.first_run.clear();
        #[cfg(feature = "graph")]
        self.first_exits.clear();
        self.teachers.clear();
        self.edited_while_training = false;
        self.check()?;
        let summary = summarize(&self.data, &self.experiment, self.experiment.seed);
        let mut events = vec![Event::Data(summary)];
        let (run, phase) = (self.run, self.phase);
        let under_way = mem::replace(&mut self.work, Work::Finished);
        let curves = mem::take(&mut self.curves);
        let (is_edited, seconds) = (self.phase_edited, self.seconds);
        self.start_next_run(&mut events).await?;
        // A phase that is still asked for goes on where it was.
        let is_same = |new: &[Curve], old: &[Curve]| {
            new.len() == old.len()
                && new.iter().zip(old).all(|(new, old)| new.network_id == old.network_id && new.key == old.key)
        };
        let goes_on = matches!((&self.work, &under_way), (Work::Phase(_), Work::Phase(_)));
        if goes_on && !is_edited && (self.run, self.phase) == (run, phase) && is_same(&self.curves, &curves) {
            for curve in &curves {
                events.extend(curve.points.iter().copied().map(Event::Point));
                events.extend(curve.terms.iter().cloned().map(Event::Terms));
            }
            self.fresh = curves.iter().all(|curve| curve.points.is_empty());
            (self.work, self.curves, self.seconds) = (under_way, curves, seconds);
        }
        Ok(events)
    }

    /// Whether the experiment can be trained.
    fn check(&self) -> Result<(), EngineError> {
        let (plan, seed) = (&self.plan, self.experiment.seed);
        let members = plan.network(plan.product).map_or(&[][..], |network| network.origin.members());
        let learners = plan.supervision(plan.product).map(|(_, supervision)| supervision).into_iter();
        let learners = learners.chain(members.iter().filter_map(|id| plan.supervision(*id)).map(|(_, one)| one));
        for supervision in learners {
            let labels = rows_of(&self.data, &self.experiment, supervision, seed);
            let transfer = transfer_rows_of(&self.data, &self.experiment, supervision, seed);
            if !can_learn(&self.experiment, supervision, labels.len(), transfer.len()) {
                return Err(EngineError::NothingToLearn);
            }
        }
        #[cfg(feature = "graph")]
        for supervision in plan.phases.iter().flat_map(|phase| &phase.learners) {
            let Some(&(teacher, _)) = supervision.teachers.first().filter(|_| supervision.imitates()) else { continue };
            if let (Some(student), Some(teacher)) = (plan.network(supervision.learner), plan.network(teacher)) {
                let rows = transfer_rows_of(&self.data, &self.experiment, supervision, seed);
                crate::distill::phase::check_objectives(&self.data, &self.experiment, [student, teacher], &rows)?;
            }
        }
        Ok(())
    }

    /// A live knob was turned. What had begun to train, and depends on it, is given by no single experiment any more.
    pub fn mark_edited(&mut self) {
        let has_begun = self.steps_done() > 0;
        let keys: Vec<Option<NetworkKey>> = self.curves.iter().map(|curve| self.key(curve.network_id)).collect();
        for (curve, key) in self.curves.iter_mut().zip(keys) {
            if curve.key != key {
                self.phase_edited |= has_begun;
                curve.key = if has_begun { None } else { key };
            }
        }
        // What is trained of this run may be another experiment's now.
        let is_stale = |(id, trained): &(NetworkId, Arc<TrainedNetwork>)| {
            trained.key.is_some() && trained.key != self.expected_key(*id)
        };
        let is_stale = self.trained.iter().any(is_stale);
        let has_results = !(self.results.is_empty() && self.gathered.is_empty());
        self.edited_while_training |= self.phase_edited || is_stale || has_results;
    }

    /// Whether there is nothing left to train here.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.work, Work::Finished)
    }

    pub fn steps_done(&self) -> u32 {
        self.learner().map_or(0, Learner::steps_done)
    }

    /// Waits for the device and stops where a loss is no number.
    pub async fn check_losses(&mut self) -> Result<(), Halt> {
        let start = Instant::now();
        match &self.work {
            Work::Tuning(tuning) => {
                tuning.learner().mean_loss().await?;
            }
            Work::Phase(phase) => {
                for trainee in phase.trainees() {
                    let learner = &trainee.learner;
                    match learner.mean_loss().await? {
                        Some(loss) if !loss.is_finite() => {
                            let (network_id, step) = (trainee.id(), learner.steps_done());
                            let learning_rate = self.experiment.learning_rate;
                            return Err(EngineError::Diverged { network_id, step, learning_rate }.into());
                        }
                        _ => {}
                    }
                }
            }
            Work::Finished => {}
        }
        self.seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// The networks of the first run, as far as they are, in the plan's order.
    pub(super) fn first_run_networks(&self) -> Vec<(NetworkId, Network)> {
        let learning = |id| match &self.work {
            Work::Phase(phase) if self.run == 0 => phase.network(id),
            _ => None,
        };
        let finished = |id| self.first_run.iter().find(|(other, _)| *other == id).map(|(_, network)| network.clone());
        self.plan.ids().filter_map(|id| Some((id, learning(id).or_else(|| finished(id))?))).collect()
    }

    /// How far the phase is.
    pub fn progress(&self, steps: u32, elapsed: Duration) -> Option<Progress> {
        let learner = self.learner()?;
        let epoch = self.epoch_steps();
        let (run, phase) = match &self.work {
            Work::Tuning(tuning) => (tuning.request().run, None),
            _ => (self.run, Some(self.phase)),
        };
        Some(Progress {
            run,
            runs: self.experiment.runs,
            phase,
            step: learner.steps_done(),
            steps: learner.steps(),
            epoch: learner.steps_done() / epoch,
            epochs: learner.steps() / epoch,
            examples_per_second: f64::from(steps * self.experiment.batch) / elapsed.as_secs_f64().max(1e-9),
            share_done: None,
        })
    }

    /// Trains one batch and reports what is due. Says whether an epoch ended.
    pub async fn step(&mut self, events: &mut Vec<Event>) -> Result<bool, Halt> {
        if mem::take(&mut self.fresh) {
            self.points(events).await?;
        }
        let start = Instant::now();
        self.work = match mem::replace(&mut self.work, Work::Finished) {
            Work::Phase(mut phase) => {
                phase.step(self.learned_data(), &self.experiment);
                Work::Phase(phase)
            }
            Work::Tuning(tuning) => Work::Tuning(Box::new(tuning.step(&self.data, &self.experiment).await?)),
            Work::Finished => return Ok(true),
        };
        // On a GPU this is the time of asking; the time of waiting is added where losses are read.
        self.seconds += start.elapsed().as_secs_f64();
        let Some(learner) = self.learner() else { return Ok(true) };
        let (done, steps, finished) = (learner.steps_done(), learner.steps(), learner.is_done());
        let epoch_ended = done.is_multiple_of(self.epoch_steps());
        let stride = (steps / self.epoch_steps()).div_ceil(CURVE_POINTS).max(1);
        if finished || (epoch_ended && (done / self.epoch_steps()).is_multiple_of(stride)) {
            self.points(events).await?;
        }
        if finished {
            self.finish_phase(events).await?;
        }
        Ok(epoch_ended)
    }

    /// Goes on with the run: through the phases whose networks are known, to the first that has to be trained, or to
    /// the run's end and the next run; to the verdict, if it was the last.
    pub(super) async fn proceed(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        loop {
            self.compose(events).await?;
            if (self.phase as usize) < self.plan.phases.len() {
                match self.begin_phase(events).await? {
                    Begun::Learning => return Ok(()),
                    Begun::Known => self.phase += 1,
                    Begun::Elsewhere(_) if self.begin_ahead().await? => return Ok(()),
                    Begun::Elsewhere(keys) => self.cache.wait(&keys),
                }
                continue;
            }
            let result = self.result();
            if self.run == 0 {
                events.extend(self.regions().await?);
                events.extend(self.exhibit().map(Event::Exhibit));
            }
            if !self.share.is_coordinator() {
                events.push(Event::Result(result.clone()));
            }
            self.results.push(result);
            let imitated = [self.plan.product, self.experiment.pack].map(|id| self.plan.teachers(id));
            let is_imitated = |id| imitated.iter().copied().flatten().any(|(teacher, _)| *teacher == id);
            let teachers = self.frozen(is_imitated);
            self.teachers.push((self.run, teachers));
            let Some(run) = self.next_run() else {
                self.work = Work::Finished;
                events.extend(self.verdict());
                return Ok(());
            };
            self.begin_run(run);
        }
    }

    /// Begins the next run of the share, if there is one.
    pub(super) async fn start_next_run(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        self.work = Work::Finished;
        self.claim = None;
        match self.next_run() {
            Some(run) => {
                self.begin_run(run);
                self.proceed(events).await
            }
            None => Ok(()),
        }
    }

    /// Whether the task of a test example is told.
    pub(super) fn is_task_told(&self) -> bool {
        self.experiment.scheme == Scheme::Lifelong && self.experiment.heads == Heads::Apart
    }

    /// The layers of the exits of a network of the first run, now or as it ended.
    #[cfg(feature = "graph")]
    pub(super) fn first_run_exits(&self, id: NetworkId) -> Option<SideMatrices> {
        let learning = match &self.work {
            Work::Phase(phase) if self.run == 0 => phase.trainees().iter().find(|trainee| trainee.id() == id),
            _ => None,
        };
        let finished = || self.first_exits.iter().find(|(other, _)| *other == id).map(|(_, layers)| layers.clone());
        learning.map(|trainee| trainee.learner.side_matrices().valid()).or_else(finished)
    }

    fn begin_run(&mut self, run: u32) {
        self.run = run;
        self.phase = 0;
        self.ahead_of = None;
        self.phase_edited = false;
        self.trained.clear();
        self.votes = None;
    }

    pub(super) fn seed(&self) -> u32 {
        self.experiment.seed.wrapping_add(self.run)
    }

    /// The key that a network has by the experiment as it is.
    pub(super) fn expected_key(&self, id: NetworkId) -> Option<NetworkKey> {
        self.key_in(self.run, id)
    }

    /// The key that it has in a run.
    fn key_in(&self, run: u32, id: NetworkId) -> Option<NetworkKey> {
        let imported = self.imported.as_ref().map(|(checksum, _)| *checksum);
        let scope = KeyScope { plan: &self.plan, experiment: &self.experiment, data: self.checksum, imported };
        key(scope, id, self.experiment.seed.wrapping_add(run))
    }

    /// Whether another session trains a network of a run.
    pub(super) fn is_elsewhere(&self, run: u32) -> bool {
        self.cache.has_claims(self.plan.ids().filter_map(|id| self.key_in(run, id)))
    }

    /// The key of a network that is to be trained now; `None` where it is made from one that the experiment as it is
    /// does not give.
    pub(super) fn key(&self, id: NetworkId) -> Option<NetworkKey> {
        let copied = self.plan.network(id).map_or(&[][..], |network| network.origin.members());
        let teachers = self.plan.teachers(id).iter().flat_map(|(teacher, _)| behind(&self.plan, *teacher));
        let mut made_from =
            teachers.chain(copied.iter().copied()).filter_map(|id| self.trained.iter().find(|(other, _)| *other == id));
        let is_another = made_from.any(|(id, trained)| trained.key != self.expected_key(*id));
        if is_another { None } else { self.expected_key(id) }
    }

    /// The finished networks of the run for which `wanted` holds.
    pub(super) fn frozen(&self, wanted: impl Fn(NetworkId) -> bool) -> Vec<(NetworkId, Network)> {
        let trained = self.trained.iter().filter(|(id, _)| wanted(*id));
        trained.filter_map(|(id, trained)| Some((*id, trained.network.clone()?))).collect()
    }

    pub(super) fn epoch_steps(&self) -> u32 {
        steps_per_epoch(self.learned_data().dataset.train.len(), self.experiment.batch)
    }

    /// What the networks of the phase under way are trained on: the experiment's data set, or another.
    pub(super) fn learned_data(&self) -> &DeviceDataset {
        match &self.elsewhere {
            Some((_, elsewhere)) if learns_other_data(&self.plan, self.phase) => elsewhere,
            _ => &self.data,
        }
    }

    /// One of those that learn: all are as far.
    pub(super) fn learner(&self) -> Option<&Learner> {
        match &self.work {
            Work::Phase(phase) => phase.trainees().last().map(|trainee| &trainee.learner),
            Work::Tuning(tuning) => Some(tuning.learner()),
            Work::Finished => None,
        }
    }
}

//! How the phases of a plan begin and end.

use std::{mem, sync::Arc};

#[cfg(feature = "graph")]
use burn::module::Module;
use retort_compress::Layer;
#[cfg(feature = "graph")]
use retort_spec::Channel;
use retort_spec::{Event, NetworkId, Origin, Role};

#[cfg(feature = "graph")]
use super::job::learns_other_data;
use super::{
    Halt,
    cache::{NetworkKey, TrainedNetwork},
    job::{Begun, Job, Work},
    measure::{measure, test_answers},
};
#[cfg(feature = "graph")]
use crate::{data, train::device_dataset::DeviceDataset};
use crate::{
    distill::phase::{PhaseRun, Start},
    nets::{Network, mixed},
};

impl Job {
    /// Begins the phase with the networks that are not known.
    pub(super) async fn begin_phase(&mut self, events: &mut Vec<Event>) -> Result<Begun, Halt> {
        let Some(planned) = self.plan.phases.get(self.phase as usize).cloned() else { return Ok(Begun::Known) };
        let keys: Vec<Option<NetworkKey>> = planned.learners.iter().map(|one| self.key(one.learner)).collect();
        let trained_here: Vec<NetworkKey> =
            keys.iter().flatten().filter(|key| matches!(key, NetworkKey::Trained(_))).cloned().collect();
        self.claim = None;
        self.claim = self.cache.claim(trained_here.clone());
        if self.claim.is_none() {
            return Ok(Begun::Elsewhere(trained_here));
        }
        let mut missing = Vec::new();
        let mut known = Vec::new();
        for (supervision, key) in planned.learners.iter().zip(keys) {
            let imported = self.imported.as_ref().map(|(_, network)| network);
            let found = match (&key, imported) {
                (Some(NetworkKey::Imported(_)), Some(imported)) => Some(imported.clone()),
                (Some(key), _) => self.cache.find(key),
                (None, _) => None,
            };
            match found {
                Some(found) => known.push((supervision.learner, found)),
                None => missing.push((supervision.clone(), key)),
            }
        }
        // Those that learn from each other, and those that share a stream of jittered batches, are trained together.
        let is_bound = |id: NetworkId| {
            let imitated = |(one, _): &(_, _)| {
                let one: &retort_spec::Supervision = one;
                one.teachers.iter().any(|(teacher, _)| *teacher == id)
            };
            missing.iter().any(imitated) || self.data.uses_jitter(self.experiment.jitter)
        };
        if !missing.is_empty() && known.iter().any(|(id, _)| is_bound(*id)) {
            known.clear();
            missing = planned.learners.iter().map(|one| (one.clone(), self.key(one.learner))).collect();
        }
        for (id, found) in known {
            events.extend(found.curve(self.run, id));
            self.take(id, found, events);
        }
        if missing.is_empty() {
            return Ok(Begun::Known);
        }
        let mut layers = Vec::new();
        for (supervision, _) in &missing {
            layers.push(self.first_layers(supervision.learner).await?);
        }
        let starts = missing.iter().zip(layers).filter_map(|((supervision, _), layers)| {
            Some(Start { planned: self.plan.network(supervision.learner)?, supervision, layers })
        });
        let starts: Vec<Start<'_>> = starts.collect();
        #[cfg(feature = "graph")]
        if learns_other_data(&self.plan, self.phase)
            && self.elsewhere.as_ref().is_none_or(|(seed, _)| *seed != self.seed())
        {
            let shape = self.data.dataset.shape;
            let other = data::other_set(&self.experiment, shape, data::GENERATED_TEST, self.seed())?;
            self.elsewhere = Some((self.seed(), DeviceDataset::new(other, &self.data.device)));
        }
        let imitated = missing.iter().flat_map(|(supervision, _)| &supervision.teachers);
        let imitated: Vec<NetworkId> = imitated.map(|(id, _)| *id).collect();
        let frozen = self.frozen(|id| imitated.contains(&id));
        let data = self.learned_data();
        let mut phase = PhaseRun::new(data, &self.experiment, &starts, frozen, planned.epochs, self.seed())?;
        #[cfg(feature = "graph")]
        {
            let specialties = self.specialties();
            if !specialties.is_empty() {
                phase.fuse_specialists(&self.data, &specialties).await?;
            }
        }
        if let Some(votes) = &self.votes {
            phase.count_votes(&votes.ballot, &self.experiment, self.seed());
        }
        #[cfg(feature = "graph")]
        if let Some(pictures) = missing
            .iter()
            .filter(|(supervision, _)| supervision.channel == Channel::Pictures)
            .find_map(|(supervision, _)| self.pictures(supervision.teachers.first()?.0))
        {
            phase.show(&self.data, pictures, self.seed());
        }
        self.begin_curves(&phase, missing.into_iter().map(|(_, key)| key).collect());
        self.work = Work::Phase(Box::new(phase));
        Ok(Begun::Learning)
    }

    /// A network's first weights.
    pub(super) async fn first_layers(&self, id: NetworkId) -> Result<Vec<Layer>, Halt> {
        let Some(planned) = self.plan.network(id) else { return Ok(Vec::new()) };
        let dataset = &self.data.dataset;
        let outputs = dataset.classes + planned.extra_outputs as usize;
        match &planned.origin {
            Origin::Copy(start) => match self.frozen(|id| id == *start).pop() {
                Some((_, network)) => Ok(network.to_layers().await?),
                None => Ok(Vec::new()),
            },
            Origin::Near { network, share, stream } => {
                let near = self.frozen(|id| id == *network).pop();
                let drawn = Network::draw(&planned.architecture, dataset.features(), outputs, self.seed(), stream);
                match near {
                    Some((_, near)) => Ok(mixed(&near.to_layers().await?, drawn, *share as f32)),
                    None => Ok(drawn),
                }
            }
            Origin::Drawn(stream) => {
                Ok(Network::draw(&planned.architecture, dataset.features(), outputs, self.seed(), stream))
            }
            Origin::Average(_) | Origin::Ensemble(_) | Origin::Votes(_) => Ok(Vec::new()),
        }
    }

    pub(super) async fn finish_phase(&mut self, events: &mut Vec<Event>) -> Result<(), Halt> {
        let is_told = self.is_task_told();
        match mem::replace(&mut self.work, Work::Finished) {
            Work::Phase(phase) => {
                let curves = mem::take(&mut self.curves);
                let mut finished = Vec::new();
                for (trainee, curve) in phase.trainees().iter().zip(curves) {
                    let Some(planned) = self.plan.network(trainee.id()) else { continue };
                    let network = trainee.learner.network();
                    let logits = test_answers(&self.data, &network, is_told).await?;
                    let mut left = curve.left;
                    left.exits = trainee.exits(&self.data).await?;
                    #[cfg(feature = "graph")]
                    if !left.exits.is_empty() {
                        left.exit_layers = trainee.learner.side_matrices().valid();
                    }
                    left.pictures = phase.pictures(&self.data, trainee).await?;
                    let layers = self.of_classes(network.to_layers().await?);
                    #[cfg(feature = "graph")]
                    {
                        left.handed_on = self.handed_on_to(&trainee.supervision, &network, &layers).await?;
                    }
                    let (of, kind) = ((self.run, trainee.id()), planned.architecture.kind);
                    let spent = (trainee.learner.extra_parameters(), self.seconds);
                    let (mut measured, file) = measure(&self.data, of, (kind, &layers), logits, spent);
                    let mut file = Some(file);
                    // There may be hundreds of them, and nobody looks at one.
                    if trainee.id().role == Role::Voter {
                        (measured.logits, file) = (Vec::new().into(), None);
                    }
                    let (points, terms) = (curve.points, curve.terms);
                    let (key, network) = (curve.key, Some(network));
                    let trained = TrainedNetwork { key, network, measured, points, terms, file, left };
                    finished.push((trainee.id(), Arc::new(trained)));
                }
                finished.iter().for_each(|(_, network)| self.cache.keep(network));
                self.claim = None;
                if let Some(phase) = self.ahead_of.take() {
                    self.phase = phase;
                    return self.proceed(events).await;
                }
                // All are there before any is compared with another.
                self.trained.extend(finished.iter().cloned());
                for (id, network) in finished {
                    self.trained.retain(|(other, _)| *other != id);
                    self.take(id, network, events);
                }
                self.phase += 1;
                self.phase_edited = false;
                self.proceed(events).await
            }
            Work::Tuning(tuning) => {
                events.push(self.tuned(&tuning).await?);
                Ok(())
            }
            Work::Finished => Ok(()),
        }
    }

    /// Begins a phase of the plan with untrained networks in the place of finished ones, to see how long it takes.
    pub(super) async fn begin_untrained(&mut self, phase: u32) -> Result<(), Halt> {
        let Some(planned) = self.plan.phases.get(phase as usize).cloned() else { return Ok(()) };
        let untrained = |id: NetworkId| {
            let (network, dataset) = (self.plan.network(id)?, &self.data.dataset);
            let outputs = dataset.classes + network.extra_outputs as usize;
            let layers = Network::draw(&network.architecture, dataset.features(), outputs, self.seed(), "timing");
            Some((network, layers))
        };
        let starts = planned.learners.iter().filter_map(|supervision| {
            let (planned, layers) = untrained(supervision.learner)?;
            Some(Start { planned, supervision, layers })
        });
        let starts: Vec<Start<'_>> = starts.collect();
        let mut frozen: Vec<(NetworkId, Network)> = Vec::new();
        for (id, _) in planned.learners.iter().flat_map(|supervision| &supervision.teachers) {
            let is_beside = planned.learners.iter().any(|other| other.learner == *id);
            if let Some((network, layers)) = untrained(*id).filter(|_| !is_beside)
                && !frozen.iter().any(|(other, _)| other == id)
            {
                frozen.push((*id, Network::from_layers(network.architecture.kind, &layers, &self.data.device)));
            }
        }
        let run = PhaseRun::new(&self.data, &self.experiment, &starts, frozen, planned.epochs, self.seed())?;
        let keys = starts.iter().map(|_| None).collect();
        self.phase = phase;
        self.begin_curves(&run, keys);
        self.work = Work::Phase(Box::new(run));
        Ok(())
    }
}

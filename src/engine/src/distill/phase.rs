//! A phase under way: networks that learn side by side, from labels, from finished networks, from each other.

mod fused;
#[cfg(feature = "graph")]
mod graph;

use retort_compress::Layer;
use retort_spec::{Channel, EngineError, Experiment, LabelAccess, NetworkId, PlannedNetwork, Shown, Supervision};

use self::fused::CpuBatch;
#[cfg(feature = "graph")]
pub use self::graph::check_objectives;
use super::{
    labelled::LabelledSource,
    private::{Ballot, noise},
    transfer::TransferSource,
};
use crate::{
    data::batch::steps_per_epoch,
    nets::{Dropout, Network},
    train::{
        device_dataset::DeviceDataset,
        fused::{Perceptron, fits_fused_path},
        learner::Learner,
    },
};

/// A network that learns in a phase.
pub struct Trainee {
    /// What it learns from.
    pub supervision: Supervision,
    /// The network and how far it is.
    pub learner: Learner,
    /// Which of the phase's streams of labelled batches it sees.
    group: usize,
    dropout: Option<Dropout>,
    #[cfg(feature = "graph")]
    by_graph: graph::LossParts,
}

impl Trainee {
    /// Which network.
    pub fn id(&self) -> NetworkId {
        self.supervision.learner
    }

    /// It has no exits.
    ///
    /// # Errors
    /// None; tensors are waited for.
    #[cfg(not(feature = "graph"))]
    pub async fn exits(&self, _: &DeviceDataset) -> Result<Vec<Vec<f32>>, crate::device::ExecutionError> {
        Ok(Vec::new())
    }

    /// Whether it has teachers.
    pub fn is_taught(&self) -> bool {
        self.supervision.imitates()
    }

    /// The weight of the soft targets in its loss; those of the labels have the rest.
    fn soft_weight(&self, experiment: &Experiment) -> f64 {
        if self.is_taught() { experiment.soft_weight } else { 0.0 }
    }
}

/// What a network is shown in place of examples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    /// `[pictures, features]`.
    pub inputs: Vec<f32>,
    /// What its teacher says of them, `[pictures, classes]`; nothing where it has no teacher.
    pub said: Vec<f32>,
}

/// A network as it was when the epoch began.
struct StaleCopy {
    id: NetworkId,
    #[cfg(feature = "graph")]
    network: Network,
    /// The same for the fused path.
    perceptron: Option<Perceptron>,
}

/// A phase under way.
pub struct PhaseRun {
    trainees: Vec<Trainee>,
    /// The streams of labelled batches.
    groups: Vec<LabelledSource>,
    /// The transfer set, if anybody is taught.
    transfer: Option<TransferSource>,
    /// Whether the labelled and the transfer set are one, so that one forward pass serves both terms.
    shared: bool,
    /// Copies of learners that others imitate, where those are imitated as they were when the epoch began.
    copies: Vec<StaleCopy>,
    epoch_steps: u32,
    /// The batches of learners on the fused path, one for each group.
    cpu: Vec<CpuBatch>,
    fused: bool,
    /// Pictures that are learned beside the one network of the phase.
    #[cfg(feature = "graph")]
    matching: Option<super::matching::Matching>,
}

/// What a network of a phase begins with.
pub struct Start<'a> {
    /// What the plan says of it.
    pub planned: &'a PlannedNetwork,
    /// What it learns from.
    pub supervision: &'a Supervision,
    /// Its first weights.
    pub layers: Vec<Layer>,
}

/// Whether a network of these layers learns without a graph: a perceptron on the CPU.
fn can_use_fused_path(data: &DeviceDataset, experiment: &Experiment, start: &Start<'_>) -> bool {
    !(start.planned.needs_graph() || start.supervision.needs_graph())
        && data.is_on_cpu()
        && fits_fused_path(&start.layers, experiment.batch as usize)
}

/// Whether a network of this supervision has anything to learn, from so many labels and examples of the transfer set.
pub fn can_learn(experiment: &Experiment, supervision: &Supervision, labels: usize, transfer: usize) -> bool {
    let is_taught = supervision.imitates();
    if supervision.channel == Channel::Extra {
        return transfer > 0;
    }
    let soft = if is_taught { experiment.soft_weight } else { 0.0 };
    #[cfg(feature = "graph")]
    let [of_teacher, of_labels] = graph::asks(experiment, is_taught);
    #[cfg(not(feature = "graph"))]
    let [of_teacher, of_labels] = [false; 2];
    let (asks_teacher, asks_labels) = (soft > 0.0 || of_teacher, soft < 1.0 || of_labels);
    (asks_teacher && transfer > 0) || (asks_labels && labels > 0)
}

impl PhaseRun {
    /// Untrained networks; `frozen` are the finished ones that they imitate.
    ///
    /// # Errors
    /// [`EngineError::Refused`] where an objective cannot be used on these networks or batches.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        starts: &[Start<'_>],
        frozen: Vec<(NetworkId, Network)>,
        epochs: u32,
        seed: u32,
    ) -> Result<Self, EngineError> {
        // An epoch is as many steps as one pass over the whole training set, however few labels there are: what is
        // compared has the same budget.
        let epoch_steps = steps_per_epoch(data.dataset.train.len(), experiment.batch);
        let steps = epochs * epoch_steps;
        let taught: Vec<&Supervision> =
            starts.iter().map(|start| start.supervision).filter(|one| one.imitates()).collect();
        let mut transfer = (!taught.is_empty()).then(|| TransferSource::new(data, experiment, &taught, frozen, seed));
        #[cfg(feature = "graph")]
        if let (Some(transfer), Some(first)) = (&mut transfer, taught.first()) {
            transfer.add_generator(data, experiment, first, (steps, seed));
        }
        // Those who see one stream of the same labels share its batches.
        let mut names: Vec<(&str, LabelAccess, Channel, Shown)> = Vec::new();
        let mut groups = Vec::new();
        let group_of: Vec<usize> = starts
            .iter()
            .map(|Start { supervision, .. }| {
                let votes = if supervision.imitates() { Channel::Classes } else { supervision.channel };
                let name = (supervision.batches.as_str(), supervision.labels, votes, supervision.shown);
                names.iter().position(|other| *other == name).unwrap_or_else(|| {
                    names.push(name);
                    groups.push(LabelledSource::new(data, experiment, supervision, seed));
                    names.len() - 1
                })
            })
            .collect();
        let shared = groups.len() == 1 && transfer.as_ref().is_some_and(|transfer| transfer.is(&groups[0].rows));
        let uses_objectives = !taught.is_empty() && experiment.weights.used().next().is_some();
        // Other objectives look at more than logits.
        let fused = !uses_objectives
            && starts.iter().all(|start| can_use_fused_path(data, experiment, start))
            && transfer.as_mut().is_none_or(|transfer| transfer.prepare_cpu(data, experiment));
        #[cfg(not(feature = "graph"))]
        if !fused {
            return Err(EngineError::OtherEngine { data: experiment.data });
        }
        let learner = |start: &Start<'_>| {
            #[cfg(feature = "graph")]
            if !fused {
                let is_copied = start.planned.origin.start().is_some();
                let begun = if is_copied { Learner::trained } else { Learner::new };
                return begun(&start.planned.architecture, &start.layers, experiment, steps, &data.device);
            }
            Learner::fused(&start.layers, experiment, steps, &data.device)
        };
        let dropout = |supervision: &Supervision| {
            let purpose = match supervision.batches.as_str() {
                "teacher" => "dropout".to_owned(),
                name => format!("{name} dropout"),
            };
            if supervision.as_teacher { Dropout::new(experiment.dropout, seed, &purpose) } else { None }
        };
        let trainee = |(start, group): (&Start<'_>, usize)| Trainee {
            supervision: start.supervision.clone(),
            learner: if start.supervision.frozen { learner(start).frozen() } else { learner(start) },
            group,
            dropout: dropout(start.supervision),
            #[cfg(feature = "graph")]
            by_graph: graph::LossParts::of(data, start.supervision),
        };
        let trainees: Vec<Trainee> = starts.iter().zip(group_of).map(trainee).collect();
        #[cfg(feature = "graph")]
        let trainees = match fused {
            true => trainees,
            false => graph::equip(trainees, transfer.as_ref(), (data, experiment), starts, seed)?,
        };
        let cpu = groups.iter().map(|_| CpuBatch::default()).collect();
        Ok(Self {
            trainees,
            groups,
            transfer,
            shared,
            copies: Vec::new(),
            epoch_steps,
            cpu,
            fused,
            #[cfg(feature = "graph")]
            matching: graph::matching((data, experiment), starts, seed, (steps, epoch_steps)),
        })
    }

    /// Whoever learns from votes is told the classes that win them.
    pub fn count_votes(&mut self, ballot: &Ballot, experiment: &Experiment, seed: u32) {
        for trainee in &self.trainees {
            if let Channel::Votes(doubled) = trainee.supervision.channel {
                self.groups[trainee.group].told = Some(ballot.labels(noise(experiment, doubled), seed));
            }
        }
    }

    /// It is shown nothing else.
    ///
    /// # Errors
    /// None; tensors are waited for.
    #[cfg(not(feature = "graph"))]
    pub async fn pictures(
        &self,
        _: &DeviceDataset,
        _: &Trainee,
    ) -> Result<Option<Pictures>, crate::device::ExecutionError> {
        Ok(None)
    }

    /// The networks that learn.
    pub fn trainees(&self) -> &[Trainee] {
        &self.trainees
    }

    /// The same, to begin new means of their losses.
    pub fn learners_mut(&mut self) -> impl Iterator<Item = &mut Learner> {
        self.trainees.iter_mut().map(|trainee| &mut trainee.learner)
    }

    /// One of them as it is now.
    pub fn network(&self, id: NetworkId) -> Option<Network> {
        self.trainees.iter().find(|trainee| trainee.id() == id).map(|trainee| trainee.learner.network())
    }

    /// The examples whose labels a network sees.
    pub fn labelled_rows(&self, trainee: &Trainee) -> &[u32] {
        let group = &self.groups[trainee.group];
        #[cfg(feature = "graph")]
        if group.shown.is_some() {
            return &[];
        }
        &group.rows
    }

    /// Trains one batch of each: whoever has no teacher on labels, the others by `soft · T² · KL(teachers ‖ network) +
    /// (1 − soft) · CE` (Hinton et al. 2015, section 2) and what else the experiment asks for. What is imitated is
    /// fixed before anyone steps, so that the order of the networks does not matter.
    pub fn step(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        self.copy_stale();
        #[cfg(feature = "graph")]
        if let Some(matching) = self.matching.take() {
            return self.step_matching(data, experiment, matching);
        }
        #[cfg(feature = "graph")]
        if !self.fused {
            return self.step_by_graph(data, experiment);
        }
        self.step_fused(data, experiment);
    }

    /// Takes copies of the networks that are imitated as they were when the epoch began.
    fn copy_stale(&mut self) {
        let done = self.trainees.first().map_or(0, |trainee| trainee.learner.steps_done());
        if !done.is_multiple_of(self.epoch_steps) || !self.trainees.iter().any(|trainee| trainee.supervision.stale) {
            return;
        }
        let copy = |trainee: &Trainee| {
            let network = trainee.learner.network();
            let perceptron = network.perceptron().filter(|_| self.fused).as_deref().map(Perceptron::new);
            StaleCopy {
                id: trainee.id(),
                #[cfg(feature = "graph")]
                network,
                perceptron,
            }
        };
        self.copies = self.trainees.iter().map(copy).collect();
    }
}

#[cfg(test)]
#[cfg(feature = "graph")]
mod tests;

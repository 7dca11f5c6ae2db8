//! A phase under way: networks that learn side by side, from labels, from finished networks, from each other.

mod fused;
mod graph;

use burn::{
    module::Module,
    tensor::{ExecutionError, Tensor},
};
use retort_compress::Layer;
use retort_spec::{
    Channel, EngineError, Exits, Experiment, LabelAccess, NetworkId, NetworkKind, ObjectiveTiming, PlannedNetwork,
    Supervision,
};

use self::fused::CpuBatch;
use super::{
    active_objectives::Objectives,
    labelled::LabelledSource,
    lessons::Tasks,
    private::{Ballot, noise},
    specialists::specialty_mask,
    transfer::TransferSource,
};
use crate::{
    data::batch::steps_per_epoch,
    device::read,
    nets::{Dropout, Network, Pass},
    objectives::{SideMatrices, Source, exits, method},
    train::{
        device_dataset::{DeviceDataset, select},
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
    objectives: Objectives,
    /// `[1, classes]`: 1 for the classes that a specialist tells apart.
    specialty: Option<Tensor<2>>,
    /// How it learns classes that arrive in two steps.
    tasks: Option<Tasks>,
    /// Whether the last step was one of a first stage that an objective has to itself.
    was_exclusive: bool,
}

impl Trainee {
    /// Which network.
    pub fn id(&self) -> NetworkId {
        self.supervision.learner
    }

    /// What its exits but the last say of the test set, `[examples, classes]` each; nothing where it has none.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn exits(&self, data: &DeviceDataset) -> Result<Vec<Vec<f32>>, ExecutionError> {
        if self.supervision.exits == Exits::None {
            return Ok(Vec::new());
        }
        let (network, side_matrices) = (self.learner.network(), self.learner.side_matrices().valid());
        let mut said: Vec<Vec<f32>> = Vec::new();
        for inputs in data.test_chunks(&network) {
            let answers = exits::answers(&network.forward(inputs, Pass::Test), &side_matrices);
            said.resize(answers.len(), Vec::new());
            for (said, answer) in said.iter_mut().zip(answers) {
                said.extend(read(answer).await?);
            }
        }
        Ok(said)
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

/// A network as it was when the epoch began.
struct StaleCopy {
    id: NetworkId,
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
    start.planned.architecture.kind == NetworkKind::Mlp
        && start.planned.extra_outputs == 0
        && start.supervision.exits == Exits::None
        && !matches!(start.supervision.labels, LabelAccess::Special { .. } | LabelAccess::Task { .. })
        && data.is_on_cpu()
        && fits_fused_path(&start.layers, experiment.batch as usize)
}

/// Whether the experiment's objectives can be used between networks of these architectures, before anything is
/// trained.
///
/// # Errors
/// [`EngineError::Refused`] for the first one that cannot.
pub fn check_objectives(
    data: &DeviceDataset,
    experiment: &Experiment,
    [student, teacher]: [&PlannedNetwork; 2],
    rows: &[u32],
) -> Result<(), EngineError> {
    if experiment.weights.used().next().is_none() || rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<u32> = rows.iter().copied().cycle().take(experiment.batch as usize).collect();
    let inputs = select(&data.train, &data.row_indices(&rows));
    let [student, teacher] = [student, teacher].map(|network| {
        let architecture = &network.architecture;
        let layers = Network::draw(architecture, data.dataset.features(), data.dataset.classes, 0, "check");
        Network::from_layers(architecture.kind, &layers, &data.device).forward(inputs.clone(), Pass::Test)
    });
    Objectives::new(experiment, &student, &teacher, rows.len(), 0).map(|_| ())
}

/// Whether a network of this supervision has anything to learn, from so many labels and examples of the transfer set.
pub fn can_learn(experiment: &Experiment, supervision: &Supervision, labels: usize, transfer: usize) -> bool {
    let is_taught = supervision.imitates();
    if supervision.channel == Channel::Extra {
        return transfer > 0;
    }
    let used = || experiment.weights.used().map(|(objective, _)| objective).filter(|_| is_taught);
    // After a first stage that asks the teacher alone nothing is learned by it.
    let lasts = |of| method(of).from == Source::Teacher && of.info().timing != ObjectiveTiming::FirstStage;
    let soft = if is_taught { experiment.soft_weight } else { 0.0 };
    let asks_teacher = soft > 0.0 || used().any(lasts);
    let asks_labels = soft < 1.0 || used().any(|of| method(of).from == Source::Labels);
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
        // Those who see one stream of the same labels share its batches.
        let mut names: Vec<(&str, LabelAccess, Channel)> = Vec::new();
        let mut groups = Vec::new();
        let group_of: Vec<usize> = starts
            .iter()
            .map(|Start { supervision, .. }| {
                let votes = if supervision.imitates() { Channel::Classes } else { supervision.channel };
                let name = (supervision.batches.as_str(), supervision.labels, votes);
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
        let learner = |start: &Start<'_>| match fused {
            true => Learner::fused(&start.layers, experiment, steps, &data.device),
            false => Learner::new(&start.planned.architecture, &start.layers, experiment, steps, &data.device),
        };
        let mut learners: Vec<Learner> = starts.iter().map(learner).collect();
        for (start, learner) in
            starts.iter().zip(&mut learners).filter(|(start, _)| start.supervision.exits != Exits::None)
        {
            let (architecture, classes) = (&start.planned.architecture, data.dataset.classes);
            let exits = exits::side_matrices(&architecture.geometry(data.dataset.features(), classes).stages, classes);
            let side_matrices = SideMatrices::draw(&exits, seed, &data.device.clone().autodiff());
            *learner = Learner::new(architecture, &start.layers, experiment, steps, &data.device)
                .with_side_matrices(side_matrices);
        }
        let mut all_objectives: Vec<Objectives> = starts.iter().map(|_| Objectives::none()).collect();
        if let Some(first) = transfer
            .as_ref()
            .filter(|_| uses_objectives)
            .and_then(|transfer| transfer.first_inputs(data, experiment.batch))
        {
            for (place, start) in starts.iter().enumerate() {
                let Some(&(teacher, _)) = start.supervision.teachers.first() else { continue };
                let ask = |network: &Network| network.forward(first.clone(), Pass::Test);
                let known = transfer.as_ref().and_then(|transfer| transfer.network(teacher)).map(ask);
                let beside = || starts.iter().position(|other| other.planned.id == teacher);
                let Some(teacher) = known.or_else(|| beside().map(|at| ask(&learners[at].network()))) else { continue };
                let asked = ask(&learners[place].network());
                let count = transfer.as_ref().map_or(0, TransferSource::count);
                let objectives = Objectives::new(experiment, &asked, &teacher, count, seed)?;
                let side_matrices =
                    SideMatrices::draw(objectives.side_matrices(), seed, &data.device.clone().autodiff());
                let plain = Learner::new(&start.planned.architecture, &start.layers, experiment, steps, &data.device);
                learners[place] = plain.with_side_matrices(side_matrices);
                all_objectives[place] = objectives;
            }
        }
        let dropout = |supervision: &Supervision| {
            let purpose = match supervision.batches.as_str() {
                "teacher" => "dropout".to_owned(),
                name => format!("{name} dropout"),
            };
            if supervision.as_teacher { Dropout::new(experiment.dropout, seed, &purpose) } else { None }
        };
        let trainees: Vec<Trainee> = starts
            .iter()
            .zip(learners)
            .zip(all_objectives)
            .zip(group_of)
            .map(|(((start, learner), objectives), group)| Trainee {
                supervision: start.supervision.clone(),
                learner,
                group,
                dropout: dropout(start.supervision),
                objectives,
                specialty: specialty_mask(data, start.supervision),
                tasks: Tasks::of(data, start.supervision),
                was_exclusive: false,
            })
            .collect();
        let cpu = groups.iter().map(|_| CpuBatch::default()).collect();
        Ok(Self { trainees, groups, transfer, shared, copies: Vec::new(), epoch_steps, cpu, fused })
    }

    /// Makes one teacher of a generalist and specialists, given with the classes that each tells apart.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn fuse_specialists(
        &mut self,
        data: &DeviceDataset,
        specialties: &[(NetworkId, Vec<u8>)],
    ) -> Result<(), ExecutionError> {
        match &mut self.transfer {
            Some(transfer) => transfer.fuse_specialists(data, specialties).await,
            None => Ok(()),
        }
    }

    /// Whoever learns from votes is told the classes that win them.
    pub fn count_votes(&mut self, ballot: &Ballot, experiment: &Experiment, seed: u32) {
        for trainee in &self.trainees {
            if let Channel::Votes(doubled) = trainee.supervision.channel {
                self.groups[trainee.group].told = Some(ballot.labels(noise(experiment, doubled), seed));
            }
        }
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
        &self.groups[trainee.group].rows
    }

    /// Trains one batch of each: whoever has no teacher on labels, the others by `soft · T² · KL(teachers ‖ network) +
    /// (1 − soft) · CE` (Hinton et al. 2015, section 2) and what else the experiment asks for. What is imitated is
    /// fixed before anyone steps, so that the order of the networks does not matter.
    pub fn step(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        self.copy_stale();
        match self.fused {
            true => self.step_fused(data, experiment),
            false => self.step_by_graph(data, experiment),
        }
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
            StaleCopy { id: trainee.id(), network, perceptron }
        };
        self.copies = self.trainees.iter().map(copy).collect();
    }
}

#[cfg(test)]
mod tests;

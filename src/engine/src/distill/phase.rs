//! A phase under way: networks that learn side by side, from labels, from finished networks, from each other.

mod fused;

use std::mem;

use burn::tensor::{ExecutionError, Tensor, activation::log_softmax};
use retort_compress::Layer;
use retort_spec::{
    Channel, EngineError, Experiment, LabelAccess, Mix, NetworkId, NetworkKind, ObjectiveTiming, PlannedNetwork,
    Supervision,
};

use self::fused::CpuBatch;
use super::{
    active_objectives::{Batch, Objectives},
    examples::specialty,
    labelled::{LabelledBatch, LabelledSource},
    transfer::{TransferBatch, TransferSource, mixed},
};
use crate::{
    data::batch::steps_per_epoch,
    nets::{Dropout, Network, Pass, Trace},
    objectives::{Settings, SideMatrices, Source, cross_entropy, method, soft_targets},
    train::{
        device_dataset::{DeviceDataset, select, upload},
        fused::fits_fused_path,
        learner::{Learner, StepLoss},
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
    /// Whether the last step was one of a first stage that an objective has to itself.
    was_exclusive: bool,
}

impl Trainee {
    /// Which network.
    pub fn id(&self) -> NetworkId {
        self.supervision.learner
    }

    /// Whether it has teachers.
    pub fn is_taught(&self) -> bool {
        !self.supervision.teachers.is_empty()
    }

    /// The weight of the soft targets in its loss; those of the labels have the rest.
    fn soft_weight(&self, experiment: &Experiment) -> f64 {
        if self.is_taught() { experiment.soft_weight } else { 0.0 }
    }
}

/// A network as it was when the epoch began.
type Copies = Vec<(NetworkId, Network)>;

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
    copies: Copies,
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
        && !matches!(start.supervision.labels, LabelAccess::Special { .. })
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
    let is_taught = !supervision.teachers.is_empty();
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
            starts.iter().map(|start| start.supervision).filter(|one| !one.teachers.is_empty()).collect();
        let mut transfer = (!taught.is_empty()).then(|| TransferSource::new(data, experiment, &taught, frozen, seed));
        let mut names: Vec<&str> = Vec::new();
        let mut groups = Vec::new();
        let group_of: Vec<usize> = starts
            .iter()
            .map(|Start { supervision, .. }| {
                let place = names.iter().position(|name| *name == supervision.batches);
                place.unwrap_or_else(|| {
                    names.push(&supervision.batches);
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
        self.copies = self.trainees.iter().map(|trainee| (trainee.id(), trainee.learner.network())).collect();
    }

    /// Whether anybody is to be asked about a transfer batch at this step.
    fn asks_teachers(trainee: &Trainee, experiment: &Experiment, exclusive: bool, is_first_stage: bool) -> bool {
        (trainee.soft_weight(experiment) > 0.0 && !exclusive)
            || (trainee.is_taught() && trainee.supervision.channel == Channel::Extra)
            || trainee.objectives.needs(Source::Teacher, is_first_stage)
    }

    fn step_by_graph(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        let Self { trainees, groups, transfer, shared, copies, .. } = self;
        let (shared, classes) = (*shared, data.dataset.classes);
        let labelled: Vec<Option<LabelledBatch>> =
            groups.iter_mut().map(|group| group.batch(data, experiment)).collect();
        let stages: Vec<(bool, bool)> = trainees
            .iter()
            .map(|trainee| {
                let is_first = trainee.learner.progress() < experiment.first_stage;
                (is_first, is_first && trainee.objectives.has_exclusive_first_stage())
            })
            .collect();
        let asks: Vec<bool> = trainees
            .iter()
            .zip(&stages)
            .map(|(trainee, &(is_first, exclusive))| Self::asks_teachers(trainee, experiment, exclusive, is_first))
            .collect();
        let batch = match transfer {
            Some(transfer) if asks.contains(&true) => match (&labelled[0], shared) {
                (Some(batch), true) => {
                    Some(transfer.batch_of(&batch.rows, batch.indices.clone(), batch.inputs.clone()))
                }
                (None, true) => None,
                _ => transfer.batch(data, experiment, &mut groups[0].generator),
            },
            _ => None,
        };
        // One forward pass of each on the transfer batch serves its own loss and those who imitate it.
        let imitated: Vec<NetworkId> = trainees
            .iter()
            .zip(&asks)
            .filter(|(_, asks)| **asks)
            .flat_map(|(trainee, _)| trainee.supervision.teachers.iter().map(|(id, _)| *id))
            .collect();
        let own: Vec<Option<Trace>> = trainees
            .iter()
            .zip(&asks)
            .map(|(trainee, &asks)| {
                let batch = batch.as_ref().filter(|_| asks || imitated.contains(&trainee.id()))?;
                Some(trainee.learner.tracked().forward(batch.inputs.clone().autodiff(), Pass::Train(None)))
            })
            .collect();
        let ids: Vec<NetworkId> = trainees.iter().map(Trainee::id).collect();
        let said = |id: NetworkId, batch: &TransferBatch| -> Option<Trace> {
            if let Some((_, copy)) = copies.iter().find(|(copy, _)| *copy == id) {
                return Some(copy.forward(batch.inputs.clone(), Pass::Test));
            }
            match transfer.as_ref().and_then(|transfer| transfer.trace(data, experiment, id, batch)) {
                Some(trace) => Some(trace),
                None => own[ids.iter().position(|other| *other == id)?].clone().map(Trace::inner),
            }
        };
        let taught: Vec<Option<Trace>> = trainees
            .iter()
            .zip(&asks)
            .map(|(trainee, &asks)| {
                let batch = batch.as_ref().filter(|_| asks)?;
                if trainee.supervision.teachers.len() > 1
                    && let Some(fused) = transfer.as_ref().and_then(|transfer| transfer.fused_trace(batch))
                {
                    return Some(fused.autodiff());
                }
                let teachers = trainee.supervision.teachers.iter();
                let traces = teachers.filter_map(|&(id, weight)| Some((said(id, batch)?, weight))).collect();
                let is_extra = trainee.supervision.channel == Channel::Extra;
                let mixing = if is_extra { Mix::Logits } else { experiment.mix };
                let trace = mixed(mixing, traces, experiment.temperature)?.autodiff();
                Some(if is_extra { trace } else { trace.first(classes) })
            })
            .collect();
        let targets = match (&batch, transfer) {
            (Some(batch), Some(transfer)) => transfer.targets(data, experiment, batch),
            _ => None,
        };
        let settings = Settings::of(experiment);
        let passes = taught.into_iter().zip(own).zip(stages.into_iter().zip(asks));
        for (mut trainee, ((teacher, own), ((is_first_stage, exclusive), asks_teacher))) in
            mem::take(trainees).into_iter().zip(passes)
        {
            let soft = trainee.soft_weight(experiment);
            let progress = trainee.learner.progress();
            if mem::replace(&mut trainee.was_exclusive, exclusive) && !exclusive {
                trainee.learner = trainee.learner.reset_optimizer(experiment);
            }
            let (is_taught, labelled) = (trainee.is_taught(), labelled[trainee.group].clone());
            let Trainee { learner, mut objectives, mut dropout, supervision, specialty, .. } = trainee;
            let asks_labels = supervision.channel == Channel::Classes
                && !exclusive
                && (soft < 1.0 || objectives.needs(Source::Labels, is_first_stage));
            let batch = batch.as_ref();
            let learner = learner.step(experiment, |network, side_matrices| {
                let mut step_loss = StepLoss::default();
                let term = |step_loss: &mut StepLoss, name: &'static str, loss: Tensor<1>| {
                    if is_taught {
                        step_loss.terms.push(((name, ""), loss.clone().inner()));
                    }
                    step_loss.add(loss);
                };
                // Where both sets are one, the pass on the transfer batch is that on the labelled one.
                let hard = labelled.filter(|_| asks_labels).map(|LabelledBatch { inputs, targets, rows, .. }| {
                    let trace = match &own {
                        Some(own) if shared && asks_teacher => own.clone(),
                        _ => network.forward(inputs.autodiff(), Pass::Train(dropout.as_mut())),
                    };
                    (trace.first(classes), smoothed(targets, supervision.smoothing), rows)
                });
                if let (Some(teacher), Some(student), Some(batch)) = (&teacher, &own, batch) {
                    if supervision.channel == Channel::Extra {
                        let loss = squared_error(student.logits.clone(), teacher.logits.clone(), classes);
                        term(&mut step_loss, "extra-outputs", loss);
                    } else {
                        let student = student.clone().first(classes);
                        if soft > 0.0 && !exclusive {
                            term(&mut step_loss, "soft-targets", soft_targets(&student, teacher, &settings, soft));
                        }
                        let view = Batch {
                            student: &student,
                            teacher: Some(teacher),
                            targets: targets.clone(),
                            rows: &batch.places,
                        };
                        objectives.add(experiment, progress, &view, side_matrices, &mut step_loss);
                    }
                    if !(shared && hard.is_some()) {
                        step_loss.statistics.extend(student.statistics.iter().cloned());
                    }
                }
                if let Some((trace, targets, rows)) = hard {
                    if soft < 1.0 {
                        let loss = match &specialty {
                            None => cross_entropy(&trace, targets.clone(), 1.0 - soft),
                            Some(known) => specialist_loss(&trace, targets.clone(), known) * (1.0 - soft),
                        };
                        term(&mut step_loss, "cross-entropy", loss);
                    }
                    let view = Batch { student: &trace, teacher: None, targets: Some(targets), rows: &rows };
                    objectives.add(experiment, progress, &view, side_matrices, &mut step_loss);
                    step_loss.statistics.extend(trace.statistics);
                }
                step_loss
            });
            trainees.push(Trainee {
                learner,
                objectives,
                dropout,
                supervision,
                specialty,
                group: trainee.group,
                was_exclusive: exclusive,
            });
        }
    }
}

/// Labels of which a share is spread over all classes (Szegedy et al. 2016, section 7).
fn smoothed(targets: Tensor<2>, share: f64) -> Tensor<2> {
    let [_, classes] = targets.dims();
    if share == 0.0 { targets } else { targets * (1.0 - share) + share / classes as f64 }
}

/// The classes that a specialist tells apart; `None` for any other network.
fn specialty_mask(data: &DeviceDataset, supervision: &Supervision) -> Option<Tensor<2>> {
    let LabelAccess::Special { index, of, .. } = supervision.labels else { return None };
    let classes = data.dataset.classes;
    let known = specialty(index, of, classes);
    let mask = (0..classes as u8).map(|class| if known.contains(&class) { 1.0 } else { 0.0 }).collect();
    Some(upload(mask, classes, &data.device).autodiff())
}

/// Cross-entropy in which all classes that a specialist does not know are one, whose probability is their sum.
///
/// # Shapes
/// `targets`: `[batch, classes]`; `known`: `[1, classes]`; the loss `[1]`, in nats.
fn specialist_loss(trace: &Trace, targets: Tensor<2>, known: &Tensor<2>) -> Tensor<1> {
    let [batch, _] = targets.dims();
    let logarithms = log_softmax(trace.logits.clone(), 1);
    let others = -known.clone() + 1.0;
    let of_others = ((logarithms.clone().exp() * others.clone()).sum_dim(1) + 1e-12).log();
    let is_other = (targets.clone() * others).sum_dim(1);
    let own = (logarithms * targets * known.clone()).sum();
    (own + (of_others * is_other).sum()) * (-1.0 / batch as f64)
}

/// The mean squared error of the outputs from `first` on.
fn squared_error(student: Tensor<2>, teacher: Tensor<2>, first: usize) -> Tensor<1> {
    let [rows, outputs] = student.dims();
    let rest = |logits: Tensor<2>| logits.narrow(1, first, outputs - first);
    let difference = rest(student) - rest(teacher);
    (difference.clone() * difference).sum() * (1.0 / (rows * (outputs - first)) as f64)
}

#[cfg(test)]
mod tests;

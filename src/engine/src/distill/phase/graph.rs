//! A step by burn's autodiff graph: any network, any objective.

use std::mem;

use burn::{
    module::Module,
    tensor::{ExecutionError, Tensor},
};
use retort_spec::{
    Channel, EngineError, Exits, Experiment, Mix, NetworkId, Objective, ObjectiveTiming, PlannedNetwork, Shown,
    Supervision,
};

use super::{PhaseRun, Pictures, Start, Trainee};
use crate::{
    device::read,
    distill::{
        active_objectives::{Batch, Objectives},
        labelled::LabelledBatch,
        lessons::Tasks,
        matching::Matching,
        specialists::{specialist_loss, specialty_mask},
        transfer::{TransferBatch, TransferSource, mixed},
    },
    nets::{Network, Pass, Trace},
    objectives::{Settings, SideMatrices, Source, cross_entropy, exits, judge, method, soft_targets},
    train::{
        device_dataset::{DeviceDataset, select},
        learner::StepLoss,
    },
};

/// What the loss of a network is made of beside soft targets and labels.
pub struct LossParts {
    objectives: Objectives,
    /// `[1, classes]`: 1 for the classes that a specialist tells apart.
    specialty: Option<Tensor<2>>,
    /// How it learns classes that arrive in two steps.
    tasks: Option<Tasks>,
    /// Whether the last step was one of a first stage that an objective has to itself.
    was_exclusive: bool,
}

impl LossParts {
    /// Those of a network of this supervision, without objectives.
    pub fn of(data: &DeviceDataset, supervision: &Supervision) -> Self {
        Self {
            objectives: Objectives::none(),
            specialty: specialty_mask(data, supervision),
            tasks: Tasks::of(data, supervision),
            was_exclusive: false,
        }
    }
}

impl Trainee {
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

/// Whether objectives of a network ask a teacher, and whether they ask labels.
pub fn asks(experiment: &Experiment, is_taught: bool) -> [bool; 2] {
    let used = || experiment.weights.used().map(|(objective, _)| objective).filter(|_| is_taught);
    // After a first stage that asks the teacher alone nothing is learned by it.
    let lasts = |of| method(of).from == Source::Teacher && of.info().timing != ObjectiveTiming::FirstStage;
    [used().any(lasts), used().any(|of| method(of).from == Source::Labels)]
}

/// Gives networks the exits and objectives that they learn by, and what is learned beside them.
///
/// # Errors
/// [`EngineError::Refused`] where an objective cannot be used on these networks or batches.
pub fn equip(
    mut trainees: Vec<Trainee>,
    transfer: Option<&TransferSource>,
    (data, experiment): (&DeviceDataset, &Experiment),
    starts: &[Start<'_>],
    seed: u32,
) -> Result<Vec<Trainee>, EngineError> {
    let device = data.device.clone().autodiff();
    for (trainee, start) in trainees.iter_mut().zip(starts) {
        if start.supervision.exits != Exits::None {
            let (architecture, classes) = (&start.planned.architecture, data.dataset.classes);
            let exits = exits::side_matrices(&architecture.geometry(data.dataset.features(), classes).stages, classes);
            trainee.learner.add_side_matrices(SideMatrices::draw(&exits, seed, &device));
        }
    }
    let uses_objectives = experiment.weights.used().next().is_some();
    let transfer = transfer.filter(|_| uses_objectives);
    let Some((transfer, first)) = transfer.and_then(|one| Some((one, one.first_inputs(data, experiment.batch)?)))
    else {
        return Ok(trainees);
    };
    for (place, start) in starts.iter().enumerate() {
        let Some(&(teacher, _)) = start.supervision.teachers.first() else { continue };
        let ask = |network: &Network| network.forward(first.clone(), Pass::Test);
        let known = transfer.network(teacher).map(ask);
        let beside = || starts.iter().position(|other| other.planned.id == teacher);
        let Some(teacher) = known.or_else(|| beside().map(|at| ask(&trainees[at].learner.network()))) else { continue };
        let asked = ask(&trainees[place].learner.network());
        let objectives = Objectives::new(experiment, &asked, &teacher, transfer.count(), seed)?;
        let side_matrices = SideMatrices::draw(objectives.side_matrices(), seed, &device);
        trainees[place].learner.add_side_matrices(side_matrices);
        trainees[place].by_graph.objectives = objectives;
    }
    Ok(trainees)
}

/// How many pictures are looked at: enough to see which classes come.
const LOOKED_AT: u32 = 200;

/// Pictures that are learned beside a network of a phase, where one is shown them.
pub fn matching(
    (data, experiment): (&DeviceDataset, &Experiment),
    starts: &[Start<'_>],
    seed: u32,
    steps: (u32, u32),
) -> Option<Matching> {
    let start = starts.iter().find(|start| start.supervision.shown == Shown::Matching)?;
    Some(Matching::new(data, experiment, &start.planned.architecture, seed, steps))
}

impl PhaseRun {
    /// Whoever learns the pictures that were learned beside its teacher is shown them.
    pub fn show(&mut self, data: &DeviceDataset, pictures: &Pictures, seed: u32) {
        for trainee in self.trainees.iter().filter(|trainee| trainee.supervision.shown == Shown::Distilled) {
            let group = self.groups.remove(trainee.group);
            self.groups.insert(trainee.group, group.showing(data, pictures.inputs.clone(), (seed, "labelled batches")));
        }
    }

    /// What a network is shown in place of examples, and what its teacher says of it; `None` where it is shown those.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn pictures(&self, data: &DeviceDataset, of: &Trainee) -> Result<Option<Pictures>, ExecutionError> {
        let own = match &self.matching {
            Some(matching) => Some(matching.pictures()),
            None => self.groups[of.group].shown.clone(),
        };
        if let Some(own) = own {
            return Ok(Some(Pictures { inputs: read(own).await?, said: Vec::new() }));
        }
        let transfer = self.transfer.as_ref().filter(|_| of.supervision.shown != Shown::Examples);
        let Some([said, inputs]) = transfer.and_then(|transfer| transfer.pictures(data, LOOKED_AT)) else {
            return Ok(None);
        };
        Ok(Some(Pictures { inputs: read(inputs).await?, said: read(said).await? }))
    }

    /// A step of pictures and of the network beside which they are learned, the only one of its phase.
    pub(super) fn step_matching(&mut self, data: &DeviceDataset, experiment: &Experiment, matching: Matching) {
        let Some(trainee) = self.trainees.pop() else { return };
        let (matching, learner) = matching.step(data, experiment, trainee.learner);
        self.trainees.push(Trainee { learner, ..trainee });
        self.matching = Some(matching);
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

    /// A discriminator's scores of what a network and its teachers say of the test set, one of each example; `None`
    /// where there is no discriminator.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn judged(
        &self,
        data: &DeviceDataset,
        experiment: &Experiment,
        trainee: &Trainee,
    ) -> Result<Option<[Vec<f32>; 2]>, ExecutionError> {
        let Some(range) = trainee.by_graph.objectives.matrices_of(Objective::Adversarial) else { return Ok(None) };
        let (network, settings) = (trainee.learner.network(), Settings::of(experiment));
        let matrices = trainee.learner.side_matrices().valid().some(range);
        let teacher = |id: NetworkId| {
            let frozen = self.transfer.as_ref().and_then(|transfer| transfer.network(id)).cloned();
            frozen.or_else(|| self.network(id))
        };
        let teachers: Vec<(Network, f64)> =
            trainee.supervision.teachers.iter().filter_map(|&(id, weight)| Some((teacher(id)?, weight))).collect();
        let mut all = [Vec::new(), Vec::new()];
        for inputs in data.test_chunks(&network) {
            let ask = |network: &Network| network.forward(inputs.clone(), Pass::Test);
            let traces = teachers.iter().map(|(network, weight)| (ask(network), *weight)).collect();
            let Some(taught) = mixed(experiment.mix, traces, experiment.temperature) else { return Ok(None) };
            let scores = judge(&ask(&network), &taught, &settings, &matrices);
            for (all, scores) in all.iter_mut().zip(scores) {
                all.extend(read(scores).await?);
            }
        }
        Ok(Some(all))
    }

    /// Whether anybody is to be asked about a transfer batch at this step.
    fn asks_teachers(trainee: &Trainee, experiment: &Experiment, exclusive: bool, is_first_stage: bool) -> bool {
        (trainee.soft_weight(experiment) > 0.0 && !exclusive)
            || (trainee.is_taught() && trainee.supervision.channel == Channel::Extra)
            || trainee.by_graph.objectives.needs(Source::Teacher, is_first_stage)
    }

    pub(super) fn step_by_graph(&mut self, data: &DeviceDataset, experiment: &Experiment) {
        let Self { trainees, groups, transfer, shared, copies, .. } = self;
        let (shared, classes) = (*shared, data.dataset.classes);
        let labelled: Vec<Option<LabelledBatch>> =
            groups.iter_mut().map(|group| group.batch(data, experiment)).collect();
        let stages: Vec<(bool, bool)> = trainees
            .iter()
            .map(|trainee| {
                let is_first = trainee.learner.progress() < experiment.first_stage;
                (is_first, is_first && trainee.by_graph.objectives.has_exclusive_first_stage())
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
                _ => match transfer.drawn(data, trainees[0].learner.tracked()) {
                    Some(drawn) => Some(drawn),
                    None => transfer.batch(data, experiment, &mut groups[0].generator),
                },
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
                let pass = if trainee.supervision.frozen { Pass::Test } else { Pass::Train(None) };
                Some(trainee.learner.tracked().forward(batch.inputs.clone().autodiff(), pass))
            })
            .collect();
        let ids: Vec<NetworkId> = trainees.iter().map(Trainee::id).collect();
        let said = |id: NetworkId, batch: &TransferBatch| -> Option<Trace> {
            if let Some(copy) = copies.iter().find(|copy| copy.id == id) {
                return Some(copy.network.forward(batch.inputs.clone(), Pass::Test));
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
            if mem::replace(&mut trainee.by_graph.was_exclusive, exclusive) && !exclusive {
                trainee.learner = trainee.learner.reset_optimizer(experiment);
            }
            let (is_taught, labelled) = (trainee.is_taught(), labelled[trainee.group].clone());
            let Trainee { learner, mut dropout, supervision, group, by_graph } = trainee;
            let LossParts { mut objectives, specialty, tasks, was_exclusive } = by_graph;
            let asks_labels = supervision.channel != Channel::Extra
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
                        // What is frozen is normalized by what it was trained on.
                        _ if supervision.frozen => network.forward(inputs.autodiff(), Pass::Test),
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
                            let loss = match &tasks {
                                None => soft_targets(&student, teacher, &settings, soft),
                                Some(tasks) => tasks.by_old_answers(&student, teacher, &settings, soft),
                            };
                            term(&mut step_loss, "soft-targets", loss);
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
                        let loss = match (&specialty, &tasks) {
                            (None, None) if supervision.exits != Exits::None => {
                                let taught =
                                    if supervision.exits == Exits::Last { experiment.soft_weight } else { 0.0 };
                                let said = exits::answers(&trace, side_matrices);
                                exits::loss(&trace, &said, &targets, &settings, taught)
                            }
                            (None, None) => cross_entropy(&trace, targets.clone(), 1.0 - soft),
                            (Some(known), _) => specialist_loss(&trace, targets.clone(), known) * (1.0 - soft),
                            (_, Some(tasks)) => tasks.by_labels(&trace, targets.clone(), 1.0 - soft),
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
                dropout,
                supervision,
                group,
                by_graph: LossParts { objectives, specialty, tasks, was_exclusive },
            });
        }
    }
}

/// Labels of which a share is spread over all classes (Szegedy et al. 2016, section 7).
fn smoothed(targets: Tensor<2>, share: f64) -> Tensor<2> {
    let [_, classes] = targets.dims();
    if share == 0.0 { targets } else { targets * (1.0 - share) + share / classes as f64 }
}

/// The mean squared error of the outputs from `first` on.
fn squared_error(student: Tensor<2>, teacher: Tensor<2>, first: usize) -> Tensor<1> {
    let [rows, outputs] = student.dims();
    let rest = |logits: Tensor<2>| logits.narrow(1, first, outputs - first);
    let difference = rest(student) - rest(teacher);
    (difference.clone() * difference).sum() * (1.0 / (rows * (outputs - first)) as f64)
}

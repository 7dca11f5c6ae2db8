//! A compressed network that learns on: what was removed stays removed, what is shared stays shared, and weights that
//! will be codes are rounded to them in every forward pass (quantization-aware training).

use burn::{
    module::{Param, ParamId},
    nn::Linear,
    tensor::{Device, ExecutionError, Int, Tensor, TensorData},
};
use rand_chacha::ChaCha8Rng;
use retort_compress::{Layer, network::model::Matrix, reduction::prune};
use retort_spec::{
    Activations, Channel, CompressionStep, EngineError, Experiment, FineTuneRequest as Request, NetworkId, Origin,
    Plan, PlannedNetwork, Shown, StartFrom, SupervisedBy, TunedLayer, TunedMatrix,
};

use crate::{
    data::batch::steps_per_epoch,
    device::read,
    kernels::matmul,
    nets::{ActivationFakeQuant, Network, Pass},
    objectives::{Settings, SideMatrices, cross_entropy, soft_targets},
    random,
    train::{
        device_dataset::{DeviceDataset, upload},
        fake_quant::{self, FakeQuant, Rounded},
        learner::{Learner, StepLoss},
    },
};

use super::{
    labelled::{LabelledBatch, LabelledSource},
    phase::{PhaseRun, Start},
    transfer::{TransferSource, mixed},
};

/// Share of the steps over which gradual pruning removes weights; the rest is for recovering.
const PRUNING: f64 = 0.75;
/// How often gradual pruning removes weights.
const PRUNINGS: u32 = 40;
/// Share of the steps after which the ranges of the numbers between layers stay as they are.
const FREEZING: f64 = 0.5;

/// A matrix that learns, as the steps before it left it.
struct TrainableMatrix {
    rows: usize,
    columns: usize,
    /// `[rows, columns]`, 1 where a weight is.
    mask: Option<Tensor<2>>,
    /// Share of the weights that was gone before.
    gone: f64,
    /// Each weight's place in the codebook, `[rows · columns]`.
    indices: Option<Tensor<1, Int>>,
    /// The same on the host.
    kept: Option<Vec<bool>>,
    fake_quant: Option<FakeQuant>,
    /// Where its learned numbers stand among all: its values or codebook, and its scales if they are learned.
    values: usize,
    scales: Option<usize>,
}

/// A compressed network under training.
pub struct Tuning {
    request: Request,
    /// Holds what is learned as side matrices of an empty network: the weights of the network are computed from them.
    learner: Learner,
    matrices: Vec<Vec<TrainableMatrix>>,
    /// Where each layer's bias stands among the learned numbers.
    biases: Vec<usize>,
    activation_quant: Option<ActivationFakeQuant>,
    /// For random rounding.
    generator: ChaCha8Rng,
    labelled: LabelledSource,
    /// The transfer set, if the network has teachers.
    transfer: Option<TransferSource>,
    /// Whether labelled and transfer set are one.
    shared: bool,
    /// Whom the network imitates.
    teachers: Vec<(NetworkId, f64)>,
    /// A teacher that learns beside its student.
    joint: Option<(NetworkId, PhaseRun)>,
    supervised_by: SupervisedBy,
    /// Whether gradual pruning has removed all that it should.
    is_pruned: bool,
}

impl Tuning {
    /// A network at the beginning of its training; its teachers, `frozen`, are finished, unless one is to learn beside
    /// it.
    ///
    /// # Errors
    /// [`EngineError::Engine`] where the plan does not say how the network learns.
    pub fn new(
        request: Request,
        data: &DeviceDataset,
        experiment: &Experiment,
        (plan, frozen): (&Plan, Vec<(NetworkId, Network)>),
        seed: u32,
    ) -> Result<Self, EngineError> {
        let missing = || EngineError::Engine { reason: format!("the plan has no {}", request.network_id) };
        let supervision = plan.lesson(request.network_id).cloned().ok_or_else(missing)?;
        let reason = match supervision.channel {
            Channel::Classes => None,
            Channel::Extra => Some("it learned outputs that no file holds, and the classes would be told to it"),
            Channel::Old => Some("its classes arrived in two steps, and all would be told to it at once"),
            Channel::Pictures => Some("it learned from pictures, and real examples would be told to it"),
            Channel::Votes(_) => Some("it learned from votes that were counted once, and labels would be told to it"),
        };
        let is_drawn = matches!(supervision.shown, Shown::Generated | Shown::Matching | Shown::Means);
        let reason =
            reason.or(is_drawn.then_some("it learned pictures that were drawn for it, and who drew them is gone"));
        if let Some(reason) = reason {
            return Err(EngineError::Engine { reason: reason.into() });
        }
        let steps = request.step.epochs() * steps_per_epoch(data.dataset.train.len(), experiment.batch);
        let mut request = request;
        let (mut fake_quant, mut activation_quant, mut joint) = (None, None, None);
        let mut supervised_by = SupervisedBy::Teacher;
        match request.step {
            CompressionStep::QuantizationAware { scheme, scales: how, start, supervised_by: by, .. } => {
                if start != StartFrom::Student {
                    reinitialize(&mut request, data, plan, seed);
                }
                (fake_quant, supervised_by) = (Some((scheme, how)), by);
                activation_quant = (scheme.activations != Activations::Float)
                    .then(|| ActivationFakeQuant::new(scheme.activations == Activations::Dynamic));
                if start == StartFrom::Joint
                    && let [(id, _)] = supervision.teachers[..]
                    && let (Some(planned), Some((_, lesson))) = (plan.network(id), plan.supervision(id))
                    // One that was taught itself stays finished: its own teachers are not here.
                    && lesson.teachers.is_empty()
                {
                    let layers = draw(planned, data, seed);
                    let start = Start { planned, supervision: lesson, layers };
                    let epochs = request.step.epochs();
                    joint = Some((id, PhaseRun::new(data, experiment, &[start], frozen.clone(), epochs, seed)?));
                }
            }
            CompressionStep::Gradual { supervised_by: by, .. }
            | CompressionStep::FineTune { supervised_by: by, .. } => supervised_by = by,
            _ => {}
        }
        let device = data.device.clone();
        let mut learned = Vec::new();
        let mut keep = |tensor: Vec<f32>, [rows, columns]: [usize; 2]| {
            learned.push((tensor, [rows, columns]));
            learned.len() - 1
        };
        let (mut matrices, mut biases) = (Vec::new(), Vec::new());
        for layer in &request.layers {
            let mut trainable = |matrix: &TunedMatrix| {
                let (rows, columns) = (matrix.rows as usize, matrix.columns as usize);
                let fake_quant =
                    fake_quant.map(|(scheme, steps)| FakeQuant::new(&scheme, steps, rows, columns, &device));
                let gone = matrix.mask.iter().filter(|one| **one == 0).count();
                let kept: Option<Vec<bool>> =
                    (!matrix.mask.is_empty()).then(|| matrix.mask.iter().map(|one| *one == 1).collect());
                let shared = !matrix.codebook.is_empty();
                let values = match shared {
                    true => keep(matrix.codebook.to_vec(), [matrix.codebook.len(), 1]),
                    false => keep(matrix.values.to_vec(), [rows, columns]),
                };
                let scales = fake_quant.as_ref().filter(|fake_quant| fake_quant.learns()).map(|fake_quant| {
                    let whole = Matrix::float(rows, columns, matrix.values.to_vec());
                    let first = fake_quant.first_scales(&Matrix { mask: kept.clone(), ..whole });
                    let count = first.len();
                    keep(first, [count, 1])
                });
                TrainableMatrix {
                    rows,
                    columns,
                    mask: mask(&matrix.mask, columns, &device),
                    gone: gone as f64 / matrix.mask.len().max(1) as f64,
                    indices: shared.then(|| indices(&matrix.indices, &device)),
                    kept,
                    fake_quant,
                    values,
                    scales,
                }
            };
            matrices.push(layer.factors.iter().map(&mut trainable).collect());
            biases.push(keep(layer.bias.to_vec(), [1, layer.bias.len()]));
        }
        let tracked = data.device.clone().autodiff();
        let parameters = SideMatrices::of(
            learned.into_iter().map(|(values, shape)| fake_quant::learned(values, shape, &tracked)).collect(),
        );
        let labelled = LabelledSource::new(data, experiment, &supervision, seed);
        let transfer = (!supervision.teachers.is_empty())
            .then(|| TransferSource::new(data, experiment, &[&supervision], frozen, seed));
        Ok(Self {
            learner: Learner::of_side_matrices(parameters, experiment, steps),
            matrices,
            biases,
            activation_quant,
            generator: random::stream(seed, "rounding"),
            shared: transfer.as_ref().is_some_and(|transfer| transfer.is(&labelled.rows)),
            labelled,
            transfer,
            teachers: supervision.teachers,
            joint,
            supervised_by,
            is_pruned: false,
            request,
        })
    }

    /// Makes one teacher of a generalist and specialists.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn fuse_specialists(
        &mut self,
        data: &DeviceDataset,
        specialties: &[(NetworkId, Vec<u8>)],
    ) -> Result<(), ExecutionError> {
        match &mut self.transfer {
            Some(transfer) if self.teachers.len() > 1 => transfer.fuse_specialists(data, specialties).await,
            _ => Ok(()),
        }
    }

    /// How far it is.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// Begins new means of the loss.
    pub fn reset_loss(&mut self) {
        self.learner.reset_loss();
    }

    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Trains one batch: on the labels, and on the teacher's soft targets where it helps.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn step(mut self, data: &DeviceDataset, experiment: &Experiment) -> Result<Self, ExecutionError> {
        self.prune(data).await?;
        let rounded = self.rounded(data).await?;
        if let (Some(activation_quant), true) = (&self.activation_quant, self.learner.progress() >= FREEZING) {
            activation_quant.freeze();
        }
        if let (Some((id, teacher)), Some(transfer)) = (&mut self.joint, &mut self.transfer) {
            teacher.step(data, experiment);
            if let Some(network) = teacher.network(*id) {
                transfer.replace(*id, network);
            }
        }
        let labelled_batch = self.labelled.batch(data, experiment);
        let soft = match self.supervised_by {
            _ if self.teachers.is_empty() => 0.0,
            SupervisedBy::Teacher if experiment.soft_weight > 0.0 => experiment.soft_weight,
            // Without labels there is nobody else to learn from.
            _ if labelled_batch.is_none() => 1.0,
            _ => 0.0,
        };
        let shared = self.shared;
        let generator = &mut self.labelled.generator;
        let transfer_batch = self.transfer.as_mut().filter(|_| soft > 0.0).and_then(|transfer| {
            let batch = match (&labelled_batch, shared) {
                (Some(batch), true) => transfer.batch_of(&batch.rows, batch.indices.clone(), batch.inputs.clone()),
                (None, true) => return None,
                _ => transfer.batch(data, experiment, generator)?,
            };
            if let Some(fused) = transfer.fused_trace(&batch) {
                return Some((batch.inputs, fused.autodiff()));
            }
            let said = |&(id, weight): &(NetworkId, f64)| Some((transfer.trace(data, experiment, id, &batch)?, weight));
            let teacher =
                mixed(experiment.mix, self.teachers.iter().filter_map(said).collect(), experiment.temperature)?;
            Some((batch.inputs, teacher.first(data.dataset.classes).autodiff()))
        });
        let (matrices, biases, activation_quant) = (&self.matrices, &self.biases, self.activation_quant.as_ref());
        let kind = self.request.kind;
        self.learner = self.learner.step(experiment, |_, parameters| {
            let linears = effective(matrices, &rounded, biases, parameters);
            let network = Network::of_linears(kind, linears, false);
            let answer = |inputs: Tensor<2>| match activation_quant {
                Some(activation_quant) => {
                    activation_quant.begin();
                    let mut trace = network.forward(inputs.autodiff(), Pass::FakeQuantized(activation_quant));
                    trace.logits = activation_quant.round(trace.logits);
                    trace
                }
                None => network.forward(inputs.autodiff(), Pass::Train(None)),
            };
            let mut step_loss = StepLoss::default();
            let asks_labels = soft < 1.0;
            let hard = labelled_batch
                .filter(|_| asks_labels || (shared && transfer_batch.is_some()))
                .map(|LabelledBatch { inputs, targets, .. }| (answer(inputs), targets));
            if let Some((inputs, teacher)) = transfer_batch {
                let own;
                let student = match &hard {
                    Some((trace, _)) if shared => trace,
                    _ => {
                        own = answer(inputs);
                        &own
                    }
                };
                step_loss.add(soft_targets(student, &teacher, &Settings::of(experiment), soft));
            }
            if let (Some((trace, targets)), true) = (hard, asks_labels) {
                step_loss.add(cross_entropy(&trace, targets, 1.0 - soft));
            }
            step_loss
        });
        Ok(self)
    }

    /// Every matrix's weights of this step, rounded.
    async fn rounded(&mut self, data: &DeviceDataset) -> Result<Vec<Vec<Option<Rounded>>>, ExecutionError> {
        let (parameters, mut all) = (self.learner.side_matrices(), Vec::new());
        for of_layer in &self.matrices {
            let mut rounded = Vec::new();
            for trainable in of_layer {
                let Some(fake_quant) = &trainable.fake_quant else {
                    rounded.push(None);
                    continue;
                };
                let mut matrix = Matrix::float(
                    trainable.rows,
                    trainable.columns,
                    read(parameters.one(trainable.values).inner()).await?,
                );
                matrix.mask = trainable.kept.clone();
                rounded.push(Some(match trainable.scales {
                    Some(scales) => {
                        fake_quant.learned(&matrix, &read(parameters.one(scales).inner()).await?, &data.device)
                    }
                    None => fake_quant.measured(&matrix, &mut self.generator, &data.device),
                }));
            }
            all.push(rounded);
        }
        Ok(all)
    }

    /// Gradual pruning: removes the smallest weights, as many as the schedule says by now; what is gone stays gone.
    async fn prune(&mut self, data: &DeviceDataset) -> Result<(), ExecutionError> {
        let CompressionStep::Gradual { sparsity, .. } = self.request.step else { return Ok(()) };
        let (done, steps) = (self.learner.steps_done(), self.learner.steps());
        // With the step that now begins, so that even a single one ends where it should.
        let progress = f64::from(done + 1) / (PRUNING * f64::from(steps.max(1)));
        let is_due = progress >= 1.0 || done.is_multiple_of((steps / PRUNINGS).max(1));
        if self.is_pruned || !is_due {
            return Ok(());
        }
        self.is_pruned = progress >= 1.0;
        let parameters = self.learner.side_matrices().clone();
        for trainable in self.matrices.iter_mut().flatten() {
            let values = read(parameters.one(trainable.values).inner()).await?;
            let mut matrix = Matrix::float(trainable.rows, trainable.columns, values);
            matrix.mask = trainable.kept.take();
            let share = prune::cubic(trainable.gone.min(sparsity), sparsity, progress);
            let kept = prune::mask(&matrix, share);
            let ones: Vec<u8> = kept.iter().map(|kept| u8::from(*kept)).collect();
            trainable.mask = mask(&ones, trainable.columns, &data.device);
            trainable.kept = Some(kept);
        }
        Ok(())
    }

    /// What was learned, on the host.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn layers(&self) -> Result<Vec<TunedLayer>, ExecutionError> {
        let parameters = self.learner.side_matrices();
        let mut layers = Vec::new();
        for ((matrices, bias), asked) in self.matrices.iter().zip(&self.biases).zip(&self.request.layers) {
            let mut factors = Vec::new();
            for (trainable, asked) in matrices.iter().zip(&asked.factors) {
                let mut matrix = TunedMatrix { values: Vec::new().into(), ..asked.clone() };
                let learned = read(parameters.one(trainable.values).inner()).await?;
                match trainable.indices {
                    Some(_) => matrix.codebook = learned.into(),
                    None => matrix.values = learned.into(),
                }
                if let Some(kept) = &trainable.kept {
                    matrix.mask = kept.iter().map(|kept| u8::from(*kept)).collect();
                }
                if let Some(scales) = trainable.scales {
                    let learned = read(parameters.one(scales).inner()).await?;
                    matrix.scales = learned.iter().map(|scale| FakeQuant::usable(*scale)).collect::<Vec<f32>>().into();
                }
                factors.push(matrix);
            }
            layers.push(TunedLayer { bias: read(parameters.one(*bias).inner()).await?.into(), factors });
        }
        Ok(layers)
    }

    /// Least and largest value of what went into each layer, and of the logits.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn ranges(&self) -> Result<Vec<f32>, ExecutionError> {
        match &self.activation_quant {
            Some(activation_quant) => activation_quant.ranges().await,
            None => Ok(Vec::new()),
        }
    }
}

/// The layers that the learned numbers make.
fn effective(
    matrices: &[Vec<TrainableMatrix>],
    rounded: &[Vec<Option<Rounded>>],
    biases: &[usize],
    parameters: &SideMatrices,
) -> Vec<Linear> {
    let matrix = |trainable: &TrainableMatrix, rounded: &Option<Rounded>| {
        let values = match &trainable.indices {
            Some(indices) => {
                parameters.one(trainable.values).select(0, indices.clone()).reshape([trainable.rows, trainable.columns])
            }
            None => parameters.one(trainable.values),
        };
        let masked = match &trainable.mask {
            Some(mask) => values * mask.clone().autodiff(),
            None => values,
        };
        match (&trainable.fake_quant, rounded) {
            (Some(fake_quant), Some(rounded)) => {
                fake_quant.apply(masked, rounded, trainable.scales.map(|scales| parameters.one(scales)))
            }
            _ => masked,
        }
    };
    let layer = |((trainables, rounded), bias): ((&Vec<TrainableMatrix>, &Vec<Option<Rounded>>), &usize)| {
        let mut matrices = trainables.iter().zip(rounded).map(|(trainable, rounded)| matrix(trainable, rounded));
        let weight = matrices.next().map(|left| match matrices.next() {
            Some(right) => matmul(left, right),
            None => left,
        });
        let bias = parameters.one(*bias);
        let [_, outputs] = bias.dims();
        weight.map(|weight| Linear {
            weight: Param::initialized(ParamId::new(), weight),
            bias: Some(Param::initialized(ParamId::new(), bias.reshape([outputs]))),
        })
    };
    matrices.iter().zip(rounded).zip(biases).filter_map(layer).collect()
}

fn mask(ones: &[u8], columns: usize, device: &Device) -> Option<Tensor<2>> {
    (!ones.is_empty()).then(|| upload(ones.iter().map(|one| f32::from(*one)).collect(), columns, device))
}

fn indices(places: &[u8], device: &Device) -> Tensor<1, Int> {
    let places: Vec<i32> = places.iter().map(|place| i32::from(*place)).collect();
    let count = places.len();
    Tensor::from_data(TensorData::new(places, [count]), device)
}

/// A network's first weights; those of one that does not begin with its own are drawn from the student's stream.
fn draw(planned: &PlannedNetwork, data: &DeviceDataset, seed: u32) -> Vec<Layer> {
    let stream = match &planned.origin {
        Origin::Drawn(stream) => stream,
        _ => "student",
    };
    let (features, classes) = (data.dataset.features(), data.dataset.classes);
    Network::draw(&planned.architecture, features, classes, seed, stream)
}

/// Puts a network's initial weights in the place of its trained ones.
fn reinitialize(request: &mut Request, data: &DeviceDataset, plan: &Plan, seed: u32) {
    let drawn = plan.network(request.network_id).map(|planned| draw(planned, data, seed)).unwrap_or_default();
    for (layer, drawn) in request.layers.iter_mut().zip(drawn) {
        if let [matrix] = &mut layer.factors[..]
            && matrix.values.len() == drawn.weight.len()
        {
            matrix.values = drawn.weight.into();
            layer.bias = drawn.bias.into();
        }
    }
}

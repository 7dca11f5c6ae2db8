//! A compressed network that learns on: what was removed stays removed, what is shared stays shared, and weights that
//! will be codes are rounded to them in every forward pass (quantization-aware training).

use burn::{
    module::{Param, ParamId},
    nn::Linear,
    tensor::{Device, ExecutionError, Int, Tensor, TensorData},
};
use rand_chacha::ChaCha8Rng;
use retort_compress::{model::Matrix, prune};
use retort_spec::{Activations, CompressionStep, Experiment, Help, Start, TunedLayer, TunedMatrix, Tuning as Request};

use crate::{
    data::batch::steps_per_epoch,
    device::read,
    kernels::matmul,
    nets::{Coder, Network, Pass},
    objectives::{Parts, Settings, cross_entropy, soft_targets},
    random,
    train::{
        bench::{Bench, upload},
        fake::{self, Fake, Rounded},
        learner::{Learner, Slope},
    },
};

use super::{
    lessons::{Exercise, Lessons},
    offline::Teacher,
};

/// Share of the steps over which gradual pruning removes weights; the rest is for recovering.
const PRUNING: f64 = 0.75;
/// How often gradual pruning removes weights.
const PRUNINGS: u32 = 40;
/// Share of the steps after which the ranges of the numbers between layers stay as they are.
const FREEZING: f64 = 0.5;

/// A matrix that learns, as the steps before it left it.
struct Form {
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
    fake: Option<Fake>,
    /// Where its learned numbers stand among all: its values or codebook, and its scales if they are learned.
    values: usize,
    scales: Option<usize>,
}

/// A compressed network under training.
pub struct Tuning {
    request: Request,
    /// Holds what is learned as parts beside an empty network: the weights of the network are computed from them.
    pub learner: Learner,
    forms: Vec<Vec<Form>>,
    /// Where each layer's bias stands among the learned numbers.
    biases: Vec<usize>,
    coder: Option<Coder>,
    /// For random rounding.
    generator: ChaCha8Rng,
    lessons: Lessons,
    /// A teacher that learns beside its student.
    teacher: Option<Teacher>,
    help: Help,
    /// Whether gradual pruning has removed all that it should.
    is_pruned: bool,
}

impl Tuning {
    /// A network at the beginning of its training; its teacher is finished, unless it is to learn beside it.
    pub fn new(request: Request, bench: &Bench, experiment: &Experiment, teacher: Network, seed: u32) -> Self {
        let steps = request.treatment.epochs() * steps_per_epoch(bench.dataset.train.len(), experiment.batch);
        let mut request = request;
        let (mut fake, mut coder, mut joint) = (None, None, None);
        let mut help = Help::Teacher;
        match request.treatment {
            CompressionStep::Aware { scheme, steps: how, start, help: by, .. } => {
                if start != Start::Student {
                    begin_anew(&mut request, bench, experiment, seed);
                }
                (fake, help) = (Some((scheme, how)), by);
                coder = (scheme.activations != Activations::Float)
                    .then(|| Coder::new(scheme.activations == Activations::Dynamic));
                let alongside = Experiment { teacher_epochs: request.treatment.epochs(), ..experiment.clone() };
                joint = (start == Start::Joint).then(|| Teacher::new(bench, &alongside, seed));
            }
            CompressionStep::Gradual { help: by, .. } | CompressionStep::FineTune { help: by, .. } => help = by,
            _ => {}
        }
        let device = bench.device.clone();
        let mut learned = Vec::new();
        let mut keep = |tensor: Vec<f32>, [rows, columns]: [usize; 2]| {
            learned.push((tensor, [rows, columns]));
            learned.len() - 1
        };
        let (mut forms, mut biases) = (Vec::new(), Vec::new());
        for layer in &request.layers {
            let mut form = |matrix: &TunedMatrix| {
                let (rows, columns) = (matrix.rows as usize, matrix.columns as usize);
                let fake = fake.map(|(scheme, steps)| Fake::new(&scheme, steps, rows, columns, &device));
                let gone = matrix.mask.iter().filter(|one| **one == 0).count();
                let kept: Option<Vec<bool>> =
                    (!matrix.mask.is_empty()).then(|| matrix.mask.iter().map(|one| *one == 1).collect());
                let shared = !matrix.codebook.is_empty();
                let values = match shared {
                    true => keep(matrix.codebook.to_vec(), [matrix.codebook.len(), 1]),
                    false => keep(matrix.values.to_vec(), [rows, columns]),
                };
                let scales = fake.as_ref().filter(|fake| fake.learns()).map(|fake| {
                    let whole = Matrix::float(rows, columns, matrix.values.to_vec());
                    let first = fake.first_scales(&Matrix { mask: kept.clone(), ..whole });
                    let count = first.len();
                    keep(first, [count, 1])
                });
                Form {
                    rows,
                    columns,
                    mask: mask(&matrix.mask, columns, &device),
                    gone: gone as f64 / matrix.mask.len().max(1) as f64,
                    indices: shared.then(|| indices(&matrix.indices, &device)),
                    kept,
                    fake,
                    values,
                    scales,
                }
            };
            forms.push(layer.factors.iter().map(&mut form).collect());
            biases.push(keep(layer.bias.to_vec(), [1, layer.bias.len()]));
        }
        let tracked = bench.device.clone().autodiff();
        let parts =
            Parts::of(learned.into_iter().map(|(values, shape)| fake::learned(values, shape, &tracked)).collect());
        Self {
            learner: Learner::of_parts(parts, experiment, steps),
            forms,
            biases,
            coder,
            generator: random::stream(seed, "rounding"),
            lessons: Lessons::new(bench, experiment, teacher, seed),
            teacher: joint,
            help,
            is_pruned: false,
            request,
        }
    }

    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Trains one batch: on the labels, and on the teacher's soft targets where it helps.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn step(mut self, bench: &Bench, experiment: &Experiment) -> Result<Self, ExecutionError> {
        self.prune(bench).await?;
        let rounded = self.rounded(bench).await?;
        if let (Some(coder), true) = (&self.coder, self.learner.progress() >= FREEZING) {
            coder.freeze();
        }
        if let Some(teacher) = self.teacher.take() {
            let teacher = teacher.step(bench, experiment);
            self.lessons.follow(teacher.learner.network());
            self.teacher = Some(teacher);
        }
        let exercise = self.lessons.exercise(bench, experiment);
        let soft = match self.help {
            Help::Teacher if experiment.soft > 0.0 => experiment.soft,
            // Without labels there is nobody else to learn from.
            _ if exercise.is_none() => 1.0,
            _ => 0.0,
        };
        let lesson = (soft > 0.0).then(|| self.lessons.lesson(bench, experiment, exercise.as_ref())).flatten();
        let (forms, biases, coder, shared) = (&self.forms, &self.biases, self.coder.as_ref(), self.lessons.shared);
        let kind = self.request.kind;
        self.learner = self.learner.step(experiment, |_, parts| {
            let linears = effective(forms, &rounded, biases, parts);
            let network = Network::of_linears(kind, linears, false);
            let answer = |inputs: Tensor<2>| match coder {
                Some(coder) => {
                    coder.begin();
                    let mut trace = network.forward(inputs.autodiff(), Pass::Coded(coder));
                    trace.logits = coder.round(trace.logits);
                    trace
                }
                None => network.forward(inputs.autodiff(), Pass::Train(None)),
            };
            let mut slope = Slope::default();
            let asks_labels = soft < 1.0;
            let hard = exercise
                .filter(|_| asks_labels || (shared && lesson.is_some()))
                .map(|Exercise { inputs, targets, .. }| (answer(inputs), targets));
            if let Some(lesson) = lesson {
                let own;
                let student = match &hard {
                    Some((trace, _)) if shared => trace,
                    _ => {
                        own = answer(lesson.inputs);
                        &own
                    }
                };
                slope.add(soft_targets(student, &lesson.teacher, &Settings::of(experiment), soft));
            }
            if let (Some((trace, targets)), true) = (hard, asks_labels) {
                slope.add(cross_entropy(&trace, targets, 1.0 - soft));
            }
            slope
        });
        Ok(self)
    }

    /// Every matrix's weights of this step, rounded.
    async fn rounded(&mut self, bench: &Bench) -> Result<Vec<Vec<Option<Rounded>>>, ExecutionError> {
        let (parts, mut all) = (self.learner.parts(), Vec::new());
        for forms in &self.forms {
            let mut of_layer = Vec::new();
            for form in forms {
                let Some(fake) = &form.fake else {
                    of_layer.push(None);
                    continue;
                };
                let mut matrix = Matrix::float(form.rows, form.columns, read(parts.one(form.values).inner()).await?);
                matrix.mask = form.kept.clone();
                of_layer.push(Some(match form.scales {
                    Some(scales) => fake.learned(&matrix, &read(parts.one(scales).inner()).await?, &bench.device),
                    None => fake.measured(&matrix, &mut self.generator, &bench.device),
                }));
            }
            all.push(of_layer);
        }
        Ok(all)
    }

    /// Gradual pruning: removes the smallest weights, as many as the schedule says by now; what is gone stays gone.
    async fn prune(&mut self, bench: &Bench) -> Result<(), ExecutionError> {
        let CompressionStep::Gradual { sparsity, .. } = self.request.treatment else { return Ok(()) };
        let (done, steps) = (self.learner.steps_done(), self.learner.steps());
        // With the step that now begins, so that even a single one ends where it should.
        let progress = f64::from(done + 1) / (PRUNING * f64::from(steps.max(1)));
        let is_due = progress >= 1.0 || done.is_multiple_of((steps / PRUNINGS).max(1));
        if self.is_pruned || !is_due {
            return Ok(());
        }
        self.is_pruned = progress >= 1.0;
        let parts = self.learner.parts().clone();
        for form in self.forms.iter_mut().flatten() {
            let values = read(parts.one(form.values).inner()).await?;
            let mut matrix = Matrix::float(form.rows, form.columns, values);
            matrix.mask = form.kept.take();
            let share = prune::cubic(form.gone.min(sparsity), sparsity, progress);
            let kept = prune::mask(&matrix, share);
            let ones: Vec<u8> = kept.iter().map(|kept| u8::from(*kept)).collect();
            form.mask = mask(&ones, form.columns, &bench.device);
            form.kept = Some(kept);
        }
        Ok(())
    }

    /// What was learned, on the host.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn layers(&self) -> Result<Vec<TunedLayer>, ExecutionError> {
        let parts = self.learner.parts();
        let mut layers = Vec::new();
        for ((forms, bias), asked) in self.forms.iter().zip(&self.biases).zip(&self.request.layers) {
            let mut factors = Vec::new();
            for (form, asked) in forms.iter().zip(&asked.factors) {
                let mut matrix = TunedMatrix { values: Vec::new().into(), ..asked.clone() };
                let learned = read(parts.one(form.values).inner()).await?;
                match form.indices {
                    Some(_) => matrix.codebook = learned.into(),
                    None => matrix.values = learned.into(),
                }
                if let Some(kept) = &form.kept {
                    matrix.mask = kept.iter().map(|kept| u8::from(*kept)).collect();
                }
                if let Some(scales) = form.scales {
                    let learned = read(parts.one(scales).inner()).await?;
                    matrix.scales = learned.iter().map(|scale| Fake::usable(*scale)).collect::<Vec<f32>>().into();
                }
                factors.push(matrix);
            }
            layers.push(TunedLayer { bias: read(parts.one(*bias).inner()).await?.into(), factors });
        }
        Ok(layers)
    }

    /// Least and largest value of what went into each layer, and of the logits.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn ranges(&self) -> Result<Vec<f32>, ExecutionError> {
        match &self.coder {
            Some(coder) => coder.ranges().await,
            None => Ok(Vec::new()),
        }
    }
}

/// The layers that the learned numbers make.
fn effective(forms: &[Vec<Form>], rounded: &[Vec<Option<Rounded>>], biases: &[usize], parts: &Parts) -> Vec<Linear> {
    let matrix = |form: &Form, rounded: &Option<Rounded>| {
        let values = match &form.indices {
            Some(indices) => parts.one(form.values).select(0, indices.clone()).reshape([form.rows, form.columns]),
            None => parts.one(form.values),
        };
        let masked = match &form.mask {
            Some(mask) => values * mask.clone().autodiff(),
            None => values,
        };
        match (&form.fake, rounded) {
            (Some(fake), Some(rounded)) => fake.apply(masked, rounded, form.scales.map(|scales| parts.one(scales))),
            _ => masked,
        }
    };
    let layer = |((forms, rounded), bias): ((&Vec<Form>, &Vec<Option<Rounded>>), &usize)| {
        let mut matrices = forms.iter().zip(rounded).map(|(form, rounded)| matrix(form, rounded));
        let weight = matrices.next().map(|left| match matrices.next() {
            Some(right) => matmul(left, right),
            None => left,
        });
        let bias = parts.one(*bias);
        let [_, outputs] = bias.dims();
        weight.map(|weight| Linear {
            weight: Param::initialized(ParamId::new(), weight),
            bias: Some(Param::initialized(ParamId::new(), bias.reshape([outputs]))),
        })
    };
    forms.iter().zip(rounded).zip(biases).filter_map(layer).collect()
}

fn mask(ones: &[u8], columns: usize, device: &Device) -> Option<Tensor<2>> {
    (!ones.is_empty()).then(|| upload(ones.iter().map(|one| f32::from(*one)).collect(), columns, device))
}

fn indices(places: &[u8], device: &Device) -> Tensor<1, Int> {
    let places: Vec<i32> = places.iter().map(|place| i32::from(*place)).collect();
    let count = places.len();
    Tensor::from_data(TensorData::new(places, [count]), device)
}

/// Puts the student's initial weights in the place of its trained ones.
fn begin_anew(request: &mut Request, bench: &Bench, experiment: &Experiment, seed: u32) {
    let dataset = &bench.dataset;
    let drawn = Network::draw(&experiment.student, dataset.features(), dataset.classes, seed, "student");
    for (layer, drawn) in request.layers.iter_mut().zip(drawn) {
        if let [matrix] = &mut layer.factors[..]
            && matrix.values.len() == drawn.weight.len()
        {
            matrix.values = drawn.weight.into();
            layer.bias = drawn.bias.into();
        }
    }
}

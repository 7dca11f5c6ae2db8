//! A generator: it makes pictures of random numbers, and learns from what the teacher says of them. No example is
//! needed for that, and no label; but the teacher's weights are, since its gradient is followed back to the pixels.

mod upsampling;

use burn::{module::Module, tensor::Tensor};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Architecture, Experiment, GENERATOR_WIDTHS, GeneratorLoss, OptimizerKind, Schedule};

use crate::{
    nets::{Network, Pass, normalized},
    objectives::{
        SideMatrices,
        generator::{USUAL, disagreement, unmistakable},
        log_sigmoid,
    },
    random,
    train::{
        device_dataset::{DeviceDataset, upload},
        learner::{Learner, StepLoss},
    },
};

/// Its learning rate.
const RATE: f64 = 0.003;

/// By what a generator's numbers are multiplied and what is added to them, once they have mean 0 and variance 1: of
/// images, which are dark and have bright strokes.
const IMAGE: [f64; 2] = [3.0, -3.0];
/// The same of points.
const POINT: [f64; 2] = [2.0, 0.0];

/// A network that makes pictures, while it learns: a perceptron, or convolutions, which are side matrices.
pub struct Generator {
    learner: Learner,
    form: Drawing,
    /// How it learns.
    experiment: Experiment,
    /// The teacher, to be differentiated through, its own weights without gradients.
    teacher: Network,
    stream: ChaCha8Rng,
    /// Steps of the student so far.
    steps_done: u32,
}

/// How a generator's numbers become inputs.
#[derive(Debug, Clone, Copy)]
struct Drawing {
    /// The side of the first image, where it draws by convolutions.
    first_side: Option<usize>,
    /// The least value of an input; the largest is 1.
    least: f64,
}

impl Generator {
    /// An untrained one for a finished teacher and a student that will take so many steps.
    pub fn new(data: &DeviceDataset, experiment: &Experiment, teacher: &Network, steps: u32, seed: u32) -> Self {
        let [given, hidden] = GENERATOR_WIDTHS;
        let experiment = Experiment {
            learning_rate: RATE,
            optimizer: OptimizerKind::Adam,
            schedule: Schedule::Cosine,
            weight_decay: 0.0,
            ..experiment.clone()
        };
        let own_steps = steps.div_ceil(experiment.generator.every());
        let form = Drawing { first_side: experiment.first_side(), least: least(data) };
        let learner = match form.first_side {
            Some(side) => {
                let learned = upsampling::side_matrices(given as usize, side);
                let learned = SideMatrices::draw(&learned, seed, &data.device.clone().autodiff());
                Learner::of_side_matrices(learned, &experiment, own_steps)
            }
            None => {
                let architecture = Architecture::mlp([hidden]);
                let layers = Network::draw(&architecture, given as usize, data.dataset.features(), seed, "generator");
                Learner::new(&architecture, &layers, &experiment, own_steps, &data.device)
            }
        };
        Self {
            learner,
            form,
            experiment,
            teacher: teacher.clone().train().no_grad(),
            stream: random::stream(seed, "generator noise"),
            steps_done: 0,
        }
    }

    /// Pictures for the student's next step, `[batch, features]`. Where it is its turn, the generator learns what the
    /// teacher says of them, and how far the student, as it learns, is from that.
    pub fn draw(mut self, data: &DeviceDataset, student: &Network) -> (Self, Tensor<2>) {
        let noise = noise(data, &mut self.stream, self.experiment.batch as usize);
        let loss = self.experiment.generator;
        let is_turn = self.steps_done.is_multiple_of(loss.every());
        self.steps_done += 1;
        if !is_turn {
            let pictures = self.pictures(noise);
            return (self, pictures);
        }
        let mut drawn = None;
        let Self { learner, form, experiment, teacher, stream, steps_done } = self;
        let learner = learner.step(&experiment, |network, learned| {
            let pictures = form.pictures(network, learned, noise.autodiff());
            drawn = Some(pictures.clone().inner());
            let said = teacher.forward(pictures.clone(), Pass::Test);
            let loss = match loss {
                GeneratorLoss::Unmistakable => unmistakable(&said, USUAL),
                GeneratorLoss::Disagreement => Some(disagreement(&student.forward(pictures, Pass::Test), &said, 1.0)),
            };
            StepLoss { loss, ..StepLoss::default() }
        });
        let own = Self { learner, form, experiment, teacher, stream, steps_done };
        let pictures = drawn.unwrap_or_else(|| own.shown(data, 1));
        (own, pictures)
    }

    /// So many pictures as it makes them now, of the same random numbers whenever it is asked, `[count, features]`.
    pub fn shown(&self, data: &DeviceDataset, count: usize) -> Tensor<2> {
        let noise = noise(data, &mut random::stream(self.experiment.seed, "generator pictures"), count);
        self.pictures(noise)
    }

    fn pictures(&self, noise: Tensor<2>) -> Tensor<2> {
        self.form.pictures(&self.learner.network(), &self.learner.side_matrices().valid(), noise)
    }
}

impl Drawing {
    /// What a network, or what is learned in its place, makes of random numbers: each input between the least and 1.
    /// Before the sigmoid all numbers of a batch are normalized together, as the authors do with what comes out of
    /// theirs. Without that pictures begin as grey ones, of which a teacher of dark ones is so sure that no gradient is
    /// left.
    fn pictures(self, network: &Network, learned: &SideMatrices, noise: Tensor<2>) -> Tensor<2> {
        let numbers = match self.first_side {
            Some(side) => upsampling::numbers(noise, learned, side),
            None => network.forward(noise, Pass::Train(None)).logits,
        };
        let [batch, features] = numbers.dims();
        let [scale, shift] = if self.least == 0.0 { IMAGE } else { POINT };
        let spread = normalized(numbers.reshape([batch * features, 1])).reshape([batch, features]);
        inked(spread * scale + shift, self.least)
    }
}

/// Numbers of mean 0 and variance 1, uniform, `[count, given]`.
fn noise(data: &DeviceDataset, stream: &mut ChaCha8Rng, count: usize) -> Tensor<2> {
    let given = GENERATOR_WIDTHS[0] as usize;
    let reach = 3.0_f32.sqrt();
    let numbers = (0..count * given).map(|_| stream.random_range(-reach..reach)).collect();
    upload(numbers, given, &data.device)
}

/// Numbers as inputs between `least` and 1.
pub fn inked(numbers: Tensor<2>, least: f64) -> Tensor<2> {
    let ink = log_sigmoid(numbers).exp();
    if least == 0.0 { ink } else { ink * (1.0 - least) + least }
}

/// The least value of an input.
pub fn least(data: &DeviceDataset) -> f64 {
    if data.dataset.is_image() { 0.0 } else { -1.0 }
}

//! A generator: it makes pictures of random numbers, and learns from what the teacher says of them. No example is
//! needed for that, and no label; but the teacher's weights are, since its gradient is followed back to the pixels.

use burn::{module::Module, tensor::Tensor};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_spec::{Architecture, Experiment, GENERATOR_WIDTHS, GeneratorLoss, OptimizerKind, Schedule};

use crate::{
    nets::{Network, Pass},
    objectives::{
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

/// A perceptron that makes pictures, while it learns.
pub struct Generator {
    learner: Learner,
    /// How it learns.
    experiment: Experiment,
    /// The teacher, to be differentiated through, its own weights without gradients.
    teacher: Network,
    stream: ChaCha8Rng,
    /// Steps of the student so far.
    steps_done: u32,
    /// The least value of an input; the largest is 1.
    least: f64,
}

impl Generator {
    /// An untrained one for a finished teacher and a student that will take so many steps.
    pub fn new(data: &DeviceDataset, experiment: &Experiment, teacher: &Network, steps: u32, seed: u32) -> Self {
        let (architecture, [given, _]) = (Architecture::mlp([GENERATOR_WIDTHS[1]]), GENERATOR_WIDTHS);
        let layers = Network::draw(&architecture, given as usize, data.dataset.features(), seed, "generator");
        let experiment = Experiment {
            learning_rate: RATE,
            optimizer: OptimizerKind::Adam,
            schedule: Schedule::Cosine,
            weight_decay: 0.0,
            ..experiment.clone()
        };
        let own_steps = steps.div_ceil(experiment.generator.every());
        Self {
            learner: Learner::new(&architecture, &layers, &experiment, own_steps, &data.device),
            experiment,
            teacher: teacher.clone().train().no_grad(),
            stream: random::stream(seed, "generator noise"),
            steps_done: 0,
            least: least(data),
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
            let pictures = pictures(&self.learner.network(), noise, self.least);
            return (self, pictures);
        }
        let mut drawn = None;
        let Self { learner, experiment, teacher, stream, steps_done, least } = self;
        let learner = learner.step(&experiment, |network, _| {
            let pictures = pictures(network, noise.autodiff(), least);
            drawn = Some(pictures.clone().inner());
            let said = teacher.forward(pictures.clone(), Pass::Test);
            let loss = match loss {
                GeneratorLoss::Unmistakable => unmistakable(&said, USUAL),
                GeneratorLoss::Disagreement => Some(disagreement(&student.forward(pictures, Pass::Test), &said, 1.0)),
            };
            StepLoss { loss, ..StepLoss::default() }
        });
        let own = Self { learner, experiment, teacher, stream, steps_done, least };
        let pictures = drawn.unwrap_or_else(|| own.shown(data, 1));
        (own, pictures)
    }

    /// So many pictures as it makes them now, of the same random numbers whenever it is asked, `[count, features]`.
    pub fn shown(&self, data: &DeviceDataset, count: usize) -> Tensor<2> {
        let noise = noise(data, &mut random::stream(self.experiment.seed, "generator pictures"), count);
        pictures(&self.learner.network(), noise, self.least)
    }
}

/// Numbers of mean 0 and variance 1, uniform, `[count, given]`.
fn noise(data: &DeviceDataset, stream: &mut ChaCha8Rng, count: usize) -> Tensor<2> {
    let given = GENERATOR_WIDTHS[0] as usize;
    let reach = 3.0_f32.sqrt();
    let numbers = (0..count * given).map(|_| stream.random_range(-reach..reach)).collect();
    upload(numbers, given, &data.device)
}

/// What a network makes of random numbers: each input between `least` and 1.
fn pictures(network: &Network, noise: Tensor<2>, least: f64) -> Tensor<2> {
    inked(network.forward(noise, Pass::Train(None)).logits, least)
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

//! A data set distilled into a few pictures: they are learned, so that a network's weights move by them as by real
//! examples (Zhao et al. 2021, algorithm 1). The network learns beside them, from them alone, and is forgotten time and
//! again for a fresh one.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, TensorData},
};
use rand::RngExt;
use retort_spec::{Architecture, Experiment, MATCHED_EXAMPLES, OptimizerKind, Schedule};

use super::generator::{inked, least};
use crate::{
    data::batch::Batches,
    nets::{Network, Pass},
    objectives::{
        SideMatrices, cross_entropy,
        gradient_matching::{Weights, distance, weight_gradients},
    },
    random,
    train::{
        device_dataset::{DeviceDataset, one_hot_rows, select, upload},
        learner::{Learner, StepLoss},
    },
};

/// The pictures' learning rate.
const RATE: f64 = 0.1;

/// Pictures that are learned.
pub struct Matching {
    /// Who holds them, as its one side matrix, `[pictures, features]`, those of a class one after another: what becomes
    /// an input between the least and 1 by a sigmoid, so that a picture stays one.
    pictures: Learner,
    /// How they learn.
    experiment: Experiment,
    /// The least value of an input.
    least: f64,
    /// The network's layers.
    architecture: Architecture,
    /// Examples of each class, as rows of the training set.
    real: Vec<Batches>,
    /// After how many steps the network is drawn anew.
    restart: u32,
    seed: u32,
}

impl Matching {
    /// Pictures of noise, as many of each class as the experiment says, that will be learned for so many steps.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        architecture: &Architecture,
        seed: u32,
        (steps, restart): (u32, u32),
    ) -> Self {
        let dataset = &data.dataset;
        let (classes, features) = (dataset.classes, dataset.features());
        let of_class = |class: usize| {
            let rows = (0_u32..).zip(&dataset.train.labels).filter(|(_, label)| usize::from(**label) == class);
            let rows = rows.map(|(row, _)| row).collect();
            Batches::new(rows, seed, &format!("real examples of class {class}"))
        };
        let mut generator = random::stream(seed, "pictures");
        let count = classes * experiment.pictures as usize;
        let noise: Vec<f32> = (0..count * features).map(|_| generator.random_range(-1.0..1.0)).collect();
        let device = data.device.clone().autodiff();
        let noise = Param::from_data(TensorData::new(noise, [count, features]), &device);
        let experiment = Experiment {
            learning_rate: RATE,
            optimizer: OptimizerKind::Adam,
            schedule: Schedule::Cosine,
            weight_decay: 0.0,
            ..experiment.clone()
        };
        Self {
            pictures: Learner::of_side_matrices(SideMatrices::of(vec![noise]), &experiment, steps),
            experiment,
            least: least(data),
            architecture: architecture.clone(),
            real: (0..classes).map(of_class).collect(),
            restart,
            seed,
        }
    }

    /// The pictures as they are now, `[pictures, features]`.
    pub fn pictures(&self) -> Tensor<2> {
        inked(self.pictures.side_matrices().one(0).inner(), self.least)
    }

    /// One step of the pictures towards what moves the network as real examples do, and one of the network by them.
    pub fn step(mut self, data: &DeviceDataset, experiment: &Experiment, mut network: Learner) -> (Self, Learner) {
        let done = network.steps_done();
        if done > 0 && done.is_multiple_of(self.restart) {
            let name = format!("matched {}", done / self.restart);
            let (dataset, of) = (&data.dataset, &self.architecture);
            let layers = Network::draw(of, dataset.features(), dataset.classes, self.seed, &name);
            network = network.with_fresh(experiment, of, &layers, &data.device);
        }
        let classes = data.dataset.classes;
        let rows: Vec<u32> = self.real.iter_mut().flat_map(|batches| batches.draw(MATCHED_EXAMPLES as usize)).collect();
        let real = select(&data.train, &data.row_indices(&rows));
        let known = network.network();
        let (layers, real) = known.last_layers(real);
        let real: Vec<Tensor<3>> =
            weight_gradients(&layers, real, classes).into_iter().map(|gradient| gradient.autodiff()).collect();
        let (tracked, least) = (known.train().no_grad(), self.least);
        self.pictures = self.pictures.step(&self.experiment, |_, side_matrices| {
            let (layers, entering): (Vec<Weights>, _) = tracked.last_layers(inked(side_matrices.one(0), least));
            let loss = distance(&weight_gradients(&layers, entering, classes), &real);
            StepLoss { loss, ..StepLoss::default() }
        });
        let pictures = self.pictures();
        let [count, _] = pictures.dims();
        let targets = of_pictures(count, classes);
        let mut wanted = Vec::new();
        one_hot_rows(&targets, classes, &(0..count as u32).collect::<Vec<u32>>(), &mut wanted);
        let wanted = upload(wanted, classes, &data.device).autodiff();
        // It begins anew again and again, each time at the full rate.
        let constant = Experiment { schedule: Schedule::Constant, ..experiment.clone() };
        let network = network.step(&constant, |network, _| {
            let trace = network.forward(pictures.autodiff(), Pass::Train(None));
            let loss = Some(cross_entropy(&trace, wanted, 1.0));
            StepLoss { loss, statistics: trace.statistics, ..StepLoss::default() }
        });
        (self, network)
    }
}

/// The class of each of so many pictures, those of a class one after another.
pub fn of_pictures(count: usize, classes: usize) -> Vec<u8> {
    let each = (count / classes.max(1)).max(1);
    (0..count).map(|picture| (picture / each) as u8).collect()
}

/// As many means of real examples as pictures are asked for, `[pictures, features]`: the mean of a class, or of equal
/// parts of it, those of a class one after another.
pub fn means(data: &DeviceDataset, each: usize) -> Vec<f32> {
    let dataset = &data.dataset;
    let features = dataset.features();
    let mut means = Vec::new();
    for class in 0..dataset.classes {
        let rows = || (0_u32..).zip(&dataset.train.labels);
        let of_class = || rows().filter(|(_, label)| usize::from(**label) == class).map(|(row, _)| row);
        for part in 0..each {
            let mut sum = vec![0.0; features];
            let part = || of_class().skip(part).step_by(each);
            let count = part().count().max(1) as f32;
            for row in part() {
                sum.iter_mut().zip(dataset.train.input(row, features)).for_each(|(sum, x)| *sum += x / count);
            }
            means.extend(sum);
        }
    }
    means
}

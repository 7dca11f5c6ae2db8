//! What the students are shown: labelled batches, and batches of the transfer set with what the teacher says of them.

use std::ops::Range;

use burn::tensor::{Tensor, activation::log_softmax};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_kernels::Inputs;
use retort_spec::{Experiment, Knowledge, Labels, Transfer};

use crate::{
    data::{batch::Batches, split},
    kernels::numbers,
    nets::{Network, Pass, Trace},
    random,
    train::{
        bench::{Bench, Places, copy_rows, select, upload},
        fused::Perceptron,
    },
};

/// The examples whose labels the student of this seed may see.
pub fn labelled_rows(bench: &Bench, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let count = match experiment.labels {
        Labels::All => usize::MAX,
        Labels::Count(count) => count as usize,
    };
    let dataset = &bench.dataset;
    let (given, own) = dataset.train.labels.split_at(dataset.train.len() - dataset.own);
    let keep = |class| !experiment.omit.contains(class);
    let mut rows = split::subset(given, count, dataset.classes, seed, keep);
    // The visitor labelled these by hand, so the student may see them whatever the count.
    rows.extend((given.len() as u32..).zip(own).filter(|&(_, &label)| keep(label)).map(|(row, _)| row));
    rows
}

/// The examples that the student of this seed is distilled on, as rows of the training set or of as much noise.
pub fn transfer_rows(bench: &Bench, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let labels = &bench.dataset.train.labels;
    match experiment.transfer {
        Transfer::Labelled => labelled_rows(bench, experiment, seed),
        Transfer::All => {
            let rows = (0_u32..).zip(labels);
            rows.filter(|&(_, &label)| !experiment.omit.contains(label)).map(|(row, _)| row).collect()
        }
        Transfer::Noise => (0..labels.len() as u32).collect(),
    }
}

/// The batches of a run, in their order.
pub struct Lessons {
    labelled: Batches,
    transfer: Batches,
    /// The transfer set.
    rows: Vec<u32>,
    /// Where each row of the training set, or of as much noise, stands in the transfer set.
    places: Vec<u32>,
    /// What the transfer batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// The teacher's logits of all `inputs`, computed once; batches select from them by example.
    taught: Tensor<2>,
    /// Which of `inputs` have a label that the student may see.
    seen: Vec<u32>,
    /// One-hot classes of all `inputs`, once an objective has asked for them: the label where it may be seen, else what
    /// the teacher finds likeliest.
    classes: Option<Tensor<2>>,
    teacher: Network,
    /// Whether an objective looks at more of the teacher than its logits.
    looks_inside: bool,
    /// Whether labelled and transfer set are one, so that one forward pass serves both terms.
    pub shared: bool,
    shifts: ChaCha8Rng,
    /// The same for networks that learn straight on.
    plain: Option<Plain>,
}

/// What lessons are taken from, in the processor's memory.
struct Plain {
    /// Noise, if that is what is shown.
    noise: Option<Vec<f32>>,
    /// `taught`, row by row.
    taught: Vec<f32>,
    /// A teacher that is asked about every batch, since each is new to it.
    teacher: Option<Perceptron>,
}

/// The batches of a step in the processor's memory: the labelled one and below it that of the transfer set, if they are
/// not one.
#[derive(Default)]
pub struct Sheet {
    /// The inputs of both.
    pub shown: Shown,
    /// One-hot labels of the first rows, `[labelled, classes]`.
    pub labels: Vec<f32>,
    /// How many those are.
    pub labelled: usize,
    /// The teacher's logits of the last rows, `[rows, classes]`.
    pub logits: Vec<f32>,
    /// Which those are.
    pub taught: Range<usize>,
}

/// What is shown in a step.
#[derive(Default)]
pub struct Shown {
    /// Rows of the training set, or of as much noise.
    rows: Vec<u32>,
    /// The inputs, if they do not stand like that in the training set.
    copies: Vec<f32>,
    /// How products read some of the rows, and which.
    inputs: Inputs,
    read: Range<usize>,
}

impl Shown {
    /// How products read some rows: all who are shown the same have it read once. Of no rows anything may come.
    pub fn of(&mut self, bench: &Bench, rows: Range<usize>) -> &Inputs {
        if self.read != rows && rows.start < rows.end {
            let features = bench.dataset.features();
            let copies = self.copies.get(rows.start * features..rows.end * features).unwrap_or_default();
            self.inputs.read(features, &bench.lines(&self.rows[rows.clone()], copies));
            self.read = rows;
        }
        &self.inputs
    }
}

/// A labelled batch.
#[derive(Clone)]
pub struct Exercise {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// `[batch, classes]`, one-hot, as constants among tracked tensors.
    pub targets: Tensor<2>,
    /// Rows of the training set.
    pub rows: Vec<u32>,
    places: Places,
}

/// A batch of the transfer set.
pub struct Lesson {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// What the teacher makes of them, as constants among tracked tensors.
    pub teacher: Trace,
    /// Places in the transfer set.
    pub rows: Vec<u32>,
    /// `[batch, classes]`, one-hot, likewise, where an objective may ask for them.
    pub targets: Option<Tensor<2>>,
}

impl Lessons {
    /// The lessons of a finished teacher.
    pub fn new(bench: &Bench, experiment: &Experiment, teacher: Network, seed: u32) -> Self {
        let dataset = &bench.dataset;
        let (labelled, transfer) = (labelled_rows(bench, experiment, seed), transfer_rows(bench, experiment, seed));
        let inputs = match experiment.transfer {
            Transfer::Noise => {
                let mut generator = random::stream(seed, "noise");
                let low = if dataset.is_image() { 0.0 } else { -1.0 };
                let count = dataset.train.len() * dataset.features();
                let noise = (0..count).map(|_| generator.random_range(low..1.0)).collect();
                upload(noise, dataset.features(), &bench.device)
            }
            Transfer::Labelled | Transfer::All => bench.train.clone(),
        };
        let taught = bench.logits(&teacher, &inputs);
        let mut places = vec![0; dataset.train.len()];
        (0..).zip(&transfer).for_each(|(place, &row)| places[row as usize] = place);
        let seen = if experiment.transfer == Transfer::Noise { Vec::new() } else { labelled.clone() };
        let looks_inside =
            experiment.weights.used().any(|(objective, _)| objective.about().knowledge != Knowledge::Responses);
        Self {
            shared: experiment.transfer != Transfer::Noise && labelled == transfer,
            classes: None,
            seen,
            labelled: Batches::new(labelled, seed, "labelled batches"),
            transfer: Batches::new(transfer.clone(), seed, "transfer batches"),
            rows: transfer,
            places,
            inputs,
            taught,
            teacher,
            looks_inside,
            shifts: random::stream(seed, "student jitter"),
            plain: None,
        }
    }

    /// Makes ready for networks that learn straight on; says whether lessons can be given so.
    pub fn make_plain(&mut self, bench: &Bench, experiment: &Experiment) -> bool {
        let asks = is_augmented(bench, experiment);
        let teacher = if asks { self.teacher.perceptron().as_deref().map(Perceptron::new) } else { None };
        let noise = (experiment.transfer == Transfer::Noise).then(|| numbers(&self.inputs)).flatten();
        let made = numbers(&self.taught).map(|taught| Plain { noise, taught, teacher });
        self.plain = made.filter(|plain| !asks || plain.teacher.is_some());
        self.plain.is_some()
    }

    /// The next batches onto a sheet; `asks_teacher` tells whether one of the transfer set is wanted.
    pub fn write(&mut self, bench: &Bench, experiment: &Experiment, asks_teacher: bool, sheet: &mut Sheet) {
        let Some(Plain { noise, taught, teacher }) = &mut self.plain else { return };
        let batch = experiment.batch as usize;
        let (dataset, jitter) = (&bench.dataset, experiment.jitter as i32);
        let Sheet { shown, labels, labelled, logits, taught: range } = sheet;
        let Shown { rows, copies, read, .. } = shown;
        *rows = self.labelled.draw(batch);
        *labelled = rows.len();
        bench.copy_targets(rows, labels);
        if asks_teacher && !self.shared {
            rows.extend(self.transfer.draw(batch));
        }
        *range = if asks_teacher && self.shared { 0..*labelled } else { *labelled..rows.len() };

        *read = 0..0;
        copies.clear();
        let (exercise, lesson) = rows.split_at(*labelled);
        let shifts = bench.shifts(experiment.jitter);
        match &noise {
            _ if shifts => bench.shift(exercise, jitter, &mut self.shifts, copies),
            Some(_) => copy_rows(&dataset.train.inputs, dataset.features(), exercise, copies),
            None => {}
        }
        match &noise {
            Some(noise) => copy_rows(noise, dataset.features(), lesson, copies),
            None if shifts => bench.shift(lesson, jitter, &mut self.shifts, copies),
            None => {}
        }
        logits.clear();
        match teacher {
            None => copy_rows(taught, dataset.classes, &rows[range.clone()], logits),
            Some(teacher) => logits.extend_from_slice(teacher.forward(shown.of(bench, range.clone()), None)),
        }
    }

    /// The rows of a step's transfer batch, given those of its labelled one.
    fn draw_transfer(&mut self, experiment: &Experiment, labelled: Option<&[u32]>) -> Vec<u32> {
        match labelled {
            Some(rows) if self.shared => rows.to_vec(),
            _ if self.shared => Vec::new(),
            _ => self.transfer.draw(experiment.batch as usize),
        }
    }

    /// How many examples the transfer set has.
    pub fn transfer_count(&self) -> usize {
        self.rows.len()
    }

    /// The inputs of as many transfer examples as a batch has, the first ones; `None` if there are none.
    pub fn first(&self, bench: &Bench, size: u32) -> Option<Tensor<2>> {
        let rows: Vec<u32> = self.rows.iter().copied().cycle().take(size as usize).collect();
        (!rows.is_empty()).then(|| select(&self.inputs, &bench.places(&rows)))
    }

    /// What the teacher makes of inputs.
    pub fn asked(&self, inputs: &Tensor<2>) -> Trace {
        self.teacher.forward(inputs.clone(), Pass::Test)
    }

    /// The teacher has learned more: from now on it is asked about every batch.
    pub fn follow(&mut self, teacher: Network) {
        self.teacher = teacher;
        self.looks_inside = true;
    }

    /// The next labelled batch; `None` without labels.
    pub fn exercise(&mut self, bench: &Bench, experiment: &Experiment) -> Option<Exercise> {
        let rows = self.labelled.draw(experiment.batch as usize);
        (!rows.is_empty()).then(|| {
            let places = bench.places(&rows);
            let inputs = bench.inputs((&rows, &places), experiment.jitter, &mut self.shifts);
            Exercise { inputs, targets: bench.targets(&places).autodiff(), rows, places }
        })
    }

    /// The transfer batch of a step, with what the teacher says of it; `None` if there is nothing to transfer.
    pub fn lesson(&mut self, bench: &Bench, experiment: &Experiment, exercise: Option<&Exercise>) -> Option<Lesson> {
        let augmented = is_augmented(bench, experiment);
        let rows = self.draw_transfer(experiment, exercise.map(|exercise| &exercise.rows[..]));
        if rows.is_empty() {
            return None;
        }
        let shared = exercise.filter(|_| self.shared);
        let places = shared.map_or_else(|| bench.places(&rows), |exercise| exercise.places.clone());
        let inputs = match shared {
            Some(exercise) => exercise.inputs.clone(),
            None if augmented => bench.inputs((&rows, &places), experiment.jitter, &mut self.shifts),
            None => select(&self.inputs, &places),
        };
        let teacher = match augmented || self.looks_inside {
            true => self.asked(&inputs),
            false => Trace::of_logits(select(&self.taught, &places)),
        };
        // The divergence from the teacher asks for no classes.
        let targets = experiment.weights.used().next().map(|_| {
            let known = || known_or_likeliest(bench, &self.taught, &self.seen);
            select(self.classes.get_or_insert_with(known), &places).autodiff()
        });
        let rows = rows.iter().map(|&row| self.places[row as usize]).collect();
        Some(Lesson { inputs, teacher: teacher.autodiff(), rows, targets })
    }
}

/// Whether every transfer batch is new to the teacher.
fn is_augmented(bench: &Bench, experiment: &Experiment) -> bool {
    bench.shifts(experiment.jitter) && experiment.transfer != Transfer::Noise
}

/// One-hot classes, `[examples, classes]`: the labels of the `seen` training examples, and for all others what the
/// teacher finds likeliest, since their labels are hidden from the student.
fn known_or_likeliest(bench: &Bench, taught: &Tensor<2>, seen: &[u32]) -> Tensor<2> {
    let [count, _] = taught.dims();
    let device = &bench.device;
    // A softmax so cold that it is one where a logit is the largest: what finds and compares whole numbers is used
    // nowhere else, and would cost the engine's wasm 15 kB.
    let guessed = log_softmax(taught.clone() * 1e6, 1).exp();
    if seen.is_empty() {
        return guessed;
    }
    let mut known = vec![0.0; count];
    seen.iter().for_each(|&row| known[row as usize] = 1.0);
    let known = upload(known, 1, device);
    let every: Vec<u32> = (0..count as u32).collect();
    bench.targets(&bench.places(&every)) * known.clone() + guessed * (-known + 1.0)
}

//! The batches that students are trained on: labelled batches, and transfer batches with the teacher's outputs.

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
        device_dataset::{DeviceDataset, RowIndices, copy_rows, select, upload},
        fused::Perceptron,
    },
};

/// The examples whose labels the student of this seed may see.
pub fn labelled_rows(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let count = match experiment.labels {
        Labels::All => usize::MAX,
        Labels::Count(count) => count as usize,
    };
    let dataset = &data.dataset;
    let (given, own) = dataset.train.labels.split_at(dataset.train.len() - dataset.own);
    let keep = |class| !experiment.omitted_classes.contains(class);
    let mut rows = split::subset(given, count, dataset.classes, seed, keep);
    // The visitor labelled these by hand, so the student may see them whatever the count.
    rows.extend((given.len() as u32..).zip(own).filter(|&(_, &label)| keep(label)).map(|(row, _)| row));
    rows
}

/// The examples that the student of this seed is distilled on, as rows of the training set or of as much noise.
pub fn transfer_rows(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let labels = &data.dataset.train.labels;
    match experiment.transfer {
        Transfer::Labelled => labelled_rows(data, experiment, seed),
        Transfer::All => {
            let rows = (0_u32..).zip(labels);
            rows.filter(|&(_, &label)| !experiment.omitted_classes.contains(label)).map(|(row, _)| row).collect()
        }
        Transfer::Noise => (0..labels.len() as u32).collect(),
    }
}

/// The batches of a run, in their order.
pub struct BatchSource {
    labelled: Batches,
    transfer: Batches,
    /// The transfer set.
    rows: Vec<u32>,
    /// Where each row of the training set, or of as much noise, stands in the transfer set.
    places: Vec<u32>,
    /// What the transfer batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// The teacher's logits of all `inputs`, computed once; batches select from them by example.
    teacher_logits: Tensor<2>,
    /// Which of `inputs` have a label that the student may see.
    seen: Vec<u32>,
    /// One-hot classes of all `inputs`, once an objective has asked for them: the label where it may be seen, else what
    /// the teacher finds likeliest.
    classes: Option<Tensor<2>>,
    teacher: Network,
    /// Whether an objective looks at more of the teacher than its logits.
    needs_teacher_trace: bool,
    /// Whether labelled and transfer set are one, so that one forward pass serves both terms.
    pub shared: bool,
    jitter_generator: ChaCha8Rng,
    /// The same data in the CPU's memory, for networks on the fused path.
    cpu: Option<CpuSource>,
}

/// What batches are taken from, in the CPU's memory.
struct CpuSource {
    /// Noise, if the transfer set is noise.
    noise: Option<Vec<f32>>,
    /// The teacher's logits, row by row.
    teacher_logits: Vec<f32>,
    /// A teacher that is asked about every batch, since each is new to it.
    teacher: Option<Perceptron>,
}

/// The batches of a step in the CPU's memory: the labelled one and below it that of the transfer set, if they are
/// not one.
#[derive(Default)]
pub struct CpuBatch {
    /// The inputs of both.
    pub inputs: CpuInputs,
    /// One-hot labels of the first rows, `[labelled, classes]`.
    pub labels: Vec<f32>,
    /// How many those are.
    pub labelled: usize,
    /// The teacher's logits of the last rows, `[rows, classes]`.
    pub teacher_logits: Vec<f32>,
    /// Which those are.
    pub transfer: Range<usize>,
}

/// The inputs of a step.
#[derive(Default)]
pub struct CpuInputs {
    /// Rows of the training set, or of as much noise.
    rows: Vec<u32>,
    /// The inputs, if they do not stand like that in the training set.
    copies: Vec<f32>,
    /// How products read some of the rows, and which.
    inputs: Inputs,
    read: Range<usize>,
}

impl CpuInputs {
    /// How products read some rows: all who are shown the same have it read once. Of no rows anything may come.
    pub fn of(&mut self, data: &DeviceDataset, rows: Range<usize>) -> &Inputs {
        if self.read != rows && rows.start < rows.end {
            let features = data.dataset.features();
            let copies = self.copies.get(rows.start * features..rows.end * features).unwrap_or_default();
            self.inputs.read(features, &data.row_slices(&self.rows[rows.clone()], copies));
            self.read = rows;
        }
        &self.inputs
    }
}

/// A labelled batch.
#[derive(Clone)]
pub struct LabelledBatch {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// `[batch, classes]`, one-hot, as constants among tracked tensors.
    pub targets: Tensor<2>,
    /// Rows of the training set.
    pub rows: Vec<u32>,
    indices: RowIndices,
}

/// A batch of the transfer set.
pub struct TransferBatch {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// What the teacher makes of them, as constants among tracked tensors.
    pub teacher: Trace,
    /// Places in the transfer set.
    pub rows: Vec<u32>,
    /// `[batch, classes]`, one-hot, likewise, where an objective may ask for them.
    pub targets: Option<Tensor<2>>,
}

impl BatchSource {
    /// The batches of a finished teacher.
    pub fn new(data: &DeviceDataset, experiment: &Experiment, teacher: Network, seed: u32) -> Self {
        let dataset = &data.dataset;
        let (labelled, transfer) = (labelled_rows(data, experiment, seed), transfer_rows(data, experiment, seed));
        let inputs = match experiment.transfer {
            Transfer::Noise => {
                let mut generator = random::stream(seed, "noise");
                let low = if dataset.is_image() { 0.0 } else { -1.0 };
                let count = dataset.train.len() * dataset.features();
                let noise = (0..count).map(|_| generator.random_range(low..1.0)).collect();
                upload(noise, dataset.features(), &data.device)
            }
            Transfer::Labelled | Transfer::All => data.train.clone(),
        };
        let teacher_logits = data.logits(&teacher, &inputs);
        let mut places = vec![0; dataset.train.len()];
        (0..).zip(&transfer).for_each(|(place, &row)| places[row as usize] = place);
        let seen = if experiment.transfer == Transfer::Noise { Vec::new() } else { labelled.clone() };
        let needs_teacher_trace =
            experiment.weights.used().any(|(objective, _)| objective.info().knowledge != Knowledge::Responses);
        Self {
            shared: experiment.transfer != Transfer::Noise && labelled == transfer,
            classes: None,
            seen,
            labelled: Batches::new(labelled, seed, "labelled batches"),
            transfer: Batches::new(transfer.clone(), seed, "transfer batches"),
            rows: transfer,
            places,
            inputs,
            teacher_logits,
            teacher,
            needs_teacher_trace,
            jitter_generator: random::stream(seed, "student jitter"),
            cpu: None,
        }
    }

    /// Copies the data into the CPU's memory for the fused path; returns whether that path can be used.
    pub fn prepare_cpu(&mut self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        let asks = is_augmented(data, experiment);
        let teacher = if asks { self.teacher.perceptron().as_deref().map(Perceptron::new) } else { None };
        let noise = (experiment.transfer == Transfer::Noise).then(|| numbers(&self.inputs)).flatten();
        let made = numbers(&self.teacher_logits).map(|teacher_logits| CpuSource { noise, teacher_logits, teacher });
        self.cpu = made.filter(|source| !asks || source.teacher.is_some());
        self.cpu.is_some()
    }

    /// The next batches into `cpu_batch`; `asks_teacher` says whether one of the transfer set is wanted.
    pub fn fill(
        &mut self,
        data: &DeviceDataset,
        experiment: &Experiment,
        asks_teacher: bool,
        cpu_batch: &mut CpuBatch,
    ) {
        let Some(CpuSource { noise, teacher_logits: all_logits, teacher }) = &mut self.cpu else { return };
        let batch = experiment.batch as usize;
        let (dataset, jitter) = (&data.dataset, experiment.jitter as i32);
        let CpuBatch { inputs, labels, labelled, teacher_logits, transfer: range } = cpu_batch;
        let CpuInputs { rows, copies, read, .. } = inputs;
        *rows = self.labelled.draw(batch);
        *labelled = rows.len();
        data.copy_targets(rows, labels);
        if asks_teacher && !self.shared {
            rows.extend(self.transfer.draw(batch));
        }
        *range = if asks_teacher && self.shared { 0..*labelled } else { *labelled..rows.len() };

        *read = 0..0;
        copies.clear();
        let (labelled_batch, transfer_batch) = rows.split_at(*labelled);
        let uses_jitter = data.uses_jitter(experiment.jitter);
        match &noise {
            _ if uses_jitter => data.jitter_into(labelled_batch, jitter, &mut self.jitter_generator, copies),
            Some(_) => copy_rows(&dataset.train.inputs, dataset.features(), labelled_batch, copies),
            None => {}
        }
        match &noise {
            Some(noise) => copy_rows(noise, dataset.features(), transfer_batch, copies),
            None if uses_jitter => data.jitter_into(transfer_batch, jitter, &mut self.jitter_generator, copies),
            None => {}
        }
        teacher_logits.clear();
        match teacher {
            None => copy_rows(all_logits, dataset.classes, &rows[range.clone()], teacher_logits),
            Some(teacher) => teacher_logits.extend_from_slice(teacher.forward(inputs.of(data, range.clone()), None)),
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
    pub fn first_inputs(&self, data: &DeviceDataset, size: u32) -> Option<Tensor<2>> {
        let rows: Vec<u32> = self.rows.iter().copied().cycle().take(size as usize).collect();
        (!rows.is_empty()).then(|| select(&self.inputs, &data.row_indices(&rows)))
    }

    /// What the teacher makes of inputs.
    pub fn teacher_trace(&self, inputs: &Tensor<2>) -> Trace {
        self.teacher.forward(inputs.clone(), Pass::Test)
    }

    /// The teacher has learned more: from now on it is asked about every batch.
    pub fn set_teacher(&mut self, teacher: Network) {
        self.teacher = teacher;
        self.needs_teacher_trace = true;
    }

    /// The next labelled batch; `None` without labels.
    pub fn labelled_batch(&mut self, data: &DeviceDataset, experiment: &Experiment) -> Option<LabelledBatch> {
        let rows = self.labelled.draw(experiment.batch as usize);
        (!rows.is_empty()).then(|| {
            let indices = data.row_indices(&rows);
            let inputs = data.inputs((&rows, &indices), experiment.jitter, &mut self.jitter_generator);
            LabelledBatch { inputs, targets: data.targets(&indices).autodiff(), rows, indices }
        })
    }

    /// The transfer batch of a step, with what the teacher says of it; `None` if there is nothing to transfer.
    pub fn transfer_batch(
        &mut self,
        data: &DeviceDataset,
        experiment: &Experiment,
        labelled_batch: Option<&LabelledBatch>,
    ) -> Option<TransferBatch> {
        let augmented = is_augmented(data, experiment);
        let rows = self.draw_transfer(experiment, labelled_batch.map(|batch| &batch.rows[..]));
        if rows.is_empty() {
            return None;
        }
        let shared = labelled_batch.filter(|_| self.shared);
        let indices = shared.map_or_else(|| data.row_indices(&rows), |batch| batch.indices.clone());
        let inputs = match shared {
            Some(labelled_batch) => labelled_batch.inputs.clone(),
            None if augmented => data.inputs((&rows, &indices), experiment.jitter, &mut self.jitter_generator),
            None => select(&self.inputs, &indices),
        };
        let teacher = match augmented || self.needs_teacher_trace {
            true => self.teacher_trace(&inputs),
            false => Trace::of_logits(select(&self.teacher_logits, &indices)),
        };
        // The divergence from the teacher asks for no classes.
        let targets = experiment.weights.used().next().map(|_| {
            let known = || labels_or_teacher_argmax(data, &self.teacher_logits, &self.seen);
            select(self.classes.get_or_insert_with(known), &indices).autodiff()
        });
        let rows = rows.iter().map(|&row| self.places[row as usize]).collect();
        Some(TransferBatch { inputs, teacher: teacher.autodiff(), rows, targets })
    }
}

/// Whether every transfer batch is new to the teacher.
fn is_augmented(data: &DeviceDataset, experiment: &Experiment) -> bool {
    data.uses_jitter(experiment.jitter) && experiment.transfer != Transfer::Noise
}

/// One-hot classes, `[examples, classes]`: the labels of the `seen` training examples, and for all others what the
/// teacher finds likeliest, since their labels are hidden from the student.
fn labels_or_teacher_argmax(data: &DeviceDataset, teacher_logits: &Tensor<2>, seen: &[u32]) -> Tensor<2> {
    let [count, _] = teacher_logits.dims();
    let device = &data.device;
    // A softmax so cold that it is one where a logit is the largest: what finds and compares whole numbers is used
    // nowhere else, and would cost the engine's wasm 15 kB.
    let guessed = log_softmax(teacher_logits.clone() * 1e6, 1).exp();
    if seen.is_empty() {
        return guessed;
    }
    let mut known = vec![0.0; count];
    seen.iter().for_each(|&row| known[row as usize] = 1.0);
    let known = upload(known, 1, device);
    let every: Vec<u32> = (0..count as u32).collect();
    data.targets(&data.row_indices(&every)) * known.clone() + guessed * (-known + 1.0)
}

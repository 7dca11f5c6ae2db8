//! The transfer set: the examples that networks are distilled on, and what their teachers make of them.

use burn::tensor::{ExecutionError, Tensor, activation::log_softmax};
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, Knowledge, Mix, NetworkId, Supervision, Transfer};

use super::{
    examples::{rows_of, transfer_rows_of},
    specialists::pooled,
};
use crate::{
    data::{batch::Batches, other_inputs},
    device::read,
    kernels::numbers,
    nets::{Network, Pass, Trace},
    objectives::mixture::{Specialist, fuse_specialists, mix, mix_rows},
    random,
    train::{
        device_dataset::{DeviceDataset, RowIndices, copy_rows, select, upload},
        fused::Perceptron,
    },
};

/// A finished network that is imitated.
struct Frozen {
    id: NetworkId,
    network: Network,
    /// Its logits of all inputs, computed once; batches select from them by example.
    logits: Tensor<2>,
    /// The same in the CPU's memory, row by row.
    cpu_logits: Vec<f32>,
    /// To be asked about every batch, where each is new to it.
    perceptron: Option<Perceptron>,
}

/// The transfer set of a phase.
pub struct TransferSource {
    batches: Batches,
    /// The transfer set, as rows of the training set or of as much noise.
    rows: Vec<u32>,
    /// Where each row of the training set, or of as much noise, stands in the transfer set.
    places: Vec<u32>,
    /// What the batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// The same in the CPU's memory, where it is not the training set.
    cpu_inputs: Option<Vec<f32>>,
    frozen: Vec<Frozen>,
    /// Logits of all inputs, `[inputs, classes]`: what a generalist and specialists say together.
    fused: Option<(Tensor<2>, Vec<f32>)>,
    /// Which of `inputs` have a label that the student may see.
    seen: Vec<u32>,
    /// One-hot classes of all `inputs`, once an objective has asked for them: the label where it may be seen, else what
    /// the teacher finds likeliest.
    classes: Option<Tensor<2>>,
    /// Whether an objective looks at more of the teacher than its logits.
    needs_trace: bool,
    /// Whether the inputs are the experiment's own training examples.
    is_own: bool,
}

/// A batch of the transfer set.
#[derive(Clone)]
pub struct TransferBatch {
    /// `[batch, features]`.
    pub inputs: Tensor<2>,
    /// Places in the transfer set.
    pub places: Vec<u32>,
    indices: RowIndices,
}

impl TransferSource {
    /// The transfer set of the networks of these supervisions, all their examples together where it is their labelled
    /// ones; `frozen` are the finished networks that they imitate.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        supervisions: &[&Supervision],
        frozen: Vec<(NetworkId, Network)>,
        seed: u32,
    ) -> Self {
        let dataset = &data.dataset;
        let together = |rows: &dyn Fn(&Supervision) -> Vec<u32>| -> Vec<u32> {
            let mut is_among = vec![false; dataset.train.len()];
            supervisions.iter().flat_map(|one| rows(one)).for_each(|row| is_among[row as usize] = true);
            (0_u32..).zip(is_among).filter(|&(_, is_among)| is_among).map(|(row, _)| row).collect()
        };
        let rows = together(&|one| transfer_rows_of(data, experiment, one, seed));
        let is_own = experiment.transfer.is_own();
        let made = made_inputs(data, experiment, seed).map(|made| upload(made, dataset.features(), &data.device));
        let inputs = made.unwrap_or_else(|| data.train.clone());
        let mut places = vec![0; dataset.train.len()];
        (0..).zip(&rows).for_each(|(place, &row)| places[row as usize] = place);
        let ask = |(id, network): (NetworkId, Network)| Frozen {
            id,
            logits: data.all_outputs(&network, &inputs),
            network,
            cpu_logits: Vec::new(),
            perceptron: None,
        };
        Self {
            batches: Batches::new(rows.clone(), seed, "transfer batches"),
            frozen: frozen.into_iter().map(ask).collect(),
            fused: None,
            seen: if is_own { together(&|one| rows_of(data, experiment, one, seed)) } else { Vec::new() },
            classes: None,
            needs_trace: experiment.weights.used().any(|(of, _)| of.info().knowledge != Knowledge::Responses),
            rows,
            places,
            inputs,
            cpu_inputs: None,
            is_own,
        }
    }

    /// How many examples it has.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Whether it is just these rows of the training set.
    pub fn is(&self, rows: &[u32]) -> bool {
        self.is_own && self.rows == rows
    }

    /// Copies the data into the CPU's memory for the fused path; says whether that path can be used.
    pub fn prepare_cpu(&mut self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        let asks = self.is_augmented(data, experiment);
        if !self.is_own {
            let Some(made) = numbers(&self.inputs) else { return false };
            self.cpu_inputs = Some(made);
        }
        for frozen in &mut self.frozen {
            let Some(logits) = numbers(&frozen.logits) else { return false };
            frozen.cpu_logits = logits;
            if asks {
                frozen.perceptron = frozen.network.perceptron().as_deref().map(Perceptron::new);
                if frozen.perceptron.is_none() {
                    return false;
                }
            }
        }
        true
    }

    /// Inputs that are not the training set, in the CPU's memory.
    pub fn cpu_inputs(&self) -> Option<&[f32]> {
        self.cpu_inputs.as_deref()
    }

    /// Whether every batch is new to the teachers.
    pub fn is_augmented(&self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        data.uses_jitter(experiment.jitter) && self.is_own
    }

    /// The rows of the next batch.
    pub fn draw(&mut self, experiment: &Experiment) -> Vec<u32> {
        self.batches.draw(experiment.batch as usize)
    }

    /// The next batch; `None` if there is nothing to transfer.
    pub fn batch(
        &mut self,
        data: &DeviceDataset,
        experiment: &Experiment,
        generator: &mut ChaCha8Rng,
    ) -> Option<TransferBatch> {
        let rows = self.draw(experiment);
        if rows.is_empty() {
            return None;
        }
        let indices = data.row_indices(&rows);
        let inputs = match self.is_augmented(data, experiment) {
            true => data.inputs((&rows, &indices), experiment.jitter, generator),
            false => select(&self.inputs, &indices),
        };
        Some(self.batch_of(&rows, indices, inputs))
    }

    /// A labelled batch as one of the transfer set, where both sets are one.
    pub fn batch_of(&self, rows: &[u32], indices: RowIndices, inputs: Tensor<2>) -> TransferBatch {
        let places = rows.iter().map(|&row| self.places[row as usize]).collect();
        TransferBatch { inputs, places, indices }
    }

    /// What a finished network makes of a batch; `None` for any other.
    pub fn trace(
        &self,
        data: &DeviceDataset,
        experiment: &Experiment,
        id: NetworkId,
        batch: &TransferBatch,
    ) -> Option<Trace> {
        let frozen = self.frozen.iter().find(|frozen| frozen.id == id)?;
        Some(match self.is_augmented(data, experiment) || self.needs_trace {
            true => frozen.network.forward(batch.inputs.clone(), Pass::Test),
            false => Trace::of_logits(select(&frozen.logits, &batch.indices)),
        })
    }

    /// Makes one teacher of a generalist, the first finished network, and specialists, given with the classes that each
    /// tells apart. What they say of inputs that are moved is what they say of them unmoved.
    ///
    /// # Errors
    /// The device's, if a read fails.
    pub async fn fuse_specialists(
        &mut self,
        data: &DeviceDataset,
        specialties: &[(NetworkId, Vec<u8>)],
    ) -> Result<(), ExecutionError> {
        let classes = data.dataset.classes;
        let mut said = Vec::new();
        let mut generalist = None;
        for frozen in &self.frozen {
            let logits = read(frozen.logits.clone()).await?;
            match specialties.iter().find(|(id, _)| *id == frozen.id) {
                Some((_, known)) => said.push((pooled(&logits, known, classes), known)),
                None => generalist = generalist.or(Some(logits)),
            }
        }
        let Some(generalist) = generalist else { return Ok(()) };
        let specialists: Vec<Specialist<'_>> =
            said.iter().map(|(logits, known)| Specialist { logits, subset: known }).collect();
        let fused = fuse_specialists(&generalist, &specialists, classes);
        self.fused = Some((upload(fused.clone(), classes, &data.device), fused));
        Ok(())
    }

    /// What they say of a batch; `None` where there are no specialists.
    pub fn fused_trace(&self, batch: &TransferBatch) -> Option<Trace> {
        self.fused.as_ref().map(|(logits, _)| Trace::of_logits(select(logits, &batch.indices)))
    }

    /// The same of some rows in the CPU's memory; says whether there are specialists.
    pub fn fused_rows(&self, rows: &[u32], classes: usize, to: &mut Vec<f32>) -> bool {
        let Some((_, logits)) = &self.fused else { return false };
        to.clear();
        copy_rows(logits, classes, rows, to);
        true
    }

    /// Another network takes the place of a finished one and is asked about every batch from now on.
    pub fn replace(&mut self, id: NetworkId, network: Network) {
        self.needs_trace = true;
        for frozen in self.frozen.iter_mut().filter(|frozen| frozen.id == id) {
            frozen.network = network.clone();
        }
    }

    /// One-hot classes of a batch, `[batch, classes]`: the labels where they may be seen, else what the first teacher
    /// finds likeliest; `None` where no objective could ask for them.
    pub fn targets(
        &mut self,
        data: &DeviceDataset,
        experiment: &Experiment,
        batch: &TransferBatch,
    ) -> Option<Tensor<2>> {
        experiment.weights.used().next()?;
        let first = &self.frozen.first()?.logits;
        let known = || labels_or_teacher_argmax(data, first, &self.seen);
        Some(select(self.classes.get_or_insert_with(known), &batch.indices).autodiff())
    }

    /// The inputs of as many transfer examples as a batch has, the first ones; `None` if there are none.
    pub fn first_inputs(&self, data: &DeviceDataset, size: u32) -> Option<Tensor<2>> {
        let rows: Vec<u32> = self.rows.iter().copied().cycle().take(size as usize).collect();
        (!rows.is_empty()).then(|| select(&self.inputs, &data.row_indices(&rows)))
    }

    /// A finished network.
    pub fn network(&self, id: NetworkId) -> Option<&Network> {
        self.frozen.iter().find(|frozen| frozen.id == id).map(|frozen| &frozen.network)
    }

    /// A finished network's logits of some rows, in the CPU's memory, after what stands in `to`; `inputs` are what
    /// products read of those rows.
    pub fn cpu_logits(
        &mut self,
        id: NetworkId,
        (rows, inputs): (&[u32], &retort_kernels::Inputs),
        classes: usize,
        to: &mut Vec<f32>,
    ) {
        let Some(frozen) = self.frozen.iter_mut().find(|frozen| frozen.id == id) else { return };
        match &mut frozen.perceptron {
            None => copy_rows(&frozen.cpu_logits, classes, rows, to),
            Some(perceptron) => to.extend_from_slice(perceptron.forward(inputs, None)),
        }
    }
}

/// What several teachers say as one: their logits mixed, all else that of the first.
pub fn mixed(mixing: Mix, mut traces: Vec<(Trace, f64)>, temperature: f64) -> Option<Trace> {
    if traces.len() < 2 {
        return traces.pop().map(|(trace, _)| trace);
    }
    let logits: Vec<(Tensor<2>, f64)> = traces.iter().map(|(trace, weight)| (trace.logits.clone(), *weight)).collect();
    let logits = mix(mixing, &logits, temperature);
    let (first, _) = traces.swap_remove(0);
    Some(Trace { logits, ..first })
}

/// The same of rows in the CPU's memory.
pub fn mixed_rows(mixing: Mix, all: &[(Vec<f32>, f64)], classes: usize, temperature: f64, to: &mut Vec<f32>) {
    match all {
        [(only, _)] => {
            to.clear();
            to.extend_from_slice(only);
        }
        _ => {
            let all: Vec<(&[f32], f64)> = all.iter().map(|(logits, weight)| (&logits[..], *weight)).collect();
            mix_rows(mixing, &all, classes, temperature, to);
        }
    }
}

/// The inputs of a transfer set that is not the training set, as many as that has; `None` where it is.
fn made_inputs(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Option<Vec<f32>> {
    let dataset = &data.dataset;
    let (features, count) = (dataset.features(), dataset.train.len() * dataset.features());
    let mut generator = random::stream(seed, "noise");
    let low = if dataset.is_image() { 0.0 } else { -1.0 };
    match experiment.transfer {
        Transfer::Labelled | Transfer::All => None,
        Transfer::Noise => Some((0..count).map(|_| generator.random_range(low..1.0)).collect()),
        Transfer::Sparse => {
            /// Share of the pixels that are not black: about as many as in small and in large digits.
            const INKED: [f32; 2] = [0.5, 0.2];
            let inked = INKED[usize::from(dataset.shape[0] > 16)];
            let mut pixel = || {
                let value = generator.random_range(low..1.0);
                if generator.random::<f32>() < inked { value } else { 0.0 }
            };
            Some((0..count).map(|_| pixel()).collect())
        }
        Transfer::Shuffled => {
            let mut made = dataset.train.inputs.clone();
            for feature in 0..features {
                let mut column: Vec<f32> = made.iter().skip(feature).step_by(features).copied().collect();
                column.shuffle(&mut generator);
                made.iter_mut().skip(feature).step_by(features).zip(column).for_each(|(to, from)| *to = from);
            }
            Some(made)
        }
        Transfer::Other => {
            let others = other_inputs(experiment, dataset.shape, seed);
            Some(others.into_iter().cycle().take(count).collect())
        }
    }
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

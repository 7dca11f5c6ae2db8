//! The transfer set where networks are tensors.

use burn::tensor::{ExecutionError, Tensor, activation::log_softmax};
use rand_chacha::ChaCha8Rng;
use retort_spec::{Experiment, Judged, Knowledge, Mix, NetworkId, Objective, Shown, Supervision};

use super::{TransferSource, copy_rows};
use crate::{
    device::read,
    distill::{examples::rows_of, generator::Generator, specialists::pooled},
    kernels::numbers,
    mixture::{Specialist, fuse_specialists, mix},
    nets::{Network, Pass, Trace},
    train::{
        device_dataset::{DeviceDataset, RowIndices, select, upload},
        fused::Perceptron,
    },
};

/// Logits of all inputs, computed once; batches select from them by example.
pub struct FrozenParts {
    logits: Tensor<2>,
}

/// What the graph needs of a transfer set.
pub struct Parts {
    /// What the batches select from: the training set or noise.
    inputs: Tensor<2>,
    /// Where each row of the training set, or of as much noise, stands in the transfer set.
    places: Vec<u32>,
    /// Logits of all inputs, `[inputs, classes]`: what a generalist and specialists say together.
    fused: Option<(Tensor<2>, Vec<f32>)>,
    /// Which of `inputs` have a label that the student may see.
    seen: Vec<u32>,
    /// One-hot classes of all `inputs`, once an objective has asked for them: the label where it may be seen, else what
    /// the teacher finds likeliest.
    classes: Option<Tensor<2>>,
    /// Whether an objective looks at more of the teacher than its logits.
    needs_trace: bool,
    /// Draws what is shown in place of the inputs.
    generator: Option<Generator>,
}

/// The rows of all networks' supervisions together.
type Together<'a> = &'a dyn Fn(&dyn Fn(&Supervision) -> Vec<u32>) -> Vec<u32>;

impl Parts {
    /// The transfer set of these rows, of the training set or of what was made in its place. Nothing stays in the CPU's
    /// memory.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        (made, is_own): (Option<Vec<f32>>, bool),
        (rows, together): (&[u32], Together<'_>),
        seed: u32,
    ) -> (Self, Option<Vec<f32>>) {
        let dataset = &data.dataset;
        let made = made.map(|made| upload(made, dataset.features(), &data.device));
        let inputs = made.unwrap_or_else(|| data.train.clone());
        let mut places = vec![0; dataset.train.len()];
        (0..).zip(rows).for_each(|(place, &row)| places[row as usize] = place);
        let parts = Self {
            inputs,
            places,
            fused: None,
            seen: if is_own { together(&|one| rows_of(data, experiment, one, seed)) } else { Vec::new() },
            classes: None,
            needs_trace: experiment.weights.used().any(|(of, _)| {
                let sees_features = of == Objective::Adversarial && experiment.judged == Judged::Features;
                sees_features || of.info().knowledge != Knowledge::Responses
            }),
            generator: None,
        };
        (parts, None)
    }

    /// What a finished network says of all inputs.
    pub fn ask(&self, data: &DeviceDataset, _: Option<&[f32]>, network: &Network) -> (FrozenParts, Vec<f32>) {
        (FrozenParts { logits: data.all_outputs(network, &self.inputs) }, Vec::new())
    }
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
    /// Adds a generator, where one is to draw for a student of this supervision that will take so many steps.
    pub fn add_generator(
        &mut self,
        data: &DeviceDataset,
        experiment: &Experiment,
        supervision: &Supervision,
        (steps, seed): (u32, u32),
    ) {
        let Some(teacher) = self.frozen.first().filter(|_| supervision.shown == Shown::Generated) else { return };
        self.parts.generator = Some(Generator::new(data, experiment, &teacher.network, steps, seed));
        self.parts.needs_trace = true;
    }

    /// A batch that the generator draws for a student, from which both learn; `None` where there is none.
    pub fn drawn(&mut self, data: &DeviceDataset, student: &Network) -> Option<TransferBatch> {
        let (generator, inputs) = self.parts.generator.take()?.draw(data, student);
        self.parts.generator = Some(generator);
        let [count, _] = inputs.dims();
        let places: Vec<u32> = (0..count as u32).collect();
        Some(TransferBatch { inputs, indices: data.row_indices(&places), places })
    }

    /// So many of the inputs that are not the training set: those that the generator would draw now, or the first ones;
    /// and what the first teacher says of them. `None` where it is the training set.
    pub fn pictures(&self, data: &DeviceDataset, count: u32) -> Option<[Tensor<2>; 2]> {
        let teacher = self.frozen.first().filter(|_| !self.is_own)?;
        let inputs = match &self.parts.generator {
            Some(generator) => generator.shown(data, count as usize),
            None => self.first_inputs(data, count)?,
        };
        Some([data.logits(&teacher.network, &inputs), inputs])
    }

    /// How many examples it has.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Copies the data into the CPU's memory for the fused path; says whether that path can be used.
    pub fn prepare_cpu(&mut self, data: &DeviceDataset, experiment: &Experiment) -> bool {
        let asks = self.is_augmented(data, experiment);
        if !self.is_own {
            let Some(made) = numbers(&self.parts.inputs) else { return false };
            self.cpu_inputs = Some(made);
        }
        for frozen in &mut self.frozen {
            let Some(logits) = numbers(&frozen.parts.logits) else { return false };
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
            false => select(&self.parts.inputs, &indices),
        };
        Some(self.batch_of(&rows, indices, inputs))
    }

    /// A labelled batch as one of the transfer set, where both sets are one.
    pub fn batch_of(&self, rows: &[u32], indices: RowIndices, inputs: Tensor<2>) -> TransferBatch {
        let places = rows.iter().map(|&row| self.parts.places[row as usize]).collect();
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
        Some(match self.is_augmented(data, experiment) || self.parts.needs_trace {
            true => frozen.network.forward(batch.inputs.clone(), Pass::Test),
            false => Trace::of_logits(select(&frozen.parts.logits, &batch.indices)),
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
            let logits = read(frozen.parts.logits.clone()).await?;
            match specialties.iter().find(|(id, _)| *id == frozen.id) {
                Some((_, known)) => said.push((pooled(&logits, known, classes), known)),
                None => generalist = generalist.or(Some(logits)),
            }
        }
        let Some(generalist) = generalist else { return Ok(()) };
        let specialists: Vec<Specialist<'_>> =
            said.iter().map(|(logits, known)| Specialist { logits, subset: known }).collect();
        let fused = fuse_specialists(&generalist, &specialists, classes);
        self.parts.fused = Some((upload(fused.clone(), classes, &data.device), fused));
        Ok(())
    }

    /// What they say of a batch; `None` where there are no specialists.
    pub fn fused_trace(&self, batch: &TransferBatch) -> Option<Trace> {
        self.parts.fused.as_ref().map(|(logits, _)| Trace::of_logits(select(logits, &batch.indices)))
    }

    /// The same of some rows in the CPU's memory; says whether there are specialists.
    pub fn fused_rows(&self, rows: &[u32], classes: usize, to: &mut Vec<f32>) -> bool {
        let Some((_, logits)) = &self.parts.fused else { return false };
        to.clear();
        copy_rows(logits, classes, rows, to);
        true
    }

    /// Another network takes the place of a finished one and is asked about every batch from now on.
    pub fn replace(&mut self, id: NetworkId, network: Network) {
        self.parts.needs_trace = true;
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
        // A picture that is drawn has no label, and is shown once.
        experiment.weights.used().next().filter(|_| self.parts.generator.is_none())?;
        let first = &self.frozen.first()?.parts.logits;
        let known = || labels_or_teacher_argmax(data, first, &self.parts.seen);
        Some(select(self.parts.classes.get_or_insert_with(known), &batch.indices).autodiff())
    }

    /// The inputs of as many transfer examples as a batch has, the first ones; `None` if there are none.
    pub fn first_inputs(&self, data: &DeviceDataset, size: u32) -> Option<Tensor<2>> {
        let rows: Vec<u32> = self.rows.iter().copied().cycle().take(size as usize).collect();
        (!rows.is_empty()).then(|| select(&self.parts.inputs, &data.row_indices(&rows)))
    }

    /// A finished network.
    pub fn network(&self, id: NetworkId) -> Option<&Network> {
        self.frozen.iter().find(|frozen| frozen.id == id).map(|frozen| &frozen.network)
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

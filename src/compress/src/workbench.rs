//! The workbench: networks in, orders carried out, reports out. Every number it gives is measured on the network that
//! was read back from the packed file whose length it gives.
//!
//! Like the engine's session it knows nothing of workers or terminals. Whoever drives it calls [`Workbench::handle`]
//! for each order and [`Workbench::work`] again and again while it [`is busy`](Workbench::is_busy).

mod pipeline_run;
mod questions;

use std::collections::VecDeque;

use retort_spec::{
    Answer, Bits, CompressionResult, CompressionStep, EvaluationData, FileData, FileFormat, FileProblem, Granularity,
    NetworkFile, NetworkId, Pipeline, PipelineEnd, QuantScheme, Task, WeightHistogram, WorkbenchCommand,
    WorkbenchEvent, geometry::ShapeError, places, probability::argmax,
};

use crate::{
    format::{
        onnx::{self, Style},
        pack::{Note, PackError, Packing, pack, set_accuracy, unpack},
        safetensors,
    },
    network::{
        histogram::{histogram, levels},
        model::{LayerModel, Matrix, Model},
    },
    quantization::ptq,
};
use pipeline_run::PipelineRun;

pub use questions::{GpuTimes, GpuWords};

/// Receives the events.
pub type EventSink<'a> = dyn FnMut(WorkbenchEvent) + 'a;

/// Packs networks and measures what comes back.
pub struct Workbench {
    examples: EvaluationData,
    /// The network of each run that is to be compressed.
    networks: Vec<(u32, RunNetwork)>,
    /// What is still to be done, a little at a time.
    tasks: VecDeque<WorkItem>,
    /// What is known so far of the plain schemes, each with its run.
    rows: Vec<(u32, CompressionResult)>,
    /// The network that was last looked at.
    current: Option<PackedModel>,
    flow: Option<PipelineRun>,
    /// What the stages of the last pipeline left.
    stages: Vec<PackedModel>,
    /// The network of the last file that was read.
    imported: Option<Vec<u8>>,
    /// Shows milliseconds.
    clock: fn() -> f64,
}

/// A trained network.
#[derive(Debug, Clone)]
struct RunNetwork {
    id: NetworkId,
    model: Model,
}

/// A network made smaller, as it was read back from its file.
#[derive(Debug, Clone)]
struct PackedModel {
    model: Model,
    file: Vec<u8>,
    link: String,
    done: CompressionResult,
}

/// A little of a long task.
enum WorkItem {
    /// One plain scheme of a run's network; the last one tells.
    Row { run: u32, scheme: QuantScheme, is_last: bool },
    /// The sensitivity of each layer.
    Sensitivity(QuantScheme),
    /// How long it takes.
    Latency,
}

/// Every plain scheme: each format, and for integers each granularity.
pub fn plain_schemes() -> impl Iterator<Item = QuantScheme> {
    Bits::ALL.iter().flat_map(|&bits| {
        let granularities = if bits.is_integer() { Granularity::ALL } else { &[Granularity::Channel] };
        granularities.iter().map(move |&granularity| QuantScheme { granularity, ..QuantScheme::of(bits) })
    })
}

impl Workbench {
    /// An empty workbench, with a clock that shows milliseconds.
    pub fn new(clock: fn() -> f64) -> Self {
        Self {
            examples: EvaluationData::default(),
            networks: Vec::new(),
            tasks: VecDeque::new(),
            rows: Vec::new(),
            current: None,
            flow: None,
            stages: Vec::new(),
            imported: None,
            clock,
        }
    }

    /// Whether [`work`](Self::work) has anything to do.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Carries out an order, or begins to.
    pub fn handle(&mut self, order: WorkbenchCommand, emit: &mut EventSink<'_>) {
        match order {
            WorkbenchCommand::EvaluationData(examples) => {
                if *examples != self.examples {
                    self.forget(emit);
                    self.examples = *examples;
                }
            }
            WorkbenchCommand::Forget => self.forget(emit),
            WorkbenchCommand::Network(NetworkFile { run, network_id, file }) => {
                self.add_network(run, network_id, &file, emit)
            }
            WorkbenchCommand::Quantize { scheme, seed, link } => self.quantize_first_run(scheme, seed, link, emit),
            WorkbenchCommand::Sensitivity(scheme) => self.tasks.push_back(WorkItem::Sensitivity(scheme)),
            WorkbenchCommand::Latency => self.tasks.push_back(WorkItem::Latency),
            WorkbenchCommand::Compress { id, run, pipeline, seed, link } => {
                self.cancel_pipeline(emit);
                self.stages.clear();
                match self.network(run).cloned() {
                    Some(network) => {
                        let flow = PipelineRun::new(id, run, pipeline, seed, link, network);
                        self.begin(flow, emit);
                    }
                    None => emit(WorkbenchEvent::Ended { id, reason: Some(PipelineEnd::NoStudent) }),
                }
            }
            WorkbenchCommand::FineTuned(tuned) => self.fine_tuned(tuned, emit),
            WorkbenchCommand::CancelPipeline => self.cancel_pipeline(emit),
            WorkbenchCommand::Export { format, stage, name } => self.export(format, stage, name, emit),
            WorkbenchCommand::MeasureFiles { stage } => self.file_sizes(stage, emit),
            WorkbenchCommand::Import(file) => self.import(file, emit),
            WorkbenchCommand::UseImported => {
                if let (Some(file), Some(replaced)) = (self.imported.clone(), self.network(0)) {
                    self.add_network(0, replaced.id, &file, emit);
                }
            }
            WorkbenchCommand::Classify { id, inputs } => {
                if let Some(made) = self.current.as_ref().filter(|_| self.is_whole(&inputs)) {
                    emit(WorkbenchEvent::Answers { id, answer: made.answer(&inputs) });
                }
            }
            WorkbenchCommand::Ping => emit(WorkbenchEvent::Pong),
        }
    }

    /// Does a little of what is to be done.
    pub fn work(&mut self, emit: &mut EventSink<'_>) {
        match self.tasks.pop_front() {
            Some(WorkItem::Row { run, scheme, is_last }) => self.row(run, scheme, is_last, emit),
            Some(WorkItem::Sensitivity(scheme)) => self.sensitivity(scheme, emit),
            Some(WorkItem::Latency) => self.latency(emit),
            None => {}
        }
    }

    fn forget(&mut self, emit: &mut EventSink<'_>) {
        self.cancel_pipeline(emit);
        self.networks.clear();
        self.tasks.clear();
        self.rows.clear();
        self.current = None;
        self.stages.clear();
    }

    fn network(&self, run: u32) -> Option<&RunNetwork> {
        self.networks.iter().find(|(of, _)| *of == run).map(|(_, network)| network)
    }

    /// Whether inputs are whole examples, one at least.
    fn is_whole(&self, inputs: &[f32]) -> bool {
        let features = self.examples.features as usize;
        features > 0 && !inputs.is_empty() && inputs.len().is_multiple_of(features)
    }

    /// Takes a trained network in.
    fn add_network(&mut self, run: u32, id: NetworkId, file: &[u8], emit: &mut EventSink<'_>) {
        let model = match unpack(file) {
            Ok((model, _)) if self.matches_data(&model) => model,
            Ok(_) => return,
            Err(error) => {
                return emit(WorkbenchEvent::Refused {
                    name: id.to_string(),
                    reason: FileProblem::Other(error.to_string()),
                });
            }
        };
        self.networks.retain(|(of, _)| *of != run);
        self.networks.push((run, RunNetwork { id, model }));
        self.tasks.retain(|task| !matches!(task, WorkItem::Row { run: of, .. } if *of == run));
        self.rows.retain(|(of, _)| *of != run);
        let schemes: Vec<QuantScheme> = plain_schemes().collect();
        let last = schemes.len() - 1;
        let unit = |(place, scheme)| WorkItem::Row { run, scheme, is_last: place == last };
        self.tasks.extend(schemes.into_iter().enumerate().map(unit));
    }

    /// Whether the examples are such as a network was made for.
    fn matches_data(&self, model: &Model) -> bool {
        let classes = model.layers.last().map_or(0, LayerModel::outputs);
        (model.features, classes) == (self.examples.features as usize, self.examples.classes as usize)
    }

    fn row(&mut self, run: u32, scheme: QuantScheme, is_last: bool, emit: &mut EventSink<'_>) {
        let Some(network) = self.network(run).cloned() else { return };
        match self.quantized(&network, scheme, 0, String::new(), &mut |_| {}) {
            Ok(made) => self.rows.push((run, made.done)),
            Err(error) => emit(refused(network.id, &error)),
        }
        match is_last {
            true => {
                let (done, others) = std::mem::take(&mut self.rows).into_iter().partition(|(of, _)| *of == run);
                self.rows = others;
                let rows: Vec<(u32, CompressionResult)> = done;
                emit(WorkbenchEvent::Compressed { run, rows: rows.into_iter().map(|(_, row)| row).collect() });
            }
            false if run == 0 => {
                let (done, all) = (self.rows.iter().filter(|(of, _)| *of == run).count(), plain_schemes().count());
                emit(WorkbenchEvent::Progress { task: Task::Schemes, share: done as f64 / all as f64 });
            }
            false => {}
        }
    }

    fn quantize_first_run(&mut self, scheme: QuantScheme, seed: u32, link: String, emit: &mut EventSink<'_>) {
        let Some(network) = self.network(0).cloned() else { return };
        let made = self.quantized(&network, scheme, seed, link, &mut ptq_progress(emit));
        let made = match made {
            Ok(made) => made,
            Err(error) => return emit(refused(network.id, &error)),
        };
        emit(WorkbenchEvent::Quantized(Box::new(made.done.clone())));
        if !self.examples.image && self.is_whole(&places()) {
            emit(WorkbenchEvent::Regions(made.answer(&places())));
        }
        self.current = Some(made);
    }

    /// A network in a plain scheme.
    fn quantized(
        &self,
        float: &RunNetwork,
        scheme: QuantScheme,
        seed: u32,
        link: String,
        progress: &mut dyn FnMut(f64),
    ) -> Result<PackedModel, PackError> {
        let start = (self.clock)();
        let model = ptq::quantize(&float.model, &scheme, &self.examples.calibration, seed, progress);
        let seconds = ((self.clock)() - start) / 1000.0;
        self.make(&model, float, Pipeline(vec![CompressionStep::Quantize(scheme)]), link, seconds)
    }

    /// Packs a network, reads it back and measures what was read; `before` is the trained one that it was made from.
    fn make(
        &self,
        model: &Model,
        before: &RunNetwork,
        pipeline: Pipeline,
        link: String,
        seconds: f64,
    ) -> Result<PackedModel, PackError> {
        let huffman = pipeline.0.last() == Some(&CompressionStep::Huffman);
        let note = Note { link: link.clone(), accuracy: None };
        let mut packed = pack(model, &Packing { huffman, note })?;
        let (back, _) = unpack(&packed.file)?;
        let answers = self.predictions(&back);
        let right = answers.iter().zip(&self.examples.labels).filter(|(said, label)| said == label).count();
        let accuracy = right as f64 / self.examples.labels.len().max(1) as f64;
        set_accuracy(&mut packed.file, accuracy);
        let matrices = || back.layers.iter().flat_map(|part| &part.factors);
        let all: usize = matrices().map(|matrix| matrix.rows * matrix.columns).sum();
        let kept: usize = matrices().map(Matrix::kept).sum();
        let done = CompressionResult {
            network_id: before.id,
            pipeline,
            bytes: packed.breakdown.total(),
            breakdown: packed.breakdown,
            accuracy,
            answers,
            layers: histograms(&before.model, &back),
            layouts: packed.layouts,
            sparsity: 1.0 - kept as f64 / all.max(1) as f64,
            seconds,
        };
        Ok(PackedModel { model: back, file: packed.file, link, done })
    }

    /// The class that a network gives each test example.
    fn predictions(&self, model: &Model) -> Vec<u8> {
        /// Windows of more images at once take more memory than a phone has to spare.
        const IMAGES: usize = 64;
        let classes = self.examples.classes.max(1) as usize;
        let rows = self.examples.test.chunks(self.examples.features.max(1) as usize * IMAGES);
        let logits = rows.flat_map(|inputs| model.logits(inputs)).collect::<Vec<f32>>();
        let told = (self.examples.told as usize).min(classes);
        // Where the task is told, only its classes compete.
        let class = |(example, logits): (usize, &[f32])| {
            let label = self.examples.labels.get(example).map_or(0, |label| usize::from(*label));
            let task = match told {
                0 => 0..classes,
                told if label < told => 0..told,
                told => told..classes,
            };
            (task.start + argmax(&logits[task]).unwrap_or(0)) as u8
        };
        logits.chunks_exact(classes).enumerate().map(class).collect()
    }

    fn made(&self, stage: Option<u32>) -> Option<&PackedModel> {
        match stage {
            None => self.current.as_ref(),
            Some(stage) => self.stages.get(stage as usize),
        }
    }

    fn export(&self, format: FileFormat, stage: Option<u32>, name: String, emit: &mut EventSink<'_>) {
        let name = format!("{name}.{}", format.ending());
        let made = self.made(stage).ok_or_else(|| "there is no such network any more".to_owned());
        match made.and_then(|made| made.written(format, &made.link).map_err(|error| error.to_string())) {
            Ok(bytes) => emit(WorkbenchEvent::File(FileData { name, bytes })),
            Err(reason) => emit(WorkbenchEvent::Refused { name, reason: FileProblem::Other(reason) }),
        }
    }

    /// Lengths of all files of a network, in the order of [`FileFormat::ALL`], without the link that each will hold;
    /// nothing where there is no such network any more.
    fn file_sizes(&self, stage: Option<u32>, emit: &mut EventSink<'_>) {
        let Some(made) = self.made(stage) else { return };
        let length = |format: FileFormat| match format {
            FileFormat::Packed => made.done.bytes,
            _ => made.written(format, "").map_or(0, |file| file.len() as u32),
        };
        emit(WorkbenchEvent::FileSizes { stage, bytes: FileFormat::ALL.map(length).to_vec() });
    }
}

impl PackedModel {
    /// What it says of inputs.
    fn answer(&self, inputs: &[f32]) -> Answer {
        Answer { network_id: self.done.network_id, packed: true, logits: self.model.logits(inputs).into() }
    }

    /// The network as a file, with a link among its notes.
    ///
    /// # Errors
    /// If its layers do not fit each other.
    fn written(&self, format: FileFormat, link: &str) -> Result<Vec<u8>, ShapeError> {
        let permille = (1000.0 * self.done.accuracy).round() as u32;
        let note = [
            ("permalink", link.to_owned()),
            ("made", self.done.pipeline.to_string()),
            ("accuracy", format!("{}.{}", permille / 1000, thousandths(permille % 1000))),
            ("bytes", self.done.bytes.to_string()),
        ];
        match format {
            FileFormat::Packed => Ok(self.file.clone()),
            FileFormat::Onnx => onnx::write(&self.model, &note, Style::Float),
            FileFormat::OnnxQdq => onnx::write(&self.model, &note, Style::Qdq),
            FileFormat::Safetensors => safetensors::write(&self.model, &note, false),
            FileFormat::SafetensorsHalf => safetensors::write(&self.model, &note, true),
        }
    }
}

/// Tells how far a repair is, a hundredth at a time: it takes thousands of steps.
fn ptq_progress(emit: &mut EventSink<'_>) -> impl FnMut(f64) {
    let mut told = 0;
    move |share| {
        let hundredths = (100.0 * share) as u32;
        if hundredths > told {
            told = hundredths;
            emit(WorkbenchEvent::Progress { task: Task::PtqMethod, share });
        }
    }
}

fn thousandths(number: u32) -> String {
    format!("{}{}{}", number / 100, number / 10 % 10, number % 10)
}

fn refused(id: NetworkId, error: &PackError) -> WorkbenchEvent {
    WorkbenchEvent::Refused { name: id.to_string(), reason: FileProblem::Other(error.to_string()) }
}

/// What became of the weights of each layer whose shape is the same as before.
fn histograms(before: &Model, after: &Model) -> Vec<WeightHistogram> {
    let same = before.shapes() == after.shapes();
    let pairs = before.layers.iter().zip(&after.layers).filter(|_| same);
    pairs
        .map(|(before, after)| {
            let grid = match &after.factors[..] {
                [whole] => levels(whole),
                _ => Vec::new(),
            };
            histogram(&before.weight(), &after.weight(), grid)
        })
        .collect()
}

#[cfg(test)]
mod tests;

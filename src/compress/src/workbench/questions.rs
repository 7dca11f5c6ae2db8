//! What the workbench answers besides: how much hangs on each layer, how long networks take, what a file holds.

use retort_spec::{
    FileData, FileProblem, Foreign, Imported, Latency, NetworkKind, NoGpu, QuantScheme, Sensitivity, Task, Timing,
    WorkbenchEvent, largest_file_mb,
};

use super::{EventSink, RunNetwork, Workbench};
use crate::{
    format::{
        gzip,
        pack::{pack_float, unpack},
        safetensors::{self, Opened, ReadError},
    },
    network::{histogram::sqnr, model::Model},
    quantization::ptq,
    run::{
        integer::{
            self, NotInteger,
            dots::{self, Words},
        },
        latency::{self, Contender},
    },
};

/// Examples at once whose time is measured.
const BATCHES: [usize; 2] = [1, 64];
/// Milliseconds that measuring one of them takes.
const PATIENCE: f64 = 700.0;

impl Workbench {
    /// Quantizes each layer alone, and all but each.
    pub(super) fn sensitivity(&mut self, scheme: QuantScheme, emit: &mut EventSink<'_>) {
        let Some(RunNetwork { model: trained, .. }) = self.network(0) else { return };
        let all = ptq::quantize(trained, &scheme, &self.examples.calibration, 0, &mut |_| {});
        // Only layers whose channels were scaled alike can stand in one network.
        let float = ptq::equalized(trained, &scheme);
        let count = float.layers.len();
        let mut layers = Vec::new();
        for index in 0..count {
            emit(WorkbenchEvent::Progress { task: Task::Sensitivity, share: index as f64 / count as f64 });
            let mixed = |quantized: bool| {
                let (inside, outside) = if quantized { (&all, &float) } else { (&float, &all) };
                let mut model = outside.clone();
                model.activations = float.activations.clone();
                model.layers[index] = inside.layers[index].clone();
                model
            };
            let noise = sqnr(&float.layers[index].weight(), &all.layers[index].weight());
            layers.push(Sensitivity {
                alone: self.accuracy(&mixed(true)),
                without: self.accuracy(&mixed(false)),
                sqnr: noise.is_finite().then_some(noise),
            });
        }
        emit(WorkbenchEvent::Sensitivity { scheme, layers });
    }

    fn accuracy(&self, model: &Model) -> f64 {
        let said = self.predictions(model);
        let right = said.iter().zip(&self.examples.labels).filter(|(said, label)| said == label).count();
        right as f64 / self.examples.labels.len().max(1) as f64
    }

    /// Measures the network that was last looked at, in single precision and in integers, in turns.
    pub(super) fn latency(&mut self, emit: &mut EventSink<'_>) {
        let (Some(made), Some(RunNetwork { model: float, .. })) = (&self.current, self.network(0)) else { return };
        let features = self.examples.features as usize;
        let integer = integer::prepare(&made.model).map_err(|why| why.to_string());
        let mut times = Vec::new();
        for (place, batch) in BATCHES.into_iter().enumerate() {
            emit(WorkbenchEvent::Progress { task: Task::Latency, share: place as f64 / (2 * BATCHES.len()) as f64 });
            let Some(inputs) = self.examples.test.get(..batch * features) else { continue };
            let mut sink = 0.0;
            let mut bits = 0_i32;
            let mut one = || sink += float.logits(inputs).first().copied().unwrap_or_default();
            let mut other = || {
                if let Ok(integer) = &integer {
                    bits += integer.logits(inputs).first().map_or(0, |logit| *logit as i32);
                }
            };
            let mut contenders =
                vec![Contender { name: "float", run: &mut one }, Contender { name: "integer", run: &mut other }];
            if integer.is_err() {
                contenders.truncate(1);
            }
            let mut clock = self.clock;
            let timings = match latency::measure(&mut clock, &mut contenders, PATIENCE) {
                Ok(timings) => timings,
                Err(why) => {
                    return emit(WorkbenchEvent::Refused {
                        name: "latency".into(),
                        reason: FileProblem::Other(why.to_string()),
                    });
                }
            };
            // What was computed is used, so that nothing is left out.
            std::hint::black_box((sink, bits));
            times.extend(compared(batch, false, &timings, integer.as_ref().err()));
        }
        emit(WorkbenchEvent::Latency { times, no_gpu: None });
    }

    /// The network that was last looked at for a GPU, which whoever drives the workbench may have.
    ///
    /// # Errors
    /// Why it cannot be computed there; `None` where integers cannot compute it anywhere, or there is nothing yet.
    pub fn words(&self) -> Result<GpuWords, Option<NoGpu>> {
        let (Some(made), Some(RunNetwork { model: float, .. })) = (&self.current, self.network(0)) else {
            return Err(None);
        };
        let exact = integer::prepare(&made.model).map_err(|_| None)?;
        let features = self.examples.features as usize;
        let batches: Vec<usize> =
            BATCHES.into_iter().filter(|batch| batch * features <= self.examples.test.len()).collect();
        let most = batches.last().copied().ok_or(None)?;
        let inputs = &self.examples.test[..most * features];
        let integer = dots::integers(&made.model, inputs).map_err(|why| match why {
            NotInteger::Kind => Some(NoGpu::Kind),
            NotInteger::Wide(_) => Some(NoGpu::Wide),
            other => Some(NoGpu::Failed(other.to_string())),
        })?;
        Ok(GpuWords { float: dots::floats(float, inputs), integer, batches, expected: exact.codes(inputs) })
    }

    /// Reads a file as a network.
    pub(super) fn import(&mut self, file: FileData, emit: &mut EventSink<'_>) {
        let FileData { name, bytes } = file;
        let Opened { model, metadata, open_order, passed_over } = match network(&bytes) {
            Ok(read) => read,
            Err(reason) => return emit(WorkbenchEvent::Refused { name, reason }),
        };
        let link = metadata.into_iter().find(|(key, _)| key == "permalink").map(|(_, link)| link);
        let accuracy = self.matches_data(&model).then(|| self.accuracy(&model));
        let file = pack_float(model.kind, model.features, &model.to_layers());
        self.imported = Some(file.clone());
        emit(WorkbenchEvent::Imported(Box::new(Imported {
            name,
            kind: model.kind,
            widths: widths(&model),
            link: link.filter(|link| !link.is_empty()),
            accuracy,
            file,
            open_order,
            passed_over,
        })));
    }
}

/// The network of a file, packed or safetensors, plain or gzip.
fn network(file: &[u8]) -> Result<Opened, FileProblem> {
    let is_packed = file.starts_with(&gzip::MAGIC);
    let unpacked = is_packed.then(|| gzip::unpack(file, largest_file_mb(false) as usize * 1_000_000)).transpose()?;
    let file = unpacked.as_deref().unwrap_or(file);
    match Foreign::of(file) {
        Some(Foreign::Retort) => {
            let (model, note) = unpack(file).map_err(|error| FileProblem::Other(error.to_string()))?;
            let metadata = vec![("permalink".to_owned(), note.link)];
            Ok(Opened { model, metadata, open_order: Vec::new(), passed_over: Vec::new() })
        }
        Some(Foreign::Safetensors) => safetensors::read(file).map_err(|error| match error {
            ReadError::Short { .. } => FileProblem::HeaderCut { bytes: file.len() as u32 },
            ReadError::Cut { bytes, announced } => {
                FileProblem::Cut { bytes: bytes as u32, announced: announced as u32 }
            }
            other => FileProblem::Other(other.to_string()),
        }),
        Some(foreign) => Err(FileProblem::Foreign(foreign)),
        None => Err(match file.first_chunk::<8>() {
            Some([a, b, c, d, ..]) => FileProblem::NotNetwork { first: format!("{a:02x}{b:02x}{c:02x}{d:02x}") },
            None => FileProblem::HeaderCut { bytes: file.len() as u32 },
        }),
    }
}

/// A network on a GPU: in single precision and in integers.
pub struct GpuWords {
    /// The trained network.
    pub float: Words<[f32; 4], f32>,
    /// The network that was looked at.
    pub integer: Words<u32, i32>,
    /// Examples at once whose time is to be measured.
    pub batches: Vec<usize>,
    /// The codes that the processor computes, `[examples, classes]`.
    pub expected: Vec<i8>,
}

/// What a GPU took for one batch.
pub struct GpuTimes {
    /// Milliseconds a call in single precision and in integers, of the same rounds.
    pub samples: [Vec<f64>; 2],
    /// Calls in a sample of each.
    pub repeats: [usize; 2],
    /// What the integers gave, `[examples, words]`.
    pub words: Vec<u32>,
}

impl GpuWords {
    /// What was measured, if the GPU's integers are the processor's.
    ///
    /// # Errors
    /// If they are not.
    pub fn latency(&self, batch: usize, times: GpuTimes, resolution: f64) -> Result<Latency, NoGpu> {
        let classes = self.expected.len() / self.batches.last().copied().unwrap_or(1).max(1);
        let codes = dots::codes(&times.words, classes);
        if codes.is_empty() || !self.expected.starts_with(&codes) {
            return Err(NoGpu::Failed("its integers are not those of the processor".into()));
        }
        let timing = |(samples, repeats)| latency::Timing::of("", samples, repeats, resolution);
        let timings: Vec<_> = times.samples.into_iter().zip(times.repeats).map(timing).collect();
        compared(batch, true, &timings, None).ok_or_else(|| NoGpu::Failed("it measured nothing".into()))
    }
}

/// What is told of timings: of single precision, and of integers if they can compute the network.
fn compared(batch: usize, is_gpu: bool, timings: &[latency::Timing], refused: Option<&String>) -> Option<Latency> {
    let (float, integer) = (timings.first()?, timings.get(1));
    let ratio = integer.map(|integer| latency::ratio(integer, float));
    Some(Latency {
        batch: batch as u32,
        is_gpu,
        float: short(float),
        integer: match (integer, refused) {
            (Some(integer), _) => Ok(short(integer)),
            (None, why) => Err(why.cloned().unwrap_or_default()),
        },
        // Too few samples hold no such interval.
        ratio: ratio.filter(|ratio| ratio.high.is_finite()).map(|ratio| [ratio.low, ratio.value, ratio.high]),
    })
}

/// Widths of the hidden layers, channels or blocks.
fn widths(model: &Model) -> Vec<u32> {
    let outputs: Vec<u32> = model.layers.iter().map(|part| part.outputs() as u32).collect();
    let Some((_, hidden)) = outputs.split_last() else { return Vec::new() };
    match model.kind {
        NetworkKind::Residual => {}
        // Between two stages stands the layer that sees every channel alone.
        NetworkKind::Separable => return hidden.iter().step_by(2).copied().collect(),
        _ => return hidden.to_vec(),
    }
    let (mut widths, mut channels, mut at) = (Vec::new(), hidden.first().copied().unwrap_or_default(), 1);
    while let Some(&width) = hidden.get(at + 1) {
        widths.push(width);
        at += if width == channels { 2 } else { 3 };
        channels = width;
    }
    widths
}

fn short(timing: &latency::Timing) -> Timing {
    let &latency::Timing { median, low, high, repeats, .. } = timing;
    Timing { median, low, high, samples: timing.samples.len() as u32, repeats: repeats as u32 }
}

//! The workbench from outside: orders in, reports out, and the engine's part played by hand.

use std::{sync::OnceLock, time::Instant};

use rand::RngExt;
use retort_spec::{
    Activations, Architecture, FileProblem, FineTuneRequest, FineTuneResult, Floats, Foreign, Imported, Latency,
    Layout, NetworkKind, PipelineError, Range, Rounding, Sensitivity, TunedLayer, TunedMatrix,
};

use super::*;
use crate::{
    Layer,
    format::pack::pack_float,
    network::model::{Affine, Coding, Values},
    quantization::weights,
    random::stream,
    reduction::prune,
};

mod extremes;
mod files;
mod fuzz;
mod pipelines;
mod questions;
mod rows;

/// A clock that runs a hundred times as fast as time, so that nobody waits for it.
fn clock() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 100_000.0
}

const KINDS: [&str; 4] = ["12,8", "conv:4,8", "separable:4,8", "residual:4,8"];

/// A network of images of 8×8 pixels in four classes.
fn network(text: &str) -> Model {
    let architecture: Architecture = text.parse().unwrap();
    let mut generator = stream(7, text);
    let layers: Vec<Layer> = architecture
        .layers(64, 4)
        .iter()
        .map(|shape| {
            // Most weights are small, as those of trained networks are.
            let mut draw = |count: usize, most: f32| -> Vec<f32> {
                (0..count).map(|_| generator.random_range(-1.0..1.0_f32).powi(3) * most).collect()
            };
            let weight = draw(shape.inputs * shape.outputs, (12.0 / shape.inputs as f32).sqrt());
            Layer { inputs: shape.inputs, outputs: shape.outputs, weight, bias: draw(shape.outputs, 0.1) }
        })
        .collect();
    Model::new(architecture.kind, 64, &layers)
}

/// What a network makes of inputs, one class each.
fn classes_of(model: &Model, inputs: &[f32]) -> Vec<u8> {
    let classes = model.layers.last().unwrap().outputs();
    model.logits(inputs).chunks_exact(classes).map(|logits| argmax(logits).unwrap() as u8).collect()
}

/// Images that a network has right but for every fifth.
fn images(model: &Model, count: usize) -> EvaluationData {
    let test = crate::quantization::layer_pairs::tests::examples(count, 64);
    let mut labels = classes_of(model, &test);
    labels.iter_mut().step_by(5).for_each(|label| *label = (*label + 1) % 4);
    let calibration = crate::quantization::layer_pairs::tests::examples(count + 24, 64).split_off(count * 64).into();
    EvaluationData { features: 64, classes: 4, image: true, test: test.into(), labels, calibration, told: 0 }
}

fn student(run: u32, model: &Model) -> WorkbenchCommand {
    trained_network(run, NetworkId::STUDENT, model)
}

fn trained_network(run: u32, network_id: NetworkId, model: &Model) -> WorkbenchCommand {
    let file = pack_float(model.kind, model.features, &model.to_layers());
    WorkbenchCommand::Network(NetworkFile { run, network_id, file })
}

/// A workbench that knows a network as the first run's student, and nothing to do.
fn workbench(model: &Model, examples: EvaluationData) -> Workbench {
    let mut bench = Workbench::new(clock);
    tell(&mut bench, WorkbenchCommand::EvaluationData(Box::new(examples)));
    tell(&mut bench, student(0, model));
    bench.tasks.clear();
    bench
}

/// Carries out an order and what follows from it, without anybody to train.
fn tell(bench: &mut Workbench, order: WorkbenchCommand) -> Vec<WorkbenchEvent> {
    let mut reports = Vec::new();
    bench.handle(order, &mut |report| reports.push(report));
    reports
}

/// The same, and all that is left to do.
fn finish(bench: &mut Workbench, order: WorkbenchCommand) -> Vec<WorkbenchEvent> {
    let mut reports = tell(bench, order);
    while bench.is_busy() {
        bench.work(&mut |report| reports.push(report));
    }
    reports
}

/// The same with somebody who answers when something is to be trained.
fn with(
    bench: &mut Workbench,
    order: WorkbenchCommand,
    engine: &mut dyn FnMut(&FineTuneRequest) -> FineTuneResult,
) -> Vec<WorkbenchEvent> {
    let mut reports = finish(bench, order);
    while let Some(WorkbenchEvent::FineTune(tuning)) = reports.last() {
        let answer = engine(tuning);
        reports.extend(finish(bench, WorkbenchCommand::FineTuned(answer)));
    }
    reports
}

fn compress(id: u32, pipeline: &str) -> WorkbenchCommand {
    WorkbenchCommand::Compress { id, run: 0, pipeline: pipeline.parse().unwrap(), seed: 3, link: "v=1".into() }
}

fn quantize_first_run(scheme: &str) -> WorkbenchCommand {
    WorkbenchCommand::Quantize { scheme: scheme.parse().unwrap(), seed: 3, link: "v=1".into() }
}

fn looked(bench: &mut Workbench, scheme: &str) -> CompressionResult {
    let reports = finish(bench, quantize_first_run(scheme));
    let of = |report: WorkbenchEvent| if let WorkbenchEvent::Quantized(looked) = report { Some(*looked) } else { None };
    reports.into_iter().find_map(of).unwrap()
}

/// What the stages of a pipeline left, the network before them first.
fn stages(reports: &[WorkbenchEvent]) -> Vec<(Option<u32>, CompressionResult)> {
    let of = |report: &WorkbenchEvent| match report {
        WorkbenchEvent::Stage { place, done, .. } => Some((*place, (**done).clone())),
        _ => None,
    };
    reports.iter().filter_map(of).collect()
}

fn ended(reports: &[WorkbenchEvent]) -> Vec<(u32, Option<PipelineEnd>)> {
    let of = |report: &WorkbenchEvent| match report {
        WorkbenchEvent::Ended { id, reason } => Some((*id, reason.clone())),
        _ => None,
    };
    reports.iter().filter_map(of).collect()
}

fn file(bench: &mut Workbench, format: FileFormat, stage: Option<u32>) -> FileData {
    match &tell(bench, WorkbenchCommand::Export { format, stage, name: "net".into() })[..] {
        [WorkbenchEvent::File(file)] => file.clone(),
        other => panic!("{other:?}"),
    }
}

/// The network that a stage left, or the one last looked at, as its file has it.
fn model_of(bench: &mut Workbench, stage: Option<u32>) -> Model {
    unpack(&file(bench, FileFormat::Packed, stage).bytes).unwrap().0
}

/// An engine that makes every number a little larger, prunes where it is asked to, and has seen numbers from -1 to 3.
fn trained(tuning: &FineTuneRequest) -> FineTuneResult {
    let larger = |numbers: &Floats| numbers.iter().map(|x| x * 1.25).collect::<Vec<f32>>().into();
    let matrix = |asked: &TunedMatrix| {
        let mut matrix =
            TunedMatrix { values: larger(&asked.values), codebook: larger(&asked.codebook), ..asked.clone() };
        if let CompressionStep::Gradual { sparsity, .. } = tuning.step {
            let (rows, columns) = (asked.rows as usize, asked.columns as usize);
            let whole = Matrix::float(rows, columns, matrix.values.to_vec());
            matrix.mask = prune::mask(&whole, sparsity).into_iter().map(u8::from).collect();
        }
        matrix
    };
    let layer = |asked: &TunedLayer| TunedLayer {
        bias: larger(&asked.bias),
        factors: asked.factors.iter().map(matrix).collect(),
    };
    let layers: Vec<TunedLayer> = tuning.layers.iter().map(layer).collect();
    let follows = matches!(tuning.step, CompressionStep::QuantizationAware { scheme, .. } if scheme.activations != Activations::Float);
    let ranges = if follows { [-1.0, 3.0].repeat(layers.len() + 1) } else { Vec::new() };
    FineTuneResult { id: tuning.id, layers: Ok(layers), ranges: ranges.into(), seconds: 2.5 }
}

/// The same without what is measured in seconds.
fn timeless(mut done: CompressionResult) -> CompressionResult {
    done.seconds = 0.0;
    done
}

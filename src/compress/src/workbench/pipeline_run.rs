//! A pipeline under way: its stages on the host, and those that the engine trains in between.

use retort_spec::{
    Activations, CompressionStep, FineTuneRequest, FineTuneResult, Pipeline, PipelineEnd, QuantScheme, Range, Rounding,
    ScaleSource, Sparsity, TunedLayer, TunedMatrix, WorkbenchEvent,
};

use super::{EventSink, RunNetwork, Workbench, ptq_progress};
use crate::{
    network::model::{Affine, Codes, Coding, LayerModel, Matrix, Model, Values},
    quantization::{activations::calibrate, ptq, weights},
    random,
    reduction::{lowrank, prune, weight_sharing},
};

/// A pipeline under way.
pub(super) struct PipelineRun {
    id: u32,
    run: u32,
    pipeline: Pipeline,
    seed: u32,
    link: String,
    /// The network as it was.
    before: RunNetwork,
    /// The network as the stages so far left it.
    model: Model,
    /// The stage that comes next.
    next: usize,
}

impl PipelineRun {
    pub(super) fn new(id: u32, run: u32, pipeline: Pipeline, seed: u32, link: String, before: RunNetwork) -> Self {
        Self { id, run, pipeline, seed, link, model: before.model.clone(), before, next: 0 }
    }
}

impl Workbench {
    /// Begins a pipeline: checks it, measures the network that it begins with, and carries out what comes first.
    pub(super) fn begin(&mut self, flow: PipelineRun, emit: &mut EventSink<'_>) {
        if let Err((place, error)) = flow.pipeline.check() {
            let reason = PipelineEnd::PipelineError { place: place as u32, error };
            return emit(WorkbenchEvent::Ended { id: flow.id, reason: Some(reason) });
        }
        match self.make(&flow.model, &flow.before, Pipeline::default(), flow.link.clone(), 0.0) {
            Ok(made) => emit(WorkbenchEvent::Stage { id: flow.id, place: None, done: Box::new(made.done) }),
            Err(error) => return emit(failed(flow.id, error.to_string())),
        }
        self.flow = Some(flow);
        self.run_steps(emit);
    }

    /// Gives up the pipeline under way.
    pub(super) fn cancel_pipeline(&mut self, emit: &mut EventSink<'_>) {
        if let Some(flow) = self.flow.take() {
            emit(WorkbenchEvent::Ended { id: flow.id, reason: Some(PipelineEnd::Abandoned) });
        }
    }

    /// Carries out stages up to one that has to be trained, or to the end.
    fn run_steps(&mut self, emit: &mut EventSink<'_>) {
        while let Some(mut flow) = self.flow.take() {
            let Some(&step) = flow.pipeline.0.get(flow.next) else {
                return emit(WorkbenchEvent::Ended { id: flow.id, reason: None });
            };
            if step.epochs() > 0 {
                let layers = flow.model.layers.iter().map(to_train).collect();
                let (id, run, network_id, kind) = (flow.id, flow.run, flow.before.id, flow.model.kind);
                self.flow = Some(flow);
                return emit(WorkbenchEvent::FineTune(FineTuneRequest { id, run, network_id, kind, step, layers }));
            }
            let start = (self.clock)();
            flow.model = self.apply_step(&flow, step, emit);
            let seconds = ((self.clock)() - start) / 1000.0;
            self.finish_step(flow, seconds, emit);
        }
    }

    /// A stage that needs no training.
    fn apply_step(&self, flow: &PipelineRun, step: CompressionStep, emit: &mut EventSink<'_>) -> Model {
        let model = &flow.model;
        match step {
            CompressionStep::Prune { sparsity, structure: Sparsity::Unstructured } => prune::weights(model, sparsity),
            CompressionStep::Prune { sparsity, structure: Sparsity::Structured } => prune::units(model, sparsity),
            CompressionStep::LowRank(rank) => lowrank::factor(model, rank),
            CompressionStep::Share { bits } => weight_sharing::share(model, bits),
            CompressionStep::Quantize(scheme) => {
                ptq::quantize(model, &scheme, &self.examples.calibration, flow.seed, &mut ptq_progress(emit))
            }
            // How it is written, and nothing else.
            CompressionStep::Huffman => model.clone(),
            // Trained by the engine.
            CompressionStep::Gradual { .. }
            | CompressionStep::FineTune { .. }
            | CompressionStep::QuantizationAware { .. } => model.clone(),
        }
    }

    /// Measures what a stage left and makes it the network of the next one.
    fn finish_step(&mut self, mut flow: PipelineRun, seconds: f64, emit: &mut EventSink<'_>) {
        let place = flow.next;
        flow.next += 1;
        let so_far = Pipeline(flow.pipeline.0[..flow.next].to_vec());
        match self.make(&flow.model, &flow.before, so_far, flow.link.clone(), seconds) {
            Ok(made) => {
                let done = Box::new(made.done.clone());
                emit(WorkbenchEvent::Stage { id: flow.id, place: Some(place as u32), done });
                self.stages.push(made);
                self.flow = Some(flow);
            }
            Err(error) => emit(failed(flow.id, error.to_string())),
        }
    }

    /// The engine has trained what it was asked to.
    pub(super) fn fine_tuned(&mut self, tuned: FineTuneResult, emit: &mut EventSink<'_>) {
        let Some(mut flow) = self.flow.take_if(|flow| flow.id == tuned.id) else { return };
        let layers = match tuned.layers {
            Ok(layers) => layers,
            Err(reason) => return emit(WorkbenchEvent::Ended { id: flow.id, reason: Some(reason) }),
        };
        let Some(&step) = flow.pipeline.0.get(flow.next) else { return };
        let trained = flow.model.layers.iter().zip(&layers).map(|(before, layer)| from_training(before, layer));
        flow.model.layers = trained.collect();
        if let CompressionStep::QuantizationAware { scheme, scales, .. } = step {
            round(&mut flow.model, &layers, &scheme, scales);
            let followed = !matches!(scheme.activations, Activations::Float | Activations::Dynamic);
            flow.model.activations = match tuned.ranges.as_chunks::<2>() {
                (ranges, []) if followed && ranges.len() == layers.len() + 1 => {
                    Coding::Static(ranges.iter().map(|&[low, high]| Affine::covering(low, high)).collect())
                }
                // Without a single step nothing was followed.
                _ => calibrate(&flow.model, scheme.activations, &self.examples.calibration),
            };
        }
        self.finish_step(flow, tuned.seconds, emit);
        self.run_steps(emit);
    }
}

fn failed(id: u32, reason: String) -> WorkbenchEvent {
    WorkbenchEvent::Ended { id, reason: Some(PipelineEnd::Failed { reason }) }
}

/// A layer as the engine is asked to train it.
fn to_train(part: &LayerModel) -> TunedLayer {
    let factor = |matrix: &Matrix| {
        let mask = matrix.mask.iter().flatten().map(|kept| u8::from(*kept)).collect();
        let (rows, columns) = (matrix.rows as u32, matrix.columns as u32);
        let plain = TunedMatrix { rows, columns, mask, ..TunedMatrix::default() };
        match &matrix.values {
            Values::Shared { codebook, indices } => {
                TunedMatrix { codebook: codebook.clone().into(), indices: indices.clone(), ..plain }
            }
            _ => TunedMatrix { values: matrix.values().into(), ..plain },
        }
    };
    TunedLayer { bias: part.bias.clone().into(), factors: part.factors.iter().map(factor).collect() }
}

/// A layer as it came back.
fn from_training(before: &LayerModel, layer: &TunedLayer) -> LayerModel {
    let factor = |(before, matrix): (&Matrix, &TunedMatrix)| {
        let values = match &before.values {
            Values::Shared { indices, .. } => {
                Values::Shared { codebook: matrix.codebook.to_vec(), indices: indices.clone() }
            }
            _ => Values::Float { bits: retort_spec::Bits::B32, values: matrix.values.to_vec() },
        };
        let mask = (!matrix.mask.is_empty()).then(|| matrix.mask.iter().map(|kept| *kept == 1).collect());
        Matrix { values, mask, ..before.clone() }
    };
    let factors = before.factors.iter().zip(&layer.factors).map(factor).collect();
    LayerModel { bias: layer.bias.to_vec(), factors }
}

/// Writes trained weights as the codes that they were trained to be.
fn round(model: &mut Model, layers: &[TunedLayer], scheme: &QuantScheme, scales: ScaleSource) {
    // In training the scales were those of the extremes, or learned, and codes the nearest ones.
    let scheme = QuantScheme { range: Range::MinMax, rounding: Rounding::Nearest, ..*scheme };
    let mut generator = random::stream(0, "no chance is needed");
    for (part, layer) in model.layers.iter_mut().zip(layers) {
        for (matrix, learned) in part.factors.iter_mut().zip(&layer.factors) {
            let mut rounded = weights::quantize(matrix, &scheme, &mut generator);
            if let (ScaleSource::Learned, Values::Codes(codes)) = (scales, &rounded.values)
                && learned.scales.len() == codes.scales.len()
            {
                rounded.values = Values::Codes(by_scales(matrix, codes, &learned.scales));
            }
            *matrix = rounded;
        }
    }
}

/// The codes of a matrix by scales that are known.
fn by_scales(matrix: &Matrix, codes: &Codes, scales: &[f32]) -> Codes {
    let range = weights::codes_of(codes.bits, retort_spec::ZeroPoint::Symmetric);
    let code = |(index, w): (usize, f32)| {
        let (row, column) = (index / matrix.columns, index % matrix.columns);
        let group = crate::network::model::group_of(codes.granularity, matrix.rows, row, column);
        ((w / scales[group]).round_ties_even() as i32).clamp(range.min, range.max)
    };
    let codes_of_weights = matrix.values().into_iter().enumerate().map(code).collect();
    Codes { scales: scales.to_vec(), zero_points: Vec::new(), codes: codes_of_weights, ..codes.clone() }
}

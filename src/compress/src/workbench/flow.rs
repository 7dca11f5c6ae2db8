//! A pipeline under way: its stages on the host, and those that the engine trains in between.

use retort_spec::{
    Activations, CompressionStep, FineTuneRequest, FineTuneResult, Pipeline, PipelineEnd, QuantScheme, Range, Rounding,
    ScaleSource, Sparsity, TunedLayer, TunedMatrix, WorkbenchEvent,
};

use super::{Say, Workbench, mending};
use crate::{
    activations::calibrate,
    lowrank,
    model::{Affine, Codes, Coding, Matrix, Model, Part, Values},
    prune, random, repair, share, weights,
};

/// A pipeline under way.
pub(super) struct Flow {
    id: u32,
    run: u32,
    pipeline: Pipeline,
    seed: u32,
    link: String,
    /// The student as it was.
    before: Model,
    /// The network as the stages so far left it.
    model: Model,
    /// The stage that comes next.
    next: usize,
}

impl Flow {
    pub(super) fn new(id: u32, run: u32, pipeline: Pipeline, seed: u32, link: String, student: Model) -> Self {
        Self { id, run, pipeline, seed, link, before: student.clone(), model: student, next: 0 }
    }
}

impl Workbench {
    /// Begins a pipeline: checks it, measures the network that it begins with, and carries out what comes first.
    pub(super) fn begin(&mut self, flow: Flow, say: &mut Say<'_>) {
        if let Err((place, error)) = flow.pipeline.check() {
            let reason = PipelineEnd::PipelineError { place: place as u32, error };
            return say(WorkbenchEvent::Ended { id: flow.id, reason: Some(reason) });
        }
        match self.make(&flow.model, &flow.before, Pipeline::default(), flow.link.clone(), 0.0) {
            Ok(made) => say(WorkbenchEvent::Stage { id: flow.id, place: None, done: Box::new(made.done) }),
            Err(error) => return say(failed(flow.id, error.to_string())),
        }
        self.flow = Some(flow);
        self.go_on(say);
    }

    /// Gives up the pipeline under way.
    pub(super) fn abandon(&mut self, say: &mut Say<'_>) {
        if let Some(flow) = self.flow.take() {
            say(WorkbenchEvent::Ended { id: flow.id, reason: Some(PipelineEnd::Abandoned) });
        }
    }

    /// Carries out stages up to one that has to be trained, or to the end.
    fn go_on(&mut self, say: &mut Say<'_>) {
        while let Some(mut flow) = self.flow.take() {
            let Some(&step) = flow.pipeline.0.get(flow.next) else {
                return say(WorkbenchEvent::Ended { id: flow.id, reason: None });
            };
            if step.epochs() > 0 {
                let layers = flow.model.layers.iter().map(to_train).collect();
                let (id, run, kind) = (flow.id, flow.run, flow.model.kind);
                self.flow = Some(flow);
                return say(WorkbenchEvent::FineTune(FineTuneRequest { id, run, kind, step, layers }));
            }
            let start = (self.clock)();
            flow.model = self.treated(&flow, step, say);
            let seconds = ((self.clock)() - start) / 1000.0;
            self.close(flow, seconds, say);
        }
    }

    /// A stage that needs no training.
    fn treated(&self, flow: &Flow, step: CompressionStep, say: &mut Say<'_>) -> Model {
        let model = &flow.model;
        match step {
            CompressionStep::Prune { sparsity, structure: Sparsity::Unstructured } => prune::weights(model, sparsity),
            CompressionStep::Prune { sparsity, structure: Sparsity::Structured } => prune::units(model, sparsity),
            CompressionStep::LowRank(rank) => lowrank::factor(model, rank),
            CompressionStep::Share { bits } => share::share(model, bits),
            CompressionStep::Quantize(scheme) => {
                repair::quantize(model, &scheme, &self.examples.calibration, flow.seed, &mut mending(say))
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
    fn close(&mut self, mut flow: Flow, seconds: f64, say: &mut Say<'_>) {
        let place = flow.next;
        flow.next += 1;
        let so_far = Pipeline(flow.pipeline.0[..flow.next].to_vec());
        match self.make(&flow.model, &flow.before, so_far, flow.link.clone(), seconds) {
            Ok(made) => {
                let done = Box::new(made.done.clone());
                say(WorkbenchEvent::Stage { id: flow.id, place: Some(place as u32), done });
                self.stages.push(made);
                self.flow = Some(flow);
            }
            Err(error) => say(failed(flow.id, error.to_string())),
        }
    }

    /// The engine has trained what it was asked to.
    pub(super) fn tuned(&mut self, tuned: FineTuneResult, say: &mut Say<'_>) {
        let Some(mut flow) = self.flow.take_if(|flow| flow.id == tuned.id) else { return };
        let layers = match tuned.layers {
            Ok(layers) => layers,
            Err(reason) => return say(WorkbenchEvent::Ended { id: flow.id, reason: Some(reason) }),
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
        self.close(flow, tuned.seconds, say);
        self.go_on(say);
    }
}

fn failed(id: u32, reason: String) -> WorkbenchEvent {
    WorkbenchEvent::Ended { id, reason: Some(PipelineEnd::Failed { reason }) }
}

/// A layer as the engine is asked to train it.
fn to_train(part: &Part) -> TunedLayer {
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
fn from_training(before: &Part, layer: &TunedLayer) -> Part {
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
    Part { bias: layer.bias.to_vec(), factors }
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
        let group = crate::model::group_of(codes.granularity, matrix.rows, row, column);
        ((w / scales[group]).round_ties_even() as i32).clamp(range.min, range.max)
    };
    let codes_of_weights = matrix.values().into_iter().enumerate().map(code).collect();
    Codes { scales: scales.to_vec(), zero_points: Vec::new(), codes: codes_of_weights, ..codes.clone() }
}

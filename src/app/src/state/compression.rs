//! What the page knows of compressed networks.

use std::rc::Rc;

use retort_spec::{
    Answer, Architecture, CompressionResult, CompressionStep, Experiment, Imported, Latency, NetworkId, NoGpu, Phase,
    Pipeline, PipelineEnd, QuantScheme, Sensitivity, Task, WorkbenchEvent, changed, encode,
};

use crate::state::{MeasuredFile, Notice, State};

/// What the workbench has given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bench {
    /// The network by the scheme that was last asked for.
    pub current: Option<Rc<CompressionResult>>,
    /// The lengths of a network's files, the packed one first: which network, and the lengths.
    pub file_sizes: Option<Rc<(Option<u32>, Vec<u32>)>>,
    /// A long task and its share that is done.
    pub progress: Option<(Task, f64)>,
    /// How much the accuracy hangs on each layer, by which scheme.
    pub sensitivity: Option<(QuantScheme, Rc<Vec<Sensitivity>>)>,
    /// How long they take.
    pub latency: Option<Rc<Latencies>>,
    /// The last pipeline.
    pub flow: Option<Rc<PipelineState>>,
    /// Whether its network is not there any more.
    pub is_flow_stale: bool,
    /// A network from a file.
    pub imported: Option<Rc<Imported>>,
    /// The experiment whose students are trained, or were last.
    pub started_experiment: Option<Rc<Experiment>>,
    /// The experiment of whose network the rows tell: till the next one is measured, that before.
    pub source_experiment: Option<Rc<Experiment>>,
}

/// How long networks take, the one of this scheme among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies {
    pub scheme: QuantScheme,
    pub times: Vec<Latency>,
    pub no_gpu: Option<NoGpu>,
}

/// A pipeline that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineState {
    pub id: u32,
    pub pipeline: Pipeline,
    /// The network before all stages, then what each stage left.
    pub stages: Vec<CompressionResult>,
    /// Whether it came to an end, and why not to the last stage.
    pub ended: Option<Option<PipelineEnd>>,
}

/// What happens to the page's side of the workbench.
#[derive(Debug, Clone)]
pub enum WorkbenchAction {
    /// Another network is to be compressed.
    Pick,
    /// A pipeline begins.
    Begin { id: u32, pipeline: Pipeline },
    /// The worker died.
    Lost { reason: String, restarted: bool },
    /// A network from a file was used, or is not wanted.
    Unimport,
}

impl State {
    /// The workbench reports.
    pub(super) fn hear(&mut self, report: WorkbenchEvent) {
        let mut bench = (*self.bench).clone();
        match report {
            // The driver's.
            WorkbenchEvent::Ready
            | WorkbenchEvent::Pong
            | WorkbenchEvent::Failed { .. }
            | WorkbenchEvent::FineTune(_) => {}
            WorkbenchEvent::Compressed { run, rows } => {
                self.record_files(run, &rows);
                if run == 0 {
                    self.compressed = Rc::new(rows);
                    self.outdated = false;
                    bench.progress = None;
                    bench.source_experiment = Some(Rc::new(self.trained().clone()));
                    // These were the last network's.
                    bench.sensitivity = None;
                    bench.latency = None;
                }
            }
            WorkbenchEvent::Quantized(looked) => {
                self.record_files(0, std::slice::from_ref(&looked));
                bench.progress = None;
                bench.current = Some(Rc::new(*looked));
            }
            WorkbenchEvent::Progress { task, share } => bench.progress = Some((task, share)),
            WorkbenchEvent::Sensitivity { scheme, layers } => {
                bench.progress = None;
                bench.sensitivity = Some((scheme, Rc::new(layers)));
            }
            WorkbenchEvent::Stage { id, done, .. } => {
                self.record_files(0, std::slice::from_ref(&done));
                bench.flow(id, |flow| flow.stages.push(*done));
            }
            WorkbenchEvent::Ended { id, reason } => {
                bench.progress = None;
                bench.flow(id, |flow| flow.ended = Some(reason));
            }
            WorkbenchEvent::Latency { times, no_gpu } => {
                bench.progress = None;
                // The visitor may have turned a knob meanwhile; what was looked at last is what was measured.
                let scheme = bench.current.as_ref().and_then(|looked| looked.quant_scheme());
                bench.latency = scheme.map(|scheme| Rc::new(Latencies { scheme: scheme.effective(), times, no_gpu }));
            }
            WorkbenchEvent::FileSizes { stage, bytes } => bench.file_sizes = Some(Rc::new((stage, bytes))),
            WorkbenchEvent::File(file) => Rc::make_mut(&mut self.files).push(file),
            WorkbenchEvent::Imported(imported) => bench.imported = Some(Rc::new(*imported)),
            WorkbenchEvent::Regions(answer) => self.regions = Rc::new(with_packed(&self.regions, Some(answer))),
            WorkbenchEvent::Answers { id, answer } => {
                if id == self.question {
                    self.answers = Rc::new(with_packed(&self.answers, Some(answer)));
                }
            }
            WorkbenchEvent::Refused { name, reason } => {
                bench.progress = None;
                self.tell(Notice::File { name, reason });
            }
        }
        self.bench = Rc::new(bench);
    }

    /// Networks are trained anew, or another one is to be compressed: what the workbench made of the last one it has
    /// forgotten.
    pub(super) fn outdate_flow(&mut self) {
        let bench = Rc::make_mut(&mut self.bench);
        if let Some(flow) = bench.flow.as_mut() {
            Rc::make_mut(flow).ended.get_or_insert(Some(PipelineEnd::Abandoned));
            bench.is_flow_stale = true;
        }
    }

    pub(super) fn bench_action(&mut self, action: WorkbenchAction) {
        if matches!(action, WorkbenchAction::Pick) {
            self.outdated = !self.compressed.is_empty();
            self.outdate_flow();
        }
        let mut bench = (*self.bench).clone();
        match action {
            WorkbenchAction::Pick => bench.progress = None,
            WorkbenchAction::Begin { id, pipeline } => {
                bench.is_flow_stale = false;
                bench.flow = Some(Rc::new(PipelineState { id, pipeline, stages: Vec::new(), ended: None }));
            }
            WorkbenchAction::Lost { reason, restarted } => {
                bench.progress = None;
                let failed = PipelineEnd::Failed { reason: reason.clone() };
                if let Some(flow) = bench.flow.as_mut().filter(|flow| flow.ended.is_none()) {
                    Rc::make_mut(flow).ended = Some(Some(failed));
                }
                self.tell(Notice::WorkbenchLost { reason, restarted });
            }
            WorkbenchAction::Unimport => bench.imported = None,
        }
        self.bench = Rc::new(bench);
    }

    /// The experiment that the trained students are of. What was turned live belongs to it.
    fn trained(&self) -> &Experiment {
        let differs =
            |begun: &&Experiment| changed(begun, &self.experiment).any(|knob| !knob.live && knob.phase != Phase::Show);
        self.bench.started_experiment.as_deref().filter(differs).unwrap_or(&self.experiment)
    }

    /// The experiment whose first run is this run of the trained one.
    fn experiment_of_run(&self, run: u32) -> Experiment {
        let trained = self.trained();
        Experiment { seed: trained.seed.wrapping_add(run), ..trained.clone() }
    }

    /// The experiment whose network the rows tell of.
    pub fn source_experiment(&self) -> &Experiment {
        self.bench.source_experiment.as_deref().unwrap_or(&self.experiment)
    }

    /// Adds packed networks of a run to the scatter of all runs.
    fn record_files(&mut self, run: u32, rows: &[CompressionResult]) {
        let Some(data) = self.data.as_ref().map(|data| data.data).filter(|_| !self.recorded) else { return };
        // A later run is the first one of another seed, unless that seed would make other data.
        if run > 0 && data.is_generated() {
            return;
        }
        let experiment = self.experiment_of_run(run);
        let new = rows.iter().map(|row| MeasuredFile {
            data,
            pipeline: row.pipeline.clone(),
            bytes: row.bytes,
            accuracy: row.accuracy,
            link: link_of(&experiment, row),
        });
        let mut all: Vec<MeasuredFile> = (*self.weighed).clone();
        for point in new {
            if !all.contains(&point) {
                all.push(point);
            }
        }
        all.drain(..all.len().saturating_sub(crate::state::MOST_WEIGHED));
        self.weighed = Rc::new(all);
    }

    /// The file of the scheme that the experiment asks for, as it was measured.
    pub fn chosen(&self) -> Option<&CompressionResult> {
        self.row_of(self.experiment.quant_scheme())
    }

    /// The file that is shown, and whether it is the chosen one: till that is measured, the one looked at before stays.
    pub fn shown(&self) -> Option<(&CompressionResult, bool)> {
        // One of another network does not compare with the rows.
        let of = self.compressed.first().map(|row| row.network_id);
        let before = || self.bench.current.as_deref().filter(|looked| Some(looked.network_id) == of);
        self.chosen().map(|row| (row, true)).or_else(|| before().map(|row| (row, false)))
    }

    /// The file of this scheme, if it was measured.
    pub fn row_of(&self, scheme: QuantScheme) -> Option<&CompressionResult> {
        let fits =
            |row: &&CompressionResult| row.quant_scheme().is_some_and(|other| other.effective() == scheme.effective());
        // One that was looked at anew counts more than its row in the table: it is newer.
        let looked = self.bench.current.as_deref().filter(|_| !self.outdated).filter(fits);
        looked.or_else(|| self.compressed.iter().find(fits))
    }

    /// The file of 32-bit weights.
    pub fn float_file(&self) -> Option<&CompressionResult> {
        self.compressed
            .iter()
            .find(|row| row.quant_scheme().is_some_and(|scheme| scheme.bits == retort_spec::Bits::B32))
    }

    /// The network of the file that is shown; while there is none, the one that is to be compressed.
    pub fn packed_network(&self) -> NetworkId {
        self.shown().map_or(self.experiment.pack, |(row, _)| row.network_id)
    }

    /// Its layers; after another scheme was chosen the old plan may not have it.
    pub fn packed_architecture(&self) -> &Architecture {
        self.plan.network(self.packed_network()).map_or(&self.experiment.student, |network| &network.architecture)
    }

    /// The network that answers as it was read back from its file.
    pub fn answering_network(&self) -> NetworkId {
        self.bench.current.as_ref().map_or(self.experiment.pack, |looked| looked.network_id)
    }

    /// Which packed file is chosen, and whether it is there.
    pub fn chosen_file(&self) -> (QuantScheme, NetworkId, bool) {
        (self.experiment.quant_scheme().effective(), self.answering_network(), self.chosen().is_some())
    }
}

impl Bench {
    fn flow(&mut self, id: u32, change: impl FnOnce(&mut PipelineState)) {
        if let Some(flow) = self.flow.as_mut().filter(|flow| flow.id == id) {
            change(Rc::make_mut(flow));
        }
    }
}

/// The permalink of what was made of a network of an experiment.
pub fn link_of(experiment: &Experiment, row: &CompressionResult) -> String {
    link(&Experiment { pack: row.network_id, ..experiment.clone() }, &row.pipeline)
}

/// The permalink of what was made of the network that an experiment compresses.
pub fn link(experiment: &Experiment, made: &Pipeline) -> String {
    match made.0[..] {
        [CompressionStep::Quantize(scheme)] => {
            encode(&Experiment { compress: Pipeline::default(), ..experiment.with_quant_scheme(scheme) })
        }
        _ => encode(&Experiment {
            compress: made.clone(),
            ..experiment.with_quant_scheme(Experiment::default().quant_scheme())
        }),
    }
}

/// Answers of the engine's networks with that of the packed one.
pub fn with_packed(answers: &[Answer], packed: Option<Answer>) -> Vec<Answer> {
    answers.iter().filter(|answer| !answer.packed).cloned().chain(packed).collect()
}

//! The objectives of an experiment at work: which ones, with what they learn and remember.

use std::ops::Range;

use burn::tensor::Tensor;
use retort_spec::{EngineError, Experiment, Objective, ObjectiveTiming};

use crate::{
    nets::Trace,
    objectives::{Memory, Method, Settings, SideMatrices, SideMatrix, Source, Views, method},
    train::learner::StepLoss,
};

/// An objective in use.
struct Used {
    objective: Objective,
    method: &'static Method,
    side_matrices: Range<usize>,
    memory: Memory,
}

/// The objectives in use.
pub struct Objectives {
    used: Vec<Used>,
    side_matrices: Vec<SideMatrix>,
}

/// A batch as the objectives see it.
pub struct Batch<'a> {
    /// The student's forward pass.
    pub student: &'a Trace,
    /// The teacher's, where the batch is one of the transfer set.
    pub teacher: Option<&'a Trace>,
    /// `[batch, classes]`.
    pub targets: Option<Tensor<2>>,
    /// The examples' places in their set.
    pub rows: &'a [u32],
}

impl Objectives {
    /// The objectives that weigh something in this experiment, and what they learn beside the student, from the traces
    /// of a first batch; `examples` is the size of the transfer set.
    ///
    /// # Errors
    /// [`EngineError::Refused`] where one cannot be used on such networks or batches.
    pub fn new(
        experiment: &Experiment,
        student: &Trace,
        teacher: &Trace,
        examples: usize,
        seed: u32,
    ) -> Result<Self, EngineError> {
        let settings = Settings::of(experiment);
        let (mut used, mut side_matrices) = (Vec::new(), Vec::new());
        for (objective, _) in experiment.weights.used() {
            let method = method(objective);
            let own = (method.side_matrices)(student, teacher, &settings)
                .map_err(|refusal| EngineError::Refused { objective, refusal })?;
            let range = side_matrices.len()..side_matrices.len() + own.len();
            side_matrices.extend(own);
            used.push(Used {
                objective,
                method,
                side_matrices: range,
                memory: Memory::new(examples, seed, objective.word()),
            });
        }
        Ok(Self { used, side_matrices })
    }

    /// Without a transfer set nobody can be asked.
    pub fn none() -> Self {
        Self { used: Vec::new(), side_matrices: Vec::new() }
    }

    /// What they learn beside the student.
    pub fn side_matrices(&self) -> &[SideMatrix] {
        &self.side_matrices
    }

    /// Which of those an objective learns; `None` where it is not in use.
    pub fn matrices_of(&self, objective: Objective) -> Option<Range<usize>> {
        self.used.iter().find(|used| used.objective == objective).map(|used| used.side_matrices.clone())
    }

    /// Whether any is active now and is computed from such a batch.
    pub fn needs(&self, source: Source, is_first_stage: bool) -> bool {
        self.used.iter().any(|used| used.method.from == source && self.is_active(used.objective, is_first_stage))
    }

    /// Whether an objective is active in a stage.
    fn is_active(&self, objective: Objective, is_first_stage: bool) -> bool {
        match objective.info().timing {
            ObjectiveTiming::Always => !(is_first_stage && self.has_exclusive_first_stage()),
            ObjectiveTiming::WarmUp => true,
            ObjectiveTiming::FirstStage => is_first_stage,
        }
    }

    /// Whether a method has a first stage to itself.
    pub fn has_exclusive_first_stage(&self) -> bool {
        self.used.iter().any(|used| used.objective.info().timing == ObjectiveTiming::FirstStage)
    }

    /// Adds the losses of those that are computed from this batch, each with its weight.
    pub fn add(
        &mut self,
        experiment: &Experiment,
        progress: f64,
        batch: &Batch<'_>,
        side_matrices: &SideMatrices,
        step_loss: &mut StepLoss,
    ) {
        let settings = Settings::of(experiment);
        let is_first_stage = progress < experiment.first_stage;
        let active: Vec<bool> = self.used.iter().map(|used| self.is_active(used.objective, is_first_stage)).collect();
        let source = if batch.teacher.is_some() { Source::Teacher } else { Source::Labels };
        for (used, is_active) in self.used.iter_mut().zip(active) {
            if !is_active || used.method.from != source {
                continue;
            }
            let views = Views {
                student: batch.student,
                teacher: batch.teacher,
                targets: batch.targets.clone(),
                rows: batch.rows,
                side_matrices: &side_matrices.some(used.side_matrices.clone()),
                progress,
                is_first_stage,
            };
            let Some(loss) = (used.method.loss)(&views, &settings, &mut used.memory) else { continue };
            let (word, weight) = (used.objective.word(), experiment.weights.get(used.objective));
            let whole = loss.value.clone().inner();
            step_loss.add(loss.value * weight);
            match loss.parts.is_empty() {
                true => step_loss.terms.push(((word, ""), whole * weight)),
                false => {
                    let parts = loss.parts.into_iter();
                    step_loss.terms.extend(parts.map(|(part, value)| ((word, part), value.inner() * weight)));
                }
            }
        }
    }
}

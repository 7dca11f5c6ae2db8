//! The objectives of an experiment at work: which ones, with what they learn and remember.

use std::ops::Range;

use burn::tensor::Tensor;
use retort_spec::{Experiment, Objective, Trouble, Turn};

use crate::{
    nets::Trace,
    objectives::{Memory, Method, Part, Parts, Settings, Source, Views, method},
    train::learner::Slope,
};

/// An objective in use.
struct Used {
    objective: Objective,
    method: &'static Method,
    parts: Range<usize>,
    memory: Memory,
}

/// The objectives in use.
pub struct Objectives {
    used: Vec<Used>,
    parts: Vec<Part>,
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
    /// [`Trouble::Refused`] where one cannot be used on such networks or batches.
    pub fn new(
        experiment: &Experiment,
        student: &Trace,
        teacher: &Trace,
        examples: usize,
        seed: u32,
    ) -> Result<Self, Trouble> {
        let settings = Settings::of(experiment);
        let (mut used, mut parts) = (Vec::new(), Vec::new());
        for (objective, _) in experiment.weights.used() {
            let method = method(objective);
            let own = (method.parts)(student, teacher, &settings)
                .map_err(|refusal| Trouble::Refused { objective, refusal })?;
            let range = parts.len()..parts.len() + own.len();
            parts.extend(own);
            used.push(Used { objective, method, parts: range, memory: Memory::new(examples, seed, objective.word()) });
        }
        Ok(Self { used, parts })
    }

    /// Without a transfer set nobody can be asked.
    pub fn none() -> Self {
        Self { used: Vec::new(), parts: Vec::new() }
    }

    /// What they learn beside the student.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether any has its say now and is computed from such a batch.
    pub fn need(&self, source: Source, is_first_stage: bool) -> bool {
        self.used.iter().any(|used| used.method.from == source && self.speaks(used.objective, is_first_stage))
    }

    /// Whether an objective has its say in a stage.
    fn speaks(&self, objective: Objective, is_first_stage: bool) -> bool {
        match objective.about().turn {
            Turn::Always => !(is_first_stage && self.begin_alone()),
            Turn::Prepared => true,
            Turn::FirstStage => is_first_stage,
        }
    }

    /// Whether a method has a first stage to itself.
    pub fn begin_alone(&self) -> bool {
        self.used.iter().any(|used| used.objective.about().turn == Turn::FirstStage)
    }

    /// Adds the losses of those that are computed from this batch, each with its weight.
    pub fn add(&mut self, experiment: &Experiment, progress: f64, batch: &Batch<'_>, parts: &Parts, slope: &mut Slope) {
        let settings = Settings::of(experiment);
        let is_first_stage = progress < experiment.first_stage;
        let speaking: Vec<bool> = self.used.iter().map(|used| self.speaks(used.objective, is_first_stage)).collect();
        let source = if batch.teacher.is_some() { Source::Teacher } else { Source::Labels };
        for (used, speaks) in self.used.iter_mut().zip(speaking) {
            if !speaks || used.method.from != source {
                continue;
            }
            let views = Views {
                student: batch.student,
                teacher: batch.teacher,
                targets: batch.targets.clone(),
                rows: batch.rows,
                parts: &parts.some(used.parts.clone()),
                progress,
                is_first_stage,
            };
            let Some(loss) = (used.method.loss)(&views, &settings, &mut used.memory) else { continue };
            let (word, weight) = (used.objective.word(), experiment.weights.get(used.objective));
            let whole = loss.value.clone().inner();
            slope.add(loss.value * weight);
            match loss.parts.is_empty() {
                true => slope.terms.push(((word, ""), whole * weight)),
                false => {
                    let parts = loss.parts.into_iter();
                    slope.terms.extend(parts.map(|(part, value)| ((word, part), value.inner() * weight)));
                }
            }
        }
    }
}

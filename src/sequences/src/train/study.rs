//! A study: the phases of a plan, carried out a little at a time.

use std::{rc::Rc, time::Duration};

use web_time::Instant;

use super::{
    batches::{Batches, chosen},
    learner::Learner,
    lessons::{Answered, Draws, fits_numbers, longest, step},
    measures::{Metric, Tested, of_texts, test},
    plan::{Imitation, Lesson, Origin, Phase, PlanError, Signal, Source},
    writing::write,
};
use crate::{
    losses::{Distributions, ImitationRoom},
    nets::{Head, Network, Shape},
    random::stream,
    tasks::{Output, Task},
    tokens::Token,
};

/// Texts that a language model is measured by, and how many it writes at a time.
const TEXTS: usize = 1_000;
const TEXTS_AT_ONCE: usize = 100;
/// How often a network is tested while it learns.
const TESTS: usize = 10;

/// What a study reports.
#[derive(Debug, Clone, PartialEq)]
pub enum StudyEvent {
    /// A phase begins: which of how many, counted from 1, and whose.
    Started(usize, usize, String),
    /// A network was tested while it learned.
    Progress {
        /// Its name.
        network: String,
        /// Steps that it took.
        step: usize,
        /// Steps that it takes.
        steps: usize,
        /// The mean loss since the last report; none before the first step.
        loss: Option<f64>,
        /// The test's metrics.
        metrics: Vec<Metric>,
    },
    /// A network is done.
    Finished {
        /// Its name.
        network: String,
        /// Metrics, and a score for each test example.
        tested: Tested,
        /// What it wrote, if it writes.
        texts: Vec<Vec<Token>>,
    },
    /// All phases are done.
    Done,
}

/// A network that was trained by the same phase before, and what was reported of it.
#[derive(Clone)]
pub struct Trained {
    /// Its weights.
    pub network: Rc<Network>,
    /// The reports, in order.
    pub events: Vec<StudyEvent>,
}

/// The phase that is carried out.
struct Current {
    learner: Learner,
    draws: Draws,
    step: usize,
    /// The sum of losses since the last report, and how many they are.
    loss: (f64, usize),
    /// What it wrote so far, once it is done learning.
    texts: Vec<Vec<Token>>,
}

/// A study.
pub struct Study {
    task: Rc<Task>,
    seed: u32,
    phases: Vec<Phase>,
    phase: usize,
    current: Option<Current>,
    networks: Vec<(String, Network)>,
    answered: Answered,
    /// What is known of each phase's network, which then is not trained again.
    known: Vec<Option<Trained>>,
    /// A network that a phase is given, rather than training it, and the phase's.
    given: Option<(String, Network)>,
    /// What a step of each phase costs, beside the others'.
    costs: Vec<f64>,
}

impl Study {
    /// A study in front of its first step.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn new(task: impl Into<Rc<Task>>, phases: Vec<Phase>, seed: u32) -> Result<Self, PlanError> {
        let task = task.into();
        check(&task, &phases)?;
        let (networks, answered, known) = (Vec::new(), Answered::default(), vec![None; phases.len()]);
        let costs = costs(&task, &phases);
        Ok(Self { task, seed, phases, phase: 0, current: None, networks, answered, known, given: None, costs })
    }

    /// The same where some phases' networks are trained already.
    pub fn with_known(mut self, known: Vec<Option<Trained>>) -> Self {
        self.costs.iter_mut().zip(&known).filter(|(_, known)| known.is_some()).for_each(|(cost, _)| *cost = 0.0);
        Self { known, ..self }
    }

    /// The same where the network of this name is given and learns nothing; it is tested all the same.
    pub fn with_given(mut self, name: &str, network: Network) -> Self {
        let phases = self.costs.iter_mut().zip(&self.phases);
        phases.filter(|(_, phase)| phase.network == name).for_each(|(cost, _)| *cost = 0.0);
        Self { given: Some((name.to_owned(), network)), ..self }
    }

    /// The phase that is carried out; as many as there are when all are done.
    pub fn phase(&self) -> usize {
        self.phase
    }

    /// All phases.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Steps taken in the phase that is carried out.
    pub fn step(&self) -> usize {
        self.current.as_ref().map_or(0, |current| current.step)
    }

    /// The task.
    pub fn task(&self) -> &Rc<Task> {
        &self.task
    }

    /// Whether there is anything left to do.
    pub fn is_running(&self) -> bool {
        self.phase < self.phases.len()
    }

    /// Stops: what was trained stays, and the phase that was not finished is gone.
    pub fn cancel(&mut self) {
        self.current = None;
        self.phase = self.phases.len();
    }

    /// A network by its name: one that is trained, or the one that learns.
    pub fn network(&mut self, name: &str) -> Option<&mut Network> {
        let learns = self.phases.get(self.phase).is_some_and(|phase| phase.network == name);
        match &mut self.current {
            Some(current) if learns => Some(&mut current.learner.network),
            _ => self.networks.iter_mut().find(|(other, _)| other == name).map(|(_, network)| network),
        }
    }

    /// Steps that were taken, and all of them.
    pub fn steps(&self) -> (usize, usize) {
        let of = |phases: &[Phase]| phases.iter().map(|phase| phase.steps).sum::<usize>();
        let current = self.current.as_ref().map_or(0, |current| current.step);
        (of(&self.phases[..self.phase]) + current, of(&self.phases))
    }

    /// The share of all steps that were taken, each counted by what it costs.
    pub fn share_done(&self) -> f64 {
        let of = |phases: std::ops::Range<usize>| -> f64 {
            phases.map(|at| self.costs[at] * self.phases[at].steps as f64).sum()
        };
        let all = of(0..self.phases.len());
        let now = self.costs.get(self.phase).map_or(0.0, |cost| cost * self.step() as f64);
        if all > 0.0 { (of(0..self.phase) + now) / all } else { 1.0 }
    }

    /// Goes on for about as long as the budget, at least by one step.
    pub fn advance(&mut self, budget: Duration) -> Vec<StudyEvent> {
        let (start, mut events) = (Instant::now(), Vec::new());
        while self.is_running() {
            self.one(&mut events);
            if start.elapsed() >= budget {
                break;
            }
        }
        events
    }

    fn one(&mut self, events: &mut Vec<StudyEvent>) {
        let phase = &self.phases[self.phase];
        if let Some(Trained { network, events: reports }) = self.known[self.phase].take() {
            events.extend(reports);
            let copy = network.copy();
            return self.finish(copy, events);
        }
        let Some(current) = &mut self.current else {
            events.push(StudyEvent::Started(self.phase + 1, self.phases.len(), phase.network.clone()));
            let mut begun = begin(phase, &self.task, self.seed, &self.networks);
            if let Some((_, network)) = self.given.as_ref().filter(|(name, _)| *name == phase.network) {
                begun.learner.network = network.copy();
                begun.step = phase.steps;
            }
            if says_answers(phase, &self.task) {
                events.push(StudyEvent::Progress {
                    network: phase.network.clone(),
                    step: 0,
                    steps: phase.steps,
                    loss: None,
                    metrics: test(&mut begun.learner.network, &self.task).metrics,
                });
            }
            self.current = Some(begun);
            return;
        };
        let teacher = phase.lesson.teacher();
        let teacher = self.networks.iter_mut().find(|(name, _)| Some(name.as_str()) == teacher).map(|(_, one)| one);
        if current.step < phase.steps {
            let loss = step(phase, &self.task, &mut current.learner, teacher, &mut current.draws, &mut self.answered);
            current.learner.descend(phase.rate, current.step, phase.steps);
            current.step += 1;
            current.loss = (current.loss.0 + loss, current.loss.1 + 1);
            let every = phase.steps.div_ceil(TESTS);
            if current.step % every == 0 && current.step < phase.steps {
                let metrics = if says_answers(phase, &self.task) {
                    test(&mut current.learner.network, &self.task).metrics
                } else {
                    Vec::new()
                };
                events.push(StudyEvent::Progress {
                    network: phase.network.clone(),
                    step: current.step,
                    steps: phase.steps,
                    loss: Some(current.loss.0 / current.loss.1 as f64),
                    metrics,
                });
                current.loss = (0.0, 0);
            }
            return;
        }
        if self.task.output == Output::NextToken && current.texts.len() < TEXTS {
            let (length, stream) = (longest(&self.task), &mut current.draws.stream);
            current.texts.extend(write(&mut current.learner.network, TEXTS_AT_ONCE, length, 1.0, stream));
            return;
        }
        let Some(Current { mut learner, texts, .. }) = self.current.take() else { return };
        let mut tested = Tested::default();
        if says_answers(phase, &self.task) {
            tested = test(&mut learner.network, &self.task);
        }
        if !texts.is_empty() {
            // Who has no teacher is judged by the first network, which teaches all others.
            let judge = match phase.lesson.teacher() {
                Some(teacher) => self.networks.iter_mut().find(|(name, _)| name == teacher),
                None => self.networks.first_mut(),
            };
            let teacher = judge.map(|(_, network)| network);
            tested.metrics.extend(of_texts(&texts, &mut learner.network, teacher, &self.task));
        }
        let network = phase.network.clone();
        events.push(StudyEvent::Finished { network, tested, texts });
        self.finish(learner.network, events);
    }

    /// The phase is done, and its network is this.
    fn finish(&mut self, network: Network, events: &mut Vec<StudyEvent>) {
        let name = self.phases[self.phase].network.clone();
        self.answered.forget(&name);
        self.networks.retain(|(other, _)| *other != name);
        self.networks.push((name, network));
        self.phase += 1;
        if !self.is_running() {
            events.push(StudyEvent::Done);
        }
    }
}

/// About what a step of each phase costs: a forward pass and a backward pass that is as long as two, and what its
/// teacher has to say for it.
fn costs(task: &Task, phases: &[Phase]) -> Vec<f64> {
    let mut shapes: Vec<(&str, f64)> = Vec::new();
    let mut costs = Vec::new();
    for phase in phases {
        let of = |name: &str| shapes.iter().rev().find(|(other, _)| *other == name).map_or(0.0, |(_, cost)| *cost);
        let own = match &phase.origin {
            Origin::Drawn(shape, _) => shape.cost(),
            Origin::Copied(name) | Origin::Rebuilt(name, _) => of(name),
        };
        let (all, teacher) = (task.train.len() as f64, phase.lesson.teacher().map_or(0.0, of));
        let seen = (phase.steps * phase.batch) as f64;
        let more = match &phase.lesson {
            // What it said once is known.
            Lesson::Imitation(Imitation { source: Source::Examples(inputs), own_share, .. }) => {
                let asked = inputs.map_or(all, |count| count as f64).min(seen) / seen.max(1.0);
                let own_share = f64::from(*own_share);
                // Its own texts are written token by token, which is longer than to read them.
                own_share * (teacher + 2.0 * own) + (1.0 - own_share) * asked * teacher
            }
            Lesson::Imitation(Imitation { source: Source::TeacherTexts(count), .. }) => {
                2.0 * teacher * (*count as f64).min(seen) / seen.max(1.0)
            }
            Lesson::Bounded { .. } | Lesson::Labels(_) | Lesson::Masked(_) => 0.0,
        };
        costs.push(phase.batch as f64 * (3.0 * own + more));
        shapes.push((&phase.network, own));
    }
    costs
}

/// Whether the network of a phase says what the task asks for, or guesses words.
fn says_answers(phase: &Phase, task: &Task) -> bool {
    !matches!(phase.lesson, Lesson::Masked(_)) || task.output == Output::NextToken
}

fn begin(phase: &Phase, task: &Task, seed: u32, networks: &[(String, Network)]) -> Current {
    let known = |name: &str| networks.iter().find(|(other, _)| other == name).map(|(_, network)| network);
    let purpose = |what: &str| format!("{what} {}", phase.network);
    let network = match &phase.origin {
        Origin::Drawn(shape, of) => Network::new(shape, &mut stream(seed, &format!("weights {of}"))),
        Origin::Copied(name) => {
            let original = known(name);
            let shape = original.map_or(Shape::Perceptron(0, Vec::new(), 0), |network| network.shape().clone());
            let mut network = Network::new(&shape, &mut stream(seed, &purpose("weights")));
            if let Some(original) = original {
                network.weights = original.weights.clone();
            }
            network
        }
        Origin::Rebuilt(name, head) => {
            let mut weights = stream(seed, &purpose("weights"));
            match known(name) {
                Some(original) => original.with_head(*head, &mut weights),
                None => Network::new(&Shape::Perceptron(0, Vec::new(), 0), &mut weights),
            }
        }
    };
    let all = task.train.len();
    let (labels, inputs) = match &phase.lesson {
        Lesson::Labels(labels) | Lesson::Bounded { labels, .. } => (*labels, None),
        Lesson::Masked(_) => (None, None),
        Lesson::Imitation(Imitation { labels, source: Source::Examples(count), .. }) => (*labels, *count),
        Lesson::Imitation(Imitation { labels, .. }) => (*labels, None),
    };
    // Labelled examples come first among all, so that few inputs are those with labels.
    let labelled = Batches::new(chosen(all, labels, seed), seed, &format!("order {}", phase.order));
    let inputs = Batches::new(chosen(all, inputs, seed), seed, &format!("inputs {}", phase.order));
    Current {
        learner: Learner::new(network, stream(seed, &purpose("dropout"))),
        draws: Draws {
            labelled,
            inputs,
            stream: stream(seed, &purpose("draws")),
            texts: Vec::new(),
            text: 0,
            room: ImitationRoom::default(),
            distributions: Distributions::default(),
        },
        step: 0,
        loss: (0.0, 0),
        texts: Vec::new(),
    }
}

/// Finds what is wrong with a plan before anything is trained.
fn check(task: &Task, phases: &[Phase]) -> Result<(), PlanError> {
    let mut outputs: Vec<(&str, usize)> = Vec::new();
    let says = |shape: &Shape| match shape {
        Shape::Transformer(_, _, head) | Shape::Lstm(_, _, head) => head.outputs(),
        Shape::Perceptron(_, _, outputs) => *outputs,
    };
    for (index, phase) in (1..).zip(phases) {
        let name = &phase.network;
        let find = |missing: &str| {
            let known = outputs.iter().rev().find(|(other, _)| *other == missing).map(|(_, outputs)| *outputs);
            known.ok_or_else(|| PlanError::Missing { phase: index, network: name.clone(), missing: missing.to_owned() })
        };
        let own = match &phase.origin {
            Origin::Drawn(shape, _) => says(shape),
            Origin::Copied(other) => find(other)?,
            Origin::Rebuilt(other, head) => find(other).map(|_| Head::outputs(*head))?,
        };
        if phase.steps == 0 || phase.batch == 0 || task.train.is_empty() {
            return Err(PlanError::Nothing { network: name.clone() });
        }
        let expected = if matches!(phase.lesson, Lesson::Masked(_)) { task.vocabulary() } else { task.outputs() };
        if own != expected {
            return Err(PlanError::Task { network: name.clone(), found: own, expected });
        }
        if let Some(teacher) = phase.lesson.teacher() {
            let taught = find(teacher)?;
            if taught != own {
                let teacher = teacher.to_owned();
                return Err(PlanError::Outputs { network: name.clone(), student: own, teacher, taught });
            }
        }
        if let Lesson::Imitation(lesson) = &phase.lesson {
            let writes = lesson.own_share > 0.0
                || matches!(lesson.source, Source::TeacherTexts(_))
                || !matches!(lesson.signal, Signal::Compared(_));
            if writes && task.output != Output::NextToken {
                return Err(PlanError::NoTexts { network: name.clone() });
            }
            if matches!(task.output, Output::Numbers(_)) && !fits_numbers(&lesson.signal) {
                return Err(PlanError::NoTexts { network: name.clone() });
            }
        }
        outputs.push((name, own));
    }
    Ok(())
}

//! One step of each lesson.

use std::collections::HashMap;

use super::{
    batches::{Asked, Batches, asked, asked_texts, next_tokens, rows},
    learner::Learner,
    plan::{Imitation, Lesson, Phase, Signal, Source},
    writing::write,
};
use crate::{
    losses::{
        Comparison, Distributions, ImitationRoom, bounded_regression, cross_entropy, imitation, mean_squared_error,
        sampled_token,
    },
    nets::Network,
    random::Stream,
    tasks::{Answers, Inputs, MASK, Task},
    tokens::{Token, TokenBatch},
};

/// What teachers said of the examples to learn from, which is asked once.
#[derive(Default)]
pub struct Answered(HashMap<String, Vec<Option<Vec<f32>>>>);

impl Answered {
    /// What a teacher says of some examples, one after the other.
    fn of(&mut self, name: &str, teacher: &mut Network, task: &Task, indices: &[usize]) -> Vec<f32> {
        let known = self.0.entry(name.to_owned()).or_insert_with(|| vec![None; task.train.len()]);
        let unknown: Vec<usize> = indices.iter().copied().filter(|&index| known[index].is_none()).collect();
        if !unknown.is_empty() {
            let batch = asked(&task.train, &unknown);
            let mut said = teacher.forward(batch.batch(), None);
            let outputs = task.outputs();
            for index in unknown {
                let (own, rest) = said.split_at(said.len().min(outputs * answers_of(task, index)));
                known[index] = Some(own.to_vec());
                said = rest;
            }
        }
        indices.iter().flat_map(|&index| known[index].iter().flatten().copied()).collect()
    }

    /// A network is trained anew: what it said before is forgotten.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }
}

/// Rows that a network says of an example.
fn answers_of(task: &Task, index: usize) -> usize {
    match (&task.train.answers, &task.train.inputs) {
        (Answers::Next, Inputs::Tokens(texts)) => texts[index].len().saturating_sub(1),
        _ => 1,
    }
}

/// What a phase draws, and what it keeps.
pub struct Draws {
    /// Labelled examples.
    pub labelled: Batches,
    /// Inputs without labels.
    pub inputs: Batches,
    /// Which batches are the student's own, which words are hidden, and what is written.
    pub stream: Stream,
    /// Texts of the teacher.
    pub texts: Vec<Vec<Token>>,
    /// The next of them.
    pub text: usize,
    /// Room for losses.
    pub room: ImitationRoom,
    /// The same.
    pub distributions: Distributions,
}

/// Adds the gradients of one step's loss, which is returned.
pub fn step(
    phase: &Phase,
    task: &Task,
    learner: &mut Learner,
    teacher: Option<&mut Network>,
    draws: &mut Draws,
    answered: &mut Answered,
) -> f64 {
    match (&phase.lesson, teacher) {
        (Lesson::Labels(_), _) => labels(phase, task, learner, draws, 1.0),
        (Lesson::Masked(share), _) => masked(phase, task, learner, draws, *share),
        (Lesson::Imitation(lesson), Some(teacher)) => {
            let weight = lesson.label_weight;
            let of_labels = if weight > 0.0 { labels(phase, task, learner, draws, weight) } else { 0.0 };
            of_labels + imitate(phase, lesson, task, learner, teacher, draws, answered)
        }
        (Lesson::Bounded { teacher: name, margin, kind, .. }, Some(teacher)) => {
            let batch = draws.labelled.next(phase.batch);
            let taught = answered.of(name, teacher, task, &batch);
            let Answers::Numbers(numbers, width) = &task.train.answers else { return 0.0 };
            let target = rows(numbers, *width, &batch);
            learner.add(&asked(&task.train, &batch), 1.0, |said, gradient| {
                bounded_regression([said, &taught, &target], *width, *margin, *kind, gradient)
            })
        }
        _ => 0.0,
    }
}

/// A step by labels.
fn labels(phase: &Phase, task: &Task, learner: &mut Learner, draws: &mut Draws, weight: f32) -> f64 {
    let batch = draws.labelled.next(phase.batch);
    let question = asked(&task.train, &batch);
    let (outputs, room) = (task.outputs(), &mut draws.distributions);
    match (&task.train.answers, &task.train.inputs) {
        (Answers::Numbers(numbers, width), _) => {
            let target = rows(numbers, *width, &batch);
            learner.add(&question, weight, |said, gradient| mean_squared_error(said, &target, gradient))
        }
        (Answers::Classes(classes), _) => {
            let labels: Vec<u16> = batch.iter().map(|&index| classes[index]).collect();
            learner.add(&question, weight, |said, gradient| cross_entropy(said, &labels, outputs, room, gradient))
        }
        (Answers::Next, Inputs::Tokens(texts)) => {
            let labels = next_tokens(batch.iter().map(|&index| texts[index].as_slice()));
            learner.add(&question, weight, |said, gradient| cross_entropy(said, &labels, outputs, room, gradient))
        }
        (Answers::Next, Inputs::Numbers(..)) => 0.0,
    }
}

/// A step of guessing hidden words.
fn masked(phase: &Phase, task: &Task, learner: &mut Learner, draws: &mut Draws, share: f32) -> f64 {
    let Inputs::Tokens(sequences) = &task.train.inputs else { return 0.0 };
    let batch = draws.inputs.next(phase.batch);
    let whole = TokenBatch::new(batch.iter().map(|&index| sequences[index].as_slice()));
    let hidden: Vec<usize> = (0..whole.tokens().len()).filter(|_| draws.stream.chance(share)).collect();
    let labels: Vec<u16> = hidden.iter().map(|&at| whole.tokens()[at]).collect();
    let mut tokens = whole.tokens().to_vec();
    hidden.iter().for_each(|&at| tokens[at] = MASK);
    let question = Asked::Tokens(TokenBatch::new(whole.ranges().map(|range| &tokens[range])));
    let (outputs, room) = (task.vocabulary(), &mut draws.distributions);
    learner.add(&question, 1.0, |said, gradient| {
        // Only hidden words count.
        let guesses = rows(said, outputs, &hidden);
        let mut of_guesses = vec![0.0; guesses.len()];
        let loss = cross_entropy(&guesses, &labels, outputs, room, &mut of_guesses);
        gradient.fill(0.0);
        for (&at, of_guess) in hidden.iter().zip(of_guesses.chunks_exact(outputs)) {
            gradient[at * outputs..][..outputs].copy_from_slice(of_guess);
        }
        loss
    })
}

/// A step by what a teacher says.
fn imitate(
    phase: &Phase,
    lesson: &Imitation,
    task: &Task,
    learner: &mut Learner,
    teacher: &mut Network,
    draws: &mut Draws,
    answered: &mut Answered,
) -> f64 {
    let outputs = task.outputs();
    let (question, taught, tokens);
    if lesson.own_share > 0.0 && draws.stream.chance(lesson.own_share) {
        let texts = write(&mut learner.network, phase.batch, longest(task), 1.0, &mut draws.stream);
        question = asked_texts(texts.iter().map(Vec::as_slice));
        taught = teacher.forward(question.batch(), None).to_vec();
        tokens = next_tokens(texts.iter().map(Vec::as_slice));
    } else if let Source::TeacherTexts(count) = lesson.source {
        let texts = teacher_texts(count, phase.batch, task, teacher, draws);
        question = asked_texts(texts.iter().map(Vec::as_slice));
        let is_shown = matches!(lesson.signal, Signal::Compared(_));
        taught = if is_shown { teacher.forward(question.batch(), None).to_vec() } else { Vec::new() };
        tokens = next_tokens(texts.iter().map(Vec::as_slice));
    } else {
        let batch = draws.inputs.next(phase.batch);
        question = asked(&task.train, &batch);
        taught = answered.of(&lesson.teacher, teacher, task, &batch);
        tokens = match &task.train.inputs {
            Inputs::Tokens(texts) if task.train.answers == Answers::Next => {
                next_tokens(batch.iter().map(|&index| texts[index].as_slice()))
            }
            _ => Vec::new(),
        };
    }
    let (room, distributions) = (&mut draws.room, &mut draws.distributions);
    learner.add(&question, 1.0, |said, gradient| match &lesson.signal {
        Signal::Compared(comparisons) => compare([said, &taught], outputs, comparisons, room, gradient),
        Signal::Text => cross_entropy(said, &tokens, outputs, distributions, gradient),
        Signal::SampledToken => sampled_token([said, &taught], &tokens, outputs, None, gradient),
    })
}

/// The weighted sum of comparisons, and its gradient by what the student said.
fn compare(
    answers: [&[f32]; 2],
    outputs: usize,
    comparisons: &[(f32, Comparison)],
    room: &mut ImitationRoom,
    gradient: &mut [f32],
) -> f64 {
    if let [(1.0, only)] = comparisons {
        return imitation(answers, outputs, None, *only, room, gradient);
    }
    gradient.fill(0.0);
    let mut part = vec![0.0; gradient.len()];
    let mut sum = 0.0;
    for &(weight, comparison) in comparisons {
        sum += f64::from(weight) * imitation(answers, outputs, None, comparison, room, &mut part);
        gradient.iter_mut().zip(&part).for_each(|(sum, part)| *sum += weight * part);
    }
    sum
}

/// The next texts of a teacher: new ones until there are as many as are wanted, then the same again.
fn teacher_texts(count: usize, batch: usize, task: &Task, teacher: &mut Network, draws: &mut Draws) -> Vec<Vec<Token>> {
    if draws.texts.len() < count {
        let more = batch.min(count - draws.texts.len());
        let texts = write(teacher, more, longest(task), 1.0, &mut draws.stream);
        draws.texts.extend(texts.iter().cloned());
        return texts;
    }
    let mut texts = Vec::with_capacity(batch);
    for _ in 0..batch {
        if draws.text == 0 {
            draws.stream.shuffle(&mut draws.texts);
        }
        texts.push(draws.texts[draws.text].clone());
        draws.text = (draws.text + 1) % draws.texts.len();
    }
    texts
}

/// Tokens of a task's sequence, at most.
pub fn longest(task: &Task) -> usize {
    match &task.input {
        crate::tasks::Input::Tokens { length, .. } => *length,
        crate::tasks::Input::Numbers(_) => 0,
    }
}

/// Whether a comparison is one of logits, which numbers are compared by, too.
pub fn fits_numbers(signal: &Signal) -> bool {
    let is_squares = |(_, comparison): &(f32, Comparison)| *comparison == Comparison::LogitMse;
    matches!(signal, Signal::Compared(comparisons) if comparisons.iter().all(is_squares))
}

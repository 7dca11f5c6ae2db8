//! How well a network does its task.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::batches::{asked, asked_texts, next_tokens};
use crate::{
    losses::{Distributions, ImitationRoom, surprises, total_variation},
    nets::Network,
    tasks::{Answers, BEGIN, END, Inputs, Task, validity},
    tokens::Token,
};
use retort_spec::probability::argmax;

/// Examples that a network is asked about at once.
const TOGETHER: usize = 128;

/// A number by its name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// What it is.
    pub kind: MetricKind,
    /// The number.
    pub value: f64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetricKind {
    /// The share of test examples whose class is right.
    Accuracy,
    /// The mean surprise, in nats: of a test example's class, or of a test text's token.
    HeldOutLoss,
    /// The root of the mean squared error.
    RootMeanSquare,
    /// The share of the variance that is explained.
    Explained,
    /// The teacher's mean surprise at a token of the network's own texts, in nats.
    TeacherLoss,
    /// The entropy of pairs of neighbouring tokens in its texts, in nats.
    PairEntropy,
    /// Tokens of its texts between begin and end.
    MeanLength,
    /// The share of its texts without a wrong token.
    Legal,
    /// The share of its texts that end in time.
    Ends,
    /// The share of its texts that are right as a whole.
    Valid,
    /// The share of its drafts that the teacher accepts in speculative decoding.
    Acceptance,
}

/// What a network is worth on the test: metrics, and a score for each example, the larger the better.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tested {
    /// By name.
    pub metrics: Vec<Metric>,
    /// Right or wrong; minus the mean surprise of a text; minus the squared error.
    pub scores: Vec<f32>,
}

/// Asks about all test examples.
pub fn test(network: &mut Network, task: &Task) -> Tested {
    let all: Vec<usize> = (0..task.test.len()).collect();
    let (mut scores, mut surprise, mut right, mut tokens) = (Vec::with_capacity(all.len()), 0.0, 0, 0);
    let outputs = task.outputs();
    let room = &mut Distributions::default();
    for part in all.chunks(TOGETHER) {
        let batch = asked(&task.test, part);
        let said = network.forward(batch.batch(), None);
        match (&task.test.answers, &task.test.inputs) {
            (Answers::Classes(classes), _) => {
                let labels: Vec<u16> = part.iter().map(|&index| classes[index]).collect();
                surprise += surprises(said, &labels, outputs, room).iter().map(|&one| f64::from(one)).sum::<f64>();
                for (said, label) in said.chunks_exact(outputs).zip(labels) {
                    let is_right = argmax(said) == Some(usize::from(label));
                    right += usize::from(is_right);
                    scores.push(f32::from(u8::from(is_right)));
                }
            }
            (Answers::Numbers(numbers, width), _) => {
                for (said, &index) in said.chunks_exact(*width).zip(part) {
                    let target = &numbers[index * width..][..*width];
                    scores.push(-said.iter().zip(target).map(|(said, target)| (said - target).powi(2)).sum::<f32>());
                }
            }
            (Answers::Next, Inputs::Tokens(texts)) => {
                let labels = next_tokens(part.iter().map(|&index| texts[index].as_slice()));
                let each = surprises(said, &labels, outputs, room);
                tokens += each.len();
                let mut rest = &each[..];
                for &index in part {
                    let (own, later) = rest.split_at(texts[index].len().saturating_sub(1).min(rest.len()));
                    let sum = own.iter().map(|&one| f64::from(one)).sum::<f64>();
                    surprise += sum;
                    scores.push(-(sum / own.len().max(1) as f64) as f32);
                    rest = later;
                }
            }
            (Answers::Next, Inputs::Numbers(..)) => {}
        }
    }
    let count = scores.len().max(1) as f64;
    let metrics = match &task.test.answers {
        Answers::Classes(_) => vec![
            Metric { kind: MetricKind::Accuracy, value: right as f64 / count },
            Metric { kind: MetricKind::HeldOutLoss, value: surprise / count },
        ],
        Answers::Next => vec![Metric { kind: MetricKind::HeldOutLoss, value: surprise / tokens.max(1) as f64 }],
        Answers::Numbers(numbers, width) => {
            let error = -scores.iter().map(|&score| f64::from(score)).sum::<f64>() / (count * *width as f64);
            let mean = numbers.iter().map(|&number| f64::from(number)).sum::<f64>() / numbers.len().max(1) as f64;
            let variance = numbers.iter().map(|&number| (f64::from(number) - mean).powi(2)).sum::<f64>();
            let variance = variance / numbers.len().max(1) as f64;
            vec![
                Metric { kind: MetricKind::RootMeanSquare, value: error.sqrt() },
                Metric { kind: MetricKind::Explained, value: 1.0 - error / variance },
            ]
        }
    };
    Tested { metrics, scores }
}

/// What a network says of all test examples, row by row.
pub fn logits_of_test(network: &mut Network, task: &Task) -> Vec<f32> {
    let all: Vec<usize> = (0..task.test.len()).collect();
    all.chunks(TOGETHER).flat_map(|part| network.forward(asked(&task.test, part).batch(), None).to_vec()).collect()
}

/// What the texts of a language model are like. `teacher` is who judges them, where there is one.
pub fn of_texts(
    texts: &[Vec<Token>],
    network: &mut Network,
    teacher: Option<&mut Network>,
    task: &Task,
) -> Vec<Metric> {
    let count = texts.len().max(1) as f64;
    let share = |is: &dyn Fn(&[Token]) -> bool| texts.iter().filter(|text| is(text)).count() as f64 / count;
    let lengths = texts.iter().map(|text| inner(text).len());
    let mut metrics = vec![
        Metric { kind: MetricKind::PairEntropy, value: pair_entropy(texts) },
        Metric { kind: MetricKind::MeanLength, value: lengths.sum::<usize>() as f64 / count },
        Metric { kind: MetricKind::Ends, value: share(&|text| text.last() == Some(&END)) },
    ];
    if task.word == "brackets" {
        metrics.push(Metric { kind: MetricKind::Legal, value: share(&|text| validity(text).is_legal) });
        let is_valid = |text: &[Token]| validity(text).is_legal && validity(text).ends;
        metrics.push(Metric { kind: MetricKind::Valid, value: share(&is_valid) });
    }
    if let Some(teacher) = teacher {
        let outputs = task.outputs();
        let (mut surprise, mut tokens, mut variation) = (0.0, 0, 0.0);
        for part in texts.chunks(TOGETHER) {
            let batch = asked_texts(part.iter().map(Vec::as_slice));
            let labels = next_tokens(part.iter().map(Vec::as_slice));
            let taught = teacher.forward(batch.batch(), None).to_vec();
            let each = surprises(&taught, &labels, outputs, &mut Distributions::default());
            surprise += each.iter().map(|&one| f64::from(one)).sum::<f64>();
            let said = network.forward(batch.batch(), None);
            variation += each.len() as f64 * total_variation([said, &taught], outputs, &mut ImitationRoom::default());
            tokens += each.len();
        }
        let tokens = tokens.max(1) as f64;
        metrics.push(Metric { kind: MetricKind::TeacherLoss, value: surprise / tokens });
        metrics.push(Metric { kind: MetricKind::Acceptance, value: 1.0 - variation / tokens });
    }
    metrics
}

/// A text without begin and end.
fn inner(text: &[Token]) -> &[Token] {
    let text = text.strip_prefix(&[BEGIN]).unwrap_or(text);
    text.strip_suffix(&[END]).unwrap_or(text)
}

/// The entropy of pairs of neighbouring tokens, in nats.
fn pair_entropy(texts: &[Vec<Token>]) -> f64 {
    let mut counts: HashMap<&[Token], usize> = HashMap::new();
    texts.iter().flat_map(|text| inner(text).windows(2)).for_each(|pair| *counts.entry(pair).or_default() += 1);
    let all = counts.values().sum::<usize>() as f64;
    // Summed in an order that is the same everywhere.
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable();
    -counts.iter().map(|&count| count as f64 / all).map(|share| share * share.ln()).sum::<f64>()
}

/// Tokens that `k` drafts and one call of the teacher make in the mean, `(1 − a^(k+1)) / (1 − a)` for an acceptance `a`
/// (Leviathan et al. 2023, equation 1).
pub fn tokens_per_call(acceptance: f64, drafts: i32) -> f64 {
    if acceptance >= 1.0 {
        return f64::from(drafts + 1);
    }
    (1.0 - acceptance.powi(drafts + 1)) / (1.0 - acceptance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_between_begin_and_end() {
        // Pairs: 2 3, 3 2, 2 3, 4 4: shares ½, ¼, ¼.
        let texts = [vec![0, 2, 3, 2, 3, 1], vec![0, 4, 4]];
        assert!((pair_entropy(&texts) - 1.5 * 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn drafts_by_hand() {
        assert!((tokens_per_call(0.5, 2) - 1.75).abs() < 1e-12);
        assert_eq!(tokens_per_call(1.0, 4), 5.0);
    }
}

//! What is told of a task and of its networks.

use retort_spec::{CurvePoint, DataSet, DataSummary, Experiment, Labels, Measured, NetworkId, Plan, Transfer, metrics};

use super::lessons::Subject;
use crate::{
    nets::Network,
    tasks::{Answers, Inputs, Language, Output, Task},
    tokens::Token,
    train::{Metric, MetricKind, Tested, logits_of_test},
};

/// What was measured of a network.
pub struct Scored {
    /// Metrics, and a score for each test example.
    pub tested: Tested,
    /// Logits of all test examples, row by row, where they are classes.
    pub logits: Vec<f32>,
}

impl Scored {
    /// Without logits.
    pub fn new(tested: Tested) -> Self {
        Self { tested, logits: Vec::new() }
    }

    /// A metric by its kind.
    pub fn metric(&self, kind: MetricKind) -> Option<f64> {
        metric(&self.tested.metrics, kind)
    }
}

fn metric(metrics: &[Metric], kind: MetricKind) -> Option<f64> {
    metrics.iter().find(|metric| metric.kind == kind).map(|metric| metric.value)
}

/// The one number that the page compares networks by, the larger the better: the share of classes that are right; the
/// geometric mean of the probabilities of the tokens that came next, `exp(−loss)`, which is one over the perplexity;
/// the share of the variance that is explained.
pub fn score(metrics: &[Metric]) -> f64 {
    let of = |kind| metric(metrics, kind);
    let tokens = || of(MetricKind::HeldOutLoss).map(|loss| (-loss).exp());
    of(MetricKind::Accuracy).or_else(|| of(MetricKind::Explained)).or_else(tokens).unwrap_or(f64::NAN)
}

/// The loss on the test: in nats of classes and tokens, the mean squared error of numbers.
fn loss(metrics: &[Metric]) -> f64 {
    let squared = || metric(metrics, MetricKind::RootMeanSquare).map(|root| root * root);
    metric(metrics, MetricKind::HeldOutLoss).or_else(squared).unwrap_or(f64::NAN)
}

/// Whether the student sees no label and no teacher.
pub fn learns_nothing(experiment: &Experiment) -> bool {
    let is_taught = experiment.soft_weight > 0.0
        || experiment.weights.used().any(|(objective, _)| experiment.applies(objective.word()))
        || experiment.bounded.is_on();
    let sees_labels = experiment.labels != Labels::Count(0);
    let sees_inputs = experiment.transfer != Transfer::Labelled;
    !(sees_labels || is_taught && sees_inputs)
}

/// The data set.
pub fn summary(experiment: &Experiment, plan: &Plan, subject: &Subject) -> DataSummary {
    let task = &subject.task;
    let train = task.train.len() as u32;
    let labelled = match experiment.labels {
        Labels::All => train,
        Labels::Count(count) => count.min(train),
    };
    let names = if let Output::Classes(names) = &task.output { names.as_slice() } else { &[] };
    let is_own = subject.file.is_some();
    DataSummary {
        data: experiment.data,
        networks: plan.ids().collect(),
        classes: names.len() as u32,
        class_names: if is_own { names.to_vec() } else { Vec::new() },
        shape: [0, 0],
        train,
        test: task.test.len() as u32,
        labelled,
        sees: Vec::new(),
        transfer: if experiment.transfer == Transfer::Labelled { labelled } else { train },
        own: 0,
        gallery: Vec::new(),
        test_pixels: Vec::new(),
        test_points: match &task.test.answers {
            Answers::Numbers(numbers, _) if is_own => numbers.clone().into(),
            _ => Vec::new().into(),
        },
        test_texts: texts(experiment.data, task),
        test_labels: labels(task),
    }
}

/// The test examples as they are written, where each is of a class.
fn texts(data: DataSet, task: &Task) -> Vec<String> {
    match (&task.output, &task.test.inputs) {
        (Output::Classes(_), Inputs::Tokens(inputs)) => {
            inputs.iter().map(|tokens| written(data, task, tokens)).collect()
        }
        _ => Vec::new(),
    }
}

/// The language of a data set of sentences.
pub fn language(data: DataSet) -> Option<Language> {
    match data {
        DataSet::Opinions => Some(Language::English),
        DataSet::OpinionsChinese => Some(Language::Chinese),
        _ => None,
    }
}

/// A sentence as it is written, or a name as it stands on a map.
pub fn written(data: DataSet, task: &Task, tokens: &[Token]) -> String {
    match language(data) {
        Some(language) => task.text(tokens, language.space()),
        None => {
            let name = task.text(tokens, "");
            let mut letters = name.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

fn labels(task: &Task) -> Vec<u8> {
    match &task.test.answers {
        Answers::Classes(classes) => classes.iter().map(|&class| class as u8).collect(),
        _ => Vec::new(),
    }
}

/// A point of a learning curve.
pub fn point(
    run: u32,
    network_id: NetworkId,
    [epoch, step]: [usize; 2],
    train_loss: Option<f64>,
    metrics: &[Metric],
) -> CurvePoint {
    let (epoch, step) = (epoch as u32, step as u32);
    let (test_loss, test_accuracy) = (loss(metrics), score(metrics));
    CurvePoint { run, network_id, epoch, step, train_loss, train_accuracy: None, test_loss, test_accuracy }
}

/// What a network says of all test examples, where they are classes.
pub fn logits(network: &mut Network, task: &Task) -> Vec<f32> {
    if matches!(task.output, Output::Classes(_)) { logits_of_test(network, task) } else { Vec::new() }
}

/// The share of the test on which a student says what its teacher says; of a language model the share of its drafts
/// that the teacher accepts.
pub fn agreement(scored: &Scored, teacher: Option<&Scored>, task: &Task) -> Option<f64> {
    let teacher = teacher?;
    if scored.logits.is_empty() || teacher.logits.is_empty() {
        return scored.metric(MetricKind::Acceptance);
    }
    let labels = labels(task);
    Some(
        metrics::Answers { logits: &scored.logits, labels: &labels, classes: task.outputs() }
            .agreement(&teacher.logits),
    )
}

/// A trained network's measurements. What only classes have is empty or no number of other tasks.
pub fn measured(
    (run, network_id): (u32, NetworkId),
    scored: &Scored,
    task: &Task,
    agreement: Option<f64>,
    [parameters, bytes]: [usize; 2],
    seconds: f64,
) -> Measured {
    let labels = labels(task);
    let answers = metrics::Answers { logits: &scored.logits, labels: &labels, classes: task.outputs() };
    let has_classes = !scored.logits.is_empty();
    Measured {
        run,
        network_id,
        accuracy: score(&scored.tested.metrics),
        per_class_accuracy: if has_classes { answers.per_class_accuracy() } else { Vec::new() },
        agreement,
        calibration_error: if has_classes { answers.calibration_error() } else { f64::NAN },
        parameters: parameters as u32,
        extra_parameters: 0,
        bytes: bytes as u32,
        logits: scored.logits.clone().into(),
        seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_rises_with_what_is_better() {
        let of = |kind, value| score(&[Metric { kind, value }]);
        assert_eq!(of(MetricKind::Accuracy, 0.75), 0.75);
        assert!((of(MetricKind::HeldOutLoss, 2.0_f64.ln()) - 0.5).abs() < 1e-12);
        assert_eq!(of(MetricKind::Explained, -0.5), -0.5);
        // A loss beside an accuracy does not count.
        let both =
            [Metric { kind: MetricKind::HeldOutLoss, value: 1.0 }, Metric { kind: MetricKind::Accuracy, value: 0.25 }];
        assert_eq!((score(&both), loss(&both)), (0.25, 1.0));
    }
}

//! Rows of schemes: losses of a student and several teachers, peers or branches.
//!
//! They are computed as training computes them: as the divergence from one mixture. Where a row has the mean of several
//! divergences instead, the difference is a constant, the teachers' disagreement. It is added on the host.

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use retort_spec::{Mix, Reversal, probability};

use super::{Discriminator, LossRow, NetworkOutputs, RowResult, VerifyError, losses::compare, misfit};
use crate::{
    data::one_hot,
    device::read,
    mixture::{mix, row_weights, weighted},
    nets::Trace,
    objectives::{
        Settings, cross_entropy, exits, fooling, generator,
        lifelong::{each_class, old_answers, old_answers_by_class, second_task, within_task},
        native_ensemble::native_ensemble,
        scores,
        self_confidence::self_confidence,
        soft_targets, telling_apart, telling_apart_by_two,
    },
};

/// The schemes with their variants and the numbers that shape them. Those with an empty list of variants have one form.
const SCHEMES: [(&str, &[&str], &[&str]); 11] = [
    ("mutual", &["sum", "mean"], &["temperature", "peer", "peers"]),
    (
        "ensemble",
        &["arithmetic", "geometric", "logit-mean", "arithmetic-then-temperature", "entropy-weighted", "label-weighted"],
        &["temperature"],
    ),
    ("dense", &[], &["temperature", "lambda"]),
    ("native-ensemble", &[], &["temperature", "weight"]),
    ("exits", &[], &["alpha", "temperature", "beta"]),
    ("confidence", &[], &["alpha"]),
    ("specialists", &[], &[]),
    ("lwf", &["separate", "joint"], &["old", "lambda", "temperature"]),
    ("icarl", &[], &["old"]),
    (
        "generator",
        &["one-hot", "balance", "activation", "total", "disagreement", "disagreement-author", "statistics"],
        &["one_hot", "balance", "activation", "temperature"],
    ),
    (
        "adversarial",
        &["discriminator", "student", "student-saturating", "meal", "student-logits", "discriminator-logits"],
        &[],
    ),
];

/// Whether the engine can compute a row: it has the scheme and its variant, and the row has no other parameters.
pub(super) fn has(row: &LossRow) -> bool {
    SCHEMES.iter().any(|(objective, variants, numbers)| {
        let is_variant = match &row.variant {
            Some(variant) => variants.contains(&variant.as_str()),
            None => variants.is_empty(),
        };
        let subsets: &[&str] = if *objective == "specialists" { &["subsets"] } else { &[] };
        let moves = matches!(*objective, "generator" | "adversarial") || !row.moves_teacher();
        *objective == row.objective && is_variant && moves && row.params.are_among(numbers, &[], subsets)
    })
}

/// A loss on the device, and what is compared with the row.
pub(super) struct Computed {
    pub(super) loss: Tensor<1>,
    /// What the row's loss has besides: the same for every student.
    constant: f64,
    /// How often the loss counts a divergence, with T².
    divergences: f64,
    /// The student's outputs, tracked, after the row's gradients.
    pub(super) outputs: Vec<(Vec<f32>, Tensor<2>)>,
}

/// Compares a scheme's loss with a row.
pub(super) async fn check(index: usize, row: &LossRow, device: &Device) -> Result<RowResult, VerifyError> {
    let Computed { loss, constant, divergences, outputs } = compute(row, device).ok_or_else(|| misfit(index))?;
    let gradients = loss.backward();
    let mut compared = Vec::new();
    for (wanted, output) in &outputs {
        let gradient = output.grad(&gradients).ok_or_else(|| misfit(index))?;
        compared.push((wanted.as_slice(), read(gradient).await?));
    }
    let compared: Vec<(&[f32], &[f32])> = compared.iter().map(|(wanted, got)| (*wanted, got.as_slice())).collect();
    let loss = f64::from(read(loss.inner()).await?[0]) + constant;
    Ok(compare(row, loss, divergences, &compared))
}

/// The loss of a row; nothing if its numbers do not fit each other.
pub(super) fn compute(row: &LossRow, device: &Device) -> Option<Computed> {
    let device = device.clone().autodiff();
    match row.objective.as_str() {
        "native-ensemble" => of_branches(row, &device),
        "lwf" | "icarl" => of_tasks(row, &device),
        "exits" => of_exits(row, &device),
        "generator" => of_generator(row, &device),
        "adversarial" => of_game(row, &device),
        _ => of_logits(row, &device),
    }
}

/// A student with one last layer.
fn of_logits(row: &LossRow, device: &Device) -> Option<Computed> {
    let (student, wanted) = (Matrix::of(&row.student.logits)?, Matrix::of(&row.grad.logits)?);
    let [batch, classes] = student.shape;
    let output = student.tensor(device).require_grad();
    let trace = Trace::of_logits(output.clone());
    let number = |name: &str| row.params.number(name);
    let settings = Settings { temperature: number("temperature").unwrap_or(1.0), ..Settings::default() };
    let teacher = || Some(Trace::of_logits(Matrix::of(&row.teacher.logits)?.shaped([batch, classes])?.tensor(device)));
    let targets = || targets(row, [batch, classes], device);
    let (loss, constant, divergences) = match row.objective.as_str() {
        "confidence" => (self_confidence(&trace, &teacher()?, number("alpha")?), 0.0, 1.0),
        "specialists" => {
            let loss = soft_targets(&trace, &teacher()?, &settings, 1.0);
            (loss + specialists(row, &output, device)?, 0.0, 1.0 + row.teachers.len() as f64)
        }
        objective => {
            let others = if objective == "mutual" { &row.peers } else { &row.teachers };
            let teachers = others.iter().map(|other| Matrix::of(&other.logits)?.shaped([batch, classes]));
            let teachers: Vec<Matrix> = teachers.collect::<Option<_>>()?;
            let Mixture { logits, factor, disagreement } = mixture(row, &teachers, &settings, device)?;
            let loss = soft_targets(&trace, &Trace::of_logits(logits), &settings, factor);
            let loss = match objective {
                "dense" => loss + cross_entropy(&trace, targets()?, 1.0 - number("lambda")?),
                _ => loss,
            };
            (loss, factor * disagreement, factor * settings.t2())
        }
    };
    Some(Computed { loss, constant, divergences, outputs: vec![(wanted.shaped(student.shape)?.numbers, output)] })
}

/// A student whose classes arrived in two steps, and its old self, which knows the first ones.
fn of_tasks(row: &LossRow, device: &Device) -> Option<Computed> {
    let (student, wanted) = (Matrix::of(&row.student.logits)?, Matrix::of(&row.grad.logits)?);
    let [batch, classes] = student.shape;
    let old = Some(row.params.number("old")? as usize).filter(|old| (1..classes).contains(old))?;
    let before = Matrix::of(&row.teacher.logits)?.shaped([batch, old])?;
    let output = student.tensor(device).require_grad();
    let (trace, known) = (Trace::of_logits(output.clone()), Trace::of_logits(before.tensor(device)));
    let targets = targets(row, [batch, classes], device)?;
    let rest = |all: Tensor<2>| all.narrow(1, old, classes - old);
    let (loss, constant, divergences) = if row.objective == "icarl" {
        let loss = each_class(rest(output.clone()), rest(targets)) + old_answers_by_class(&trace, &known, old);
        // The authors' mean is one over the classes, too.
        (loss * (1.0 / classes as f64), 0.0, 1.0)
    } else {
        let (temperature, lambda) = (row.params.number("temperature")?, row.params.number("lambda")?);
        let settings = Settings { temperature, scale_by_t2: false, ..Settings::default() };
        let by_labels = match row.variant.as_deref() {
            Some("separate") => within_task(&trace, targets, &second_task(old, classes, device), 1.0),
            _ => cross_entropy(&trace, targets, 1.0),
        };
        let entropy = |example: usize| {
            let answer = probability::softmax(before.row(example), temperature);
            answer.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum::<f64>()
        };
        let entropy = (0..batch).map(entropy).sum::<f64>() / batch as f64;
        (by_labels + old_answers(&trace, &known, old, &settings, lambda), lambda * entropy, lambda)
    };
    Some(Computed { loss, constant, divergences, outputs: vec![(wanted.shaped(student.shape)?.numbers, output)] })
}

/// A student with several last layers and a gate.
fn of_branches(row: &LossRow, device: &Device) -> Option<Computed> {
    let matrices = |branches: &[Vec<Vec<f32>>], gate: &[Vec<f32>]| -> Option<Vec<Matrix>> {
        branches.iter().map(|branch| Matrix::of(branch)).chain([Matrix::of(gate)]).collect()
    };
    let student = matrices(&row.student.branches, &row.student.gate)?;
    let wanted = matrices(&row.grad.branches, &row.grad.gate)?;
    let shape = student.first()?.shape;
    let shapes = |matrices: &[Matrix]| matrices.iter().map(|matrix| matrix.shape).collect::<Vec<_>>();
    let outputs: Vec<Tensor<2>> = student.iter().map(|output| output.tensor(device).require_grad()).collect();
    let (gate, branches) = outputs.split_last()?;
    let fit = branches.iter().all(|branch| branch.dims() == shape) && gate.dims() == [shape[0], branches.len()];
    if !fit || shapes(&student) != shapes(&wanted) {
        return None;
    }
    let settings = Settings { temperature: row.params.number("temperature")?, ..Settings::default() };
    let weight = row.params.number("weight")?;
    let loss = native_ensemble(branches, gate, &targets(row, shape, device)?, &settings, weight);
    let divergences = weight * branches.len() as f64 * settings.t2();
    let outputs = wanted.into_iter().map(|wanted| wanted.numbers).zip(outputs).collect();
    Some(Computed { loss, constant: 0.0, divergences, outputs })
}

/// A student with exits. Rows have the cross-entropy with the last one's answers, which is the divergence and their
/// entropy.
fn of_exits(row: &LossRow, device: &Device) -> Option<Computed> {
    let matrices = |outputs: &NetworkOutputs| -> Option<Vec<Matrix>> {
        let all = outputs.exits.iter().chain([&outputs.last]).chain(&outputs.features);
        all.map(|matrix| Matrix::of(matrix)).collect()
    };
    let (student, wanted) = (matrices(&row.student)?, matrices(&row.grad)?);
    let count = row.student.exits.len();
    let shapes = |matrices: &[Matrix]| matrices.iter().map(|matrix| matrix.shape).collect::<Vec<_>>();
    let (shape, last_features) = (student.get(count)?.shape, Matrix::of(&row.student.final_features)?);
    let fit = student[..count].iter().all(|exit| exit.shape == shape)
        && student[count + 1..].iter().all(|features| features.shape == last_features.shape)
        && row.student.features.len() == count;
    if !fit || shapes(&student) != shapes(&wanted) {
        return None;
    }
    let (number, softened) = (|name: &str| row.params.number(name), row.params.number("temperature")?);
    let (alpha, settings) = (number("alpha")?, Settings { temperature: softened, ..Settings::default() });
    let outputs: Vec<Tensor<2>> = student.iter().map(|output| output.tensor(device).require_grad()).collect();
    let targets = targets(row, shape, device)?;
    let mut loss = exits::of_exits(&outputs[..count], &outputs[count], &targets, &settings, alpha);
    let last_features = last_features.tensor(device);
    for features in &outputs[count + 1..] {
        loss = loss + exits::of_features(features, &last_features, number("beta")?);
    }
    let entropy = |example: usize| -> f64 {
        let answer = probability::softmax(student[count].row(example), softened);
        answer.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum()
    };
    let divergences = alpha * count as f64 * settings.t2();
    let constant = divergences * (0..shape[0]).map(entropy).sum::<f64>() / shape[0] as f64;
    let outputs = wanted.into_iter().map(|wanted| wanted.numbers).zip(outputs).collect();
    Some(Computed { loss, constant, divergences, outputs })
}

/// What a generator is told of its pictures, by the teacher that looks at them and by the student.
fn of_generator(row: &LossRow, device: &Device) -> Option<Computed> {
    let mut outputs = Vec::new();
    let mut tracked = |numbers: &[Vec<f32>], wanted: &[Vec<f32>]| -> Option<Tensor<2>> {
        let (numbers, wanted) = (Matrix::of(numbers)?, Matrix::of(wanted)?);
        let output = numbers.tensor(device).require_grad();
        outputs.push((wanted.shaped(numbers.shape)?.numbers, output.clone()));
        Some(output)
    };
    let (teacher, grad) = (&row.teacher, &row.grad_teacher);
    let number = |name: &str| row.params.number(name);
    let loss = match row.variant.as_deref()? {
        "statistics" => {
            let features = tracked(&teacher.embedding, &grad.embedding)?;
            let [_, channels] = features.dims();
            let known = |numbers: &Vec<f32>| {
                Some(Matrix::of(std::slice::from_ref(numbers))?.shaped([1, channels])?.tensor(device))
            };
            generator::statistics(&features, known(&teacher.mean)?, known(&teacher.variance)?)
        }
        form @ ("disagreement" | "disagreement-author") => {
            let (student, teacher) =
                (tracked(&row.student.logits, &row.grad.logits)?, tracked(&teacher.logits, &grad.logits)?);
            let [_, classes] = student.dims();
            if student.dims() != teacher.dims() {
                return None;
            }
            let [student, teacher] = [student, teacher].map(Trace::of_logits);
            let loss = generator::disagreement(&student, &teacher, number("temperature")?);
            // The authors' mean is one over the classes, too.
            if form == "disagreement-author" { loss * (1.0 / classes as f64) } else { loss }
        }
        _ => {
            let weights = generator::Weights {
                one_hot: number("one_hot")?,
                balance: number("balance")?,
                activation: number("activation")?,
            };
            // A row has what its loss looks at.
            let looks = |at: bool, numbers: &[Vec<f32>]| at != numbers.is_empty();
            if !looks(weights.one_hot != 0.0 || weights.balance != 0.0, &teacher.logits)
                || !looks(weights.activation != 0.0, &teacher.embedding)
            {
                return None;
            }
            let logits = tracked(&teacher.logits, &grad.logits);
            let embedding = tracked(&teacher.embedding, &grad.embedding);
            let any = logits.clone().or(embedding.clone())?;
            let (logits, embedding) = (logits.unwrap_or(any.clone()), embedding.unwrap_or(any));
            generator::unmistakable(&Trace { embedding, ..Trace::of_logits(logits) }, weights)?
        }
    };
    Some(Computed { loss, constant: 0.0, divergences: 1.0, outputs })
}

/// A student and a discriminator: scores of what both networks say, or a discriminator that gives them.
fn of_game(row: &LossRow, device: &Device) -> Option<Computed> {
    let (of_student, of_teacher) = (row.student.scores.rows(), row.teacher.scores.rows());
    let variant = row.variant.as_deref()?;
    let tracked = |matrix: &Matrix| matrix.tensor(device).require_grad();
    let (loss, outputs): (_, Vec<(Matrix, Tensor<2>)>) = if variant.ends_with("-logits") {
        let (student, teacher) = (Matrix::of(&row.student.logits)?, Matrix::of(&row.teacher.logits)?);
        let parts = |from: &Discriminator| -> Option<Vec<Matrix>> {
            let [b1, b2] = [&from.b1, &from.b2].map(|bias| Matrix::of(std::slice::from_ref(bias)));
            Some(vec![Matrix::of(&from.w1)?, b1?, Matrix::of(&from.w2)?, b2?])
        };
        let discriminator = parts(&row.discriminator)?;
        let (inputs, units) = (student.shape[1], discriminator[1].shape[1]);
        let shapes: Vec<[usize; 2]> = discriminator.iter().map(|part| part.shape).collect();
        if shapes != [[inputs, units], [1, units], [units, 1], [1, 1]] || teacher.shape != student.shape {
            return None;
        }
        let (output, matrices) = (tracked(&student), discriminator.iter().map(tracked).collect::<Vec<_>>());
        let of_student = scores(output.clone(), &matrices);
        match variant {
            "student-logits" => (fooling(&of_student, Reversal::Fool), vec![(Matrix::of(&row.grad.logits)?, output)]),
            _ => {
                let loss = telling_apart(&of_student, &scores(teacher.tensor(device), &matrices));
                (loss, parts(&row.grad_discriminator)?.into_iter().zip(matrices).collect())
            }
        }
    } else {
        let (student, teacher) =
            (Matrix::of(&of_student)?, Matrix::of(&of_teacher)?.shaped([of_student.len(), of_student.first()?.len()])?);
        if student.shape[1] != if variant == "meal" { 2 } else { 1 } {
            return None;
        }
        let (student, teacher) = (tracked(&student), tracked(&teacher));
        let loss = match variant {
            "discriminator" => telling_apart(&student, &teacher),
            "meal" => telling_apart_by_two(&student, &teacher),
            "student" => fooling(&student, Reversal::Fool),
            _ => fooling(&student, Reversal::Reverse),
        };
        let mut outputs = vec![(Matrix::of(&row.grad.scores.rows())?, student)];
        if let Some(wanted) = Matrix::of(&row.grad_teacher.scores.rows()) {
            outputs.push((wanted, teacher));
        }
        (loss, outputs)
    };
    let fits = |(wanted, output): (Matrix, Tensor<2>)| Some((wanted.shaped(output.dims())?.numbers, output));
    let outputs = outputs.into_iter().map(fits).collect::<Option<_>>()?;
    Some(Computed { loss, constant: 0.0, divergences: 0.0, outputs })
}

/// The one teacher that several are.
struct Mixture {
    /// `[batch, classes]`.
    logits: Tensor<2>,
    /// The weight of the divergence from it.
    factor: f64,
    /// How much larger the mean of the teachers' divergences is than that of the mixture; 0 where the row has the
    /// latter.
    disagreement: f64,
}

/// What a row asks of a mixture.
fn mixture(row: &LossRow, teachers: &[Matrix], settings: &Settings, device: &Device) -> Option<Mixture> {
    let count = teachers.len() as f64;
    let how = match row.variant.as_deref() {
        Some("geometric" | "logit-mean") => Mix::Logits,
        Some("entropy-weighted") => Mix::Confidence,
        _ => Mix::Probabilities,
    };
    let [batch, classes] = teachers.first()?.shape;
    let labels = labels(row, [batch, classes]);
    let weights = |example: usize| -> Option<Vec<f64>> {
        let of_example = teachers.iter().map(|teacher| (teacher.row(example), 1.0 / count));
        match row.variant.as_deref() {
            Some("label-weighted") => Some(weights_by_label(&of_example.collect::<Vec<_>>(), *labels?.get(example)?)),
            _ => Some(row_weights(how, &of_example.collect::<Vec<_>>())),
        }
    };
    let weights: Vec<Vec<f64>> = (0..batch).map(weights).collect::<Option<_>>()?;
    let equal = || teachers.iter().map(|teacher| (teacher.tensor(device), 1.0 / count)).collect::<Vec<_>>();
    let logits = match row.variant.as_deref() {
        Some("label-weighted") => {
            let column = |teacher: usize| weights.iter().map(|of_example| of_example[teacher] as f32).collect();
            let column = |teacher| Tensor::from_data(TensorData::new(column(teacher), [batch, 1]), device);
            let each = teachers.iter().enumerate().map(|(index, teacher)| (teacher.tensor(device), column(index)));
            weighted(&each.collect::<Vec<_>>(), settings.temperature)
        }
        Some("arithmetic-then-temperature") => mix(how, &equal(), 1.0),
        _ => mix(how, &equal(), settings.temperature),
    };
    let is_mean_of_divergences =
        row.objective != "ensemble" || row.variant.as_deref().is_some_and(|it| it.ends_with("weighted"));
    let factor = match row.variant.as_deref() {
        Some("sum") => count,
        // The authors' weights by entropy sum to K − 1, and they divide by K.
        Some("entropy-weighted") => (count - 1.0) / count,
        Some("label-weighted") => 1.0 / count,
        None => count * row.params.number("lambda")?,
        Some(_) => 1.0,
    };
    let disagreement = if is_mean_of_divergences { disagreement(teachers, &weights, settings) } else { 0.0 };
    Some(Mixture { logits, factor, disagreement })
}

/// `(1 − softmax_k(CE_k)) / (K − 1)` with the teachers' cross-entropies of one label (Zhang et al. 2022, eq. 3).
fn weights_by_label(teachers: &[(&[f32], f64)], label: u8) -> Vec<f64> {
    let right = |(logits, _): &(&[f32], f64)| probability::softmax(logits, 1.0)[usize::from(label)];
    // exp(CE) is the reciprocal of the probability.
    let reciprocals: Vec<f64> = teachers.iter().map(|teacher| 1.0 / right(teacher)).collect();
    let all: f64 = reciprocals.iter().sum();
    reciprocals.iter().map(|one| (1.0 - one / all) / (teachers.len() as f64 - 1.0)).collect()
}

/// `T² · (1/N) Σ_n Σ_k w_nk KL(p_nk ‖ Σ_j w_nj p_nj)`.
fn disagreement(teachers: &[Matrix], weights: &[Vec<f64>], settings: &Settings) -> f64 {
    let mut sum = 0.0;
    for (example, weights) in weights.iter().enumerate() {
        let answers = teachers.iter().map(|teacher| probability::softmax(teacher.row(example), settings.temperature));
        let answers: Vec<Vec<f64>> = answers.collect();
        for class in 0..teachers.first().map_or(0, |teacher| teacher.shape[1]) {
            let mean: f64 = answers.iter().zip(weights).map(|(answer, weight)| weight * answer[class]).sum();
            for (answer, weight) in answers.iter().zip(weights).filter(|(answer, _)| answer[class] > 0.0) {
                sum += weight * answer[class] * (answer[class] / mean).ln();
            }
        }
    }
    sum * settings.t2() / weights.len() as f64
}

/// `Σ_m (1/N) Σ_n KL(p_m ‖ q_m)`, each specialist on its classes and on all others as one.
fn specialists(row: &LossRow, output: &Tensor<2>, device: &Device) -> Option<Tensor<1>> {
    let [batch, classes] = output.dims();
    let answer = softmax(output.clone(), 1);
    let column = |class: usize| answer.clone().slice([0..batch, class..class + 1]);
    let subsets = row.params.subsets("subsets");
    let mut sum: Option<Tensor<1>> = None;
    for (subset, specialist) in subsets.iter().zip(&row.teachers) {
        let taught = Matrix::of(&specialist.logits)?.shaped([batch, subset.len() + 1])?;
        let is_known = |class: usize| subset.iter().any(|&known| usize::from(known) == class);
        let others = (0..classes).filter(|&class| !is_known(class)).map(column).reduce(|sum, column| sum + column)?;
        let known: Vec<usize> = subset.iter().map(|&class| usize::from(class)).collect();
        if known.iter().any(|&class| class >= classes) {
            return None;
        }
        let pooled = Tensor::cat(known.into_iter().map(column).chain([others]).collect(), 1).log();
        let taught = Trace::of_logits(taught.tensor(device));
        let loss = soft_targets(&Trace::of_logits(pooled), &taught, &Settings::default(), 1.0);
        sum = Some(match sum {
            Some(sum) => sum + loss,
            None => loss,
        });
    }
    sum.filter(|_| subsets.len() == row.teachers.len())
}

/// The labels, if there is one for each example and each is a class.
fn labels(row: &LossRow, [batch, classes]: [usize; 2]) -> Option<&[u8]> {
    let fit = row.labels.len() == batch && row.labels.iter().all(|&label| usize::from(label) < classes);
    fit.then_some(row.labels.as_slice())
}

/// `[batch, classes]`: the labels, one-hot.
fn targets(row: &LossRow, shape: [usize; 2], device: &Device) -> Option<Tensor<2>> {
    let data = TensorData::new(one_hot(labels(row, shape)?, shape[1]), shape);
    Some(Tensor::from_data(data, device))
}

/// A matrix of a row, on the host.
struct Matrix {
    numbers: Vec<f32>,
    shape: [usize; 2],
}

impl Matrix {
    /// Nothing where a matrix is empty, or its rows differ in length.
    fn of(rows: &[Vec<f32>]) -> Option<Self> {
        let columns = rows.first()?.len();
        let is_whole = columns > 0 && rows.iter().all(|row| row.len() == columns);
        is_whole.then(|| Self { numbers: rows.concat(), shape: [rows.len(), columns] })
    }

    /// This, if it has this shape.
    fn shaped(self, shape: [usize; 2]) -> Option<Self> {
        (self.shape == shape).then_some(self)
    }

    fn row(&self, index: usize) -> &[f32] {
        &self.numbers[index * self.shape[1]..][..self.shape[1]]
    }

    fn tensor(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.numbers.clone(), self.shape), device)
    }
}

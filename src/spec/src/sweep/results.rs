//! What is read off a trained cell, on the page and in the terminal alike.

use super::{Sweep, SweepCell};
use crate::{
    class_bias::Corrected,
    compression_result::CompressionResult,
    report::Measured,
    verdict::{Outcome, Spread, Verdict},
};

/// What came of an experiment.
#[derive(Debug, Clone)]
pub struct Results {
    /// The comparison of product and control.
    pub verdict: Verdict,
    /// Every network of every run; its logits may be left out.
    pub measured: Vec<Measured>,
    /// Each run's network as a packed file, in the format that the knobs choose or at the end of their pipeline; empty
    /// where nothing was packed.
    pub packed: Vec<CompressionResult>,
    /// The product of every run with the bias of the classes that it never saw; empty where none was left out, or where
    /// logits are left out.
    pub corrected: Vec<Corrected>,
    /// Seconds until the verdict. What was trained for another cell is not in them.
    pub seconds: f64,
}

impl Results {
    /// A number of the product in every run.
    fn of_product(&self, number: impl Fn(&Measured) -> Option<f64>) -> Option<Spread> {
        let product = self.measured.iter().filter(|one| one.network_id == self.verdict.product);
        spread(product.filter_map(number).collect())
    }

    /// Accuracies of the packed files, 0 to 1.
    pub fn packed_accuracy(&self) -> Option<Spread> {
        spread(self.packed.iter().map(|file| file.accuracy).collect())
    }
}

/// Mean and spread of some numbers; `None` of none.
fn spread(values: Vec<f64>) -> Option<Spread> {
    (!values.is_empty()).then(|| Spread::of(values))
}

/// What a table or a chart of a sweep shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How many test examples the product has right.
    Accuracy,
    /// How many the control has right.
    Control,
    /// What the product has right more than the control, with the p value of the paired test.
    Gain,
    /// On how many the product says what its teachers say.
    Agreement,
    /// Its expected calibration error.
    Calibration,
    /// How long its packed file is; where nothing was packed, its file of 32-bit weights.
    Bytes,
}

impl Metric {
    /// The metrics and their words.
    pub const ALL: [(&str, Self); 6] = [
        ("accuracy", Self::Accuracy),
        ("control", Self::Control),
        ("gain", Self::Gain),
        ("agreement", Self::Agreement),
        ("calibration", Self::Calibration),
        ("bytes", Self::Bytes),
    ];

    /// The metric of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(other, _)| *other == word).map(|(_, metric)| metric)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Its value over the runs: shares from 0 to 1, differences of shares, or bytes; `None` where it was not measured.
    pub fn value(self, results: &Results) -> Option<Spread> {
        let verdict = &results.verdict;
        let values = |id| verdict.spread(id).map(|spread| spread.values.iter().copied());
        match self {
            Self::Accuracy => spread(values(verdict.product)?.collect()),
            Self::Control => spread(values(verdict.control)?.collect()),
            Self::Gain => {
                let pairs = values(verdict.product)?.zip(values(verdict.control)?);
                spread(pairs.map(|(product, control)| product - control).collect())
            }
            Self::Agreement => results.of_product(|one| one.agreement),
            Self::Calibration => {
                results.of_product(|one| Some(one.calibration_error).filter(|error| error.is_finite()))
            }
            Self::Bytes if results.packed.is_empty() => results.of_product(|one| Some(one.bytes.into())),
            Self::Bytes => spread(results.packed.iter().map(|file| f64::from(file.bytes)).collect()),
        }
    }
}

/// A number or a text of a cell in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A whole number.
    Count(usize),
    /// A number; shares are in percent.
    Number(f64),
    /// A text.
    Text(String),
}

/// The names of a file's columns behind those of the knobs.
const COLUMNS: [&str; 21] = [
    "product",
    "control",
    "runs",
    "accuracy",
    "accuracy_deviation",
    "control_accuracy",
    "gain",
    "gain_deviation",
    "p_value",
    "outcome",
    "agreement",
    "calibration_error",
    "bytes",
    "packed_accuracy",
    "omitted_accuracy",
    "bias",
    "corrected_accuracy",
    "corrected_omitted",
    "seconds",
    "problem",
    "link",
];

/// What came of a cell, or why nothing did.
pub type Finished<'a> = Result<&'a Results, String>;

/// All that a file says of a cell, by the names of its columns. What was not measured is left out.
pub fn fields(cell: &SweepCell, finished: &Finished<'_>) -> Vec<(&'static str, Field)> {
    let mut fields = Vec::new();
    let mut put = |name: &'static str, field: Option<Field>| {
        // A number that is none has no text in JSON.
        let field = field.filter(|field| !matches!(field, Field::Number(number) if !number.is_finite()));
        fields.extend(field.map(|field| (name, field)));
    };
    match finished {
        Ok(results) => {
            let verdict = &results.verdict;
            let outcome = match verdict.outcome {
                Outcome::Helps => "helps",
                Outcome::NoDifference => "no-difference",
                Outcome::Hurts => "hurts",
            };
            let of = |metric: Metric| metric.value(results);
            let percent = |number: f64| Field::Number(100.0 * number);
            let mean = |metric: Metric| of(metric).map(|spread| percent(spread.mean));
            let deviation = |metric: Metric| of(metric).map(|spread| percent(spread.deviation));
            put("product", Some(Field::Text(verdict.product.to_string())));
            put("control", Some(Field::Text(verdict.control.to_string())));
            put("runs", Some(Field::Count(verdict.runs())));
            put("accuracy", mean(Metric::Accuracy));
            put("accuracy_deviation", deviation(Metric::Accuracy));
            put("control_accuracy", mean(Metric::Control));
            put("gain", mean(Metric::Gain));
            put("gain_deviation", deviation(Metric::Gain));
            put("p_value", Some(Field::Number(verdict.p_value)));
            put("outcome", Some(Field::Text(outcome.to_owned())));
            put("agreement", mean(Metric::Agreement));
            put("calibration_error", mean(Metric::Calibration));
            put("bytes", of(Metric::Bytes).map(|spread| Field::Number(spread.mean)));
            put("packed_accuracy", results.packed_accuracy().map(|spread| percent(spread.mean)));
            let corrected = |number: fn(&Corrected) -> f64| spread(results.corrected.iter().map(number).collect());
            put("omitted_accuracy", corrected(|one| one.before.omitted).map(|spread| percent(spread.mean)));
            put("bias", corrected(|one| one.bias).map(|spread| Field::Number(spread.mean)));
            put("corrected_accuracy", corrected(|one| one.after.overall).map(|spread| percent(spread.mean)));
            put("corrected_omitted", corrected(|one| one.after.omitted).map(|spread| percent(spread.mean)));
            put("seconds", Some(Field::Number(results.seconds)));
        }
        Err(reason) => put("problem", Some(Field::Text(reason.clone()))),
    }
    put("link", cell.link().map(Field::Text));
    fields
}

/// A sweep as CSV: one row for each cell of which something is known.
pub fn csv(sweep: &Sweep, cells: &[SweepCell], finished: &[Option<Finished<'_>>]) -> String {
    let keys = sweep.axes().iter().map(|axis| axis.key());
    let mut text = keys.chain(COLUMNS).collect::<Vec<&str>>().join(",") + "\n";
    for (cell, finished) in cells.iter().zip(finished) {
        let Some(finished) = finished else { continue };
        let fields = fields(cell, finished);
        let mut row: Vec<String> = cell.values.iter().map(|value| quoted(value)).collect();
        for column in COLUMNS {
            row.push(match fields.iter().find(|(name, _)| *name == column) {
                Some((_, Field::Text(text))) => quoted(text),
                Some((_, Field::Number(number))) => number.to_string(),
                Some((_, Field::Count(count))) => count.to_string(),
                None => String::new(),
            });
        }
        text += &(row.join(",") + "\n");
    }
    text
}

/// A field of a CSV file (RFC 4180, section 2).
fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => ["\"", &text.replace('"', "\"\""), "\""].concat(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network_id::NetworkId;

    #[test]
    fn commas_and_quotes_stand_in_quotes() {
        assert_eq!(["a", "64,64", "say \"a\"", ""].map(quoted), ["a", "\"64,64\"", "\"say \"\"a\"\"\"", ""]);
    }

    #[test]
    fn every_metric_has_its_own_word() {
        for (word, metric) in Metric::ALL {
            assert_eq!((metric.word(), Metric::of(word)), (word, Some(metric)));
        }
    }

    #[test]
    fn metrics_by_hand() {
        let measured = |run, network_id, accuracy, agreement| Measured {
            run,
            network_id,
            accuracy,
            per_class_accuracy: Vec::new(),
            agreement,
            calibration_error: f64::NAN,
            parameters: 1,
            extra_parameters: 0,
            bytes: 40,
            logits: Vec::new().into(),
            seconds: 1.0,
        };
        let (product, control) = (NetworkId::STUDENT, NetworkId::BASELINE);
        let results = Results {
            verdict: Verdict {
                outcome: Outcome::Helps,
                p_value: 0.25,
                edited_while_training: false,
                examples: 4,
                control,
                product,
                accuracies: vec![(control, Spread::of(vec![0.25, 0.5])), (product, Spread::of(vec![0.75, 0.5]))],
            },
            measured: vec![
                measured(0, product, 0.75, Some(0.5)),
                measured(0, control, 0.25, Some(0.25)),
                measured(1, product, 0.5, None),
            ],
            packed: Vec::new(),
            corrected: Vec::new(),
            seconds: 2.0,
        };
        let mean = |metric: Metric| metric.value(&results).map(|spread| spread.mean);
        let means = Metric::ALL.map(|(_, metric)| mean(metric));
        assert_eq!(means, [Some(0.625), Some(0.375), Some(0.25), Some(0.5), None, Some(40.0)]);
        assert_eq!(Metric::Gain.value(&results).unwrap().values, [0.5, 0.0]);
        let sweep: Sweep = "student:4,8".parse().unwrap();
        let cells = sweep.cells(&crate::Experiment::default());
        let text = csv(&sweep, &cells, &[Some(Ok(&results)), None]);
        let row = "4,student,baseline,2,62.5,17.67766952966369,37.5,25,35.35533905932738,0.25,helps,50,,40,,,,,,2,,";
        assert_eq!(text.lines().nth(1).unwrap().split("v=1").next(), Some(row), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}

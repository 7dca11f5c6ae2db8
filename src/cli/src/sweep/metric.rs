//! What is read off a trained cell.

use retort_spec::{CompressionResult, Measured, Spread, Verdict};

/// What came of an experiment.
#[derive(Debug, Clone)]
pub struct Results {
    /// The comparison of product and control.
    pub verdict: Verdict,
    /// Every network of every run.
    pub measured: Vec<Measured>,
    /// Each run's network as a packed file, in the format that the knobs choose or at the end of their pipeline; none
    /// of networks of sequences.
    pub packed: Vec<CompressionResult>,
    /// Seconds until the verdict. What was trained for another cell is not in them.
    pub seconds: f64,
}

impl Results {
    /// A number of the product in every run.
    fn of_product(&self, number: impl Fn(&Measured) -> Option<f64>) -> Option<Spread> {
        let product = self.measured.iter().filter(|one| one.network_id == self.verdict.product);
        spread(product.filter_map(number))
    }

    /// Accuracies of the product, 0 to 1.
    pub fn accuracy(&self) -> Option<Spread> {
        self.of_product(|one| Some(one.accuracy))
    }

    /// Share of the test set on which the product says what its teachers say, 0 to 1; `None` without teachers.
    pub fn agreement(&self) -> Option<Spread> {
        self.of_product(|one| one.agreement)
    }

    /// Expected calibration errors of the product, 0 to 1; `None` where there are no classes.
    pub fn calibration(&self) -> Option<Spread> {
        self.of_product(|one| Some(one.calibration_error).filter(|error| error.is_finite()))
    }

    /// Accuracies of the product less those of the control in the same run.
    pub fn gain(&self) -> Option<Spread> {
        let of = |id| self.verdict.spread(id).map(|spread| spread.values.iter());
        let (product, control) = (of(self.verdict.product)?, of(self.verdict.control)?);
        spread(product.zip(control).map(|(product, control)| product - control))
    }

    /// Lengths of the packed files; where nothing was packed, of the product's file of 32-bit weights.
    pub fn bytes(&self) -> Option<Spread> {
        match self.packed.is_empty() {
            true => self.of_product(|one| Some(one.bytes.into())),
            false => spread(self.packed.iter().map(|file| f64::from(file.bytes))),
        }
    }

    /// Accuracies of the packed files, 0 to 1.
    pub fn packed_accuracy(&self) -> Option<Spread> {
        spread(self.packed.iter().map(|file| file.accuracy))
    }
}

/// Mean and spread of some numbers; `None` of none.
fn spread(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| Spread::of(values))
}

/// What a table of a sweep shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How many test examples the product has right.
    Accuracy,
    /// On how many it says what its teachers say.
    Agreement,
    /// Its expected calibration error.
    Calibration,
    /// What it has right more than the control, with the p value of the paired test.
    Gain,
    /// How long its packed file is.
    Bytes,
}

impl Metric {
    /// The metrics and their words.
    pub const ALL: [(&str, Self); 5] = [
        ("accuracy", Self::Accuracy),
        ("agreement", Self::Agreement),
        ("calibration", Self::Calibration),
        ("gain", Self::Gain),
        ("bytes", Self::Bytes),
    ];

    /// The metric of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(other, _)| *other == word).map(|(_, metric)| metric)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, metric)| *metric == self).map_or("", |(word, _)| word)
    }

    /// What it is, over a table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy: test examples that the product has right, %",
            Self::Agreement => "agreement: test examples on which the product says what its teachers say, %",
            Self::Calibration => "calibration: expected calibration error of the product, %",
            Self::Gain => {
                "gain: accuracy of the product less that of the control, in points, with p of the paired test"
            }
            Self::Bytes => "bytes of the packed file: with its accuracy, %",
        }
    }

    /// Letters of its longest text.
    pub fn width(self) -> usize {
        match self {
            Self::Accuracy | Self::Agreement | Self::Calibration => "100.0 ± 10.0".len(),
            Self::Gain => "+10.0 ± 10.0, p < 0.001".len(),
            Self::Bytes => "1000000: 100.0".len(),
        }
    }

    /// Its text in a table.
    pub fn text(self, results: &Results) -> String {
        let text = match self {
            Self::Accuracy => results.accuracy().map(|spread| percent(&spread)),
            Self::Agreement => results.agreement().map(|spread| percent(&spread)),
            Self::Calibration => results.calibration().map(|spread| percent(&spread)),
            Self::Gain => results.gain().map(|spread| {
                let p_value = results.verdict.p_value;
                let p_value = if p_value < 0.001 { "p < 0.001".into() } else { format!("p = {p_value:.3}") };
                format!("{:+.1} ± {:.1}, {p_value}", 100.0 * spread.mean, 100.0 * spread.deviation)
            }),
            Self::Bytes => results.bytes().map(|spread| match results.packed_accuracy() {
                Some(accuracy) => format!("{:.0}: {:.1}", spread.mean, 100.0 * accuracy.mean),
                None => format!("{:.0}", spread.mean),
            }),
        };
        text.unwrap_or_else(|| "–".into())
    }
}

/// Mean and spread, in percent.
fn percent(spread: &Spread) -> String {
    format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation)
}

//! An experiment of the literature as the page fetches it: what was published, and what Retort measured.

use serde::{Deserialize, Serialize};

use crate::{
    network_id::NetworkId,
    report::Measured,
    sweep::Results,
    verdict::{Outcome, Spread, Verdict},
};

/// A sweep with what is published about it, in one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Preset {
    /// What it is about.
    pub title: String,
    /// Authors, year and section.
    pub paper: String,
    /// Where that can be read.
    pub address: String,
    /// The experiment, as a permalink.
    pub link: String,
    /// The sweep of it.
    pub sweep: String,
    /// The word of the metric that shows what it is about.
    pub metric: String,
    /// What the paper says.
    pub claim: String,
    /// Published figures, each behind what it is of.
    pub published: Vec<(String, String)>,
    /// What the figures of Retort's are of that no picture of the sweep shows; empty where there are none.
    pub head: String,
    /// Those figures, each behind what it is of.
    pub ours: Vec<(String, String)>,
    /// What is seen here of that.
    pub seen: String,
    /// What is not.
    pub unseen: String,
    /// Each cell of the sweep as it was measured; `None` for one that is impossible.
    pub cells: Vec<Option<PublishedCell>>,
}

/// Two of one title and one sweep are the same: a list of them is read once and never changed.
impl PartialEq for Preset {
    fn eq(&self, other: &Self) -> bool {
        (&self.title, &self.sweep) == (&other.title, &other.sweep)
    }
}

/// A cell as it was measured in the terminal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedCell {
    /// The network that the experiment is about, and the one that it is compared with.
    pub product: NetworkId,
    /// Its control.
    pub control: NetworkId,
    /// Accuracies of both in every run, 0 to 1.
    pub accuracies: [Vec<f64>; 2],
    /// What the comparison says.
    pub outcome: Outcome,
    /// The p value of the paired test.
    pub p_value: f64,
    /// The product's agreement with its teachers, 0 to 1, mean over the runs.
    pub agreement: Option<f64>,
    /// Its expected calibration error, 0 to 1, mean over the runs; `None` where that means nothing.
    pub calibration_error: Option<f64>,
}

impl PublishedCell {
    /// The same as a sweep of the page has it.
    pub fn results(&self) -> Results {
        let accuracies = [self.product, self.control].into_iter().zip(self.accuracies.iter().cloned().map(Spread::of));
        let verdict = Verdict {
            outcome: self.outcome,
            p_value: self.p_value,
            edited_while_training: false,
            examples: 0,
            control: self.control,
            product: self.product,
            accuracies: accuracies.collect(),
        };
        let accuracy = verdict.mean(self.product);
        // The means over the runs stand as those of one.
        let measured = Measured {
            run: 0,
            network_id: self.product,
            accuracy,
            per_class_accuracy: Vec::new(),
            agreement: self.agreement,
            calibration_error: self.calibration_error.unwrap_or(f64::NAN),
            parameters: 0,
            extra_parameters: 0,
            bytes: 0,
            logits: Vec::new().into(),
            seconds: 0.0,
        };
        Results { verdict, measured: vec![measured], packed: Vec::new(), corrected: Vec::new(), seconds: 0.0 }
    }
}

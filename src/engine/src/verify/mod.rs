//! Checks the engine against vector files: numbers that others computed.

mod losses;
mod privacy;
mod quantization;
mod row;
mod sample;
mod schemes;

use burn::tensor::{Device, ExecutionError};

pub use losses::loss_and_gradient;
pub use row::{
    Discriminator, EpsilonRow, LossRow, NamedRow, NetworkOutputs, Parameters, PrivacyParameters, PrivacyResult,
    QuantizationRow, Row, Scores, VoteResult, VoteRow,
};
pub use sample::{Sample, TensorName};

/// How a row of a vector file fared.
#[derive(Debug, Clone, PartialEq)]
pub struct RowResult {
    /// What was checked.
    pub name: String,
    /// How it fared.
    pub result: RowOutcome,
}

/// How a row fared.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// The engine agrees; the largest errors of value and gradient.
    Passed {
        /// Relative error of the value.
        value: f64,
        /// Error of the gradient relative to its largest entry.
        gradient: f64,
    },
    /// It does not.
    Missed {
        /// What differs.
        reason: String,
    },
    /// The engine does not have it, or not with these fields and parameters.
    Absent,
}

/// A vector file's row contradicts itself, or the device failed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The engine has what the row is about, but the row's numbers do not fit each other.
    #[error("row {row}: {reason}")]
    BadRow {
        /// Its place, from 0.
        row: usize,
        /// What is wrong.
        reason: String,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] ExecutionError),
}

/// Checks every row on a device. Rows that the engine does not know are [`RowOutcome::Absent`].
///
/// # Errors
/// [`VerifyError`] where a row makes no sense or the device fails; a mere difference is a [`RowOutcome::Missed`].
pub async fn verify(rows: &[Row], device: &Device) -> Result<Vec<RowResult>, VerifyError> {
    let mut checked = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let absent = |name: String| RowResult { name, result: RowOutcome::Absent };
        checked.push(match row {
            Row::Loss(row) if schemes::has(row) => schemes::check(index, row, device).await?,
            Row::Loss(row) if losses::has(row) => losses::check(index, row, device).await?,
            Row::Loss(row) => absent(row.name()),
            Row::Quantization(row) => quantization::check(index, row, device).await?,
            Row::Votes(row) if row.objective == "pate-vote" => privacy::check_votes(row),
            Row::Votes(row) => absent(row.id.clone()),
            Row::Epsilon(row) => privacy::check_epsilon(row).unwrap_or_else(|| absent(row.id.clone())),
            Row::Named(row) => absent(row.name().map_or_else(|| format!("row {index}"), str::to_owned)),
            Row::Unknown(_) => absent(format!("row {index}")),
        });
    }
    Ok(checked)
}

/// The refusal of a row whose numbers do not fit each other.
fn misfit(row: usize) -> VerifyError {
    VerifyError::BadRow { row, reason: "outputs, labels and gradient do not fit each other".into() }
}

#[cfg(test)]
mod tests;

//! What is measured of a network: while it trains, when it is trained, and when it is packed.

use retort_compress::{Layer, format::pack::pack_float};
use retort_spec::{Measured, NetworkFile, NetworkId, NetworkKind, metrics::Answers};

use crate::{device::ExecutionError, nets::Network, train::device_dataset::DeviceDataset};

/// Training examples whose accuracy is followed: the curve is a hint at overfitting, not a result.
const SAMPLE: usize = 250;

/// At most [`SAMPLE`] of these rows, evenly spread.
pub fn sample(rows: &[u32]) -> Vec<u32> {
    rows.iter().step_by(rows.len().div_ceil(SAMPLE).max(1)).copied().collect()
}

/// Logits of the test set with its labels.
pub fn answers<'a>(data: &'a DeviceDataset, logits: &'a [f32]) -> Answers<'a> {
    Answers { logits, labels: &data.dataset.test.labels, classes: data.dataset.classes }
}

/// A network's logits of the test set. Where the task of each example is told, the classes of the other task do not
/// compete.
pub async fn test_answers(data: &DeviceDataset, network: &Network, is_told: bool) -> Result<Vec<f32>, ExecutionError> {
    let mut logits = data.test_logits(network).await?;
    if is_told {
        hide_other_task(data, &mut logits);
    }
    Ok(logits)
}

/// Takes the classes of the other task out of the competition.
#[cfg(feature = "graph")]
fn hide_other_task(data: &DeviceDataset, logits: &mut [f32]) {
    use crate::{distill::examples::old_classes, objectives::lifelong::ELSEWHERE};
    let classes = data.dataset.classes;
    let old = old_classes(classes);
    for (row, &label) in logits.chunks_exact_mut(classes).zip(&data.dataset.test.labels) {
        let others = if usize::from(label) < old { old..classes } else { 0..old };
        row[others].iter_mut().for_each(|logit| *logit -= ELSEWHERE as f32);
    }
}

/// No network without a graph learns two tasks.
#[cfg(not(feature = "graph"))]
fn hide_other_task(_: &DeviceDataset, _: &mut [f32]) {}

/// Share of these training examples that is right; `None` if there are none.
pub async fn train_accuracy(
    data: &DeviceDataset,
    network: &Network,
    rows: &[u32],
) -> Result<Option<f64>, ExecutionError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let logits = data.train_logits(network, rows).await?;
    let labels: Vec<u8> = rows.iter().map(|&row| data.dataset.train.labels[row as usize]).collect();
    Ok(Some(Answers { logits: &logits, labels: &labels, classes: data.dataset.classes }.accuracy()))
}

/// Measures a trained network of a run by its logits of the test set, and packs it.
pub fn measure(
    data: &DeviceDataset,
    (run, network_id): (u32, NetworkId),
    (kind, layers): (NetworkKind, &[Layer]),
    logits: Vec<f32>,
    (extra_parameters, seconds): (usize, f64),
) -> (Measured, NetworkFile) {
    let answered = answers(data, &logits);
    let file = if layers.is_empty() { Vec::new() } else { pack_float(kind, data.dataset.features(), layers) };
    let measured = Measured {
        run,
        network_id,
        accuracy: answered.accuracy(),
        per_class_accuracy: answered.per_class_accuracy(),
        agreement: None,
        calibration_error: answered.calibration_error(),
        parameters: layers.iter().map(|layer| layer.weight.len() + layer.bias.len()).sum::<usize>() as u32,
        extra_parameters: extra_parameters as u32,
        bytes: file.len() as u32,
        logits: logits.into(),
        seconds,
    };
    (measured, NetworkFile { run, network_id, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_evenly_and_small_sets_are_taken_whole() {
        assert_eq!(sample(&[4, 7]), [4, 7]);
        let all: Vec<u32> = (0..1000).collect();
        assert_eq!(sample(&all)[..3], [0, 4, 8]);
        assert!(sample(&(0..60_000).collect::<Vec<u32>>()).len() <= SAMPLE);
    }
}

//! What is measured of a network: while it trains, when it is trained, and when it is packed.

use burn::tensor::ExecutionError;
use retort_spec::{Actor, Bits, Compressed, Granularity, Measured, NetworkKind};

use super::Halt;
use crate::{
    compress::{
        histogram::histogram,
        pack::{pack, unpack},
        schemes,
    },
    nets::{Layer, Network},
    train::{bench::Bench, metrics::Answers},
};

/// Training examples whose accuracy is followed: the curve is a hint at overfitting, not a result.
const SAMPLE: usize = 250;

/// At most [`SAMPLE`] of these rows, evenly spread.
pub fn sample(rows: &[u32]) -> Vec<u32> {
    rows.iter().step_by(rows.len().div_ceil(SAMPLE).max(1)).copied().collect()
}

/// Logits of the test set with its labels.
pub fn answers<'a>(bench: &'a Bench, logits: &'a [f32]) -> Answers<'a> {
    Answers { logits, labels: &bench.dataset.test.labels, classes: bench.dataset.classes }
}

/// Share of these training examples that is right; `None` if there are none.
pub async fn train_accuracy(bench: &Bench, network: &Network, rows: &[u32]) -> Result<Option<f64>, ExecutionError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let logits = bench.train_logits(network, rows).await?;
    let labels: Vec<u8> = rows.iter().map(|&row| bench.dataset.train.labels[row as usize]).collect();
    Ok(Some(Answers { logits: &logits, labels: &labels, classes: bench.dataset.classes }.accuracy()))
}

/// Measures a trained network of a run; `teacher` holds its teacher's logits of the test set.
pub async fn measure(
    bench: &Bench,
    (run, actor): (u32, Actor),
    network: &Network,
    teacher: Option<&[f32]>,
    (extra_parameters, seconds): (usize, f64),
) -> Result<Measured, Halt> {
    let logits = bench.test_logits(network).await?;
    let layers = network.to_layers().await?;
    let said = answers(bench, &logits);
    Ok(Measured {
        run,
        actor,
        accuracy: said.accuracy(),
        per_class_accuracy: said.per_class_accuracy(),
        agreement: teacher.map(|teacher| said.agreement(teacher)),
        calibration_error: said.calibration_error(),
        parameters: layers.iter().map(|layer| layer.weight.len() + layer.bias.len()).sum::<usize>() as u32,
        extra_parameters: extra_parameters as u32,
        bytes: pack(&layers, Bits::B32, Granularity::Channel)?.file.len() as u32,
        logits: logits.into(),
        seconds,
    })
}

/// Packs a student at every width and granularity, reads each file back and measures what was read.
pub async fn compress(bench: &Bench, kind: NetworkKind, layers: &[Layer]) -> Result<Vec<Compressed>, Halt> {
    let mut rows = Vec::new();
    for (bits, granularity) in schemes() {
        let packed = pack(layers, bits, granularity)?;
        let back = unpack(&packed.file)?;
        let logits = bench.test_logits(&Network::from_layers(kind, &back, &bench.device)).await?;
        let said = answers(bench, &logits);
        let histogram_of = |((before, after), scales): ((&Layer, &Layer), &Vec<f32>)| {
            histogram(&before.weight, &after.weight, bits, scales.first().copied())
        };
        rows.push(Compressed {
            bits,
            granularity,
            bytes: packed.file.len() as u32,
            parts: packed.parts,
            accuracy: said.accuracy(),
            answers: said.predictions(),
            layers: layers.iter().zip(&back).zip(&packed.scales).map(histogram_of).collect(),
        });
    }
    Ok(rows)
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

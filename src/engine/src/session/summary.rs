//! What the page is told of a data set.

use retort_spec::{DataSummary, Example, Experiment};

use crate::{
    data::Examples,
    schemes::offline::{labelled_rows, transfer_rows},
    train::bench::Bench,
};

/// Examples in the gallery; the page draws a few dozen.
const GALLERY: usize = 120;

/// Describes the data set with enough of it to draw; labels as the student of this seed sees them.
pub fn summarize(bench: &Bench, experiment: &Experiment, seed: u32) -> DataSummary {
    let dataset = &bench.dataset;
    let features = dataset.features();
    let labelled = labelled_rows(bench, experiment, seed);
    let others = (0..dataset.train.len() as u32).filter(|row| labelled.binary_search(row).is_err());
    // Half of the gallery at most is labelled, so that both kinds are seen.
    let shown = labelled.iter().copied().take(GALLERY / 2).map(|row| (row, true)).chain(others.map(|row| (row, false)));
    let image = dataset.is_image();
    let example = |(row, labelled): (u32, bool)| {
        let input = dataset.train.input(row, features);
        Example {
            index: row,
            label: dataset.train.labels[row as usize],
            labelled,
            pixels: if image { pixels(input) } else { Vec::new() },
            point: if image { Vec::new().into() } else { input.to_vec().into() },
        }
    };
    let Examples { inputs, labels } = &dataset.test;
    DataSummary {
        data: experiment.data,
        classes: dataset.classes as u32,
        shape: dataset.shape.map(|side| side as u32),
        train: dataset.train.len() as u32,
        test: dataset.test.len() as u32,
        labelled: labelled.len() as u32,
        transfer: transfer_rows(bench, experiment, seed).len() as u32,
        gallery: shown.take(GALLERY).map(example).collect(),
        test_pixels: if image { pixels(inputs) } else { Vec::new() },
        test_points: if image { Vec::new().into() } else { inputs.clone().into() },
        test_labels: labels.clone(),
    }
}

fn pixels(inputs: &[f32]) -> Vec<u8> {
    inputs.iter().map(|x| (255.0 * x).round() as u8).collect()
}

//! What the page is told of a data set.

use retort_spec::{DataSummary, Example, Experiment};

use crate::{
    data::Examples,
    distill::examples::{labelled_rows, rows_of, transfer_rows},
    train::device_dataset::DeviceDataset,
};

/// Examples in the gallery: two dozen of each of ten classes, so that each can be leafed through.
const GALLERY: usize = 240;

/// Describes the data set with enough of it to draw; labels as the student of this seed sees them.
pub fn summarize(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> DataSummary {
    let dataset = &data.dataset;
    let features = dataset.features();
    let labelled = labelled_rows(data, experiment, seed);
    let others = (0..dataset.train.len() as u32).filter(|row| labelled.binary_search(row).is_err());
    // As many of each class, and half of them at most labelled, so that both kinds are seen. Points cost little to
    // send.
    let most = if dataset.is_image() { GALLERY / dataset.classes } else { usize::MAX };
    let mut counts = vec![[0; 2]; dataset.classes];
    let labelled_most = if dataset.is_image() { most / 2 } else { usize::MAX };
    let candidates = labelled.iter().rev().map(|&row| (row, true)).chain(others.map(|row| (row, false)));
    let shown = candidates.filter(|&(row, labelled)| {
        let [ringed, all] = &mut counts[usize::from(dataset.train.labels[row as usize])];
        let fits = *all < most && (!labelled || *ringed < labelled_most);
        *all += usize::from(fits);
        *ringed += usize::from(fits && labelled);
        fits
    });
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
    let plan = experiment.plan();
    let sees = |id| plan.lesson(id).map_or(0, |lesson| rows_of(data, experiment, lesson, seed).len() as u32);
    let Examples { inputs, labels } = &dataset.test;
    DataSummary {
        data: experiment.data,
        networks: plan.ids().collect(),
        classes: dataset.classes as u32,
        shape: dataset.shape.map(|side| side as u32),
        train: dataset.train.len() as u32,
        test: dataset.test.len() as u32,
        labelled: labelled.len() as u32,
        sees: plan.ids().map(sees).collect(),
        transfer: transfer_rows(data, experiment, seed).len() as u32,
        own: dataset.own as u32,
        gallery: shown.map(example).collect(),
        test_pixels: if image { pixels(inputs) } else { Vec::new() },
        test_points: if image { Vec::new().into() } else { inputs.clone().into() },
        class_names: Vec::new(),
        test_texts: Vec::new(),
        test_labels: labels.clone(),
    }
}

fn pixels(inputs: &[f32]) -> Vec<u8> {
    inputs.iter().map(|x| (255.0 * x).round() as u8).collect()
}

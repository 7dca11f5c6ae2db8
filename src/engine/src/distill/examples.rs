//! Which examples a network of a plan sees: the labelled ones, and those that it is distilled on.

use retort_spec::{Experiment, LabelAccess, Labels, Shown, Supervision, Transfer};

use crate::{data::split, train::device_dataset::DeviceDataset};

/// The examples whose labels a network sees, as rows of the training set in rising order. What the knob `omit` hides
/// from students is hidden from all but teachers.
pub fn rows_of(data: &DeviceDataset, experiment: &Experiment, supervision: &Supervision, seed: u32) -> Vec<u32> {
    let mut rows = all_rows_of(data, experiment, supervision.labels, seed);
    if !supervision.as_teacher {
        let labels = &data.dataset.train.labels;
        rows.retain(|&row| !experiment.omitted_classes.contains(labels[row as usize]));
    }
    rows
}

fn all_rows_of(data: &DeviceDataset, experiment: &Experiment, access: LabelAccess, seed: u32) -> Vec<u32> {
    let (classes, given) = (data.dataset.classes, given(data));
    let all = |labels: Labels, keep: &dyn Fn(u8) -> bool| match labels {
        // In rising order, however many: the visitor's own among them.
        Labels::All => {
            (0_u32..).zip(&data.dataset.train.labels).filter(|&(_, &label)| keep(label)).map(|(row, _)| row).collect()
        }
        Labels::Count(count) => with_own(data, split::subset(given, count as usize, classes, seed, keep), keep),
    };
    match access {
        LabelAccess::Some(labels) | LabelAccess::Elsewhere(labels) => all(labels, &|_| true),
        LabelAccess::Revealed => labelled_rows(data, experiment, seed),
        LabelAccess::Apart { labels, index, of } => {
            let of = usize::from(of.max(1));
            let count = (labels as usize).min(given.len() / of);
            let first = count * usize::from(index);
            let rows = split::part(given, first..first + count, classes, seed);
            // The first member, with which the control is compared, sees the visitor's own examples.
            if index == 0 { with_own(data, rows, &|_| true) } else { rows }
        }
        LabelAccess::Private { queries, index, of } => {
            let first = asked(data, queries);
            let count = (given.len() - first) / usize::from(of.max(1));
            let first = first + count * usize::from(index);
            let rows = split::part(given, first..first + count, classes, seed);
            if index == 0 { with_own(data, rows, &|_| true) } else { rows }
        }
        LabelAccess::Queries(queries) => split::part(given, 0..asked(data, queries), classes, seed),
        LabelAccess::Special { labels, index, of } => {
            let own = specialty(index, of, classes);
            let is_own = |row: &u32| own.contains(&data.dataset.train.labels[*row as usize]);
            let (own, others): (Vec<u32>, Vec<u32>) = all(labels, &|_| true).into_iter().partition(is_own);
            // As many of the others, evenly spread.
            let every = others.len().div_ceil(own.len().max(1)).max(1);
            let mut is_among = vec![false; data.dataset.train.len()];
            own.iter().chain(others.iter().step_by(every)).for_each(|&row| is_among[row as usize] = true);
            (0_u32..).zip(is_among).filter(|&(_, is_among)| is_among).map(|(row, _)| row).collect()
        }
        LabelAccess::Task { labels, index, kept, .. } => {
            let is_own = |class: u8| (usize::from(class) < old_classes(classes)) == (index == 0);
            let mut rows = all(labels, &is_own);
            rows.extend(split::subset(given, kept as usize, classes, seed, |class| !is_own(class)));
            rows.sort_unstable();
            rows
        }
        LabelAccess::Blind { labels, index } => {
            let hidden = hidden(index, classes);
            let seen = all(labels, &|_| true);
            seen.into_iter().filter(|&row| !hidden.contains(&data.dataset.train.labels[row as usize])).collect()
        }
    }
}

/// How many classes come first where they arrive in two steps.
pub fn old_classes(classes: usize) -> usize {
    classes / 2
}

/// The classes that the `index`th of `of` specialists tells apart.
pub fn specialty(index: u8, of: u8, classes: usize) -> Vec<u8> {
    let part = |class: &u8| usize::from(*class) * usize::from(of.max(1)) / classes == usize::from(index);
    (0..classes as u8).filter(part).collect()
}

/// How many examples voters are asked about: at most half of them, since the other half is the voters' own.
fn asked(data: &DeviceDataset, queries: u32) -> usize {
    (queries as usize).min(given(data).len() / 2)
}

/// The two classes that the `index`th member does not see; one of fewer than four.
fn hidden(index: u8, classes: usize) -> Vec<u8> {
    let each = if classes < 4 { 1 } else { 2 };
    (0..each).map(|next| ((usize::from(index) * each + next) % classes) as u8).collect()
}

/// The labels of the examples that the data set has, without the visitor's own.
fn given(data: &DeviceDataset) -> &[u8] {
    let dataset = &data.dataset;
    &dataset.train.labels[..dataset.train.len() - dataset.own]
}

/// These rows and the visitor's own: those were labelled by hand, so that they may be seen whatever the count.
fn with_own(data: &DeviceDataset, mut rows: Vec<u32>, keep: &dyn Fn(u8) -> bool) -> Vec<u32> {
    let first = given(data).len();
    let own = (first as u32..).zip(&data.dataset.train.labels[first..]);
    rows.extend(own.filter(|&(_, &label)| keep(label)).map(|(row, _)| row));
    rows
}

/// The examples whose labels the student of this seed may see.
pub fn labelled_rows(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let count = match experiment.labels {
        Labels::All => usize::MAX,
        Labels::Count(count) => count as usize,
    };
    let keep = |class| !experiment.omitted_classes.contains(class);
    with_own(data, split::subset(given(data), count, data.dataset.classes, seed, keep), &keep)
}

/// The examples that the student of this seed is distilled on, as rows of the training set or of as much noise.
pub fn transfer_rows(data: &DeviceDataset, experiment: &Experiment, seed: u32) -> Vec<u32> {
    let labels = &data.dataset.train.labels;
    match experiment.transfer {
        Transfer::Labelled => labelled_rows(data, experiment, seed),
        Transfer::All => {
            let rows = (0_u32..).zip(labels);
            rows.filter(|&(_, &label)| !experiment.omitted_classes.contains(label)).map(|(row, _)| row).collect()
        }
        Transfer::Noise | Transfer::Sparse | Transfer::Shuffled | Transfer::Other => (0..labels.len() as u32).collect(),
    }
}

/// The examples that networks of a phase are distilled on: where `labelled` is the transfer set, a network's own
/// labelled examples.
pub fn transfer_rows_of(
    data: &DeviceDataset,
    experiment: &Experiment,
    supervision: &Supervision,
    seed: u32,
) -> Vec<u32> {
    match transfer_of(experiment, supervision) {
        Transfer::Labelled => rows_of(data, experiment, supervision, seed),
        transfer => transfer_rows(data, &Experiment { transfer, ..experiment.clone() }, seed),
    }
}

/// What the networks of a supervision are distilled on: the experiment's transfer set, unless the plan has another. Of
/// what a generator draws it says how many there are.
pub fn transfer_of(experiment: &Experiment, supervision: &Supervision) -> Transfer {
    match supervision.shown {
        Shown::Examples | Shown::Matching | Shown::Distilled | Shown::Means => experiment.transfer,
        Shown::Noise => Transfer::Noise,
        Shown::Sparse | Shown::Generated => Transfer::Sparse,
    }
}

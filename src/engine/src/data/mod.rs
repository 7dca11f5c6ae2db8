//! Data sets: a source of examples a file, and the line below that names it.

pub mod batch;
mod digits;
pub mod idx;
mod plane;
pub mod split;
mod strokes;

use retort_spec::{DataSet, Experiment, Trouble};

/// Examples and their classes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    /// `[examples, features]`, row by row. Pixels run from 0 to 1; coordinates are of order 1.
    pub inputs: Vec<f32>,
    /// `[examples]`, each below the number of classes.
    pub labels: Vec<u8>,
}

impl Examples {
    /// How many.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The examples at these places, in this order.
    pub fn select(&self, rows: &[u32], features: usize) -> Self {
        let inputs = rows.iter().flat_map(|&row| self.input(row, features)).copied().collect();
        Self { inputs, labels: rows.iter().map(|&row| self.labels[row as usize]).collect() }
    }

    /// The features of one example.
    pub fn input(&self, row: u32, features: usize) -> &[f32] {
        let start = row as usize * features;
        &self.inputs[start..start + features]
    }
}

/// A data set, split once and for all into what is trained on and what is tested on.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// How many classes.
    pub classes: usize,
    /// Rows and columns of an image; `[1, 2]` for points in the plane.
    pub shape: [usize; 2],
    /// What networks are trained on.
    pub train: Examples,
    /// What they are tested on.
    pub test: Examples,
}

impl Dataset {
    /// Numbers that describe one example.
    pub fn features(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// Whether the examples are images.
    pub fn is_image(&self) -> bool {
        self.shape[0] > 1
    }
}

/// Test examples of a generated data set.
const GENERATED_TEST: usize = 500;

/// Makes or finds the data set of an experiment; `files` holds those that were read from files.
///
/// # Errors
/// [`Trouble::FilesNeeded`] where the data set is read from files and they are not there.
pub fn load(experiment: &Experiment, files: &[(DataSet, Dataset)]) -> Result<Dataset, Trouble> {
    let count = experiment.examples as usize;
    match experiment.data {
        DataSet::Digits8 => digits::load(),
        DataSet::Strokes => Ok(strokes::draw(count, GENERATED_TEST, experiment.seed)),
        DataSet::Spirals => Ok(plane::make(plane::spiral, experiment, GENERATED_TEST)),
        DataSet::Moons => Ok(plane::make(plane::moon, experiment, GENERATED_TEST)),
        DataSet::Rings => Ok(plane::make(plane::ring, experiment, GENERATED_TEST)),
        DataSet::Blobs => Ok(plane::make(plane::blob, experiment, GENERATED_TEST)),
        data @ (DataSet::Mnist | DataSet::Fashion) => files
            .iter()
            .find(|(name, _)| *name == data)
            .map(|(_, dataset)| dataset.clone())
            .ok_or(Trouble::FilesNeeded { data }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_and_generated_set_keeps_its_promises() {
        for &data in DataSet::ALL.iter().filter(|data| !data.needs_files()) {
            let mut experiment = Experiment::for_data(data);
            experiment.examples = 200;
            let set = load(&experiment, &[]).unwrap();
            assert_eq!(set.classes, experiment.class_count(), "{data}");
            assert_eq!(set.features(), experiment.input_count(), "{data}");
            for part in [&set.train, &set.test] {
                assert_eq!(part.inputs.len(), part.len() * set.features());
                assert!(part.inputs.iter().all(|x| x.is_finite() && x.abs() < 4.0));
                for class in 0..set.classes {
                    let members = part.labels.iter().filter(|&&label| usize::from(label) == class).count();
                    let fair = part.len() / set.classes;
                    assert!(
                        members.abs_diff(fair) <= fair / 5 + 1,
                        "{data}: {members} of class {class}, fair is {fair}"
                    );
                }
            }
            assert_eq!(load(&experiment, &[]).unwrap(), set, "{data} is not the same twice");
        }
    }

    #[test]
    fn missing_files_are_asked_for() {
        let experiment = Experiment::for_data(DataSet::Fashion);
        assert_eq!(load(&experiment, &[]), Err(Trouble::FilesNeeded { data: DataSet::Fashion }));
    }
}

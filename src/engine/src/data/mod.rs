//! Data sets: a source of examples a file, and the line below that names it.

pub mod batch;
pub mod choose;
mod digits;
mod digits_codec;
mod idx;
mod plane;
pub mod split;
mod strokes;

#[cfg(feature = "graph")]
use std::mem;

use rand::RngExt;
use retort_spec::{DataSet, EngineError, Experiment, UserExample};

use crate::{checksum::crc32, random};

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

/// One of so many training examples is held out for validation.
const HELD_OUT: usize = 5;

/// A data set, split once and for all into what is trained on and what is tested on.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// How many classes.
    pub classes: usize,
    /// Rows and columns of an image; `[1, 2]` for points in the plane.
    pub shape: [usize; 2],
    /// What networks are trained on.
    pub train: Examples,
    /// How many of the last training examples the visitor made.
    pub own: usize,
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

    /// Tells data sets apart: of all labels, some of the inputs evenly spread, and all of the visitor's own examples.
    pub fn checksum(&self) -> u32 {
        /// Inputs of which one is looked at.
        const EVERY: usize = 61;
        let own = self.train.inputs.len() - self.own * self.features();
        let inputs = self.train.inputs.iter().step_by(EVERY).chain(self.test.inputs.iter().step_by(EVERY));
        let inputs = inputs.chain(&self.train.inputs[own..]);
        let mut bytes: Vec<u8> = inputs.flat_map(|input| input.to_le_bytes()).collect();
        bytes.extend(self.train.labels.iter().chain(&self.test.labels));
        crc32(&bytes)
    }

    /// Puts every fifth training example in the place of the test set, the classes taking turns: whoever chooses knobs
    /// by what is measured then has not seen the test set. Every experiment on these examples has the same split.
    /// Labels that are wrong among the training examples are wrong here, too.
    pub fn hold_out_validation(&mut self) {
        let features = self.features();
        let (train, validation) = split::balanced(&self.train.labels, self.train.len() / HELD_OUT, self.classes);
        self.test = self.train.select(&validation, features);
        self.train = self.train.select(&train, features);
    }

    /// Appends the visitor's own examples to what is trained on; those that do not fit this data set are passed over.
    pub fn add_own<'a>(&mut self, own: impl Iterator<Item = &'a UserExample>) {
        for example in own {
            let fits = example.input.len() == self.features() && usize::from(example.label) < self.classes;
            if fits && example.input.iter().all(|x| x.is_finite()) {
                // Coordinates reach as far as generated ones do; pixels are shares.
                let (low, high) = if self.is_image() { (0.0, 1.0) } else { (-3.5, 3.5) };
                self.train.inputs.extend(example.input.iter().map(|x| x.clamp(low, high)));
                self.train.labels.push(example.label);
                self.own += 1;
            }
        }
    }
}

/// Adds normal noise of this standard deviation to every pixel, in training and test images alike.
fn add_noise(dataset: &mut Dataset, deviation: f32, seed: u32) {
    let mut generator = random::stream(seed, "pixel noise");
    for part in [&mut dataset.train, &mut dataset.test] {
        for pair in part.inputs.chunks_mut(2) {
            for (pixel, noise) in pair.iter_mut().zip(plane::gaussian_pair(&mut generator)) {
                *pixel = (*pixel + deviation * noise).clamp(0.0, 1.0);
            }
        }
    }
}

/// Test examples of a generated data set.
pub const GENERATED_TEST: usize = 500;

/// Makes or finds the data set of an experiment; `files` holds those that were read from files.
///
/// # Errors
/// [`EngineError::FilesNeeded`] where the data set is read from files and they are not there.
pub fn load(experiment: &Experiment, files: &[(DataSet, Dataset)]) -> Result<Dataset, EngineError> {
    let count = experiment.examples as usize;
    let mut dataset = match experiment.data {
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
            .ok_or(EngineError::FilesNeeded { data }),
        data => Err(EngineError::OtherEngine { data }),
    }?;
    // Points are drawn with their noise.
    if dataset.is_image() && experiment.noise > 0.0 {
        add_noise(&mut dataset, experiment.noise as f32, experiment.seed);
    }
    if experiment.wrong > 0.0 {
        spoil_labels(&mut dataset, experiment.wrong, experiment.seed);
    }
    Ok(dataset)
}

/// Gives a share of the training examples a wrong label, each of the other classes alike (symmetric noise).
fn spoil_labels(dataset: &mut Dataset, share: f64, seed: u32) {
    let mut generator = random::stream(seed, "wrong labels");
    let classes = dataset.classes as u8;
    for label in &mut dataset.train.labels {
        let other = generator.random_range(1..classes.max(2));
        if generator.random::<f64>() < share {
            *label = (*label + other) % classes;
        }
    }
}

/// The training inputs of another data set, brought to this shape: for images of 8×8 the drawn digits made small, for
/// larger ones the small digits enlarged, for points another shape of the plane.
pub fn other_inputs(experiment: &Experiment, shape: [usize; 2], seed: u32) -> Vec<f32> {
    let [side, _] = shape;
    if side == 1 {
        let make = if experiment.data == DataSet::Rings { plane::moon } else { plane::ring };
        return plane::make(make, &Experiment { seed, ..experiment.clone() }, 1).train.inputs;
    }
    let Ok(Dataset { shape: [from, _], train, .. }) = other_digits(experiment, side, 1, seed) else {
        return Vec::new();
    };
    train.inputs.chunks_exact(from * from).flat_map(|image| resized(image, from, side)).collect()
}

/// Drawn digits for images of 8×8, of which so many to test, the small digits for larger ones.
fn other_digits(experiment: &Experiment, side: usize, test: usize, seed: u32) -> Result<Dataset, EngineError> {
    match side {
        8 => Ok(strokes::draw(experiment.examples as usize, test, seed)),
        _ => digits::load(),
    }
}

/// Another data set with this one's classes, brought to this shape: other digits, each cut out and put where this data
/// set has its digits, or points of another shape of the plane.
///
/// # Errors
/// As [`load`] of the small digits.
#[cfg(feature = "graph")]
pub fn other_set(experiment: &Experiment, shape: [usize; 2], test: usize, seed: u32) -> Result<Dataset, EngineError> {
    /// The share of the side that a digit takes where images have a margin, as in MNIST.
    const MARGIN: f32 = 20.0 / 28.0;
    let [side, _] = shape;
    if side == 1 {
        let make = if experiment.data == DataSet::Rings { plane::spiral } else { plane::ring };
        return Ok(plane::make(make, &Experiment { seed, ..experiment.clone() }, test));
    }
    let mut other = other_digits(experiment, side, test, seed)?;
    let [from, _] = mem::replace(&mut other.shape, shape);
    // The small digits fill their images.
    let inner = if side == 8 { side } else { (side as f32 * MARGIN) as usize };
    for part in [&mut other.train, &mut other.test] {
        part.inputs =
            part.inputs.chunks_exact(from * from).flat_map(|image| framed(image, from, inner, side)).collect();
    }
    Ok(other)
}

/// The ink of a square image, cut out as a square and brought to the side `inner` in the middle of an image of the side
/// `to`, its darkest pixel black.
#[cfg(feature = "graph")]
fn framed(image: &[f32], from: usize, inner: usize, to: usize) -> Vec<f32> {
    /// What is fainter is paper.
    const INK: f32 = 0.2;
    let inked = |of: &dyn Fn(usize) -> usize| {
        let all = (0..image.len()).filter(|at| image[*at] > INK).map(of);
        all.fold((from, 0), |(first, last), at| (first.min(at), last.max(at + 1)))
    };
    let ((top, bottom), (left, right)) = (inked(&|at| at / from), inked(&|at| at % from));
    let side = bottom.saturating_sub(top).max(right.saturating_sub(left));
    if side == 0 {
        return vec![0.0; to * to];
    }
    // Half of what is not ink stands before it.
    let first = |low: usize, high: usize| (low + high) as isize / 2 - side as isize / 2;
    let [top, left] = [first(top, bottom), first(left, right)];
    let pixel = |at: usize| {
        let [row, column] = [top + (at / side) as isize, left + (at % side) as isize];
        let is_inside = |place: &isize| (0..from as isize).contains(place);
        if is_inside(&row) && is_inside(&column) { image[row as usize * from + column as usize] } else { 0.0 }
    };
    let cut: Vec<f32> = (0..side * side).map(pixel).collect();
    let small = resized(&cut, side, inner);
    let darkest = small.iter().fold(f32::MIN_POSITIVE, |most, pixel| most.max(*pixel));
    let (mut placed, margin) = (vec![0.0; to * to], (to - inner) / 2);
    for (row, pixels) in small.chunks_exact(inner).enumerate() {
        let start = (margin + row) * to + margin;
        placed[start..start + inner].iter_mut().zip(pixels).for_each(|(to, pixel)| *to = pixel / darkest);
    }
    placed
}

/// A square image at another size: each pixel is the mean of those that it covers, by their share of its area.
fn resized(image: &[f32], from: usize, to: usize) -> Vec<f32> {
    let scale = from as f32 / to as f32;
    let overlap = |pixel: usize, cell: usize| {
        let (low, high) = (cell as f32 * scale, (cell + 1) as f32 * scale);
        ((pixel + 1) as f32).min(high) - (pixel as f32).max(low)
    };
    let mean = |row: usize, column: usize| {
        let covered =
            |cell: usize| (cell as f32 * scale) as usize..from.min(((cell + 1) as f32 * scale).ceil() as usize);
        let sum: f32 = covered(row)
            .flat_map(|y| covered(column).map(move |x| (y, x)))
            .map(|(y, x)| overlap(y, row).max(0.0) * overlap(x, column).max(0.0) * image[y * from + x])
            .sum();
        sum / (scale * scale)
    };
    (0..to * to).map(|at| mean(at / to, at % to)).collect()
}

/// Labels as rows of zeros with a one, `[labels, classes]`.
pub fn one_hot(labels: &[u8], classes: usize) -> Vec<f32> {
    let mut rows = vec![0.0; labels.len() * classes];
    for (row, &label) in rows.chunks_exact_mut(classes).zip(labels) {
        row[usize::from(label)] = 1.0;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_and_generated_set_keeps_its_promises() {
        for &data in DataSet::ALL.iter().filter(|data| !data.needs_files() && !data.is_of_sequences()) {
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

    #[cfg(feature = "graph")]
    #[test]
    fn ink_is_cut_out_and_framed() {
        // A bar of two by one pixels beside the middle, half black: cut out, it fills the height.
        let mut image = vec![0.0; 16];
        (image[3], image[7]) = (0.5, 0.5);
        let bar = framed(&image, 4, 2, 4);
        assert_eq!(bar.iter().filter(|pixel| **pixel == 1.0).count(), 2, "{bar:?}");
        assert!(bar.iter().all(|pixel| [0.0, 1.0].contains(pixel)), "{bar:?}");
        // Both in one column, in the rows in the middle.
        let rows: Vec<usize> = (0..16).filter(|at| bar[*at] == 1.0).map(|at| at / 4).collect();
        assert_eq!(rows, [1, 2]);
        assert_eq!(framed(&[0.0; 16], 4, 2, 4), [0.0; 16]);
    }

    #[test]
    fn noise_has_the_deviation_asked_for_and_stays_within_the_paper() {
        let clean = load(&Experiment::default(), &[]).unwrap();
        let noisy = load(&Experiment { noise: 0.1, ..Experiment::default() }, &[]).unwrap();
        assert!(noisy.test.inputs.iter().all(|x| (0.0..=1.0).contains(x)));
        // Only pixels far from black and white show the whole noise.
        let middle = clean.train.inputs.iter().zip(&noisy.train.inputs).filter(|(x, _)| **x == 0.5);
        let squares: Vec<f32> = middle.map(|(x, y)| (y - x).powi(2)).collect();
        let deviation = (squares.iter().sum::<f32>() / squares.len() as f32).sqrt();
        assert!((deviation - 0.1).abs() < 0.01, "{deviation} over {} pixels", squares.len());
    }

    #[test]
    fn as_many_labels_are_wrong_as_asked_for_and_no_test_label_is() {
        let right = load(&Experiment::default(), &[]).unwrap();
        let spoiled = load(&Experiment { wrong: 0.4, ..Experiment::default() }, &[]).unwrap();
        assert_eq!(spoiled.test, right.test);
        let wrong =
            right.train.labels.iter().zip(&spoiled.train.labels).filter(|(right, given)| right != given).count();
        let share = wrong as f64 / right.train.len() as f64;
        assert!((share - 0.4).abs() < 0.04, "{share}");
        assert!(spoiled.train.labels.iter().all(|&label| label < 10));
    }

    #[test]
    fn another_data_set_fits_the_shape_and_keeps_the_ink() {
        for data in [DataSet::Digits8, DataSet::Strokes, DataSet::Moons, DataSet::Rings] {
            let experiment = Experiment { examples: 200, ..Experiment::for_data(data) };
            let set = load(&experiment, &[]).unwrap();
            let others = other_inputs(&experiment, set.shape, 1);
            assert!(!others.is_empty() && others.len().is_multiple_of(set.features()), "{data}");
            assert_ne!(others[..set.features()], set.train.inputs[..set.features()]);
        }
        let image: Vec<f32> = (0..28 * 28).map(|pixel| (pixel % 5) as f32 / 4.0).collect();
        let mean = |image: &[f32]| image.iter().sum::<f32>() / image.len() as f32;
        for side in [8, 28, 64] {
            assert!((mean(&resized(&image, 28, side)) - mean(&image)).abs() < 1e-5, "{side}");
        }
        assert_eq!(resized(&image, 28, 28), image);
    }

    #[test]
    fn validation_comes_out_of_the_training_examples_and_leaves_the_test_set_alone() {
        for data in [DataSet::Digits8, DataSet::Strokes, DataSet::Blobs] {
            let whole = load(&Experiment { examples: 200, ..Experiment::for_data(data) }, &[]).unwrap();
            let mut split = whole.clone();
            split.hold_out_validation();
            assert_eq!(split.test.len(), whole.train.len() / 5, "{data}");
            let rows = |examples: &Examples| {
                let rows = examples.inputs.chunks_exact(whole.features()).zip(&examples.labels);
                let mut rows: Vec<Vec<u32>> = rows
                    .map(|(input, &label)| input.iter().map(|x| x.to_bits()).chain([u32::from(label)]).collect())
                    .collect();
                rows.sort();
                rows
            };
            let mut both = [rows(&split.train), rows(&split.test)].concat();
            both.sort();
            assert_eq!(both, rows(&whole.train), "{data}: together they are the training examples, each once");
            let members = |class: u8| split.test.labels.iter().filter(|&&label| label == class).count();
            let fair = split.test.len() / whole.classes;
            assert!((0..whole.classes as u8).all(|class| members(class).abs_diff(fair) <= 1), "{data}");
            assert_ne!(split.checksum(), whole.checksum(), "{data}: networks of both are told apart");
            let mut again = whole.clone();
            again.hold_out_validation();
            assert_eq!(again, split);
        }
    }

    #[test]
    fn own_examples_stand_last_and_misfits_are_passed_over() {
        let mut set = load(&Experiment::for_data(DataSet::Moons), &[]).unwrap();
        let before = set.train.len();
        let own = |label, input: &[f32]| UserExample { data: DataSet::Moons, label, input: input.to_vec().into() };
        let given = [own(1, &[0.5, 9.0]), own(2, &[0.0, 0.0]), own(0, &[0.0]), own(0, &[f32::NAN, 0.0])];
        set.add_own(given.iter());
        assert_eq!((set.own, set.train.len(), set.train.labels.last()), (1, before + 1, Some(&1)));
        assert_eq!(set.train.input(before as u32, 2), [0.5, 3.5]);
    }

    #[test]
    fn missing_files_are_asked_for() {
        let experiment = Experiment::for_data(DataSet::Fashion);
        assert_eq!(load(&experiment, &[]), Err(EngineError::FilesNeeded { data: DataSet::Fashion }));
    }
}

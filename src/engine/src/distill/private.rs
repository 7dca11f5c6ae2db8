//! Labels by vote: what many teachers of disjoint private examples say of the examples that they are asked about, with
//! noise, and what that gives away.

use retort_spec::{Experiment, probability::argmax};

use crate::{
    device::ExecutionError,
    nets::Network,
    privacy::{Accountant, Epsilon, Noise, VoteCounts, counts, winner},
    random,
    train::device_dataset::DeviceDataset,
};

/// The votes of a run.
pub struct Ballot {
    /// The examples that were asked about, as rows of the training set in rising order.
    rows: Vec<u32>,
    /// The votes on each of them.
    counts: VoteCounts,
}

impl Ballot {
    /// Asks each voter about each example.
    ///
    /// # Errors
    /// The device's, if a computation failed.
    pub async fn new(
        data: &DeviceDataset,
        voters: impl Iterator<Item = &Network>,
        rows: Vec<u32>,
    ) -> Result<Self, ExecutionError> {
        let mut said = Vec::new();
        for voter in voters.filter(|_| !rows.is_empty()) {
            said.push(data.train_logits(voter, &rows).await?);
        }
        Ok(Self { counts: counted(&said, rows.len(), data.dataset.classes), rows })
    }

    /// The class that wins the votes on each example, one for each row of the training set; rows that nobody was asked
    /// about are of class 0. Students of one run get the same noise, each at its own scale.
    pub fn labels(&self, noise: Option<Noise>, seed: u32) -> Vec<u8> {
        let mut labels = vec![0; self.rows.last().map_or(0, |last| *last as usize + 1)];
        self.rows.iter().zip(self.winners(noise, seed)).for_each(|(&row, class)| labels[row as usize] = class);
        labels
    }

    fn winners(&self, noise: Option<Noise>, seed: u32) -> Vec<u8> {
        let mut draws = noise.map(|noise| self.draws(noise, seed)).unwrap_or_default().into_iter().flatten();
        self.counts.iter().map(|counts| winner(counts, || draws.next().unwrap_or(0.0)) as u8).collect()
    }

    /// The noise that is added to each count.
    pub fn draws(&self, noise: Noise, seed: u32) -> Vec<Vec<f64>> {
        let mut generator = random::stream(seed, "vote noise");
        self.counts.iter().map(|counts| counts.iter().map(|_| noise.draw(&mut generator)).collect()).collect()
    }

    /// The votes on each example that was asked about.
    pub fn counts(&self) -> &VoteCounts {
        &self.counts
    }

    /// The class of one of these examples, which no student is told.
    pub fn class(&self, data: &DeviceDataset, place: usize) -> u8 {
        self.rows.get(place).map_or(0, |row| data.dataset.train.labels[*row as usize])
    }

    /// Share of the examples whose winner is their class, 0 to 1.
    pub fn right(&self, data: &DeviceDataset, noise: Option<Noise>, seed: u32) -> f64 {
        let labels = &data.dataset.train.labels;
        let pairs = self.rows.iter().zip(self.winners(noise, seed));
        pairs.filter(|(row, class)| labels[**row as usize] == *class).count() as f64 / self.rows.len().max(1) as f64
    }

    /// What the answers to all examples give away of any one voter's examples.
    pub fn epsilon(&self, data: &DeviceDataset, noise: Noise) -> Epsilon {
        let mut accountant = Accountant::new(noise);
        self.counts.iter().for_each(|counts| accountant.add(counts, 1.0));
        accountant.epsilon(delta(data))
    }
}

/// The δ of this data set: the largest power of ten that is less than a chance of one in as many as there are training
/// examples. With a larger one, giving away a whole example would count as privacy.
pub fn delta(data: &DeviceDataset) -> f64 {
    of_many(data.dataset.train.len())
}

/// The same of so many examples.
fn of_many(examples: usize) -> f64 {
    let examples = examples.max(1);
    1.0 / 10.0_f64.powi(examples.ilog10() as i32 + 1)
}

/// The experiment's noise, doubled so many times; `None` for none.
pub fn noise(experiment: &Experiment, doubled: Option<i8>) -> Option<Noise> {
    let scale = |doubled: i8| experiment.vote_noise * 2.0_f64.powi(doubled.into());
    doubled.map(|doubled| Noise { law: experiment.noise_law, scale: scale(doubled) })
}

/// The shares of these networks' votes on the test set as logits, `[examples, classes]`.
///
/// # Errors
/// The device's, if a computation failed.
pub async fn shares(data: &DeviceDataset, voters: impl Iterator<Item = &Network>) -> Result<Vec<f32>, ExecutionError> {
    /// Added to each count, since no votes at all would have no logarithm.
    const SOME_VOTES: f32 = 0.01;
    let mut said = Vec::new();
    for voter in voters {
        said.push(data.test_logits(voter).await?);
    }
    let counts = counted(&said, data.dataset.test.len(), data.dataset.classes);
    let share = |count: u32| ((count as f32 + SOME_VOTES) / said.len().max(1) as f32).ln();
    Ok(counts.into_iter().flatten().map(share).collect())
}

/// The votes of networks whose logits these are, each `[examples, classes]`.
fn counted(said: &[Vec<f32>], examples: usize, classes: usize) -> VoteCounts {
    let votes = |example: usize| {
        let rows = said.iter().filter_map(move |logits| logits.chunks_exact(classes).nth(example));
        rows.filter_map(argmax)
    };
    (0..examples).map(|example| counts(votes(example), classes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::NoiseLaw;

    #[test]
    fn three_voters_by_hand() {
        let said = [vec![2.0, 1.0, 0.0, 5.0], vec![0.0, 1.0, 0.0, 5.0], vec![3.0, 1.0, 7.0, 5.0]];
        assert_eq!(counted(&said, 2, 2), [[2, 1], [1, 2]]);
        let ballot = Ballot { rows: vec![1, 3], counts: counted(&said, 2, 2) };
        assert_eq!(ballot.labels(None, 1), [0, 0, 0, 1]);
    }

    #[test]
    fn a_whole_example_is_more_than_delta_gives_away() {
        for (examples, delta) in [(1, 0.1), (999, 1e-3), (1_000, 1e-4), (1_297, 1e-4), (60_000, 1e-5)] {
            assert_eq!(of_many(examples), delta);
            assert!(of_many(examples) < 1.0 / examples as f64);
        }
        assert_eq!(format!("{:e}", of_many(1_297)), "1e-4");
    }

    #[test]
    fn loud_noise_decides_and_is_drawn_anew_for_each_seed() {
        let ballot = Ballot { rows: (0..200).collect(), counts: vec![vec![9, 1]; 200] };
        let wrong = |scale: f64, seed: u32| {
            let noise = Noise { law: NoiseLaw::Gauss, scale };
            ballot.labels(Some(noise), seed).iter().filter(|class| **class == 1).count()
        };
        assert_eq!(wrong(0.1, 1), 0);
        // A difference of 8 against one of deviation √2 · 1000: a coin, 100 ± 7 of 200.
        assert!((70..130).contains(&wrong(1000.0, 1)), "{}", wrong(1000.0, 1));
        assert_ne!(wrong(1000.0, 1), wrong(1000.0, 2));
    }
}

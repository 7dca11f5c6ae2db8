//! What is known of a run's votes before any student has learned them.

use retort_spec::{Block, Cell, Channel, Experiment, Floats, NetworkId, Phrase, Plan, RowName};

use crate::{
    distill::private::{Ballot, delta, noise},
    privacy::{Epsilon, Noise, winner},
    train::device_dataset::DeviceDataset,
};

/// What is known of a run's votes before any student has learned them.
pub struct VoteReport {
    /// The votes.
    pub ballot: Ballot,
    /// One for each student.
    pub accounts: Vec<Account>,
    /// Pairs of ε and the share of right labels, in percent, by rising noise.
    pub labels: Floats,
    /// The ballot box of one example, and what the voters are.
    pub sheet: Vec<Block>,
}

/// What one student is told, and what that gives away.
pub struct Account {
    /// Who.
    pub student: NetworkId,
    /// Scale of the noise; 0 where there is none.
    pub scale: f64,
    /// Nothing bounds it without noise.
    pub epsilon: Option<Epsilon>,
    /// Share of the labels that are right.
    pub right: f64,
}

impl VoteReport {
    /// Counts what the votes give away, with the noise of each student; `right` is the accuracy of each voter.
    pub fn new(
        data: &DeviceDataset,
        experiment: &Experiment,
        plan: &Plan,
        seed: u32,
        ballot: Ballot,
        right: &[f64],
    ) -> Self {
        let lessons = plan.phases.iter().flat_map(|phase| &phase.learners);
        let account = |(student, doubled): (NetworkId, Option<i8>)| {
            let noise = noise(experiment, doubled);
            Account {
                student,
                scale: noise.map_or(0.0, |noise| noise.scale),
                epsilon: noise.map(|noise| ballot.epsilon(data, noise)),
                right: ballot.right(data, noise, seed),
            }
        };
        let told = lessons.filter_map(|lesson| match lesson.channel {
            Channel::Votes(doubled) => Some((lesson.learner, doubled)),
            _ => None,
        });
        let accounts = told.map(account).collect();
        let point = |doubled: i8| {
            let noise = noise(experiment, Some(doubled))?;
            let epsilon = ballot.epsilon(data, noise).guaranteed;
            Some([epsilon as f32, 100.0 * ballot.right(data, Some(noise), seed) as f32])
        };
        let labels: Vec<f32> = (-2..=3).filter_map(point).flatten().collect();
        let sheet = sheet(data, noise(experiment, Some(0)), seed, &ballot, right);
        Self { ballot, accounts, labels: labels.into(), sheet }
    }
}

/// Who votes, and the ballot box of an example whose winner the noise changes, if there is one.
fn sheet(data: &DeviceDataset, noise: Option<Noise>, seed: u32, ballot: &Ballot, right: &[f64]) -> Vec<Block> {
    let count = right.len().max(1);
    let each = data.dataset.train.len().saturating_sub(ballot.counts().len()) / count;
    let note = Phrase::new("private-note")
        .with_number("count", count as f64)
        .with_number("each", each as f64)
        .with_number("right", 100.0 * right.iter().sum::<f64>() / count as f64)
        .with("delta", format!("{:e}", delta(data)));
    let Some(noise) = noise else { return vec![Block::Note(note)] };
    let draws = ballot.draws(noise, seed);
    let winners = |(counts, draws): (&Vec<u32>, &Vec<f64>)| {
        let mut draws = draws.iter().copied();
        [winner(counts, || 0.0), winner(counts, || draws.next().unwrap_or(0.0))]
    };
    let all: Vec<[usize; 2]> = ballot.counts().iter().zip(&draws).map(winners).collect();
    let place = all.iter().position(|[most, won]| most != won).unwrap_or(0);
    let (Some([most, won]), Some(counts)) = (all.get(place), ballot.counts().get(place)) else {
        return vec![Block::Note(note)];
    };
    let row = |(class, (&count, &draw)): (usize, (&u32, &f64))| {
        let name = RowName::Phrase(Phrase::new("ballot-class").with("class", class.to_string()));
        (name, vec![Cell::Number(count.into(), 0), Cell::Number(draw, 1), Cell::Number(f64::from(count) + draw, 1)])
    };
    let caption = Phrase::new("ballot-picture")
        .with("most", most.to_string())
        .with("won", won.to_string())
        .with("class", ballot.class(data, place).to_string());
    let table = Block::Table {
        caption,
        columns: ["ballot-votes", "ballot-noise", "ballot-sum"].map(Phrase::new).into(),
        rows: counts.iter().zip(&draws[place]).enumerate().map(row).collect(),
    };
    vec![Block::Note(note), table]
}

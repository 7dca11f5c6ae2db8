//! What votes with noise cost and give: accuracy against ε, and one ballot box.

use retort_spec::{Block, Cell, NetworkId, Phrase, RowName};

use crate::{
    privacy::Epsilon,
    session::{job::Job, measure::answers, votes::Account},
};

impl Job {
    /// What each student's votes give away, with what the students have learned so far.
    pub(super) fn secret(&self) -> Vec<Block> {
        let Some(votes) = &self.votes else { return Vec::new() };
        let accuracy = |id: NetworkId| self.test_logits(id).map(|logits| answers(&self.data, logits).accuracy());
        let row = |account: &Account| {
            let epsilon =
                |of: fn(Epsilon) -> f64| account.epsilon.map_or(Cell::None, |epsilon| Cell::Number(of(epsilon), 2));
            let cells = vec![
                Cell::Number(account.scale, 1),
                epsilon(|epsilon| epsilon.guaranteed),
                epsilon(|epsilon| epsilon.found),
                Cell::Share(account.right),
                accuracy(account.student).map_or(Cell::None, Cell::Share),
            ];
            (RowName::Network(account.student), cells)
        };
        let cloud = |account: &Account| {
            let (epsilon, right) = (account.epsilon?.guaranteed, accuracy(account.student)?);
            Some((account.student, vec![epsilon as f32, 100.0 * right as f32].into()))
        };
        let most = votes.accounts.iter().filter_map(|account| account.epsilon).map(|epsilon| epsilon.guaranteed);
        let most = most.fold(1.0, f64::max) * 1.05;
        let columns = ["private-noise", "private-guaranteed", "private-found", "private-labels", "private-right"];
        let chart = Block::Chart {
            caption: Phrase::new("private-picture"),
            axes: [Phrase::new("private-epsilon"), Phrase::new("private-percent")],
            ranges: [[0.0, most], [0.0, 100.0]],
            truth: Vec::new().into(),
            points: Vec::new().into(),
            moves: false,
            lines: vec![(NetworkId::TEACHER, votes.labels.clone())],
            clouds: votes.accounts.iter().filter_map(cloud).collect(),
        };
        let table = Block::Table {
            caption: Phrase::new("private-table"),
            columns: columns.map(Phrase::new).into(),
            rows: votes.accounts.iter().map(row).collect(),
        };
        [chart, table].into_iter().chain(votes.sheet.iter().cloned()).collect()
    }
}

//! What a student that sees no example is shown instead, and what its teacher makes of that.

use retort_spec::{Block, Cell, Phrase, PlannedPhase, RowName, Shown, Supervision, probability::softmax};

use crate::{
    distill::phase::Pictures,
    session::{job::Job, measure::answers},
};

/// Pictures that are drawn: two rows.
const DRAWN: usize = 16;
/// How many stand in a row.
const ACROSS: usize = 8;

impl Job {
    /// The pictures of each student, and a table of what the teacher says of them, what the students learn from that
    /// and what it costs.
    pub(super) fn drawings(&self) -> Vec<Block> {
        let dataset = &self.data.dataset;
        let (features, classes) = (dataset.features(), dataset.classes);
        let lessons = || self.plan.phases.iter().filter_map(|phase| Some((phase, phase.learners.first()?)));
        let shown = lessons().filter(|(_, lesson)| lesson.shown != Shown::Examples);
        let seen: Vec<(&PlannedPhase, &Supervision, &Pictures)> =
            shown.filter_map(|(phase, lesson)| Some((phase, lesson, self.pictures(lesson.learner)?))).collect();
        if seen.is_empty() {
            return Vec::new();
        }
        let row = |&(phase, lesson, pictures): &(&PlannedPhase, &Supervision, &Pictures)| {
            let [sure, kinds] = opinion(&pictures.said, classes);
            let examples = dataset.train.len() as u32;
            let cost = self.experiment.lesson_cost(&self.plan, phase.epochs, lesson, examples);
            let right = self.test_logits(lesson.learner).map(|logits| answers(&self.data, logits).accuracy());
            let right = right.map_or(Cell::None, Cell::Share);
            (
                RowName::Network(lesson.learner),
                vec![right, Cell::Share(sure), Cell::Number(kinds, 1), Cell::Number(cost / 1e6, 0)],
            )
        };
        let drawing = |&(_, lesson, pictures): &(&PlannedPhase, &Supervision, &Pictures)| Block::Pictures {
            caption: Phrase::new(&format!("drawing-{}", lesson.shown)),
            side: dataset.shape[0] as u32,
            across: ACROSS as u32,
            ink: pictures.inputs[..pictures.inputs.len().min(DRAWN * features)].to_vec().into(),
        };
        // The generator's stand first, since they change.
        let drawings = seen.iter().rev().filter(|_| dataset.is_image()).map(drawing);
        let columns = ["drawing-right", "drawing-sure", "drawing-kinds", "drawing-cost"];
        let table = Block::Table {
            caption: Phrase::new("drawing-table"),
            columns: columns.map(Phrase::new).into(),
            rows: seen.iter().map(row).collect(),
        };
        drawings.chain([table, Block::Note(Phrase::new("drawing-left"))]).collect()
    }
}

/// What a teacher thinks of pictures whose logits `[pictures, classes]` these are: how sure it is on average, and as
/// how many classes that come equally often its mean answer is spread over: `e` to the power of the entropy.
fn opinion(said: &[f32], classes: usize) -> [f64; 2] {
    let count = (said.len() / classes.max(1)).max(1) as f64;
    let (mut sure, mut mean) = (0.0, vec![0.0; classes]);
    for logits in said.chunks_exact(classes.max(1)) {
        let answer = softmax(logits, 1.0);
        sure += answer.iter().copied().fold(0.0, f64::max) / count;
        mean.iter_mut().zip(answer).for_each(|(mean, share)| *mean += share / count);
    }
    let entropy: f64 = mean.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum();
    [sure, entropy.exp()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sure_answers_are_two_kinds() {
        let [sure, kinds] = opinion(&[99.0, 0.0, 0.0, 0.0, 99.0, 0.0], 3);
        assert!((sure - 1.0).abs() < 1e-9 && (kinds - 2.0).abs() < 1e-9, "{sure} {kinds}");
        let [sure, kinds] = opinion(&[1.0; 6], 3);
        assert!((sure - 1.0 / 3.0).abs() < 1e-9 && (kinds - 3.0).abs() < 1e-9, "{sure} {kinds}");
        let [sure, kinds] = opinion(&[3.0_f32.ln(), 0.0], 2);
        // ¾ and ¼ have the entropy 0.5623.
        assert!((sure - 0.75).abs() < 1e-6 && (kinds.ln() - 0.562_335).abs() < 1e-5, "{sure} {kinds}");
    }
}

//! What is forgotten of classes that came first.

use retort_spec::{Block, Cell, NetworkId, Phrase, RowName};

use crate::{distill::examples::old_classes, objectives::lifelong::ELSEWHERE, session::job::Job};

/// Which test examples of a class a network gets right: their count, all, and those right where the task is told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct OfClass {
    all: f64,
    right: f64,
    told: f64,
}

impl Job {
    /// Accuracy by class before and after the second step, and with and without being told the task.
    pub(super) fn forgetting(&self) -> Vec<Block> {
        let ids = self.plan.ids();
        let known: Vec<(NetworkId, Vec<OfClass>)> =
            ids.filter_map(|id| Some((id, self.by_class(self.test_logits(id)?)))).collect();
        let classes = self.data.dataset.classes;
        let old = old_classes(classes);
        let is_told = self.is_task_told();
        let line = |(id, by_class): &(NetworkId, Vec<OfClass>)| {
            let point = |(class, of): (usize, &OfClass)| {
                let right = if is_told { of.told } else { of.right };
                [class as f32, (100.0 * right / of.all.max(1.0)) as f32]
            };
            (*id, by_class.iter().enumerate().flat_map(point).collect::<Vec<f32>>().into())
        };
        let row = |(id, by_class): &(NetworkId, Vec<OfClass>)| {
            let share = |of: &[OfClass], right: fn(&OfClass) -> f64| {
                Cell::Share(of.iter().map(right).sum::<f64>() / of.iter().map(|of| of.all).sum::<f64>().max(1.0))
            };
            let (first, second) = by_class.split_at(old);
            let cells = vec![
                share(first, |of| of.told),
                share(second, |of| of.told),
                share(first, |of| of.right),
                share(second, |of| of.right),
            ];
            (RowName::Network(*id), cells)
        };
        let columns = ["lifelong-old-told", "lifelong-new-told", "lifelong-old", "lifelong-new"];
        let chart = Block::Chart {
            caption: Phrase::new(if is_told { "lifelong-picture-told" } else { "lifelong-picture" }),
            axes: [Phrase::new("lifelong-class"), Phrase::new("lifelong-percent")],
            ranges: [[0.0, classes as f64 - 1.0], [0.0, 100.0]],
            truth: Vec::new().into(),
            points: Vec::new().into(),
            moves: false,
            lines: known.iter().map(line).collect(),
            clouds: Vec::new(),
        };
        let table = Block::Table {
            caption: Phrase::new("lifelong-table"),
            columns: columns.map(Phrase::new).into(),
            rows: known.iter().map(row).collect(),
        };
        vec![chart, table]
    }

    fn by_class(&self, logits: &[f32]) -> Vec<OfClass> {
        let dataset = &self.data.dataset;
        let hidden = if self.is_task_told() { ELSEWHERE as f32 } else { 0.0 };
        by_class(logits, &dataset.test.labels, dataset.classes, hidden)
    }
}

/// `hidden` was taken off the logits of the other task's classes.
fn by_class(logits: &[f32], labels: &[u8], classes: usize, hidden: f32) -> Vec<OfClass> {
    let old = old_classes(classes);
    let mut all = vec![OfClass::default(); classes];
    for (row, &label) in logits.chunks_exact(classes).zip(labels) {
        let label = usize::from(label);
        let is_own = |class: usize| (class < old) == (label < old);
        let beats = |class: usize, other: f32| row[label] > other || (row[label] == other && label <= class);
        let wins = |among: &dyn Fn(usize) -> bool| {
            let whole = |class: usize| row[class] + if is_own(class) { 0.0 } else { hidden };
            (0..classes).filter(|class| among(*class)).all(|class| beats(class, whole(class)))
        };
        let of = &mut all[label];
        of.all += 1.0;
        of.right += f64::from(u8::from(wins(&|_| true)));
        of.told += f64::from(u8::from(wins(&is_own)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_classes_by_hand() {
        // Classes 0 and 1 are old. A 0 that is taken for a 2, a 1 that is taken for a 0, a 3 that is right.
        let logits = [2.0, 1.0, 5.0, 0.0, 4.0, 3.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
        let labels = [0, 1, 3];
        let whole = by_class(&logits, &labels, 4, 0.0);
        let of = |right: f64, told: f64| OfClass { all: 1.0, right, told };
        assert_eq!(whole, [of(0.0, 1.0), of(0.0, 0.0), OfClass::default(), of(1.0, 1.0)]);
        // The same where the other task's classes are hidden.
        let mut hidden = logits;
        for (example, others) in [(0, 2..4), (1, 2..4), (2, 0..2)] {
            hidden[4 * example..][others].iter_mut().for_each(|logit| *logit -= 1024.0);
        }
        assert_eq!(by_class(&hidden, &labels, 4, 1024.0), whole);
    }
}

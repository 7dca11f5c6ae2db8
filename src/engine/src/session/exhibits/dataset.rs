//! A data set in a handful of pictures, beside as many real examples and means of classes.

use retort_spec::{Block, Cell, NetworkId, Phrase, RowName, Shown};

use crate::{
    distill::examples::rows_of,
    session::{job::Job, measure::answers},
};

impl Job {
    /// The pictures, a class in each column, and what networks learn from them.
    pub(super) fn handful(&self) -> Vec<Block> {
        let (dataset, each) = (&self.data.dataset, self.experiment.pictures as usize);
        let features = dataset.features();
        let block = |caption: &str, pictures: &[f32]| Block::Pictures {
            caption: Phrase::new(caption),
            side: dataset.shape[0] as u32,
            across: dataset.classes as u32,
            ink: by_row(pictures, features, dataset.classes, each).into(),
        };
        let lessons = || self.plan.phases.iter().flat_map(|phase| &phase.learners);
        let mut blocks = Vec::new();
        for lesson in lessons().filter(|_| dataset.is_image()) {
            let shown = self.pictures(lesson.learner).filter(|_| lesson.shown != Shown::Distilled);
            if let Some(pictures) = shown {
                blocks.push(block(&format!("drawing-{}", lesson.shown), &pictures.inputs));
            } else if lesson.learner == self.plan.control {
                let rows = rows_of(&self.data, &self.experiment, lesson, self.seed());
                let of_class = |class: usize| {
                    let of = move |row: &&u32| usize::from(dataset.train.labels[**row as usize]) == class;
                    rows.iter().filter(of).flat_map(|row| dataset.train.input(*row, features))
                };
                let real: Vec<f32> = (0..dataset.classes).flat_map(of_class).copied().collect();
                blocks.push(block("drawing-real", &real));
            }
        }
        let row = |id: NetworkId| {
            let right = answers(&self.data, self.test_logits(id)?).accuracy();
            Some((RowName::Network(id), vec![Cell::Share(right)]))
        };
        blocks.push(Block::Table {
            caption: Phrase::new("handful-table").with_number("each", each as f64),
            columns: vec![Phrase::new("drawing-right")],
            rows: self.plan.ids().filter_map(row).collect(),
        });
        blocks
    }
}

/// Pictures of which those of a class stand one after another, so that those of a class stand below one another where
/// there are as many in a row as classes.
fn by_row(pictures: &[f32], features: usize, classes: usize, each: usize) -> Vec<f32> {
    let places = (0..each).flat_map(|row| (0..classes).map(move |class| class * each + row));
    places.filter_map(|place| pictures.get(place * features..(place + 1) * features)).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_class() {
        // Two classes of two pictures of one pixel each.
        assert_eq!(by_row(&[1.0, 2.0, 3.0, 4.0], 1, 2, 2), [1.0, 3.0, 2.0, 4.0]);
        assert_eq!(by_row(&[1.0, 2.0], 1, 2, 2), [1.0, 2.0], "some are not there yet");
    }
}

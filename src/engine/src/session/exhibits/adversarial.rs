//! How well a discriminator tells a student's outputs from its teacher's, over the epochs and at last.

use retort_spec::{Block, Cell, NetworkId, Phrase, RowName};

use crate::session::{
    discriminator_curve::{DiscriminatorCurve, distribution, right},
    job::Job,
};

impl Job {
    /// The discriminator's accuracy as a curve, its answers at last, and a table; nothing where there is none.
    pub(super) fn judged(&self) -> Vec<Block> {
        let known: Vec<(NetworkId, &DiscriminatorCurve)> =
            self.plan.ids().filter_map(|id| Some((id, self.discriminator(id)?))).collect();
        let Some(&(student, first)) = known.first() else { return Vec::new() };
        let none = || Vec::new().into();
        let last = |points: &[f32]| points.iter().rev().nth(1).copied().unwrap_or(0.0);
        let epochs = known.iter().map(|(_, curve)| last(&curve.points)).fold(1.0, f32::max);
        let accuracy = Block::Chart {
            caption: Phrase::new("judged-picture"),
            axes: [Phrase::new("judged-epoch"), Phrase::new("axis-right")],
            ranges: [[0.0, f64::from(epochs)], [0.0, 100.0]],
            truth: none(),
            points: none(),
            moves: false,
            lines: known.iter().map(|(id, curve)| (*id, curve.points.clone().into())).collect(),
            clouds: Vec::new(),
        };
        let [of_student, of_teacher] = first.scores.each_ref().map(|scores| distribution(scores));
        let shares = of_student.iter().chain(&of_teacher).skip(1).step_by(2);
        let most = shares.fold(10.0_f32, |most, share| most.max(*share));
        let teacher = self.plan.teachers(student).first().map(|(teacher, _)| (*teacher, of_teacher.into()));
        let answers = Block::Chart {
            caption: Phrase::new("judged-answers"),
            axes: [Phrase::new("judged-probability"), Phrase::new("judged-share")],
            ranges: [[0.0, 100.0], [0.0, f64::from((most / 10.0).ceil() * 10.0)]],
            truth: none(),
            points: none(),
            moves: false,
            lines: teacher.into_iter().chain([(student, of_student.into())]).collect(),
            clouds: Vec::new(),
        };
        let row = |(id, curve): &(NetworkId, &DiscriminatorCurve)| {
            let [of_student, of_teacher] = right(&curve.scores);
            let shares = [0.5 * (of_student + of_teacher), of_student, of_teacher];
            (RowName::Network(*id), shares.map(Cell::Share).to_vec())
        };
        let table = Block::Table {
            caption: Phrase::new("judged-table"),
            columns: ["judged-both", "judged-student", "judged-teacher"].map(Phrase::new).into(),
            rows: known.iter().map(row).collect(),
        };
        vec![accuracy, answers, table]
    }
}

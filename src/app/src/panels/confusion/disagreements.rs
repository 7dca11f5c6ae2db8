//! The test examples on which teacher and student disagree.

use retort_spec::{NetworkId, DataSummary};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{format::number, labels::class_name},
    state::predictions::{answers, disagreements},
    widgets::example_row::thumbnails,
};

/// A row of the test examples to which the teacher and the student, whose logits are given, say different classes.
pub fn row(page: &AppContext, data: &DataSummary, student: &[f32]) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let Some(teacher) = state.network(NetworkId::TEACHER) else { return Html::default() };
    let classes = data.classes as usize;
    let (teacher, student) = (answers(&teacher.logits, classes), answers(student, classes));
    let found = disagreements(&teacher, &student);
    let name = |class: u8| class_name(&page.texts, data.data, class.into());
    let words = |index: usize| {
        let label = data.test_labels.get(index).map(|&label| name(label)).unwrap_or_default();
        texts.with(
            "disagreement",
            &[
                ("index", index.to_string().into()),
                ("label", label.into()),
                ("teacher", name(teacher[index]).into()),
                ("student", name(student[index]).into()),
            ],
        )
    };
    html! {
        <div id="disagreements" class="members">
            <h3>{ texts.get("disagreements") }
                <small><b id="disagreement-count">{ number(texts, found.len() as f64, 0) }</b>
                    { texts.with("of-examples", &[("count", number(texts, teacher.len() as f64, 0).into())]) }</small>
            </h3>
            { thumbnails(page, data, &found, words) }
        </div>
    }
}

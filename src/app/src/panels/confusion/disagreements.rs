//! The test examples on which teacher and student disagree, or two peers.

use retort_spec::DataSummary;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::number,
    state::{
        networks::is_usual,
        predictions::{answers, disagreements},
    },
    widgets::example_row::thumbnails,
};

/// A row of the test examples to which the reference and the product, whose logits are given, say different classes.
pub fn row(page: &AppContext, data: &DataSummary, student: &[f32]) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let (reference, product) = (state.reference(), state.plan.product);
    let Some(teacher) = state.network(reference) else { return Html::default() };
    let classes = data.classes as usize;
    let (teacher, student) = (answers(&teacher.logits, classes), answers(student, classes));
    let found = disagreements(&teacher, &student);
    let is_usual = is_usual(&state.plan);
    let name = |class: u8| page.class_name(class.into());
    let words = |index: usize| {
        let label = data.test_labels.get(index).map(|&label| name(label)).unwrap_or_default();
        let args = [
            ("index", index.to_string().into()),
            ("label", label.into()),
            ("teacher", name(teacher[index]).into()),
            ("student", name(student[index]).into()),
            ("one", page.name(reference).into()),
            ("other", page.name(product).into()),
        ];
        match is_usual {
            true => texts.with("disagreement", &args[..4]),
            false => texts.with("disagreement-between", &args),
        }
    };
    let title = match is_usual {
        true => texts.get("disagreements"),
        false => {
            let args = [("one", page.name(reference).into()), ("other", page.name(product).into())];
            texts.with("disagreements-between", &args)
        }
    };
    html! {
        <div id="disagreements" class="members">
            <h3>{ title }
                <small><b id="disagreement-count">{ number(texts, found.len() as f64, 0) }</b>
                    { texts.with("of-examples", &[("count", number(texts, teacher.len() as f64, 0).into())]) }</small>
            </h3>
            { thumbnails(page, data, &found, words) }
        </div>
    }
}

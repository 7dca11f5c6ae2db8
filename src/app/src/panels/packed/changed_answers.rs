//! The test examples whose class changed when the network was packed.

use retort_spec::{CompressionResult, DataSummary, Measured};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{format::number, labels::class_name},
    state::predictions::{Flips, answers, round_robin},
    widgets::example_row::{MOST_SHOWN, thumbnails},
};

/// What was right and is not, what was not and is, and what is wrong in another way, each with some examples.
pub fn list(page: &AppContext, data: &DataSummary, trained: &Measured, chosen: &CompressionResult) -> Html {
    let texts = &page.texts;
    if chosen.answers.len() != data.test_labels.len() {
        return html! { <div id="flips"><p class="empty">{ texts.get("flips-unknown") }</p></div> };
    }
    let before = answers(&trained.logits, data.classes as usize);
    let flips = Flips::of(&data.test_labels, &before, &chosen.answers);
    let [lost, gained, other] = round_robin([flips.lost.len(), flips.gained.len(), flips.other.len()], MOST_SHOWN);
    let count = |count: usize| number(texts, count as f64, 0);
    let name =
        |class: Option<&u8>| class.map(|&class| class_name(&page.texts, data.data, class.into())).unwrap_or_default();
    let words = |index: usize| {
        texts.with(
            "flip-example",
            &[
                ("index", index.to_string().into()),
                ("label", name(data.test_labels.get(index)).into()),
                ("before", name(before.get(index)).into()),
                ("after", name(chosen.answers.get(index)).into()),
            ],
        )
    };
    let group = |id: &'static str, members: &[usize], shown: usize| {
        html! {
            <div class={classes!("members", id)}>
                <p><b {id}>{ count(members.len()) }</b>{ " " }{ texts.get(id) }</p>
                { thumbnails(page, data, &members[..shown], words) }
            </div>
        }
    };
    let (all, changed) = (count(before.len()), count(flips.count()));
    html! {
        <div id="flips">
            <h3>{ texts.get("flips") }</h3>
            <p id="flip-count">{ texts.with("flip-count", &[("count", changed.into()), ("all", all.into())]) }</p>
            { group("flip-lost", &flips.lost, lost) }
            { group("flip-gained", &flips.gained, gained) }
            { group("flip-other", &flips.other, other) }
        </div>
    }
}

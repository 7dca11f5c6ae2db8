//! Runs kept by name, to compare the next ones with.

use retort_spec::NetworkId;
use yew::prelude::*;

use crate::{
    charts::{
        axes::written,
        line::{Owner, sample},
        plot,
    },
    context::AppContext,
    state::{
        SavedRun,
        chart_view::{Part, Quantity},
    },
    widgets::saved_run::{forget_button, name_field, restore_link},
};

/// The kept runs on the chart.
pub fn kept_runs(page: &AppContext) -> Html {
    if page.state.kept.is_empty() {
        return Html::default();
    }
    html! {
        <ul id="kept" class="kept-runs" aria-label={page.texts.get("kept-runs")}>
            { for page.state.charted().map(|(index, kept)| chip(page, index, kept)) }
        </ul>
    }
}

fn chip(page: &AppContext, index: usize, kept: &SavedRun) -> Html {
    let score = |network_id: NetworkId| {
        let last = plot::reading(&kept.points, 0, network_id, None);
        let value = last.and_then(|point| Quantity::Accuracy.of(Part::Test, &point));
        written(page, Quantity::Accuracy, value)
    };
    let args = [("student", score(NetworkId::STUDENT).into()), ("baseline", score(NetworkId::BASELINE).into())];
    html! {
        <li key={kept.key()} class="kept-run">
            { sample(Owner::Kept(kept.mark)) }
            { name_field(page, index, kept) }
            <span class="kept-score">{ page.texts.with("kept-score", &args) }</span>
            { restore_link(page, kept) }
            { forget_button(page, index, kept) }
        </li>
    }
}

//! Runs kept by name, to compare the next ones with.

use retort_spec::{NetworkId, encode};
use yew::prelude::*;

use crate::{
    charts::{
        axes::written,
        line::{Owner, sample},
        plot,
    },
    context::AppContext,
    i18n::{format::number, labels::run_name},
    state::{
        Action, MOST_KEPT, SavedRun,
        chart_view::{Part, Quantity},
    },
    widgets::dom::text_of,
};

/// The button that keeps the run that is shown.
pub fn keep_button(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    // What was recorded is no run of this visitor's.
    let student = !state.recorded && plot::reading(&state.curves, 0, state.plan.product, None).is_some();
    let full = state.kept.len() >= MOST_KEPT;
    let hint = match (student, full) {
        (false, _) => texts.get("keep-none"),
        (true, true) => texts.with("keep-full", &[("count", number(texts, MOST_KEPT as f64, 0).into())]),
        (true, false) => texts.help("keep"),
    };
    let keep = {
        let (dispatch, name) = (state.dispatcher(), run_name(texts, &state.experiment));
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Keep(name.clone())))
    };
    html! {
        <>
            <button id="keep" onclick={keep} disabled={!student || full} title={hint.clone()} aria-describedby="keep-hint">
                { texts.get("keep") }
            </button>
            <span id="keep-hint" class="hidden">{ hint }</span>
        </>
    }
}

/// The kept runs.
pub fn kept_runs(page: &AppContext) -> Html {
    if page.state.kept.is_empty() {
        return Html::default();
    }
    html! {
        <ul id="kept" class="kept-runs" aria-label={page.texts.get("kept-runs")}>
            { for page.state.kept.iter().enumerate().map(|(index, kept)| chip(page, index, kept)) }
        </ul>
    }
}

fn chip(page: &AppContext, index: usize, kept: &SavedRun) -> Html {
    let texts = &page.texts;
    let rename = {
        let (dispatch, usual) = (page.state.dispatcher(), run_name(texts, &kept.experiment));
        Callback::from(move |event: Event| {
            let name = text_of(&event).trim().to_owned();
            // A run without a name could not be told from others.
            let name = if name.is_empty() { usual.clone() } else { name };
            dispatch.dispatch(Action::Rename { index, name });
        })
    };
    let link = encode(&kept.experiment);
    let restore = {
        let (dispatch, link) = (page.state.dispatcher(), link.clone());
        Callback::from(move |event: MouseEvent| {
            // With a modifier the browser opens it elsewhere, as any link.
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                dispatch.dispatch(Action::Navigate(link.clone()));
            }
        })
    };
    let forget = {
        let dispatch = page.state.dispatcher();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Forget(index)))
    };
    let score = |network_id: NetworkId| {
        let last = plot::reading(&kept.points, 0, network_id, None);
        let value = last.and_then(|point| Quantity::Accuracy.of(Part::Test, &point));
        written(page, Quantity::Accuracy, value)
    };
    let args = [("student", score(NetworkId::STUDENT).into()), ("baseline", score(NetworkId::BASELINE).into())];
    html! {
        <li key={kept.mark} class="kept-run">
            { sample(Owner::Kept(kept.mark)) }
            <input type="text" value={kept.name.clone()} onchange={rename} aria-label={texts.get("kept-name")}
                title={kept.name.clone()} autocomplete="off" />
            <span class="kept-score">{ texts.with("kept-score", &args) }</span>
            <a href={format!("#{link}")} onclick={restore} title={texts.help("kept-restore")}>{ texts.get("kept-restore") }</a>
            <button class="forget" onclick={forget} aria-label={texts.with("kept-forget", &[("name", kept.name.as_str().into())])}>
                { "×" }
            </button>
        </li>
    }
}

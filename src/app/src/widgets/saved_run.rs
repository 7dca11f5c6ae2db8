//! What can be done with runs: the shown one is kept; a kept one is renamed, made the current one again, and forgotten.

use retort_spec::encode;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{format::number, labels::run_name},
    state::{Action, MOST_KEPT, SavedRun},
    widgets::dom::text_of,
};

/// The button that keeps the run that is shown, named by what tells it from the one kept before.
pub fn keep_button(page: &AppContext, id: &str) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let full = state.kept.len() >= MOST_KEPT;
    // What was recorded is no run of this visitor's.
    let hint = match (state.has_run(), full) {
        (false, _) => texts.get("keep-none"),
        (true, true) => texts.with("keep-full", &[("count", number(texts, MOST_KEPT as f64, 0).into())]),
        (true, false) => texts.help("keep"),
    };
    let before = state.kept.last().map(|kept| &kept.experiment);
    let (dispatch, name) = (state.dispatcher(), run_name(texts, before, &state.experiment));
    let keep = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Keep(name.clone())));
    let hint_id = format!("{id}-hint");
    html! {
        <>
            <button id={id.to_owned()} onclick={keep} disabled={!state.has_run() || full} title={hint.clone()} aria-describedby={hint_id.clone()}>
                { texts.get("keep") }
            </button>
            <span id={hint_id} class="hidden">{ hint }</span>
        </>
    }
}

/// The name of the kept run at `index`, to be changed.
pub fn name_field(page: &AppContext, index: usize, kept: &SavedRun) -> Html {
    let texts = &page.texts;
    let before = index.checked_sub(1).and_then(|before| page.state.kept.get(before)).map(|kept| &kept.experiment);
    let (dispatch, usual) = (page.state.dispatcher(), run_name(texts, before, &kept.experiment));
    let rename = Callback::from(move |event: Event| {
        let name = text_of(&event).trim().to_owned();
        // A run without a name could not be told from others.
        let name = if name.is_empty() { usual.clone() } else { name };
        dispatch.dispatch(Action::Rename { index, name });
    });
    html! {
        <input type="text" value={kept.name.clone()} onchange={rename} aria-label={texts.get("kept-name")}
            title={kept.name.clone()} autocomplete="off" />
    }
}

/// The link that makes a kept run's experiment the current one.
pub fn restore_link(page: &AppContext, kept: &SavedRun) -> Html {
    let texts = &page.texts;
    let link = encode(&kept.experiment);
    let address = format!("#{link}");
    let dispatch = page.state.dispatcher();
    let restore = Callback::from(move |event: MouseEvent| {
        // With a modifier the browser opens it elsewhere, as any link.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            dispatch.dispatch(Action::Navigate(link.clone()));
        }
    });
    html! { <a href={address} onclick={restore} title={texts.help("kept-restore")}>{ texts.get("kept-restore") }</a> }
}

/// The button that forgets the kept run at `index`.
pub fn forget_button(page: &AppContext, index: usize, kept: &SavedRun) -> Html {
    let dispatch = page.state.dispatcher();
    let forget = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Forget(index)));
    let label = page.texts.with("kept-forget", &[("name", kept.name.as_str().into())]);
    html! { <button class="forget" onclick={forget} aria-label={label.clone()} title={label}>{ "×" }</button> }
}

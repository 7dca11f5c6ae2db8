//! The run's controls, one row of icons.

use retort_spec::RunState;
use yew::prelude::*;

use crate::{
    context::AppContext,
    controls::Control,
    i18n::labels::training_time,
    platform::link,
    state::Action,
    widgets::{
        dom::text_of,
        icon::{Icon, icon},
    },
};

/// Speeds besides full speed, in batches a second: to follow, to see, to count along.
const PACES: [u32; 3] = [100, 10, 1];

/// The toolbar.
pub fn toolbar(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let play = match state.run_state {
        RunState::Running => texts.get("pause"),
        RunState::Finished => texts.get("play-again"),
        _ => texts.get("play"),
    };
    let time = state.training_seconds().map(|seconds| training_time(texts, seconds));
    html! {
        <div class="controls" role="toolbar" aria-label={texts.get("controls")}>
            if page.shows("play") {
                <button id="play" class="primary" disabled={!Control::Play.is_able(state, &page.view)} onclick={press(page, Control::Play)} title={time}>
                    { play }
                </button>
            }
            { tool(page, Control::StepBatch, Icon::Batch, texts.get("step-batch")) }
            { tool(page, Control::StepEpoch, Icon::Epoch, texts.get("step-epoch")) }
            { tool(page, Control::Reset, Icon::Again, texts.help("reset")) }
            { tool(page, Control::NewSeed, Icon::Dice, texts.help("new-seed")) }
            { pace(page) }
            <span class="apart" />
            { tool(page, Control::Undo, Icon::Undo, texts.help("undo")) }
            { tool(page, Control::Redo, Icon::Redo, texts.help("redo")) }
        </div>
    }
}

fn press(page: &AppContext, control: Control) -> Callback<MouseEvent> {
    let page = page.clone();
    Callback::from(move |_| control.act(&page))
}

/// A control as an icon; its name is heard, and read in its tip together with what it does.
fn tool(page: &AppContext, control: Control, shape: Icon, help: String) -> Html {
    let id = control.name();
    if !page.shows(id) {
        return Html::default();
    }
    let name = page.texts.get(id);
    let tip = match page.locks(id) {
        true => format!("{name}. {}", page.texts.get("locked")),
        false if help == name => help,
        false => format!("{name}. {help}"),
    };
    html! {
        <button {id} class="icon-button" disabled={!control.is_able(&page.state, &page.view)} onclick={press(page, control)}
            aria-label={name} title={tip}>{ icon(shape) }</button>
    }
}

/// How fast it trains.
fn pace(page: &AppContext) -> Html {
    if !page.shows("pace") {
        return Html::default();
    }
    let (texts, now) = (&page.texts, page.state.pace);
    let dispatch = page.state.dispatcher();
    let change = Callback::from(move |event: Event| {
        let text = text_of(&event);
        link::store("pace", &text);
        dispatch.dispatch(Action::Pace(pace_of(&text)));
    });
    html! {
        <select id="pace" disabled={page.locks("pace")} onchange={change} aria-label={texts.get("pace")} title={texts.help("pace")}>
            <option value="full" selected={now.is_none()}>{ texts.get("pace-full") }</option>
            { for PACES.map(|steps| html! {
                <option value={steps.to_string()} selected={now == Some(steps)}>{ texts.with("pace-steps", &[("count", steps.into())]) }</option>
            }) }
        </select>
    }
}

/// A stored or chosen speed; `None`, which is full speed, for what is none of the menu's.
pub fn pace_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|steps| PACES.contains(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_speeds_of_the_menu_are_taken_from_storage() {
        assert_eq!(pace_of("10"), Some(10));
        assert_eq!(pace_of("full"), None);
        assert_eq!(pace_of("0"), None, "nothing would ever be trained");
        assert_eq!(pace_of("7"), None, "the menu could not show it");
    }
}

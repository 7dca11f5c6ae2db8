//! What a pupil's device has to do with a class's sweep: take a cell, train it, and tell its code.

use retort_spec::{CLASS_KEY, ClassCode, RunState, SWEEP_KEY, Sweep, SweepCell};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::format::percent,
    island,
    lessons::steer::steer,
    panels::sweep::values::cell_name,
    platform::{clipboard::copy, link},
    state::{
        Action,
        class::{DEAL, Share, cell_of, cell_text},
    },
    widgets::{
        dom::text_of,
        qr::{QrProps, use_qr},
    },
};

/// The card of a device that takes part; nothing on any other.
#[hook]
pub fn use_class_cell() -> Html {
    let page = use_page();
    let number = use_state_eq(String::new);
    let copied = use_state_eq(|| None::<&'static str>);
    let (texts, state) = (&page.texts, &page.state);
    let (Some(share), Ok(sweep)) = (Share::read(&state.class_text), state.sweep_text.parse::<Sweep>()) else {
        return Html::default();
    };
    let cells = sweep.cells(&state.experiment);
    let body = match share {
        Share::Deal => deal(&page, &sweep, cells, &number),
        Share::Cell { sweep: name, cell } => told(&page, &sweep, &cells, (name, usize::from(cell)), &copied),
    };
    html! {
        <section id="class-cell" class="panel" aria-labelledby="class-title">
            <h2 id="class-title">{ texts.get("class-cell") }</h2>
            { body }
        </section>
    }
}

/// Asks for the pupil's number.
fn deal(page: &AppContext, sweep: &Sweep, cells: Vec<SweepCell>, number: &UseStateHandle<String>) -> Html {
    let (texts, taker) = (&page.texts, page.clone());
    let name = ClassCode::name_of(sweep, &page.state.experiment);
    let possible = cells.iter().filter(|cell| cell.experiment.is_ok()).count();
    let take = move |number: usize| {
        let Some(cell) = cell_of(&cells, number) else { return };
        if let Ok(experiment) = &cells[cell].experiment {
            taker.state.dispatch(Action::Class(cell_text(name, cell, None)));
            // A temperature that changed in the middle of a training would leave it without a code.
            steer(&taker, experiment);
        }
    };
    let by_chance = {
        let take = take.clone();
        Callback::from(move |_: MouseEvent| take(1 + (js_sys::Math::random() * possible as f64) as usize))
    };
    let write = {
        let number = number.setter();
        Callback::from(move |event: InputEvent| number.set(text_of(&event)))
    };
    let chosen = number.trim().parse::<usize>().ok().filter(|number| *number > 0);
    let submit = Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(number) = chosen {
            take(number);
        }
    });
    html! {
        <form class="class-take" onsubmit={submit}>
            <p>{ texts.with("class-deal", &[("count", possible.to_string().into())]) }</p>
            <label for="class-number">{ texts.get("class-number") }</label>
            <input id="class-number" type="text" inputmode="numeric" autocomplete="off" value={(**number).clone()} oninput={write} />
            <button id="class-take" class="primary" disabled={chosen.is_none()}>{ texts.get("class-take") }</button>
            <button id="class-chance" type="button" onclick={by_chance}>{ texts.get("class-chance") }</button>
        </form>
    }
}

/// Which cell it is, and its code once it is trained.
fn told(
    page: &AppContext,
    sweep: &Sweep,
    cells: &[SweepCell],
    (name_of_sweep, cell): (u16, usize),
    copied: &UseStateHandle<Option<&'static str>>,
) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let share = Share::Cell { sweep: name_of_sweep, cell: cell as u16 };
    let values = cells.get(cell).map(|cell| cell_name(texts, sweep, cell)).unwrap_or_default();
    let possible = cells.iter().filter(|cell| cell.experiment.is_ok()).count();
    let args =
        [("cell", (cell + 1).to_string().into()), ("count", possible.to_string().into()), ("values", values.into())];
    let which = html! { <p>{ texts.with("class-which", &args) }</p> };
    if !state.is_dealt(share) {
        return html! { <>{ which }<p id="class-changed" class="error">{ texts.get("class-changed") }</p></> };
    }
    let Some(code) = state.class_code(share) else {
        let id = if state.run_state == RunState::Finished { "class-again" } else { "class-waits" };
        return html! { <>{ which }<p class="empty">{ texts.get(id) }</p></> };
    };
    let text = code.text();
    let place = cell_text(name_of_sweep, cell, Some(&text));
    let address = link::address_of(&state.experiment, &[(SWEEP_KEY, &state.sweep_text), (CLASS_KEY, &place)]);
    let copying = |what: &'static str, text: String| {
        let copied = copied.setter();
        Callback::from(move |_: MouseEvent| {
            let copied = copied.clone();
            copy(&text, Callback::from(move |done: bool| copied.set(done.then_some(what))));
        })
    };
    let qr = QrProps {
        id: "class-answer-qr",
        link: address.clone(),
        name: texts.get("class-answer-qr"),
        too_long: texts.get("share-qr-long"),
    };
    let dispatch = state.dispatcher();
    let another = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Class(DEAL.to_owned())));
    let name = |what: &'static str, id: &'static str| texts.get(if **copied == Some(what) { "copied" } else { id });
    let scores = [("product", percent(texts, code.product).into()), ("control", percent(texts, code.control).into())];
    html! {
        <>
            { which }
            <p class="class-code"><output id="class-code">{ text.clone() }</output>
                <button onclick={copying("code", text)}>{ name("code", "class-copy-code") }</button>
                <button onclick={copying("link", address)}>{ name("link", "lesson-copy") }</button>
                <button id="class-another" onclick={another}>{ texts.get("class-another") }</button>
            </p>
            <p class="hint">{ texts.with("class-code-hint", &scores) }</p>
            <details>
                <summary>{ texts.get("class-answer-qr") }</summary>
                { island!(use_qr, qr) }
            </details>
        </>
    }
}

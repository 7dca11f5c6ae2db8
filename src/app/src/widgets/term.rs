//! A word that says what it means, for who points at it, presses it, or comes to it by the Tab key.

use yew::prelude::*;

/// A word with a dotted underline. Pressed, it shows `help` in a box, which Esc or a press elsewhere closes. No other
/// word has its `id`.
pub fn term(id: &str, word: Html, help: String) -> Html {
    let box_id = ["about-", id].concat();
    html! {
        <>
            <button id={id.to_owned()} class="term" type="button" popovertarget={box_id.clone()} title={help.clone()}>{ word }</button>
            <span id={box_id} class="about" popover="auto" role="note">{ help }</span>
        </>
    }
}

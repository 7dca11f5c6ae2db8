//! One of several views: buttons side by side, or a menu where they would not fit a phone.

use yew::prelude::*;

use crate::widgets::dom::text_of;

/// Buttons that fit side by side.
const MOST: usize = 4;

/// A choice among named views, each with the word that tells it from the others.
pub fn choice(label: String, views: Vec<(String, String)>, chosen: &str, choose: &Callback<String>) -> Html {
    if views.len() > MOST {
        let change = choose.reform(|event: Event| text_of(&event));
        let option = |(word, name): (String, String)| {
            let selected = word == chosen;
            html! { <option value={word} {selected}>{ name }</option> }
        };
        return html! { <select aria-label={label} onchange={change}>{ for views.into_iter().map(option) }</select> };
    }
    let button = |(word, name): (String, String)| {
        let (pressed, view) = ((word == chosen).to_string(), word.clone());
        let onclick = choose.reform(move |_: MouseEvent| word.clone());
        html! { <button data-view={view} aria-pressed={pressed} {onclick}>{ name }</button> }
    };
    html! { <div class="segments" role="group" aria-label={label}>{ for views.into_iter().map(button) }</div> }
}

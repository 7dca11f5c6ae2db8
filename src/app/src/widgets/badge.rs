//! A short word beside a number that says how it came about; its explanation opens under the pointer or the focus.

use yew::prelude::*;

/// The word with its explanation.
pub fn badge(word: String, explanation: String) -> Html {
    let label = format!("{word}: {explanation}");
    html! {
        <span class="kind" tabindex="0" role="note" aria-label={label}>{ word }<span class="tip" aria-hidden="true">{ explanation }</span></span>
    }
}

//! Test examples in a row: a click inspects one.

use retort_spec::DataSummary;
use yew::prelude::*;

use crate::{
    context::AppContext,
    island,
    state::Action,
    widgets::picture::{PictureProps, use_picture},
};

/// Examples of a row that are drawn: more are a texture, not examples.
pub const MOST_SHOWN: usize = 24;

/// These test examples as buttons, images as they are and points by their index; `words` tells of each. Texts are
/// listed, and of rows of numbers nothing is shown.
pub fn thumbnails(page: &AppContext, data: &DataSummary, members: &[usize], words: impl Fn(usize) -> String) -> Html {
    if data.data.is_of_sequences() {
        let text = |&index: &usize| html! { <li title={words(index)}>{ data.test_texts.get(index) }</li> };
        let shown = members.iter().take(if data.test_texts.is_empty() { 0 } else { MOST_SHOWN });
        return html! { <ul class="texts-list">{ for shown.map(text) }</ul> };
    }
    let size = (data.shape[0] * data.shape[1]) as usize;
    let example = |&index: &usize| {
        let dispatch = page.state.dispatcher();
        let inspect = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect(index)));
        let words = words(index);
        let pressed = page.state.given.is_none() && page.state.example == Some(index);
        let picture = data.test_pixels.get(index * size..(index + 1) * size).map(<[u8]>::to_vec);
        html! {
            <button key={index} class="thumbnail" onclick={inspect} aria-pressed={pressed.to_string()} title={words.clone()} aria-label={words.clone()}>
                if let Some(pixels) = picture {
                    { island!(use_picture, PictureProps { shape: data.shape, pixels, label: words.into(), class: Classes::new() }) }
                } else {
                    { index }
                }
            </button>
        }
    };
    html! { <div class="thumbnails">{ for members.iter().take(MOST_SHOWN).map(example) }</div> }
}

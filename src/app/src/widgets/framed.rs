//! What a page in a frame cannot know: whether the frame lets files out.

use yew::prelude::*;

use crate::{i18n::Texts, platform::link};

/// A hint beside downloads; nothing on a page of its own. A frame that forbids downloads raises no error.
pub fn framed_hint(texts: &Texts) -> Html {
    match link::is_framed() {
        true => html! {
            <p class="hint framed">{ texts.get("download-framed") }{ texts.language.gap() }
                <a href={link::address()} target="_blank" rel="noopener">{ texts.get("download-tab") }</a></p>
        },
        false => Html::default(),
    }
}

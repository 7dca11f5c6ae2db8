//! Which words of a sentence a Transformer looks at.

use retort_spec::{ExhibitPlace, Form, Output};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{context::AppContext, widgets::exhibit::exhibit};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "words",
    draw: words,
    sites: &[(Tab::Inside, Area::Stage)],
    applies: |experiment, _| {
        let data = experiment.data;
        data.form() == Form::Text && data.output() == Output::Classes
    },
    ..Panel::PLAIN
};

fn words(page: &AppContext) -> Html {
    html! {
        <section id="words" class="panel" aria-labelledby="words-title">
            <h2 id="words-title">{ page.texts.get("words") }</h2>
            { exhibit(page, ExhibitPlace::Inside) }
        </section>
    }
}

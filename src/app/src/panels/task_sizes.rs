//! What the product of a task of sequences or of numbers weighs, and its files.

use retort_spec::ExhibitPlace;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{context::AppContext, widgets::exhibit::exhibit};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "task-sizes",
    draw: sizes,
    sites: &[(Tab::Shrink, Area::Stage)],
    applies: |experiment, _| experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

fn sizes(page: &AppContext) -> Html {
    html! {
        <section id="task-sizes" class="panel" aria-labelledby="task-sizes-title">
            <h2 id="task-sizes-title">{ page.texts.get("task-sizes") }</h2>
            { exhibit(page, ExhibitPlace::Sizes) }
        </section>
    }
}

//! What the scheme shows of itself, while the engine says anything of it.

use retort_spec::ExhibitPlace;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{context::AppContext, widgets::exhibit::exhibit};

/// Its entry in the table.
pub const PANEL: Panel =
    Panel { id: "mechanism", draw: mechanism, sites: &[(Tab::Distil, Area::Stage)], ..Panel::PLAIN };

fn mechanism(page: &AppContext) -> Html {
    html! {
        <section id="mechanism" class="panel" aria-labelledby="mechanism-title">
            <h2 id="mechanism-title">{ page.of_first_seed("mechanism") }</h2>
            { exhibit(page, ExhibitPlace::Scheme) }
            if page.state.exhibit(ExhibitPlace::Example).is_some() {
                { exhibit(page, ExhibitPlace::Example) }
            }
        </section>
    }
}

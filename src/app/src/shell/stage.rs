//! The page below its head: the panels of the tab that is shown, and the inspector beside them.

use yew::prelude::*;

use crate::{
    context::AppContext,
    panels::{Area, PANELS, is_shown, stands},
    platform::place::Depth,
    shell::{
        inspector::inspector,
        panel::{RedrawSchedule, panel},
    },
};

/// The panels in their places.
pub fn stage(page: &AppContext, schedule: &RedrawSchedule) -> Html {
    let place = page.place;
    let all = place.depth == Depth::Everything;
    let of = |area: Area| -> Vec<Html> {
        let here = PANELS.iter().filter(|panel| stands(place, panel) && is_shown(page, panel.id));
        // Where all views are shown there is one column.
        let here = here.filter(|panel| match (all, panel.sites.first(), panel.area(place.tab)) {
            (true, Some((_, Area::Top)), _) => area == Area::Top,
            (true, ..) => area == Area::Stage,
            (false, _, site) => site == Some(area),
        });
        here.map(|one| panel(page, schedule, one.id, one.draw)).collect()
    };
    let side = of(Area::Side);
    let inspector = inspector(page, schedule);
    let is_alone = side.is_empty() && inspector.is_none();
    html! {
        <>
            <>{ of(Area::Top) }</>
            <div class="wide">{ of(Area::Stage) }</div>
            if !is_alone {
                <div class="narrow">{ side }{ inspector }</div>
            }
        </>
    }
}

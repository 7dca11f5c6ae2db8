//! The confusion matrix: each network's answers against the labels, or the product's against the control's; a cell
//! opens onto its examples.

pub mod class_bias;
pub mod disagreements;
pub mod matrix;

use std::borrow::Cow;

use retort_spec::{DataSummary, Measured, NetworkId, Output, class_bias::biased};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::island;
use crate::{
    context::{AppContext, use_page},
    panels::confusion::matrix::{Cells, Shown, cells, matrix},
    state::predictions::answers,
    widgets::{choice::choice, example_card::example_card, example_row::thumbnails},
};

/// The view of the product less the control; the others are named by their network.
const DIFFERENCE: &str = "difference";

/// A network's logits; the product's with the visitor's bias, where classes were left out.
fn logits<'a>(page: &AppContext, data: &DataSummary, network: &'a Measured) -> Cow<'a, [f32]> {
    let (omit, bias) = (&page.state.experiment.omitted_classes, page.state.bias);
    match network.network_id == page.state.plan.product && !omit.is_empty() && bias != 0.0 {
        true => Cow::Owned(biased(&network.logits, data.classes as usize, omit, bias)),
        false => Cow::Borrowed(&network.logits),
    }
}

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "confusion",
    draw: |_| island!(use_confusion),
    sites: &[(Tab::Inside, Area::Stage)],
    applies: |experiment, _| experiment.output() == Output::Classes,
    ..Panel::PLAIN
};

/// The confusion panel.
#[hook]
pub fn use_confusion() -> Html {
    let page = use_page();
    let view = use_state_eq(|| None::<String>);
    let cell = use_state(|| None::<(usize, usize)>);
    let (texts, state) = (&page.texts, &page.state);
    let choose = {
        let (view, cell) = (view.clone(), cell.clone());
        Callback::from(move |of: String| {
            view.set(Some(of));
            cell.set(None);
        })
    };
    let product = state.plan.product;
    let difference = (DIFFERENCE.to_owned(), texts.get("confusion-difference"));
    let views = state.networks().map(|id| (id.to_string(), page.short_name(id))).chain([difference]);
    let views: Vec<(String, String)> = views.collect();
    // What was chosen may be of another scheme.
    let chosen = view.as_ref().filter(|view| views.iter().any(|(word, _)| word == *view));
    let chosen = chosen.cloned().unwrap_or_else(|| product.to_string());
    let network_id = chosen.parse::<NetworkId>().unwrap_or(product);
    let open = {
        let cell = cell.clone();
        Callback::from(move |place| cell.set(Some(place)))
    };
    let data = state.data.as_ref();
    let cells_of = |data: &DataSummary, network: &Measured| {
        let classes = data.classes as usize;
        cells(&data.test_labels, &answers(&logits(&page, data, network), classes), classes)
    };
    let table = data.zip(state.network(network_id)).and_then(|(data, network)| {
        let (class, minus) = match chosen == DIFFERENCE {
            true => (DIFFERENCE, Some(cells_of(data, state.network(state.plan.control)?))),
            false => (network_id.role_word(), None),
        };
        let cells = cells_of(data, network);
        let shown = Shown { cells: &cells, minus: minus.as_ref(), class, open: *cell };
        let opened = cell.map(|place| members(&page, data, &cells, place));
        Some((matrix(&page, &shown, &open), opened))
    });
    let (table, opened) = table.unzip();
    let student = data.zip(state.network(product)).map(|(data, network)| (data, logits(&page, data, network)));
    html! {
        <section id="confusion" class="panel" aria-labelledby="confusion-title">
            <h2 id="confusion-title">{ page.of_first_seed("confusion") }</h2>
            { choice(texts.get("confusion"), views, &chosen, &choose) }
            if let Some((data, logits)) = &student && !state.experiment.omitted_classes.is_empty() {
                { class_bias::slider(&page, data, logits) }
            }
            <div class="beside">
                <div>{ table.unwrap_or_else(|| html! { <p class="empty">{ texts.get("confusion-empty") }</p> }) }</div>
                { example_card(&page) }
            </div>
            { for opened.flatten() }
            { for student.iter().map(|(data, logits)| disagreements::row(&page, data, logits)) }
        </section>
    }
}

/// The examples of a cell.
fn members(page: &AppContext, data: &DataSummary, cells: &Cells, (i, j): (usize, usize)) -> Html {
    let texts = &page.texts;
    let Some(members) = cells.get(i).and_then(|row| row.get(j)) else { return Html::default() };
    let name = |class: usize| page.class_name(class);
    let title = texts.with(
        "confusion-cell",
        &[("label", name(i).into()), ("answer", name(j).into()), ("count", members.len().into())],
    );
    let words = |index: usize| texts.with("inspect-example", &[("index", index.to_string().into())]);
    html! { <div class="members"><p>{ title }</p>{ thumbnails(page, data, members, words) }</div> }
}

//! What is taken for what: each network's answers against the labels, or the student's against the same network's
//! alone; a cell opens onto its examples.

pub mod class_bias;
pub mod disagreements;
pub mod matrix;

use std::borrow::Cow;

use retort_spec::{NetworkId, DataSummary, Measured};
use yew::prelude::*;

use super::Panel;
use crate::island;
use crate::{
    context::{AppContext, use_page},
    i18n::labels::class_name,
    panels::confusion::matrix::{Cells, Shown, cells, matrix},
    state::{class_bias::biased, predictions::answers},
    widgets::example_row::thumbnails,
};

/// What the matrix is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// One network.
    Of(NetworkId),
    /// The distilled student less the same network alone.
    Difference,
}

impl View {
    const ALL: [View; 4] =
        [View::Of(NetworkId::TEACHER), View::Of(NetworkId::BASELINE), View::Of(NetworkId::STUDENT), View::Difference];

    /// The network whose examples the cells open onto.
    fn network_id(self) -> NetworkId {
        match self {
            Self::Of(network_id) => network_id,
            Self::Difference => NetworkId::STUDENT,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Of(network_id) => network_id.word(),
            Self::Difference => "difference",
        }
    }
}

/// A network's logits; the student's with the visitor's bias, where classes were left out.
fn logits<'a>(page: &AppContext, data: &DataSummary, network: &'a Measured) -> Cow<'a, [f32]> {
    let (omit, bias) = (&page.state.experiment.omitted_classes, page.state.bias);
    match network.network_id == NetworkId::STUDENT && !omit.is_empty() && bias != 0.0 {
        true => Cow::Owned(biased(&network.logits, data.classes as usize, omit, bias)),
        false => Cow::Borrowed(&network.logits),
    }
}

/// Its entry in the table.
pub const PANEL: Panel = Panel { id: "confusion", holds: |_| false, draw: |_| island!(use_confusion) };

/// The confusion panel.
#[hook]
pub fn use_confusion() -> Html {
    let page = use_page();
    let view = use_state(|| View::Of(NetworkId::STUDENT));
    let cell = use_state(|| None::<(usize, usize)>);
    let (texts, state) = (&page.texts, &page.state);
    let choose = |of: View| {
        let (view, cell) = (view.clone(), cell.clone());
        Callback::from(move |_: MouseEvent| {
            view.set(of);
            cell.set(None);
        })
    };
    let word = |of: View| match of {
        View::Of(network_id) => texts.get(&format!("short-{}", network_id.word())),
        View::Difference => texts.get("confusion-difference"),
    };
    let open = {
        let cell = cell.clone();
        Callback::from(move |place| cell.set(Some(place)))
    };
    let data = state.data.as_ref();
    let cells_of = |data: &DataSummary, network: &Measured| {
        let classes = data.classes as usize;
        cells(&data.test_labels, &answers(&logits(&page, data, network), classes), classes)
    };
    let table = data.zip(state.network(view.network_id())).and_then(|(data, network)| {
        let minus = match *view {
            View::Of(_) => None,
            View::Difference => Some(cells_of(data, state.network(NetworkId::BASELINE)?)),
        };
        let cells = cells_of(data, network);
        let shown = Shown { cells: &cells, minus: minus.as_ref(), class: view.class(), open: *cell };
        Some(html! {
            <>
                { matrix(&page, data, &shown, &open) }
                { for cell.map(|place| members(&page, data, &cells, place)) }
            </>
        })
    });
    let student = data.zip(state.network(NetworkId::STUDENT)).map(|(data, network)| (data, logits(&page, data, network)));
    html! {
        <section id="confusion" class="panel" aria-labelledby="confusion-title">
            <h2 id="confusion-title">{ texts.get("confusion") }</h2>
            <div class="segments" role="group" aria-label={texts.get("confusion")}>
                { for View::ALL.map(|of| html! {
                    <button data-view={of.class()} aria-pressed={(*view == of).to_string()} onclick={choose(of)}>{ word(of) }</button>
                }) }
            </div>
            if let Some((data, logits)) = &student && !state.experiment.omitted_classes.is_empty() {
                { class_bias::slider(&page, data, logits) }
            }
            { table.unwrap_or_else(|| html! { <p class="empty">{ texts.get("confusion-empty") }</p> }) }
            { for student.iter().map(|(data, logits)| disagreements::row(&page, data, logits)) }
        </section>
    }
}

/// The examples of a cell.
fn members(page: &AppContext, data: &DataSummary, cells: &Cells, (i, j): (usize, usize)) -> Html {
    let texts = &page.texts;
    let Some(members) = cells.get(i).and_then(|row| row.get(j)) else { return Html::default() };
    let name = |class: usize| class_name(&page.texts, data.data, class);
    let title = texts.with(
        "confusion-cell",
        &[("label", name(i).into()), ("answer", name(j).into()), ("count", members.len().into())],
    );
    let words = |index: usize| texts.with("inspect-example", &[("index", index.to_string().into())]);
    html! { <div class="members"><p>{ title }</p>{ thumbnails(page, data, members, words) }</div> }
}

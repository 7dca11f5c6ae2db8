//! What the curves say at one epoch, beside the chart: always there, so that reading moves nothing; and the legend.

use retort_spec::CurvePoint;
use yew::prelude::*;

use crate::{
    charts::{
        axes::written,
        line::{Owner, sample},
        plot,
    },
    context::AppContext,
    i18n::{Texts, format::number},
    state::{
        chart_view::{Part, Quantity, View},
        networks::is_trained,
    },
};

/// A curve and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub owner: Owner,
    pub name: String,
    pub test: String,
    pub train: String,
}

impl Row {
    /// The row in words.
    pub fn told(&self, texts: &Texts) -> String {
        let args = [
            ("name", self.name.as_str().into()),
            ("test", self.test.as_str().into()),
            ("train", self.train.as_str().into()),
        ];
        texts.with("curve-told", &args)
    }

    /// Its name with the one value that the line shows at its end.
    pub fn main(&self, view: View) -> String {
        let value = if view.main_part() == Part::Test { &self.test } else { &self.train };
        format!("{}: {value}", self.name)
    }
}

/// A row for each network that learns, of its mean over the seeds, and for the product of each kept run, at an epoch or
/// at their ends.
pub fn rows(page: &AppContext, means: &[CurvePoint], quantity: Quantity, epoch: Option<u32>) -> Vec<Row> {
    let row = |owner: Owner, name: String, point: Option<CurvePoint>| {
        let value = |part: Part| written(page, quantity, point.and_then(|point| quantity.of(part, &point)));
        Row { owner, name, test: value(Part::Test), train: value(Part::Train) }
    };
    // What is computed from others has no curve.
    let plan = &page.state.plan;
    let trained = plan.ids().filter(|id| is_trained(plan, *id));
    let networks = trained.map(|id| row(Owner::Network(id), page.name(id), plot::reading(means, 0, id, epoch)));
    let kept = page.state.charted().map(|(_, kept)| {
        let point = plot::reading(&kept.points, 0, plan.product, epoch);
        row(Owner::Kept(kept.mark), kept.name.clone(), point)
    });
    networks.chain(kept).collect()
}

/// The table beside the chart.
pub fn readout(page: &AppContext, (reading, runs): (Option<u32>, u32), rows: &[Row]) -> Html {
    let texts = &page.texts;
    let when = match reading {
        Some(epoch) => texts.with("epochs", &[("count", number(texts, epoch.into(), 0).into())]),
        None => texts.with("curve-latest", &[("count", runs.into())]),
    };
    let row = |row: &Row| {
        let class = match row.owner {
            Owner::Network(network_id) => network_id.role_word(),
            Owner::Kept(_) | Owner::Past => "",
        };
        html! {
            <tr {class}>
                <th scope="row" title={row.name.clone()}>{ sample(row.owner) }<span>{ &row.name }</span></th>
                <td>{ &row.test }</td>
                <td>{ &row.train }</td>
            </tr>
        }
    };
    html! {
        <table id="readout" class="readout">
            <thead>
                <tr>
                    <th scope="col" id="reading-epoch">{ when }</th>
                    <th scope="col">{ texts.get("curve-test") }</th>
                    <th scope="col">{ texts.get("curve-train") }</th>
                </tr>
            </thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
        </table>
    }
}

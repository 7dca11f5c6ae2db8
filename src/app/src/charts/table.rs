//! The curves as a table of numbers, for those who cannot see the chart or want to copy it.

use retort_spec::NetworkId;
use yew::prelude::*;

use crate::{
    charts::{
        axes::{heading, term_name, written},
        plot,
    },
    context::{AppContext, use_page},
    i18n::format::number,
    state::{
        chart_view::{Part, Quantity},
        networks::is_trained,
        term_curves::{self, Curve},
    },
    widgets::dom::opened,
};

/// Which table.
#[derive(PartialEq)]
pub struct CurveTableProps {
    /// A quantity of the learning curves; without one, the terms of the loss.
    pub quantity: Option<Quantity>,
}

/// The table. It is written only while it is open: with every report of the engine it grows.
#[hook]
pub fn use_curve_table(props: &CurveTableProps) -> Html {
    let page = use_page();
    let open = use_state_eq(|| false);
    let toggled = {
        let open = open.clone();
        Callback::from(move |event: Event| open.set(opened(&event)))
    };
    html! {
        <details id={props.quantity.map_or("term-table", |_| "curve-table")} class="table" ontoggle={toggled}>
            <summary>{ page.texts.get("table-of-data") }</summary>
            if *open {
                { props.quantity.map_or_else(|| terms(&page), |quantity| numbers(&page, quantity)) }
            }
        </details>
    }
}

fn numbers(page: &AppContext, quantity: Quantity) -> Html {
    let texts = &page.texts;
    let (curves, plan) = (&page.state.curves, &page.state.plan);
    let ids: Vec<NetworkId> = plan.ids().filter(|id| is_trained(plan, *id)).collect();
    let caption = texts.with("curve-table", &[("quantity", heading(page, quantity).into())]);
    // A cell of an epoch at which this network was not measured stays empty, so that no number stands twice.
    let cells = |epoch: u32, network_id: NetworkId| {
        let point = plot::curve(curves, 0, network_id).find(|point| point.epoch == epoch);
        let written =
            |part: Part| point.map(|point| written(page, quantity, quantity.of(part, point))).unwrap_or_default();
        html! { <><td>{ written(Part::Test) }</td><td>{ written(Part::Train) }</td></> }
    };
    html! {
        <div class="scroll numbers" tabindex="0" role="region" aria-label={caption.clone()}>
            <table>
                <caption>{ caption }</caption>
                <thead>
                    <tr>
                        <th scope="col" rowspan="2" title={texts.help("curve-epoch")}>{ texts.get("curve-epoch") }</th>
                        { for ids.iter().map(|id| html! {
                            <th scope="colgroup" colspan="2" class={id.role_word()}>{ page.name(*id) }</th>
                        }) }
                    </tr>
                    <tr>{ for ids.iter().map(|_| html! {
                        <><th scope="col">{ texts.get("curve-test") }</th><th scope="col">{ texts.get("curve-train") }</th></>
                    }) }</tr>
                </thead>
                <tbody>{ for plot::epochs(curves.iter().filter(|point| point.run == 0)).into_iter().map(|epoch| html! {
                    <tr>
                        <th scope="row">{ number(texts, epoch.into(), 0) }</th>
                        { for ids.iter().map(|id| cells(epoch, *id)) }
                    </tr>
                }) }</tbody>
            </table>
        </div>
    }
}

/// The terms of the loss.
fn terms(page: &AppContext) -> Html {
    let texts = &page.texts;
    let curves = term_curves::curves(&page.state.terms);
    let caption = texts.get("term-table");
    let cell = |curve: &Curve<'_>, epoch: u32| {
        let value = curve.values.iter().find(|(at, _)| *at == epoch);
        html! { <td>{ value.map(|(_, value)| number(texts, *value, term_curves::digits(*value))) }</td> }
    };
    html! {
        <div class="scroll numbers" tabindex="0" role="region" aria-label={caption.clone()}>
            <table>
                <caption>{ caption }</caption>
                <thead><tr>
                    <th scope="col" title={texts.help("curve-epoch")}>{ texts.get("curve-epoch") }</th>
                    { for curves.iter().map(|curve| html! { <th scope="col">{ term_name(texts, curve.name) }</th> }) }
                </tr></thead>
                <tbody>{ for page.state.terms.iter().map(|terms| html! {
                    <tr>
                        <th scope="row">{ number(texts, terms.epoch.into(), 0) }</th>
                        { for curves.iter().map(|curve| cell(curve, terms.epoch)) }
                    </tr>
                }) }</tbody>
            </table>
        </div>
    }
}

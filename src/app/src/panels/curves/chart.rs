//! The chart of the learning curves: drawn once a report, read by pointer or keys at any measured epoch.

use retort_spec::{CurvePoint, NetworkId};
use yew::prelude::*;

use crate::{
    charts::axes::{axes, heading, level},
    panels::curves::CurveChartProps,
};
use crate::{
    charts::{
        line::{LineProps, Owner, line, piece},
        plot::{self, Frame, LEFT},
    },
    context::{AppContext, use_page},
    i18n::format::tenth,
    panels::curves::{reader::reader, readout::Row},
    platform::place::Depth,
    state::chart_view::{Part, View},
    widgets::{
        dom::unit,
        window::{PHONE, use_narrower},
    },
};

/// The chart.
#[hook]
pub fn use_curve_chart(props: &CurveChartProps) -> Html {
    let page = use_page();
    // In the narrow column, too, the letters stay legible.
    let narrow = use_narrower(PHONE) || page.place.depth != Depth::Everything;
    let (texts, state) = (&page.texts, &page.state);
    let all = || {
        let others = state.past.iter().chain(state.charted().map(|(_, kept)| &kept.points));
        state.curves.iter().chain(others.flat_map(|points| points.iter()))
    };
    let frame = frame(&page, props.view, narrow, all);
    let epochs = plot::epochs(all());
    html! {
        <div class="plot">
            <svg ref={props.svg.clone()} class="chart" viewBox={format!("0 0 {} {}", frame.width, frame.height)} style={unit(frame.width)} role="img"
                aria-label={summary(&page, props)} data-points={state.curves.len().to_string()}>
                { axes(&page, frame, 4, &|value| level(texts, props.view.quantity, value)) }
                { lines(&page, props, frame) }
                { cursor(&page, props, frame) }
                { key(&page, props, frame) }
            </svg>
            if state.curves.is_empty() {
                <p class="empty">{ texts.get("curve-empty") }</p>
            }
            { reader(&page, props, frame, epochs) }
        </div>
    }
}

/// The axes. The last epoch is known beforehand, so that nothing moves while the curves grow.
fn frame<'a, I: Iterator<Item = &'a CurvePoint>>(
    page: &AppContext,
    view: View,
    narrow: bool,
    all: impl Fn() -> I,
) -> Frame {
    let planned = page.state.plan.phases.iter().map(|phase| phase.epochs).max().unwrap_or(0);
    let (width, height) = if narrow { (360.0, 190.0) } else { (560.0, 180.0) };
    let values = all().flat_map(|point| [Part::Test, Part::Train].map(|part| (part, view.quantity.of(part, point))));
    let shown = values.filter(|(part, _)| view.shows(*part)).filter_map(|(_, value)| value);
    let last = all().map(|point| point.epoch).max().unwrap_or(0).max(planned).max(1);
    Frame { width, height, last, top: view.quantity.top(shown), bottom: 0.0 }
}

fn summary(page: &AppContext, props: &CurveChartProps) -> String {
    let texts = &page.texts;
    let args = [
        ("quantity", heading(page, props.view.quantity).into()),
        (
            "values",
            props.rows.iter().map(|row| row.main(props.view)).collect::<Vec<_>>().join(texts.language.comma()).into(),
        ),
    ];
    texts.with("curve-chart", &args)
}

/// All lines, the important ones last, on top.
fn lines(page: &AppContext, props: &CurveChartProps, frame: Frame) -> Html {
    let (state, view) = (&page.state, props.view);
    let curve = |points: &[CurvePoint], run: u32, network_id: NetworkId, part: Part, owner: Owner| {
        let other_seed = std::ptr::eq(points, &state.curves[..]);
        let value = |point: &CurvePoint| view.quantity.of(part, point).map(|value| (point.epoch, value));
        let values: Vec<(u32, f64)> = plot::curve(points, run, network_id).filter_map(value).collect();
        line(LineProps { owner, values, frame, train: part == Part::Train, other_seed })
    };
    let main = view.main_part();
    let runs = state.curves.iter().map(|point| point.run).max().unwrap_or(0);
    let compared = [state.plan.control, state.plan.product];
    html! {
        <>
            { for state.past.iter().flat_map(|points| compared.map(|network_id| curve(points, 0, network_id, main, Owner::Past))) }
            { for (0..=runs).rev().filter(|_| runs > 0).flat_map(|run| {
                state.networks().map(move |network_id| curve(&state.curves, run, network_id, main, Owner::Network(network_id)))
            }) }
            { for state.charted().map(|(_, kept)| curve(&kept.points, 0, state.plan.product, main, Owner::Kept(kept.mark))) }
            { for [Part::Train, Part::Test].into_iter().filter(|part| view.shows(*part)).flat_map(|part| {
                state.networks().map(move |network_id| curve(&props.means, 0, network_id, part, Owner::Network(network_id)))
            }) }
        </>
    }
}

/// The vertical line of the epoch that is read, with a dot on each curve.
fn cursor(page: &AppContext, props: &CurveChartProps, frame: Frame) -> Html {
    let Some(epoch) = props.reading else { return Html::default() };
    let x = tenth(frame.x(epoch));
    let dot = |network_id: NetworkId| {
        let point = plot::reading(&props.means, 0, network_id, Some(epoch))?;
        let value = props.view.quantity.of(props.view.main_part(), &point)?;
        Some(html! { <circle class={network_id.role_word()} cx={x.clone()} cy={tenth(frame.y(value))} r="3.5" /> })
    };
    html! {
        <g class="cursor">
            <line x1={x.clone()} x2={x.clone()} y1={tenth(frame.y(frame.top))} y2={tenth(frame.y(0.0))} />
            <>{ for page.state.networks().filter_map(dot) }</>
        </g>
    }
}

/// What the lines are, below the picture: hidden on the page, where it stands beside it; a file needs its own.
fn key(page: &AppContext, props: &CurveChartProps, frame: Frame) -> Html {
    const ROW: f64 = 18.0;
    let (texts, view) = (&page.texts, props.view);
    let line = |row: usize| frame.height + ROW * (row as f64 + 0.7);
    let parts = [(Part::Test, "curve-test"), (Part::Train, "curve-train")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(part, _)| view.shows(*part)).map(|(_, id)| texts.get(id)).collect();
    let head = [&heading(page, view.quantity), texts.language.colon(), &parts.join(texts.language.comma())].concat();
    let entry = |(i, row): (usize, &Row)| {
        let y = line(i + 1);
        html! {
            <>
                { piece(row.owner, LEFT, y) }
                <text x={(LEFT + 32.0).to_string()} y={tenth(y + 4.0)}>{ row.main(view) }</text>
            </>
        }
    };
    let height = line(props.rows.len() + 1);
    html! {
        <g class="key" data-height={height.to_string()}>
            <text x={LEFT.to_string()} y={tenth(line(0) + 4.0)}>{ head }</text>
            { for props.rows.iter().enumerate().map(entry) }
        </g>
    }
}

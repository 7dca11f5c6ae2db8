//! What it costs: the packed file's bytes against the accuracy of what is read back from it.

use retort_spec::{Actor, Bits, Compressed};
use yew::prelude::*;

use super::knob::KnobControl;
use crate::{
    app::{Page, use_page},
    format::{bytes, number, percent},
};

/// The cost panel.
#[component]
pub fn Cost() -> Html {
    let page = use_page();
    let (texts, state) = (&page.texts, &page.state);
    let bits = state.experiment.bits;
    let turn = page.turn("bits");
    let width = |of: Bits| {
        let turn = turn.reform(move |_: MouseEvent| of.to_string());
        html! { <button data-bits={of.word()} aria-pressed={(bits == of).to_string()} onclick={turn}>{ of.word() }</button> }
    };
    html! {
        <section id="cost" class={classes!("panel", state.stale.then_some("stale"))} aria-labelledby="cost-title">
            <h2 id="cost-title">{ texts.get("cost") } <small>{ texts.get("cost-sub") }</small></h2>
            <div class="segments" role="group" aria-label={texts.get("knob-bits")} title={texts.help("knob-bits")}>{ for Bits::ALL.iter().map(|&of| width(of)) }</div>
            <KnobControl id="granularity" />
            if let Some(chosen) = state.chosen() {
                { facts(&page, chosen) }
                { chart(&page, chosen) }
            } else {
                <p class="empty">{ texts.get("cost-empty") }</p>
            }
        </section>
    }
}

fn facts(page: &Page, chosen: &Compressed) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let float = state.compressed.iter().find(|row| row.bits == Bits::B32);
    let change = float.map(|float| 100.0 * (chosen.accuracy - float.accuracy)).unwrap_or(0.0);
    let sign = if change > 0.0 { "+" } else { "" };
    html! {
        <dl>
            <dt>{ texts.get("packed-file") }</dt><dd id="packed-bytes"><b>{ bytes(texts, chosen.bytes.into()) }</b></dd>
            <dt>{ texts.get("packed-accuracy") }</dt>
            <dd id="packed-accuracy"><b>{ percent(texts, chosen.accuracy) }{ " %" }</b>{ format!(" ({sign}{})", number(texts, change, 1)) }</dd>
            if let Some(teacher) = state.network(Actor::Teacher) {
                <dt>{ texts.get("of-teacher") }</dt>
                <dd>{ number(texts, 100.0 * f64::from(chosen.bytes) / f64::from(teacher.bytes), 2) }{ " %" }</dd>
            }
        </dl>
    }
}

/// Accuracy against bytes, bytes logarithmic: every width at the chosen granularity, and the teacher.
fn chart(page: &Page, chosen: &Compressed) -> Html {
    const WIDTH: f64 = 240.0;
    const HEIGHT: f64 = 130.0;
    const LEFT: f64 = 30.0;
    let (texts, state) = (&page.texts, &page.state);
    let fits = |row: &&Compressed| !row.bits.is_integer() || row.granularity == state.experiment.granularity;
    let rows: Vec<&Compressed> = state.compressed.iter().filter(fits).collect();
    let teacher = state.network(Actor::Teacher);
    let sizes = rows.iter().map(|row| f64::from(row.bytes)).chain(teacher.map(|teacher| f64::from(teacher.bytes)));
    let (least, most) =
        sizes.fold((f64::INFINITY, 1.0), |(least, most): (f64, f64), size| (least.min(size), most.max(size)));
    let lowest = rows.iter().map(|row| row.accuracy).fold(1.0, f64::min);
    let floor = (10.0 * lowest).floor() / 10.0;
    let x = |size: f64| LEFT + (WIDTH - LEFT - 20.0) * (size / least).ln() / (most / least).ln().max(1e-9);
    let y = |accuracy: f64| 8.0 + (HEIGHT - 30.0) * (1.0 - (accuracy - floor) / (1.0 - floor).max(1e-9));
    let line: Vec<String> =
        rows.iter().map(|row| format!("{:.1},{:.1}", x(row.bytes.into()), y(row.accuracy))).collect();
    let point = |row: &Compressed| {
        let on = row.bits == chosen.bits;
        let (cx, cy) = (x(row.bytes.into()), y(row.accuracy));
        html! {
            <g class={classes!("point", "student", on.then_some("on"))}>
                <circle cx={format!("{cx:.1}")} cy={format!("{cy:.1}")} r={if on { "4.5" } else { "3" }} />
                <text x={format!("{cx:.1}")} y={format!("{:.1}", cy + 14.0)} text-anchor="middle">{ row.bits.word() }</text>
            </g>
        }
    };
    let summary = texts.with(
        "cost-chart",
        &[
            ("bits", chosen.bits.word().into()),
            ("bytes", bytes(texts, chosen.bytes.into()).into()),
            ("accuracy", percent(texts, chosen.accuracy).into()),
        ],
    );
    html! {
        <svg class="chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label={summary}>
            { for [floor, 1.0].map(|share| html! {
                <>
                    <line class="grid" x1={LEFT.to_string()} x2={WIDTH.to_string()} y1={format!("{:.1}", y(share))} y2={format!("{:.1}", y(share))} />
                    <text x="0" y={format!("{:.1}", y(share) + 4.0)}>{ format!("{} %", number(texts, 100.0 * share, 0)) }</text>
                </>
            }) }
            <polyline class="line student faint" points={line.join(" ")} />
            { for rows.iter().map(|row| point(row)) }
            if let Some(teacher) = teacher {
                <g class="point teacher on"><circle cx={format!("{:.1}", x(teacher.bytes.into()))} cy={format!("{:.1}", y(teacher.accuracy))} r="4.5" /></g>
            }
            <text x={LEFT.to_string()} y={(HEIGHT - 3.0).to_string()}>{ bytes(texts, least) }</text>
            <text x={WIDTH.to_string()} y={(HEIGHT - 3.0).to_string()} text-anchor="end">{ bytes(texts, most) }</text>
        </svg>
    }
}

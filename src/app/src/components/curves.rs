//! The learning curves of teacher, baseline and student on one chart, past runs as faint lines.

use retort_spec::{Actor, CurvePoint};
use yew::prelude::*;

use super::stuck::Stuck;
use crate::{
    app::use_page,
    format::{number, percent},
};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 18.0;

/// What a chart shows of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quantity {
    Accuracy,
    TestLoss,
    TrainLoss,
}

impl Quantity {
    fn of(self, point: &CurvePoint) -> Option<f64> {
        match self {
            Self::Accuracy => Some(point.test_accuracy),
            Self::TestLoss => Some(point.test_loss),
            Self::TrainLoss => point.train_loss,
        }
    }
}

/// The curves' panel.
#[component]
pub fn Curves() -> Html {
    let page = use_page();
    let quantity = use_state(|| Quantity::Accuracy);
    let (texts, state) = (&page.texts, &page.state);
    let shown = *quantity;
    let all = || state.curves.iter().chain(state.past.iter().flat_map(|points| points.iter()));
    let last = all().map(|point| point.epoch).max().unwrap_or(0).max(1);
    let top = match shown {
        Quantity::Accuracy => 1.0,
        // A loss that runs away should not flatten all others.
        _ => all().filter_map(|point| shown.of(point)).filter(|loss| loss.is_finite()).fold(0.5, f64::max).min(5.0),
    };
    let x = |epoch: u32| LEFT + (WIDTH - LEFT - 8.0) * f64::from(epoch) / f64::from(last);
    let y = |value: f64| 8.0 + (HEIGHT - 8.0 - BOTTOM) * (1.0 - value.clamp(0.0, top) / top);
    let path = |points: &[CurvePoint], actor: Actor, run: u32| {
        let of_actor = points.iter().filter(|point| point.actor == actor && point.run == run);
        let places = of_actor.filter_map(|point| shown.of(point).map(|value| (x(point.epoch), y(value))));
        places
            .enumerate()
            .map(|(i, (x, y))| format!("{}{x:.1},{y:.1}", if i == 0 { "M" } else { "L" }))
            .collect::<String>()
    };
    let runs = state.curves.iter().map(|point| point.run).max().unwrap_or(0);
    let choose = |of: Quantity, id: &'static str| {
        let quantity = quantity.clone();
        html! { <button aria-pressed={(shown == of).to_string()} onclick={Callback::from(move |_: MouseEvent| quantity.set(of))}>{ texts.get(id) }</button> }
    };
    let end = |actor: Actor| {
        state.curves.iter().rev().find(|point| point.actor == actor && point.run == 0).and_then(|point| shown.of(point))
    };
    let written = |value: f64| match shown {
        Quantity::Accuracy => format!("{} %", percent(texts, value)),
        _ => number(texts, value, 2),
    };
    let words: Vec<String> = Actor::ALL
        .iter()
        .filter_map(|actor| {
            end(*actor).map(|value| format!("{}: {}", texts.get(&format!("actor-{}", actor.word())), written(value)))
        })
        .collect();
    html! {
        <section id="curves" class="panel" aria-labelledby="curves-title">
            <h2 id="curves-title">{ texts.get("curves") }
                <span class="legend">{ for Actor::ALL.map(|actor| html! {
                    <span class={actor.word()}>{ texts.get(&format!("actor-{}", actor.word())) }</span>
                }) }</span>
            </h2>
            <div class="segments" role="group" aria-label={texts.get("curves")}>
                { choose(Quantity::Accuracy, "curve-accuracy") }
                { choose(Quantity::TestLoss, "curve-test-loss") }
                { choose(Quantity::TrainLoss, "curve-train-loss") }
            </div>
            <svg class="chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} role="img" aria-label={words.join(", ")} data-points={state.curves.len().to_string()}>
                { for [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| html! {
                    <>
                        <line class="grid" x1={LEFT.to_string()} x2={WIDTH.to_string()} y1={format!("{:.1}", y(share * top))} y2={format!("{:.1}", y(share * top))} />
                        <text x={(LEFT - 6.0).to_string()} y={format!("{:.1}", y(share * top) + 4.0)} text-anchor="end">
                            { if shown == Quantity::Accuracy { format!("{} %", number(texts, 100.0 * share, 0)) } else { number(texts, share * top, 1) } }
                        </text>
                    </>
                }) }
                <text x={LEFT.to_string()} y={(HEIGHT - 2.0).to_string()}>{ "0" }</text>
                <text x={(WIDTH - 8.0).to_string()} y={(HEIGHT - 2.0).to_string()} text-anchor="end">
                    { texts.with("epochs", &[("count", number(texts, last.into(), 0).into())]) }
                </text>
                { for state.past.iter().flat_map(|points| [Actor::Baseline, Actor::Student].map(|actor| html! {
                    <path class="line past" d={path(points, actor, 0)} />
                })) }
                { for (0..=runs).rev().flat_map(|run| Actor::ALL.map(|actor| html! {
                    <path class={classes!("line", actor.word(), (run > 0).then_some("other-seed"))} d={path(&state.curves, actor, run)} />
                })) }
            </svg>
            <Stuck />
        </section>
    }
}

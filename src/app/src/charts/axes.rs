//! What charts over epochs have in common: axes and the words for what they show.

use retort_spec::Output;

use crate::{
    charts::plot::{Frame, LEFT},
    context::AppContext,
    i18n::{
        Texts,
        format::{number, percentage, tenth, with_percent_sign},
    },
    state::{
        chart_view::Quantity,
        loss_terms::{LABELS, SOFT_TARGETS},
    },
};
use yew::prelude::*;

/// The message that names a quantity.
pub fn title(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Accuracy => "curve-accuracy",
        Quantity::Loss => "curve-loss",
    }
}

/// What a quantity is called: the score of the task that the page is about, or its loss.
pub fn heading(page: &AppContext, quantity: Quantity) -> String {
    page.texts.get(match (quantity, page.state.experiment.output()) {
        (Quantity::Accuracy, Output::NextToken) => "curve-tokens",
        (Quantity::Accuracy, Output::Number) => "curve-numbers",
        _ => title(quantity),
    })
}

/// A value of a curve; a dash where there is none.
pub fn written(page: &AppContext, quantity: Quantity, value: Option<f64>) -> String {
    match (quantity, value) {
        (_, None) => "–".into(),
        (Quantity::Accuracy, Some(value)) => percentage(&page.texts, value),
        (Quantity::Loss, Some(value)) => number(&page.texts, value, 3),
    }
}

/// A level of the axis in words.
pub fn level(texts: &Texts, quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::Accuracy => with_percent_sign(texts, &number(texts, 100.0 * value, 0)),
        Quantity::Loss => number(texts, value, 2),
    }
}

/// The axes of a chart over epochs, cut into parts by levels that are named by `name`.
pub fn axes(page: &AppContext, frame: Frame, parts: u32, name: &dyn Fn(f64) -> String) -> Html {
    let texts = &page.texts;
    let under = tenth(frame.height - 2.0);
    let level = |share: f64| {
        let value = frame.bottom + share * (frame.top - frame.bottom);
        let y = frame.y(value);
        html! {
            <>
                <line class="grid" x1={LEFT.to_string()} x2={frame.x(frame.last).to_string()} y1={tenth(y)} y2={tenth(y)} />
                <text x={(LEFT - 6.0).to_string()} y={tenth(y + 4.0)} text-anchor="end">{ name(value) }</text>
            </>
        }
    };
    html! {
        <>
            { for (0..=parts).map(|part| level(f64::from(part) / f64::from(parts))) }
            <text x={LEFT.to_string()} y={under.clone()}>{ number(texts, 0.0, 0) }</text>
            <text x={frame.x(frame.last).to_string()} y={under} text-anchor="end">
                { texts.with("epochs", &[("count", number(texts, frame.last.into(), 0).into())]) }
            </text>
        </>
    }
}

/// What a term is called: an objective's name, or that and its part's.
pub fn term_name(texts: &Texts, name: &str) -> String {
    match (name, name.split_once(':')) {
        (LABELS, _) => texts.get("term-cross-entropy"),
        (SOFT_TARGETS, _) => texts.get("term-soft-targets"),
        (_, Some((word, part))) => {
            [&texts.get(&format!("knob-{word}")), texts.language.colon(), &texts.get(&format!("term-{part}"))].concat()
        }
        _ => texts.get(&format!("knob-{name}")),
    }
}

//! The course of each term of the student's loss, each times its weight: which of them decides, and when.

use yew::prelude::*;

use crate::charts::axes::term_name;
use crate::{
    charts::{
        axes::axes,
        line::{LineProps, Owner, line, sample},
        plot::Frame,
        table::{CurveTableProps, use_curve_table},
    },
    context::AppContext,
    i18n::format::number,
    island,
    state::term_curves::{Axis, Curve, curves, digits},
    widgets::dom::unit,
};

/// The chart with its key and its table.
pub fn term_chart(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let curves = curves(&state.terms);
    let axis = Axis::of(&curves);
    let Axis { bottom, top, .. } = axis;
    let level = |place: f64| {
        let value = axis.value(place);
        number(texts, value, if axis.is_log { -place.min(0.0).floor() as u32 } else { digits(top - bottom) })
    };
    let placed = |curve: &Curve<'_>| -> Vec<(u32, f64)> {
        curve.values.iter().map(|(epoch, value)| (*epoch, axis.place(*value))).collect()
    };
    let told = state.terms.last().map_or(0, |terms| terms.epoch);
    let frame = Frame { width: 320.0, height: 200.0, last: told.max(state.experiment.student_epochs), top, bottom };
    let latest = |curve: &Curve<'_>| {
        let value = curve.values.last().map_or_else(|| "–".into(), |(_, value)| number(texts, *value, digits(*value)));
        (term_name(texts, curve.name), value)
    };
    let words: Vec<String> = curves.iter().map(latest).map(|(name, value)| format!("{name} {value}")).collect();
    html! {
        <div id="terms">
            <h3>{ texts.get("terms") }{ " " }<small>{ texts.get(if axis.is_log { "terms-sub-log" } else { "terms-sub" }) }</small></h3>
            <div class="plot">
                <svg class="chart" viewBox={format!("0 0 {} {}", frame.width, frame.height)} style={unit(frame.width)} role="img" data-terms={curves.len().to_string()}
                    aria-label={texts.with("term-chart", &[("values", words.join(texts.language.comma()).into())])}>
                    if !curves.is_empty() {
                        { axes(page, frame, axis.parts, &level) }
                    }
                    { for curves.iter().map(|curve| html! {
                        { line(LineProps { owner: Owner::Kept(curve.mark), values: placed(curve), frame, train: false, other_seed: false }) }
                    }) }
                </svg>
                if curves.is_empty() {
                    <p class="empty">{ texts.get("term-empty") }</p>
                }
            </div>
            <ul class="key">{ for curves.iter().map(|curve| {
                let (name, value) = latest(curve);
                html! { <li data-term={curve.name.to_owned()}>{ sample(Owner::Kept(curve.mark)) }<span>{ name }</span><b>{ value }</b></li> }
            }) }</ul>
            { island!(use_curve_table, CurveTableProps { quantity: None }) }
        </div>
    }
}

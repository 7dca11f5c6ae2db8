//! A sweep of one knob as lines with their spread: its values from left to right, equally far apart.

use retort_spec::{NetworkId, Spread, knob, sweep::Metric};
use yew::prelude::*;

use crate::{
    charts::line::{Owner, sample},
    context::AppContext,
    i18n::{
        format::tenth,
        labels::{knob_name, network_name},
    },
    panels::sweep::{
        heat::{FIT, cut, drawing, hatch},
        values::{Shown, figure, link, metric_name, value_name},
    },
    widgets::{
        dom::network_class,
        tag::{tag, text},
    },
};

const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 46.0;
/// Height: on a phone, and elsewhere.
const HEIGHTS: (f64, f64) = (250.0, 300.0);
/// The least room for a value.
const COLUMN: f64 = 40.0;
/// Two lines stand so far beside each other that their spreads do not cover each other.
const ASIDE: f64 = 4.0;
/// Lines of the grid, about.
const LEVELS: f64 = 4.0;

/// A line of the chart.
struct Series {
    owner: NetworkId,
    metric: Metric,
    values: Vec<Option<Spread>>,
}

/// The lines, about so wide: of the product and its control where accuracy is asked for, else of what is asked for. The
/// axis holds all of `compared`, so that pictures that stand beside each other have the same one.
pub fn lines(page: &AppContext, shown: &Shown<'_>, metric: Metric, fit: f64, compared: &[&Shown<'_>]) -> Html {
    let texts = &page.texts;
    let [axis] = shown.sweep.axes() else { return Html::default() };
    let plan = shown.base.plan();
    let series_of = |shown: &Shown<'_>| {
        let owner = if metric == Metric::Control { plan.control } else { plan.product };
        let mut series = vec![Series { owner, metric, values: shown.metrics(metric) }];
        if metric == Metric::Accuracy {
            let values = shown.metrics(Metric::Control);
            series.push(Series { owner: plan.control, metric: Metric::Control, values });
        }
        series
    };
    let series = series_of(shown);
    let height = if fit < FIT[1] { HEIGHTS.0 } else { HEIGHTS.1 };
    let count = axis.values().len();
    let width = fit.max(LEFT + RIGHT + COLUMN * count as f64);
    let column = (width - LEFT - RIGHT) / count as f64;
    let x = |place: usize| LEFT + column * (place as f64 + 0.5);
    let all: Vec<Series> = compared.iter().flat_map(|shown| series_of(shown)).collect();
    let (bottom, top, step) = range(&all);
    let y = |value: f64| TOP + (height - TOP - BOTTOM) * (top - value) / (top - bottom);
    let line = |class: &str, [x1, x2, y1, y2]: [f64; 4]| {
        let (x1, x2, y1, y2) = (tenth(x1), tenth(x2), tenth(y1), tenth(y2));
        tag("line", &[("class", class), ("x1", &x1), ("x2", &x2), ("y1", &y1), ("y2", &y2)], Vec::new())
    };
    let words = |class: &str, x: f64, y: f64, anchor: &str, words: String| {
        text("text", &[("class", class), ("x", &tenth(x)), ("y", &tenth(y)), ("text-anchor", anchor)], words)
    };
    let mut parts = vec![hatch()];
    let has_values = series.iter().any(|series| series.values.iter().any(Option::is_some));
    let name = knob(axis.key()).map(|knob| knob_name(texts, knob)).unwrap_or_default();
    if has_values {
        for part in 0..=((top - bottom) / step).round() as u32 {
            let value = bottom + step * f64::from(part);
            parts.push(line("grid", [LEFT, width - RIGHT, y(value), y(value)]));
            parts.push(words("", LEFT - 6.0, y(value) + 4.0, "end", figure(texts, metric, value)));
        }
    }
    for place in 0..count {
        if let Some(reason) = shown.reason(texts, place) {
            let title = text("title", &[], [&shown.name(texts, place), texts.language.colon(), &reason].concat());
            let (x, wide, high) =
                (tenth(x(place) - column / 2.0 + 1.0), tenth(column - 2.0), tenth(height - TOP - BOTTOM));
            let place = [("x", &*x), ("y", &tenth(TOP)), ("width", &wide), ("height", &high)];
            let look = [("class", "none"), ("fill", "url(#sweep-hatch)")];
            parts.push(tag("rect", &[&look[..], &place].concat(), vec![title]));
        }
        let value = cut(&value_name(texts, axis.key(), &axis.values()[place]));
        parts.push(words("tick", x(place), height - BOTTOM + 18.0, "middle", value));
    }
    parts.push(words("axis", (LEFT + width - RIGHT) / 2.0, height - 6.0, "middle", [&name, " →"].concat()));
    // The product's line lies above its control's.
    for (nth, series) in series.iter().enumerate().rev() {
        let aside = if nth == 0 { -ASIDE } else { ASIDE };
        let at = |place: usize| x(place) + aside / 2.0;
        let class = network_class(series.owner);
        let (mut path, mut points) = (String::new(), Vec::new());
        let mut step = "M";
        for (place, value) in series.values.iter().enumerate() {
            let Some((spread, Ok(experiment))) = value.as_ref().map(|spread| (spread, &shown.cells[place].experiment))
            else {
                step = "M";
                continue;
            };
            let (cx, cy) = (tenth(at(place)), tenth(y(spread.mean)));
            path += &[step, &cx, ",", &cy].concat();
            step = "L";
            let is_here = **experiment == page.state.experiment;
            let class =
                classes!("point", class.clone(), is_here.then_some("here"), shown.is_part(place).then_some("part"));
            let r = if nth == 0 { "5" } else { "4" };
            let content = [
                text("title", &[], shown.words(texts, place, series.metric)),
                line("", [at(place), at(place), y(spread.mean - spread.deviation), y(spread.mean + spread.deviation)]),
                tag("circle", &[("cx", &cx), ("cy", &cy), ("r", r)], Vec::new()),
            ];
            points.push(link(page, experiment, class, Some(place), content.into_iter().collect()));
        }
        parts.push(tag("path", &[("class", &["line ", &class].concat()), ("d", &path)], Vec::new()));
        parts.extend(points);
    }
    let args = [("metric", metric_name(page, shown, metric).into()), ("knob", name.into())];
    let legend = |series: &Series| {
        let name = match metric {
            Metric::Accuracy => network_name(texts, &plan, series.owner),
            _ => metric_name(page, shown, metric),
        };
        let sample = sample(Owner::Network(series.owner));
        tag("span", &[("class", &network_class(series.owner))], vec![sample, name.into()])
    };
    let label = texts.with("sweep-lines", &args);
    let legend = tag("p", &[("class", "sweep-legend")], series.iter().map(legend).collect());
    [drawing(page, "chart sweep-lines", (width, height), label, parts), legend].into_iter().collect()
}

/// The least and the greatest value of the axis, and the distance of its levels: round numbers around all values with
/// their spreads.
fn range(series: &[Series]) -> (f64, f64, f64) {
    let spreads = || series.iter().flat_map(|series| series.values.iter().flatten());
    let least = spreads().map(|spread| spread.mean - spread.deviation).fold(f64::INFINITY, f64::min);
    let most = spreads().map(|spread| spread.mean + spread.deviation).fold(f64::NEG_INFINITY, f64::max);
    if least > most {
        return (0.0, 1.0, 0.25);
    }
    // A difference of a thousandth is none that a line should exaggerate.
    let rough = ((most - least) / LEVELS).max(0.0025 * most.abs()).max(1e-6);
    let unit = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * unit).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let (bottom, top) = ((least / step).floor(), (most / step).ceil());
    let (bottom, top) = if bottom < top { (bottom, top) } else { (bottom - 1.0, top + 1.0) };
    (bottom * step, top * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_all_values_with_their_spreads_between_round_numbers() {
        let series = |values| Series { owner: NetworkId::STUDENT, metric: Metric::Accuracy, values };
        let one = series(vec![Some(Spread { mean: 0.5, deviation: 0.1, values: vec![] }), None]);
        // From 0.4 to 0.93: a fourth of that is 0.13, and the next round number is 0.2.
        let (bottom, top, step) = range(&[one, series(vec![Some(Spread::of(vec![0.93]))])]);
        assert!((bottom - 0.4).abs() < 1e-9 && (top - 1.0).abs() < 1e-9 && (step - 0.2).abs() < 1e-9, "{bottom} {top}");
        let (bottom, top, _) = range(&[series(vec![Some(Spread::of(vec![0.905]))])]);
        assert!(bottom < 0.905 && top > 0.905 && top - bottom < 0.02, "{bottom} {top}");
        assert_eq!(range(&[series(vec![None])]), (0.0, 1.0, 0.25));
    }
}

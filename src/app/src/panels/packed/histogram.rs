//! The weights of a layer before and after they were packed, on one axis with the values that the file can hold.

use retort_spec::{Granularity, WeightHistogram};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{number, tenth},
    widgets::dom::{text_of, unit},
};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 8.0;
/// Where the axis lies.
const AXIS: f64 = 146.0;
/// Length of a level's tick below the axis.
const TICK: f64 = 10.0;

/// A bin that is not empty: where it begins and ends, and its counts before and after.
type Bin = (f64, f64, u32, u32);

/// The bins that hold weights, before or after.
fn bins(histogram: &WeightHistogram) -> Vec<Bin> {
    let count = histogram.before.len().max(1) as f64;
    let edge = |index: usize| histogram.reach * (2.0 * index as f64 / count - 1.0);
    let pairs = histogram.before.iter().zip(&histogram.after).enumerate();
    let all = pairs.map(|(index, (&before, &after))| (edge(index), edge(index + 1), before, after));
    all.filter(|(_, _, before, after)| before + after > 0).collect()
}

/// How high a count stands, 0 to 1: by its square root, since packed weights pile up on few values and would flatten
/// the weights before them to nothing.
fn height(count: u32, most: u32) -> f64 {
    (f64::from(count) / f64::from(most.max(1))).sqrt()
}

/// A weight's place on the axis, 0 at its left end and 1 at its right.
fn place(weight: f64, reach: f64) -> f64 {
    match reach > 0.0 {
        true => (weight / reach + 1.0) / 2.0,
        false => 0.5,
    }
}

/// The histogram of one layer of the file that is shown; `choose` is told of another.
pub fn histogram(page: &AppContext, layers: &[WeightHistogram], shown: usize, choose: Callback<usize>) -> Html {
    let texts = &page.texts;
    let Some(histogram) = layers.get(shown) else {
        return html! { <div id="histogram"><p class="empty">{ texts.get("histogram-unknown") }</p></div> };
    };
    let change = choose.reform(|event: Event| text_of(&event).parse().unwrap_or(0));
    let option = |(index, histogram): (usize, &WeightHistogram)| {
        let weights: u32 = histogram.before.iter().sum();
        let words = texts.with(
            "histogram-layer",
            &[("layer", (index + 1).into()), ("count", number(texts, weights.into(), 0).into())],
        );
        html! { <option value={index.to_string()} selected={index == shown}>{ words }</option> }
    };
    html! {
        <div id="histogram">
            <h3><label for="histogram-layer">{ texts.get("histogram") }</label>
                <select id="histogram-layer" onchange={change}>{ for layers.iter().enumerate().map(option) }</select>
            </h3>
            { chart(page, histogram) }
            <p class="legend"><span class="before">{ texts.get("histogram-before") }</span><span class="after">{ texts.get("histogram-after") }</span></p>
            <p class="hint">{ caption(page, histogram) }</p>
            { table(page, histogram) }
        </div>
    }
}

/// What the ticks are.
fn caption(page: &AppContext, histogram: &WeightHistogram) -> String {
    let texts = &page.texts;
    let levels = histogram.levels.len();
    let scheme = page.state.shown().and_then(|(shown, _)| shown.quant_scheme());
    let id = match scheme.filter(|_| levels > 0).map(|scheme| scheme.granularity) {
        None => return texts.get("histogram-float"),
        Some(Granularity::Tensor) => "histogram-tensor",
        Some(Granularity::Channel) => "histogram-channel",
        Some(_) => "histogram-group",
    };
    texts.with(id, &[("levels", levels.into())])
}

fn chart(page: &AppContext, histogram: &WeightHistogram) -> Html {
    let texts = &page.texts;
    let bins = bins(histogram);
    let most = bins.iter().map(|&(.., before, after)| before.max(after)).max().unwrap_or(0);
    let x = |weight: f64| LEFT + (WIDTH - LEFT - 8.0) * place(weight, histogram.reach);
    let y = |count: u32| AXIS - (AXIS - TOP) * height(count, most);
    // One step after another; down to the axis only where bins are empty.
    let mut outline = String::new();
    let mut end = f64::NAN;
    for &(from, to, before, _) in &bins {
        if from != end {
            outline +=
                &format!("{}M{:.1},{AXIS}", if end.is_nan() { String::new() } else { format!("V{AXIS}") }, x(from));
        }
        outline += &format!("V{:.1}H{:.1}", y(before), x(to));
        end = to;
    }
    if !bins.is_empty() {
        outline += &format!("V{AXIS}");
    }
    let spike = |&(from, to, _, after): &Bin| {
        let wide = (x(to) - x(from)) / 2.0;
        html! {
            <rect class="after" x={tenth(x(from) + wide / 2.0)} y={tenth(y(after))}
                width={tenth(wide)} height={tenth(AXIS - y(after))} />
        }
    };
    let levels = histogram.levels.iter().map(|&level| f64::from(level)).filter(|level| level.abs() <= histogram.reach);
    let ticks: String = levels.map(|level| format!("M{:.1},{:.1}v{TICK}", x(level), AXIS + 2.0)).collect();
    let kinds = |count: fn(&Bin) -> u32| bins.iter().filter(|bin| count(bin) > 0).count();
    let summary = texts.with(
        "histogram-chart",
        &[
            ("reach", number(texts, histogram.reach, 2).into()),
            ("before", kinds(|bin| bin.2).into()),
            ("after", kinds(|bin| bin.3).into()),
            ("levels", histogram.levels.len().into()),
        ],
    );
    // A round number of weights halfway up, where there are enough of them.
    let half = most / 4;
    html! {
        <svg class="chart" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} style={unit(WIDTH)} role="img" aria-label={summary}>
            { for [0, half, most].map(|count| html! {
                <>
                    <line class="grid" x1={LEFT.to_string()} x2={(WIDTH - 8.0).to_string()} y1={tenth(y(count))} y2={tenth(y(count))} />
                    <text x={(LEFT - 6.0).to_string()} y={tenth(y(count) + 4.0)} text-anchor="end">{ number(texts, count.into(), 0) }</text>
                </>
            }) }
            <path class="before" d={outline} />
            { for bins.iter().filter(|bin| bin.3 > 0).map(spike) }
            <path class="levels" d={ticks} />
            { for [(-histogram.reach, "start"), (0.0, "middle"), (histogram.reach, "end")].map(|(weight, anchor)| html! {
                <text x={tenth(x(weight))} y={(HEIGHT - 6.0).to_string()} text-anchor={anchor}>{ number(texts, weight, 2) }</text>
            }) }
        </svg>
    }
}

fn table(page: &AppContext, histogram: &WeightHistogram) -> Html {
    let texts = &page.texts;
    html! {
        <details class="data">
            <summary>{ texts.get("table-of-data") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("histogram")}><table>
                <thead><tr>
                    <th scope="col">{ texts.get("column-from") }</th><th scope="col">{ texts.get("column-to") }</th>
                    <th scope="col">{ texts.get("histogram-before") }</th><th scope="col">{ texts.get("histogram-after") }</th>
                </tr></thead>
                <tbody>{ for bins(histogram).into_iter().map(|(from, to, before, after)| html! {
                    <tr><td>{ number(texts, from, 3) }</td><td>{ number(texts, to, 3) }</td>
                        <td>{ number(texts, before.into(), 0) }</td><td>{ number(texts, after.into(), 0) }</td></tr>
                }) }</tbody>
            </table></div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Floats;

    #[test]
    fn bins_divide_the_axis_and_empty_ones_are_passed_over() {
        let levels = Floats(vec![-1.0, 1.0]);
        let histogram =
            WeightHistogram { reach: 2.0, before: vec![1, 0, 5, 0], after: vec![0, 0, 2, 4], levels, sqnr: None };
        assert_eq!(bins(&histogram), [(-2.0, -1.0, 1, 0), (0.0, 1.0, 5, 2), (1.0, 2.0, 0, 4)]);
    }

    #[test]
    fn a_quarter_of_the_weights_stands_half_as_high() {
        assert_eq!([height(0, 400), height(100, 400), height(400, 400)], [0.0, 0.5, 1.0]);
        assert_eq!(height(0, 0), 0.0);
    }

    #[test]
    fn the_axis_reaches_as_far_left_as_right() {
        assert_eq!([place(-3.0, 3.0), place(0.0, 3.0), place(3.0, 3.0)], [0.0, 0.5, 1.0]);
        assert_eq!(place(0.0, 0.0), 0.5, "a layer of zeros");
    }
}

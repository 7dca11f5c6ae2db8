//! A sweep of two knobs as a heat map: the first knob from left to right, the second from top to bottom.

use retort_spec::{knob, sweep::Metric};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{format::tenth, labels::knob_name},
    panels::sweep::{
        scale::{Colours, Scale},
        values::{Shown, figure, link, metric_name, value_name, written},
    },
    widgets::tag::{tag, text},
};

/// A cell's height, and the least and the greatest width, in units of the drawing, which are pixels.
const HEIGHT: f64 = 46.0;
const WIDTHS: (f64, f64) = (54.0, 132.0);
/// How wide all of it should be: on a phone, beside another one, and alone.
pub const FIT: [f64; 3] = [330.0, 590.0, 900.0];
/// Room below for the legend of the colours, and its fields.
const LEGEND: f64 = 56.0;
const FIELD: (f64, f64) = (46.0, 14.0);
/// Room above for the first knob's name and values, and a letter's width.
const TOP: f64 = 44.0;
const LETTER: f64 = 7.8;
/// Longer names of values are cut.
const LONGEST: usize = 14;
/// How much of the hue the least and the greatest value have: text on it stays readable.
const SHADES: (f64, f64) = (0.04, 0.52);

/// The heat map, about so wide, in the colours of a scale; with their legend, if it is to say them.
pub fn heat(
    page: &AppContext,
    shown: &Shown<'_>,
    metric: Metric,
    fit: f64,
    scale: &Scale,
    legend: Option<Colours>,
) -> Html {
    let texts = &page.texts;
    let [columns, rows] = shown.sweep.axes() else { return Html::default() };
    let name = |key: &str| knob(key).map(|knob| knob_name(texts, knob)).unwrap_or_default();
    let label = |key: &str, value: &str| cut(&value_name(texts, key, value));
    let row_names: Vec<String> = rows.values().iter().map(|value| label(rows.key(), value)).collect();
    let longest = row_names.iter().map(|name| letters(name)).max().unwrap_or(0);
    let left = (LETTER * longest as f64 + 12.0).max(28.0);
    let width = ((fit - left) / columns.values().len() as f64).clamp(WIDTHS.0, WIDTHS.1);
    // Both names stand in one line.
    let both = letters(&name(columns.key())) + letters(&name(rows.key())) + 6;
    let least = (LETTER * both as f64 - left) / columns.values().len() as f64;
    let width = width.max(least);
    let (across, down) = (width * columns.values().len() as f64, HEIGHT * rows.values().len() as f64);
    let (all_width, all_height) = (left + across, TOP + down + 2.0);
    let shades: Vec<Option<f64>> =
        shown.metrics(metric).iter().map(|value| value.as_ref().map(|spread| scale.shade(spread.mean))).collect();
    let cell = |place: usize| {
        // The first axis varies slowest among the cells.
        let (column, row) = (place / rows.values().len(), place % rows.values().len());
        let (x, y) = (left + width * column as f64, TOP + HEIGHT * row as f64);
        square(page, shown, metric, place, shades[place], (x, y, width))
    };
    let label_at = |x: f64, y: f64, anchor: &str, class: &str, words: String| {
        text("text", &[("class", class), ("x", &tenth(x)), ("y", &tenth(y)), ("text-anchor", anchor)], words)
    };
    let args = [
        ("metric", metric_name(page, shown, metric).into()),
        ("columns", name(columns.key()).into()),
        ("rows", name(rows.key()).into()),
    ];
    let mut parts = vec![
        hatch(),
        label_at(0.0, 14.0, "start", "axis", [&name(rows.key()), " ↓"].concat()),
        label_at(all_width, 14.0, "end", "axis", [&name(columns.key()), " →"].concat()),
    ];
    for (column, value) in columns.values().iter().enumerate() {
        let x = left + width * (column as f64 + 0.5);
        parts.push(label_at(x, 34.0, "middle", "tick", label(columns.key(), value)));
    }
    for (row, name) in row_names.into_iter().enumerate() {
        parts.push(label_at(left - 8.0, TOP + HEIGHT * (row as f64 + 0.5) + 5.0, "end", "tick", name));
    }
    parts.extend((0..shown.cells.len()).map(cell));
    let marks = legend.map(|colours| (colours, scale.marks())).filter(|(_, marks)| !marks.is_empty());
    let below = if marks.is_some() { LEGEND } else { 0.0 };
    if let Some((colours, marks)) = marks {
        let y = all_height + 22.0;
        parts.push(label_at(left, y - 6.0, "start", "axis", texts.get(colours.message())));
        for (place, (shade, value)) in marks.into_iter().enumerate() {
            let x = left + FIELD.0 * place as f64;
            let class = if shade < 0.0 { "less" } else { "more" };
            let sides = [x, y, FIELD.0, FIELD.1].map(tenth);
            let [x_text, y_text, wide, high] = &sides;
            let at = [("x", &**x_text), ("y", y_text), ("width", wide), ("height", high)];
            let field = |class: &str, opacity: &str| {
                tag("rect", &[&[("class", class), ("opacity", opacity)], &at[..]].concat(), Vec::new())
            };
            let shaded = field("shade", &hundredth(opacity_of(shade)));
            parts.push(tag("g", &[("class", class)], vec![shaded, field("frame", "")]));
            parts.push(label_at(
                x + FIELD.0 / 2.0,
                y + FIELD.1 + 15.0,
                "middle",
                "beside",
                figure(texts, metric, value),
            ));
        }
    }
    let all_width = all_width.max(if below > 0.0 { left + 5.0 * FIELD.0 } else { 0.0 });
    drawing(page, "chart sweep-map", (all_width, all_height + below), texts.with("sweep-map", &args), parts)
}

/// A drawing in its own size, which scrolls where it does not fit. Its links are for pointers: the table has the same.
pub fn drawing(page: &AppContext, class: &str, size: (f64, f64), label: String, parts: Vec<Html>) -> Html {
    let (width, height) = (tenth(size.0), tenth(size.1));
    let frame = ["0 0 ", &width, " ", &height].concat();
    let style = ["width:", &width, "px"].concat();
    let attributes =
        [("class", class), ("viewBox", &frame), ("role", "group"), ("style", &style), ("aria-label", &label)];
    let svg = tag("svg", &attributes, parts);
    let region = [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", &page.texts.get("sweep"))];
    tag("div", &region, vec![svg])
}

/// How many letters' room a name takes: Chinese letters are as wide as two others.
fn letters(name: &str) -> usize {
    name.chars().map(|letter| if letter < '\u{2e80}' { 1 } else { 2 }).sum()
}

/// A name of a value that fits.
pub fn cut(name: &str) -> String {
    match name.chars().count() {
        count if count > LONGEST => name.chars().take(LONGEST - 1).chain(['…']).collect(),
        _ => name.to_owned(),
    }
}

/// What is drawn where a cell is impossible.
pub fn hatch() -> Html {
    let line = tag("line", &[("class", "hatch"), ("y2", "7")], Vec::new());
    let pattern = [
        ("id", "sweep-hatch"),
        ("width", "7"),
        ("height", "7"),
        ("patternUnits", "userSpaceOnUse"),
        ("patternTransform", "rotate(45)"),
    ];
    tag("defs", &[], vec![tag("pattern", &pattern, vec![line])])
}

/// How much of its hue a shade has.
fn opacity_of(shade: f64) -> f64 {
    SHADES.0 + (SHADES.1 - SHADES.0) * shade.abs()
}

fn square(
    page: &AppContext,
    shown: &Shown<'_>,
    metric: Metric,
    place: usize,
    shade: Option<f64>,
    (x, y, width): (f64, f64, f64),
) -> Html {
    let texts = &page.texts;
    let reason = shown.reason(texts, place);
    let experiment = shown.cells[place].experiment.as_deref();
    let is_here = experiment.is_ok_and(|experiment| *experiment == page.state.experiment);
    let is_part = shown.is_part(place);
    let (value, more) = shown.results(place).map(|results| written(texts, metric, results)).unwrap_or_default();
    let is_sure = metric == Metric::Gain && shown.results(place).is_some_and(|results| results.verdict.p_value < 0.05);
    let class = classes!(
        "cell",
        is_here.then_some("here"),
        is_part.then_some("part"),
        is_sure.then_some("sure"),
        shade.map(|shade| if shade < 0.0 { "less" } else { "more" })
    );
    let opacity = shade.map_or(0.0, opacity_of);
    let rect = |class: &str, fill: &str, opacity: &str| {
        let (x, y, width, height) = (tenth(x + 1.0), tenth(y + 1.0), tenth(width - 2.0), tenth(HEIGHT - 2.0));
        let place = [("x", &*x), ("y", &y), ("width", &width), ("height", &height), ("rx", "4")];
        tag("rect", &[&[("class", class), ("fill", fill), ("opacity", opacity)], &place[..]].concat(), Vec::new())
    };
    let words = |class: &str, down: f64, words: String| {
        let (x, y) = (tenth(x + width / 2.0), tenth(y + down));
        text("text", &[("class", class), ("x", &x), ("y", &y), ("text-anchor", "middle")], words)
    };
    let mut parts = vec![text("title", &[], shown.words(texts, place, metric))];
    if reason.is_some() {
        parts.push(rect("none", "url(#sweep-hatch)", ""));
    } else if shade.is_some() {
        parts.push(rect("shade", "", &hundredth(opacity)));
    }
    parts.push(rect("frame", "", ""));
    parts.push(words("value", if more.is_empty() { 28.0 } else { 22.0 }, value));
    parts.push(words("beside", 38.0, more));
    match experiment {
        Ok(experiment) => link(page, experiment, class, Some(place), parts.into_iter().collect()),
        Err(_) => tag("g", &[("class", "cell"), ("data-cell", &place.to_string())], parts),
    }
}

fn hundredth(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut() {
        assert_eq!((cut("16,16"), cut("Teacher assistants")), ("16,16".into(), "Teacher assis…".into()));
    }
}

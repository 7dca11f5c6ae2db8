//! Accuracy against bytes, bytes logarithmic: every network that was measured in this visit, and the teacher, with the
//! step line of the best for its size.

use retort_spec::{Bits, QuantScheme};
use web_sys::Element;
use yew::prelude::*;

use crate::{
    charts::scatter_labels,
    context::{AppContext, use_page},
    i18n::{
        format::{bytes, number, percent, tenth, with_percent_sign},
        labels::made,
    },
    panels::cost::files::{Listing, name, table},
    platform::place::Depth,
    state::{
        Action,
        files_table::{Kind, Point, pareto, past, points},
        order::sorted,
    },
    widgets::{
        badge::badge,
        dom::unit,
        window::{ONE_COLUMN, use_narrower},
    },
};

/// Width and height of the drawing in its own units: in a narrow place, and as the centre of its view.
const SMALL: (f64, f64) = (240.0, 140.0);
const LARGE: (f64, f64) = (800.0, 330.0);
const LEFT: f64 = 42.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// The students' part of the axis ends so far from the right end; a file past its break stands there.
const BREAK: f64 = 52.0;

/// From bytes and accuracies to places on the chart. Where the teacher's file is many times the largest student's, the
/// axis is broken between them: on one scale the students would crowd at the left.
#[derive(Debug)]
struct Axes {
    width: f64,
    height: f64,
    least: f64,
    /// The largest on the unbroken axis.
    most: f64,
    /// The file past the break.
    past: Option<f64>,
    floor: f64,
}

impl Axes {
    fn of(points: &[Point], (width, height): (f64, f64)) -> Self {
        /// A break must save more room than it costs.
        const FAR: f64 = 4.0;
        let sizes = |is_teacher: bool| {
            let of_kind = points.iter().filter(move |point| (point.kind == Kind::Teacher) == is_teacher);
            of_kind.map(|point| f64::from(point.bytes))
        };
        let most = sizes(false).fold(1.0, f64::max);
        let past = sizes(true).find(|&size| size > FAR * most);
        let least = sizes(false).chain(sizes(true)).fold(f64::INFINITY, f64::min);
        let most = if past.is_some() { most } else { sizes(true).fold(most, f64::max) };
        let lowest = points.iter().map(|point| point.accuracy).fold(1.0, f64::min);
        Self { width, height, least, most, past, floor: (10.0 * lowest).floor() / 10.0 }
    }

    /// Where the largest on the unbroken axis stands.
    fn end(&self) -> f64 {
        self.width - RIGHT - if self.past.is_some() { BREAK } else { 0.0 }
    }

    fn x(&self, size: u32) -> f64 {
        if self.past.is_some_and(|_| f64::from(size) > self.most) {
            return self.width - RIGHT;
        }
        let span = (self.most / self.least).ln().max(1e-9);
        LEFT + (self.end() - LEFT) * (f64::from(size) / self.least).ln() / span
    }

    fn y(&self, accuracy: f64) -> f64 {
        let span = (1.0 - self.floor).max(1e-9);
        TOP + (self.height - TOP - BOTTOM) * (1.0 - (accuracy - self.floor) / span)
    }
}

/// The scatter with its front, a line that tells of the point under the pointer, and its data as a table.
#[hook]
pub fn use_pareto() -> Html {
    let page = use_page();
    let small = use_narrower(ONE_COLUMN) || page.place.depth == Depth::Everything;
    let pointed = use_state(|| None::<usize>);
    let listing = use_state_eq(Listing::default);
    let (texts, state) = (&page.texts, &page.state);
    // While networks learn, all is drawn ten times a second; what was measured stays the same.
    let kind = (state.experiment.data, state.experiment.class_count(), state.experiment.noise.to_bits());
    let past = use_memo((state.weighed.clone(), kind), |(weighed, _)| past(weighed, &state.experiment));
    let files = (past.clone(), state.compressed.clone(), state.bench.clone(), state.outdated, state.experiment.clone());
    let points = use_memo((files, state.teacher().and_then(|id| state.network(id)).cloned()), |_| points(state, &past));
    let measured = |past: bool| -> Vec<(u32, f64)> {
        let own = points.iter().filter(|point| past || point.kind != Kind::Past);
        own.map(|point| (point.bytes, point.accuracy)).collect()
    };
    let all = measured(true);
    let front = pareto(&all);
    // What this training reached, beside what the whole visit did.
    let own = measured(false);
    let own_front: Vec<(u32, f64)> = pareto(&own).into_iter().map(|index| own[index]).collect();
    let visit_front: Vec<(u32, f64)> = front.iter().map(|&index| all[index]).collect();
    let is_chosen = |point: &Point| point.kind == Kind::Current && point.is_of(&state.experiment);
    // While another scheme is measured there is none, and the reader begins at the first.
    let chosen = points.iter().position(is_chosen);
    if points.is_empty() {
        return Html::default();
    }
    let axes = Axes::of(&points, if small { SMALL } else { LARGE });
    let steps = |front: &[(u32, f64)]| -> String {
        let step = |(nth, &(size, accuracy)): (usize, &(u32, f64))| {
            let (x, y) = (axes.x(size), axes.y(accuracy));
            if nth == 0 { format!("M{x:.1},{y:.1}") } else { format!("H{x:.1}V{y:.1}") }
        };
        front.iter().enumerate().map(step).collect()
    };
    let first = chosen.unwrap_or(0);
    let summary = texts.with(
        "cost-chart",
        &[
            ("format", made(texts, &points[first].pipeline).into()),
            ("bytes", bytes(texts, points[first].bytes.into()).into()),
            ("accuracy", percent(texts, points[first].accuracy).into()),
            ("count", points.len().into()),
            ("best", front.len().into()),
        ],
    );
    let at = |point: &Point| (axes.x(point.bytes), axes.y(point.accuracy));
    let dot = |(index, point): (usize, &Point)| {
        let class = classes!("dot-mark", point.kind.word(), (chosen == Some(index)).then_some("on"));
        let grown = if chosen == Some(index) { 1.3 } else { 1.0 };
        html! { <path {class} d={form(at(point), shape(point), grown * if point.is_faint() { 1.8 } else { 3.5 })} /> }
    };
    // Hundreds of faint dots are one path each kind: drawing them one by one would make the slider jerk.
    let faint = |kind: Kind| {
        let of_kind = points.iter().filter(|point| point.kind == kind);
        let d: String = of_kind.map(|point| form(at(point), shape(point), 1.8)).collect();
        html! { <path class={classes!("dot-mark", kind.word())} {d} /> }
    };
    let shown = pointed.filter(|index| *index < points.len()).unwrap_or(first);
    let places: Vec<(f64, f64)> = points.iter().map(at).map(|(x, y)| (x / axes.width, y / axes.height)).collect();
    let order = by_bytes(&points);
    let point_at = {
        let pointed = pointed.clone();
        Callback::from(move |event: PointerEvent| pointed.set(under(&event, &places)))
    };
    let leave = {
        let pointed = pointed.clone();
        Callback::from(move |_: PointerEvent| pointed.set(None))
    };
    let go = {
        let (dispatch, links) = (state.dispatcher(), points.iter().map(|point| point.link.clone()).collect::<Vec<_>>());
        move |index: usize| {
            if let Some(Some(link)) = links.get(index) {
                dispatch.dispatch(Action::Navigate(link.clone()));
            }
        }
    };
    let click = {
        let (go, pointed) = (go.clone(), pointed.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(index) = *pointed {
                go(index);
            }
        })
    };
    let key = {
        let (pointed, order) = (pointed.clone(), order.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = order.iter().position(|&index| index == shown).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => at.saturating_sub(1),
                "ArrowRight" | "ArrowUp" => (at + 1).min(order.len() - 1),
                "Home" => 0,
                "End" => order.len() - 1,
                "Enter" => return go(shown),
                _ => return,
            };
            event.prevent_default();
            pointed.set(order.get(to).copied());
        })
    };
    let place = order.iter().position(|&index| index == shown).unwrap_or(0);
    // The chosen one's label finds room first.
    let others = points.iter().filter(|point| point.kind == Kind::Current && !is_chosen(point));
    let current: Vec<&Point> = points.iter().filter(|point| is_chosen(point)).chain(others).collect();
    let label = |point: &&Point| {
        let (x, y) = at(point);
        (x, y, point.mark().chars().count())
    };
    let labels = scatter_labels::place(&current.iter().map(label).collect::<Vec<_>>());
    let size = |x: f64, anchor: &'static str, of: f64| {
        html! { <text x={x.to_string()} y={(axes.height - 3.0).to_string()} text-anchor={anchor}>{ bytes(texts, of) }</text> }
    };
    html! {
        <>
            <div id="pareto" class="over" data-points={points.len().to_string()}>
                <svg class="chart" viewBox={format!("0 0 {} {}", axes.width, axes.height)} style={unit(axes.width)} role="img" aria-label={summary}>
                    { for levels(&axes).map(|share| html! {
                        <>
                            <line class="grid" x1={LEFT.to_string()} x2={axes.width.to_string()} y1={tenth(axes.y(share))} y2={tenth(axes.y(share))} />
                            <text x="0" y={tenth(axes.y(share) + 4.0)}>{ with_percent_sign(texts, &number(texts, 100.0 * share, 0)) }</text>
                        </>
                    }) }
                    if visit_front != own_front {
                        <path class="front visit" d={steps(&visit_front)} />
                    }
                    <path class="front" d={steps(&own_front)} />
                    { for [Kind::Past, Kind::Other].map(faint) }
                    { for points.iter().enumerate().filter(|(_, point)| !point.is_faint()).map(dot) }
                    { for pointed.and_then(|index| points.get(index)).map(|point| html! {
                        <path class="dot-mark pointed" d={form(at(point), shape(point), if point.is_faint() { 3.0 } else { 4.5 })} />
                    }) }
                    { for current.iter().zip(labels).filter_map(|(point, place)| place.map(|(x, y)| html! {
                        <text x={tenth(x)} y={tenth(y + 4.0)} text-anchor="middle">{ point.mark() }</text>
                    })) }
                    if axes.past.is_some() {
                        <path class="break" d={format!("M{},{}l4,-8m3,0l-4,8", axes.width - BREAK - 3.0, axes.y(axes.floor) + 4.0)} />
                    }
                    { size(LEFT, "start", axes.least) }
                    { size(axes.width - axes.past.map_or(0.0, |_| BREAK + 4.0), "end", axes.most) }
                    { for axes.past.map(|past| size(axes.width, "end", past)) }
                </svg>
                <div id="pareto-reader" class="reader" tabindex="0" role="slider" aria-label={texts.get("pareto-reader")}
                    aria-valuemin="1" aria-valuemax={points.len().to_string()} aria-valuenow={(place + 1).to_string()} aria-valuetext={words(&page, &points[shown])}
                    onpointermove={point_at} onpointerleave={leave} onclick={click} onkeydown={key} />
            </div>
            <div class="reading">
                <p id="pareto-point" class="readout">{ words(&page, &points[shown]) }</p>
                { badge(texts.get("pareto-word"), texts.get("pareto-key")) }
            </div>
            if points.iter().any(|point| point.kind == Kind::Past) {
                <p class="legend"><span class="past">{ texts.get("pareto-past") }</span></p>
            }
            { table(&page, &points, &front, state.float_file().map(|float| float.bytes), &listing) }
        </>
    }
}

/// The levels of accuracy that have a line, from all right down: round numbers, six at most.
fn levels(axes: &Axes) -> impl Iterator<Item = f64> {
    // The floor is a whole number of tenths.
    let tenths = (10.0 * (1.0 - axes.floor)).round() as u32;
    let hundredths = match tenths {
        _ if axes.height <= SMALL.1 => 10 * tenths.max(1),
        ..=1 => 2,
        2 => 5,
        3..=5 => 10,
        _ => 20,
    };
    (0..=10 * tenths).step_by(hundredths as usize).map(|below| 1.0 - f64::from(below) / 100.0)
}

/// What a dot looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Weights in a plain scheme.
    Circle,
    /// As trained: what all else is compared with.
    Square,
    /// Made by stages.
    Diamond,
}

fn shape(point: &Point) -> Shape {
    match point.quant_scheme() {
        Some(scheme) if scheme != QuantScheme::of(Bits::B32) => Shape::Circle,
        None if point.kind != Kind::Teacher => Shape::Diamond,
        _ => Shape::Square,
    }
}

/// The outline of a dot around its middle.
fn form((x, y): (f64, f64), shape: Shape, radius: f64) -> String {
    let (left, wide) = (x - radius, 2.0 * radius);
    match shape {
        Shape::Circle => {
            format!(
                "M{left:.1},{y:.1}a{radius:.1},{radius:.1} 0 1 0 {wide:.1},0a{radius:.1},{radius:.1} 0 1 0 -{wide:.1},0Z"
            )
        }
        Shape::Square => format!("M{left:.1},{:.1}h{wide:.1}v{wide:.1}h-{wide:.1}Z", y - radius),
        Shape::Diamond => {
            let far = 1.35 * radius;
            format!("M{x:.1},{:.1}l{far:.1},{far:.1}l-{far:.1},{far:.1}l-{far:.1},-{far:.1}Z", y - far)
        }
    }
}

/// The points by rising bytes.
fn by_bytes(points: &[Point]) -> Vec<usize> {
    sorted(points.len(), &|a, b| points[a].bytes.cmp(&points[b].bytes))
}

/// The point nearest to the pointer, if one is near; `places` are shares of the drawing's width and height.
fn under(event: &PointerEvent, places: &[(f64, f64)]) -> Option<usize> {
    /// Half of what a target should measure at least, in pixels.
    const REACH: f64 = 12.0;
    let area = event.target_dyn_into::<Element>()?.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()) - area.left(), f64::from(event.client_y()) - area.top());
    let distance = |&(left, top): &(f64, f64)| (left * area.width() - x).hypot(top * area.height() - y);
    let near = places.iter().map(distance).enumerate().filter(|(_, distance)| *distance <= REACH);
    near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// A point in words.
fn words(page: &AppContext, point: &Point) -> String {
    let texts = &page.texts;
    let (size, accuracy) = (bytes(texts, point.bytes.into()), percent(texts, point.accuracy));
    if point.kind == Kind::Teacher {
        return texts.with(
            "cost-teacher",
            &[("network", page.name(point.network_id).into()), ("bytes", size.into()), ("accuracy", accuracy.into())],
        );
    }
    let mut words = texts.with(
        "cost-point",
        &[("format", name(page, point).into()), ("bytes", size.into()), ("accuracy", accuracy.into())],
    );
    if point.kind == Kind::Past && point.network_id == page.state.packed_network() {
        words += &format!(" · {}", texts.get("cost-other"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{NetworkId, Pipeline};

    fn point(kind: Kind, bytes: u32) -> Point {
        Point { kind, network_id: NetworkId::STUDENT, pipeline: Pipeline::default(), bytes, accuracy: 0.95, link: None }
    }

    #[test]
    fn lines_stand_at_round_shares() {
        let lines = |lowest: f64, size| {
            let point = Point { accuracy: lowest, ..point(Kind::Current, 100) };
            levels(&Axes::of(&[point], size)).map(|share| (100.0 * share).round() as u32).collect::<Vec<_>>()
        };
        assert_eq!(lines(0.97, LARGE), [100, 98, 96, 94, 92, 90]);
        assert_eq!(lines(0.52, LARGE), [100, 90, 80, 70, 60, 50]);
        assert_eq!(lines(0.104, LARGE), [100, 80, 60, 40, 20]);
        assert_eq!([lines(0.31, SMALL), lines(0.97, SMALL)], [[100, 30], [100, 90]]);
    }

    #[test]
    fn a_teacher_far_away_stands_past_a_break_and_a_near_one_does_not() {
        let students = [point(Kind::Current, 100), point(Kind::Past, 1000)];
        for size in [SMALL, LARGE] {
            let far = Axes::of(&[&students[..], &[point(Kind::Teacher, 100_000)]].concat(), size);
            let end = size.0 - RIGHT;
            assert_eq!((far.x(100), far.x(1000), far.x(100_000)), (LEFT, end - BREAK, end));
            let near = Axes::of(&[&students[..], &[point(Kind::Teacher, 2000)]].concat(), size);
            assert_eq!((near.past, near.x(2000)), (None, end));
            assert!(near.x(1000) < near.x(2000));
        }
    }
}

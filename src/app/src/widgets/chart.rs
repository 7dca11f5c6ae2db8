//! Curves and points over a plane, whose labelled points the visitor may move: by a pointer, or by the arrow keys.

use retort_spec::{Block, Floats, MovedPoint, NetworkId};
use web_sys::Element;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::format::{number, tenth},
    widgets::{
        dom::{network_class, unit},
        phrase::phrase,
        window::{ONE_COLUMN, use_narrower},
    },
};

/// How far a press of an arrow moves a point, in hundredths; with Shift.
const STRIDE: i16 = 5;
const LONG_STRIDE: i16 = 25;
/// How far from a point a pointer takes it, in units of the picture.
const GRIP: f64 = 22.0;

/// The size of a picture, in units that are about pixels where it stands.
const WIDE: [f64; 2] = [860.0, 360.0];
const NARROW: [f64; 2] = [400.0, 260.0];
/// Where points are not moved it need not be as high.
const BESIDE: [f64; 2] = [400.0, 226.0];

/// What a chart is given.
#[derive(PartialEq)]
pub struct ChartProps {
    /// A [`Block::Chart`].
    pub block: Block,
    /// Whether another chart stands beside it, so that both are narrow.
    pub is_beside: bool,
}

/// A point that is held: which one, counted from 1, and where it is.
type Held = (u8, [i16; 2]);

/// A chart with its legend and, where points may be moved, how to do that.
#[hook]
pub fn use_chart(props: &ChartProps) -> Html {
    let page = use_page();
    let column = use_narrower(ONE_COLUMN);
    let (held, sheet) = (use_state(|| None::<Held>), use_node_ref());
    let Block::Chart { caption, axes, ranges, truth, points, moves, lines, clouds } = &props.block else {
        return Html::default();
    };
    let size = match (props.is_beside, column) {
        (true, _) => BESIDE,
        (_, true) => NARROW,
        _ => WIDE,
    };
    let plane = Plane { ranges: *ranges, size };
    let texts = &page.texts;
    let moved = &page.state.experiment.moved_points;
    let places: Vec<[i16; 2]> = (1..)
        .zip(points.chunks_exact(2))
        .map(|(number, pair)| {
            let here = held.filter(|(other, _)| *other == number).map(|(_, place)| place);
            here.or(moved.get(number)).unwrap_or([hundredths(pair[0]), hundredths(pair[1])])
        })
        .collect();
    let may_move = *moves && !page.locks("moved");
    let turn = page.turn("moved");
    let put = {
        let (moved, turn) = (moved.clone(), turn.clone());
        move |(number, place): Held| turn.emit(moved.with(number, Some(place)).to_string())
    };
    let down = {
        let (held, sheet, plane, places) = (held.clone(), sheet.clone(), plane, places.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(at) = plane.under(&sheet, &event).filter(|_| event.button() == 0) else { return };
            let far = |place: &[i16; 2]| {
                let [x, y] = plane.picture(*place);
                (x - at[0]).hypot(y - at[1])
            };
            let nearest = (1..).zip(&places).min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)));
            if let Some((number, place)) = nearest.filter(|(_, place)| far(place) < GRIP) {
                if let Some(sheet) = sheet.cast::<Element>() {
                    // Without it a point is left where the pointer leaves the picture.
                    let _ = sheet.set_pointer_capture(event.pointer_id());
                }
                held.set(Some((number, *place)));
            }
        })
    };
    let drag = {
        let (held, sheet) = (held.clone(), sheet.clone());
        Callback::from(move |event: PointerEvent| {
            if let (Some((number, _)), Some(at)) = (*held, plane.under(&sheet, &event)) {
                held.set(Some((number, plane.place(at))));
            }
        })
    };
    let up = {
        let (held, put, places, moved) = (held.clone(), put.clone(), places.clone(), moved.clone());
        let before = points.clone();
        Callback::from(move |_: PointerEvent| {
            let Some((number, place)) = *held else { return };
            held.set(None);
            let at = 2 * (usize::from(number) - 1);
            let first = before.get(at..at + 2).map(|pair| [hundredths(pair[0]), hundredths(pair[1])]);
            // A press without a drag changes nothing.
            if moved.get(number).or(first) != Some(place) && places.len() >= usize::from(number) {
                put((number, place));
            }
        })
    };
    let leave = {
        let held = held.clone();
        Callback::from(move |_: PointerEvent| held.set(None))
    };
    let point = |(number, place): (u8, &[i16; 2])| {
        let [x, y] = plane.picture(*place);
        let name = name(&page, number, *place);
        if !may_move {
            return html! { <circle cx={tenth(x)} cy={tenth(y)} r="3" /> };
        }
        let key = {
            let (put, moved, turn, place) = (put.clone(), moved.clone(), turn.clone(), *place);
            Callback::from(move |event: KeyboardEvent| {
                let by = if event.shift_key() { LONG_STRIDE } else { STRIDE };
                let to = |dx: i16, dy: i16| put((number, within([place[0] + dx * by, place[1] + dy * by])));
                match event.key().as_str() {
                    "ArrowLeft" => to(-1, 0),
                    "ArrowRight" => to(1, 0),
                    "ArrowUp" => to(0, 1),
                    "ArrowDown" => to(0, -1),
                    "Delete" | "Backspace" => turn.emit(moved.with(number, None).to_string()),
                    _ => return,
                }
                event.prevent_default();
                event.stop_propagation();
            })
        };
        let class = classes!("point", moved.get(number).is_some().then_some("moved"));
        html! {
            <g key={number} {class} tabindex="0" role="button" aria-label={name} onkeydown={key} data-point={number.to_string()}>
                <circle class="grip" cx={tenth(x)} cy={tenth(y)} r={tenth(GRIP)} />
                <circle cx={tenth(x)} cy={tenth(y)} r="6" />
            </g>
        }
    };
    let dots = html! { <g class="points">{ for (1..).zip(&places).map(point) }</g> };
    let shown = Drawn { truth, dots, lines, clouds };
    let axes = [phrase(&page, &axes[0]), phrase(&page, &axes[1])];
    let caption = phrase(&page, caption);
    // What was moved last, for those who see it and for those who hear it.
    let last = held.or_else(|| moved.iter().last().map(|MovedPoint { number, place }| (number, place)));
    html! {
        <figure class="chart-block">
            <div ref={sheet} class={classes!("sheet", may_move.then_some("movable"))} onpointerdown={may_move.then_some(down)} onpointermove={may_move.then_some(drag)}
                onpointerup={may_move.then_some(up)} onpointercancel={may_move.then_some(leave)}>
                { plane.draw(&page, &caption, &axes, shown, may_move) }
            </div>
            <figcaption>{ caption }</figcaption>
            { legend(&page, lines, clouds, [!truth.is_empty(), !points.is_empty()]) }
            if may_move {
                <p class="note"><span>{ texts.get("points-hint") }</span>
                    <output aria-live="polite">{ for last.map(|(number, place)| name(&page, number, place)) }</output>
                    if !moved.is_empty() {
                        <button id="points-back" onclick={turn.reform(|_: MouseEvent| "none".to_owned())}>{ texts.get("points-back") }</button>
                    }
                </p>
            }
        </figure>
    }
}

/// A point and its place, in words.
fn name(page: &AppContext, number_of: u8, place: [i16; 2]) -> String {
    let [x, y] = place.map(|hundredths| number(&page.texts, f64::from(hundredths) / 100.0, 2));
    page.texts.with("point-place", &[("number", u32::from(number_of).into()), ("x", x.into()), ("y", y.into())])
}

fn hundredths(number: f32) -> i16 {
    (number * 100.0).round() as i16
}

/// The nearest place where a point may lie.
fn within(place: [i16; 2]) -> [i16; 2] {
    [0, 1].map(|axis| place[axis].clamp(-MovedPoint::REACH[axis], MovedPoint::REACH[axis]))
}

/// The names of the lines or clouds, and of what else is drawn.
fn legend(
    page: &AppContext,
    lines: &[(NetworkId, Floats)],
    clouds: &[(NetworkId, Floats)],
    [has_truth, has_points]: [bool; 2],
) -> Html {
    let has_line = |id: &NetworkId| lines.iter().any(|(other, _)| other == id);
    let all = lines.iter().chain(clouds.iter().filter(|(id, _)| !has_line(id)));
    html! {
        <p class="legend">
            { for all.map(|(id, _)| html! { <span class={network_class(*id)}>{ page.short_name(*id) }</span> }) }
            if has_truth {
                <span class="truth">{ page.texts.get("chart-truth") }</span>
            }
            if has_points {
                <span class="points">{ page.texts.get("chart-points") }</span>
            }
        </p>
    }
}

/// What a plane shows.
struct Drawn<'a> {
    truth: &'a Floats,
    dots: Html,
    lines: &'a [(NetworkId, Floats)],
    clouds: &'a [(NetworkId, Floats)],
}

/// A plane of numbers in a picture.
#[derive(Clone, Copy)]
struct Plane {
    ranges: [[f64; 2]; 2],
    /// Width and height of the picture.
    size: [f64; 2],
}

impl Plane {
    const LEFT: f64 = 44.0;
    /// The axes' names stand outside the plane, above it and below its numbers.
    const TOP: f64 = 22.0;
    const BOTTOM: f64 = 44.0;

    /// Where a pointer is, in units of the picture.
    fn under(&self, sheet: &NodeRef, event: &PointerEvent) -> Option<[f64; 2]> {
        let area = sheet.cast::<Element>()?.query_selector("svg").ok()??.get_bounding_client_rect();
        let [width, height] = self.size;
        // The picture keeps its shape, in the middle of its element.
        let unit = (area.width() / width).min(area.height() / height);
        let left = area.left() + (area.width() - unit * width) / 2.0;
        let top = area.top() + (area.height() - unit * height) / 2.0;
        let at = [(f64::from(event.client_x()) - left) / unit, (f64::from(event.client_y()) - top) / unit];
        at.iter().all(|at| at.is_finite()).then_some(at)
    }

    /// The plane's height.
    fn height(&self) -> f64 {
        self.size[1] - Self::TOP - Self::BOTTOM
    }

    fn x(&self, value: f64) -> f64 {
        let [least, most] = self.ranges[0];
        Self::LEFT + (value - least) / (most - least) * (self.size[0] - Self::LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        let [least, most] = self.ranges[1];
        self.size[1] - Self::BOTTOM - (value - least) / (most - least) * self.height()
    }

    fn places<'a>(&'a self, pairs: &'a Floats) -> impl Iterator<Item = (f64, f64)> + 'a {
        pairs.chunks_exact(2).map(|pair| (self.x(pair[0].into()), self.y(pair[1].into())))
    }

    fn path(&self, pairs: &Floats) -> String {
        let step = |(at, (x, y)): (usize, (f64, f64))| format!("{}{x:.1},{y:.1}", if at == 0 { "M" } else { "L" });
        self.places(pairs).enumerate().map(step).collect()
    }

    fn dots(&self, pairs: &Floats, class: String) -> Html {
        html! { <g {class}>{ for self.places(pairs).map(|(x, y)| html! { <circle cx={tenth(x)} cy={tenth(y)} r="3" /> }) }</g> }
    }

    /// A place in units of the picture.
    fn picture(&self, place: [i16; 2]) -> [f64; 2] {
        let [x, y] = place.map(|hundredths| f64::from(hundredths) / 100.0);
        [self.x(x), self.y(y)]
    }

    /// The place that is nearest to one of the picture.
    fn place(&self, [x, y]: [f64; 2]) -> [i16; 2] {
        let [[left, right], [bottom, top]] = self.ranges;
        let [width, height] = self.size;
        let x = left + (x - Self::LEFT) / (width - Self::LEFT) * (right - left);
        let y = bottom + (height - Self::BOTTOM - y) / self.height() * (top - bottom);
        within([x, y].map(|at| (at * 100.0).round() as i16))
    }

    fn draw(&self, page: &AppContext, label: &str, axes: &[String; 2], shown: Drawn<'_>, may_move: bool) -> Html {
        let Drawn { truth, dots, lines, clouds } = shown;
        // What stands in a picture is not read out.
        let role = if may_move { "group" } else { "img" };
        let texts = &page.texts;
        let [width, height] = self.size;
        let foot = height - Self::BOTTOM;
        // A few round numbers of a range, and the decimals that they have.
        let marks = |axis: usize| {
            let [least, most] = self.ranges[axis];
            let wide = (most - least) / 4.0;
            let power = wide.log10().floor();
            let round = [1.0, 2.0, 5.0].into_iter().map(|round| round * 10_f64.powf(power)).find(|step| *step >= wide);
            let step = round.unwrap_or(10_f64.powf(power + 1.0));
            let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as u32;
            let first = (least / step).ceil();
            let count = ((most / step).floor() - first).clamp(0.0, 9.0) as u32;
            (0..=count).map(move |mark| ((first + f64::from(mark)) * step, decimals))
        };
        html! {
            <svg class="regression" viewBox={format!("0 0 {width} {height}")} style={unit(width)} {role} aria-label={label.to_owned()}>
                <clipPath id="plane-clip"><rect x={tenth(Self::LEFT)} y={tenth(Self::TOP)} width={tenth(width - Self::LEFT)} height={tenth(self.height())} /></clipPath>
                { for marks(1).map(|(value, decimals)| html! { <>
                    <line class="grid" x1={tenth(Self::LEFT)} x2={tenth(width)} y1={tenth(self.y(value))} y2={tenth(self.y(value))} />
                    <text x={tenth(Self::LEFT - 6.0)} y={tenth(self.y(value) + 4.0)} text-anchor="end">{ number(texts, value, decimals) }</text>
                </> }) }
                { for marks(0).map(|(value, decimals)| html! {
                    <text x={tenth(self.x(value).clamp(Self::LEFT + 8.0, width - 17.0))} y={tenth(foot + 18.0)} text-anchor="middle">{ number(texts, value, decimals) }</text>
                }) }
                <g clip-path="url(#plane-clip)">
                    <path class="line truth" d={self.path(truth)} />
                    { for clouds.iter().map(|(id, pairs)| self.dots(pairs, format!("cloud {}", network_class(*id)))) }
                    { for lines.iter().map(|(id, pairs)| html! { <path class={format!("line {}", network_class(*id))} d={self.path(pairs)} /> }) }
                    { dots }
                </g>
                <text x={tenth(width)} y={tenth(height - 5.0)} text-anchor="end">{ &axes[0] }</text>
                <text x={tenth(Self::LEFT)} y="13">{ &axes[1] }</text>
            </svg>
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_the_picture_are_each_others_inverse() {
        let plane = Plane { ranges: [[-2.0, 2.0], [-1.5, 1.5]], size: NARROW };
        for place in [[0, 0], [-200, 150], [123, -77], [200, -150]] {
            assert_eq!(plane.place(plane.picture(place)), place);
        }
        // Upwards is upwards, and nothing leaves the plane.
        assert!(plane.picture([0, 100])[1] < plane.picture([0, 0])[1]);
        assert_eq!(plane.place([-1e6, 1e6]), [-200, -400]);
    }
}

//! The sheet itself: drawn on by mouse, pen or finger, or by keyboard with a cursor on a coarse grid.

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::{
    context::use_page,
    controls::keys::latin,
    panels::draw::{
        canvas::{GRID, Paper, Pen},
        strokes::Line,
    },
};

/// The side of the sheet in its drawing's units.
const SIDE: f32 = 100.0;

/// What to draw on.
#[derive(PartialEq)]
pub struct DrawPadProps {
    pub paper: UseReducerHandle<Paper>,
}

/// The sheet.
#[hook]
pub fn use_draw_pad(props: &DrawPadProps) -> Html {
    let page = use_page();
    let (texts, paper) = (&page.texts, &props.paper);
    let sheet = use_node_ref();
    // The pointer that is down.
    let pointer = use_mut_ref(|| None::<i32>);

    let place = {
        let sheet = sheet.clone();
        move |event: &PointerEvent| {
            let rectangle = sheet.cast::<Element>()?.get_bounding_client_rect();
            let x = (f64::from(event.client_x()) - rectangle.left()) / rectangle.width();
            let y = (f64::from(event.client_y()) - rectangle.top()) / rectangle.height();
            (x.is_finite() && y.is_finite()).then_some([x as f32, y as f32])
        }
    };
    let down = {
        let (dispatch, pointer, place, sheet) = (paper.dispatcher(), pointer.clone(), place.clone(), sheet.clone());
        Callback::from(move |event: PointerEvent| {
            if event.button() != 0 || pointer.borrow().is_some() {
                return;
            }
            // Neither text is selected nor the page scrolled; focus is then ours to move.
            event.prevent_default();
            if let Some(element) = sheet.cast::<HtmlElement>() {
                // Both are comforts: without them a stroke ends at the sheet's edge.
                let _ = element.focus();
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            if let Some(point) = place(&event) {
                pointer.replace(Some(event.pointer_id()));
                dispatch.dispatch(Pen::Begin(point));
            }
        })
    };
    let moved = {
        let (dispatch, pointer) = (paper.dispatcher(), pointer.clone());
        Callback::from(move |event: PointerEvent| {
            if *pointer.borrow() == Some(event.pointer_id())
                && let Some(point) = place(&event)
            {
                dispatch.dispatch(Pen::Extend(point));
            }
        })
    };
    let up = Callback::from(move |event: PointerEvent| {
        if *pointer.borrow() == Some(event.pointer_id()) {
            pointer.replace(None);
        }
    });
    let key = {
        let dispatch = paper.dispatcher();
        Callback::from(move |event: KeyboardEvent| {
            let held = (event.ctrl_key() || event.meta_key(), event.alt_key() || event.shift_key());
            if let Some(pen) = pen_of(&event.key(), &event.code(), held) {
                event.prevent_default();
                // The page's own shortcuts mean other things by these keys.
                event.stop_propagation();
                dispatch.dispatch(pen);
            }
        })
    };
    let leave = {
        let dispatch = paper.dispatcher();
        Callback::from(move |_: FocusEvent| dispatch.dispatch(Pen::Lift))
    };

    let strokes = paper.lines();
    let cell = SIDE / GRID as f32;
    let [column, row] = paper.cursor;
    let lines: String =
        (1..GRID).map(|index| index as f32 * cell).map(|at| format!("M{at:.2} 0V{SIDE}M0 {at:.2}H{SIDE}")).collect();
    let place = [("row", (row + 1).into()), ("column", (column + 1).into()), ("size", GRID.into())];
    let (where_up, where_down) = (texts.with("draw-where-up", &place), texts.with("draw-where-down", &place));
    html! {
        <>
            <div ref={sheet} id="draw-pad" class="pad" tabindex="0" role="application" aria-label={texts.get("draw-pad")}
                aria-describedby="draw-where draw-keys" data-strokes={strokes.len().to_string()}
                onpointerdown={down} onpointermove={moved} onpointerup={up.clone()} onpointercancel={up.clone()}
                onlostpointercapture={up} onkeydown={key} onblur={leave}>
                <svg viewBox={format!("0 0 {SIDE} {SIDE}")} aria-hidden="true">
                    <path class="cells" d={lines} />
                    { for strokes.iter().map(|line| html! { <path class="ink" d={path(line)} /> }) }
                    <rect class={classes!("cursor", paper.down.then_some("down"))} x={format!("{:.2}", column as f32 * cell)}
                        y={format!("{:.2}", row as f32 * cell)} width={format!("{cell:.2}")} height={format!("{cell:.2}")} />
                </svg>
            </div>
            <p id="draw-where" class="where">{ if paper.down { where_down } else { where_up } }</p>
            <p id="draw-keys" class="hint">{ texts.get("draw-keys") }</p>
        </>
    }
}

/// A line as an SVG path; a dot is a line without length, which round ends make visible.
fn path(line: &Line) -> String {
    let at = |point: &[f32; 2]| format!("{:.2} {:.2}", SIDE * point[0], SIDE * point[1]);
    let rest: String = line.iter().skip(1).chain(line.last()).map(|point| format!("L{}", at(point))).collect();
    line.first().map(|first| format!("M{}{rest}", at(first))).unwrap_or_default()
}

/// What a key does, with the command keys and the others that are held.
fn pen_of(key: &str, code: &str, held: (bool, bool)) -> Option<Pen> {
    match (latin(key, code).as_str(), held) {
        ("z", (true, false)) => return Some(Pen::Undo),
        ("x", (false, _)) => return Some(Pen::Erase),
        _ => {}
    }
    match (key, held) {
        ("Backspace", (false, false)) => Some(Pen::Erase),
        (_, (true, _) | (_, true)) => None,
        ("ArrowLeft", _) => Some(Pen::Step([-1, 0])),
        ("ArrowRight", _) => Some(Pen::Step([1, 0])),
        ("ArrowUp", _) => Some(Pen::Step([0, -1])),
        ("ArrowDown", _) => Some(Pen::Step([0, 1])),
        (" " | "Enter", _) => Some(Pen::Toggle),
        ("Delete", _) => Some(Pen::Clear),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_draw_and_what_belongs_to_the_browser_stays_its_own() {
        assert_eq!(pen_of("ArrowUp", "", (false, false)), Some(Pen::Step([0, -1])));
        assert_eq!(pen_of("я", "KeyZ", (true, false)), Some(Pen::Undo));
        assert_eq!(pen_of("z", "KeyY", (true, false)), Some(Pen::Undo));
        assert_eq!(pen_of("X", "KeyX", (false, true)), Some(Pen::Erase), "with the shift key, or caps lock");
        for (key, held) in [("ArrowLeft", (false, true)), ("x", (true, false)), ("Tab", (false, false))] {
            assert_eq!(pen_of(key, "", held), None, "{key}");
        }
    }

    #[test]
    fn a_dot_has_a_path_that_round_ends_make_visible() {
        assert_eq!(path(&vec![[0.5, 0.25]]), "M50.00 25.00L50.00 25.00");
        assert_eq!(path(&vec![]), "");
    }
}

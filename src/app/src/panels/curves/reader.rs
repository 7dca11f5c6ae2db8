//! Reading the learning curves: by pointer the nearest measured epoch, by keys the next.

use web_sys::Element;
use yew::prelude::*;

use crate::{
    charts::plot::{self, Frame},
    context::AppContext,
    i18n::format::number,
    panels::curves::CurveChartProps,
};

/// What lies over the chart and is pointed at or moved by keys: a slider of measured epochs.
pub fn reader(page: &AppContext, props: &CurveChartProps, frame: Frame, epochs: Vec<u32>) -> Html {
    let texts = &page.texts;
    let pointed = {
        let (read, epochs) = (props.read.clone(), epochs.clone());
        Callback::from(move |event: PointerEvent| {
            let Some(place) = event.target_dyn_into::<Element>() else { return };
            let place = place.get_bounding_client_rect();
            let share = (f64::from(event.client_x()) - place.left()) / place.width().max(1.0);
            read.emit(plot::nearest(&epochs, frame.epoch_at(share)));
        })
    };
    let left = props.read.reform(|_: PointerEvent| None);
    let blurred = props.read.reform(|_: FocusEvent| None);
    let keyed = {
        let (read, reading, epochs) = (props.read.clone(), props.reading, epochs.clone());
        Callback::from(move |event: KeyboardEvent| match plot::moved(&epochs, reading, &event.key()) {
            // A page that scrolls under the reading would take it out of sight.
            Some(epoch) => {
                event.prevent_default();
                read.emit(Some(epoch));
            }
            None if event.key() == "Escape" => read.emit(None),
            None => {}
        })
    };
    let (first, last) = (epochs.first().copied().unwrap_or(0), epochs.last().copied().unwrap_or(0));
    let when = match props.reading {
        Some(epoch) => texts.with("epochs", &[("count", number(texts, epoch.into(), 0).into())]),
        None => texts.get("curve-latest"),
    };
    let told = props.rows.iter().map(|row| row.told(texts)).collect::<Vec<_>>().join("; ");
    html! {
        <div id="curve-reader" class="reader" role="slider" tabindex="0" aria-label={texts.get("curve-reading")}
            aria-valuemin={first.to_string()} aria-valuemax={last.to_string()}
            aria-valuenow={props.reading.unwrap_or(last).to_string()} aria-valuetext={format!("{when}. {told}")}
            aria-disabled={epochs.is_empty().to_string()} onpointermove={pointed.clone()} onpointerdown={pointed}
            onpointerleave={left} onblur={blurred} onkeydown={keyed} />
    }
}

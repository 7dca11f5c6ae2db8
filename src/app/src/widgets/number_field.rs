//! A field for a number. The browser's own number field drops a decimal comma before the page sees it: `0,01` would
//! become 1. So this is a text field. Phones show digits for it, and the arrow keys count.

use retort_spec::link::read_typed;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::widgets::dom::text_of;

/// What a field needs to know.
pub struct NumberField {
    pub id: String,
    pub value: String,
    /// Least and most.
    pub range: [f64; 2],
    /// Whole numbers only.
    pub whole: bool,
    pub disabled: bool,
    /// Its name, where no label in the page is for it.
    pub label: Option<String>,
    /// The element that describes it.
    pub described: Option<String>,
    /// Takes the text as it was typed.
    pub change: Callback<String>,
}

/// Draws the field.
pub fn number_field(field: NumberField) -> Html {
    let NumberField { id, value, range: [min, max], whole, disabled, label, described, change } = field;
    let typed = change.reform(|event: Event| text_of(&event));
    let count = Callback::from(move |event: KeyboardEvent| {
        let up = match event.key().as_str() {
            "ArrowUp" => true,
            "ArrowDown" => false,
            _ => return,
        };
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input.filter(|_| !event.ctrl_key() && !event.meta_key() && !event.alt_key()) else { return };
        if let Some(next) = read_typed(&input.value()).map(|now| stepped(now, up, whole, [min, max])) {
            event.prevent_default();
            input.set_value(&next);
            change.emit(next);
        }
    });
    let now = value.clone();
    html! {
        <input {id} {disabled} type="text" inputmode={if whole { "numeric" } else { "decimal" }} role="spinbutton" autocomplete="off"
            spellcheck="false" aria-valuemin={min.to_string()} aria-valuemax={max.to_string()} aria-valuenow={now} aria-label={label}
            aria-describedby={described} {value} onchange={typed} onkeydown={count} />
    }
}

/// The next number up or down: the next whole one, or one more of the first digit that is not zero.
fn stepped(now: f64, up: bool, whole: bool, [min, max]: [f64; 2]) -> String {
    let size = now.abs();
    let exponent = match whole {
        true => 0,
        // Zero has no such digit; a hundredth of the range is a start.
        false if size == 0.0 => (max / 100.0).log10().floor() as i32,
        // Down from 0.1 is 0.09.
        false => {
            let exponent = (size * (1.0 + 1e-9)).log10().floor() as i32;
            let is_power = size < 10_f64.powi(exponent) * (1.0 + 1e-9);
            exponent - i32::from(is_power && up == (now < 0.0))
        }
    };
    let unit = 10_f64.powi(exponent);
    let next = if up { now + unit } else { now - unit };
    let digits = usize::try_from(-exponent).unwrap_or(0).min(12);
    let rounded = format!("{:.*}", digits.max(decimals(now)), next.clamp(min, max));
    match rounded.contains('.') {
        true => rounded.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => rounded,
    }
}

/// Digits after the point.
fn decimals(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, digits)| digits.len()).min(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_count_in_the_first_digit() {
        let step = |now, up| stepped(now, up, false, [0.0, 100.0]);
        assert_eq!([step(0.01, true), step(0.01, false), step(0.02, false)], ["0.02", "0.009", "0.01"]);
        assert_eq!([step(3.95, true), step(0.25, false), step(0.3, false)], ["4.95", "0.15", "0.2"]);
        assert_eq!([step(0.0, true), step(0.0, false), step(100.0, true)], ["1", "0", "100"]);
        assert_eq!([step(0.09, true), step(9.0, true), step(20.0, true)], ["0.1", "10", "30"]);
    }

    #[test]
    fn whole_numbers_count_by_one_within_their_range() {
        let step = |now, up| stepped(now, up, true, [1.0, 1000.0]);
        assert_eq!([step(15.0, true), step(1.0, false), step(100.0, false)], ["16", "1", "99"]);
    }
}

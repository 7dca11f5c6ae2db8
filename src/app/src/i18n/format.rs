//! Numbers as the visitor's language writes them.

use std::cell::RefCell;

use js_sys::{Array, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::i18n::{Language, Texts};

thread_local! {
    /// Making a formatter costs a hundred times what using it does, and a page writes some hundred numbers.
    /// There are so few that looking through them is as quick as a map, and a map's code is larger.
    static FORMATTERS: RefCell<Vec<(Language, u32, Function)>> = RefCell::default();
}

/// Digits after the point that every browser's formatter takes (ECMA-402 before 2023; more raise an exception).
const MOST_DIGITS: u32 = 20;

/// A number with `digits` after the point, grouped as the language does.
pub fn number(texts: &Texts, value: f64, digits: u32) -> String {
    let digits = digits.min(MOST_DIGITS);
    let formatter = FORMATTERS.with_borrow_mut(|formatters| {
        let fits = |(language, of, _): &&(Language, u32, Function)| (*language, *of) == (texts.language, digits);
        if let Some((_, _, known)) = formatters.iter().find(fits) {
            return known.clone();
        }
        let new = formatter(texts.language, digits);
        formatters.push((texts.language, digits, new.clone()));
        new
    });
    let text = formatter.call1(&JsValue::NULL, &value.into()).ok().and_then(|text| text.as_string());
    text.unwrap_or_else(|| value.to_string())
}

fn formatter(language: Language, digits: u32) -> Function {
    let options = Object::new();
    for name in ["minimumFractionDigits", "maximumFractionDigits"] {
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&options, &name.into(), &digits.into());
    }
    Intl::NumberFormat::new(&Array::of1(&language.tag().into()), &options).format()
}

/// A number as a power of ten, its factor with `digits` after the point: `1.5e-6`.
pub fn power_of_ten(texts: &Texts, value: f64, digits: u32) -> String {
    let (factor, exponent) = factor_and_exponent(value, digits);
    format!("{}e{exponent}", number(texts, factor, digits))
}

/// The factor from 1 to below 10, once it is rounded to `digits` after the point, and the power of ten; zeros for zero.
fn factor_and_exponent(value: f64, digits: u32) -> (f64, i32) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let exponent = value.abs().log10().floor() as i32;
    // In two steps: the power of the smallest numbers would be zero.
    let factor = value / 10_f64.powi(exponent / 2) / 10_f64.powi(exponent - exponent / 2);
    let unit = 10_f64.powi(digits as i32);
    let rounded = (factor * unit).round() / unit;
    if rounded.abs() < 10.0 { (rounded, exponent) } else { (rounded / 10.0, exponent + 1) }
}

/// A length or a place in a drawing, to a tenth of its unit.
pub fn tenth(value: f64) -> String {
    format!("{value:.1}")
}

/// A share from 0 to 1 as a percentage with one digit, for a message that has the sign; a dash where it was not
/// measured.
pub fn percent(texts: &Texts, share: f64) -> String {
    match share.is_finite() {
        true => number(texts, 100.0 * share, 1),
        false => "–".into(),
    }
}

/// A share from 0 to 1 as a percentage with one digit and its sign.
pub fn percentage(texts: &Texts, share: f64) -> String {
    with_percent_sign(texts, &percent(texts, share))
}

/// A percentage with its sign, as the language writes it.
pub fn with_percent_sign(texts: &Texts, percentage: &str) -> String {
    format!("{percentage}{}", texts.language.percent_sign())
}

/// The sign of a number that is written with `digits` after the point; none for what is written as zero.
fn sign(value: f64, digits: u32) -> &'static str {
    let half = 0.5 * 0.1_f64.powi(digits as i32);
    match value {
        value if value >= half => "+",
        value if value <= -half => "−",
        _ => "",
    }
}

/// A change: a number that always tells its sign.
pub fn signed(texts: &Texts, value: f64, digits: u32) -> String {
    format!("{}{}", sign(value, digits), number(texts, value.abs(), digits))
}

/// A length in bytes.
pub fn bytes(texts: &Texts, length: f64) -> String {
    const KILO: f64 = 1000.0;
    match length {
        length if length < KILO * KILO / 10.0 => format!("{} B", number(texts, length, 0)),
        length if length < KILO * KILO => format!("{} kB", number(texts, length / KILO, 0)),
        length => format!("{} MB", number(texts, length / KILO / KILO, 1)),
    }
}

/// A short time of so many milliseconds: microseconds below one.
pub fn time(texts: &Texts, millis: f64) -> String {
    match millis {
        millis if millis < 0.1 => format!("{} µs", number(texts, 1000.0 * millis, 1)),
        millis if millis < 1.0 => format!("{} µs", number(texts, 1000.0 * millis, 0)),
        millis => format!("{} ms", number(texts, millis, 2)),
    }
}

/// A temperature: as many digits as its size deserves.
pub fn temperature(texts: &Texts, temperature: f64) -> String {
    number(texts, temperature, if temperature < 1.0 { 2 } else { u32::from(temperature < 10.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_below_ten_once_it_is_rounded() {
        assert_eq!(factor_and_exponent(1.5e-6, 2), (1.5, -6));
        assert_eq!(factor_and_exponent(9.96e-6, 0), (1.0, -5));
        assert_eq!(factor_and_exponent(-123.4, 1), (-1.2, 2));
        assert_eq!(factor_and_exponent(0.0, 0), (0.0, 0), "a GPU may agree exactly");
        let (factor, exponent) = factor_and_exponent(5e-324, 2);
        assert!((4.9..=5.0).contains(&factor) && exponent == -324, "{factor}e{exponent}");
    }

    #[test]
    fn a_sign_stands_only_before_what_is_not_written_as_zero() {
        let signs = [(0.2, 1), (0.04, 1), (0.0, 0), (-0.04, 1), (-0.06, 1), (-3.0, 0)]
            .map(|(value, digits)| sign(value, digits));
        assert_eq!(signs, ["+", "", "", "", "−", "−"]);
    }
}

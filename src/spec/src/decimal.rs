//! Reading decimal numbers.

/// Reads a number such as `0.05` or `1e-3`; `None` for any other text, and for what is too large to be a number.
pub fn decimal(text: &str) -> Option<f64> {
    is_decimal(text).then(|| read(text)).filter(|number| number.is_finite())
}

#[cfg(not(target_arch = "wasm32"))]
fn read(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// The browser's reading: Rust's own brings tables of ten kilobytes along, which no compression makes smaller.
#[cfg(target_arch = "wasm32")]
fn read(text: &str) -> f64 {
    js_sys::Number::parse_float(text)
}

/// Whether the whole text is a number; the browser would be content with one at its beginning.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = unsigned(text).split_once(['e', 'E']).unwrap_or((unsigned(text), "0"));
    let exponent = unsigned(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0;
    is_number && digits(exponent) && !exponent.is_empty()
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_are_numbers_as_for_rust() {
        let parts = ["", "+", "-", "1", "0.5", ".", "5.", ".5", "e", "E3", "e-3", "e+", " ", "x", "1_0", "0x1", "é"];
        for one in parts {
            for other in parts {
                let text = format!("{one}{other}");
                assert_eq!(decimal(&text), text.parse().ok(), "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_finite_number_is_none() {
        for text in ["inf", "-infinity", "NaN", "1e400"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}

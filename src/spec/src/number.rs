//! Decimal numbers as links and fields hold them.

/// Reads a decimal number: digits with a point or without, a sign and an exponent if it likes. Rounded correctly for
/// every text that [`f64`] writes of a normal number: what was read, written and read again is the same.
/// Finite numbers only.
///
/// The standard library's reader is right for all numbers, and brings ten kilobytes of tables into each wasm for it.
pub fn read_number(text: &str) -> Option<f64> {
    /// The powers of ten up to here are whole numbers of 64 bits.
    const EXACT: i32 = 19;
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (mut mantissa, mut scale, mut seen, mut point) = (0_u64, exponent.clamp(-10_000, 10_000), false, false);
    for letter in digits.bytes() {
        match letter {
            b'0'..=b'9' => {
                seen = true;
                match mantissa.checked_mul(10).and_then(|ten| ten.checked_add(u64::from(letter - b'0'))) {
                    Some(more) => {
                        mantissa = more;
                        scale -= i32::from(point);
                    }
                    // Digits beyond what a number can hold.
                    None => scale += i32::from(!point),
                }
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    let power = |of: i32| 10_u64.pow(of as u32);
    let size = match scale {
        _ if mantissa == 0 => 0.0,
        0..=EXACT => (u128::from(mantissa) * u128::from(power(scale))) as f64,
        scale if (-EXACT..0).contains(&scale) => {
            let divisor = u128::from(power(-scale));
            // Shifted so far that the quotient has more bits than a number keeps; what remains counts as one more.
            let shift = mantissa.leading_zeros() + 63;
            let whole = u128::from(mantissa) << shift;
            let quotient = (whole / divisor) | u128::from(whole % divisor > 0);
            quotient as f64 * 0.5_f64.powi(shift as i32)
        }
        _ => {
            // Ten at a time, in 124 bits: each turn is wrong by less than one in 2^119, so that even hundreds of turns
            // leave the 53 bits that a number keeps right.
            let (mut bits, mut exponent) = (u128::from(mantissa), 0);
            for _ in 0..scale.unsigned_abs() {
                let shift = bits.leading_zeros() as i32 - 4;
                bits <<= shift;
                exponent -= shift;
                if scale > 0 {
                    bits = (bits >> 4) * 10;
                    exponent += 4;
                } else {
                    bits /= 10;
                }
            }
            // In two halves, since two to the whole exponent may be no number where the product is one.
            bits as f64 * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
        }
    };
    size.is_finite().then_some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let texts = [
            "0",
            "-0",
            "1",
            "007",
            "0.1",
            "0.3",
            "0.30000000000000004",
            "1e-5",
            "2.5E3",
            "+4.",
            ".5",
            "100000",
            "1e22",
            "123456789.123456789",
            "9007199254740993",
            "1.7976931348623157e10",
            "5e-19",
            "0.000001",
            "1844674407370955161",
        ];
        for text in texts {
            assert_eq!(read_number(text), Some(text.parse::<f64>().unwrap()), "{text}");
        }
        for bits in (0..4000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            // Numbers from 1e-2 to 1e5, every digit that the standard library writes.
            let text = (10_f64.powf((bits % 7000) as f64 / 1000.0 - 2.0)).to_string();
            assert_eq!(read_number(&text), Some(text.parse::<f64>().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "e5", "1e", "1.2.3", "NaN", "inf", "0x10", "1 ", "1e400", "99e999999999999", "１"] {
            assert_eq!(read_number(text), None, "{text}");
        }
        let near = |text: &str| (read_number(text).unwrap() / text.parse::<f64>().unwrap() - 1.0).abs();
        for text in ["1e300", "1.5e-300", "123456789012345678901234567890", "0.00000000000000000000000012345"] {
            assert!(near(text) < 1e-13, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        // All magnitudes, with mantissas of a fixed sequence (Knuth's multiplicative hash of the place).
        for place in 0..200_000_u64 {
            let value = f64::from_bits(place.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !(1 << 63));
            if value.is_normal() {
                assert_eq!(read_number(&value.to_string()), Some(value), "{value:e}");
                assert_eq!(read_number(&format!("{value:e}")), Some(value), "{value:e}");
            }
        }
        assert_eq!(read_number("1e-120"), Some(1e-120));
        assert_eq!(read_number("1e400"), None);
        assert_eq!(read_number("1e-400"), Some(0.0));
    }
}

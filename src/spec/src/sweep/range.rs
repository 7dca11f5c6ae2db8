//! A range in a list of values: `1..20/5` stands for five numbers from 1 to 20.

use crate::{
    knobs::{Kind, Scale},
    number::read_number,
};

/// What is wrong with a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeFault {
    /// The knob takes words, widths, classes or steps.
    #[error("only knobs that take numbers have ranges")]
    NoNumbers,
    /// No count stands behind it.
    #[error("a range ends with a stroke and how many values it has, such as 1..20/5")]
    NoCount,
    /// It has too few or too many values.
    #[error("a range has from 2 to {most} values")]
    Count {
        /// Most values.
        most: usize,
    },
    /// Some of its values are the same.
    #[error("its ends are too close together for so many different values")]
    TooFine,
}

/// How many digits of the distance between two neighbours are kept.
const DIGITS: f64 = 2.0;

/// The decimals of the finest number that is written.
const MOST_DECIMALS: f64 = 17.0;

/// `count` numbers from `from` to `to`, which a knob of this kind takes: in equal ratios where its slider has equal
/// ratios, in equal steps otherwise. Numbers between the ends are whole where the knob's are. Others are rounded to a
/// hundredth of the distance to the next, so that they are short.
///
/// # Errors
/// If two of them are the same.
pub fn spread(kind: Kind, from: f64, to: f64, count: usize) -> Result<Vec<f64>, RangeFault> {
    let is_logarithmic = matches!(kind, Kind::Number { scale: Scale::Logarithmic, .. });
    let is_whole = matches!(kind, Kind::Integer { .. } | Kind::Labels { .. });
    let steps = count.saturating_sub(1).max(1) as f64;
    let exact = |place: usize| match is_logarithmic {
        true => from * (to / from).powf(place as f64 / steps),
        false => from + (to - from) * place as f64 / steps,
    };
    let rounded = |place: usize| match place {
        0 => from,
        place if place + 1 == count => to,
        place if is_whole => exact(place).round(),
        place => {
            let nearest = (exact(place) - exact(place - 1)).abs().min((exact(place + 1) - exact(place)).abs());
            let decimals = (DIGITS - nearest.log10().floor()).clamp(0.0, MOST_DECIMALS);
            // Through a text, since a product with a power of ten would end in other digits.
            read_number(&format!("{:.*}", decimals as usize, exact(place))).unwrap_or(f64::NAN)
        }
    };
    let values: Vec<f64> = (0..count).map(rounded).collect();
    let rises = |pair: &[f64]| if from < to { pair[0] < pair[1] } else { pair[0] > pair[1] };
    if values.windows(2).all(rises) { Ok(values) } else { Err(RangeFault::TooFine) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: Kind = Kind::Number { min: 0.0, max: 1.0, scale: Scale::Linear };
    const LOGARITHMIC: Kind = Kind::Number { min: 0.001, max: 100.0, scale: Scale::Logarithmic };
    const WHOLE: Kind = Kind::Integer { min: 0, max: 1000 };

    #[test]
    fn values_are_evenly_spread_by_hand() {
        // 20^(1/4) = 2.1147, 20^(2/4) = 4.4721, 20^(3/4) = 9.4574.
        assert_eq!(spread(LOGARITHMIC, 1.0, 20.0, 5), Ok(vec![1.0, 2.11, 4.47, 9.46, 20.0]));
        assert_eq!(spread(LOGARITHMIC, 0.001, 1.0, 4), Ok(vec![0.001, 0.01, 0.1, 1.0]));
        assert_eq!(spread(LINEAR, 0.0, 1.0, 6), Ok(vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]));
        assert_eq!(spread(LINEAR, 1.0, 0.0, 3), Ok(vec![1.0, 0.5, 0.0]));
        assert_eq!(spread(LINEAR, 0.0, 1.0, 4), Ok(vec![0.0, 0.333, 0.667, 1.0]));
        assert_eq!(spread(WHOLE, 1.0, 10.0, 4), Ok(vec![1.0, 4.0, 7.0, 10.0]));
        assert_eq!(spread(WHOLE, 1.0, 10.0, 3), Ok(vec![1.0, 6.0, 10.0]));
    }

    #[test]
    fn values_that_are_the_same_are_refused() {
        for (kind, from, to, count) in [
            (WHOLE, 1.0, 3.0, 5),
            (LINEAR, 0.5, 0.5, 2),
            (LINEAR, 0.0, 5e-324, 3),
            (LINEAR, 0.0, 1e-300, 9),
            (LOGARITHMIC, 1.0, 1.000_000_000_000_000_2, 4),
        ] {
            assert_eq!(spread(kind, from, to, count), Err(RangeFault::TooFine), "{from}..{to}/{count}");
        }
    }
}
